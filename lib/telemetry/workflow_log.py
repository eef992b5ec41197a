"""The workflow's own log, as DataFrames: which route each check-in took. Read-only.

The log is written without execution data, so there is no word of a check-in in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lib import routes as table
from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.routes import Route, Unrouted
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.streams import log_events
from lib.telemetry.streams.log_columns import UNNAMED, LogColumns

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
# Of an execution in which nothing failed, and that ended well.
REGULAR = (STARTED, "PassStateEntered", TASK_ENTERED, TASK_EXITED, PARALLEL_EXITED, "ExecutionSucceeded")
# Spares AWS from sending the rest; what comes is sorted out again here.
PATTERN = "{ " + " || ".join(f'($.type = "{kind}")' for kind in WANTED) + " }"
PAGE = 10_000
MOST = 12_000_000  # lines that are read, of more than a million executions; what is beyond is said
COLUMNS, KIND = ["time", "execution", "name"], "kind"


def read(
    live: Live,
    start: datetime,
    end: datetime,
    seen: Callable[[int], None] = lambda lines: None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """The log's telling events: time (UTC), execution (ARN), name (of the state, or the event's type), kind (its type).

    Of many executions, one that took route none and went well is one row without an ARN (`log_columns`). `seen` is told
    at each page how many lines were read. `attrs["unreadable"]` counts lines that are no Step Functions events;
    `attrs["cut"]` says so where AWS gave no more, or by `now` has none left of the beginning, and `attrs["source"]` how
    many lines it gave, and by how many calls; `attrs["window"]` is the time that was asked for.
    A log group that does not exist yet gives no rows, and `attrs["note"]` says so: before phase 03 there is no log,
    which is not the same as no check-ins.
    """
    taken, lines, unreadable = LogColumns(frozenset(ENDS), frozenset(REGULAR)), _Lines(live, start, end, seen), 0
    note = f"The log group {live.settings.log_group_name} does not exist; phase 03 makes it."
    with readable("reading the workflow's log"), absent_is_none("ResourceNotFoundException"):
        for line in lines:
            try:
                event = log_events.parse(line["message"], WANTED)
            except ValueError:
                unreadable += 1
                continue
            if event:
                name = event.name or event.kind
                taken.add(event.execution, event.number, event.milliseconds, name, event.kind)
        note = ""
    frame = taken.frame()[[*COLUMNS, KIND]]
    source = f"{lines.count:,} lines of the log group {live.settings.log_group_name}, in {lines.calls:,} calls"
    frame.attrs.update({"unreadable": unreadable, "source": source, "window": (start, end)})
    cut = "; ".join(filter(None, [lines.cut, "" if note or now is None else _expired(live, start, now)]))
    frame.attrs.update({key: said for key, said in (("note", note), ("cut", cut)) if said})
    return frame


def _expired(live: Live, start: datetime, now: datetime) -> str:
    """What of the time since then the log keeps no longer, "" where it keeps all of it."""
    group = live.settings.log_group_name
    with readable("reading how long the workflow's log is kept"):
        pages = live.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
        kept = [one for page in pages for one in page["logGroups"] if one["logGroupName"] == group]
    days = next((one["retentionInDays"] for one in kept if "retentionInDays" in one), None)
    if days is None or start >= now - timedelta(days=days):
        return ""
    oldest = now - timedelta(days=days)
    return f"the log is kept for {days} days, so that nothing is left of before {oldest:%Y-%m-%d %H:%M} UTC"


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
    routed = log[log["name"].map(decided).notna()]
    routed = routed[(routed["execution"] == UNNAMED) | ~routed["execution"].duplicated()]
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


class _Lines:
    """Every line of the window, a page at a time and none held; then how many, by how many calls, and what was `cut`.

    A full page that names no next one was cut off, so reading goes on at its last line. Where a page is full of one
    millisecond, what else it holds cannot be asked for, and after MOST lines reading ends: `cut` says so.
    """

    def __init__(self, live: Live, start: datetime, end: datetime, seen: Callable[[int], None]) -> None:
        self._live, self._first, self._last, self._seen = live, _milliseconds(start), _milliseconds(end), seen
        self.count, self.calls, self.cut = 0, 0, ""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        first = self._first
        while first <= self._last:
            page: dict[str, Any] = {}
            for page in self._pages(first):
                yield from page["events"]
                if self.count >= MOST:
                    until = datetime.fromtimestamp(page["events"][-1]["timestamp"] / 1000, UTC)
                    read = f"the log was read up to {until:%Y-%m-%d %H:%M:%S} UTC, {self.count:,} lines"
                    self.cut = self.cut or f"{read}, and not further"
                    return
            events = page.get("events", [])
            if len(events) < PAGE or events[-1]["timestamp"] < first:
                return
            stuck = events[-1]["timestamp"] <= first
            if stuck:
                more = f"the log has more than {PAGE:,} lines in one millisecond, and not all were read"
                self.cut = self.cut or more
            first = events[-1]["timestamp"] + int(stuck)

    def _pages(self, first: int) -> Iterator[dict[str, Any]]:
        asked = {"logGroupName": self._live.settings.log_group_name, "filterPattern": PATTERN}
        pages = self._live.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(**asked, startTime=first, endTime=self._last):
            self.calls, self.count = self.calls + 1, self.count + len(page["events"])
            self._seen(self.count)
            yield page


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
