"""Which route was taken is compared where it is known, and what says none agrees with nothing."""

import pytest
import tuned

from lib.phases.tuning import taken_routes

NOW = tuned.now()
CRISIS, CALM = tuned.risky(97, 0.9), tuned.risky(5, 0.9)


def compared(*pairs):
    """What is told of check-ins, each with the route that it took."""
    frame = tuned.checkins([answer for answer, _ in pairs]).assign(taken=[taken for _, taken in pairs])
    told = {row["they"]: row["so many check-ins"] for row in taken_routes.count_routes(frame, NOW)}
    return list(told.values()), taken_routes.differences(frame, NOW)


def test_each_is_counted_by_what_it_took_and_what_it_would_take_now():
    counts, moved = compared(
        (CRISIS, "crisis"), (CRISIS, "high"), (CRISIS, "high"), (CALM, "standard"), (CALM, ""), (CALM, "?"),
        (tuned.risky(60, 0.9), "unscored"),
    )  # fmt: skip
    assert counts == ["1", "2", "1", "1", "1", "1"]
    assert moved[0] == {"route taken": "high", "by the thresholds of now": "crisis", "check-ins": "2"}
    assert len(moved) == 3


@pytest.mark.parametrize("silent", [["", ""], ["", "?"], []])
def test_where_none_says_its_route_nobody_can_tell_and_nothing_is_zero(silent):
    counts, moved = compared(*((CRISIS, one) for one in silent))
    assert counts[:4] == ["cannot tell"] * 4 and moved == []
    assert counts[4:] == [str(silent.count("")), str(silent.count("?"))]


def test_a_lower_threshold_of_before_shows_as_a_higher_alert():
    frame = tuned.checkins([tuned.risky(90, 0.9)] * 3).assign(taken="crisis")
    (row,) = taken_routes.differences(frame, NOW)
    assert row == {"route taken": "crisis", "by the thresholds of now": "high", "check-ins": "3"}
