"""What became of each execution, real check-ins and drills apart, as DataFrames. Pure pandas, no AWS.

An execution that runs longer than the limit did not succeed, whether it still runs or has ended well since: somebody
waited for an alert. One that runs for less is not counted yet. A metric cannot tell drills from check-ins; names can.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from lib import rates
from lib.checks import Check
from lib.telemetry.success_rate import Tally

CHECKINS, DRILLS = "check-ins", "drills"
DRILL_PREFIX = "drill-"
UNTOLD = "not known"  # whether before or after the change
SUCCEEDED, FAILED, TOO_LONG, RUNNING = "succeeded", "failed", "too long", "still runs"
COLUMNS = ["arn", "name", "who", "status", "started", "seconds", "outcome", "when"]
TABLE = ["who", "when", "succeeded", "finished", "rate", "low", "high", "failed", "too long", "still running"]


def told(
    rows: Sequence[Mapping[str, Any]],
    now: datetime,
    long_seconds: float,
    change_at: datetime | None,
    sure_since: datetime | None = None,
    versions: Collection[str] = (),
) -> pd.DataFrame:
    """One row an execution, oldest first: arn, name, who, status, started, seconds (so far), outcome, when.

    `rows` are those of `executions.listed`. `when` is "before" or "after" the change, by the start, since a start
    decides which definition runs; "all" where there was no change. Where the change is only known to lie between
    `change_at` and `sure_since`, what started between is "after" by one of these `versions`, "before" by another, and
    UNTOLD where AWS names none.
    """
    frame = pd.DataFrame(list(rows), columns=["arn", "name", "status", "started", "stopped", "version"])
    for column in ("started", "stopped"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame = frame.sort_values("started", ignore_index=True, kind="stable")
    frame["who"] = np.where(frame["name"].astype(str).str.startswith(DRILL_PREFIX), DRILLS, CHECKINS)
    frame["seconds"] = (frame["stopped"].fillna(pd.Timestamp(now)) - frame["started"]).dt.total_seconds()
    status, long = frame["status"], frame["seconds"] > long_seconds
    well = [(status == "RUNNING") & ~long, (status == "SUCCEEDED") & ~long, status.isin(["RUNNING", "SUCCEEDED"])]
    frame["outcome"] = np.select(well, [RUNNING, SUCCEEDED, TOO_LONG], FAILED)
    frame["when"] = "all"
    if change_at is not None:
        named = frame["version"].notna() & (frame["version"] != "")
        sides = [
            frame["started"] < pd.Timestamp(change_at),
            (frame["started"] >= pd.Timestamp(sure_since or change_at)) | frame["version"].isin(list(versions)),
            named,
        ]
        frame["when"] = np.select(sides, ["before", "after", "before"], UNTOLD)
    return frame[COLUMNS]


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Check-ins and drills, each before and after: TABLE; rate and its 95 % interval are NaN where none is counted.

    Those that are UNTOLD have rows of their own, where there are any.
    """
    rows, seen = [], set(frame["when"])
    sides = ("all",) if seen == {"all"} else ("before", "after", *({UNTOLD} & seen))
    for who in (CHECKINS, DRILLS):
        for when in sides:
            outcome = frame.loc[(frame["who"] == who) & (frame["when"] == when), "outcome"]
            good, bad, long = (int((outcome == one).sum()) for one in (SUCCEEDED, FAILED, TOO_LONG))
            of = good + bad + long
            share = good / of if of else float("nan")
            rows.append((who, when, good, of, share, *rates.wilson(good, of), bad, long, len(outcome) - of))
    return pd.DataFrame(rows, columns=TABLE)


def tally(counted: pd.DataFrame, when: str, who: str = CHECKINS) -> Tally:
    """The successes of a row of `table`; 0 of 0 where there is none."""
    mine = counted[(counted["who"] == who) & (counted["when"] == when)]
    return Tally(int(mine["succeeded"].sum()), int(mine["finished"].sum()))


def checkins_after(frame: pd.DataFrame) -> pd.DataFrame:
    """The real check-ins after the change that are counted, oldest first."""
    return frame[(frame["who"] == CHECKINS) & (frame["when"] == "after") & (frame["outcome"] != RUNNING)]


def of_all(check: Check, frame: pd.DataFrame) -> Check:
    """A check that rests on the list of executions: where that was cut (`attrs["cut"]`), it says so, and is no pass."""
    cut = str(frame.attrs.get("cut", ""))
    status = "cannot tell" if cut and check.status == "passed" else check.status
    return replace(check, status=status, found=f"{check.found}; {cut}" if cut else check.found)


def durations(frame: pd.DataFrame) -> pd.DataFrame:
    """How long the executions took: who, when, started, seconds; inf where one still runs after the limit.

    One within the limit has no time yet. Failed ones are left out: a quick failure is no quick check-in. How many
    check-ins those are is in `attrs["failed"]`.
    """
    ended = frame[~frame["outcome"].isin([RUNNING, FAILED])]
    stuck = ended["status"] == "RUNNING"
    took = ended.assign(seconds=ended["seconds"].mask(stuck, inf))[["who", "when", "started", "seconds"]]
    took.attrs["failed"] = int(((frame["who"] == CHECKINS) & (frame["outcome"] == FAILED)).sum())
    return took.reset_index(drop=True)
