"""Alerts against what was counted behind them: what is lost is named, and nothing that nobody counted is equal."""

import random
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from sent_alerts import HOUR, alerts

from lib.telemetry.deliveries import count_matching, reconciliation
from lib.telemetry.deliveries.reconciliation import Others, Place, Stage, compare

NEXT = HOUR + timedelta(hours=1)
NOW = HOUR + timedelta(hours=5)


def states(counted, *moments, now=NOW, own_only=True, **more):
    stage = Stage(Place.RULE, "R", alerts(*moments, **more), counted, own_only)
    found = compare([stage], now)
    return {row.hour: (row.state, row.missing) for row in found.itertuples(index=False)}


def test_as_many_as_were_sent_are_equal():
    assert states({HOUR: 3.0}, 10, 20, 30) == {HOUR: ("as many", 0)}


def test_one_that_was_not_counted_is_lost_and_its_executions_are_named():
    stage = Stage(Place.RULE, "R", alerts(10, 20, 30, drills=(2,)), {HOUR: 2.0})
    (row,) = compare([stage], NOW).to_dict("records")
    assert (row["state"], row["missing"], row["check-ins"], row["drills"]) == ("LOST", 1, 2, 1)
    assert row["executions"] == ["c0", "c1", "c2"]


def test_a_surplus_of_another_hour_makes_up_for_nothing():
    assert states({HOUR: 1.0, NEXT: 9.0}, 20, 30) == {HOUR: ("LOST", 1), NEXT: ("more than was sent", 0)}


@pytest.mark.parametrize(("sent", "counted"), [(59.5, NEXT), (60.5, HOUR)])
def test_at_the_turn_of_an_hour_it_may_be_counted_in_the_other(sent, counted):
    assert "LOST" not in {state for state, _ in states({counted: 1.0}, sent).values()}


def test_each_count_stands_for_one_alert_also_at_the_turn():
    found = states({HOUR: 1.0, NEXT: 1.0}, 57, 58, 62)
    assert sum(missing for _, missing in found.values()) == 1 and "LOST" in {state for state, _ in found.values()}
    found = states({HOUR: 1.0, NEXT: 2.0}, 57, 58, 62)
    assert {missing for _, missing in found.values()} == {0}


def test_at_the_turn_those_of_both_hours_are_named():
    stage = Stage(Place.RULE, "R", alerts(10, 58, 62, 100), {HOUR: 2.0, NEXT: 1.0})
    (lost,) = [row for row in compare([stage], NOW).to_dict("records") if row["state"] == "LOST"]
    assert {"c1", "c2"} <= {*lost["executions"]}


def test_where_nobody_counts_nobody_can_tell():
    assert states(None, 10, 20) == {HOUR: ("cannot tell", pd.NA)}


def by_hour(*stages):
    return reconciliation.missing_by_hour(compare(stages, NOW)).values.tolist()


def test_an_alert_that_is_missing_at_every_place_is_one_alert():
    places = [Stage(place, str(place), alerts(10, 20), {HOUR: 1.0}) for place in Place]
    assert by_hour(*places) == [[HOUR, 1.0, True]]
    assert by_hour(places[0]) == [[HOUR, 1.0, False]]
    assert by_hour(replace(places[0], name="another"), *places) == [[HOUR, 2.0, True]]


def test_of_an_hour_in_which_one_place_counts_nothing_no_number_is_known_but_what_is_lost_elsewhere():
    nobody, all_of_them = Stage(Place.RULE, "R", alerts(10), None), Stage(Place.DISPATCHER, "D", alerts(10), {HOUR: 1})
    ((_, missing, at_least),) = by_hour(nobody, all_of_them)
    assert (missing != missing, at_least) == (True, True)
    assert by_hour(nobody, replace(all_of_them, counted={})) == [[HOUR, 1.0, True]]
    assert by_hour(all_of_them) == [[HOUR, 0.0, False]]


def test_where_a_place_counts_and_has_nothing_of_this_all_are_lost():
    assert states({}, 10, 20) == {HOUR: ("LOST", 2)}


