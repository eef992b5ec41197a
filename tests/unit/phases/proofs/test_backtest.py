"""The backtest's counting, its checks and its chart. No AWS."""

import json
import math
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from backtested import NEW, NOW, OLD, found, statuses

from lib.asl.answer_fields import answer_fields
from lib.asl.router import Router
from lib.errors import NotAsWanted
from lib.phases.proofs import backtest, backtest_checks, started_executions
from lib.phases.proofs.backtest import Backtest, Started, count_moves
from lib.telemetry import checkin_frames, executions, metrics
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.checkin_reading import cell


def test_moves_are_counted_and_a_lower_alert_comes_first():
    moves = count_moves(
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
    assert list(count_moves([old], [new])["alert"]) == [alert]


class Counting:
    """What Step Functions lists and CloudWatch counts, and what was asked of them."""

    def __init__(self, monkeypatch, listed, started):
        self.asked = []
        monkeypatch.setattr(executions, "list_executions", lambda live, start, most: self.list(listed, most))
        monkeypatch.setattr(metrics, "executions", lambda live, start, end: self.count(started))

    def list(self, names, most):
        self.asked.append("list")
        rows = [{"name": name, "started": NOW - timedelta(days=1)} for name in names[:most]]
        return executions.Listing(rows, "more" if len(names) > most else "")

    def count(self, started):
        self.asked.append("count")
        if isinstance(started, Exception):
            raise started
        rows = [("ExecutionsStarted", count) for count in started] + [("ExecutionsFailed", 7.0)]
        return pd.DataFrame(rows, columns=["metric", "value"])


def since(days):
    return started_executions.count_started(None, datetime.now(UTC) - timedelta(days=days), datetime.now(UTC))


def test_a_list_that_comes_to_its_end_counts_without_drills(monkeypatch):
    Counting(monkeypatch, ["checkin-1", "drill-1", "checkin-2"], [])
    assert since(90) == Started(2, "listed by Step Functions, without drills", drills=1)


def test_a_list_that_is_cut_counts_nothing_and_cloudwatch_does(monkeypatch):
    counting = Counting(monkeypatch, ["checkin"] * 20_500, [400_000.0, 445_000.0])
    assert since(90) == Started(845_000, "counted by CloudWatch, drills included")
    assert counting.asked == ["list", "count"]


@pytest.mark.parametrize("started", [[], [0.0], [19_999.0], NotAsWanted("AccessDenied")])
def test_a_cut_list_without_a_count_is_no_count(monkeypatch, started):
    Counting(monkeypatch, ["checkin"] * 20_500, started)
    assert since(90).count is None
    test = found(["none"] * 3, ["none"] * 3, executions=since(90).count)
    assert statuses(test)["the bucket tells of every execution"] == "cannot tell"


def test_what_step_functions_has_forgotten_is_not_listed(monkeypatch):
    counting = Counting(monkeypatch, ["checkin"], [5000.0])
    assert since(365).count == 5000
    assert counting.asked == ["count"]


def history(*answers, definitions=(OLD, NEW)):
    """Recorded check-ins as the reading keeps them for these definitions."""
    fields = backtest.merge_needs(backtest.USUAL, *map(answer_fields, definitions))
    names = sorted(name for name in {*fields.compared, *fields.passed} if name != "text")
    cells = [tuple(cell(fields, name, answer) for name in names) for answer in answers]
    return checkin_frames.frame([Answer("user-1", NOW, row) for row in cells], names)


def routes(definition, *answers, definitions=()):
    cells = checkin_frames.cells(history(*answers, definitions=definitions or (definition,)))
    return list(Router(definition).routes(cells[backtest.fields_held(cells)]))


def test_a_checkin_without_scores_is_routed_by_both():
    answers = (
        {"risk_score": None, "score": None, "trajectory": "unknown"},
        {"risk_score": 98.0, "score": -0.7, "trajectory": "stable"},
    )
    assert routes(OLD, *answers) == ["none", "standard"]
    assert routes(NEW, *answers) == ["unscored", "crisis"]


@pytest.mark.parametrize("odd", [{"score": math.nan}, {"risk_score": math.nan}, {"risk_score": math.inf}])
def test_of_an_answer_that_is_no_json_nobody_can_tell_and_it_is_no_crisis_that_was_told(odd):
    """On AWS Step Functions cannot read such an answer, whatever its other fields say."""
    full = {"risk_score": 98.0, "score": -0.7, "trajectory": "stable"}
    cells = checkin_frames.cells(history(full, {**full, **odd}))
    assert [*backtest.routes_of(Router(NEW), cells[backtest.fields_held(cells)])] == ["crisis", "cannot tell"]
    test = found(["standard", "cannot tell"], ["crisis", "cannot tell"], no_json=1)
    said = {check.name: (str(check.status), check.found) for check in backtest_checks.checks(test)}
    lower = said["backtest: nobody would get a LOWER alert than today"]
    assert lower[0] == "cannot tell" and "of 1 nobody can tell: a score is NaN or Infinity, no JSON" in lower[1]
    assert "decides by" not in lower[1]


@pytest.mark.parametrize(
    ("answer", "route"),
    [
        ({"risk_score": 98}, "failed"),
        ({"risk_score": 98, "score": None}, "none"),
        ({"risk_score": 98, "score": "-0.9"}, "none"),
        ({"risk_score": 98, "score": -0.9}, "standard"),
    ],
)
def test_a_field_that_an_answer_lacks_is_not_null_to_the_definition_of_today(answer, route):
    """The definition before guards its comparison, and then puts the score into its output."""
    assert routes(OLD, answer) == [route]


def deciding_by(path, operator, wanted, guarded=False):
    """The definition of today, if it decided by something else than the score."""
    today = deepcopy(OLD)
    rule = {"Variable": path, operator: wanted}
    today["States"]["CheckSentiment"]["Choices"] = [
        {"And": [{"Variable": path, "IsPresent": True}, rule], "Next": "TriggerAlert"}
        if guarded
        else {**rule, "Next": "TriggerAlert"}
    ]
    return today


FULL = {
    "risk_score": 10, "score": 0.5, "trajectory": "stable", "sentiment": "negative", "alertTriggered": True,
    "aiMetadata": {"ensemble_used": True, "votes": 3},
}  # fmt: skip


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("path", "operator", "wanted", "field"),
    [
        ("$.checkinResult.sentiment", "StringEquals", "negative", "sentiment"),
        ("$.checkinResult.sentiment", "StringMatches", "neg*", "sentiment"),
        ("$.checkinResult.alertTriggered", "BooleanEquals", True, "alertTriggered"),
        ("$.checkinResult.aiMetadata.ensemble_used", "BooleanEquals", True, "aiMetadata.ensemble_used"),
        ("$.checkinResult.aiMetadata.votes", "NumericGreaterThan", 2, "aiMetadata.votes"),
    ],
)
def test_a_definition_that_takes_another_field_is_routed_by_it_or_nobody_can_tell(
    path, operator, wanted, field, guarded
):
    today = deciding_by(path, operator, wanted, guarded)
    held = routes(today, FULL)
    assert held == (["cannot tell"] if operator == "StringMatches" else ["standard"])  # no words are kept for a pattern
    bare = {"risk_score": 10, "score": 0.5, "trajectory": "stable"}
    assert routes(today, bare) == ["cannot tell"]
    test = found(routes(today, bare), routes(NEW, bare), unheld=(field,))
    assert test.lower.empty and test.changing == 0
    (check,) = [check for check in backtest_checks.checks(test) if "LOWER" in check.name]
    assert check.status == "cannot tell"
    assert f"a definition decides by {field}, which the bucket does not hold" in check.found
    assert Backtest.part.fget(test) == ""


