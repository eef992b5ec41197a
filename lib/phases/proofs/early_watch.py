"""The live workflow in its first minutes after the update: alarms, executions that fail, throttles. Read-only.

For `soak_minutes` it is looked at again and again; what goes wrong ends the watch at once and fails the phase, so that
`--rollback-on-failure` puts the definition from before the run back. What failed as often before is not the update's.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.aws import Live
from lib.aws_answers import answered_at, readable
from lib.changes.plans import Outcome
from lib.checks import Check, Status, failures
from lib.definitions.alarm_lint import Missing
from lib.errors import RunbookError
from lib.record.change_rows import WriteState
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.resources.monitoring import alarm_listing
from lib.resources.workflow import Workflow
from lib.resources.workflow_alias import WorkflowAlias
from lib.routes import is_drill
from lib.telemetry import continuity, executions, metrics
from lib.telemetry.execution_status import ExecutionStatus
from lib.values.check_registry import Id
from lib.values.modes import Mode
from lib.values.numbers import first_of, say_roughly
from lib.wait import until

PAUSE_SECONDS = 15.0  # between two looks
ENDED_BADLY = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED)
NAMES_SAID = 3
NONE_ENDED = "no check-in that began since has ended, so that none could fail"
LATE = "an alert may be lost, or one of the metrics that it compares is late"
EXECUTIONS, THROTTLES, ALARMS = (f"early watch: {what}" for what in ("check-ins that fail", "throttles", "alarms"))
Now = Callable[[], datetime]


def _by_aws(live: Live) -> Now:
    """The clock of AWS, by which what it dates is; this machine's may be minutes off, and only tells how it passes."""
    with readable("asking what time it is"):
        theirs = answered_at(live.client("sts").get_caller_identity())
    since, moment = live.clock(), theirs or datetime.now(UTC)
    return lambda: moment + timedelta(seconds=live.clock() - since)


@dataclass(frozen=True)
class _Watch:
    """From the update on; `until` is when the watch is over."""

    live: Live
    since: datetime
    until: datetime
    now: Now


def watch(run: ConnectedRun, outcome: Outcome, clock: Callable[[Live], Now] = _by_aws) -> list[Check]:
    """Look until something goes wrong or `soak_minutes` since the update are over; what was seen last, as checks.

    A run that is gone on with watches for the rest of that time. `clock` tells the time as AWS has it.
    """
    minutes, expected = run.settings.soak_minutes, "no more of them than before the update"
    if run.settings.mode != Mode.APPLY:
        return [Check(Id.WATCHED_EXECUTIONS, EXECUTIONS, Status.NOT_APPLIED, "plan mode", expected)]
    if not minutes:
        said = "nothing was watched: soak_minutes is 0"
        return [Check(Id.WATCHED_EXECUTIONS, EXECUTIONS, Status.CANNOT_TELL, said, expected)]
    since, soak, now = continuity.updated_at(run.live), timedelta(minutes=minutes), clock(run.live)
    if since is None and _was_updated(outcome):
        said = continuity.MOMENT_UNKNOWN
        return [Check(Id.WATCHED_EXECUTIONS, EXECUTIONS, Status.CANNOT_TELL, said, expected)]
    if since is None or (now() >= since + soak and not _was_updated(outcome)):
        said = continuity.NOT_UPDATED
        return [Check(Id.WATCHED_EXECUTIONS, EXECUTIONS, Status.NOT_EXERCISED, said, expected)]
    one = _Watch(run.live, since, since + soak, now)
    begun = now()
    left = max(0.0, (one.until - begun).total_seconds())
    patience = run.live.patience(left, min(PAUSE_SECONDS, left) or run.settings.poll_seconds)
    seen = until(lambda: _look(one), lambda seen: bool(failures(seen)), patience).seen
    watched = f"watched for {_said(now() - begun)}, until {_said(now() - since)} after the update"
    return [replace(check, found=f"{check.found}; {watched}") for check in seen]


def _said(length: timedelta) -> str:
    return say_roughly(max(0.0, length.total_seconds()))


def _was_updated(outcome: Outcome) -> bool:
    applied = [one.change.resource for one in outcome.results if one.state == WriteState.APPLIED]
    return any(isinstance(thing, Workflow | WorkflowAlias) for thing in applied)


def _look(one: _Watch) -> list[Check]:
    return [_executions(one), _throttles(one), _alarms(one)]


