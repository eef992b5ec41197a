"""Today's thresholds against the best five together, as far as reviewed outcomes tell. Pure, no AWS; applies nothing.

Each setting that is shown is judged by the definition's own router over the check-ins themselves; where the sweep says
another sum of it, nothing is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pandas as pd

from lib import routes
from lib.errors import NotAsWanted
from lib.phases import threshold_tuning
from lib.phases.threshold_tuning import Current
from lib.phases.tuning import cube, exact_optimum, judged_settings, recall_floor
from lib.phases.tuning.cube import Cube, Grid
from lib.phases.tuning.exact_optimum import Allowed, Place, Terms
from lib.phases.tuning.judged_settings import Judged
from lib.routes import Route
from lib.settings import Settings
from lib.telemetry.review_window import Window
from lib.values.alerts import Score
from lib.values.numbers import say_count
from lib.values.reviewed import Outcome

NAMES = tuple(threshold.name for threshold in routes.THRESHOLDS)
SAME = 1e-6  # sums that differ by no more, relative to themselves, are one
EXACT = 1e-12  # of all that could be paid: what the doubles of a sum of nothing may come to


class Answer(StrEnum):
    """What the search comes to."""

    CANNOT_TELL = "cannot tell"
    REFUSED = "refused"
    KEEP = "keep what is"
    PROPOSED = "proposed"


@dataclass(frozen=True)
class Search:
    """What was searched, and what came of it: `why` is a sentence. `settings`: now, and what else was found.

    `checkins` are those of which it is known what they held. `spans`: a count divided by it is one in a `span`, in
    which `budget` alerts are the most: in six hours a quarter of a day's.
    `unknown` check-ins are left out, `unknown_crises` of them reviewed as such: nobody knows what they held.
    """

    answer: Answer
    why: str
    settings: tuple[Judged, ...]
    checkins: pd.DataFrame
    cube: Cube
    cost: Terms
    alerts: Terms
    missed: Terms
    allowed: Allowed
    reviews: float
    spans: float
    span: str
    budget: float
    unknown: int
    unknown_crises: int

    @property
    def grid(self) -> Grid:
        return self.cube.grid


def run(
    checkins: pd.DataFrame, now: Current, settings: Settings, window: Window, counted: Cube | None = None
) -> Search:
    """Search all settings for the smallest cost, under the floor and the budget; `checkins` as `reviews.join` has it.

    `counted` is the cube of all check-ins, taken where they are all that were read. Raises NotAsWanted where the sweep
    and the router do not agree on a setting.
    """
    is_known = cube.which_known(checkins)
    known = checkins[is_known]
    whole = counted and counted.checkins == len(known)
    filled = counted if counted and whole else cube.fill(known, cube.grid_around(now.thresholds))
    cost = exact_optimum.add_up(filled, cost_amounts(filled, judged_settings.prices_of(settings)))
    alerts, missed = exact_optimum.add_up(filled, _alerts(filled)), exact_optimum.add_up(filled, missed_amounts(filled))
    spans = threshold_tuning.spans(checkins, window)
    days = threshold_tuning.budgeted_days(checkins, window)
    allowed = _allowed(filled, alerts, known, settings, days)
    here = place_of(filled.grid, now.thresholds)
    nothing = EXACT * float(known["weight"].sum() * judged_settings.prices_of(settings).max())
    answer, why, best = _decide(known, cost, allowed, here, settings, nothing)
    found_places = [("best of all together", best)]
    if best and here:
        found_places.insert(0, ("best single move", _single(cost, allowed, here)))
    judged = [judged_settings.judge(known, now, "now", now.thresholds, settings)]
    for name, place in found_places:
        if place:
            judged.append(judged_settings.judge(known, now, name, _numbers_at(filled.grid, place), settings))
    for one in judged:
        _require_agreement(one, filled.grid, cost, alerts, nothing)
    reviews = recall_floor.proofs(known)
    span = threshold_tuning.span(checkins, window)
    return Search(
        answer, why, tuple(judged), known, filled, cost, alerts, missed, allowed, reviews, spans, span,
        settings.alerts_a_day * (days / spans), len(checkins) - len(known),
        int((checkins.loc[~is_known, "outcome"] == Outcome.CRISIS).sum()),
    )  # fmt: skip


def place_of(grid: Grid, numbers: Mapping[str, float]) -> Place | None:
    """Where a setting stands on the grid, None where its thresholds are out of order or out of bounds."""
    at = dict[str, int]()
    for threshold in routes.THRESHOLDS:
        axis, value = _axis(grid, threshold.score), float(numbers[threshold.placeholder])
        if value not in axis:
            return None
        at[threshold.name] = axis.index(value)
    risks = [at[threshold.name] for threshold in routes.RISKS]
    return Place(**at) if all(upper > lower for upper, lower in pairwise(risks)) else None


def _numbers_at(grid: Grid, place: Place) -> dict[str, float]:
    """The setting of a place, whole numbers as such: placeholder -> value."""
    values = {one.placeholder: _axis(grid, one.score)[getattr(place, one.name)] for one in routes.THRESHOLDS}
    return {name: int(value) if value.is_integer() else value for name, value in values.items()}


def _axis(grid: Grid, score: Score) -> tuple[float, ...]:
    return grid.risks if score is Score.RISK else grid.sentiments


def _outcomes(filled: Cube) -> np.ndarray:
    """The row of each cell's outcome in the table of costs; -1 of one that nobody reviewed."""
    return filled.cells["outcome"].map({str(one): at for at, one in enumerate(Outcome)}).fillna(-1).to_numpy(dtype=int)


