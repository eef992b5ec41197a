"""Our alarms since the change: which are or were in ALARM, and of which of these times a drill was the cause. No AWS.

An alarm of failed executions or of check-ins without a score counts drills of those as well, which do it on purpose.
Such a time is a drill's own only where every execution that can have caused it is known and a drill; else it counts.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pandas as pd

from lib.checks import Status
from lib.drills.alarm_drill import TEST
from lib.phases.review.reading import Reading
from lib.routes import Route, is_drill
from lib.telemetry.deliveries.alarm_history import BEHIND, IN_ALARM, AlarmRecord, InAlarm
from lib.telemetry.execution_status import Count, ExecutionStatus
from lib.values.alerts import Cause
from lib.values.check_registry import UNREADABLE
from lib.values.numbers import say_minute

SAME = timedelta(seconds=1)  # an alarm and its history tell the moment of one change so far apart at most


def rows(read: Reading) -> list[dict[str, Any]]:
    """Each alarm that is in ALARM, was since the change, is not there, or of which nobody can tell."""
    shown = [one for one in read.deliveries.alarms if _shown(one)]
    return [_row(one, [_cause(read, one, span) for span in one.spans or ()]) for one in shown]


def _shown(one: AlarmRecord) -> bool:
    return one.state in (None, IN_ALARM) or one.spans is None or one.kept_since is not None or bool(one.spans)


def _row(one: AlarmRecord, causes: list[Cause | None]) -> dict[str, Any]:
    counted, spans = Counter(causes), one.spans or ()
    real = [span for span, cause in zip(spans, causes, strict=True) if cause is None]
    lasted = f"{len(real)} times, {sum((span.until - span.begun).total_seconds() for span in real):,.0f} s"
    unknown = "the history does not reach so far back"
    lasted += f"; before {say_minute(one.kept_since)} UTC {unknown}" if one.kept_since else ""
    later = "" if one.state != IN_ALARM or _is_of_a_span(one) else ", not since then: cause not known"
    return {
        "what": one.name,
        "status": _status(one, causes),
        "state now": f"{one.state}{later}" if one.state else "there is no such alarm",
        "in ALARM since the change": unknown if one.spans is None else lasted if spans or one.state else "",
        "by a drill": counted[Cause.DRILL],
        "as a test": counted[Cause.TEST],
        "first (UTC)": f"{spans[0].begun:%Y-%m-%d %H:%M:%S}" if spans else "",
    }


def _status(one: AlarmRecord, causes: list[Cause | None]) -> Status | Cause:
    if one.state == IN_ALARM and (not causes or causes[-1] is None or not _is_of_a_span(one)):
        return Status.FAILED
    if None in causes:
        return Status.WAITING
    if one.state is None or one.kept_since or not causes:
        return Status.CANNOT_TELL
    return Cause.DRILL if Cause.DRILL in causes else Cause.TEST


def _is_of_a_span(one: AlarmRecord) -> bool:
    """Whether it went into its state now in the last of its times here: a time that was asked for ended long ago."""
    last = one.spans[-1] if one.spans else None
    return last is not None and one.since is not None and last.begun - SAME <= one.since <= last.until


def _cause(read: Reading, one: AlarmRecord, span: InAlarm) -> Cause | None:
    """Why it went off, where that was a drill; None where it was not, or nobody can tell."""
    if not span.reason:  # it began before what was looked at, and so may what caused it have
        return None
    if span.reason.startswith(TEST):
        return Cause.TEST
    drilled = _counted(read, one, span)
    return Cause.DRILL if drilled and all(drilled) else None


def _counted(read: Reading, one: AlarmRecord, span: InAlarm) -> list[bool]:
    """Of each execution that it counted, whether it was a drill; none where nobody can tell of all of them.

    None either where all of them came after it went off: what set it off was counted later than metrics are late.
    """
    if one.watches == {Count.FAILED}:
        seen = read.seen
        ended = seen["started"] + pd.to_timedelta(seen["seconds"], unit="s")
        mine = seen[(seen["status"] == ExecutionStatus.FAILED) & _within(ended, span)]
        known = not seen.attrs.get("cut") and bool((ended[mine.index] <= pd.Timestamp(span.begun)).any())
        return [is_drill(str(name), UNREADABLE) for name in mine["name"]] if known else []
    if Route.UNSCORED.state in one.watches:
        taken = read.routes
        mine = taken[(taken["route"] == Route.UNSCORED) & _within(taken["time"], span)]
        known = not read.deliveries.log_gaps and bool((mine["time"] <= pd.Timestamp(span.begun)).any())
        return [bool(drill) for drill in mine["drill"]] if known else []
    return []


def _within(times: pd.Series, span: InAlarm) -> pd.Series:
    return times.between(pd.Timestamp(span.begun - BEHIND), pd.Timestamp(span.until))
