"""What any setting of the five thresholds does, at once: looked up in sums over the cube. Pure numpy, no AWS."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import routes
from lib.phases.tuning import exact_optimum, judged_settings, recall_floor, search
from lib.phases.tuning.counting import Counted
from lib.phases.tuning.cube import Grid
from lib.phases.tuning.exact_optimum import Terms
from lib.phases.tuning.search import Search
from lib.routes import Route
from lib.settings import Settings
from lib.values.reviewed import Outcome


@dataclass(frozen=True)
class Effect:
    """What a setting does, in a `span`: `counts` of check-ins by route; `cost` and `missed` by reviews.

    None where no review tells: a crisis that nobody looked for is not one that did not happen. `caught` of `crises`
    raise the crisis alert, of all `at_least` that share, 95 % sure.
    """

    counts: Mapping[Route, float]
    cost: float | None
    missed: float | None
    caught: float
    crises: float
    at_least: float | None

    @property
    def alerts(self) -> float:
        return sum(count for route, count in self.counts.items() if route.row.told)


@dataclass(frozen=True)
class Explorer:
    """Sums over all check-ins for every setting. `settings`: those of the search, by name; `now` decides now.

    `counts` of a route are divided by `spans` to be those of a `span`, what reviews tell by `reviewed_spans`.
    `budget` is the most alerts in a `span`.
    """

    grid: Grid
    settings: Mapping[str, Mapping[str, float]]
    counts: Mapping[Route, Terms]
    cost: Terms | None
    missed: Terms | None
    caught: Terms
    crises: float
    reviews: float
    spans: float
    reviewed_spans: float
    span: str
    floor: float
    budget: float

    def effect(self, numbers: Mapping[str, float]) -> Effect | None:
        """What a setting (placeholder -> value of the grid) does; None where its thresholds are out of order."""
        place = search.place_of(self.grid, numbers)
        if place is None:
            return None
        caught = self.caught.at(place)
        limit = float(recall_floor.lower_limit(caught, self.crises, self.reviews)) if self.crises else None
        return Effect(
            {route: terms.at(place) / self.spans for route, terms in self.counts.items()},
            self.cost.at(place) / self.reviewed_spans if self.cost else None,
            self.missed.at(place) / self.reviewed_spans if self.missed else None,
            caught, self.crises, limit,
        )  # fmt: skip


def of(joint: Search, counted: Counted, settings: Settings) -> Explorer:
    """The sums over all that was counted, which may be more than was read one by one."""
    filled = counted.cube
    weight = filled.cells["weight"].to_numpy(dtype=float)
    outcome, count = filled.cells["outcome"], filled.cells["count"].to_numpy(dtype=float)
    crisis = weight * (outcome == Outcome.CRISIS).to_numpy()
    reviewed = bool((outcome != "").any())
    danger = reviewed and bool(outcome.isin([one for one in Outcome if one != Outcome.NONE]).any())
    prices = judged_settings.prices_of(settings)
    return Explorer(
        filled.grid,
        {one.name: one.numbers for one in joint.settings},
        {route: exact_optimum.add_up(filled, _only(route, count)) for route in Route},
        exact_optimum.add_up(filled, search.cost_amounts(filled, prices)) if reviewed else None,
        exact_optimum.add_up(filled, search.missed_amounts(filled)) if danger else None,
        exact_optimum.add_up(filled, _only(Route.CRISIS, crisis)),
        float(crisis.sum()),
        joint.reviews,
        joint.spans * (filled.checkins / len(joint.checkins) if len(joint.checkins) else 1),
        joint.spans,
        joint.span,
        settings.crisis_recall_floor,
        joint.budget,
    )


def _only(route: Route, amount: np.ndarray) -> exact_optimum.Amounts:
    nothing = np.zeros_like(amount)
    return {one: amount if one is route else nothing for one in Route}


def by_route(explorer: Explorer) -> pd.DataFrame:
    """Check-ins in a `span` by setting and route, of the settings that the search shows; columns setting, route, count.

    A setting whose thresholds are out of order has none.
    """
    rows = [
        (name, route, effect.counts[route])
        for name, numbers in explorer.settings.items()
        if (effect := explorer.effect(numbers))
        for route in routes.BY_LEVEL
    ]
    return pd.DataFrame(rows, columns=["setting", "route", "count"])
