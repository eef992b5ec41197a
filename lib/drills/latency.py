"""How long alerts take, from the start of an execution to the message at the subscriber. Pure pandas, calls nothing.

A lost alert is infinitely late: it counts among those that were due, in every percentile and in the slowest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, inf, isinf, isnan, nan
from typing import Any

from lib.checks import Check, Status
from lib.routes import as_said
from lib.telemetry.exact_tests import Tally, percent, proven_share
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd
from lib.values.alerts import Told, lost_to
from lib.values.check_registry import Id

TOPICS = tuple(one.value for one in Told)
ERROR = 0.05  # what is said to be proved is so but for this
ALERTING = ["scenario", "route", "topic", "seconds", "started"]


def measurements(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> pd.DataFrame:
    """One row a crisis drill and topic: group, execution, topic, alerts, seconds (NaN: lost), started (UTC).

    `rows` are those of the evidence; a duplicate shows in `alerts`.
    """
    table = [
        (row["group"], row["execution"], topic, row[f"{topic}_alerts"], until_last(row, topic), row["started"])
        for row in rows
        for topic in TOPICS
        if row["group"] in groups
    ]
    frame = pd.DataFrame(table, columns=["group", "execution", "topic", "alerts", "seconds", "started"])
    return frame.astype({"alerts": int, "seconds": float}).assign(started=pd.to_datetime(frame["started"], utc=True))


def until_last(row: Mapping[str, Any], topic: str) -> float | None:
    """Until the last of a topic's alerts; None where one that had to come did not: the others do not stand for it."""
    return None if topic in topics_lost(row) else row[f"{topic}_seconds"]


def topics_lost(row: Mapping[str, Any]) -> list[str]:
    """The topics whose alert was due of this drill and did not come."""
    return [to.value for to in lost_to(lambda to: row[f"expected_{to}_alerts"], lambda to: int(row[f"{to}_alerts"]))]


def percentile(seconds: pd.Series, share: float) -> float:
    """The percentile of alerts of which the lost ones (NaN) are infinitely late: inf where it reaches one of them."""
    times = np.sort(seconds.fillna(inf).to_numpy(dtype=float))
    if not len(times):
        return nan
    at = share * (len(times) - 1)
    low, high = times[floor(at)], times[ceil(at)]
    return float(high if isinf(high) else low + (high - low) * (at - floor(at)))


def in_time(seconds: pd.Series, limit: float) -> Tally:
    """How many alerts were received within the limit, of all that were due; a lost one is NaN and was not."""
    return Tally(int((seconds < limit).sum()), len(seconds))


def drills_in_time(frame: pd.DataFrame, limit: float, of: int) -> Tally:
    """How many drills of a series had all their alerts within the limit, of so many. `frame`: of `measurements`."""
    whole = (frame["seconds"] < limit).groupby(frame["execution"]).all()
    return Tally(min(of, int(whole.sum())), of)


def proof(drills: Tally) -> str:
    """What so many drills of one series can prove: 20 of 20 prove 86 %.

    Of drills, not of alerts: the two alerts of one execution are late together, and prove no more than one would.
    """
    share = proven_share(drills, ERROR)
    return (
        f"{drills.succeeded} of {drills.of} drills in time, which proves {percent(share)} or more, {1 - ERROR:.0%} sure"
    )


def answer(seconds: pd.Series, limit: float, spoken: Callable[[float], str]) -> str:
    """In one line: how many alerts were in time, of how many, the slowest, and how many are lost. Proves no share."""
    gone, tally = int(seconds.isna().sum()), in_time(seconds, limit)
    said = f"{tally.succeeded} of {tally.of} alerts in time; slowest {spoken(percentile(seconds, 1))}"
    return said + (f"; {gone} of {len(seconds)} LOST" if gone else "")


def summary(frame: pd.DataFrame, limit: float = inf) -> pd.DataFrame:
    """Each group and topic of `measurements`: drills, received, percentiles, slowest (inf: lost), what it proves."""
    rows = [
        {
            "group": group,
            "topic": topic,
            "drills": len(part),
            "received": int(part["seconds"].notna().sum()),
            **{f"p{share}": percentile(part["seconds"], share / 100) for share in (50, 95, 99)},
            "slowest": percentile(part["seconds"], 1),
            "in time": in_time(part["seconds"], limit).succeeded,
            "proves at least": proven_share(in_time(part["seconds"], limit), ERROR),
        }
        for (group, topic), part in frame.groupby(["group", "topic"], sort=False)
    ]
    return pd.DataFrame(rows)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """A table of `summary` as people read it: seconds, LOST for what is infinite, and what the number proves."""
    if table.empty:
        return table
    times = ["p50", "p95", "p99", "slowest"]
    said = table.assign(**{name: table[name].map(lambda s: "LOST" if isinf(s) else f"{s:.2f} s") for name in times})
    proves = table["proves at least"].map(percent)
    names = {"proves at least": f"proves at least ({1 - ERROR:.0%} sure)"}
    names |= {"received": "alerts received", "in time": "alerts in time"}
    return said.assign(**{"proves at least": proves}).rename(columns=names)


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
    missing = max(0, due - len(frame))
    lost, twice = int((frame["alerts"] == 0).sum()) + missing, int((frame["alerts"] > 1).sum())
    seconds = pd.concat([frame["seconds"], pd.Series([nan] * missing, dtype=float)], ignore_index=True)
    slowest, tally = float(frame["seconds"].max()) if len(frame) else nan, in_time(seconds, limit)
    drills = drills_in_time(frame, limit, count)
    said = "nothing received" if isnan(slowest) else f"{slowest:.2f} s"
    return [
        Check(
            Id.ALERTS_ONCE,
            f"{group}: each alert arrived once",
            Status.PASSED if once == due else Status.FAILED,
            f"{once} of {due}" + (f", {lost} LOST" if lost else "") + (f", {twice} more than once" if twice else ""),
            f"{due} of {due}",
            group,
        ),
        Check(
            Id.ALERTS_IN_TIME,
            f"{group}: slowest alert within the limit",
            Status.PASSED if tally.of == due and tally.succeeded == due else Status.FAILED,
            f"{said}{f', {lost} never' if lost else ''}; {proof(drills)}",
            f"under {limit:g} s",
            group,
        ),
    ]


def due(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Scenario, route, topic, seconds (NaN: lost), started of every topic's last alert that was due or came.

    One that was due is on the route that its drill had to take: a crisis that took another is a crisis lost.
    """
    table = [
        (
            row["scenario"],
            (row[f"expected_{topic}_alerts"] and row["expected_route"]) or as_said(row["route"]).value,
            topic,
            until_last(row, topic),
            pd.Timestamp(row["started"]),
        )
        for row in rows
        for topic in TOPICS
        if row[f"{topic}_alerts"] or row[f"expected_{topic}_alerts"]
    ]
    frame = pd.DataFrame(table, columns=ALERTING)
    # Said also of no rows at all: pandas would guess, and warn.
    return frame.astype({"seconds": float, "started": "datetime64[ns, UTC]"})
