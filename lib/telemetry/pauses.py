"""Whether check-ins still come: what never begins fails nowhere, and no rate of success tells. Pure pandas, no AWS."""

from datetime import datetime

import pandas as pd

from lib.checks import Check
from lib.telemetry.outcomes import CHECKINS

STILL_COME = "check-ins have not stopped coming"
FEWEST = 20  # check-ins before the change; the pauses between fewer do not tell how long one ordinarily is


def still_come(frame: pd.DataFrame, end: datetime, floor_seconds: float) -> Check:
    """Whether the silence until `end` is no longer than a pause between check-ins was before the change.

    `frame` is that of `outcomes.told`; drills are left out. A silence of up to `floor_seconds` is none. Whether those
    who check in stopped, or what they start is broken, nobody can tell from here: a longer one passes nothing.
    """
    mine = frame[frame["who"] == CHECKINS]
    before = mine.loc[mine["when"] == "before", "started"]
    expected = f"no silence of over {floor_seconds:g} s that is longer than the longest pause before the change"
    if mine.empty:
        return Check(STILL_COME, "cannot tell", "no check-in in this window", expected)
    newest = mine["started"].max()
    silence = (pd.Timestamp(end) - newest).total_seconds()
    said = f"the newest began at {newest:%Y-%m-%d %H:%M:%S} UTC"
    if silence <= floor_seconds:
        return Check(STILL_COME, "passed", said, expected)
    said = f"no check-in for {silence:,.0f} s: {said}"
    if len(before) < FEWEST:
        few = f"{said}; {len(before)} before the change do not tell how long a pause ordinarily is"
        return Check(STILL_COME, "cannot tell", few, expected)
    longest = before.diff().max().total_seconds()
    status = "passed" if silence <= longest else "cannot tell"
    return Check(STILL_COME, status, f"{said}; the longest pause before was {longest:,.0f} s", expected)
