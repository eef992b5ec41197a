"""Which route check-ins took, where they say so, beside the one that the thresholds of now give. Pure pandas, no AWS.

The workflow's log holds no data of a check-in, on purpose, so that it says no check-in's route: only what was recorded
or exported can. What says none is missing, and counts for no agreement.
"""

from typing import Any

import pandas as pd

from lib import routes
from lib.asl.router import Router
from lib.phases.threshold_tuning import Current
from lib.phases.tuning.found_settings import UNTOLD
from lib.routes import Route
from lib.telemetry import checkin_frames
from lib.telemetry.checkin_frames import NO_SUCH_ROUTE, TAKEN


def count_routes(history: pd.DataFrame, now: Current) -> list[dict[str, Any]]:
    """How many check-ins took the route of now, how many another, and of how many nobody knows."""
    pairs = _pairs(history, now)
    level = pairs["taken"].map(routes.level), pairs["now"].map(routes.level)
    named = {
        "took the route that the thresholds of now give": pairs["taken"] == pairs["now"],
        "took a LOWER alert than that: by an older definition, or by a fault": level[0] < level[1],
        "took a higher one": level[0] > level[1],
        "took another of the same level": (level[0] == level[1]) & (pairs["taken"] != pairs["now"]),
    }
    rows = {what: f"{int(which.sum()):,}" if len(pairs) else UNTOLD for what, which in named.items()}
    silent, wrong = int((history[TAKEN] == "").sum()), int((history[TAKEN] == NO_SUCH_ROUTE).sum())
    rows |= {"do not say which route they took": f"{silent:,}", "say a word that is no route": f"{wrong:,}"}
    every = f"{len(history):,}"
    return [{"they": what, "so many check-ins": many, "of check-ins": every} for what, many in rows.items()]


def differences(history: pd.DataFrame, now: Current) -> list[dict[str, Any]]:
    """From which route to which those differ, the most first; none where none is known to."""
    pairs = _pairs(history, now)
    apart = pairs[pairs["taken"] != pairs["now"]].value_counts(["taken", "now"])
    return [
        {"route taken": taken, "by the thresholds of now": today, "check-ins": f"{many:,}"}
        for (taken, today), many in apart.items()
    ]


def _pairs(history: pd.DataFrame, now: Current) -> pd.DataFrame:
    """The route taken and that of now, of the check-ins of which both are known."""
    both = history[history[TAKEN].isin(list(Route))]
    routed = Router(now.definition).routes(checkin_frames.cells(both)).astype(str)
    return pd.DataFrame({"taken": both[TAKEN].to_numpy(), "now": routed.to_numpy()}, dtype=object)
