"""What drills set off on purpose: an alarm, or errors of the processor. Read-only.

The validation holds a check-in that nobody can score: its execution fails, and so does the processor, of which alarms
tell. The first checkpoint looks from the change on, and would call that a break each time. It is a drill's own only
where all that can have caused it is known, and of such a drill; one that had to succeed excuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from lib.aws import Live
from lib.definitions.alarm_templates import AlarmTemplate
from lib.errors import RunbookError
from lib.phases.watch.failures import BACK
from lib.routes import Route, is_drill
from lib.telemetry import executions, workflow_log
from lib.telemetry.deliveries.alarm_history import BEHIND
from lib.telemetry.deliveries.sources import Metric
from lib.telemetry.execution_status import Count, ExecutionStatus
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.streams import log_columns
from lib.telemetry.workflow_log import FAILED_ATTEMPTS, KIND
from lib.values.check_registry import UNREADABLE

Caused = Iterable[tuple[datetime, bool]]  # when something came that an alarm counts, and whether it was a drill's


def set_off(live: Live, alarm: AlarmTemplate, moments: Sequence[datetime], until: datetime) -> bool:
    """Whether drills alone set this alarm off at each of these moments, and nothing else did what it counts since.

    `moments` are in order, `until` is when it is asked. What AWS refuses to tell excuses nothing.
    """
    with suppress(RunbookError):
        return _set_off(live, alarm, moments, until)
    return False


def _set_off(live: Live, alarm: AlarmTemplate, moments: Sequence[datetime], until: datetime) -> bool:
    watched, first = alarm.definition.metrics, moments[0] - BEHIND
    metrics = {one.metric for one in watched}
    if metrics == {Count.FAILED}:
        return _drills_alone(_failed(live, first), moments, until)
    if Route.UNSCORED.state in {one.dimensions.get("State") for one in watched}:
        return _drills_alone(_unscored(live, first, until), moments, until)
    functions = {one.dimensions.get("FunctionName") for one in watched}
    if metrics == {Metric.ERRORS} and functions == {live.settings.processor_function_name}:
        return _drills_alone(_attempts(live, first, until), moments, until)
    return False


def errors_of_drills(live: Live, since: datetime, until: datetime) -> int:
    """How many attempts at tasks failed on purpose in this time; 0 where any other did, or nobody can tell."""
    with suppress(RunbookError):
        attempts = list(_attempts(live, since, until))
        return len(attempts) if all(drill for _, drill in attempts) else 0
    return 0


def _drills_alone(caused: Caused, moments: Sequence[datetime], until: datetime) -> bool:
    mine = [(at, drill) for at, drill in caused if moments[0] - BEHIND <= at <= until]
    explained = all(any(moment - BEHIND <= at <= moment for at, _ in mine) for moment in moments)
    return explained and all(drill for _, drill in mine)


def _failed(live: Live, since: datetime) -> Caused:
    listed = executions.list_executions(live, since - BACK)
    rows = [row for row in listed.rows if row["status"] == ExecutionStatus.FAILED and row["stopped"]]
    return [] if listed.cut else [(row["stopped"], is_drill(row["name"], UNREADABLE)) for row in rows]


def _unscored(live: Live, since: datetime, until: datetime) -> Caused:
    log = workflow_log.read(live, since, until)
    taken = workflow_log.routes(log)
    mine = taken[taken["route"] == Route.UNSCORED]
    return [] if log_columns.unseen(log) else _rows(mine)


def _attempts(live: Live, since: datetime, until: datetime) -> Caused:
    log = workflow_log.read(live, since, until)
    bad = log[log[KIND].isin(FAILED_ATTEMPTS)]
    mine = bad.assign(drill=[is_drill(arn.rpartition(":")[2], UNREADABLE) for arn in bad["execution"]])
    return [] if log_columns.unseen(log) else _rows(mine)


def _rows(mine: pd.DataFrame) -> Caused:
    return [(at.to_pydatetime(), bool(drill)) for at, drill in zip(mine["time"], mine["drill"], strict=True)]