def _executions(one: _Watch) -> Check:
    """Check-ins that ended badly since the update, of each status against as long a time before it.

    Where none has ended since, none can have failed, and nobody can tell.
    """
    length = one.until - one.since
    try:
        listing = executions.list_executions(one.live, one.since - length)
    except RunbookError as error:
        return _unread(Id.WATCHED_EXECUTIONS, EXECUTIONS, error)
    rows = [row for row in listing.rows if row["status"] in ENDED_BADLY and not is_drill(row["name"])]
    after = [row for row in rows if row["started"] > one.since]
    before = Counter(row["status"] for row in rows if row["started"] <= one.since)
    more = [row for row in after if _count(after, row["status"]) > before[row["status"]]]
    named = first_of([f"{row['name']} {row['status']}" for row in more], NAMES_SAID)
    said = f"{len(after)} since the update, {before.total()} in as long before" + (f": {named}" if named else "")
    ended = [row for row in listing.rows if row["stopped"] and row["started"] > one.since and not is_drill(row["name"])]
    doubts = [listing.cut, "" if ended else NONE_ENDED]
    status = Status.FAILED if more else Status.CANNOT_TELL if any(doubts) else Status.PASSED
    said = "; ".join(filter(None, [said, *doubts]))
    return Check(Id.WATCHED_EXECUTIONS, EXECUTIONS, status, said, "no more of them than before the update")


def _count(rows: Sequence[dict[str, Any]], status: str) -> int:
    return sum(row["status"] == status for row in rows)


def _throttles(one: _Watch) -> Check:
    """What CloudWatch counts, minutes late; where it has no datapoint, nobody can tell."""
    expected = "none since the update"
    try:
        counted = metrics.throttles(one.live, one.since, max(one.now(), one.since + timedelta(seconds=1)))
    except RunbookError as error:
        return _unread(Id.WATCHED_THROTTLES, THROTTLES, error)
    if counted is None:
        said = "CloudWatch has no datapoint of it yet"
        return Check(Id.WATCHED_THROTTLES, THROTTLES, Status.CANNOT_TELL, said, expected)
    status = Status.FAILED if counted else Status.PASSED
    return Check(Id.WATCHED_THROTTLES, THROTTLES, status, f"{counted:g} since the update", expected)


def _alarm_names(live: Live) -> list[str]:
    """The alarms that something sets off. What silence sets off looks hours back, so that it tells of no update."""
    return [one.name for one in desired.alarms(live) if one.definition.missing != Missing.BREACHING]


def _to_look_at(live: Live) -> set[str]:
    """The alarms that may be false, by which nothing is undone: a person looks whether an alert was lost."""
    return {one.name for one in desired.alarms(live) if one.definition.is_of_several_services}


def _alarms(one: _Watch) -> Check:
    """Which of ours went off since the update. What was in alarm before it or may be false is said, for a person.

    Of one that is not there nobody can tell, so that without it nothing passes.
    """
    names, expected = _alarm_names(one.live), "none in ALARM"
    try:
        there = alarm_listing.of_names(one.live, names)
    except RunbookError as error:
        return _unread(Id.WATCHED_ALARMS, ALARMS, error)
    rows = [row for row in there.values() if row["StateValue"] == "ALARM"]
    gone = [name for name in names if name not in there]
    went_off = [row["AlarmName"] for row in rows if alarm_listing.changed_at(row) > one.since]
    doubtful = _to_look_at(one.live) & {*went_off}
    new = [name for name in went_off if name not in doubtful]
    quiet = Status.CANNOT_TELL if gone else Status.PASSED
    status = Status.FAILED if new else Status.WAITING if rows else quiet
    old = [f"{row['AlarmName']} (since before the update)" for row in rows if row["AlarmName"] not in went_off]
    looked_at = [f"{name} (look by hand: {LATE})" for name in sorted(doubtful)]
    said = ", ".join([*new, *looked_at, *old]) or f"none of {len(names) - len(gone)}"
    absent = f"; {len(gone)} of {len(names)} are not there, until phase 04 makes them: {first_of(gone, NAMES_SAID)}"
    said += absent if gone else ""
    return Check(Id.WATCHED_ALARMS, ALARMS, status, said, expected)


def _unread(which: Id, name: str, error: RunbookError) -> Check:
    return Check(which, name, Status.CANNOT_TELL, str(error), "an answer of AWS")
