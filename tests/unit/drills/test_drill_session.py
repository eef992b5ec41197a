"""What is told of a drill and of a session: how late, which events in which order, whose drills."""

import pytest
from drilled import drill, received

from lib.drills.drill_session import Received, Session


def test_a_drill_is_as_late_as_its_last_message():
    one = drill(messages=[received("trusted", 0.5), received("trusted", 2.25), received("operations", 9)])
    assert (one.latency("trusted"), one.latency("operations"), one.latency("events")) == (2.25, 9.0, None)
    assert [message.channel for message in one.alerts] == ["trusted", "trusted", "operations"]


def test_events_and_the_rules_behind_which_they_came_are_told_in_order_one_an_arrival():
    events = [received("events", **{"detail-type": kind}) for kind in ("B", "A", "B")]
    behind = [received("rules", rule=name) for name in ("Two", "One")]
    one = drill(messages=[*events, received("events", odd=1), *behind])
    assert (one.events, one.rules) == (["", "A", "B", "B"], ["One", "Two"])


def test_a_session_gives_the_drills_of_the_groups_that_are_asked_for():
    found = Session([drill(group="a"), drill(group="b"), drill(group="c")])
    assert [one.group for one in found.of("c", "a")] == ["a", "c"]
    assert found.of() == []


@pytest.mark.parametrize(
    ("message", "is_drill"),
    [
        (Received("trusted", 0, "", {}, "for drill-operations"), True),
        (Received("trusted", 0, "[DRILL] Your6", {}, ""), True),
        (Received("trusted", 0, "Your6", {"drill": True}, ""), True),
        (Received("trusted", 0, "Your6", {"drill": "yes"}, "for jim"), False),
        (Received("trusted", 0, "Your6", {}, "for jim"), False),
    ],
)
def test_a_message_that_says_in_any_way_that_it_is_a_drills_is_one(message, is_drill):
    assert message.is_drill("drill-operations") is is_drill
