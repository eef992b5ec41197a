"""Every setting of the five thresholds at once, exactly: what amounts to which sum. Pure numpy, no AWS.

Routes are regions of the cube, so that whatever is added up over check-ins by their routes (cost, alerts, misses)
separates into a[crisis] + b[high] + g[moderate, sentiment] + d[proactive, sentiment], and the best of all ordered
settings is a matter of prefix minima. Which region is which route is held against the definition's own router by tests,
and by `search` for each setting that is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lib import routes
from lib.phases.tuning.cube import Cube
from lib.routes import Route

CRISIS, HIGH, MODERATE, PROACTIVE = (threshold.name for threshold in routes.RISKS)  # as the fields of a Place
(SENTIMENT,) = (threshold.name for threshold in routes.THRESHOLDS if threshold not in routes.RISKS)
DIGITS = 6  # sums of weights are rounded to these, as they hang on the order in which they are added
Amounts = Mapping[Route, np.ndarray]  # of each cell of the cube, if it takes this route


@dataclass(frozen=True)
class Place:
    """A setting, by where each threshold stands on its axis of the grid."""

    crisis: int
    high: int
    moderate: int
    proactive: int
    sentiment: int


@dataclass(frozen=True)
class Terms:
    """A sum over all check-ins for every setting, R risks and S sentiments of the grid.

    `crisis` (R), `high` (R), `moderate` (R x S), `proactive` (R x S), and what no threshold changes.
    """

    crisis: np.ndarray
    high: np.ndarray
    moderate: np.ndarray
    proactive: np.ndarray
    constant: float

    def at(self, place: Place) -> float:
        """The sum at one setting."""
        upper = self.crisis[place.crisis] + self.high[place.high]
        lower = self.moderate[place.moderate, place.sentiment] + self.proactive[place.proactive, place.sentiment]
        return float(upper + lower + self.constant)

    def lower(self) -> np.ndarray:
        """The part below the high threshold for each proactive, moderate and sentiment: R x R x S."""
        return self.proactive[:, None, :] + self.moderate[None, :, :]


@dataclass(frozen=True)
class Allowed:
    """Where one may stand: `crisis` and `high` of R truths, `lower` of R x R x S (proactive, moderate, sentiment).

    That the thresholds are in order is asked besides. `free` says that `lower` asks for nothing more.
    """

    crisis: np.ndarray
    high: np.ndarray
    lower: np.ndarray
    free: bool = False


def add_up(cube: Cube, amounts: Amounts) -> Terms:
    """The terms of a sum in which each cell counts what it amounts to on the route that it takes."""
    risks, sentiments, cells = len(cube.grid.risks), len(cube.grid.sentiments), cube.cells
    risk, sentiment = cells["risk"].to_numpy(dtype=int), cells["sentiment"].to_numpy(dtype=int)
    usable, declining = risk <= risks, cells["declining"].to_numpy(dtype=bool)
    shape = (risks + 1, sentiments + 2)
    place = risk[usable] * shape[1] + sentiment[usable]

    def cumulated(amount: np.ndarray) -> np.ndarray:
        """Added up over risk bins up to each threshold, by sentiment bin: R x (S + 2)."""
        dense = np.bincount(place, amount[usable], shape[0] * shape[1]).reshape(shape)
        return dense.cumsum(axis=0)

    crisis, high, standard, none, unscored = (
        cumulated(amounts[route]) for route in (Route.CRISIS, Route.HIGH, Route.STANDARD, Route.NONE, Route.UNSCORED)
    )
    gained = cumulated((amounts[Route.PROACTIVE] - amounts[Route.NONE]) * declining)[:-1]
    whole = [part.sum(axis=1) for part in (crisis, high, standard)]
    calm = standard[:-1].cumsum(axis=1)[:, :sentiments] + _beyond(none[:-1], sentiments)
    proactive = _beyond(gained, sentiments)
    return Terms(
        whole[0][-1] - whole[0][:-1] + whole[1][:-1],
        whole[2][:-1] - whole[1][:-1],
        calm + proactive + unscored[:-1, -1:] - whole[2][:-1, None],
        -proactive,
        float(amounts[Route.UNSCORED][~usable].sum()),
    )


def _beyond(part: np.ndarray, sentiments: int) -> np.ndarray:
    """Added up over the usable sentiments at or above each threshold: R x S."""
    reached = part[:, : sentiments + 1].cumsum(axis=1)
    return reached[:, -1:] - reached[:, :sentiments]


def all_ordered(cube: Cube) -> Allowed:
    """Every setting whose thresholds are in order."""
    risks = np.arange(len(cube.grid.risks))
    shape = (len(risks), len(risks), len(cube.grid.sentiments))
    every = np.ones(len(risks), dtype=bool)
    return Allowed(every, every, np.broadcast_to((risks[:, None] < risks)[:, :, None], shape), free=True)


def pin(allowed: Allowed, place: Place, axes: Iterable[str]) -> Allowed:
    """The same with the thresholds of these names where they stand in `place`."""
    at = {axis: getattr(place, axis) for axis in axes}
    crisis, high = (
        mask & (np.arange(len(mask)) == at[axis]) if axis in at else mask
        for axis, mask in ((CRISIS, allowed.crisis), (HIGH, allowed.high))
    )
    lower = allowed.lower
    for dimension, axis in enumerate((PROACTIVE, MODERATE, SENTIMENT)):
        if axis in at:
            here = np.arange(lower.shape[dimension]) == at[axis]
            lower = lower & here.reshape([-1 if other == dimension else 1 for other in range(3)])
    return Allowed(crisis, high, lower, allowed.free and set(at) <= {CRISIS, HIGH})


def best(cost: Terms, allowed: Allowed) -> Place | None:
    """The allowed setting of the smallest sum, None where there is none; of equal ones that of the lowest numbers."""
    moderate, least = _below(_least_lower(cost, allowed).min(axis=1))
    high, least = _below(np.where(allowed.high, cost.high + least, np.inf))
    every = np.where(allowed.crisis, cost.crisis + least, np.inf)
    at = int(np.argmin(every))
    if not np.isfinite(every[at]):
        return None
    chosen = int(moderate[high[at]])
    lower = np.where(allowed.lower[:, chosen], cost.proactive + cost.moderate[chosen], np.inf)
    proactive, sentiment = np.unravel_index(int(np.argmin(lower)), lower.shape)
    return Place(at, int(high[at]), chosen, int(proactive), int(sentiment))


def _least_lower(cost: Terms, allowed: Allowed) -> np.ndarray:
    """The part below the high threshold for each moderate and sentiment, the proactive one at its best: R x S.

    Where only the order is asked for, the best is the least of all below: no need to look at every three.
    """
    if allowed.free:
        before = np.minimum.accumulate(cost.proactive, axis=0)[:-1]
        return cost.moderate + np.concatenate([np.full((1, cost.moderate.shape[1]), np.inf), before])
    return np.where(allowed.lower, cost.lower(), np.inf).min(axis=0)


def _below(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of what stands before each place: where the smallest is, and how much; infinity before the first."""
    least = np.concatenate([[np.inf], np.minimum.accumulate(values)[:-1]])
    better = np.concatenate([[False], values[:-1] < least[:-1]])
    return np.maximum.accumulate(np.where(better, np.arange(len(values)) - 1, 0)), least


