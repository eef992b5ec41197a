"""The tuning looks at the days that the parameters say, and at the review's window where they say none."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.errors import BadParameters
from lib.settings import load, with_changes
from lib.telemetry import review_window
from lib.telemetry.review_window import Cutover, Window

START, END = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
USUAL = Window(START, END, None)


def chosen(**given):
    window = review_window.of_tuning(USUAL, with_changes(load("local"), **given))
    return window.start, window.end


def test_each_end_is_as_the_parameters_say_or_as_it_is():
    assert chosen() == (START, END)
    assert chosen(tuning_from="2026-01-01") == (datetime(2026, 1, 1, tzinfo=UTC), END)
    assert chosen(tuning_to="2026-01-11T18:30") == (START, datetime(2026, 1, 11, 18, 30, tzinfo=UTC))


def test_an_end_before_the_beginning_is_refused():
    with pytest.raises(BadParameters, match="would go from 2026-01-11 00:00 to 2026-01-11 00:00 UTC; expected"):
        chosen(tuning_from="2026-01-11", tuning_to="2026-01-11")


def test_what_has_not_been_yet_is_not_looked_at():
    assert chosen(tuning_to="2026-02-01") == (START, END)
    with pytest.raises(BadParameters, match="from 2026-01-20 00:00 to 2026-01-12 00:00 UTC, which is now"):
        chosen(tuning_from="2026-01-20", tuning_to="2026-02-01")


@pytest.mark.parametrize(
    "said",
    ["yesterday", "2026-02-30", "2026-01-31T18:00+02:00", "2026-01-31+02:00", "31.1.2026", "0001-01-01", "9999-12-31"],
)
def test_what_is_no_day_is_refused_by_name(said):
    with pytest.raises(BadParameters, match=r"parameter tuning_from: found .* which is no day and no moment"):
        chosen(tuning_from=said)


def test_what_is_looked_at_begins_with_the_change_also_where_its_moment_lies_between_two():
    between = Cutover(START, START, START + timedelta(minutes=3))
    assert Window(START, END, None).from_change
    assert Window(START, END, between).from_change
    assert Window(START, END, between, since=START).from_change
    assert not Window(START, END, between, since=START + timedelta(minutes=4)).from_change
