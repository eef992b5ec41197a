"""Whether more check-ins fail than their past allows, and whether any come at all. Read-only; drills count for neither.

Both go by the list of executions, which tells drills by their names; of the week before, CloudWatch's count, which
does not, is compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

from lib.checks import Check, Status
from lib.phases.watch.checkpoint import Reading, Span
from lib.phases.watch.pace import in_words
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.routes import is_drill
from lib.telemetry import executions, metrics
from lib.telemetry.execution_status import Count, ExecutionStatus, When, Who
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.libraries import scipy
from lib.telemetry.metrics import STATES, Query
from lib.values.check_registry import Id
from lib.values.numbers import first_of, say_count, say_minute

# How likely one look may take chance for a fault: a day of 97 looks is then quiet nine times in ten.
ERROR_A_LOOK = 0.001
PART = timedelta(minutes=15)
BACK = timedelta(hours=1)  # before the span: what began then may have ended in it
LATE = timedelta(minutes=1)  # what AWS lists a moment late is looked at twice rather than never
WEEK = timedelta(days=7)  # check-ins have a daily and a weekly rhythm, so that these hours are like those
PERIOD = timedelta(minutes=1)
# So many check-ins of the week before make silence no chance: none of seven comes about once in 1,100 times.
SILENT_FROM = 7
NAMED, STILL_LISTED, NEWEST, PAUSES = 3, 1_000, 1_000, 20
RATES = "evidence/success_rate.csv"
BAD = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED)
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class _Ended:
    """The check-ins of a time that ended or hang, and those that ended badly or take longer than they may."""

    span: Span
    of: int
    bad: Rows

    def exceeds(self, share: float) -> bool:
        """Whether more are bad than chance brings where this share is."""
        return len(self.bad) > most_allowed(self.of, share)


def failures(run: ConnectedRun, span: Span) -> Reading:
    """Check-ins that ended badly in this time, or hang, against the number that the share before the change allows.

    In a long time, as after a gap, each quarter of an hour is asked as well: a burst must not go under in it.
    """
    listed = executions.list_executions(run.live, span.since - BACK)
    still = executions.recent(run.live, STILL_LISTED, ExecutionStatus.RUNNING)
    rows = _real(list({row["arn"]: row for row in (*listed.rows, *still)}.values()))
    limit, base = timedelta(seconds=run.settings.long_execution_seconds), share_before(run.record)
    margin = run.settings.success_rate_margin
    whole, *parts = [_ended(rows, one, limit) for one in (span, *span.parts(PART))]
    over = [one for one in (whole, *parts) if one.exceeds(base + margin)]
    worst = max(over, key=lambda one: len(one.bad), default=whole)
    status = Status.FAILED if over else Status.CANNOT_TELL if listed.cut or not whole.of else Status.PASSED
    allowed = f"{base:.1%} failed before the change and {margin:.1%} more may"
    expected = f"at most {most_allowed(worst.of, base + margin)} of {worst.of}, where {allowed}"
    found = _said(worst, listed.cut)
    check = Check(Id.WATCH_FAILURES, "watch: check-ins that fail", status, found, expected)
    counts = {"ended": whole.of, "failed": len(whole.bad)}
    return Reading([check], counts, {check.key: _said(worst, listed.cut, _counted(worst))} if worst.bad else {})


def _said(one: _Ended, cut: str, which: str | None = None) -> str:
    """In words; `which` they are, by name where nothing else is given."""
    said = f"{len(one.bad)} of {one.of} check-ins failed, or took longer than they may"
    hours = f", from {say_minute(one.span.since)} to {say_minute(one.span.until)} UTC" if one.bad else ""
    return "; ".join(filter(None, [said + hours, _named(one) if which is None else which, cut]))


def _named(one: _Ended) -> str:
    return first_of([f"{row['name']} {row['status']}" for row in one.bad], NAMED)


def _counted(one: _Ended) -> str:
    """What became of them, without a name: what is mailed tells none."""
    counts = Counter(str(row["status"]) for row in one.bad)
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _ended(rows: Rows, span: Span, limit: timedelta) -> _Ended:
    ended = [row for row in rows if row["stopped"] and span.since - LATE < row["stopped"] <= span.until]
    hanging = [row for row in rows if not row["stopped"] and span.until - row["started"] > limit]
    bad = [row for row in ended if row["status"] in BAD or row["stopped"] - row["started"] > limit]
    return _Ended(span, len(ended) + len(hanging), [*bad, *hanging])


def most_allowed(of: int, share: float) -> int:
    """The most failures of so many that chance alone brings more seldom than ERROR_A_LOOK, where so many fail.

    Of two, both are too many at two in a hundred; one alone never is, and an alarm tells of it.
    """
    return int(scipy.stats.binom.isf(ERROR_A_LOOK, of, min(share, 1.0))) if of else 0


def share_before(record: Record) -> float:
    """The share of check-ins that failed before the change, as this run's newest review counted it; 0 without one."""
    kept = record.kept_as(RATES)
    if not kept:
        return 0.0
    table = pd.read_csv(StringIO((record.folder / kept[-1]).read_text(encoding="utf-8")))
    mine = table[(table["who"] == Who.CHECKINS) & (table["when"] == When.BEFORE)]
    finished = int(mine["finished"].sum())
    return 1 - int(mine["succeeded"].sum()) / finished if finished else 0.0


