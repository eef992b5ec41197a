"""A live workflow of somebody else's making, on the embedded account: read, compared, replaced, put back as it was."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.aws import Live, connect
from lib.changes import engine
from lib.changes.plans import Plan, Wanted
from lib.definitions import templates
from lib.display import show
from lib.drills import drill_runner
from lib.errors import Refused
from lib.phases import restore, restore_plan, rollback, state_machine
from lib.phases.proofs import alert_event, backtest, backtest_checks
from lib.record import records
from lib.record.records import Record
from lib.resources import connected_run
from lib.resources.resource_kinds import Workflow
from rehearsal.account.baseline import definition as baseline


@pytest.fixture
def live(account: Any) -> Live:
    return connect(account.model_copy(update={"mode": "apply"}))


@pytest.fixture
def record(live: Live) -> Record:
    return records.open_run(live.settings)


@pytest.fixture
def holds(client: Any, live: Live) -> Callable[[str], None]:
    """Make this text the live definition, as somebody did before us."""

    def put(text: str) -> None:
        client("stepfunctions").update_state_machine(stateMachineArn=live.settings.state_machine_arn, definition=text)

    return put


def text_of(client: Any, live: Live) -> str:
    found = client("stepfunctions").describe_state_machine(stateMachineArn=live.settings.state_machine_arn)
    return str(found["definition"])


def twice(live: Live) -> str:
    """The definition before, with a key twice and a number longer than a float."""
    text = json.dumps(baseline(live.settings), indent=1)
    return text.replace('"Comment"', '"Comment": "first",\n "Comment"', 1).replace("-0.6", "-0.60000000000000000001")


def updated(live: Live, record: Record) -> Plan:
    workflow = Workflow(live, live.settings.state_machine_name)
    before = workflow.read()
    assert before is not None
    wanted = [Wanted(workflow, {**before, "definition": templates.definition(live.settings)})]
    plan = engine.plan("03", wanted)
    show.plan(plan)
    engine.carry_out(plan, connected_run.of(live, record))
    return plan


def test_a_definition_that_plain_data_would_not_hold_comes_back_to_the_byte(live, record, holds, client) -> None:
    text = twice(live)
    holds(text)
    state_machine.backup(connected_run.of(live, record))
    kept = sorted((record.folder / "backup").glob("*-definition.json"))
    assert kept[0].read_text(encoding="utf-8").strip() == text
    updated(live, record)
    assert json.loads(text_of(client, live)) == templates.definition(live.settings)
    engine.roll_back(rollback.plan(connected_run.of(live, record)), connected_run.of(live, record))
    assert text_of(client, live) == text


def test_the_emergency_path_puts_it_back_as_well(live, record, holds, client) -> None:
    text = twice(live)
    holds(text)
    state_machine.backup(connected_run.of(live, record))
    updated(live, record)
    assert restore.restore(restore_plan.plan_restore(connected_run.of(live, record)), record) == []
    assert text_of(client, live) == text
    assert [
        check.status
        for check in restore.verify_restored(restore_plan.plan_restore(connected_run.of(live, record)), live.settings)
    ] == ["passed"]


def foreign(live: Live) -> dict[str, str]:
    mapped = {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}, "End": True}
    jsonata = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Output": "{% 1 %}", "End": True}},
    }
    odd = copy.deepcopy(baseline(live.settings))
    odd["States"]["CheckSentiment"] = {"Type": "Choice", "Choices": None}
    return {
        "a key twice": twice(live),
        "a map": json.dumps({"StartAt": "M", "States": {"M": mapped}}),
        "jsonata": json.dumps(jsonata),
        "States no object": '{"StartAt": "A", "States": ["A"]}',
        "a state of nothing": json.dumps(odd),
        "no object": "[1]",
    }


@pytest.mark.parametrize(
    "name", ["a key twice", "a map", "jsonata", "States no object", "a state of nothing", "no object"]
)
def test_whatever_is_live_each_step_of_phase_03_answers(name, live, record, holds, client) -> None:
    holds(foreign(live)[name])
    stamp = datetime.now(UTC) - timedelta(minutes=1)
    body = json.dumps({"risk_score": 40, "score": 0, "trajectory": "stable"})
    key = f"user-1/{stamp:%Y/%m/%d}/{stamp.isoformat()}.json"
    client("s3").put_object(Bucket=live.settings.checkin_bucket_name, Key=key, Body=body)
    state_machine.backup(connected_run.of(live, record))
    value = Workflow(live, live.settings.state_machine_name).read()
    assert value is not None
    ours = templates.definition(live.settings)
    assert any(row["change"] == "added" for row in templates.state_changes(value["definition"], ours))
    assert "EvaluateRisk after" in templates.diff(value["definition"], ours)
    found = backtest.run(backtest.reading_ahead(live, value["definition"], ours, record), value["definition"], ours)
    assert found.trouble.startswith("a definition cannot be followed here: ")
    assert [check.status for check in backtest_checks.checks(found)] != ["passed"]
    readable = {check.name: check for check in state_machine.definition_checks(live, ours)}[
        "the live definition as JSON"
    ]
    assert readable.status == ("waiting" if name in ("a key twice", "no object") else "passed"), readable
    assert "EvaluateRisk" not in alert_event._live_states(live)
    with pytest.raises(Refused, match="nothing was started"):
        drill_runner._require_gate(live, live.settings.state_machine_arn)
