"""The backtest's counting, its checks and its chart. No AWS."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from lib import backtest, backtest_charts, drawing, render, settings
from lib.backtest import Backtest, counted
from rehearsal import baseline

LOCAL = settings.load("local")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def found(before, after, **more):
    given = {"unreadable": 0, "executions": 3, "all_listed": True} | more
    return Backtest(NOW - timedelta(days=90), NOW, counted(before, after), **given)


def statuses(test):
    return {check.name.removeprefix("backtest: "): check.status for check in backtest.checks(test)}


def test_moves_are_counted_and_a_lower_alert_comes_first():
    moves = counted(
        ["none", "none", "standard", "standard", "standard", "failed"],
        ["none", "crisis", "standard", "none", "unscored", "unscored"],
    )
    assert list(moves["alert"]) == ["lower", "higher", "other", "other", "same", "same"]
    assert list(moves.iloc[0][["from", "to", "count"]]) == ["standard", "none", 1]
    assert moves["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("old", "new", "alert"),
    [
        ("standard", "none", "lower"),
        ("standard", "proactive", "lower"),
        ("failed", "none", "lower"),
        ("message", "proactive", "lower"),
        ("crisis", "high", "lower"),
        ("none", "proactive", "higher"),
        ("standard", "high", "higher"),
        ("standard", "unscored", "other"),
        ("none", "none", "same"),
        ("none", "failed", "lower"),
        ("standard", "failed", "lower"),
        ("failed", "failed", "same"),
    ],
)
def test_each_kind_of_move(old, new, alert):
    assert list(counted([old], [new])["alert"]) == [alert]


def test_a_lower_alert_and_what_could_not_be_read_wait_for_people():
    assert set(statuses(found(["none"] * 3, ["crisis"] * 3)).values()) == {"passed"}
    assert statuses(found(["standard"], ["none"]))["nobody would get a LOWER alert than today"] == "waiting"
    assert statuses(found(["none"], ["none"], unreadable=2))["every recorded object is readable"] == "waiting"


def test_a_new_definition_that_fails_on_a_past_check_in_has_failed():
    assert (
        statuses(found(["none"] * 3, ["none", "none", "failed"]))["the new definition fails on no check-in"] == "failed"
    )
    same = statuses(found(["failed"] * 3, ["failed"] * 3))
    assert same["the new definition fails on no check-in"] == "passed"  # as today


def test_many_more_executions_than_check_ins_wait_for_people():
    assert statuses(found(["none"] * 2, ["none"] * 2))["the bucket tells of every execution"] == "waiting"


def test_more_executions_than_are_read_are_said():
    rows = {row["what"]: row["count"] for row in backtest.totals(found(["none"], ["none"], all_listed=False))}
    assert rows["executions that AWS lists, without drills"] == "3 of the latest 20,000"


def test_a_checkin_without_scores_is_routed_by_both():
    history = pd.DataFrame(
        {"risk_score": [float("nan"), 98.0], "score": [float("nan"), -0.7], "trajectory": ["unknown", "stable"]}
    )
    assert backtest.routes(baseline.definition(LOCAL), history) == ["none", "standard"]
    assert backtest.routes(render.definition(LOCAL), history) == ["unscored", "crisis"]


def test_where_aws_fails_the_execution_the_word_is_failed():
    definition = baseline.definition(LOCAL)
    definition["States"]["CheckSentiment"]["Choices"][0]["And"][1]["Variable"] = "$.checkinResult.gone"
    history = pd.DataFrame({"risk_score": [10.0], "score": [0.1], "trajectory": ["stable"]})
    assert backtest.routes(definition, history) == ["failed"]


def test_the_chart_says_the_numbers_and_an_empty_one_says_why():
    moves = counted(["none", "none", "standard", "standard"], ["none", "crisis", "standard", "none"])
    said = drawing.describe(backtest_charts.moves(moves))
    assert said.endswith("2 of 4 would change route: 1 to a higher alert, 1 to a LOWER one")
    assert drawing.png(backtest_charts.moves(moves))[:4] == b"\x89PNG"
    empty = backtest_charts.moves(counted([], []), "no check-in is recorded in that time")
    assert "no check-in is recorded" in drawing.describe(empty)
