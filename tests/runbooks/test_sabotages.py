"""What phase 05 must catch: an account with one thing broken, and the check that says so. docs/checks.md has the table.

Each is done to a whole account that has carried the plan out; what is drilled is what the broken thing would silence.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from accounts import differences, snapshot
from steps import carried_out, left_by_drills, redeployed
from waiting import until

from lib.aws import Live
from lib.changes import engine, loss_guard
from lib.changes.plans import Change, Plan, entry
from lib.checks import Check
from lib.drills import drill_runner, scenarios, subscribers
from lib.drills.drill_session import Group
from lib.errors import NotAsWanted, Refused
from lib.phases import validation
from lib.phases.proofs import alert_event
from lib.record import records
from lib.record.records import Record
from lib.resources import connected_run, desired
from lib.settings import ROOT, Settings
from lib.telemetry import continuity, executions

BUILT = ("01", "02", "04", "03")
QUICK = {"mode": "apply", "alert_limit_seconds": 2}
DISPATCHER = "alert_dispatcher"
Aws = Callable[[str], Any]


def no_op_dispatcher(aws: Aws, s: Settings, folder: Path) -> None:
    old = "alert = message(event, _user(user_id) if user_id else None)"
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, f'{old}\n    return {{"delivered": True}}')


def no_op_publish(aws: Aws, s: Settings, folder: Path) -> None:
    def quiet(definition: dict[str, Any]) -> None:
        branch = definition["States"]["CrisisProtocol"]["Branches"][1]["States"]
        branch["TellOperations"] = {"Type": "Pass", "ResultPath": None, "Next": branch["TellOperations"]["Next"]}

    updated(aws, s, quiet)


def rule_disabled(aws: Aws, s: Settings, folder: Path) -> None:
    aws("events").disable_rule(Name="Your6-HighRiskRule")


def rule_elsewhere(aws: Aws, s: Settings, folder: Path) -> None:
    pattern = json.dumps({"source": ["your6.checkin.proactiv"]})
    aws("events").put_rule(Name="Your6-ProactiveRule", EventPattern=pattern, State="ENABLED")


def permission_missing(aws: Aws, s: Settings, folder: Path) -> None:
    name = s.dispatcher_function_name
    aws("lambda").remove_permission(FunctionName=name, StatementId="Your6-CrisisProtocolRule-invokes")


def role_policy_missing(aws: Aws, s: Settings, folder: Path) -> None:
    aws("iam").delete_role_policy(RoleName=s.execution_role_name, PolicyName=s.execution_policy_name)


def topics_swapped(aws: Aws, s: Settings, folder: Path) -> None:
    functions, name = aws("lambda"), s.dispatcher_function_name
    found = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    swapped = {"Variables": {**found, "SNS_TOPIC_ARN": s.ops_topic_arn}}
    functions.update_function_configuration(FunctionName=name, Environment=swapped)


def alert_late(aws: Aws, s: Settings, folder: Path) -> None:
    old = "user_id = (event.get("
    late = f"__import__('time').sleep({s.alert_limit_seconds + 0.3})\n    {old}"
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, late)


def second_rule(aws: Aws, s: Settings, folder: Path) -> None:
    pattern = json.dumps({"source": ["your6.checkin.highrisk"]})
    aws("events").put_rule(Name="Somebody-Elses-Rule", EventPattern=pattern, State="ENABLED")
    aws("events").put_targets(Rule="Somebody-Elses-Rule", Targets=[{"Id": "again", "Arn": s.dispatcher_arn}])


def second_target(aws: Aws, s: Settings, folder: Path) -> None:
    aws("events").put_targets(Rule="Your6-CrisisProtocolRule", Targets=[{"Id": "again", "Arn": s.dispatcher_arn}])


def alert_stray(aws: Aws, s: Settings, folder: Path) -> None:
    old = '_client("sns").publish('
    more = '_client("sns").publish(TopicArn=os.environ["SNS_TOPIC_ARN"], Subject="[DRILL] again", Message="again")'
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, f"{more}\n    {old}")


def dispatcher_dead(aws: Aws, s: Settings, folder: Path) -> None:
    old = "user_id = (event.get("
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, f"raise SystemExit(1)\n    {old}")


def looks_real(aws: Aws, s: Settings, folder: Path) -> None:
    old = "'[DRILL] ' if alert['drill'] else ''"
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, "''")


def quotes_the_person(aws: Aws, s: Settings, folder: Path) -> None:
    old = "f\"{'[DRILL] ' if drill else ''}{detail['userId']} {advice}{unknown}\""
    new = "f\"{detail['textPreview']} {detail['userId']} {advice}{unknown}\""
    redeployed(aws, s.dispatcher_function_name, folder, DISPATCHER, old, new)


def other_score(aws: Aws, s: Settings, folder: Path) -> None:
    def rounded(definition: dict[str, Any]) -> None:
        event = definition["States"]["SendHighRiskEvent"]["Parameters"]["Entries"][0]["Detail"]
        event.pop("riskScore.$")
        event["riskScore"] = 0

    updated(aws, s, rounded)


def other_thresholds(aws: Aws, s: Settings, folder: Path) -> None:
    carried_out(s.model_copy(update={"crisis_risk_above": 99}), "03")


def intervention_elsewhere(aws: Aws, s: Settings, folder: Path) -> None:
    def elsewhere(definition: dict[str, Any]) -> None:
        branch = definition["States"]["CrisisProtocol"]["Branches"][2]["States"]
        branch["RecordIntervention"]["Parameters"]["TableName"] = "gone"

    updated(aws, s, elsewhere)


def error_swallowed(aws: Aws, s: Settings, folder: Path) -> None:
    old = 'raise ValueError("check-in without text")'
    new = 'return {"userId": user, "risk_score": 5, "score": 0.5, "trajectory": "stable", "text": ""}'
    redeployed(aws, s.processor_function_name, folder, "checkin_processor", old, new)


def updated(aws: Aws, s: Settings, edit: Callable[[dict[str, Any]], None]) -> None:
    """Somebody edits the live definition, and publishes no version."""
    states, arn = aws("stepfunctions"), s.state_machine_arn
    before = states.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(before)
    edit(definition)
    assert definition != json.loads(before)
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))


@dataclass(frozen=True)
class Sabotage:
    """What is broken, how, what is drilled, and the checks that must fail."""

    words: str
    done: Callable[[Aws, Settings, Path], None]
    drilled: str
    caught: tuple[str, ...]
    in_place: str = ""  # the phase that is no longer in place
    listen_seconds: float = 0.7


SABOTAGES = [
    Sabotage(
        "a publish that does nothing, in the dispatcher", no_op_dispatcher, "crisis",
        ("alerts to the trusted contact",),
    ),
    Sabotage("a publish that does nothing, in the workflow", no_op_publish, "crisis", ("alerts to operations",), "03"),
    Sabotage("a rule disabled", rule_disabled, "high", ("alerts to the trusted contact", "behind its rule"), "04"),
    Sabotage(
        "a rule with another pattern", rule_elsewhere, "declining",
        ("alerts to the trusted contact", "behind its rule"), "04",
    ),
    Sabotage("a missing permission of a rule", permission_missing, "normal", (), "04"),
    Sabotage("a missing permission of the workflow", role_policy_missing, "normal", (), "02"),
    Sabotage(
        "topics swapped", topics_swapped, "crisis",
        ("alerts to the trusted contact", "alerts to operations", "content"),
    ),
    Sabotage("a late alert", alert_late, "high", ("received in time",), listen_seconds=4),
    Sabotage("a duplicate, by a second rule", second_rule, "high", ("alerts to the trusted contact",)),
    Sabotage("a duplicate, by a second target", second_target, "crisis", ("alerts to the trusted contact",)),
    Sabotage("a stray alert", alert_stray, "high", ("no stray alert",)),
    Sabotage("a dead dispatcher", dispatcher_dead, "crisis", ("alerts to the trusted contact",)),
    Sabotage("an alert without its mark", looks_real, "high", ("marked as a drill",)),
    Sabotage("a check-in's words in an alert", quotes_the_person, "declining", ("no check-in text in an alert",)),
    Sabotage("another score in the event", other_score, "high", ("content",), "03"),
    Sabotage(
        "other thresholds", other_thresholds, "crisis",
        ("route", "events", "alerts to operations", "intervention recorded", "behind its rule"), "03",
    ),
    Sabotage("an intervention not recorded", intervention_elsewhere, "crisis", ("intervention recorded",), "03"),
    Sabotage(
        "a processor that swallows its error", error_swallowed, "unreadable",
        ("alerts to operations", "visible and told"),
    ),
]  # fmt: skip


def judged(live: Live, record: Record, group: Group) -> list[Check]:
    """What phase 05 says after drilling this group alone."""
    in_place = validation.in_place(live)
    session = validation.run(connected_run.of(live, record), [group])
    rows = validation.rows(connected_run.of(live, record), session)
    return [*in_place, *validation.checks(session, rows, [group], live.settings)]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.done.__name__)
def test_05_catches(account, client, tmp_path, sabotage):
    settings = account.model_copy(update={**QUICK, "listen_seconds": sabotage.listen_seconds})
    live, record = carried_out(settings, *BUILT)
    sabotage.done(client, settings, tmp_path)
    before = snapshot(settings)
    known = (*scenarios.load(), scenarios.unreadable())
    cases = [case for case in known if case.name in (sabotage.drilled, "normal")]
    found = judged(live, record, Group(validation.PLANNED, cases))
    bad = {check.name for check in found if check.status == "failed"}
    expected = {name if name == "no stray alert" else f"{sabotage.drilled}: {name}" for name in sabotage.caught}
    expected |= {f"phase {sabotage.in_place} is in place"} if sabotage.in_place else set()
    in_time = {f"{sabotage.drilled}: received in time"} - expected  # this machine may be busy
    assert bad - in_time == expected
    assert expected
    assert differences(before, snapshot(settings)) - left_by_drills(settings) == set()


def test_05_catches_nothing_in_a_whole_account(account):
    settings = account.model_copy(update={"mode": "apply"})
    live, record = carried_out(settings, *BUILT)
    groups = validation.groups(live)
    session = validation.run(connected_run.of(live, record), groups)
    rows = validation.rows(connected_run.of(live, record), session)
    found = [*validation.in_place(live), *validation.checks(session, rows, groups, settings)]
    assert [check for check in found if check.status == "failed"] == []
    assert len(session.drills) == sum(len(group.cases) for group in validation.groups(live))
    assert {row["scenario"] for row in record.read_json("evidence/boundaries.json")} >= {"crisis-at", "contact-missing"}


def test_05_refuses_to_drill_a_workflow_that_was_not_updated(account, client):
    settings = account.model_copy(update=QUICK)
    live, record = carried_out(settings, "01", "02", "04")
    (check,) = [check for check in validation.in_place(live) if check.status == "failed"]
    assert (check.name, settings.state_machine_name in check.found) == ("phase 03 is in place", True)
    before = snapshot(settings)
    with pytest.raises(Refused, match="a drill would be a real check-in"):
        validation.run(connected_run.of(live, record), validation.groups(live))
    assert differences(before, snapshot(settings)) == set()


def test_05_sees_an_alert_that_a_burst_lost(account, client, tmp_path):
    settings = account.model_copy(update={**QUICK, "burst_drills": 16})
    live, record = carried_out(settings, *BUILT)
    old = "alert = message(event, _user(user_id) if user_id else None)"
    lossy = f'{old}\n    if int(alert["execution"][-6:], 16) % 2:\n        return {{"delivered": True}}'
    redeployed(client, settings.dispatcher_function_name, tmp_path, DISPATCHER, old, lossy)
    found = judged(live, record, next(g for g in validation.groups(live) if g.name == validation.BURST))
    bad = {check.name: check.found for check in found if check.status == "failed"}
    assert set(bad) == {
        f"{validation.BURST}: {name}"
        for name in ("as expected", "each alert arrived once", "slowest alert within the limit")
    }
    assert "LOST" in bad[f"{validation.BURST}: each alert arrived once"]


def before_and_after(account: Settings, client: Aws, edit: Callable[[dict[str, Any]], None] | None) -> Check:
    """The answer on the old alert's event, when the new definition was edited after the update."""
    settings = account.model_copy(update={"mode": "apply"})
    live, record = carried_out(settings, "01", "02", "04")
    plan = engine.plan("03", desired.state_machine(live))
    assert alert_event.event_before(connected_run.of(live, record), plan)
    engine.carry_out(plan, connected_run.of(live, record))
    if edit:
        updated(client, settings, edit)
    session = drill_runner.run(connected_run.of(live, record), [Group(validation.LOW, [scenarios.low()])])
    (check,) = alert_event.same_event(connected_run.of(live, record), session.drills)
    return check


