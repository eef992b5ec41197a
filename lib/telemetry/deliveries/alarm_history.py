"""How our alarms are, and how often and how long each was in ALARM in a window. Read-only.

CloudWatch keeps two weeks of an alarm's history: of what is older nobody can tell, which is not "it was quiet".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.resources import desired
from lib.resources.monitoring import alarm_listing
from lib.values.exact_json import parse_foreign

KEPT = timedelta(days=14)
STATE_CHANGE, IN_ALARM = "StateUpdate", "ALARM"
Change = tuple[datetime, str, str]  # when, the state that ended, and the one that began


@dataclass(frozen=True)
class AlarmRecord:
    """One alarm of ours: its state now (None where there is none of that name), and its time in ALARM in the window.

    `times` and `seconds` are None where the history that is kept does not reach back to the window's beginning.
    """

    name: str
    state: str | None
    times: int | None
    seconds: float | None
    first: datetime | None


def read(live: Live, start: datetime, end: datetime, now: datetime) -> list[AlarmRecord]:
    """Each alarm that is wanted, in the order of their files."""
    names = [one.name for one in desired.alarms(live)]
    with readable("reading our alarms and their history"):
        states = {name: str(row["StateValue"]) for name, row in alarm_listing.of_names(live, names).items()}
        changes = _changes(live, max(start, now - KEPT), now)
        return [history(name, states.get(name), changes.get(name, []), (start, end), now) for name in names]


def _changes(live: Live, start: datetime, now: datetime) -> dict[str, list[Change]]:
    """By the alarm's name, its changes of state since then, oldest first. Asked of all alarms at once."""
    pages = live.client("cloudwatch").get_paginator("describe_alarm_history")
    asked = {"HistoryItemType": STATE_CHANGE, "StartDate": start, "EndDate": now, "ScanBy": "TimestampAscending"}
    by_name: dict[str, list[Change]] = {}
    for page in pages.paginate(**asked):
        for row in page["AlarmHistoryItems"]:
            states = _states(row)
            by_name.setdefault(str(row["AlarmName"]), []).append((row["Timestamp"].astimezone(UTC), *states))
    return by_name


def _states(row: Mapping[str, Any]) -> tuple[str, str]:
    """The state that ended, and the one that began."""
    held = parse_foreign(row.get("HistoryData") or "{}", "an alarm's history")
    sides = [held.get(side) if isinstance(held, dict) else None for side in ("oldState", "newState")]
    old, new = (str(side.get("stateValue", "")) if isinstance(side, dict) else "" for side in sides)
    return old, new


def history(
    name: str, state: str | None, changes: Sequence[Change], window: tuple[datetime, datetime], now: datetime
) -> AlarmRecord:
    """What the changes of state since the window's beginning say of it. Pure."""
    start, end = window
    if state is None or now - start > KEPT:
        return AlarmRecord(name, state, None, None, None)
    before = changes[0][1] if changes else state
    moments = [(start, before), *((at, new) for at, _, new in changes if at < end), (end, "")]
    spans = [(one[0], later[0]) for one, later in pairwise(moments) if one[1] == IN_ALARM]
    seconds = sum((later - begun).total_seconds() for begun, later in spans)
    return AlarmRecord(name, state, len(spans), seconds, spans[0][0] if spans else None)
