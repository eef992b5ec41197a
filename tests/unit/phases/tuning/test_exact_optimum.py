"""The sweep equals the definition's own router over the rows, and its optimum every setting tried one by one."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from math import inf, nan, nextafter

import numpy as np
import pytest
import tuned
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import routes
from lib.asl.router import Router
from lib.definitions import templates, thresholds
from lib.phases.tuning import cube, exact_optimum
from lib.phases.tuning.cube import Grid
from lib.phases.tuning.exact_optimum import Allowed, Place
from lib.routes import Route
from lib.telemetry import checkin_frames

GRID = Grid((0.0, 10.0, 29.0, 57.5, 58.0, 99.0), (-0.99, -0.29, 0.57))
DEFINITION = templates.definition(tuned.LOCAL)

near_risks = [value for edge in GRID.risks for value in (edge, nextafter(edge, inf), nextafter(edge, -inf))]
near_sentiments = [value for edge in GRID.sentiments for value in (edge, nextafter(edge, inf), nextafter(edge, -inf))]
odd = st.sampled_from([None, "50", True, [], {}, nan, inf, -inf, 10**400, -(10**400), -1, 1, 100, 101, -1.5, 1.5, 0])
answers = st.fixed_dictionaries(
    {},
    optional={
        "risk_score": st.sampled_from(near_risks) | st.floats(0, 100) | odd,
        "score": st.sampled_from(near_sentiments) | st.floats(-1, 1) | odd,
        "trajectory": st.sampled_from(["declining", "stable", "Declining", None, 5, ["declining"]]),
    },
)
many = st.lists(answers, min_size=1, max_size=25)


def places():
    for proactive, moderate, high, crisis in combinations(range(len(GRID.risks)), 4):
        for sentiment in range(len(GRID.sentiments)):
            yield Place(crisis, high, moderate, proactive, sentiment)


def numbers(place):
    axes = {"sentiment": GRID.sentiments}
    return {one.placeholder: axes.get(one.name, GRID.risks)[getattr(place, one.name)] for one in routes.THRESHOLDS}


def amounts_of(filled, seed):
    """Whole numbers, so that sums are exact."""
    drawn = np.random.default_rng(seed)
    count = filled.cells["count"].to_numpy()
    return {route: count * float(drawn.integers(-20, 20)) for route in Route}


@cache
def router_at(place):
    return Router(thresholds.with_thresholds(DEFINITION, numbers(place)))


@settings(max_examples=40)
@given(many, st.sampled_from([*places()]))
def test_the_sum_of_a_setting_is_the_routers_over_the_rows(rows, place):
    frame = tuned.checkins(rows)
    filled = cube.fill(frame, GRID)
    routed = router_at(place).routes(checkin_frames.cells(frame)).value_counts()
    for route in Route:
        ones = {other: filled.cells["count"].to_numpy(dtype=float) * (other is route) for other in Route}
        assert exact_optimum.add_up(filled, ones).at(place) == routed.get(route, 0), route


def tried(terms, allowed):
    """Every allowed setting by itself, with its sum."""
    for place in places():
        inside = allowed.crisis[place.crisis] and allowed.high[place.high]
        pair = place.moderate, place.sentiment
        if inside and allowed.first[pair] <= place.proactive <= allowed.last[pair]:
            yield place, terms.at(place)


def some_allowed(filled, seed):
    drawn, every = np.random.default_rng(seed), exact_optimum.all_ordered(filled)
    first, last = (drawn.integers(-1, len(GRID.risks), every.last.shape) for _ in range(2))
    return Allowed(
        drawn.random(every.crisis.shape) < 0.7, drawn.random(every.high.shape) < 0.8,
        np.maximum(every.first, first), np.minimum(every.last, last),
    )  # fmt: skip


@settings(max_examples=50)
@given(many, st.integers(0, 9999), st.booleans())
def test_the_best_setting_is_the_one_that_trying_all_finds(rows, seed, bounded):
    filled = cube.fill(tuned.checkins(rows), GRID)
    terms = exact_optimum.add_up(filled, amounts_of(filled, seed))
    allowed = some_allowed(filled, seed) if bounded else exact_optimum.all_ordered(filled)
    every = dict(tried(terms, allowed))
    found = exact_optimum.best(terms, allowed)
    if found is None:
        assert not every
    else:
        assert found in every
        assert terms.at(found) == min(every.values())


@settings(max_examples=20)
@given(many, st.integers(0, 9999))
def test_the_cheapest_of_each_pair_is_the_one_that_trying_all_finds(rows, seed):
    filled = cube.fill(tuned.checkins(rows), GRID)
    terms, allowed = exact_optimum.add_up(filled, amounts_of(filled, seed)), some_allowed(filled, seed)
    least = np.full((len(GRID.risks), len(GRID.sentiments)), inf)
    for place, total in tried(terms, allowed):
        least[place.moderate, place.sentiment] = min(total, least[place.moderate, place.sentiment])
    np.testing.assert_array_equal(exact_optimum.cheapest(terms, allowed), least)


@settings(max_examples=20)
@given(many, st.integers(0, 9999), st.booleans())
def test_the_frontier_is_what_no_other_setting_beats(rows, seed, bounded):
    filled = cube.fill(tuned.checkins(rows), GRID)
    count, drawn = filled.cells["count"].to_numpy(dtype=float), np.random.default_rng(seed)
    danger = count * drawn.integers(0, 2, len(count))
    alerts = exact_optimum.add_up(filled, {route: count * (route is not Route.NONE) for route in Route})
    missed = exact_optimum.add_up(filled, {route: danger * (route is Route.NONE) for route in Route})
    allowed = some_allowed(filled, seed) if bounded else exact_optimum.all_ordered(filled)
    every = {(alerts.at(place), missed.at(place)) for place, _ in tried(alerts, allowed)}
    expected = [one for one in every if not any(o != one and o[0] <= one[0] and o[1] <= one[1] for o in every)]
    assert [tuple(row) for row in exact_optimum.frontier(alerts, missed, allowed).tolist()] == sorted(expected)


def test_a_pinned_threshold_stays_where_it_is():
    filled = cube.fill(tuned.checkins([tuned.risky(40)]), GRID)
    terms = exact_optimum.add_up(filled, amounts_of(filled, 1))
    here = Place(crisis=5, high=3, moderate=2, proactive=1, sentiment=0)
    names = [one.name for one in routes.THRESHOLDS]
    assert exact_optimum.best(terms, exact_optimum.pin(exact_optimum.all_ordered(filled), here, names)) == here
    found = exact_optimum.best(terms, exact_optimum.pin(exact_optimum.all_ordered(filled), here, ["high", "sentiment"]))
    assert found and (found.high, found.sentiment) == (3, 0)


@settings(max_examples=50)
@given(many, st.integers(0, 9999), st.integers(0, 27))
def test_a_budget_allows_what_trying_all_finds_within_it(rows, seed, most):
    filled = cube.fill(tuned.checkins(rows), GRID)
    count = filled.cells["count"].to_numpy(dtype=float)
    alerts = exact_optimum.add_up(filled, {route: count * (route is not Route.NONE) for route in Route})
    cost, every = exact_optimum.add_up(filled, amounts_of(filled, seed)), exact_optimum.all_ordered(filled)
    bounded = exact_optimum.add_budget(every, alerts, most)
    affordable = {place: cost.at(place) for place, many in tried(alerts, every) if many <= most}
    assert dict(tried(cost, bounded)) == affordable
    found = exact_optimum.best(cost, bounded)
    assert (found is None) == (not affordable)
    assert found is None or cost.at(found) == min(affordable.values())


def test_a_sum_that_grows_with_the_proactive_threshold_is_no_budget():
    filled = cube.fill(tuned.checkins([tuned.risky(40, trajectory="declining")]), GRID)
    calm = exact_optimum.add_up(filled, {route: np.ones(1) * (route is Route.NONE) for route in Route})
    with pytest.raises(ValueError, match="grows with the proactive threshold"):
        exact_optimum.add_budget(exact_optimum.all_ordered(filled), calm, 1)


@pytest.mark.parametrize("allowed", ["crisis", "high", "last"])
def test_where_nothing_is_allowed_there_is_no_best(allowed):
    filled = cube.fill(tuned.checkins([tuned.risky(40)]), GRID)
    every = exact_optimum.all_ordered(filled)
    none = replace(every, **{allowed: np.full_like(getattr(every, allowed), -1 if allowed == "last" else False)})
    assert exact_optimum.best(exact_optimum.add_up(filled, amounts_of(filled, 1)), none) is None