def test_the_old_alert_sends_the_same_event_as_before(account, client):
    check = before_and_after(account, client, None)
    assert (check.status, check.found) == ("passed", "6 fields as before")


def test_an_old_alert_that_names_no_execution_is_not_passed_over(account, client, tmp_path):
    """It is nobody's alert to a drill that looks for its own, and who got it got it all the same."""
    settings = account.model_copy(update={"mode": "apply"})
    live, record = carried_out(settings, "01", "02", "04")
    old = "alert = message(event, _user(user_id) if user_id else None)"
    redeployed(
        client, settings.dispatcher_function_name, tmp_path, DISPATCHER, old, f'{old}\n    alert["execution"] = ""'
    )
    with pytest.raises(NotAsWanted, match="no stray alert: found 1 on trusted"):
        alert_event.event_before(connected_run.of(live, record), engine.plan("03", desired.state_machine(live)))


def test_05_sees_that_the_old_alert_lost_a_field(account, client):
    def poorer(definition: dict[str, Any]) -> None:
        detail = definition["States"]["SendStandardEvent"]["Parameters"]["Entries"][0]["Detail"]
        detail["sentiment.$"] = detail.pop("sentimentScore.$")

    check = before_and_after(account, client, poorer)
    assert check.status == "failed"
    assert "detail.sentimentScore: float, the processor's sentiment -> is not there" in check.found


