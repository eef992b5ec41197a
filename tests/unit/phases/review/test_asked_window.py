"""Which time a review looks at: from the change, or as asked; with the same hours of a week before the change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lib.errors import BadParameters
from lib.phases.review import asked_window
from lib.phases.review.request import Asked
from lib.settings import load
from lib.telemetry.review_window import Cutover

CHANGE = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LOCAL = load("local")
BACK = timedelta(minutes=LOCAL.review_minutes)


def cutover(later=None):
    return Cutover(CHANGE, CHANGE, CHANGE, later=later)


def window(now, asked=None, later=None, compared=None):
    return asked_window._window(LOCAL, cutover(later), asked or Asked(), now, compared)


def compared(monkeypatch, now, counted=True, asked=None, later=None):
    seen = []
    monkeypatch.setattr(
        asked_window, "_any_started", lambda live, first, last: bool(seen.append((first, last)) or counted)
    )
    live = type("Live", (), {"settings": LOCAL})
    return asked_window._compared(live, cutover(later), asked or Asked(), now), seen[0]


def test_by_itself_it_looks_from_the_change_until_now():
    found = window(CHANGE + 2 * DAY)
    assert (found.after, found.end, found.start) == (CHANGE, CHANGE + 2 * DAY, CHANGE - BACK)


def test_a_later_deployment_moves_no_moment_and_ends_the_time_that_is_looked_at():
    found = window(CHANGE + 2 * DAY, later=CHANGE + DAY)
    assert (found.change_at, found.end) == (CHANGE, CHANGE + DAY)
    assert "something else runs since" in str(asked_window.fields(found))


def test_a_time_that_was_asked_for_is_looked_at():
    since, until = CHANGE + DAY, CHANGE + 2 * DAY
    found = window(CHANGE + 9 * DAY, Asked(since, until))
    assert (found.start, found.after, found.end) == (since, since, until)


def test_a_time_that_ends_before_the_change_is_refused():
    with pytest.raises(BadParameters, match="the change was at 2026-03-01 12:00:00; expected an --until after it"):
        window(CHANGE + DAY, Asked(None, CHANGE - HOUR))


def test_a_time_that_begins_after_something_else_began_to_run_is_refused_with_both_times():
    said = r"begins at 2026-03-01 20:00:00 UTC and ends at 2026-03-01 17:00:00, from when on something else runs;"
    with pytest.raises(BadParameters, match=said):
        window(CHANGE + 2 * DAY, Asked(CHANGE + 8 * HOUR), later=CHANGE + 5 * HOUR)
    with pytest.raises(BadParameters, match=r"begins at 2026-03-01 13:00:00 UTC and ends at 2026-03-01 12:30:00;"):
        window(CHANGE + HOUR / 2, Asked(CHANGE + HOUR))


def test_it_is_compared_with_the_same_hours_of_the_week_before(monkeypatch):
    (span, why), _ = compared(monkeypatch, CHANGE + 2 * DAY)
    assert span == (CHANGE - 7 * DAY, CHANGE - 5 * DAY)
    assert why == "the same hours of the week before"


def test_of_more_than_a_week_it_is_as_many_weeks_before_as_lie_before_the_change(monkeypatch):
    (span, why), _ = compared(monkeypatch, CHANGE + 10 * DAY)
    assert span == (CHANGE - 14 * DAY, CHANGE - 4 * DAY)
    assert "2 weeks before" in why
    (span, _), _ = compared(monkeypatch, CHANGE + 30 * DAY, asked=Asked(CHANGE + 20 * DAY, CHANGE + 21 * DAY))
    assert span == (CHANGE - DAY, CHANGE)


def test_where_there_is_no_such_time_it_says_so_and_takes_the_time_right_before(monkeypatch):
    (span, why), asked = compared(monkeypatch, CHANGE + DAY, counted=False)
    assert asked == (CHANGE - 7 * DAY, CHANGE - 6 * DAY)
    assert span == (CHANGE - BACK, CHANGE)
    assert why.startswith("no execution was counted in the same hours of the week before, from 2026-02-22 12:00")


def test_what_is_counted_before_and_after_are_two_times(monkeypatch):
    week, _ = compared(monkeypatch, CHANGE + DAY)
    found = window(CHANGE + DAY, compared=week)
    assert found.spans == ((CHANGE - 7 * DAY, CHANGE - 6 * DAY), (CHANGE, CHANGE + DAY))


def test_the_operators_zone_stands_beside_utc_also_where_the_clock_is_put_forward():
    night = Cutover(*[datetime(2026, 3, 29, 0, 30, tzinfo=UTC)] * 3)
    found = asked_window._window(LOCAL, night, Asked(), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None)
    rows = {row[""]: row for row in asked_window.fields(found, ZoneInfo("Europe/Berlin"))}
    assert rows["looked at from"]["here"] == "2026-03-29 01:30:00 CET (+0100)"
    assert rows["until"]["here"] == "2026-03-29 03:30:00 CEST (+0200)"
    assert rows["until"]["why"] == "60 min are looked at"
