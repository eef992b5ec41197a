"""Who is paged, and by what that may end. No AWS."""

import pytest
from accounts import nowhere
from subscribers import Mailing

from lib.phases import infrastructure


@pytest.mark.parametrize(
    ("protocol", "authenticated", "warned"),
    [("email", "false", True), ("email-json", "false", True), ("email", "true", False), ("email", "", False),
     ("https", "false", False)],
)  # fmt: skip
def test_a_mail_that_ends_its_own_subscription_is_said_and_fails_nothing(settings, protocol, authenticated, warned):
    sns = Mailing({settings.ops_topic_name: [protocol]}, {"ConfirmationWasAuthenticated": authenticated})
    (check,) = infrastructure.operations_reachable(nowhere(settings, sns=sns), needed=True)
    assert check.status == "passed"
    assert ("can end 1 of them by its link" in check.found) is warned