def test_what_was_just_sent_is_not_counted_yet():
    now = HOUR + timedelta(minutes=22)
    assert states({HOUR: 1.0}, 10, 20, now=now) == {HOUR: ("not counted yet", pd.NA)}
    assert states({}, 10, 20, now=now) == {HOUR: ("LOST", 1)}


def test_of_what_the_log_does_not_show_a_difference_is_no_loss_and_no_pass():
    assert states({HOUR: 1.0}, 10, 20, way="not shown") == {HOUR: ("cannot tell", 1)}


def test_more_is_said_only_where_nothing_else_is_counted():
    assert states({HOUR: 3.0}, 10) == {HOUR: ("more than was sent", 0)}
    assert states({HOUR: 3.0}, 10, own_only=False) == {HOUR: ("as many", 0)}


def test_what_was_lost_comes_first():
    stages = [Stage(Place.RULE, "A", alerts(10), {HOUR: 1.0}), Stage(Place.DISPATCHER, "B", alerts(10), {})]
    assert list(compare(stages, NOW)["state"]) == ["LOST", "as many"]


def test_as_few_as_possible_stay_without_a_count():
    near = [HOUR + timedelta(minutes=minute) for minute in (56, 57, 63, 100)]
    made = [reconciliation._alert(row) for row in alerts(56, 57, 63, 100).itertuples(index=False)]
    assert [one.sent for one in made] == near
    assert count_matching.match(made, {HOUR: 2.0, NEXT: 2.0}) == ([], {HOUR: 0, NEXT: 0})
    assert count_matching.match(made, {HOUR: 3.0, NEXT: 1.0})[0] == []
    assert len(count_matching.match(made, {HOUR: 1.0, NEXT: 2.0})[0]) == 1


def test_the_count_of_one_that_was_just_sent_makes_up_for_none_that_was_lost_before():
    now = NEXT + timedelta(minutes=8)
    # The one at 58 was lost; the two after the turn were counted, one of them a minute ago.
    found = states({HOUR: 1.0, NEXT: 2.0}, 10, 58, 62, 67, now=now)
    assert {state for state, _ in found.values()} & {"LOST", "not counted yet"}
    assert {state for state, _ in states({HOUR: 2.0, NEXT: 2.0}, 10, 58, 62, 67, now=now).values()} == {"as many"}


def test_what_is_counted_of_those_sent_after_the_end_stands_for_none_that_was_lost_before_it():
    """A time that ended long ago, at minute 20: its counts go on for some minutes, and so do others' alerts."""
    end, stage = HOUR + timedelta(minutes=20), Stage(Place.RULE, "R", alerts(10, 19, 22, 23), {HOUR: 3.0})
    (row,) = compare([stage], NOW, end).to_dict("records")
    assert (row["state"], row["sent"], row["counted"], row["executions"]) == ("cannot tell", 2, 1.0, ["c0", "c1"])
    (row,) = compare([replace(stage, counted={HOUR: 4.0})], NOW, end).to_dict("records")
    assert (row["state"], row["missing"], row["sent"], row["counted"]) == ("as many", 0, 2, 2.0)
    (row,) = compare([replace(stage, counted={HOUR: 1.0})], NOW, end).to_dict("records")
    assert (row["state"], row["missing"]) == ("LOST", 1)


def test_that_one_sent_after_the_end_has_no_count_says_nothing_of_a_time_without_alerts():
    stage = Stage(Place.RULE, "R", alerts(22, 23), {HOUR: 1.0})
    (row,) = compare([stage], NOW, HOUR + timedelta(minutes=20)).to_dict("records")
    assert (row["state"], row["missing"], row["sent"]) == ("as many", 0, 0)


def beside(counted, *moments, messages=(), now=NOW, **more):
    """How an hour's alerts compare at a topic, to which somebody else's messages were sent at these minutes."""
    of_alarms = tuple(count_matching.around(HOUR + timedelta(minutes=minute)) for minute in messages)
    stage = Stage(Place.PUBLISHED, "T", alerts(*moments), counted, False, Others(of_alarms, **more))
    return {row.hour: (row.state, row.missing) for row in compare([stage], now).itertuples(index=False)}