def test_the_event_before_is_asked_once_and_never_of_our_own_definition(account):
    live, record = carried_out(account.model_copy(update={"mode": "apply"}), *BUILT)
    plan = engine.plan("03", desired.state_machine(live))
    assert alert_event.event_before(connected_run.of(live, record), plan) == []
    (check,) = alert_event.same_event(connected_run.of(live, record), [])
    assert (check.status, "no event of the definition before" in check.found) == ("not exercised here", True)


# The processor scores a long story once a message of this queue says so, in the place of some seconds.
GO_ON = """sqs = __import__("boto3").client("sqs")
        url = sqs.get_queue_url(QueueName="Go-On")["QueueUrl"]
        while not sqs.receive_message(QueueUrl=url).get("Messages"):
            pass"""


@pytest.fixture
def crossed(account: Settings, client: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Check]:
    """`crossed(spoil)`: the answer on an execution that was under way when the update came.

    `spoil` edits what counts as old.
    """

    def answer(spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda old: old) -> Check:
        monkeypatch.setattr(continuity, "MARGIN_SECONDS", 0)
        settings = account.model_copy(update={"mode": "apply"})
        live, record = carried_out(settings, "01", "02", "04")
        url = client("sqs").create_queue(QueueName="Go-On")["QueueUrl"]
        redeployed(client, account.processor_function_name, tmp_path, "checkin_processor", "sleep(LONG_SECONDS)", GO_ON)
        given = json.dumps({"userId": "user-001", "text": "Slept well. It is a long story."})
        starting = {"stateMachineArn": settings.state_machine_arn, "input": given}
        started = client("stepfunctions").start_execution(**starting)["executionArn"]
        # AWS takes the definition with the call; the embedded account takes it once its thread has begun.
        until(lambda: executions.path(live, started))
        outcome = engine.carry_out(engine.plan("03", desired.state_machine(live)), connected_run.of(live, record))
        client("sqs").send_message(QueueUrl=url, MessageBody="go on")

        def old(value: dict[str, Any]) -> dict[str, Any]:
            return {**value, "definition": spoil(value["definition"])}

        spoiled = tuple(
            replace(one, change=replace(one.change, before=old(one.change.before)))
            if one.change.resource.kind == "state machine"
            else one
            for one in outcome.results
        )
        (check,) = continuity.executions_across(connected_run.of(live, record), replace(outcome, results=spoiled))
        return check

    return answer