def test_a_field_that_only_some_answers_lack_was_lacking_there():
    today = deciding_by("$.checkinResult.sentiment", "StringEquals", "negative")
    other = {"risk_score": 10, "score": 0.5, "trajectory": "stable"}
    assert routes(today, FULL, other, {**other, "sentiment": "calm"}) == ["standard", "failed", "none"]


def test_the_field_is_found_where_the_answer_lies():
    """Under `Payload`, behind a ResultSelector, and after a Pass state has moved it."""
    invoked = deciding_by("$.checkinResult.Payload.sentiment", "StringEquals", "negative")
    invoked["States"]["ProcessCheckin"]["Resource"] = "arn:aws:states:::lambda:invoke"
    invoked["States"]["ProcessCheckin"]["Parameters"] = {"FunctionName": "any", "Payload.$": "$"}
    for state in ("TriggerAlert", "CheckinComplete"):
        text = json.dumps(invoked["States"][state]).replace("$.checkinResult.", "$.checkinResult.Payload.")
        invoked["States"][state] = json.loads(text)
    assert routes(invoked, FULL) == ["standard"]
    selected = deciding_by("$.checkinResult.mood", "StringEquals", "negative")
    kept_of_it = {"score.$": "$.score", "text.$": "$.text", "mood.$": "$.sentiment"}
    selected["States"]["ProcessCheckin"]["ResultSelector"] = kept_of_it
    assert routes(selected, FULL) == ["standard"]
    moved = deciding_by("$.facts.mood", "StringEquals", "negative")
    moved["States"]["Moves"] = {
        "Type": "Pass",
        "Parameters": {"mood.$": "$.checkinResult.sentiment"},
        "ResultPath": "$.facts",
        "Next": "CheckSentiment",
    }
    moved["States"]["ProcessCheckin"]["Next"] = "Moves"
    assert routes(moved, FULL) == ["standard"]
    assert set(answer_fields(moved).compared) == {"sentiment"}


def test_what_is_only_passed_on_is_taken_to_be_there():
    today = deepcopy(OLD)
    today["States"]["CheckinComplete"]["Parameters"]["model.$"] = "$.checkinResult.aiMetadata.model"
    assert routes(today, {"score": 0.5}) == ["none"]
    assert routes(today, {"score": -0.9}) == ["standard"]


def test_a_part_of_a_list_is_refused_by_name():
    with pytest.raises(backtest.BadParameters, match="a part of a list"):
        Router(deciding_by("$.checkinResult.scores[0]", "NumericLessThan", 0))


def test_where_aws_fails_the_execution_the_word_is_failed():
    definition = deepcopy(OLD)
    definition["States"]["CheckSentiment"]["Choices"][0]["And"][1]["Variable"] = "$.userId.gone"
    assert routes(definition, {"risk_score": 10.0, "score": 0.1, "trajectory": "stable"}) == ["failed"]