def silence(run: ConnectedRun, span: Span) -> Reading:
    """Whether no check-in began for a time in which the week before had several; the worst such pause of the span.

    Of a pause that nobody counted in the week before, nobody can tell.
    """
    starts = _starts(run, span)
    here = [start for start in starts if start > span.since]
    before = max((start for start in starts if start <= span.since), default=span.since - BACK)
    pauses = [pause for pause in pairwise([before, *here, span.until]) if pause[1] - pause[0] > PERIOD]
    if not pauses:
        said = f"{len(here)} began, none of them over a minute after the one before"
        return _silent(Status.PASSED, said, len(here))
    longest = sorted(pauses, key=lambda pause: pause[0] - pause[1])[:PAUSES]
    points = _week_before(run, longest)
    held = [(pause, _within(points, pause)) for pause in longest]
    (first, last), most = max(held, key=lambda one: one[1] or 0)
    uncounted = [pause for pause, count in held if count is None and _is_missing(points, pause)]
    silent = most is not None and most >= SILENT_FROM
    if uncounted and not silent:
        (first, last), most = uncounted[0], None
    counted = "no datapoint" if most is None else say_count(most)
    said = f"{len(here)} began; none from {say_minute(first)} to {say_minute(last)} UTC ({in_words(last - first)})"
    said += f", and {counted} in the same hours of the week before"
    if silent:
        return _silent(Status.FAILED, said, len(here))
    return _silent(Status.PASSED if here and not uncounted else Status.CANNOT_TELL, said, len(here))


def _silent(status: Status, said: str, begun: int) -> Reading:
    expected = f"no pause in which the week before had {SILENT_FROM} or more"
    return Reading([Check(Id.WATCH_SILENCE, "watch: check-ins come", status, said, expected)], {"begun": begun})


def _starts(run: ConnectedRun, span: Span) -> list[datetime]:
    """When real check-ins began, oldest first: of the span and the hour before it, or else the newest that there is."""
    listed = executions.list_executions(run.live, span.since - BACK).rows
    starts = sorted(row["started"] for row in _real(listed) if row["started"] <= span.until)
    if starts:
        return starts
    rows = executions.recent(run.live, NEWEST)
    # Where all of these are drills, the oldest of them is the least that is known of the silence.
    real = [row["started"] for row in _real(rows)]  # by their end: one that hung for days may stand first
    return [max(real)] if real else [row["started"] for row in rows[-1:]]


def _real(rows: Rows) -> Rows:
    return [row for row in rows if not is_drill(row["name"])]


def _week_before(run: ConnectedRun, pauses: Sequence[tuple[datetime, datetime]]) -> pd.DataFrame:
    """What began in these hours of the week before, and in the hour before them."""
    start, end = min(first for first, _ in pauses) - BACK - WEEK, max(last for _, last in pauses) - WEEK
    machine = (("StateMachineArn", run.settings.state_machine_arn),)
    asked = [Query(Count.STARTED, STATES, Count.STARTED, "Sum", machine)]
    period = metrics.kept_period(start, end + WEEK, int(PERIOD.total_seconds()))
    return metrics.series(run.live, asked, start, end, period)


def _within(points: pd.DataFrame, pause: tuple[datetime, datetime]) -> float | None:
    """What whole periods of the week before counted in this pause; None where they have no datapoint."""
    first, last = (pd.Timestamp(moment - WEEK) for moment in pause)
    length = pd.Timedelta(seconds=points.attrs["period_seconds"])
    mine = points[(points["time"] >= first.ceil("s")) & (points["time"] + length <= last)]
    return None if mine.empty else float(mine["value"].sum())


def _is_missing(points: pd.DataFrame, pause: tuple[datetime, datetime]) -> bool:
    """Whether a pause without a datapoint is a gap: CloudWatch counts no minute in which nothing began.

    It is none where the week before was counted, and by what it had in all these hours has fewer than SILENT_FROM.
    """
    if points.empty:
        return True
    start, end = points.attrs["window"]
    share = (pause[1] - pause[0]) / (end - start)
    return float(points["value"].sum()) * share >= SILENT_FROM
