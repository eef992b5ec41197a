"""What CloudWatch tells of alarms' changes of state, and how often and how long each of ours was in ALARM. Read-only.

The one reader of DescribeAlarmHistory. CloudWatch keeps two weeks of it: of what is older nobody can tell, which is not
"it was quiet".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.definitions.alarm_templates import AlarmTemplate
from lib.resources import desired
from lib.resources.monitoring import alarm_listing
from lib.values.exact_json import document

KEPT = timedelta(days=14)
# From what an alarm counts until it goes off: its own minute, and the three by which CloudWatch's metrics may be late.
BEHIND = timedelta(minutes=4)
STATE_CHANGE, IN_ALARM, ACTION, BOTH = "StateUpdate", "ALARM", "Action", ("MetricAlarm", "CompositeAlarm")
CARRIED_OUT = re.compile(r"^Successfully executed action arn:[^:\s]+:sns:[^:\s]+:\d+:(?P<topic>[^:\s]+)$")


@dataclass(frozen=True)
class StateChange:
    """When an alarm left a state for another (UTC), and why, as its history says; "" is what it does not say."""

    name: str
    at: datetime
    old: str
    new: str
    reason: str = ""


@dataclass(frozen=True)
class InAlarm:
    """A time in ALARM (UTC), and the reason of its beginning; "" where it began before what was looked at."""

    begun: datetime
    until: datetime
    reason: str = ""


@dataclass(frozen=True)
class AlarmRecord:
    """One alarm of ours: its state now (None where there is none of that name), and its times in ALARM in the window.

    `spans` is None where all of the window is forgotten, and `kept_since` from when on they are known where some of it
    is. `watches` are the metrics and the states of the workflow that it counts by. `since` is from when on it is in its
    state now.
    """

    name: str
    state: str | None
    spans: tuple[InAlarm, ...] | None
    watches: frozenset[str] = frozenset()
    since: datetime | None = None
    kept_since: datetime | None = None

    @property
    def seconds(self) -> float:
        """How long it was in ALARM in all."""
        return sum((one.until - one.begun).total_seconds() for one in self.spans or ())


def read(live: Live, start: datetime, end: datetime, now: datetime) -> list[AlarmRecord]:
    """Each alarm that is wanted, in the order of their files."""
    wanted, kept = desired.alarms(live), now - KEPT
    with readable("reading our alarms and their history"):
        states = alarm_listing.of_names(live, [one.name for one in wanted])
        changes = dict[str, list[StateChange]]()
        for change in changes_of_state(live, max(start, kept), now):
            changes.setdefault(change.name, []).append(change)
    records = []
    for one in wanted:
        held = states.get(one.name)
        state = None if held is None else str(held["StateValue"])
        spans = in_alarm(state or "", changes.get(one.name, []), (start, end), now)
        known = kept if start < kept else None
        records.append(AlarmRecord(one.name, state, spans, _watched(one), _since(held), known))
    return records


def _since(held: Mapping[str, Any] | None) -> datetime | None:
    return None if held is None else alarm_listing.changed_at(held).astimezone(UTC)


def changes_of_state(live: Live, start: datetime, end: datetime) -> Iterator[StateChange]:
    """Every change of state of the account's alarms in this time, oldest first; asked of all alarms at once.

    Raises NotAsWanted for a history that is no JSON object.
    """
    pages = live.client("cloudwatch").get_paginator("describe_alarm_history")
    asked = {"HistoryItemType": STATE_CHANGE, "StartDate": start, "EndDate": end, "ScanBy": "TimestampAscending"}
    with readable("reading the history of alarms"):
        for row in (row for page in pages.paginate(**asked) for row in page["AlarmHistoryItems"]):
            name = str(row["AlarmName"])
            held = document(row.get("HistoryData") or "{}", f"the history of alarm {name}")
            old, new = (_side(held, side) for side in ("oldState", "newState"))
            at = row["Timestamp"].astimezone(UTC)
            yield StateChange(
                name, at, old.get("stateValue", ""), new.get("stateValue", ""), new.get("stateReason", "")
            )


def messages(live: Live, start: datetime, end: datetime, now: datetime) -> dict[str, list[datetime]]:
    """When CloudWatch published a message of an alarm, any of the account's, to a topic; by the topic's name."""
    sent: dict[str, list[datetime]] = {}
    if max(start, now - KEPT) >= end:
        return sent
    asked = {"HistoryItemType": ACTION, "StartDate": max(start, now - KEPT), "EndDate": end, "AlarmTypes": [*BOTH]}
    with readable("reading which messages alarms sent"):
        for page in live.client("cloudwatch").get_paginator("describe_alarm_history").paginate(**asked):
            for row in page["AlarmHistoryItems"]:
                if carried := CARRIED_OUT.search(str(row.get("HistorySummary", ""))):
                    sent.setdefault(carried["topic"], []).append(row["Timestamp"].astimezone(UTC))
    return sent


def _side(held: dict[str, Any], side: str) -> dict[str, str]:
    value = held.get(side)
    return {key: str(said) for key, said in value.items()} if isinstance(value, dict) else {}


def _watched(one: AlarmTemplate) -> frozenset[str]:
    metrics = one.definition.metrics
    return frozenset({metric.metric for metric in metrics} | {m.dimensions.get("State", "") for m in metrics}) - {""}


def in_alarm(
    state: str, changes: Sequence[StateChange], window: tuple[datetime, datetime], now: datetime
) -> tuple[InAlarm, ...] | None:
    """Its times in ALARM, by its state now and its changes since the window's beginning, as far as these are kept; None
    where that is none of it."""
    start, end = max(window[0], now - KEPT), window[1]
    if start >= end:
        return None
    before = changes[0].old if changes else state
    moments = [(start, before, ""), *((one.at, one.new, one.reason) for one in changes if one.at < end), (end, "", "")]
    return tuple(InAlarm(one[0], later[0], one[2]) for one, later in pairwise(moments) if one[1] == IN_ALARM)
