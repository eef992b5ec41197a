"""Every setting of the five thresholds at once, exactly: what amounts to which sum. Pure numpy, no AWS.

Routes are regions of the cube, so that whatever is added up over check-ins by their routes (cost, alerts, misses)
separates into a[crisis] + b[high] + g[moderate, sentiment] + d[proactive, sentiment], and the best of all ordered
settings is a matter of prefix minima. Which region is which route is held against the definition's own router by tests,
and by `search` for each setting that is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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
    """Where one may stand: `crisis` and `high` of R truths, and for each moderate and sentiment (R x S) the `first` and
    the `last` place that the proactive threshold may take; none where the first lies behind the last.

    Whatever is asked of the lower three has to be such a run of places: order and a budget are (`add_budget`).
    """

    crisis: np.ndarray
    high: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def lower(self) -> np.ndarray:
        """The same as truths for each proactive, moderate and sentiment: R x R x S."""
        at = np.arange(len(self.first))[:, None, None]
        return (at >= self.first) & (at <= self.last)


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
    risks, sentiments = len(cube.grid.risks), len(cube.grid.sentiments)
    every = np.ones(risks, dtype=bool)
    below = np.broadcast_to(np.arange(risks)[:, None] - 1, (risks, sentiments))
    return Allowed(every, every, np.zeros_like(below), below)


def add_budget(allowed: Allowed, counts: Terms, most: float) -> Allowed:
    """Those of them whose count is at most so many. `counts` are whole, and no matter which alert it is that counts.

    A higher proactive threshold never counts more, so that what is allowed begins at one place, which halving finds.
    Raises ValueError for other sums.
    """
    if (np.diff(counts.proactive, axis=0) > 0).any():
        raise ValueError("a sum that grows with the proactive threshold has no first place within a budget")
    rest = counts.moderate + (counts.crisis[0] + counts.high[0] + counts.constant)
    risks, column = len(rest), np.arange(rest.shape[1])
    low, high = np.zeros(rest.shape, dtype=int), np.full(rest.shape, risks)
    for _ in range(risks.bit_length()):
        middle = (low + high) // 2
        fits = counts.proactive[np.minimum(middle, risks - 1), column] + rest <= most
        low, high = np.where(fits, low, np.minimum(middle + 1, high)), np.where(fits, np.minimum(middle, high), high)
    return replace(allowed, first=np.maximum(allowed.first, high))


def pin(allowed: Allowed, place: Place, axes: Iterable[str]) -> Allowed:
    """The same with the thresholds of these names where they stand in `place`."""
    at = {axis: getattr(place, axis) for axis in axes}
    crisis, high = (
        mask & (np.arange(len(mask)) == at[axis]) if axis in at else mask
        for axis, mask in ((CRISIS, allowed.crisis), (HIGH, allowed.high))
    )
    first, last = allowed.first, allowed.last
    if PROACTIVE in at:
        first, last = np.maximum(first, at[PROACTIVE]), np.minimum(last, at[PROACTIVE])
    for dimension, axis in enumerate((MODERATE, SENTIMENT)):
        if axis in at:
            here = np.expand_dims(np.arange(last.shape[dimension]) == at[axis], 1 - dimension)
            last = np.where(here, last, -1)
    return Allowed(crisis, high, first, last)


def best(cost: Terms, allowed: Allowed) -> Place | None:
    """The allowed setting of the smallest sum, None where there is none; of equal ones that of the lowest numbers."""
    moderate, least = _below(_least_lower(cost, allowed).min(axis=1))
    high, least = _below(np.where(allowed.high, cost.high + least, np.inf))
    every = np.where(allowed.crisis, cost.crisis + least, np.inf)
    at = int(np.argmin(every))
    if not np.isfinite(every[at]):
        return None
    chosen = int(moderate[high[at]])
    at_lower = np.arange(len(cost.proactive))[:, None]
    inside = (at_lower >= allowed.first[chosen]) & (at_lower <= allowed.last[chosen])
    lower = np.where(inside, cost.proactive + cost.moderate[chosen], np.inf)
    proactive, sentiment = np.unravel_index(int(np.argmin(lower)), lower.shape)
    return Place(at, int(high[at]), chosen, int(proactive), int(sentiment))


def _least_lower(cost: Terms, allowed: Allowed) -> np.ndarray:
    """The part below the high threshold for each moderate and sentiment, the proactive one at its best: R x S."""
    return cost.moderate + _least_between(cost.proactive, allowed.first, allowed.last)


def _least_between(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """In each column the least of the values from the first place to the last, infinity where there is none: R x S.

    Two runs of a power of two cover any run, and the least of each such run is known: no need to look at every place.
    """
    rows, columns = values.shape
    column = np.arange(columns)
    if not first.any():  # from the beginning on, as where only the order is asked for
        least = np.minimum.accumulate(values, axis=0)
        return np.where(last >= 0, least[np.maximum(last, 0), column], np.inf)
    least_of = np.empty((rows.bit_length(), rows, columns))  # of a run that would end behind the last nobody asks
    least_of[0] = values
    for power in range(1, len(least_of)):
        half = 2 ** (power - 1)
        before = least_of[power - 1, : rows - half + 1]
        least_of[power, : len(before) - half] = np.minimum(before[:-half], before[half:])
    powers = np.array([0, *(length.bit_length() - 1 for length in range(1, rows + 1))])
    power = powers[np.maximum(last - first + 1, 0)]
    start, other = np.minimum(first, rows - 1), np.maximum(last - 2**power + 1, 0)
    flat, begin = least_of.reshape(-1), power * (rows * columns) + column
    least = np.minimum(flat[begin + start * columns], flat[begin + other * columns])
    return np.where(first <= last, least, np.inf)


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


def _every_lower(sums: Terms) -> np.ndarray:
    """The whole sum for each proactive, moderate and sentiment, where the two upper thresholds change nothing of it.

    So it is of what counts no matter by which alert: R x R x S.
    """
    return sums.lower() + sums.crisis[0] + sums.high[0] + sums.constant


def frontier(alerts: Terms, missed: Terms, allowed: Allowed) -> np.ndarray:
    """The settings of which none has fewer alerts without missing more: rows of (alerts, missed), by alerts."""
    room = np.isfinite(_cheapest_upper(alerts, allowed))
    inside = allowed.lower() & room[None, :, None]
    many, lost = (_every_lower(one)[inside].round(DIGITS) for one in (alerts, missed))
    order = np.lexsort((lost, many))
    many, lost = many[order], lost[order]
    least = np.concatenate([[np.inf], np.minimum.accumulate(lost)[:-1]])
    return np.column_stack([many, lost])[lost < least]
