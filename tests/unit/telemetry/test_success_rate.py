"""The exact tests of success rates: against published ones, against their own error rate, and on the cases that
a comparison of intervals let pass. No AWS."""

import numpy as np
import pytest

from lib.errors import BadParameters
from lib.telemetry.exact_tests import Tally
from lib.telemetry.success_rate import at_least, no_worse_part, stretches


@pytest.mark.parametrize("good", [[True] * 500 + [False] * 30 + [True] * 500, [False] * 30 + [True] * 2000])
def test_a_bad_half_hour_that_is_over_is_found_too(good):
    verdict, part = no_worse_part(good, Tally(1000, 1000), 0.05, 0.05)
    assert verdict.status == "failed"
    assert verdict.why.startswith("a stretch of ")
    assert not all(good[part.first : part.last + 1])


@pytest.mark.parametrize("good", [[True] * 98 + [False] * 2, [True] * 18 + [False] * 2])
def test_newest_ones_that_look_worse_and_are_too_few_to_show_it_do_not_pass(good):
    verdict, _ = no_worse_part(good, Tally(1000, 1000), 0.05, 0.05)
    assert (verdict.status, "of the newest 20" in verdict.why) == ("cannot tell", True)


@pytest.mark.parametrize("good", [[], [True] * 4, [False] * 4, [True] * 5, [True] * 19])
def test_of_hardly_any_checkin_no_part_can_be_looked_at(good):
    verdict, part = no_worse_part(good, Tally(1000, 1000), 0.05, 0.05)
    assert (verdict.status, part) == ("cannot tell", None)


def test_a_few_that_fail_at_the_end_are_found_among_few():
    assert no_worse_part([True] * 5 + [False] * 5, Tally(1000, 1000), 0.05, 0.05)[0].status == "failed"


def test_without_any_before_no_part_can_be_called_worse():
    assert no_worse_part([True] * 100, Tally(0, 0), 0.05, 0.05)[0].status == "cannot tell"


def test_it_says_which_parts_were_looked_at():
    verdict, _ = no_worse_part([True] * 50, Tally(60, 60), 0.05, 0.05)
    assert verdict.status == "passed"
    assert "the newest 5, 10, 20, 40, 50" in verdict.why


def test_an_ordinary_account_is_seldom_alarmed():
    """With 3 % that fail before and after, hardly one account in twenty is told anything but that all is well."""
    chance = np.random.default_rng(7)
    told = [
        no_worse_part((chance.random(400) > 0.03).tolist(), Tally(1940, 2000), 0.02, 0.05)[0].status for _ in range(40)
    ]
    assert told.count("failed") == 0
    assert told.count("passed") >= 38


def test_the_looks_share_one_error():
    found = stretches([True] * 100, Tally(100, 100), 0.05)
    assert all(one.chance <= 1 for one in found)
    assert {one.tally.of for one in found} == {5, 10, 20, 40, 80, 100}


@pytest.mark.parametrize(
    ("tally", "status"),
    [((1, 1000), "failed"), ((20, 20), "cannot tell"), ((59, 59), "passed"), ((0, 0), "cannot tell")],
)
def test_a_share_is_shown_or_excluded_or_not_known(tally, status):
    assert at_least(Tally(*tally), 0.95, 0.05).status == status


def test_nonsense_is_refused():
    with pytest.raises(BadParameters, match="3 successes of 2"):
        Tally(3, 2)
