"""How long and how often: what is typed, and the grid on which checkpoints stand."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.errors import BadParameters
from lib.phases.watch import pace
from lib.phases.watch.pace import Pace

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86_400), ("2d", 172_800), (" 1h ", 3600)]
)
def test_a_time_is_typed_as_people_say_it(text, seconds):
    assert pace.duration(text, "--for") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "15", "m", "-15m", "1.5h", "15 m", "15min", "1e3s", "1h30m", "\u0665m", "9999999s"]
)
def test_what_is_no_time_is_one_sentence_that_says_what_is(text):
    with pytest.raises(BadParameters, match=r"^--every .*: expected a number and s, m, h or d, such as 90s, 15m or"):
        pace.duration(text, "--every")


@pytest.mark.parametrize("text", ["0s", "0h", "000m"])
def test_no_time_at_all_is_refused(text):
    with pytest.raises(BadParameters, match="no time at all; expected more than zero"):
        pace.duration(text, "--for")


def test_an_interval_longer_than_the_watch_is_refused_with_both():
    with pytest.raises(BadParameters, match="--every 2h is longer than --for 1h"):
        Pace(NOON, timedelta(hours=1), timedelta(hours=2))


def test_looks_are_no_closer_than_what_cloudwatch_counts():
    with pytest.raises(BadParameters, match=r"--every 59s is too often.*expected 1m or more"):
        Pace(NOON, timedelta(hours=1), timedelta(seconds=59))
    assert Pace(NOON, timedelta(hours=1), timedelta(minutes=1)).planned == 61


@pytest.mark.parametrize(
    ("length", "said"),
    [(timedelta(hours=24), "24h"), (timedelta(minutes=90), "1h 30m"), (timedelta(seconds=90), "90s"),
     (timedelta(seconds=61), "61s"), (timedelta(minutes=15), "15m"), (timedelta(0), "0s")],
)  # fmt: skip
def test_a_length_is_said_as_short_as_it_is_exact(length, said):
    assert pace.in_words(length) == said


@pytest.mark.parametrize("text", ["90s", "15m", "90m", "36h", "2d", "61s"])
def test_a_length_is_typed_again_as_it_was(text):
    assert pace.as_typed(pace.duration(text, "--for")) == text
    assert pace.as_typed(pace.duration("24h", "--for")) == "1d"


def test_the_grid_begins_with_the_watch_and_ends_at_its_end():
    day = Pace(NOON, timedelta(hours=24), QUARTER)
    assert (day.planned, day.until) == (97, NOON + timedelta(hours=24))
    assert day.due_after(NOON) == NOON + QUARTER
    assert day.due_after(NOON + timedelta(minutes=14, seconds=59)) == NOON + QUARTER
    assert day.due_after(day.until - timedelta(seconds=1)) == day.until == day.due_after(day.until)
    odd = Pace(NOON, timedelta(minutes=40), QUARTER)
    assert (odd.planned, odd.due_after(NOON + timedelta(minutes=31))) == (4, odd.until)


@pytest.mark.parametrize(
    ("late", "missed"),
    [(0, 0), (59, 0), (61, 1), (15 * 60, 1), (15 * 60 + 61, 2), (3 * 3600 + 61, 13), (100 * 3600, 96)],
)
def test_a_gap_counts_every_planned_checkpoint_that_it_swallowed(late, missed):
    day = Pace(NOON, timedelta(hours=24), QUARTER)
    due = NOON + QUARTER
    assert day.missed(due, due + timedelta(seconds=late)) == missed


def test_an_end_beside_the_grid_is_missed_as_well():
    odd = Pace(NOON, timedelta(minutes=40), QUARTER)
    assert odd.missed(NOON + QUARTER, NOON + timedelta(hours=5)) == 3  # at 15, 30 and 40 minutes
    assert odd.missed(odd.until, NOON + timedelta(hours=5)) == 1


def test_the_first_checkpoint_looks_back_to_the_change_but_no_further_than_a_day():
    at = NOON - timedelta(minutes=20)
    assert pace.since_change(at, NOON, QUARTER) == at
    assert pace.since_change(NOON - timedelta(days=9), NOON, QUARTER) == NOON - timedelta(days=1)
    assert pace.since_change(None, NOON, QUARTER) == pace.since_change(NOON, NOON, QUARTER) == NOON - QUARTER
