"""The backtest's counting, its checks and its chart. No AWS."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from lib import settings
from lib.asl.answer_fields import AnswerFields, answer_fields, redact
from lib.asl.router import Router
from lib.definitions import templates
from lib.display.charts import backtest_charts, style
from lib.errors import NotAsWanted
from lib.phases.proofs import backtest, backtest_checks
from lib.phases.proofs.backtest import Backtest, Started, count_moves
from lib.telemetry import checkin_frames, executions, metrics
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.checkin_reading import cell
from lib.telemetry.checkins import Coverage
from rehearsal.account import baseline

LOCAL = settings.load("local")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = baseline.definition(LOCAL), templates.definition(LOCAL)


def found(before, after, unread=0, share=1.0, executions=3, **more):
    unreadable, whole, drills = more.pop("unreadable", 0), more.pop("whole", True), more.pop("drills", 0)
    read = len(before) + unreadable
    coverage = Coverage(read + unread, read, share, whole, unreadable, ())
    started = Started(executions, "listed", drills)
    return Backtest(NOW - timedelta(days=90), NOW, count_moves(before, after), coverage, started, **more)


def statuses(test):
    return {check.name.removeprefix("backtest: "): check.status for check in backtest_checks.checks(test)}


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


def test_a_comparison_with_what_not_all_check_ins_run_passes_nothing_about_today_and_says_the_share():
    test = found(["none"] * 3, ["crisis"] * 3, split="Only 70 % of check-ins run it")
    assert [statuses(test)[name] for name in ("the new definition fails on no check-in",
        "nobody would get a LOWER alert than today")] == ["cannot tell"] * 2  # fmt: skip
    said = {check.name: check.found for check in backtest_checks.checks(test)}
    assert sum("Only 70 % of check-ins run it" in one for one in said.values()) == 2
    assert {"what": "today's definition", "count": "Only 70 % of check-ins run it"} in backtest.totals(test)
    assert (test.part, found(["none"], ["none"]).part) == ("today's definition is not that of all", "")


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


@pytest.mark.parametrize(
    ("executions", "more", "status"),
    [
        (0, {}, "waiting"),
        (0, {"whole": False}, "waiting"),  # of what was not listed there are only more
        (0, {"unread": 900, "share": 0.1}, "waiting"),
        (79, {}, "waiting"),
        (80, {}, "passed"),
        (80, {"whole": False}, "cannot tell"),
        (40, {"drills": 40}, "passed"),  # the bucket records those as well
        (40, {"drills": 39}, "waiting"),
        (None, {}, "cannot tell"),
        (125, {}, "passed"),
        (126, {}, "waiting"),
    ],
)
def test_far_more_check_ins_than_executions_run_elsewhere_and_wait_for_people(executions, more, status):
    test = found(["none"] * 100, ["none"] * 100, executions=executions, **more)
    assert statuses(test)["the bucket tells of every execution"] == status


def test_what_was_not_listed_is_said_beside_the_executions():
    test = found(["none"] * 100, ["none"] * 100, executions=100, whole=False)
    said = {check.name: check.found for check in backtest_checks.checks(test)}[
        "backtest: the bucket tells of every execution"
    ]
    assert said == "100 check-ins, and more that were not listed, 100 executions (listed)"


def test_executions_that_nobody_can_count_pass_nothing():
    test = found(["none"], ["none"], executions=None)
    assert statuses(test)["the bucket tells of every execution"] == "cannot tell"
    rows = {row["what"]: row["count"] for row in backtest.totals(test)}
    assert rows["executions"] == "nobody knows: listed"


class Counting:
    """What Step Functions lists and CloudWatch counts, and what was asked of them."""

    def __init__(self, monkeypatch, listed, started):
        self.asked = []
        monkeypatch.setattr(executions, "latest_since", lambda live, start, most: self.list(listed, most))
        monkeypatch.setattr(metrics, "executions", lambda live, start, end: self.count(started))

    def list(self, names, most):
        self.asked.append("list")
        return [{"name": name, "started": NOW - timedelta(days=1)} for name in names[:most]]

    def count(self, started):
        self.asked.append("count")
        if isinstance(started, Exception):
            raise started
        rows = [("ExecutionsStarted", count) for count in started] + [("ExecutionsFailed", 7.0)]
        return pd.DataFrame(rows, columns=["metric", "value"])


def since(days):
    return executions.count_started(None, datetime.now(UTC) - timedelta(days=days), datetime.now(UTC))


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


@pytest.mark.parametrize(
    ("more", "open_ones"),
    [
        ({"unread": 1, "share": 0.75}, {"fails", "readable", "LOWER"}),
        ({"unread": 97, "share": 0.0}, {"fails", "readable", "LOWER"}),
        ({"whole": False}, {"fails", "tells", "readable", "LOWER"}),
        ({"unreadable": 1}, {"fails", "LOWER"}),
    ],
)
def test_what_was_not_read_passes_nothing_that_it_could_decide(more, open_ones):
    stood = statuses(found(["none"] * 3, ["none"] * 3, **more))
    assert {name for name, status in stood.items() if status == "cannot tell"} == {
        name for name in stood if any(word in name for word in open_ones)
    }
    assert "failed" not in stood.values()


def test_a_part_that_was_read_says_what_it_can_show():
    test = found(["none"] * 240_000, ["none"] * 240_000, unread=660_000, share=0.2666)
    (said,) = [check.found for check in backtest_checks.checks(test) if "LOWER" in check.name]
    assert said == (
        "0 of 240,000 would; 240,000 of 900,000 were read, evenly over the days: of all at most 9 (1e-05), 95 % sure"
    )
    assert test.part == "240,000 of 900,000 read"
    assert test.part in style.describe(backtest_charts.moves(test.moves, part=test.part))
    waiting = found(["standard"] + ["none"] * 99, ["none"] * 100, unread=100, share=0.5)
    (check,) = [check for check in backtest_checks.checks(waiting) if "LOWER" in check.name]
    assert check.status == "waiting" and "1 from standard to none" in check.found and "at most 7 " in check.found


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


FULL = {"risk_score": 10, "score": 0.5, "trajectory": "stable", "sentiment": "negative", "alertTriggered": True}
FULL |= {"aiMetadata": {"ensemble_used": True, "votes": 3}}


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


def test_no_words_are_kept_but_those_that_a_rule_names():
    fields = AnswerFields({"mood": (("StringEquals", "low"),), "any": (("StringMatches", "*"),)}, frozenset({"note"}))
    assert redact(fields, "mood", "low") == "low"
    assert redact(fields, "mood", "something said") == redact(fields, "note", "said") == redact(fields, "note", 5551234)
    assert redact(fields, "mood", {"said": "x"}) == {} and redact(fields, "mood", ["x"]) == []
    with pytest.raises(KeyError):
        redact(fields, "any", "something said")


def test_a_part_of_a_list_is_refused_by_name():
    with pytest.raises(backtest.BadParameters, match="a part of a list"):
        Router(deciding_by("$.checkinResult.scores[0]", "NumericLessThan", 0))


def test_where_aws_fails_the_execution_the_word_is_failed():
    definition = deepcopy(OLD)
    definition["States"]["CheckSentiment"]["Choices"][0]["And"][1]["Variable"] = "$.userId.gone"
    assert routes(definition, {"risk_score": 10.0, "score": 0.1, "trajectory": "stable"}) == ["failed"]


def test_the_chart_says_the_numbers_and_an_empty_one_says_why():
    moves = count_moves(["none", "none", "standard", "standard"], ["none", "crisis", "standard", "none"])
    said = style.describe(backtest_charts.moves(moves))
    assert said.endswith("2 of 4 would change route: 1 to a higher alert, 1 to a LOWER one")
    assert style.png(backtest_charts.moves(moves))[:4] == b"\x89PNG"
    empty = backtest_charts.moves(count_moves([], []), "no check-in is recorded in that time")
    assert "no check-in is recorded" in style.describe(empty)
