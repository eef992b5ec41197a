"""Whether every alert that the workflow sent was counted at each place behind it, per route and hour. Pure, no AWS.

An alert of the log belongs to the hour in which it was accepted. AWS counts by minutes and a little later, so that one
at the turn of an hour may be counted in the next; never is a count of another hour taken for it. CloudWatch's counts
are best effort: a difference names the executions to look at, and is a failure until somebody has looked. How many
are missing where nobody can tell stays missing, and is no zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.deliveries.count_matching import TURN, Alert, around, hour_of, match, nearest
from lib.telemetry.libraries import pandas as pd

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
class Others:
    """What is counted at a place beside the workflow's alerts, as far as anybody knows, each with its hours.

    `surely`: each of it was, so that what its counts are taken for is lost. `copies`: how often each, and each alert,
    is counted, once for each subscriber; `filtered` are those that a subscriber's filter let go by instead. `said`:
    more than all that is said. Before `known_since` nobody can tell what else was counted.
    """

    messages: tuple[Alert, ...] = ()
    surely: bool = False
    copies: int = 1
    filtered: Mapping[datetime, float] = field(default_factory=dict)
    said: bool = False
    known_since: datetime | None = None


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
    others: Others = Others()


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
    alone, doubted, surplus = _unmatched(stage)
    late = Counter(hour_of(sent) for sent in alone if now - LATE < sent <= end)
    missing = Counter(hour_of(sent) for sent in alone if sent <= min(now - LATE, end))
    unsure = Counter(hour_of(sent) for sent in doubted if sent <= end)
    doubtful = {hour_of(end)} if any(sent > end for sent in alone) else set[datetime]()
    mine = stage.alerts["sent"] <= pd.Timestamp(end)
    later = Counter(moment.to_pydatetime() for moment in stage.alerts.loc[~mine, "sent"].dt.floor("h"))
    counted = {hour: max(0.0, value - later[hour]) for hour, value in (stage.counted or {}).items()}
    own = replace(stage, alerts=stage.alerts[mine], counted=None if stage.counted is None else counted)
    hours = {moment.to_pydatetime() for moment in own.alerts["sent"].dt.floor("h")} | {*counted}
    lacks = _Lacks(missing, late, unsure, doubtful, surplus)
    return [_row(own, hour, lacks, now) for hour in sorted(hours)]


@dataclass(frozen=True)
class _Lacks:
    """By hour: how many alerts have no count, of those long sent and just sent, and how many may have none.

    `doubtful`: hours whose counts may be of later alerts. `surplus`: how much more was counted than is known of.
    """

    missing: Mapping[datetime, int]
    late: Mapping[datetime, int]
    unsure: Mapping[datetime, int]
    doubtful: Container[datetime]
    surplus: Mapping[datetime, int]


def surplus(stage: Stage) -> dict[datetime, int]:
    """By hour, how much more was counted at a place than the workflow's alerts."""
    mine = [_alert(row) for row in stage.alerts.itertuples(index=False)]
    return {hour: left for hour, left in match(mine, stage.counted or {})[1].items() if left}


def _unmatched(stage: Stage) -> tuple[list[datetime], list[datetime], dict[datetime, int]]:
    """When those were sent that have no count whatever the counts are of; those that have none if what else is known of
    took its own; and what was counted in each hour beyond all of it."""
    mine, counted = [_alert(row) for row in stage.alerts.itertuples(index=False)], stage.counted or {}
    others = stage.others
    alone, left = match(mine, counted)
    if not others.messages and others.copies == 1:
        return [one.sent for one in alone], [], left
    every = Counter({hour: round(value) for hour, value in counted.items()})
    every.update({hour: round(value) for hour, value in others.filtered.items()})
    lacking, left = match([*mine, *others.messages] * others.copies, every)
    known = set(alone)
    more = nearest(lacking, [one for one in mine if one not in known], -(-len(lacking) // others.copies) - len(alone))
    if others.surely:
        return [one.sent for one in (*alone, *more)], [], left
    return [one.sent for one in alone], [one.sent for one in more], left


def _alert(row: Any) -> Alert:  # noqa: ANN401 - a row of a frame
    return around(row.sent.to_pydatetime(), row.execution)


def _row(stage: Stage, hour: datetime, lacks: _Lacks, now: datetime) -> tuple[Any, ...]:
    alerts = stage.alerts
    here = alerts[alerts["sent"].dt.floor("h") == pd.Timestamp(hour)]
    counted = None if stage.counted is None else stage.counted.get(hour)
    lacking, drills = lacks.missing.get(hour, 0), int(here["drill"].sum())
    state = _state(stage, here, (lacking, lacks.late.get(hour, 0)), counted, now)
    forgotten = stage.others.known_since is not None and hour < stage.others.known_since
    if state == Compared.EQUAL and stage.others.said and lacks.surplus.get(hour, 0):
        state = Compared.MORE
    if state in (Compared.EQUAL, Compared.MORE) and len(here):
        doubted = hour in lacks.doubtful or forgotten or lacks.unsure.get(hour, 0)
        state = Compared.CANNOT_TELL if doubted else state
    lacking = lacking or (lacks.unsure.get(hour, 0) if state == Compared.CANNOT_TELL else 0)
    near = alerts["sent"].between(pd.Timestamp(hour - TURN), pd.Timestamp(hour + HOUR + TURN))
    to_look_at = lacking or (hour in lacks.doubtful and len(here))
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
