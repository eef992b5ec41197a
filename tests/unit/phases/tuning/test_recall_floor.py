"""How many reviewed crises a floor needs, by the exact limits."""

import pandas as pd
import pytest
from scipy import stats

from lib.phases.tuning import recall_floor
from lib.telemetry import exact_tests
from lib.telemetry.exact_tests import Tally


@pytest.mark.parametrize(("floor", "needed"), [(0.95, 59), (0.99, 299), (0.999, 2995)])
def test_with_no_miss_it_needs_so_many(floor, needed):
    assert recall_floor.reviews_needed(floor) == needed
    assert stats.binomtest(needed, needed, floor, "greater").pvalue <= 0.05
    assert stats.binomtest(needed - 1, needed - 1, floor, "greater").pvalue > 0.05


def test_one_that_is_missed_makes_it_need_more():
    assert recall_floor.reviews_needed(0.95, 1) == 93
    assert recall_floor.lower_limit(92, 93, 93) >= 0.95 > recall_floor.lower_limit(91, 92, 92)


@pytest.mark.parametrize(("caught", "of"), [(0, 5), (3, 5), (5, 5), (58, 59)])
def test_equal_weights_give_clopper_and_pearsons_limit(caught, of):
    assert recall_floor.lower_limit(caught, of, of) == pytest.approx(exact_tests.proven_share(Tally(caught, of), 0.05))


def test_of_no_crisis_nothing_is_proven():
    assert recall_floor.lower_limit([0, 0], 0, 0).tolist() == [0, 0]


def test_unequal_weights_say_less_than_their_number():
    assert recall_floor.effective_size(pd.Series([1.0] * 8)) == pytest.approx(8)
    assert recall_floor.effective_size(pd.Series([10.0] + [1.0] * 7)) == pytest.approx(17**2 / 107)
    assert recall_floor.effective_size(pd.Series([], dtype=float)) == 0


def test_the_table_says_what_there_is_and_marks_the_floor_of_the_parameters():
    frame = pd.DataFrame({"outcome": ["crisis"] * 60 + ["none"] * 500, "weight": 1.0})
    rows = recall_floor.table(frame, 0.97)
    assert [row["reviewed crises needed, none missed"] for row in rows] == [59, 99, 299, 2995]
    assert [row["enough"] for row in rows] == ["yes", "NO", "NO", "NO"]
    assert [row[""] for row in rows] == ["", "crisis_recall_floor", "", ""]
    assert {row["reviewed crises there are, counted by weight"] for row in rows} == {"60"}
