"""An account that needs approval, with a person who calls and a pager that waits: what it answers, and what is refused.

What its stand-ins answer is proved able to be a no. The whole procedure is tests/runbooks/test_approval_procedure.py.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from accounts import differences, fresh, snapshot
from botocore.exceptions import ClientError
from click.testing import CliRunner
from waiting import until

from lib.aws import connect
from lib.checks import Status
from lib.cli import change_commands
from lib.errors import Refused
from lib.phases import iam_permissions, infrastructure
from lib.resources.account_guards import AccountGuards
from lib.settings import Settings, load, with_changes
from rehearsal import approval_procedure
from rehearsal.account import baseline, clients, pager, server
from rehearsal.account.pager import Pager
from rehearsal.account.server import Account
from rehearsal.approval_procedure import NEEDS, OPERATOR, REVIEWER
from rehearsal.fault_matrix import steps

REFUSED = 3
PERSONS = ["--approved-by", REVIEWER, "--change-ticket", "CHG-7"]


@pytest.fixture(scope="module")
def persons_server() -> Iterator[Account]:
    with server.running_account(options={server.PERSON: OPERATOR}) as account:
        yield account


@pytest.fixture
def listener() -> Iterator[Pager]:
    with pager.listening_pager() as found:
        yield found


@pytest.fixture
def needs_approval(persons_server, listener, tmp_path) -> Settings:
    """The parameters of a new account that needs approval, whose pager waits for its owner."""
    usual = fresh(persons_server, tmp_path).model_dump()
    given = {**usual, **NEEDS, "ops_subscription_endpoint": listener.address, "verify_timeout_seconds": 2}
    return load("local", {key: value for key, value in given.items() if value != load("local").model_dump()[key]})


@pytest.fixture
def aws(persons_server) -> Callable[[str], Any]:
    return lambda service: clients.client(persons_server.endpoint, service)


def waiting_for_its_owner(chosen: Settings, aws: Callable[[str], Any]) -> None:
    topic = aws("sns").create_topic(Name=chosen.ops_topic_name)["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=chosen.ops_subscription_endpoint)


def reachable(chosen: Settings) -> Status:
    live = connect(chosen.model_copy(update={"mode": "apply"}))
    (found,) = infrastructure.operations_reachable(live, needed=True)
    return found.status


def said(chosen: Settings, command: str, *more: str, **other: Any) -> tuple[int, str, str]:
    """Exit code, output and complaint of `runbook`, in this process."""
    usual = load("local").model_dump()
    given = {key: value for key, value in {**chosen.model_dump(), **other}.items() if value != usual[key]}
    sets = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    ended = CliRunner().invoke(change_commands.main, [command, "local", *more, *sets])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def fingerprint(chosen: Settings) -> str:
    code, out, _ = said(chosen, "plan")
    assert code == 0
    found = re.search(r"^Plan: (plan-[0-9a-f]{16})$", out, re.MULTILINE)
    assert found
    return found[1]


def test_a_person_calls_whom_nobody_takes_for_the_reviewer(needs_approval):
    live = connect(needs_approval)
    assert live.identity.caller == f"arn:aws:iam::000000000000:user/{OPERATOR}"
    assert clients.client(needs_approval.endpoint_url, "sts").get_caller_identity()["Arn"].endswith(":root")


def simulated(aws: Callable[[str], Any], chosen: Settings, actions: list[str], **more: Any) -> list[tuple[str, list]]:
    role = chosen.arn("iam", f"role/{chosen.execution_role_name}")
    answer = aws("iam").simulate_principal_policy(PolicySourceArn=role, ActionNames=actions, **more)
    return [(row["EvalDecision"], row["MissingContextValues"]) for row in answer["EvaluationResults"]]


def test_a_permission_is_simulated_with_its_context_on_each_resource(needs_approval, aws):
    bus, other = (needs_approval.arn("events", f"event-bus/{name}") for name in ("default", "other"))
    test = {"StringEquals": {"events:source": "your6.checkin.crisis"}}
    statements = [
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus, "Condition": test},
        {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"},
    ]
    role, document = needs_approval.execution_role_name, json.dumps({"Version": "2012-10-17", "Statement": statements})
    for name in aws("iam").list_role_policies(RoleName=role)["PolicyNames"]:
        aws("iam").delete_role_policy(RoleName=role, PolicyName=name)
    aws("iam").put_role_policy(RoleName=role, PolicyName="this", PolicyDocument=document)
    key = {"ContextKeyName": "events:source", "ContextKeyType": "string"}
    good, bad = ([{**key, "ContextKeyValues": [f"your6.checkin.{kind}"]}] for kind in ("crisis", "other"))
    put = ["events:PutEvents"]
    assert simulated(aws, needs_approval, put, ResourceArns=[bus, other], ContextEntries=good) == [
        ("allowed", []), ("implicitDeny", []),
    ]  # fmt: skip
    assert simulated(aws, needs_approval, put, ResourceArns=[bus], ContextEntries=bad) == [("implicitDeny", [])]
    assert simulated(aws, needs_approval, put, ResourceArns=[bus]) == [("implicitDeny", ["events:source"])]
    both = simulated(aws, needs_approval, ["sns:Publish", "sqs:SendMessage"], ContextEntries=good)
    assert both == [("explicitDeny", []), ("implicitDeny", [])]


def test_the_phase_of_permissions_is_asked_and_can_fail(needs_approval):
    live = connect(needs_approval.model_copy(update={"mode": "apply"}))
    crisis = [one for one in iam_permissions.checks(live) if "your6.checkin.crisis" in one.name]
    assert [(one.status, one.found) for one in crisis] == [(Status.FAILED, "implicitDeny (AWS simulator)")]


@pytest.mark.parametrize(("change", "result"), [({}, "OK"), ({"Reslt": 1}, "FAIL"), ({"Type": "Nonsense"}, "FAIL")])
def test_a_definition_that_cannot_be_read_is_not_valid(change, result, needs_approval, aws):
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **change}}}
    answer = aws("stepfunctions").validate_state_machine_definition(definition=json.dumps(definition), type="STANDARD")
    assert (answer["result"], bool(answer["diagnostics"])) == (result, result == "FAIL")


def test_an_execution_keeps_the_revision_that_it_started_with(needs_approval, aws):
    states, arn = aws("stepfunctions"), needs_approval.state_machine_arn
    began = states.describe_state_machine(stateMachineArn=arn)["revisionId"]
    first = states.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    states.update_state_machine(stateMachineArn=arn, roleArn=baseline.execution_role_arn(needs_approval))
    second = states.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    now = states.describe_state_machine(stateMachineArn=arn)["revisionId"]
    found = [states.describe_state_machine_for_execution(executionArn=one)["revisionId"] for one in (first, second)]
    assert (found, began != now) == ([began, now], True)


def test_a_subscription_counts_only_once_its_owner_has_confirmed_it(needs_approval, listener, aws):
    waiting_for_its_owner(needs_approval, aws)
    until(lambda: listener.of(pager.ASKED))
    assert reachable(needs_approval) == Status.FAILED
    topic = needs_approval.ops_topic_arn
    aws("sns").publish(TopicArn=topic, Message="a page to nobody")
    with pytest.raises(ClientError, match="Invalid token"):
        aws("sns").confirm_subscription(TopicArn=topic, Token="0123456789abcdef")
    assert reachable(needs_approval) == Status.FAILED
    listener.confirm(needs_approval.endpoint_url)
    assert reachable(needs_approval) == Status.PASSED
    aws("sns").publish(TopicArn=topic, Message="a page")
    until(lambda: listener.of(pager.TOLD))
    assert [one["Message"] for one in listener.of(pager.TOLD)] == ["a page"]


def test_in_any_embedded_account_one_that_waits_is_listed_as_waiting(module_account, client, listener):
    topic = client("sns").create_topic(Name="of-this-test")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.address)
    every = client("sns").list_subscriptions()["Subscriptions"]
    listed = client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {one["SubscriptionArn"] for one in [*every, *listed] if one["TopicArn"] == topic} == {"PendingConfirmation"}


def test_the_validation_does_not_pass_with_a_subscription_that_nobody_confirmed(needs_approval, aws):
    waiting_for_its_owner(needs_approval, aws)
    approved = fingerprint(needs_approval)
    code, _, err = said(needs_approval, "apply", "--approved-plan", approved, *PERSONS, "--only", "05")
    assert (code, "1 waiting: A CRISIS PAGE REACHES NOBODY YET, expected at least one confirmed" in err) == (1, True)


def by(who: str, ticket: str = "CHG-7", plan: str = "PLAN") -> list[str]:
    return ["--approved-plan", plan, "--approved-by", who, "--change-ticket", ticket]


SAME = (OPERATOR, "Alex Winter", "WINTER, Alex", "alex.winter@example.org", "Alex Winter <aw@example.org>")
OTHER_PAGER = {"ops_subscription_endpoint": "http://127.0.0.1:9/other"}
# What is typed, the parameters that changed since the approval, and what the refusal says.
WRONG: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "another fingerprint": (by(REVIEWER, plan="plan-0123456789abcdef"), {}, "the account's plan is plan-"),
    "no fingerprint": (by(REVIEWER)[2:], {}, "approved is none"),
    "no ticket": (by(REVIEWER)[:4], {}, "needs a change ticket"),
    "a ticket without a letter": (by(REVIEWER, "-"), {}, "needs a change ticket"),
    "no approver": (by(" "), {}, "needs to know who approved"),
    **{f"the same person as {name}": (by(name), {}, "who is also the caller") for name in SAME},
    "another threshold": (by(REVIEWER), {"crisis_risk_above": 96}, "crisis_risk_above"),
    "another pager": (by(REVIEWER), OTHER_PAGER, "subscription"),
    "fewer drills": (by(REVIEWER), {"burst_drills": 1}, "burst_drills"),
}


def test_what_was_not_approved_so_by_somebody_else_writes_nothing(needs_approval):
    approved = fingerprint(needs_approval)
    before = snapshot(needs_approval)
    for name, (words, other, sentence) in WRONG.items():
        typed = [approved if word == "PLAN" else word for word in words]
        code, _, err = said(needs_approval, "apply", *typed, "--to", "03", **other)
        assert (name, code, sentence in err) == (name, REFUSED, True), err
    assert differences(before, snapshot(needs_approval)) == set()
    assert AccountGuards(connect(needs_approval)).used(approved) is None


def test_the_procedure_stops_where_a_command_is_refused(needs_approval, listener, tmp_path, monkeypatch, capfd):
    """The reviewer turns out to be who applies: nothing after that is typed, and nobody confirms anything."""
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump(needs_approval.model_dump()), encoding="utf-8")
    monkeypatch.setattr(approval_procedure, "REVIEWER", "Alex Winter")
    before = snapshot(needs_approval)
    with pytest.raises(approval_procedure.Stopped, match="ended with exit code 3: runbook apply ") as stopped:
        approval_procedure.Procedure(load(str(file)), listener).walk()
    told = capfd.readouterr()
    assert stopped.value.exit_code == REFUSED
    assert ("who is also the caller" in told.err, "3. Apply" in told.out, "4. Confirm" in told.out) == (
        True,
        True,
        False,
    )
    assert differences(before, snapshot(needs_approval)) == set()


def test_a_candidate_takes_an_approval_and_uses_none_so_that_the_same_one_carries_the_plan_out(needs_approval, aws):
    def approved(mode: str) -> Settings:
        who = {"approved_plan": fingerprint(needs_approval), "approved_by": REVIEWER, "change_ticket": "CHG-7"}
        return with_changes(needs_approval, mode=mode, **who)

    def revision() -> Any:
        return aws("stepfunctions").describe_state_machine(stateMachineArn=needs_approval.state_machine_arn)[
            "revisionId"
        ]

    carriers = approved("apply")
    assert change_commands.carry_out(carriers, ["01", "02", "04"], execute=steps.execute) == 0
    before, tries = revision(), approved("candidate")
    with pytest.raises(Refused, match="approved is none"):
        change_commands.try_candidate(with_changes(tries, approved_plan=""), execute=steps.execute)
    assert change_commands.try_candidate(tries, execute=steps.execute) == 0
    guards, applies = AccountGuards(connect(tries)), approved("apply")
    assert (revision(), applies.approved_plan, guards.used(tries.approved_plan)) == (before, tries.approved_plan, None)
    assert change_commands.carry_out(applies, ["03"], execute=steps.execute) == 0
    assert revision() != before and guards.used(tries.approved_plan)
