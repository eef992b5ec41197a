"""How long alerts take, from the start of an execution to the message at the subscriber. Pure pandas, calls nothing."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import pandas as pd

from lib.checks import Check

TOPICS = ("trusted", "operations")
ALERTING = ["scenario", "route", "topic", "seconds", "started"]


def measured(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> pd.DataFrame:
    """One row a crisis drill and topic: group, execution, topic, alerts, seconds (NaN: it did not come), started (UTC).

    `rows` are those of the evidence; a duplicate shows in `alerts`.
    """
    table = [
        (row["group"], row["execution"], topic, row[f"{topic}_alerts"], row[f"{topic}_seconds"], row["started"])
        for row in rows
        for topic in TOPICS
        if row["group"] in groups
    ]
    frame = pd.DataFrame(table, columns=["group", "execution", "topic", "alerts", "seconds", "started"])
    return frame.astype({"alerts": int, "seconds": float}).assign(started=pd.to_datetime(frame["started"], utc=True))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Drills, received, p50, p95, p99 and the slowest in seconds, for each group and topic of `measured`."""
    rows = [
        {
            "group": group,
            "topic": topic,
            "drills": len(part),
            "received": int((part["alerts"] > 0).sum()),
            **{f"p{share}": part["seconds"].quantile(share / 100) for share in (50, 95, 99)},
            "slowest": part["seconds"].max(),
        }
        for (group, topic), part in frame.groupby(["group", "topic"], sort=False)
    ]
    return pd.DataFrame(rows)


def checks(frame: pd.DataFrame, groups: Mapping[str, int], limit: float) -> list[Check]:
    """For each group: every drill reached both topics exactly once, and the slowest alert was within the limit.

    `groups`: name -> how many drills it must have; one without a drill has failed.
    """
    return [
        check
        for group, count in groups.items()
        for check in _group(frame[frame["group"] == group], group, count, limit)
    ]


def _group(frame: pd.DataFrame, group: str, count: int, limit: float) -> list[Check]:
    once, due = int((frame["alerts"] == 1).sum()), count * len(TOPICS)
    lost, twice = int((frame["alerts"] == 0).sum()) + due - len(frame), int((frame["alerts"] > 1).sum())
    slowest = float(frame["seconds"].max()) if len(frame) else float("nan")
    in_time = once + twice == due and slowest < limit
    said = "nothing received" if isnan(slowest) else f"{slowest:.2f} s"
    return [
        Check(
            f"{group}: each alert arrived once",
            "passed" if once == due else "failed",
            f"{once} of {due}" + (f", {lost} LOST" if lost else "") + (f", {twice} more than once" if twice else ""),
            f"{due} of {due}",
        ),
        Check(
            f"{group}: slowest alert within the limit",
            "passed" if in_time else "failed",
            f"{said}{f', {lost} never' if lost else ''}",
            f"under {limit:g} s",
        ),
    ]


def due(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Scenario, route, topic, seconds (NaN: it did not come), started of every alert that was due or came."""
    table = [
        (row["scenario"], row["route"] or "failed", topic, row[f"{topic}_seconds"], pd.Timestamp(row["started"]))
        for row in rows
        for topic in TOPICS
        if row[f"{topic}_alerts"] or row[f"expected_{topic}_alerts"]
    ]
    frame = pd.DataFrame(table, columns=ALERTING)
    # Said also of no rows at all: pandas would guess, and warn.
    return frame.astype({"seconds": float, "started": "datetime64[ns, UTC]"})
