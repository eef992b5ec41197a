"""Whether every alert that the workflow sent was counted at each place behind it, per route and hour. Pure, no AWS.

An alert of the log belongs to the hour in which it was accepted. AWS counts by minutes and a little later, so that one
at the turn of an hour may be counted in the next; never is a count of another hour taken for it. CloudWatch's counts
are best effort: a difference names the executions to look at, and is a failure until somebody has looked. How many
are missing where nobody can tell stays missing, and is no zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from typing import Any

from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.libraries import pandas as pd

TURN = timedelta(minutes=5)  # so near to the turn of an hour it may be counted in the other: metrics are minutes late
LATE = timedelta(minutes=5)  # what is younger than this may not be counted yet
HOUR = timedelta(hours=1)
COLUMNS = [
    "place", "name", "routes", "hour", "check-ins", "drills", "sent", "counted", "missing", "state", "executions",
]  # fmt: skip


class Compared(StrEnum):
    """How an hour's alerts and what was counted of them compare."""

    LOST = "LOST"
    CANNOT_TELL = "cannot tell"
    LATE = "not counted yet"
    MORE = "more than was sent"  # somebody else's, a second delivery, or alerts of an alarm
    EQUAL = "as many"


UNTOLD = (Compared.CANNOT_TELL, Compared.LATE)  # of such an hour nobody knows yet how many are missing


class Place(StrEnum):
    """Where alerts are counted, in the order in which they come by."""

    RULE = "matched by the rule"
    DISPATCHER = "dispatcher invoked"
    PUBLISHED = "published to the topic"
    DELIVERED = "notifications delivered"


@dataclass(frozen=True)
class Stage:
    """One place that alerts must come by: those that must (rows of `alert_log.alerts`), and what was counted by hour.

    `counted` is None where nobody counts there. `own_only`: nothing else is counted there, so that more is said.
    """

    place: Place
    name: str
    alerts: pd.DataFrame
    counted: Mapping[datetime, float] | None
    own_only: bool = True


@dataclass(frozen=True)
class Alert:
    """What decides of one: when it was sent, and in which hours it may be counted."""

    sent: datetime
    first: datetime
    last: datetime
    execution: str


