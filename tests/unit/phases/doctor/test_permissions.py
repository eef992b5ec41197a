"""Whether who calls may do what a policy of ours holds: asked of AWS's simulator, and no pass where nobody can tell."""

import pytest
from doctored import ROLE, USER, Aws, decisions, live, of_account

from lib.aws import NOT_TOLD
from lib.checks import Status
from lib.definitions.access_policies import Whose, access_policy
from lib.phases.doctor import permissions
from lib.settings import load


def test_what_is_denied_of_the_policy_is_named_with_its_thing():
    def one_denied(given):
        rows = decisions(given)
        return {
            "EvaluationResults": [
                row | {"EvalDecision": "implicitDeny"} if row["EvalActionName"] == "states:TestState" else row
                for row in rows
            ]
        }

    found = of_account(live(Aws(simulate_principal_policy=one_denied)))["permissions"]
    assert (found.status, found.exit_code) == (Status.FAILED, 1)
    assert "are denied: states:TestState on *" in found.found
    assert "runbook doctor local --policy operator" in found.do


def test_many_that_are_denied_are_counted():
    def every(given):
        return {"EvaluationResults": decisions(given, "explicitDeny")}

    found = of_account(live(Aws(simulate_principal_policy=every)), Whose.READER)["permissions"]
    assert f"and {len(pairs(Whose.READER)) - permissions.NAMES_SAID} more" in found.found


def pairs(whose):
    rows = access_policy(load("local"), whose)["Statement"]
    return {
        (action, arn)
        for one in rows
        for action in one["Action"]
        for arn in (one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
    }


@pytest.mark.parametrize("answer", [{"EvaluationResults": []}])
def test_an_action_of_which_the_simulator_says_nothing_is_not_allowed(answer):
    found = of_account(live(Aws(simulate_principal_policy=answer)))["permissions"]
    assert found.status == Status.FAILED


def test_each_action_is_simulated_on_each_thing_with_what_a_call_carries():
    aws = Aws()
    of_account(live(aws, caller=USER))
    asked = [given for name, given in aws.calls if name == "simulate_principal_policy"]
    assert {(action, arn) for one in asked for action in one["ActionNames"] for arn in one["ResourceArns"]} == pairs(
        Whose.OPERATOR
    )
    assert {one["PolicySourceArn"] for one in asked} == {USER}
    passing = next(one for one in asked if one["ActionNames"] == ["iam:PassRole"])
    assert {
        "ContextKeyName": "iam:PassedToService", "ContextKeyValues": ["states.amazonaws.com"],
        "ContextKeyType": "string",
    } in passing["ContextEntries"]  # fmt: skip


def test_what_a_policy_wants_absent_is_not_simulated_as_if_a_call_carried_it():
    aws = Aws()
    of_account(live(aws))
    asked = [given for name, given in aws.calls if name == "simulate_principal_policy"]
    guards = next(
        one
        for one in asked
        if one["ResourceArns"][0].endswith("/guards/*") and "ssm:PutParameter" in one["ActionNames"]
    )
    assert [entry["ContextKeyName"] for entry in guards["ContextEntries"]] == ["aws:SecureTransport"]


def test_of_a_session_its_role_is_simulated_with_its_path():
    aws = Aws()
    of_account(live(aws))
    assert {given["PolicySourceArn"] for name, given in aws.calls if name == "simulate_principal_policy"} == {ROLE}


@pytest.mark.parametrize(
    "caller", ["arn:aws:iam::000000000000:root", NOT_TOLD, "arn:aws:sts::000000000000:federated-user/x"]
)
def test_whom_aws_cannot_simulate_is_cannot_tell(caller):
    aws = Aws()
    assert of_account(live(aws, caller=caller))["permissions"].status == Status.CANNOT_TELL
    assert "simulate_principal_policy" not in [name for name, _ in aws.calls]


def test_where_only_aws_could_answer_nothing_is_asked_and_nothing_passes():
    aws = Aws()
    found = of_account(live(aws, not_exercised_here=["permission_simulation"]))["permissions"]
    assert (found.status, found.do) == (Status.NOT_EXERCISED, "")
    assert "simulate_principal_policy" not in [name for name, _ in aws.calls]
