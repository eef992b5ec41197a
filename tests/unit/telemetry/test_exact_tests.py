"""What a number of successes proves of a share, and whether two differ: exact, at any size."""

from itertools import product

import numpy as np
import pytest
from drawn import CHANGE, EMPTY, counts
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lib.errors import BadParameters
from lib.telemetry import exact_tests
from lib.telemetry.exact_tests import Tally, p_value, possible, proven_share
from lib.telemetry.success_rate import compare, no_worse_part


@pytest.mark.parametrize(
    ("this", "other"),
    [((60, 60), (54, 60)), ((3, 3), (0, 3)), ((7, 12), (3, 15)), ((1000, 1000), (59, 60)), ((50, 60), (40, 60))],
)
def test_without_a_margin_it_is_barnards_test(this, other):
    table = [[this[0], other[0]], [this[1] - this[0], other[1] - other[0]]]
    known = stats.barnard_exact(table, alternative="greater").pvalue
    assert p_value(Tally(*this), Tally(*other)) == pytest.approx(known, abs=2e-6)


@pytest.mark.parametrize(
    ("n", "m", "margin"), [(8, 7, 0.1), (25, 12, 0.05), (12, 12, 0.0), (10, 20, -0.1), (5, 30, -0.05)]
)
def test_it_errs_no_more_often_than_it_says(n, m, margin):
    """Every outcome of every true pair of shares that differ by the margin or more, counted out."""
    small = np.array([[p_value(Tally(x, n), Tally(y, m), margin) for y in range(m + 1)] for x in range(n + 1)])
    for error, gap, level in product((0.05, 0.01), (0, 0.03, 0.2), np.linspace(0, 1, 101)):
        lower = level - margin - gap
        if lower < 0:
            continue
        chances = np.outer(
            stats.binom.pmf(np.arange(n + 1), n, min(1, lower)), stats.binom.pmf(np.arange(m + 1), m, level)
        )
        assert chances[small <= error].sum() <= error + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data(), st.sampled_from([-0.2, 0.0, 0.05, 0.3]))
def test_more_successes_never_make_it_less_sure(n, m, data, margin):
    """Of the other's, this need not hold to the last digit: the interval that is searched moves with them."""
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    here = p_value(Tally(x, n), Tally(y, m), margin)
    assert 0 <= here <= 1
    if x < n:
        assert p_value(Tally(x + 1, n), Tally(y, m), margin) <= here + 1e-9


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ((3, 3), (0, 3), "failed"),
        ((60, 60), (54, 60), "failed"),
        ((60, 60), (30, 60), "failed"),
        ((60, 60), (58, 60), "cannot tell"),
        ((60, 60), (12, 12), "cannot tell"),
        ((60, 60), (58, 58), "cannot tell"),
        ((60, 60), (59, 59), "passed"),
        ((60, 60), (90, 90), "passed"),
        ((50, 100), (100, 100), "passed"),
        ((10_000, 10_000), (9_993, 10_000), "passed"),
        ((60, 60), (0, 0), "cannot tell"),
        ((0, 0), (60, 60), "cannot tell"),
        ((0, 0), (0, 0), "cannot tell"),
        ((0, 100), (0, 100), "passed"),
    ],
)
def test_lower_is_shown_or_excluded_or_not_known(before, after, status):
    assert compare(Tally(*before), Tally(*after), 0.05, 0.05).status == status


@pytest.mark.parametrize("of", [1, 2, 5, 19, 58])
def test_a_few_good_ones_never_pass(of):
    assert compare(Tally(10**5, 10**5), Tally(of, of), 0.05, 0.05).status == "cannot tell"


def test_what_is_not_known_says_how_many_would_be_needed_and_that_many_are_enough():
    verdict = compare(Tally(60, 60), Tally(12, 12), 0.05, 0.05)
    assert "cannot tell at this number" in verdict.why
    assert "about 59 after would be needed" in verdict.why
    assert compare(Tally(60, 60), Tally(59, 59), 0.05, 0.05).status == "passed"
    never = compare(Tally(6, 10), Tally(6, 10), 0.05, 0.05)
    assert "no number after can show it against 10 before" in never.why


def test_a_fall_within_the_margin_passes_and_is_said():
    verdict = compare(Tally(10_000, 10_000), Tally(9_900, 10_000), 0.05, 0.05)
    assert verdict.status == "passed"
    assert "lower than before, and by less than the margin" in verdict.why


def test_a_year_of_checkins_is_compared_at_once():
    """A loop over all pairs of outcomes would take days."""
    assert compare(Tally(490_000, 500_000), Tally(489_800, 500_000), 0.02, 0.05).status == "passed"
    good = [number % 50 != 0 for number in range(300_000)]
    assert no_worse_part(good, Tally(490_000, 500_000), 0.02, 0.05)[0].status == "passed"


def test_thirty_of_thirty_failing_at_the_end_are_found_after_a_thousand_good_ones():
    verdict, part = no_worse_part([True] * 1000 + [False] * 30, Tally(1000, 1000), 0.05, 0.05)
    assert (verdict.status, part.last) == ("failed", 1029)
    assert verdict.why.startswith("the newest ")
    assert compare(Tally(1000, 1000), Tally(1000, 1030), 0.05, 0.05).status == "passed", "the whole hides it"


def test_what_a_number_proves():
    assert proven_share(Tally(20, 20), 0.05) == pytest.approx(0.05 ** (1 / 20))
    assert round(proven_share(Tally(20, 20), 0.05), 2) == 0.86
    assert (proven_share(Tally(0, 7), 0.05), proven_share(Tally(0, 0), 0.05)) == (0, 0)
    assert (possible(Tally(7, 7), 0.05), possible(Tally(0, 0), 0.05)) == (1, 1)
    low, high = stats.binomtest(9, 10).proportion_ci(0.9, method="exact")
    assert (proven_share(Tally(9, 10), 0.05), possible(Tally(9, 10), 0.05)) == pytest.approx((low, high))


def test_nearly_all_is_not_said_as_all():
    assert "99.9990%" in str(Tally(99_999, 100_000))
    assert exact_tests.percent(1.0) == "100.0%"


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    [(12, 12, 0.7575, 1.0), (0, 12, 0.0, 0.2425), (9, 10, 0.5958, 0.9821), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_against_published_values(good: int, total: int, low: float, high: float) -> None:
    assert exact_tests.wilson(good, total) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_is_unknown_and_of_nonsense_refused() -> None:
    assert all(bound != bound for bound in exact_tests.wilson(0, 0))
    with pytest.raises(BadParameters, match="3 successes of 2"):
        exact_tests.wilson(3, 2)


def test_success_rate_keeps_a_datapoint_across_the_change_apart() -> None:
    frame = counts(
        (3, "Succeeded", 5), (4.5, "Succeeded", 2), (4.5, "Failed", 1), (5, "Succeeded", 4), (5, "Aborted", 1)
    )
    table = exact_tests.success_rate(frame, CHANGE).set_index("when")
    assert list(table.index) == ["before", "across the change", "after"]
    assert list(table["succeeded"]) == [5, 2, 4]
    assert list(table["finished"]) == [5, 3, 5]
    assert table.loc["after", "rate"] == pytest.approx(0.8)


def test_success_rate_of_nothing_is_missing_not_zero() -> None:
    table = exact_tests.success_rate(EMPTY.astype({"value": float}), CHANGE)
    assert list(table["when"]) == ["before", "after"]
    assert table["rate"].isna().all()
    assert list(exact_tests.success_rate(counts((0, "Started", 9)), None)["when"]) == ["all"]