def test_executions_across_the_update_finish_on_their_old_definition(crossed):
    check = crossed()
    assert (check.status, check.found) == ("passed", "1 of 1")


def test_03_sees_an_execution_that_did_not_stay_on_its_definition(crossed):
    def without_its_choice(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "States": {name: body for name, body in old["States"].items() if name != "CheckSentiment"}}

    check = crossed(without_its_choice)
    assert check.status == "failed"
    assert re.search(r"0 of 1; .*: SUCCEEDED, new states: CheckSentiment", check.found)


def test_03_says_so_when_no_execution_was_running(account):
    settings = account.model_copy(update={"mode": "apply"})
    live, record = carried_out(settings, "01", "02", "04")
    outcome = engine.carry_out(engine.plan("03", desired.state_machine(live)), connected_run.of(live, record))
    (check,) = continuity.executions_across(connected_run.of(live, record), outcome)
    assert check.status == "not exercised here"
    again = engine.carry_out(engine.plan("03", desired.state_machine(live)), connected_run.of(live, record))
    (check,) = continuity.executions_across(connected_run.of(live, record), again)
    assert (check.status, check.found) == ("not exercised here", "the workflow was not updated just now")


def test_the_docs_name_every_sabotage_with_the_check_that_caught_it():
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|]*?) \| ([^|]*?) \|$", text, re.MULTILINE))
    for sabotage in SABOTAGES:
        checks = [*sabotage.caught, *([f"phase {sabotage.in_place} is in place"] if sabotage.in_place else [])]
        assert rows[sabotage.words] == ", ".join(f"`{check}`" for check in checks), sabotage.words


def test_a_validation_clears_away_what_a_killed_one_left(account):
    settings = account.model_copy(update=QUICK)
    live, record = carried_out(settings, *BUILT)
    before = snapshot(settings)
    wanted = subscribers.listeners(live, f"ffff-{record.run_id}")
    # As `engine.temporary_things` does it, and then the process is gone.
    begun = [Change(item.resource, item.resource.read(), item.value, temporary=True) for item in wanted]
    loss_guard.keep(Plan("05", tuple(begun)), connected_run.of(live, record))
    for change in begun:
        record.append(records.LOG, entry("05", change, "intended"))
        change.resource.write(change.after)
    assert differences(before, snapshot(settings))
    session = validation.run(connected_run.of(live, record), [Group(validation.PLANNED, scenarios.load()[:1])])
    assert len(session.drills) == 1
    assert differences(before, snapshot(settings)) - left_by_drills(settings) == set()
