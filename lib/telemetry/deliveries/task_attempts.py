"""Attempts at tasks that failed, and which of them were tried again: by state and error, from the log. Read-only.

The log names a failed attempt by its event alone; of which state it was, the chain of previous events tells. So the
parts of the log in which attempts failed are read once more, with the events that the first reading leaves out. The
error's name is read where it is one of a class, and never its cause: a function may put anybody's words into either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.telemetry import workflow_log
from lib.telemetry.execution_status import error_class
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.streams import log_columns, log_events
from lib.telemetry.workflow_log import FAILED_ATTEMPTS, KIND, TASK_ENTERED

SCHEDULED = ("TaskScheduled", "LambdaFunctionScheduled")
BEGUN = ("TaskStarted", "LambdaFunctionStarted")
WANTED = (TASK_ENTERED, *SCHEDULED, *BEGUN, *FAILED_ATTEMPTS)
PATTERN = "{ " + " || ".join(f'($.type = "{kind}")' for kind in WANTED) + " }"
PAGE = 10_000
MOST_READS = 50  # parts of the log; of more, those next to each other are read as one
MOST = 200_000  # lines that are looked at; what is beyond is said
NOT_SHOWN, NO_ERROR = "not shown by the log", "no error named"
COLUMNS = ["time", "execution", "drill", "state", "error", "again"]
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Event:
    """A line of the log, as far as it tells of an attempt."""

    at: pd.Timestamp
    execution: str
    number: int
    previous: int
    kind: str
    state: str
    error: str


def read(live: Live, log: pd.DataFrame) -> pd.DataFrame:
    """A row an attempt that failed: COLUMNS; `again` is whether another attempt of that state's followed.

    `log` is `workflow_log.read`, or a part of it. `attrs["cut"]` says what of the log was not looked at,
    also at its first reading, and `attrs["note"]` that there is no log.
    """
    failed = log[log[KIND].isin(FAILED_ATTEMPTS)]
    executions = set(failed["execution"])
    cut = [*filter(None, [str(log.attrs.get("cut", "")), log_columns.unread(log)])]
    if failed.empty:
        return _typed([], cut, log)
    events: dict[str, dict[int, Event]] = {}
    gone = f"of the {len(failed):,} attempts that failed; the log was gone when it was read once more"
    with readable("reading the workflow's log once more"), absent_is_none("ResourceNotFoundException"):
        for line in _lines(live, spans(log[log["execution"].isin(executions)]), cut):
            event = _event(line)
            if event and event.execution in executions:
                events.setdefault(event.execution, {})[event.number] = event
        gone = ""
    cut += [gone] if gone else []
    return _typed([row for mine in events.values() for row in _attempts(mine)], cut, log)


def spans(events: pd.DataFrame) -> list[Span]:
    """The times of these executions, at most MOST_READS, each from the first to the last of its events."""
    ends = events.groupby("execution")["time"].agg(["min", "max"]).sort_values("min")
    merged: list[list[pd.Timestamp]] = []
    for first, last in ends.itertuples(index=False):
        if merged and first <= merged[-1][1] + timedelta(minutes=1):
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    if len(merged) > MOST_READS:
        gaps = sorted(range(1, len(merged)), key=lambda at: merged[at - 1][1] - merged[at][0])[: MOST_READS - 1]
        starts = [0, *sorted(gaps)]
        merged = [
            [merged[one][0], merged[after - 1][1]]
            for one, after in zip(starts, [*starts[1:], len(merged)], strict=True)
        ]
    return [(first.to_pydatetime(), last.to_pydatetime()) for first, last in merged]


def _lines(live: Live, parts: list[Span], cut: list[str]) -> Iterator[Mapping[str, Any]]:
    pages, count = live.client("logs").get_paginator("filter_log_events"), 0
    asked = {"logGroupName": live.settings.log_group_name, "filterPattern": PATTERN}
    for first, last in parts:
        page: dict[str, Any] = {}
        for page in pages.paginate(**asked, startTime=_milliseconds(first), endTime=_milliseconds(last) + 1):
            yield from page["events"]
            count += len(page["events"])
            if count >= MOST:
                cut.append(f"retries are counted up to {last:%Y-%m-%d %H:%M:%S} UTC at most, {count:,} lines")
                return
        if len(page.get("events", [])) >= PAGE:  # a full page that names no next one was cut off
            cut.append(f"of {first:%Y-%m-%d %H:%M:%S} UTC and after, not all retries are counted")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _event(line: Mapping[str, Any]) -> Event | None:
    """None of what is no event, which the first reading counts, and of what this does not look at."""
    try:
        event = log_events.parse(line["message"], WANTED)
    except ValueError:
        return None
    if event is None:
        return None
    at = pd.Timestamp(event.milliseconds, unit="ms", tz="UTC")
    error = error_class(event.error) if event.error else NO_ERROR
    return Event(at, event.execution, event.number, event.previous, event.kind, event.name, error)


def _attempts(events: Mapping[int, Event]) -> Iterator[tuple[Any, ...]]:
    """Of one execution, each failed attempt: of the state that its chain of previous events leads to."""
    latest: dict[int, int] = {}
    for one in events.values():
        if one.kind in SCHEDULED and (entered := _entered(events, one)):
            latest[entered.number] = max(latest.get(entered.number, 0), one.number)
    for one in events.values():
        if one.kind in FAILED_ATTEMPTS:
            entered = _entered(events, one)
            again = entered is not None and latest.get(entered.number, 0) > one.number
            state = entered.state if entered else NOT_SHOWN
            yield one.at, one.execution, workflow_log.is_drill(one.execution), state, one.error, again


def _entered(events: Mapping[int, Event], one: Event) -> Event | None:
    """The event with which the state of an attempt was entered; None where the log does not show it."""
    step: Event | None = one
    while step and step.kind != TASK_ENTERED:
        step = events.get(step.previous) if step.previous < step.number else None
    return step


def _typed(rows: list[tuple[Any, ...]], cut: list[str], log: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    frame = frame.astype({"drill": bool, "again": bool}).sort_values("time", ignore_index=True, kind="stable")
    frame.attrs.update({"cut": "; ".join(cut), "note": str(log.attrs.get("note", ""))})
    return frame
