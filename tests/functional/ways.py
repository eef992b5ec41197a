"""Phases applied to an account whose check-ins come by an alias, and that alias looked at and moved by hand."""

from typing import Any

from lib.aws import Live, connect
from lib.changes import engine, loss_guard
from lib.checks import Status
from lib.cli import runner
from lib.phases import state_machine
from lib.record import records
from lib.record.records import Record, Run
from lib.resources import connected_run, desired
from lib.settings import Settings


def applied(account: Settings, *phases: str) -> tuple[Live, Record]:
    """What these phases want, or all of them, refused and verified as the notebooks do."""
    chosen = account.model_copy(update={"mode": "apply"})
    record, live = records.open_run(chosen), None
    live = connect(chosen, record.log_call)
    loss_guard.require_no_loss(runner.plan_all(live), connected_run.of(live, record))
    for number in phases or desired.PHASES:
        if number == "03":
            state_machine.backup(connected_run.of(live, record))
        outcome = engine.carry_out(engine.plan(number, desired.PHASES[number](live)), connected_run.of(live, record))
        assert [c for c in engine.verify(outcome, Run(chosen, record)) if c.status == Status.FAILED] == []
    return live, record


def planned(live: Live, phase: str) -> dict[str, Any]:
    return {change.resource.name: change for change in engine.plan(phase, desired.PHASES[phase](live)).changes}


def the(checks: Any, name: str) -> Any:
    (found,) = [check for check in checks if check.name == name]
    return found


def routing(client: Any, arn: str) -> dict[str, int]:
    rows = client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=arn)["routingConfiguration"]
    return {row["stateMachineVersionArn"].rpartition(":")[2]: row["weight"] for row in rows}


def route(client: Any, arn: str, **weights: int) -> None:
    machine = arn.rpartition(":")[0]
    rows = [{"stateMachineVersionArn": f"{machine}:{name[1:]}", "weight": weight} for name, weight in weights.items()]
    client("stepfunctions").update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=rows)


def published(client: Any, account: Settings) -> str:
    answer = client("stepfunctions").publish_state_machine_version(stateMachineArn=account.state_machine_arn)
    return str(answer["stateMachineVersionArn"])
