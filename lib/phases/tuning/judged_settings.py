"""What a setting of the thresholds does with recorded check-ins, by the definition's own router. Pure, no AWS."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import routes
from lib.asl.router import Router
from lib.definitions import thresholds
from lib.phases.threshold_tuning import Current
from lib.phases.tuning import recall_floor
from lib.routes import Route
from lib.settings import Settings
from lib.telemetry import checkin_frames
from lib.values.reviewed import GRAVE, Outcome


@dataclass(frozen=True)
class Judged:
    """By the router: `weights` and `counts` have a row an outcome ("" of nobody reviewed), a column a route.

    `numbers`: placeholder -> value. `costs` has the cost of each check-in, with all that it stands for, and
    `levels` how urgent an alert each raises.
    """

    name: str
    numbers: Mapping[str, float]
    weights: pd.DataFrame
    counts: pd.DataFrame
    costs: np.ndarray
    levels: np.ndarray

    @property
    def cost(self) -> float:
        """The cost of all that the reviewed stand for."""
        return float(self.costs.sum())

    @property
    def alerts(self) -> int:
        """How many check-ins raise an alert."""
        return int(self.counts.drop(columns=Route.NONE).to_numpy().sum())


def prices_of(settings: Settings) -> np.ndarray:
    """The table of costs: a row an outcome, a column a level of an alert."""
    return np.array([settings.outcome_costs[outcome] for outcome in Outcome], dtype=float)


def judge(known: pd.DataFrame, now: Current, name: str, numbers: Mapping[str, float], settings: Settings) -> Judged:
    """A setting by the definition's own rules over the check-ins themselves."""
    router = Router(thresholds.with_thresholds(now.definition, numbers))
    routed = router.routes(checkin_frames.cells(known))
    frame = pd.DataFrame({"outcome": known["outcome"], "route": routed, "weight": known["weight"]})
    columns = routes.in_order(set(routed), routes.BY_LEVEL)
    shape = {"index": ["", *Outcome], "columns": columns}
    grouped = frame.groupby(["outcome", "route"])["weight"]
    weights = grouped.sum().unstack(fill_value=0.0).reindex(**shape, fill_value=0.0)
    counts = grouped.size().unstack(fill_value=0).reindex(**shape, fill_value=0)
    at = known["outcome"].map({str(one): place for place, one in enumerate(Outcome)}).fillna(-1).to_numpy(dtype=int)
    levels = routed.map(routes.level).to_numpy(dtype=int)
    price = prices_of(settings)[at, levels]
    costs = np.where(at >= 0, known["weight"].to_numpy(dtype=float) * price, 0.0)
    return Judged(name, numbers, weights.astype(float), counts.astype(int), costs, levels)


@dataclass(frozen=True)
class Lowered:
    """The check-ins to which a setting gives a lower alert than now: which, and what reviews say of them.

    `most`: at most that share of them are of people in grave danger, 95 % sure.
    """

    which: np.ndarray
    reviewed: int
    grave: int
    most: float

    @property
    def said(self) -> str:
        many = int(self.which.sum())
        return f"{self.grave:,} of {self.reviewed:,} reviewed; at most {self.most:.1%} of {many:,}" if many else ""


def lower_alerts(known: pd.DataFrame, now: Judged, one: Judged) -> Lowered:
    """Of whom nobody was found in danger people drawn anew find nobody: how many it may be hangs on their number."""
    which = one.levels < now.levels
    reviewed = known[which & (known["outcome"] != "").to_numpy()]
    if reviewed.empty:
        return Lowered(which, 0, 0, 1.0)
    weights, grave = reviewed["weight"], reviewed["outcome"].isin(GRAVE)
    share = float(weights[grave].sum() / weights.sum())
    most = recall_floor.upper_limit(share, recall_floor.independent(reviewed, weights.max()))
    return Lowered(which, len(reviewed), int(grave.sum()), most)
