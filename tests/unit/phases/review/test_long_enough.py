"""A review that is made too early says so, and neither criterion on what real check-ins did passes by it."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.checks import Check
from lib.phases.review import long_enough
from lib.telemetry.review_window import Cutover, Window
from lib.values.check_registry import Id

CHANGE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def window(length, later=None, since=None):
    change = Cutover(CHANGE, CHANGE, CHANGE, later=later)
    return Window(CHANGE - timedelta(hours=1), CHANGE + length, change, since)


def criteria(status="passed"):
    return [Check(one, str(one), status, "x", "y") for one in (Id.CRITERION_1, Id.CRITERION_3, Id.CRITERION_4)]


def test_three_minutes_pass_nothing_that_rests_on_the_time_since():
    early = window(timedelta(minutes=3))
    found = long_enough.check(early)
    assert (found.status, "too early, so review it again after 2026-03-02 12:00 UTC" in found.found) == (
        "cannot tell",
        True,
    )
    decided = long_enough.without_early_passes(criteria(), early)
    assert [one.status for one in decided] == ["passed", "cannot tell", "cannot tell"]
    assert decided[1].found.startswith("3 min, from")  # what decides stands first


def test_a_day_is_enough_and_changes_no_answer():
    whole = window(timedelta(hours=24))
    assert long_enough.check(whole).status == "passed"
    assert long_enough.without_early_passes(criteria(), whole) == criteria()


@pytest.mark.parametrize("status", ["failed", "waiting", "not applied"])
def test_an_early_failure_is_one_all_the_same(status):
    decided = long_enough.without_early_passes(criteria(status), window(timedelta(minutes=3)))
    assert decided == criteria(status)


def test_a_day_that_another_deployment_cut_short_cannot_become_longer():
    found = long_enough.check(window(timedelta(hours=5), later=CHANGE + timedelta(hours=5)))
    assert (found.status, "no more can be seen" in found.found) == ("cannot tell", True)


def test_a_part_of_the_time_since_is_not_a_day():
    assert long_enough.check(window(timedelta(hours=30), since=CHANGE + timedelta(hours=10))).status == "cannot tell"


def test_without_a_moment_of_the_change_nobody_can_tell():
    found = long_enough.check(Window(CHANGE, CHANGE + timedelta(days=2), None))
    assert (found.status, found.found) == ("cannot tell", "no moment of a change is known")
