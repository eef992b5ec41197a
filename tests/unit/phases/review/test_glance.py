"""What the small charts of a review say: nothing that nobody knows is a zero, and nothing lost is left out."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
from delivered_alerts import NOW, WINDOW, deliveries
from sent_alerts import HOUR, alerts

from lib.checks import Check, Status
from lib.phases.review import glance
from lib.routes import Route
from lib.telemetry import outcomes
from lib.telemetry.deliveries import reconciliation
from lib.telemetry.deliveries.reconciliation import Place, Stage
from lib.values.check_registry import Id

CHECK = Check(Id.REAL_LATENCY, "q", Status.CANNOT_TELL, "", "")
NAN = float("nan")
FIRST, LAST = pd.Timestamp(HOUR), pd.Timestamp(NOW)


def drills(*seconds, route="crisis"):
    return pd.DataFrame({"route": [route] * len(seconds), "seconds": [*seconds]}).astype({"seconds": float})


def latency(sent, drilled=None):
    found = SimpleNamespace(deliveries=deliveries(sent), drills=drills() if drilled is None else drilled)
    return glance._latency(found, CHECK, 30)


def test_a_crisis_that_nobody_accepted_is_said_and_drawn_apart():
    refused = alerts(10).assign(seconds=NAN, refused=True)
    one = latency(refused)
    assert (one.after, one.apart) == ("1 of 1 accepted by NOBODY", (refused["sent"].iloc[0],))
    assert latency(alerts(10, 20).assign(seconds=[2.0, NAN])).after == "2 s slowest of 1, 1 without a time"


def test_only_crises_are_drawn_of_whom_the_verdict_is():
    sent = alerts(10, 20).assign(route=["crisis", "high"], seconds=[2.0, 300.0])
    one = latency(sent)
    assert (one.points["value"].tolist(), one.after) == ([2.0], "2 s slowest of 1")
    assert latency(alerts(10, route="high")).after == "no real crisis"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [((0.5, NAN, NAN), "2 of 3 drills' alerts LOST"), ((NAN,), "1 of 1 drills' alerts LOST"), ((), "no drill"),
     ((0.5, 1234.0), "1,234 s slowest drill")],
)  # fmt: skip
def test_a_lost_drill_is_never_left_out(seconds, said):
    assert latency(alerts(10), drills(*seconds)).before == said


def carried(*stages, begin=HOUR, end=NOW):
    compared = reconciliation.compare(stages, NOW, end)
    window = replace(WINDOW, since=begin, end=end)
    seen = replace(deliveries(stages[0].alerts), compared=compared, window=window)
    return glance._lost(SimpleNamespace(deliveries=seen, window=window), CHECK)


def test_where_nobody_counts_there_is_no_point_and_no_zero():
    one = carried(Stage(Place.RULE, "R", alerts(10), None), Stage(Place.DISPATCHER, "D", alerts(10), {HOUR: 1.0}))
    assert (len(one.points), one.after) == (0, "cannot tell in 1 of 1 hours, 1 alerts sent")


def test_one_alert_that_is_lost_at_every_place_is_one():
    one = carried(*(Stage(place, str(place), alerts(10), {}) for place in Place))
    assert (one.points["value"].tolist(), one.after) == ([1.0], "at least 1 missing, 1 alerts sent")
    assert carried(Stage(Place.RULE, "R", alerts(10), {HOUR: 1.0})).after == "0 missing, 1 alerts sent"


def test_an_hour_stands_where_its_part_of_the_window_is():
    begin, end = HOUR + timedelta(minutes=10), HOUR + timedelta(minutes=50)
    one = carried(Stage(Place.RULE, "R", alerts(20), {HOUR: 1.0}), begin=begin, end=end)
    assert one.points["time"].tolist() == [FIRST + timedelta(minutes=30)]


def crises(*hours, **attrs):
    rows = [(FIRST + timedelta(hours=at), "crisis", False) for at in hours]
    log = pd.DataFrame(rows, columns=["time", "route", "drill"])
    log.attrs.update(attrs)
    read = SimpleNamespace(routes_since=log, deliveries=deliveries(), window=WINDOW, forecast=None)
    return glance._route(read, Route.CRISIS, "How many crises?", CHECK, "w")


def test_what_the_log_holds_no_longer_is_a_gap_and_said():
    whole, cut = crises(3, 4), crises(3, 4, cut="the log is kept for 1 days")
    assert (whole.points["time"].min() < FIRST + timedelta(hours=1), whole.doubt) == (True, "")
    assert cut.points["time"].min() > FIRST + timedelta(hours=2.9)
    assert (cut.points["value"].sum(), cut.after, cut.doubt) == (
        2.0, "2 in a part of 5 h", "the log is kept for 1 days",
    )  # fmt: skip
    assert (len(crises(note="no log").points), crises(note="no log").after) == (0, "nothing is known")


def test_where_lines_of_the_log_are_no_events_no_zero_is_known():
    found = crises(3, 4, unreadable=7)
    assert (found.points["value"].tolist(), found.after) == ([1.0, 1.0], "at least 2 in 5 h")
    assert found.doubt == "7 lines of the log could not be read"


def success(*rows, compared=None):
    frame = pd.DataFrame(rows, columns=["started", "outcome", "when"]).assign(who="check-ins")
    window = replace(WINDOW, compared=compared)
    read = SimpleNamespace(seen=frame, split=outcomes.table(frame), deliveries=deliveries(), window=window)
    return glance._success(read, CHECK, FIRST, LAST)


def test_those_in_doubt_are_no_failures_and_no_successes():
    minutes = [FIRST + timedelta(minutes=at) for at in range(10)]
    rows = [(at, "in doubt" if number % 2 else "succeeded", "after") for number, at in enumerate(minutes)]
    one = success(*rows)
    assert (one.after, one.points["value"].tolist(), len(one.apart)) == ("5 of 5 (100.0%), 5 IN DOUBT", [100.0] * 2, 5)


def test_what_it_is_compared_with_is_cut_to_the_window_and_named():
    """The hour before the change beside ten minutes after it: what came later in that hour is beside nothing."""
    before = (HOUR - timedelta(hours=6), HOUR)
    rows = [(before[0] + timedelta(minutes=at), "failed" if at > 300 else "succeeded", "before") for at in range(360)]
    one = success(*rows, compared=before)
    assert set(one.beside["value"]) == {100.0}
    assert (one.beside["time"].max() < LAST, one.beside_is) == (True, "dotted: the time from 2026-03-01 04:00 on")
