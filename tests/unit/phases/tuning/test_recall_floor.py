"""How many reviewed crises a floor needs, by the exact limits."""

import numpy as np
import pandas as pd
import pytest
import tuned
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


def sampled(of_alerted, of_calm):
    """All 60 crises of 60 check-ins with a crisis alert; and of 3,000 others so many reviewed, none a crisis."""
    alerted = pd.DataFrame({"outcome": "crisis", "weight": 60 / of_alerted}, index=range(of_alerted))
    calm = pd.DataFrame({"outcome": "none", "weight": 3000 / of_calm}, index=range(of_calm))
    frame = pd.concat([alerted, calm], ignore_index=True)
    return frame.assign(userId=[f"user-{at}" for at in frame.index])


def test_crises_that_a_thin_sample_cannot_have_seen_are_not_taken_to_be_none():
    """Of 60 reviewed of 3,000 none is a crisis: up to 146 may be, and then under a third of all were reached."""
    frame = sampled(60, 60)
    assert recall_floor.proofs(frame) == pytest.approx(1.2)
    reached = float(recall_floor.lower_limit(60, 60, recall_floor.proofs(frame)))
    assert reached < 60 / (60 + 146)
    assert recall_floor.table(frame, 0.95)[0]["enough"] == "NO"


def test_where_all_are_reviewed_as_thoroughly_each_crisis_counts():
    assert recall_floor.proofs(sampled(60, 3000)) == 60
    assert recall_floor.table(sampled(60, 3000), 0.95)[0]["enough"] == "yes"
    assert recall_floor.proofs(sampled(60, 3000).assign(outcome="none")) == 0


def test_the_table_says_what_there_is_and_marks_the_floor_of_the_parameters():
    frame = pd.DataFrame({"outcome": ["crisis"] * 60 + ["none"] * 500, "weight": 1.0, "userId": map(str, range(560))})
    rows = recall_floor.table(frame, 0.97)
    assert [row["reviewed crises needed, none missed"] for row in rows] == [59, 99, 299, 2995]
    assert [row["enough"] for row in rows] == ["yes", "NO", "NO", "NO"]
    assert [row[""] for row in rows] == ["", "crisis_recall_floor", "", ""]
    assert {row[THERE] for row in rows} == {"60"}


THERE = "reviewed crises there are, of different people and in units of the largest weight"


def test_crises_of_the_same_people_prove_what_people_do():
    """A score misses a person each time: of 25 people with 40 crises each, 25 of 25 prove 0.887 and not 0.997."""
    frame = pd.DataFrame({"outcome": "crisis", "weight": 1.0, "userId": [f"user-{at % 25}" for at in range(1000)]})
    assert recall_floor.proofs(frame) == pytest.approx(25)
    assert float(recall_floor.lower_limit(1000, 1000, recall_floor.proofs(frame))) == pytest.approx(0.887, abs=1e-3)
    assert recall_floor.table(frame, 0.95)[0]["enough"] == "NO"
    caught = 40 * np.random.default_rng(0).binomial(25, 0.94, 4000)  # who is missed is missed each time
    assert (recall_floor.lower_limit(caught, 1000, recall_floor.proofs(frame)) >= 0.95).mean() <= 0.05


@pytest.mark.parametrize(
    ("share", "effective", "most"),
    [(0.0, 59, 1 - 0.05 ** (1 / 59)), (0.3, 10, 0.6066), (1.0, 10, 1), (1 + 1e-12, 10, 1), (0.0, 0, 1)],
)
def test_of_what_reviews_found_more_may_be_there_and_never_more_than_all(share, effective, most):
    assert recall_floor.upper_limit(share, effective) == pytest.approx(most, abs=1e-4)


def test_a_floor_is_said_in_full_and_so_is_how_many_reviews_there_are():
    many = tuned.checkins([tuned.risky(97)] * 12_345, ["crisis"] * 12_345, users=20_000)
    row = recall_floor.table(many, 0.99999)[-1]
    assert row["the crisis alert reaches at least"] == "0.99999 of crises"
    assert "12,345" in row.values()
