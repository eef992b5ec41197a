"""Whether check-ins take as long as before: each may end well and all be slower. Pure pandas, no AWS."""

import pandas as pd

from lib.checks import Check, Status
from lib.telemetry.outcomes import JUST_BEGUN
from lib.telemetry.success_rate import SHORTEST
from lib.telemetry.words import Ending, When, Who
from lib.values.check_ids import Id

AS_FAST = "check-ins take as long as before"
USUAL = 0.75  # of those before took up to what half of those after are held against


def as_fast(frame: pd.DataFrame, long_seconds: float) -> Check:
    """Whether half of the check-ins after the change took longer than three quarters of those before.

    `frame` is that of `outcomes.told`. Failed ones are left out, since a quick failure is no quick check-in; one that
    still runs counts with its time so far, unless it began just now. A shift by less than a share of the limit passes,
    and is said. More is for a person to look at.
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
    said = f"half of {len(after):,} took up to {half:,.1f} s, three quarters of {len(before):,} before {usual:,.1f} s"
    said += f"; {slower:,} took longer than the slowest before ({slowest:,.1f} s)" if slower else ""
    return Check(Id.AS_FAST, AS_FAST, Status.WAITING if half > usual + least else Status.PASSED, said, expected)
