"""What the doctor asks an account: it never passes what it cannot tell, writes nothing and never raises. No AWS."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ProfileNotFound
from doctored import DATE, NOW, SESSION, USER, Aws, denied, live, of_account

from lib.aws_answers import readable
from lib.checks import Status
from lib.definitions.access_policies import Whose
from lib.drills.subscribers import PREFIX
from lib.errors import NotAsWanted, Refused, Unanswered
from lib.phases.doctor import account
from lib.resources.lock_value import Lock
from lib.resources.workflow import RUN_TAG
from lib.settings import load


def unreachable(error, whose=Whose.OPERATOR, clock=lambda: NOW):
    def link(settings):
        with readable("connecting"):
            raise error

    found = account.findings(load("local"), whose, clock, link)
    return {one.question.name.partition(" of the ")[0]: one for one in found}


def test_an_account_in_order_passes_and_says_what_it_found():
    found = of_account(live(record_store="s3://records-of-ours/phase3"))
    assert {name: str(one.status) for name, one in found.items()} == dict.fromkeys(found, "passed")
    assert len(found) == 7
    assert found["credentials"].found == SESSION
    assert found["account and region"].found == "000000000000 in us-east-1 at AWS, with Your6-CheckinWorkflow (ACTIVE)"
    assert [one.do for one in found.values()] == [""] * 7


def test_nothing_is_written():
    aws = Aws()
    of_account(live(aws, record_store="s3://records-of-ours/phase3"))
    reads = ("get_", "list_", "describe_", "simulate_")
    assert len(aws.calls) > 30
    assert [name for name, _ in aws.calls if not name.startswith(reads)] == []


def test_without_an_answer_the_credentials_fail_and_the_rest_is_not_known():
    found = unreachable(EndpointConnectionError(endpoint_url="http://nowhere"))
    bad = found.pop("credentials")
    assert (bad.status, bad.exit_code) == (Status.FAILED, 2)
    assert "no answer while connecting" in bad.found and "log in again" in bad.do
    assert {str(one.status) for one in found.values()} == {"cannot tell"}
    assert {one.exit_code for one in found.values()} == {0}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("odd"), 2), (NoCredentialsError(), 2), (ProfileNotFound(profile="none"), 2),
        (NotAsWanted("AWS refused while asking who calls"), 1), (Unanswered("no answer within 10 s"), 2),
    ],
)  # fmt: skip
def test_whatever_keeps_it_from_connecting_is_told(error, code):
    bad = unreachable(error)["credentials"]
    assert (bad.status, bad.exit_code) == (Status.FAILED, code)
    assert bad.found


def test_credentials_of_another_account_are_taken_and_the_account_is_refused():
    found = unreachable(Refused("these credentials belong to account 111111111111"))
    assert found["credentials"].status == Status.PASSED
    wrong = found["account and region"]
    assert (wrong.status, wrong.exit_code) == (Status.FAILED, 3)
    assert "111111111111" in wrong.found and "switch the profile" in wrong.do


def test_a_clock_that_is_off_is_told_also_where_aws_refuses_who_calls_for_it():
    found = unreachable(denied("SignatureDoesNotMatch"), clock=lambda: NOW + timedelta(minutes=7))
    assert found["credentials"].status == Status.FAILED
    assert (found["clock"].status, found["clock"].found) == (Status.FAILED, "420 s ahead of AWS's")


@pytest.mark.parametrize(
    ("seconds", "status", "said"),
    [(61, Status.FAILED, "61 s ahead"), (-61, Status.FAILED, "61 s behind"), (60, Status.PASSED, "60 s ahead")],
)
def test_the_clock_is_held_against_aws(seconds, status, said):
    found = of_account(live(), clock=lambda: NOW + timedelta(seconds=seconds))["clock"]
    assert found.status == status and found.found.startswith(said)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Thu, 01 Jan 2026 12:00:00"}])
def test_an_answer_without_a_time_is_no_pass(headers):
    aws = Aws(get_caller_identity={"ResponseMetadata": {"HTTPHeaders": headers}})
    assert of_account(live(aws))["clock"].status == Status.CANNOT_TELL


def test_a_workflow_that_is_being_deleted_fails():
    found = of_account(live(Aws(describe_state_machine={"status": "DELETING"})))["account and region"]
    assert found.status == Status.FAILED and "(DELETING)" in found.found


def test_a_region_without_the_workflow_fails():
    found = of_account(live(Aws(describe_state_machine=denied("StateMachineDoesNotExist"))))["account and region"]
    assert found.status == Status.FAILED and "with no Your6-CheckinWorkflow" in found.found


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("describe_state_machine", "account and region"),
        ("list_objects_v2", "record store"),
        ("get_parameter", "lock"),
        ("get_role", "permissions"),
        ("simulate_principal_policy", "permissions"),
        ("get_caller_identity", "clock"),
        ("list_queues", "temporary things"),
    ],
)
@pytest.mark.parametrize("error", [denied(), denied("AccessDeniedException"), ValueError("odd"), KeyError("odd")])
def test_what_may_not_be_asked_or_goes_wrong_is_cannot_tell_and_everything_else_is_asked(operation, name, error):
    found = of_account(live(Aws(**{operation: error}), record_store="s3://records-of-ours/phase3"))
    also = {"temporary things"} if operation == "describe_state_machine" else set()  # of which a candidate is one
    assert {one for one, answer in found.items() if answer.status != Status.PASSED} == {name} | also
    assert found[name].status == Status.CANNOT_TELL
    assert found[name].do and found[name].exit_code == 0


def test_a_store_that_is_not_there_fails_and_none_is_no_pass():
    missing = of_account(live(Aws(list_objects_v2=denied("NoSuchBucket")), record_store="s3://records-of-ours/phase3"))
    assert (missing["record store"].status, missing["record store"].exit_code) == (Status.FAILED, 1)
    none = of_account(live())["record store"]
    assert (none.status, none.do) == (Status.NOT_APPLIED, "")


@pytest.mark.parametrize(("ago", "status"), [(10, Status.WAITING), (500, Status.FAILED)])
def test_a_lock_that_somebody_holds_is_waited_for_and_a_stale_one_fails(ago, status):
    lock = Lock("0" * 64, "r1", USER, "elsewhere", 1, "then", "2026-01-01T11:00:00Z", 120)
    answer = {
        "Parameter": {
            "Value": json.dumps(lock.to_row()),
            "Version": 1,
            "LastModifiedDate": NOW - timedelta(seconds=ago),
        },
        "ResponseMetadata": {"HTTPHeaders": {"date": DATE}},
    }
    found = of_account(live(Aws(get_parameter=answer)))["lock"]
    assert found.status == status
    assert "run r1" in found.found and "runbook lock local" in found.do


def test_something_else_in_the_place_of_the_lock_fails():
    answer = {"Parameter": {"Value": "[]", "Version": 1}, "ResponseMetadata": {}}
    found = of_account(live(Aws(get_parameter=answer)))["lock"]
    assert (found.status, found.exit_code) == (Status.FAILED, 3)


def test_what_a_killed_drill_left_is_named_and_who_removes_it():
    tags = {"tags": [{"key": RUN_TAG, "value": "r1"}]}
    queue = {"QueueUrls": [f"https://sqs/{PREFIX}-events-ab12"]}
    found = of_account(live(Aws(list_tags_for_resource=tags, list_queues=queue)))["temporary things"]
    left = f"queue {PREFIX}-events-ab12, candidate of workflow Your6-CheckinWorkflow"
    assert (found.status, found.found) == (Status.WAITING, left)
    assert "the next drills remove them, or a rollback" in found.do
