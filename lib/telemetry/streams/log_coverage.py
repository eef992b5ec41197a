"""Of which executions the workflow's log tells nothing, though Step Functions lists them. Pure pandas, no AWS.

A log that nobody writes to any more, or only errors, looks like a quiet time: no crisis, no alert, nothing unscored.
AWS starts an execution of nearly any name, and asks for a name of LOGGED where CloudWatch is to log it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.telemetry.libraries import pandas as pd
from lib.telemetry.streams.log_columns import UNNAMED

EARLY = timedelta(minutes=1)  # after an update, in which executions may still begin by the definition before, unlogged
LATE = timedelta(minutes=5)  # within which lines are there: Step Functions writes them as best it can
LOGGED = re.compile(r"[0-9A-Za-z_-]+")  # the names of workflows and executions of which AWS promises a log


@dataclass(frozen=True)
class Coverage:
    """Of how many executions that began from `first` to `last` (UTC) the log should tell, and of how many it does not.

    `at_least`: of so many each is counted and not named, so that more may be missing. `unpromised`: so many of what is
    missing have a name of which AWS promises no log.
    """

    of: int
    missing: int
    first: datetime
    last: datetime
    at_least: bool = False
    unpromised: int = 0

    @property
    def said(self) -> str:
        """What is missing, in words; "" where nothing is."""
        if not self.missing:
            return ""
        least = "at least " if self.at_least else ""
        time = f"from {self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        why = f"; {self.unpromised:,} of them have a name of which AWS promises no log" if self.unpromised else ""
        return f"the log tells nothing of {least}{self.missing:,} of {self.of:,} executions that began {time}{why}"


def is_promised(name: str) -> bool:
    """Whether AWS promises a log of a workflow or an execution of this name."""
    return LOGGED.fullmatch(name) is not None


def of_executions(log: pd.DataFrame, began: pd.DataFrame, first: datetime, last: datetime) -> Coverage:
    """`log` is `workflow_log.read`, `began` has `arn` ("" of one that is counted alone) and `started` of those listed.

    Of those that began from `first` to `last`; of none where these are no time. Where the log was cut or is not there,
    that is said already, and nothing is missing of it.
    """
    mine = began[began["started"].between(pd.Timestamp(first), pd.Timestamp(last))]
    if mine.empty or log.attrs.get("cut"):
        return Coverage(0, 0, first, last)
    counted = bool((mine["arn"] == UNNAMED).any() or (log["execution"] == UNNAMED).any())
    if not counted:
        lacking = mine[~mine["arn"].isin(log["execution"].unique())]
        times = lacking["started"]
        ends = (times.min().to_pydatetime(), times.max().to_pydatetime()) if len(lacking) else (first, last)
        unpromised = sum(not is_promised(str(arn).rpartition(":")[2]) for arn in lacking["arn"])
        return Coverage(len(mine), len(lacking), ends[0], ends[1], unpromised=unpromised)
    near = log[log["time"].between(pd.Timestamp(first), pd.Timestamp(last + LATE))]["execution"]
    logged = int((near == UNNAMED).sum()) + near[near != UNNAMED].nunique()
    return Coverage(len(mine), max(0, len(mine) - logged), first, last, at_least=True)
