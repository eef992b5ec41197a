"""The alerts that the workflow's own log tells of: of which execution, when, by which way, and after how long. No AWS.

The log holds no word of a check-in. "Accepted" is what it can say: EventBridge or SNS took the alert. Whether somebody
received it is what the counts behind it are for. A task whose error was caught leaves its state like one that went
well, so that its exit is no acceptance: where it went on to says so.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from lib.asl.states import State, walk
from lib.definitions import loader
from lib.routes import ALERTING
from lib.telemetry import workflow_log
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.workflow_log import ENDS, FAILED_ATTEMPTS, KIND, PARALLEL_EXITED, STARTED, TASK_ENTERED, TASK_EXITED

EVENTS, TOPICS, FAILED = "events:putEvents", "sns:publish", "ExecutionFailed"
COLUMNS = ["execution", "route", "drill", "started", "sent", "way", "seconds", "at_most", "refused"]


class Way(StrEnum):
    """How an alert went out, as far as the log shows."""

    EVENT = "event"
    DIRECT = "direct"  # the event was refused, and the topic told instead
    TOPIC = "topic"  # of what takes no route: no event is meant for it
    NOT_SHOWN = "not shown"  # it ended, and the log holds none of the states that send
    OPEN = "still open"


@cache
def _states() -> tuple[State, ...]:
    return tuple(walk(loader.definition()))


@cache
def _sending() -> frozenset[str]:
    """The states in which an alert is given to EventBridge or SNS."""
    return frozenset(one.name for one in _states() if one.is_task(EVENTS) or one.is_task(TOPICS))


@cache
def _publishing() -> frozenset[str]:
    return frozenset(one.name for one in _states() if one.is_task(EVENTS))


@cache
def _instead() -> frozenset[str]:
    """The states to which a publishing one goes on where its event was refused."""
    return frozenset(str(catch["Next"]) for one in _states() if one.is_task(EVENTS) for catch in one.body["Catch"])


@cache
def _caught() -> tuple[tuple[str, str], ...]:
    """Sending states, each with one to which it goes on where its alert was not taken, and only then."""
    sending = (one for one in _states() if one.name in _sending())
    return tuple(
        (one.name, str(catch["Next"]))
        for one in sending
        for catch in one.body.get("Catch", [])
        if catch["Next"] != one.body.get("Next")
    )


@cache
def _refused() -> frozenset[str]:
    """The states that are entered where an alert of the execution was taken by nobody."""
    return frozenset(after for _, after in _caught()) - _sending()


def _without_route(log: pd.DataFrame) -> pd.DataFrame:
    """What was never scored or is nobody's, of which operations are told: time, route, execution, drill."""
    said = {name: str(what) for name, what in loader.unrouted_states().items()}
    mine = log[log["name"].isin(list(said))].drop_duplicates("execution")
    drill = mine["execution"].map(workflow_log.is_drill).astype(bool)
    return mine[["time", "execution"]].assign(route=mine["name"].map(said), drill=drill)


def alerts(log: pd.DataFrame) -> pd.DataFrame:
    """One row an execution that took a route with an alert, or was not processed: COLUMNS, in order of `sent`.

    `log` is `workflow_log.read`. `started` and `sent` are UTC, `seconds` from one to when the last of its alerts was
    accepted (NaN where the log does not show both); `at_most` where only the end of all of it is shown. `refused`:
    one of its alerts was taken by nobody, so that it has no time; of what was not processed, whose execution always
    fails, the log does not tell it.
    """
    routed, unrouted = workflow_log.routes(log), _without_route(log)
    mine = routed[routed["route"].isin([str(route) for route in ALERTING])]
    mine = pd.concat([mine, unrouted], ignore_index=True) if len(unrouted) else mine
    if mine.empty:
        return _typed(pd.DataFrame(columns=COLUMNS))
    events = log[log["execution"].isin(mine["execution"])]
    exits = _accepted(events)
    shown = pd.DataFrame({
        "started": _first(events, events[KIND] == STARTED),
        "event": _first(exits, exits["name"].isin(_publishing())),
        "accepted": _last(exits, exits["name"].notna()),
        "instead": _first(events, (events[KIND] == TASK_ENTERED) & events["name"].isin(_instead())),
        "gathered": _last(events, events[KIND] == PARALLEL_EXITED),
        "ended": _last(events, events[KIND].isin(ENDS)),
        "refused": _last(events, events["name"].isin(_refused()) | (events[KIND] == FAILED)),
    })  # fmt: skip
    frame = mine.set_index("execution").join(shown).reset_index()
    over = frame["gathered"].notna() | frame["ended"].notna()
    without = frame["route"].isin([str(one) for one in loader.UNROUTED])
    ways = [frame["instead"].notna(), frame["event"].notna(), without & frame["accepted"].notna(), over]
    names = [Way.DIRECT.value, Way.EVENT.value, Way.TOPIC.value, Way.NOT_SHOWN.value]
    frame["way"] = np.select(ways, names, Way.OPEN.value)
    frame["sent"] = frame["event"].fillna(frame["accepted"]).fillna(frame["gathered"]).fillna(frame["time"])
    frame["refused"] = frame["refused"].notna() & ~without
    frame["at_most"] = frame["accepted"].isna() & frame["gathered"].notna() & ~frame["refused"]
    took = (frame["accepted"].fillna(frame["gathered"]) - frame["started"]).dt.total_seconds()
    frame["seconds"] = took.mask(frame["refused"])
    return _typed(frame[COLUMNS].sort_values("sent", ignore_index=True, kind="stable"))


def _accepted(events: pd.DataFrame) -> pd.DataFrame:
    """The exits of sending states whose alert was taken."""
    exits = events[(events[KIND] == TASK_EXITED) & events["name"].isin(_sending())]
    caught = {
        (arn, state)
        for state, after in _caught()
        for arn in events.loc[(events["name"] == after) & (events[KIND] != TASK_EXITED), "execution"]
    }
    taken = [pair not in caught for pair in zip(exits["execution"], exits["name"], strict=True)]
    return exits[np.array(taken, bool)]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    for column in ("started", "sent"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame["seconds"] = frame["seconds"].astype(float)
    return frame.astype({"drill": bool, "at_most": bool, "refused": bool})


def _first(events: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    return events[wanted].groupby("execution")["time"].min()


def _last(events: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    return events[wanted].groupby("execution")["time"].max()


def failed_attempts(log: pd.DataFrame) -> pd.DataFrame:
    """Attempts at a task that failed and were tried again or caught: kind, drill, count, executions."""
    bad = log[log[KIND].isin(FAILED_ATTEMPTS)]
    drill = bad["execution"].map(workflow_log.is_drill).astype(bool)
    grouped = bad.assign(drill=drill).groupby([KIND, "drill"], as_index=False)["execution"]
    return grouped.agg(["count", "nunique"]).rename(columns={"nunique": "executions"})
