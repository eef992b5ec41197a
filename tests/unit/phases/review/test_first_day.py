"""The first 24 hours beside the whole time: cut out of what was read, and no answer before they are over."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
from delivered_alerts import deliveries
from sent_alerts import HOUR, alerts

from lib.checks import Check
from lib.phases.review import first_day
from lib.settings import load
from lib.telemetry import outcomes
from lib.telemetry.deliveries import reconciliation
from lib.telemetry.deliveries.reconciliation import Place, Stage
from lib.telemetry.review_window import Cutover, Window
from lib.values.check_registry import Id

S = load("local")
DAY = timedelta(days=1)
HOURS = timedelta(hours=1)


def executions(*failing, hours=48):
    """One check-in every six minutes, from a day before the change on; those of these hours since then fail."""
    rows = []
    for number in range(-240, hours * 10):
        at = HOUR + number * HOURS / 10
        status = "FAILED" if number >= 0 and number // 10 in failing else "SUCCEEDED"
        rows.append({"arn": f"e:c{number}", "name": f"c{number}", "status": status, "started": at,
                     "stopped": at + timedelta(seconds=2), "version": ""})  # fmt: skip
    frame = outcomes.outcome_rows(rows, HOUR + hours * HOURS, S.long_execution_seconds, HOUR, HOUR)
    frame.attrs |= {"cut": "", "end": HOUR + hours * HOURS}
    return frame


def window(hours=48, since=None, later=None, compared=None):
    return Window(HOUR - HOURS, HOUR + hours * HOURS, Cutover(HOUR, HOUR, HOUR, later=later), since, compared)


def read(over=None, seen=None, sent=None, counted=None):
    over, sent = over or window(), alerts(10, 20) if sent is None else sent
    stage = Stage(Place.RULE, "R", sent, {HOUR: float(len(sent))} if counted is None else counted)
    of = replace(deliveries(sent), window=over, compared=reconciliation.compare([stage], over.end))
    taken = [(pd.Timestamp(HOUR) + timedelta(minutes=5 * n), "none", f"e{n}", False) for n in range(500)]
    whole = [Check(one, str(one), "failed", "of all", "x") for one in (Id.SUCCESS_RATE, Id.RECONCILED, Id.NO_NEW_KIND)]
    kinds = pd.DataFrame(columns=["kind", "before", "after", "latest", "such as"])
    return SimpleNamespace(
        window=over, deliveries=of, seen=executions() if seen is None else seen, kinds=kinds, forecast=None,
        routes=pd.DataFrame(taken, columns=["time", "route", "execution", "drill"]), undisturbed=whole, alerts=[],
    )  # fmt: skip


def first(of):
    day = first_day.of_review(of, S)
    return day, {one.id: one for one in day.answers}


def test_a_bad_second_day_leaves_the_first_as_it_was_and_the_other_way_round():
    _, good = first(read(seen=executions(30, 31, 32, 33)))
    assert (good[Id.SUCCESS_RATE].status, good[Id.NO_WORSE_PART].status) == ("passed", "passed")
    day, bad = first(read(seen=executions(5, 6, 7, 8)))
    assert (bad[Id.SUCCESS_RATE].status, bad[Id.NO_WORSE_PART].status) == ("failed", "failed")
    assert (day.check_ins, day.until) == (240, HOUR + DAY)


def test_an_alert_that_was_lost_on_the_second_day_is_none_of_the_first():
    late = alerts(10, 20, 26 * 60)
    _, answers = first(read(sent=late, counted={HOUR: 2.0}))
    assert answers[Id.RECONCILED].status == "passed"
    assert "2 alerts of check-ins" in answers[Id.RECONCILED].found
    _, answers = first(read(sent=late, counted={HOUR: 1.0, HOUR + 26 * HOURS: 1.0}))
    assert answers[Id.RECONCILED].status == "failed"


def test_what_is_in_a_queue_now_is_not_said_of_a_day_that_is_past():
    _, answers = first(read())
    assert (answers[Id.UNDELIVERED].status, "queue" in answers[Id.UNDELIVERED].found) == ("passed", False)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        (window(hours=3), "not over yet: until 2026-03-02 10:00 UTC"),
        (window(hours=30, since=HOUR + HOURS), "not looked at: this time begins at 2026-03-01 11:00 UTC"),
        (window(hours=5, later=HOUR + 5 * HOURS), "never over: since 2026-03-01 15:00 UTC something else runs"),
        (Window(HOUR, HOUR + 2 * DAY, None), "no moment of a change is known"),
    ],
)
def test_where_nobody_can_answer_for_it_each_row_says_why(over, says):
    of = read(over)
    day, answers = first(of)
    assert answers == {} and says in day.instead
    rows = first_day.rows(day, of)
    assert [row["what"] for row in rows] == ["check-ins", str(Id.SUCCESS_RATE), str(Id.RECONCILED)]
    assert {row["first 24 h"] for row in rows} == {day.instead}
    assert [row["the whole time"] for row in rows] == ["", "failed", "failed"]
    assert first_day.data(day)["instead"] == day.instead


def test_the_rows_hold_both_answers_beside_each_other():
    of = read()
    day, _ = first(of)
    rows = {row["what"]: row for row in first_day.rows(day, of)}
    assert (rows["check-ins"]["in these 24 h"], rows["check-ins"]["in all of it"]) == ("240 began", "480 began")
    rate = rows[str(Id.SUCCESS_RATE)]
    assert (rate["first 24 h"], rate["the whole time"], rate["in all of it"]) == ("passed", "failed", "of all")


def test_it_is_compared_with_as_long_a_time_of_the_week_before():
    frame = executions()
    before = (HOUR - DAY, HOUR + DAY)  # of two days; the first of them is the day before the change here
    cut = first_day._executions(read(window(compared=before), frame), HOUR + DAY)
    assert len(cut) == 480
    shifted = (HOUR - DAY - 2 * HOURS, HOUR + DAY)
    assert len(first_day._executions(read(window(compared=shifted), frame), HOUR + DAY)) == 460
