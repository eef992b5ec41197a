"""The cube loses no check-in, and a score next to a threshold is on the side on which the workflow sees it."""

import math
from decimal import Decimal

import pytest
import tuned
from hypothesis import given
from hypothesis import strategies as st

from lib.phases.tuning import cube
from lib.phases.tuning.cube import Grid

THRESHOLDS = tuned.LOCAL.thresholds
SMALL = Grid((10.0, 20.0), (-0.5, 0.5))


def binned(answer, grid=SMALL):
    (row,) = cube.fill(tuned.checkins([answer]), grid).cells.to_dict("records")
    return row["risk"], row["sentiment"], row["declining"]


def test_the_grid_holds_what_a_parameters_file_can_say_and_the_values_of_now():
    grid = cube.grid_around({**THRESHOLDS, "ModerateRiskAbove": 50.5})
    assert 50.5 in grid.risks and len(grid.risks) == 101
    assert len(grid.sentiments) == 199
    assert all(value == float(str(round(Decimal(value), 2))) for value in grid.sentiments)
    assert -0.29 in grid.sentiments and 0.57 in grid.sentiments


def test_a_value_of_now_that_no_definition_may_have_is_not_on_the_grid():
    assert len(cube.grid_around({**THRESHOLDS, "CrisisRiskAbove": 100, "SentimentBelow": -1}).risks) == 100


def test_there_are_as_many_settings_as_the_issue_says():
    grid = Grid(tuple(map(float, range(101))), tuple(value / 100 for value in range(-100, 101)))
    assert grid.combinations == 820_667_925


@pytest.mark.parametrize("risk", [0.57, 10, 29.0, 58])
def test_a_score_at_a_threshold_is_not_above_it_and_its_neighbour_is(risk):
    grid = Grid((risk,), (0.0,))
    above, below = math.nextafter(risk, 200), math.nextafter(risk, -200)
    assert [binned(tuned.risky(one), grid)[0] for one in (below, risk, above)] == [0, 0, 1]


@pytest.mark.parametrize("sentiment", [-0.6, 0.29, 0.57])
def test_a_sentiment_at_a_threshold_is_not_below_it_and_its_neighbour_is(sentiment):
    grid = Grid((10.0,), (sentiment,))
    above, below = math.nextafter(sentiment, 2), math.nextafter(sentiment, -2)
    assert [binned(tuned.risky(5, one), grid)[1] for one in (below, sentiment, above)] == [0, 1, 1]


@pytest.mark.parametrize("risk", [None, "97", True, [], -0.1, 100.5, math.nan, math.inf, -math.inf, 10**400])
def test_a_risk_that_no_rule_can_use_has_a_bin_of_its_own(risk):
    assert binned(tuned.risky(risk))[0] == 3
    assert binned({"score": 0.5})[0] == 3


@pytest.mark.parametrize("sentiment", [None, "low", False, {}, 1.5, math.nan, math.inf, 10**400])
def test_a_sentiment_that_no_rule_can_use_has_a_bin_of_its_own(sentiment):
    assert binned(tuned.risky(5, sentiment))[1] == 3


@pytest.mark.parametrize("sentiment", [-5, -math.inf, -(10**400)])
def test_a_sentiment_below_all_is_below_every_threshold(sentiment):
    assert binned(tuned.risky(5, sentiment))[1] == 0


def test_what_nobody_knows_is_said_to_be_unknown():
    frame = tuned.checkins([tuned.risky(5), {"risk_score": "?"}, {}])
    assert cube.which_known(frame).tolist() == [True, False, True]


def test_nothing_is_an_empty_cube():
    assert cube.fill(tuned.checkins([]), SMALL).cells.empty


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["", "none", "crisis"])), min_size=1, max_size=60))
def test_no_check_in_is_lost_or_counted_twice(rows):
    frame = tuned.checkins([tuned.risky(risk) for risk, _ in rows], [outcome for _, outcome in rows], 2.5)
    cells = cube.fill(frame, SMALL).cells
    assert cells["count"].sum() == len(rows)
    assert cells["weight"].sum() == 2.5 * len([outcome for _, outcome in rows if outcome])
    assert not cells[cube.AXES].duplicated().any()