def test_what_an_alarm_published_stands_for_no_alert_that_was_lost():
    """The page of a crisis is lost, and the alarm that tells of it publishes that it went off and is quiet again."""
    surely = {"messages": (25, 40), "surely": True, "said": True}
    assert beside({HOUR: 2.0}, 20, **surely) == {HOUR: ("LOST", 1)}
    assert beside({HOUR: 3.0}, 20, **surely) == {HOUR: ("as many", 0)}
    assert beside({HOUR: 4.0}, 20, **surely) == {HOUR: ("more than was sent", 0)}
    assert beside({HOUR: 2.0}, messages=(25, 40), surely=True, said=True) == {HOUR: ("as many", 0)}


def test_what_was_perhaps_counted_too_leaves_it_open_whether_one_was_lost():
    assert beside({HOUR: 2.0}, 20, messages=(25, 40)) == {HOUR: ("cannot tell", 1)}
    assert beside({HOUR: 3.0}, 20, messages=(25, 40)) == {HOUR: ("as many", 0)}
    assert beside({HOUR: 0.0}, 20, messages=(25, 40)) == {HOUR: ("LOST", 1)}


def test_of_a_message_that_nobody_counted_no_alert_hours_away_is_blamed():
    late = count_matching.around(NEXT + timedelta(minutes=30))
    stage = Stage(Place.PUBLISHED, "T", alerts(20), {HOUR: 1.0}, False, Others((late,), surely=True))
    assert set(compare([stage], NOW)["state"]) == {"as many"}


def test_every_subscribers_copy_is_one_and_what_a_filter_let_go_by_is_none_that_is_missing():
    """Two subscribers: as many copies as alerts are one alert of two that reached both, or two that reached one."""
    assert beside({HOUR: 4.0}, 20, 30, copies=2) == {HOUR: ("as many", 0)}
    assert beside({HOUR: 2.0}, 20, 30, copies=2) == {HOUR: ("cannot tell", 1)}
    assert beside({HOUR: 1.0}, 20, 30, copies=2) == {HOUR: ("LOST", 1)}
    assert beside({HOUR: 2.0}, 20, 30, copies=2, filtered={HOUR: 2.0}) == {HOUR: ("as many", 0)}
    assert beside({HOUR: 1.0, NEXT: 1.0}, 59, copies=2)[HOUR] == ("as many", 0)


@pytest.mark.parametrize("seed", range(20))
def test_of_those_in_the_same_hours_the_nearest_is_taken(seed):
    chance = random.Random(seed)
    mine, lacking = (
        [count_matching.around(HOUR + timedelta(minutes=chance.randrange(600))) for _ in range(number)]
        for number in (40, 25)
    )
    mine.sort(key=lambda one: one.sent)
    left, taken = list(mine), []
    for one in lacking:
        if near := [other for other in left if other.first <= one.last and one.first <= other.last]:
            taken.append(min(near, key=lambda other: abs(other.sent - one.sent)))
            left.remove(taken[-1])
    assert count_matching.nearest(lacking, mine, 25) == taken
    assert count_matching.nearest(lacking, mine, 3) == taken[:3]


def test_where_half_of_many_were_lost_each_is_held_against_those_of_its_hours_alone():
    """Against all of them a review of four weeks would not come to its end."""
    looks = []

    class Watched(count_matching.Alert):
        @property
        def first(self):
            looks.append(1)
            return count_matching.around(self.sent).first

        @first.setter
        def first(self, value):
            pass

    every = [count_matching.around(HOUR + timedelta(minutes=20 * number)) for number in range(2_000)]
    mine = [Watched(one.sent, one.first, one.last) for one in every]
    assert len(count_matching.nearest(every[::2], mine, 1_000)) == 1_000
    assert len(looks) < 40 * len(every)


def test_where_it_is_forgotten_what_alarms_sent_nobody_can_tell():
    assert beside({HOUR: 1.0}, 20, known_since=NEXT) == {HOUR: ("cannot tell", pd.NA)}
    assert beside({HOUR: 1.0}, 20, known_since=HOUR) == {HOUR: ("as many", 0)}
    assert beside({HOUR: 1.0}, known_since=NEXT) == {HOUR: ("as many", 0)}