def cheapest(cost: Terms, allowed: Allowed) -> np.ndarray:
    """The smallest sum for each pair of moderate and sentiment, the other thresholds at their best: R x S.

    Infinity where no allowed setting has the pair.
    """
    return _least_lower(cost, allowed) + _cheapest_upper(cost, allowed)[:, None] + cost.constant


def _cheapest_upper(cost: Terms, allowed: Allowed) -> np.ndarray:
    """The smallest sum of the two upper thresholds above each moderate one; infinity where there is no room."""
    crisis = np.where(allowed.crisis, cost.crisis, np.inf)
    high = np.where(allowed.high, cost.high + _above(crisis), np.inf)
    return _above(high)


def _above(values: np.ndarray) -> np.ndarray:
    """The smallest of what stands after each place; infinity after the last."""
    return np.concatenate([np.minimum.accumulate(values[::-1])[::-1][1:], [np.inf]])


def every_lower(sums: Terms) -> np.ndarray:
    """The whole sum for each proactive, moderate and sentiment, where the two upper thresholds change nothing of it.

    So it is of what counts no matter by which alert: R x R x S.
    """
    return sums.lower() + sums.crisis[0] + sums.high[0] + sums.constant


def frontier(alerts: Terms, missed: Terms, allowed: Allowed) -> np.ndarray:
    """The settings of which none has fewer alerts without missing more: rows of (alerts, missed), by alerts."""
    room = np.isfinite(_cheapest_upper(alerts, allowed))
    within = allowed.lower & room[None, :, None]
    many, lost = (every_lower(one)[within].round(DIGITS) for one in (alerts, missed))
    order = np.lexsort((lost, many))
    many, lost = many[order], lost[order]
    least = np.concatenate([[np.inf], np.minimum.accumulate(lost)[:-1]])
    return np.column_stack([many, lost])[lost < least]
