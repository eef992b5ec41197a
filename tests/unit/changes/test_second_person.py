"""Whether it can be told that another person approved a run than who carries it out."""

import pytest
from approvals import CALLER, needing_approval

from lib import settings as parameters
from lib.changes import second_person
from lib.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return needing_approval(tmp_path)


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        ("arn:aws:iam::205930636302:user/jane.doe", "passed"),
        ("arn:aws:sts::205930636302:assumed-role/AWSReservedSSO_Ops_1a2b/jane.doe@example.org", "passed"),
        ("arn:aws:sts::205930636302:assumed-role/Deploy/GitHubActions", "cannot tell"),
        ("arn:aws:sts::205930636302:assumed-role/Deploy/botocore-session-1764230000", "cannot tell"),
        ("arn:aws:sts::205930636302:assumed-role/Host/i-0123456789abcdef0", "cannot tell"),
        ("arn:aws:iam::205930636302:root", "cannot tell"),
        ("arn:aws:iam::205930636302:user/ci-deploy", "cannot tell"),
        ("arn:aws:sts::205930636302:assumed-role/AWSReservedSSO_Ops_1a2b/GitHubActions", "cannot tell"),
        (CALLER, "cannot tell"),
        ("arn:aws:sts::205930636302:federated-user/bob", "cannot tell"),
    ],
)
def test_of_a_caller_that_is_nobodys_name_it_is_said_that_nobody_can_tell(settings, caller, status):
    (check,) = second_person.two_persons(settings, caller)
    assert (check.name, check.status) == (second_person.TWO_PERSONS, status)
    assert ("so that approver and caller differ cannot be told" in check.found) == (status == "cannot tell")
    assert second_person.two_persons(parameters.with_changes(settings, approval="none"), caller) == []


def test_before_anybody_approved_it_is_said_that_one_waits_for_another_person(settings):
    caller = "arn:aws:iam::205930636302:user/jane.doe"
    (check,) = second_person.two_persons(parameters.with_changes(settings, approved_by=""), caller)
    assert (check.status, check.found) == ("waiting", f"nobody approved yet; caller {caller}")
    (check,) = second_person.two_persons(parameters.with_changes(settings, approved_by="Jane Doe"), caller)
    assert check.status == "failed"