def compare(stages: Iterable[Stage], now: datetime, end: datetime | None = None) -> pd.DataFrame:
    """COLUMNS, one row a stage and hour in which something was sent or counted; what was lost comes first.

    What was sent after `end` is of no row, and takes its counts all the same: where one of all these has none, nobody
    can tell whether it was of this time.
    """
    rows = [row for stage in stages for row in _rows(stage, now, end or now)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["missing"] = frame["missing"].astype("Int64")
    order = frame["state"].map({state.value: at for at, state in enumerate(Compared)})
    return frame.assign(order=order).sort_values(["order", "hour"], ignore_index=True, kind="stable")[COLUMNS]


def missing_by_hour(compared: pd.DataFrame) -> pd.DataFrame:
    """Of each hour of `compare` how many alerts are missing: hour, missing (NaN: nobody can tell), at_least.

    One alert may be missing at place after place, and counts once: it is as many as at the place that lacks most.
    Where other places lack some too, those may be others: `at_least`.
    """
    rows = []
    for hour, part in compared.groupby("hour"):
        lost = part[part["state"] == Compared.LOST.value]
        by_rule = lost["place"] == Place.RULE.value  # each rule has alerts of its own
        places = [int(lost.loc[by_rule, "missing"].sum()), *lost.loc[~by_rule, "missing"].astype(int)]
        untold = part["state"].isin([state.value for state in UNTOLD]).any()
        rows.append((hour, max(places) or (float("nan") if untold else 0), untold or sum(places) > max(places)))
    return pd.DataFrame(rows, columns=["hour", "missing", "at_least"])


def _rows(stage: Stage, now: datetime, end: datetime) -> list[tuple[Any, ...]]:
    # Those that were just sent, or after the end, take part: else their counts would stand for one lost before.
    alone = without_count([_alert(row) for row in stage.alerts.itertuples(index=False)], stage.counted or {})
    late = Counter(_hour(sent) for sent in alone if now - LATE < sent <= end)
    missing = Counter(_hour(sent) for sent in alone if sent <= min(now - LATE, end))
    doubtful = {_hour(end)} if any(sent > end for sent in alone) else set[datetime]()
    mine = stage.alerts["sent"] <= pd.Timestamp(end)
    later = Counter(moment.to_pydatetime() for moment in stage.alerts.loc[~mine, "sent"].dt.floor("h"))
    counted = {hour: max(0.0, value - later[hour]) for hour, value in (stage.counted or {}).items()}
    own = replace(stage, alerts=stage.alerts[mine], counted=None if stage.counted is None else counted)
    hours = {moment.to_pydatetime() for moment in own.alerts["sent"].dt.floor("h")} | {*counted}
    return [_row(own, hour, missing, late, doubtful, now) for hour in sorted(hours)]


def _alert(row: Any) -> Alert:  # noqa: ANN401 - a row of a frame
    sent = row.sent.to_pydatetime()
    return Alert(sent, _hour(sent - TURN), _hour(sent + TURN), row.execution)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def without_count(alerts: Sequence[Alert], counted: Mapping[datetime, float]) -> list[datetime]:
    """When those alerts were sent for which no count is left; each count stands for one alert.

    Counts are given to those first that have the fewest hours left, which leaves as few as possible without one.
    """
    waiting, alone, coming = (
        list[tuple[datetime, datetime]](),
        list[datetime](),
        sorted(alerts, key=lambda a: a.first),
    )
    hours = sorted({*counted, *(one.first for one in alerts), *(one.last for one in alerts)})
    at = 0
    for hour in hours:
        while at < len(coming) and coming[at].first <= hour:
            heappush(waiting, (coming[at].last, coming[at].sent))
            at += 1
        for _ in range(min(round(counted.get(hour, 0)), len(waiting))):
            heappop(waiting)
        while waiting and waiting[0][0] <= hour:
            alone.append(heappop(waiting)[1])
    return alone


def _row(
    stage: Stage,
    hour: datetime,
    missing: Mapping[datetime, int],
    late: Mapping[datetime, int],
    doubtful: Container[datetime],
    now: datetime,
) -> tuple[Any, ...]:
    alerts = stage.alerts
    here = alerts[alerts["sent"].dt.floor("h") == pd.Timestamp(hour)]
    counted = None if stage.counted is None else stage.counted.get(hour)
    lacking, drills = missing.get(hour, 0), int(here["drill"].sum())
    state = _state(stage, here, (lacking, late.get(hour, 0)), counted, now)
    if state in (Compared.EQUAL, Compared.MORE) and hour in doubtful and len(here):
        state = Compared.CANNOT_TELL
    near = alerts["sent"].between(pd.Timestamp(hour - TURN), pd.Timestamp(hour + HOUR + TURN))
    to_look_at = lacking or (hour in doubtful and len(here))
    named = [str(arn).rsplit(":", 1)[-1] for arn in alerts.loc[near, "execution"]] if to_look_at else []
    taken = ", ".join(dict.fromkeys(alerts["route"]))
    known = stage.counted is not None and (lacking > 0 or state not in UNTOLD)
    return (
        stage.place.value, stage.name, taken, hour, len(here) - drills, drills, len(here),
        float("nan") if counted is None else counted, lacking if known else None, state.value, named,
    )  # fmt: skip


def _state(stage: Stage, here: pd.DataFrame, alone: tuple[int, int], counted: float | None, now: datetime) -> Compared:
    """`alone`: how many have no count, of those of which there must be one by now, and of those just sent."""
    lacking, late = alone
    if stage.counted is None:
        return Compared.CANNOT_TELL if len(here) else Compared.EQUAL
    young = here["sent"] > pd.Timestamp(now - LATE)
    if lacking:
        # Whether it went by an event at all, the log does not say: then nobody knows whether one was lost.
        unsure = int((here.loc[~young, "way"] == Way.NOT_SHOWN).sum())
        return Compared.LOST if lacking > unsure else Compared.CANNOT_TELL
    if late:
        return Compared.LATE
    return Compared.MORE if stage.own_only and (counted or 0) > len(here) else Compared.EQUAL
