"""The workflow's own log, as DataFrames: which route each check-in took. Read-only.

The log is written without execution data, so there is no word of a check-in in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from lib import routes as table
from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.routes import Route, Unrouted
from lib.telemetry.libraries import pandas as pd

ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
STARTED, TASK_ENTERED, TASK_EXITED, PARALLEL_EXITED = (
    "ExecutionStarted", "TaskStateEntered", "TaskStateExited", "ParallelStateExited",
)  # fmt: skip
# One attempt at a task that failed: it was tried again, or caught.
FAILED_ATTEMPTS = (
    "TaskFailed", "TaskTimedOut", "TaskSubmitFailed", "TaskStartFailed", "LambdaFunctionFailed",
    "LambdaFunctionTimedOut", "LambdaFunctionStartFailed", "LambdaFunctionScheduleFailed",
)  # fmt: skip
WANTED = (STARTED, "PassStateEntered", TASK_ENTERED, TASK_EXITED, PARALLEL_EXITED, *FAILED_ATTEMPTS, *ENDS)
# Spares AWS from sending the rest; what comes is sorted out again here.
PATTERN = "{ " + " || ".join(f'($.type = "{kind}")' for kind in WANTED) + " }"
PAGE = 10_000
MOST = 1_000_000  # lines that are read; what is beyond is said
COLUMNS, KIND = ["time", "execution", "name"], "kind"


def read(live: Live, start: datetime, end: datetime) -> pd.DataFrame:
    """The log's telling events: time (UTC), execution (ARN), name (of the state, or the event's type), kind (its type).

    `attrs["unreadable"]` counts lines that are no Step Functions events; `attrs["cut"]` says so where AWS gave no more.
    A log group that does not exist yet gives no rows, and `attrs["note"]` says so: before phase 03 there is no log,
    which is not the same as no check-ins.
    """
    rows: dict[tuple[str, str], tuple[pd.Timestamp, str, str, str]] = {}
    unreadable, cut, note = (
        0,
        list[str](),
        f"The log group {live.settings.log_group_name} does not exist; phase 03 makes it.",
    )
    with readable("reading the workflow's log"), absent_is_none("ResourceNotFoundException"):
        for line in _lines(live, start, end, cut):
            try:
                event = json.loads(line["message"])
                if event["type"] in WANTED:
                    rows[event["execution_arn"], str(event["id"])] = _row(event)
            except (ValueError, KeyError, TypeError, AttributeError):
                unreadable += 1
        note = ""
    frame = pd.DataFrame(list(rows.values()), columns=[*COLUMNS, KIND])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    frame = frame.sort_values("time", ignore_index=True, kind="stable")
    frame.attrs.update(
        {"unreadable": unreadable, **({"note": note} if note else {}), **({"cut": cut[0]} if cut else {})}
    )
    return frame


def routes(log: pd.DataFrame, change_at: datetime | None = None) -> pd.DataFrame:
    """One row an execution that took a route or ended without one: time, route, execution, drill (by its name).

    One that began and ended here without a route is there from its beginning on, under `no route`; but not what began
    before `change_at`, since the definition before has no such states. `attrs["open"]` counts what has not ended yet.
    Raises BadParameters for a state since then that is named like those of the routes and is none of them.
    """
    since = log if change_at is None else log[log["time"] >= pd.Timestamp(change_at)]
    for name in since["name"].unique():
        table.of_state(name)
    decided = {route.state: route.value for route in Route}
    routed = log[log["name"].map(decided).notna()].drop_duplicates("execution")
    others = log[~log["execution"].isin(routed["execution"])]
    ended = others["execution"].isin(others.loc[others["name"].isin(ENDS), "execution"])
    running = others.loc[~ended, "execution"].nunique()
    others = others[ended & (others["name"] == STARTED)].drop_duplicates("execution")
    if change_at is not None:
        others = others[others["time"] >= pd.Timestamp(change_at)]
    frame = pd.concat([routed, others]).sort_values("time", ignore_index=True, kind="stable")
    taken = pd.DataFrame(
        {
            "time": frame["time"],
            "route": frame["name"].map(decided).fillna(Unrouted.NO_ROUTE.value),
            "execution": frame["execution"],
            "drill": frame["execution"].map(is_drill).astype(bool),
        }
    )
    taken.attrs.update({**log.attrs, "open": running})
    return taken


def is_drill(execution_arn: str) -> bool:
    """Whether the execution is a drill, by its name."""
    return table.is_drill(execution_arn.rsplit(":", 1)[-1])


def _row(event: dict[str, Any]) -> tuple[pd.Timestamp, str, str, str]:
    moment, kind = pd.Timestamp(int(event["event_timestamp"]), unit="ms", tz="UTC"), str(event["type"])
    return moment, str(event["execution_arn"]), str((event.get("details") or {}).get("name") or kind), kind


def _lines(live: Live, start: datetime, end: datetime, cut: list[str]) -> Iterator[dict[str, Any]]:
    """Every line of the window. A full page that names no next one was cut off, so reading goes on at its last line.

    Where a page is full of one millisecond, what else it holds cannot be asked for, and after MOST lines reading ends:
    `cut` says so.
    """
    first, last, count = _milliseconds(start), _milliseconds(end), 0
    pages = live.client("logs").get_paginator("filter_log_events")
    while True:
        page: dict[str, Any] = {}
        asked = {"logGroupName": live.settings.log_group_name, "filterPattern": PATTERN}
        for page in pages.paginate(**asked, startTime=first, endTime=last):
            yield from page["events"]
            count += len(page["events"])
            if count >= MOST:
                until = datetime.fromtimestamp(page["events"][-1]["timestamp"] / 1000, UTC)
                cut.append(f"the log was read up to {until:%Y-%m-%d %H:%M:%S} UTC, {count:,} lines, and not further")
                return
        events = page.get("events", [])
        if len(events) < PAGE or events[-1]["timestamp"] < first:
            return
        stuck = events[-1]["timestamp"] <= first
        if stuck and not cut:
            cut.append(f"the log has more than {PAGE:,} lines in one millisecond, and not all were read")
        first = events[-1]["timestamp"] + int(stuck)
        if first > last:
            return


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
