"""What became of each execution, real check-ins and drills apart, as DataFrames. Pure pandas, no AWS.

An execution that runs longer than the limit did not succeed, whether it still runs or has ended well since: somebody
waited for an alert. Within the limit, a check-in after the change that is slower than those before is in doubt: no
success, and in every sentence. A few that began just now are not counted yet. A metric cannot tell drills from
check-ins; names can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from math import ceil, inf
from typing import Any

from lib.checks import Check, Status
from lib.telemetry import exact_tests
from lib.telemetry.exact_tests import Tally
from lib.telemetry.execution_status import Ending, ExecutionStatus, When, Who
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.streams import execution_columns
from lib.telemetry.success_rate import SHORTEST

USUAL = 0.99  # of those before took up to what is usual; of fewer than a hundred the slowest did
# Shares of the limit. Up to the first an ended check-in is fast enough, however fast those before were; up to the
# second an open one has only just begun: 30 s and 5 s of 180.
ENDED_EARLY, JUST_BEGUN = 1 / 6, 1 / 36
MANY_OPEN = 0.02  # of those that ended; more open ones, and more than SHORTEST, are not just the newest few
BUSIEST = 3  # times as many as are open on average; by chance more are, once in thousands of looks
COLUMNS = ["arn", "name", "who", "status", "started", "seconds", "outcome", "when"]
TABLE = [
    "who",
    "when",
    "succeeded",
    "finished",
    "rate",
    "low",
    "high",
    "failed",
    "too long",
    "in doubt",
    "still running",
]


def outcome_rows(
    rows: Iterable[Mapping[str, Any]],
    now: datetime,
    long_seconds: float,
    change_at: datetime | None,
    sure_since: datetime | None = None,
    versions: Collection[str] = (),
) -> pd.DataFrame:
    """One row an execution, oldest first: arn, name, who, status, started, seconds (so far), outcome, when.

    `rows` are those of `executions.list_executions` or `walk`; of many, not each is named (`execution_columns`). `when`
    is "before" or "after" the change, by the start, since a start decides which definition runs; "all" where there was
    no change. Where the change is only known to lie between `change_at` and `sure_since`, what started between is
    "after" by one of these `versions`, "before" by another, and `not known` where AWS names none. `attrs["usual"]` says
    how long those before took.
    """
    frame = execution_columns.frame(rows, ENDED_EARLY * long_seconds)
    frame = frame.sort_values("started", ignore_index=True, kind="stable")
    frame["seconds"] = (frame["stopped"].fillna(pd.Timestamp(now)) - frame["started"]).dt.total_seconds()
    status, long = frame["status"], frame["seconds"] > long_seconds
    open_now, well = status == ExecutionStatus.RUNNING, status == ExecutionStatus.SUCCEEDED
    told_apart = [open_now & ~long, well & ~long, open_now | well]
    # Any other status that AWS has, or will have, is a failure: a frame holds the words themselves.
    endings = [ending.value for ending in (Ending.RUNNING, Ending.SUCCEEDED, Ending.TOO_LONG, Ending.FAILED)]
    frame["outcome"] = execution_columns.words(endings, np.select(told_apart, range(len(told_apart)), len(told_apart)))
    frame["when"] = When.ALL.value
    if change_at is not None:
        named = frame["version"] != ""
        sides = [
            frame["started"] < pd.Timestamp(change_at),
            (frame["started"] >= pd.Timestamp(sure_since or change_at)) | frame["version"].isin(list(versions)),
            named,
        ]
        known = [When.BEFORE.value, When.AFTER.value, When.BEFORE.value, When.UNTOLD.value]
        frame["when"] = execution_columns.words(known, np.select(sides, range(len(sides)), len(sides)))
        _doubted(frame, long_seconds)
    return frame[COLUMNS]


def _doubted(frame: pd.DataFrame, long_seconds: float) -> None:
    """Mark the check-ins after the change that are slower than those before, and too many open ones, as in doubt."""
    mine = frame["who"] == Who.CHECKINS
    ended, after = frame[mine & (frame["outcome"] == Ending.SUCCEEDED)], mine & (frame["when"] == When.AFTER)
    before = ended[ended["when"] == When.BEFORE]
    basis, when = (before, str(When.BEFORE)) if len(before) else (ended, "in all")  # of none before: of each other
    if basis.empty:
        usual, said = long_seconds, "none ended well"
    else:
        usual = float(np.sort(basis["seconds"])[ceil(USUAL * len(basis)) - 1])
        said = f"{USUAL:.0%} of {len(basis):,} {when} took up to {usual:,.1f} s"
    late = (frame["outcome"] == Ending.SUCCEEDED) & (frame["seconds"] > max(usual, ENDED_EARLY * long_seconds))
    going = frame["outcome"] == Ending.RUNNING
    ended_after = int((after & ~going).sum())
    many = int((after & going).sum()) > max(SHORTEST, MANY_OPEN * ended_after, BUSIEST * _open_on_average(frame[after]))
    late |= going & (many | (frame["seconds"] > max(usual, JUST_BEGUN * long_seconds)))
    frame.loc[after & late, "outcome"] = Ending.DOUBT.value
    frame.attrs["usual"] = said


def _open_on_average(after: pd.DataFrame) -> float:
    """How many are open at a time, by Little's law: so many begin in a second, times the seconds that one takes."""
    ended = after.loc[after["outcome"] == Ending.SUCCEEDED, "seconds"]
    if ended.empty:
        return 0.0
    until = after["started"] + pd.to_timedelta(after["seconds"], unit="s")
    lasted = (until.max() - after["started"].min()).total_seconds()
    return len(after) / lasted * float(ended.mean()) if lasted > 0 else 0.0


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Check-ins and drills, each before and after: TABLE; rate and its 95 % interval are NaN where none is counted.

    Those that are `not known` have rows of their own, where there are any. `attrs["after"]` are the outcomes of the
    check-ins after the change that ended or are in doubt, oldest first.
    """
    rows, seen = [], set(frame["when"])
    sides = (When.ALL,) if seen == {When.ALL} else (When.BEFORE, When.AFTER, *({When.UNTOLD} & seen))
    for who in Who:
        for when in sides:
            outcome = frame.loc[(frame["who"] == who) & (frame["when"] == when), "outcome"]
            good, bad, long, doubt, going = (int((outcome == one).sum()) for one in Ending)
            of = good + bad + long
            share = good / of if of else float("nan")
            rows.append(
                (who.value, when.value, good, of, share, *exact_tests.wilson(good, of), bad, long, doubt, going)
            )
    counted = pd.DataFrame(rows, columns=TABLE)
    counted.attrs |= {"usual": frame.attrs.get("usual", ""), "after": checkins_after(frame)["outcome"].tolist()}
    return counted


def tally(counted: pd.DataFrame, when: When, who: Who = Who.CHECKINS) -> Tally:
    """The successes of a row of `table`; 0 of 0 where there is none."""
    mine = counted[(counted["who"] == who) & (counted["when"] == when)]
    return Tally(int(mine["succeeded"].sum()), int(mine["finished"].sum()))


def checkins_after(frame: pd.DataFrame) -> pd.DataFrame:
    """The real check-ins after the change that are counted or in doubt, oldest first."""
    return frame[(frame["who"] == Who.CHECKINS) & (frame["when"] == When.AFTER) & (frame["outcome"] != Ending.RUNNING)]


def count_doubted(counted: pd.DataFrame) -> int:
    """How many check-ins after the change are in doubt, by `table`."""
    mine = (counted["who"] == Who.CHECKINS) & (counted["when"] == When.AFTER)
    return int(counted.loc[mine, "in doubt"].sum())


def ended_well(counted: pd.DataFrame) -> list[bool | None]:
    """Of each check-in after the change that ended, oldest first, whether it succeeded; None for one in doubt."""
    return [None if outcome == Ending.DOUBT else outcome == Ending.SUCCEEDED for outcome in counted.attrs["after"]]


def in_words(counted: pd.DataFrame) -> str:
    """What a sentence adds of those in doubt and of those that only just began; "" where there are none."""
    mine = counted[(counted["who"] == Who.CHECKINS) & (counted["when"] == When.AFTER)]
    going, doubt = int(mine["still running"].sum()), count_doubted(counted)
    said = f"; {doubt:,} more in doubt, slower than before or still running ({counted.attrs['usual']})" if doubt else ""
    return said + (f"; {going:,} began just now" if going else "")


def of_all(check: Check, frame: pd.DataFrame) -> Check:
    """A check that rests on the list of executions: where that was cut (`attrs["cut"]`), it says so, and is no pass."""
    cut = str(frame.attrs.get("cut", ""))
    status = Status.CANNOT_TELL if cut and check.status == Status.PASSED else check.status
    return replace(check, status=status, found=f"{check.found}; {cut}" if cut else check.found)


def durations(frame: pd.DataFrame) -> pd.DataFrame:
    """How long the executions took: who, when, started, seconds; inf where one still runs that should have ended.

    One that began just now has no time yet. Failed ones are left out: a quick failure is no quick check-in. How many
    check-ins those are is in `attrs["failed"]`.
    """
    ended = frame[~frame["outcome"].isin([Ending.RUNNING, Ending.FAILED])]
    stuck = ended["status"] == ExecutionStatus.RUNNING
    took = ended.assign(seconds=ended["seconds"].mask(stuck, inf))[["who", "when", "started", "seconds"]]
    took.attrs["failed"] = int(((frame["who"] == Who.CHECKINS) & (frame["outcome"] == Ending.FAILED)).sum())
    return took.reset_index(drop=True)


def untold(frame: pd.DataFrame, doubt: str) -> str:
    """How many check-ins nobody can call before or after the change, and why; "" where there are none."""
    count = int(((frame["when"] == When.UNTOLD) & (frame["who"] == Who.CHECKINS)).sum())
    return f"of {count:,} check-ins nobody can tell which definition they ran: {doubt}" if count else ""
