"""Whether check-ins still come: what never begins fails nowhere, and no rate of success tells. Pure pandas, no AWS."""

from datetime import datetime

import pandas as pd

from lib.checks import Check, Status
from lib.telemetry.words import When, Who
from lib.values.check_ids import Id

STILL_COME = "check-ins have not stopped coming"
FEWEST = 20  # check-ins before the change; the pauses between fewer do not tell how long one ordinarily is


def still_come(frame: pd.DataFrame, end: datetime, floor_seconds: float) -> Check:
    """Whether the silence until `end` is no longer than a pause between check-ins was before the change.

    `frame` is that of `outcomes.told`; drills are left out. A silence of up to `floor_seconds` is none. Whether those
    who check in stopped, or what they start is broken, nobody can tell from here: a longer one passes nothing.
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
