"""Whether check-ins still come, and take as long as before. Pure pandas, no AWS.

What never begins fails nowhere, and each may end well and all be slower: of neither does a rate of success tell.
"""

from __future__ import annotations

from datetime import datetime

from lib.checks import Check, Status
from lib.telemetry.execution_status import Ending, When, Who
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.outcomes import JUST_BEGUN
from lib.telemetry.success_rate import SHORTEST
from lib.values.check_registry import Id

AS_FAST = "check-ins did not slow down by more than is allowed"
USUAL = 0.75  # of those before took up to what half of those after are held against


STILL_COME = "check-ins have not stopped coming"
FEWEST = 20  # check-ins before the change; the pauses between fewer do not tell how long one ordinarily is


def still_come(frame: pd.DataFrame, end: datetime, floor_seconds: float) -> Check:
    """Whether the silence until `end` is no longer than a pause between check-ins was before the change.

    `frame` is that of `outcomes.outcome_rows`; drills are left out. A silence of up to `floor_seconds` is none. Whether
    those who check in stopped, or what they start is broken, nobody can tell from here: a longer one passes nothing.
    """
    mine = frame[frame["who"] == Who.CHECKINS]
    before = mine.loc[mine["when"] == When.BEFORE, "started"]
    expected = f"no silence of over {floor_seconds:g} s that is longer than the longest pause before the change"
    if mine.empty:
        return Check(Id.STILL_COME, STILL_COME, Status.CANNOT_TELL, "no check-in in this window", expected)
    newest = mine["started"].max()
    silence = (pd.Timestamp(end) - newest).total_seconds()
    said = f"the newest began at {newest:%Y-%m-%d %H:%M:%S} UTC"
    if silence <= floor_seconds:
        return Check(Id.STILL_COME, STILL_COME, Status.PASSED, said, expected)
    said = f"no check-in for {silence:,.0f} s: {said}"
    if len(before) < FEWEST:
        few = f"{said}; {len(before)} before the change do not tell how long a pause ordinarily is"
        return Check(Id.STILL_COME, STILL_COME, Status.CANNOT_TELL, few, expected)
    longest = before.diff().max().total_seconds()
    status = Status.PASSED if silence <= longest else Status.CANNOT_TELL
    return Check(Id.STILL_COME, STILL_COME, status, f"{said}; the longest pause before was {longest:,.0f} s", expected)


def as_fast(frame: pd.DataFrame, long_seconds: float) -> Check:
    """Whether half of the check-ins after the change took longer than three quarters of those before.

    `frame` is that of `outcomes.outcome_rows`. Failed ones are left out, since a quick failure is no quick check-in;
    one that still runs counts with its time so far, unless it began just now. A shift by less than a share of the limit
    passes, and is said. More is for a person to look at.
    """
    least = JUST_BEGUN * long_seconds
    expected = f"half no more than {least:g} s above what three quarters took before"
    mine = frame[(frame["who"] == Who.CHECKINS) & ~frame["outcome"].isin([Ending.FAILED, Ending.RUNNING])]
    before, after = (mine.loc[mine["when"] == when, "seconds"] for when in (When.BEFORE, When.AFTER))
    if min(len(before), len(after)) < SHORTEST:
        said = f"{len(before):,} before and {len(after):,} after; at least {SHORTEST} of each are needed"
        return Check(Id.AS_FAST, AS_FAST, Status.CANNOT_TELL, said, expected)
    usual, half, slowest = float(before.quantile(USUAL)), float(after.median()), float(before.max())
    slower = int((after > slowest).sum())
    said = (
        f"half of {len(after):,} took up to {half:,.1f} s, half of {len(before):,} before {before.median():,.1f} s and "
    )
    said += f"three quarters {usual:,.1f} s; up to {least:g} s above that is allowed"
    said += f"; {slower:,} took longer than the slowest before ({slowest:,.1f} s)" if slower else ""
    return Check(Id.AS_FAST, AS_FAST, Status.WAITING if half > usual + least else Status.PASSED, said, expected)