def cost_amounts(filled: Cube, prices: np.ndarray) -> exact_optimum.Amounts:
    at, weight = _outcomes(filled), filled.cells["weight"].to_numpy(dtype=float)
    return {route: weight * np.where(at >= 0, prices[at, route.row.level], 0.0) for route in Route}


def _alerts(filled: Cube) -> exact_optimum.Amounts:
    count = filled.cells["count"].to_numpy(dtype=float)
    return {route: count * (route is not Route.NONE) for route in Route}


def missed_amounts(filled: Cube) -> exact_optimum.Amounts:
    """People who were in danger, by weight, and raise no alert."""
    weight = filled.cells["weight"].to_numpy(dtype=float) * (_outcomes(filled) > 0)
    return {route: weight * (route is Route.NONE) for route in Route}


def _allowed(filled: Cube, alerts: Terms, known: pd.DataFrame, settings: Settings, days: float) -> Allowed:
    """The settings that keep the floor and the budget. The floor hangs on the crisis threshold alone."""
    ordered = exact_optimum.all_ordered(filled)
    weights = recall_floor.crises(known)
    of_crises = filled.cells["weight"].to_numpy(dtype=float) * (filled.cells["outcome"] == Outcome.CRISIS).to_numpy()
    caught = exact_optimum.add_up(filled, {route: of_crises * (route is Route.CRISIS) for route in Route})
    limits = recall_floor.lower_limit(caught.crisis, float(weights.sum()), recall_floor.proofs(known))
    proven = replace(ordered, crisis=limits >= settings.crisis_recall_floor)
    return exact_optimum.add_budget(proven, alerts, settings.alerts_a_day * days)


def _decide(
    known: pd.DataFrame, cost: Terms, allowed: Allowed, here: Place | None, settings: Settings, nothing: float
) -> tuple[Answer, str, Place | None]:
    """The answer, why, and the best setting where there is one. `nothing`: a cost that is none."""
    reviewed, floor = known.loc[known["outcome"] != "", "outcome"], settings.crisis_recall_floor
    if reviewed.nunique() < 2:
        only = f"all {len(reviewed):,} reviewed are {reviewed.iloc[0]}" if len(reviewed) else "none is reviewed"
        return Answer.CANNOT_TELL, f"of {len(known):,} check-ins {only}, so that no setting can be judged", None
    if not allowed.crisis.any():
        there = say_count(round(recall_floor.proofs(known), 2))
        need = recall_floor.reviews_needed(floor)
        return Answer.REFUSED, (
            f"no crisis threshold is proven to reach {floor} of crises, 95 % sure: the reviewed crises count as "
            f"{there}, and {need:,} are needed where none is missed. Have more reviewed, above all of the routes "
            "of which few are"
        ), None  # fmt: skip
    best = exact_optimum.best(cost, allowed)
    if best is None:
        return Answer.REFUSED, (
            f"no setting keeps both the floor of {floor} and {settings.alerts_a_day:g} alerts on an average day; "
            "one of them has to give way, and that is for people to say"
        ), None  # fmt: skip
    best = _near(cost, allowed, best, here, nothing) if here else best
    if best == here:
        return Answer.KEEP, "no other setting costs less, and these keep the floor and the budget", best
    return Answer.PROPOSED, "of all settings that keep the floor and the budget it costs least", best


def _near(cost: Terms, allowed: Allowed, best: Place, here: Place, nothing: float) -> Place:
    """A setting of the same cost that leaves as many thresholds as it can where they are."""
    least, pinned = cost.at(best), allowed
    for name in NAMES:
        tried = exact_optimum.pin(pinned, here, [name])
        other = exact_optimum.best(cost, tried)
        if other and cost.at(other) <= least + max(SAME * abs(least), nothing):
            pinned, best = tried, other
    return best


def _single(cost: Terms, allowed: Allowed, here: Place) -> Place | None:
    """The best setting that moves one threshold alone."""
    tries = [exact_optimum.pin(allowed, here, [other for other in NAMES if other != name]) for name in NAMES]
    places = [place for one in tries if (place := exact_optimum.best(cost, one))]
    return min(places, key=cost.at, default=None)


def _require_agreement(one: Judged, grid: Grid, cost: Terms, alerts: Terms, nothing: float) -> None:
    """Raise NotAsWanted where the sweep says another cost or number of alerts than the router."""
    if (place := place_of(grid, one.numbers)) is None:
        return
    swept = (cost.at(place), alerts.at(place))
    if not np.allclose(swept, (one.cost, one.alerts), rtol=SAME, atol=(nothing, SAME)):
        raise NotAsWanted(
            f"of the setting {one.name} the sweep says cost and alerts {swept}, and the definition's own router "
            f"{(one.cost, one.alerts)}: they must agree, so nothing is shown. Report it with the record"
        )
