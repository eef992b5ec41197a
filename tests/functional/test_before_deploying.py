"""What phase 03 asks before it deploys: routes and failures by TestState, and the past by both definitions."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lib import aws
from lib.aws import Live
from lib.checks import Check
from lib.definitions import templates
from lib.display import show
from lib.errors import NotAsWanted
from lib.phases.proofs import backtest, backtest_checks, failure_tests, route_tests
from lib.phases.proofs.aws_test_state import Asked
from lib.record.records import Record
from lib.settings import Settings
from lib.telemetry.checkins import Coverage
from lib.telemetry.route_moves import Move
from rehearsal.account import baseline, traffic
from rehearsal.account.clients import client

Definition = dict[str, Any]


class Looked:
    """A connection that notes its calls, and the rendered definition."""

    def __init__(self, settings: Settings) -> None:
        self.calls = list[dict[str, Any]]()
        self.settings = settings
        self.live: Live = aws.connect(settings, self.calls.append)
        self.definition = templates.definition(settings)
        self.asked = Asked(self.live)  # shared: a spoiled definition asks anew only of what differs


@pytest.fixture(scope="module")
def looked(module_account: Settings) -> Iterator[Looked]:
    yield Looked(module_account)


def spoiled(definition: Definition, spoil: Callable[[Definition], Any]) -> Definition:
    other = copy.deepcopy(definition)
    spoil(other["States"])
    return other


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.found for check in checks if check.status == "failed"}


def test_every_case_goes_where_the_plan_says_and_nothing_is_called_but_teststate(looked: Looked) -> None:
    looked.calls.clear()
    found = route_tests.take_routes(looked.asked, looked.definition)
    checks = route_tests.checks(found)
    assert failed(checks) == {}
    assert len(checks) == len(found) > 60
    assert {call["operation"] for call in looked.calls} == {"TestState"}
    for row in route_tests.summary(found):
        assert row["cases expected"] == row["cases sent there"] == row["of them rightly"] > 0, row
    whole = {one.case.name: one.way.names("event") for one in found if one.whole}
    assert whole["crisis"] == ("Crisis Protocol Alert",) and whole["normal"] == ()


def test_a_wrong_comparison_a_lost_guard_and_a_wrong_event_are_seen(looked: Looked) -> None:
    def at(states: Definition) -> None:
        states["EvaluateRisk"]["Choices"][0]["And"][3] = {
            "Variable": "$.checkin.risk_score",
            "NumericGreaterThanEquals": looked.settings.crisis_risk_above,
        }

    def unscored_is_none(states: Definition) -> None:
        states["EvaluateRisk"]["Default"] = "RouteNone"

    def renamed(states: Definition) -> None:
        states["SendHighRiskEvent"]["Parameters"]["Entries"][0]["DetailType"] = "Something Else"

    def told(spoil: Callable[[Definition], Any]) -> list[Check]:
        return route_tests.checks(route_tests.take_routes(looked.asked, spoiled(looked.definition, spoil)))

    assert failed(told(at)) == {"TestState: crisis-at": "crisis"}
    lost = told(unscored_is_none)
    assert failed(lost)["TestState: risk-missing"] == "none"
    assert len(failed(lost)) == 14 and [check.status for check in lost[:14]] == ["failed"] * 14
    assert failed(told(renamed)) == {"TestState: high": "high, events: Something Else"}
    with pytest.raises(NotAsWanted, match="TestState: crisis-at"):
        show.checks(told(at))


def test_a_state_that_fails_is_named(looked: Looked) -> None:
    def fails(states: Definition) -> None:
        states["RouteHigh"] = {"Type": "Fail", "Error": "Broken"}

    checks = route_tests.checks(route_tests.take_routes(looked.asked, spoiled(looked.definition, fails)))
    assert failed(checks)["TestState: high"] == "none was decided, events: none, failed with Broken at RouteHigh"


def test_the_questions_are_those_that_aws_takes(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    put = list[dict[str, Any]]()
    stepfunctions = looked.live.client("stepfunctions")
    ask = stepfunctions.test_state
    monkeypatch.setattr(stepfunctions, "test_state", lambda **given: put.append(given) or ask(**given))
    fresh = Asked(looked.live)
    found = route_tests.take_routes(fresh, looked.definition)
    failure_tests.walk_all(fresh, looked.definition)
    assert len(found) > 60 and len(put) == len(fresh.known) < 900
    kinds = {json.loads(question["definition"])["Type"] for question in put}
    assert kinds == {"Choice", "Pass", "Task", "Fail"}  # no Parallel: the embedded account cannot take one
    for question in put:
        task = json.loads(question["definition"])["Type"] == "Task"
        # AWS takes a mock for a task alone, and a context only with a mock; without a role it can call nothing.
        assert ("mock" in question) == ("context" in question) == task
        assert "roleArn" not in question
        if not task:
            assert "$$." not in question["definition"]
        if "errorOutput" in question.get("mock", {}):
            state = json.loads(question["definition"])
            attempts = question.get("stateConfiguration", {}).get("retrierRetryCount", 0)
            assert attempts in {0, *(retrier["MaxAttempts"] for retrier in state["Retry"])}


def test_no_single_failure_leaves_anybody_unheard(looked: Looked) -> None:
    looked.calls.clear()
    found = failure_tests.walk_all(looked.asked, looked.definition)
    assert failed(failure_tests.checks(found, looked.settings)) == {}
    assert {call["operation"] for call in looked.calls} == {"TestState"}
    alone = [failure for failure in found if not failure.before]
    assert len({failure.task for failure in found}) == 19 and all(failure.told for failure in alone)
    said = {(f.task, f.fault, f.before): failure_tests.listener_words(f, looked.settings) for f in found}
    last = ("TellOperationsOfAlert", "missing", ("SendHighRiskEvent", "TellContactsOfAlert"))
    assert said[last] == "NOBODY; fails: AlertUndelivered"
    assert said["CrisisProtocol / SendCrisisEvent", "throttled", ()] == "contact by topic + operations"
    assert said["ProcessCheckin", "too large", ()] == "operations; fails: CheckinNotProcessed"
    assert len(failure_tests.evidence_rows(found, looked.settings)) == len(found)
    table = {
        (row["task that fails"], row["failed before"]): row for row in failure_tests.matrix(found, looked.settings)
    }
    standard, processed = table["SendStandardEvent", "nothing"], table["ProcessCheckin", "nothing"]
    assert (standard["who is told"], standard["the execution"]) == ("contact by topic", "completes")
    assert (standard["ways to fail tried"], processed["ways to fail tried"]) == (5, 6)
    assert processed["the execution"] == "fails: CheckinNotProcessed"
    # What may reach nobody is no stop, and not called as what stops.
    assert table["TellContactsInvalid", "TellOperationsInvalid"]["who is told"] == "fails visibly"
    assert not any("NOBODY" in str(row) or "FAILED" in str(row) for row in table.values())


def walk_of(looked: Looked, spoil: Callable[[Definition], Any]) -> dict[str, str]:
    definition = spoiled(looked.definition, spoil)
    return failed(failure_tests.checks(failure_tests.walk_all(looked.asked, definition), looked.settings))


def test_a_swallowed_failure_is_found(looked: Looked) -> None:
    def swallowed(states: Definition) -> None:
        states["SendHighRiskEvent"]["Catch"][0]["Next"] = "CheckinComplete"

    found = walk_of(looked, swallowed)
    faults = ("missing", "access denied", "throttled", "timed out", "failing")
    assert found == {f"SendHighRiskEvent: {fault}": "NOBODY, and nothing shows it" for fault in faults}


def test_a_catch_that_takes_one_error_only_is_found(looked: Looked) -> None:
    def narrow(states: Definition) -> None:
        states["SendProactiveEvent"]["Catch"][0]["ErrorEquals"] = ["States.Timeout"]

    walked = failure_tests.walk_all(looked.asked, spoiled(looked.definition, narrow))
    row = next(
        row for row in failure_tests.matrix(walked, looked.settings) if "Proactive" in str(row["task that fails"])
    )
    assert "timed out: contact by topic" in str(row["who is told"])
    assert "missing, access denied, throttled, failing: NOBODY (FAILED)" in str(row["who is told"])
    found = failed(failure_tests.checks(walked, looked.settings))
    assert len(found) == 4 and "SendProactiveEvent: timed out" not in found
    assert found["SendProactiveEvent: throttled"] == (
        "NOBODY; breaks off at SendProactiveEvent: EventBridge.ThrottlingException"
    )


def test_a_result_that_is_too_large_must_be_caught_by_its_name(looked: Looked) -> None:
    def general(states: Definition) -> None:
        states["ProcessCheckin"]["Catch"].pop(0)

    # The embedded account's States.ALL takes this error too; AWS's does not, and that is what counts.
    assert walk_of(looked, general) == {
        "ProcessCheckin: too large": "NOBODY; breaks off at ProcessCheckin: States.DataLimitExceeded"
    }


def test_a_failure_straight_to_the_end_is_no_second_way(looked: Looked) -> None:
    def gives_up(states: Definition) -> None:
        states["SendStandardEvent"]["Catch"][0]["Next"] = "AlertUndelivered"

    found = walk_of(looked, gives_up)
    assert found["SendStandardEvent: missing"] == "NOBODY; fails: AlertUndelivered"


def test_a_branch_that_ends_in_silence_is_found(looked: Looked) -> None:
    def silent(states: Definition) -> None:
        branches = states["CrisisProtocol"]["Branches"]
        branches[0]["States"]["SendCrisisEvent"]["Catch"][0]["Next"] = "ContactsReachedByEvent"
        branches[1]["States"]["TellOperations"] = {"Type": "Pass", "Next": "OperationsReached"}

    found = walk_of(looked, silent)
    assert found["CrisisProtocol / SendCrisisEvent: missing"] == "NOBODY, and nothing shows it"
    assert found["CrisisProtocol / TellContactsDirectly: missing"] == "nothing reaches this task"


def test_retries_that_are_not_used_up_are_no_answer(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    stepfunctions = looked.live.client("stepfunctions")
    monkeypatch.setattr(stepfunctions, "test_state", lambda **_: {"status": "RETRIABLE"})
    with pytest.raises(NotAsWanted, match="RETRIABLE"):
        failure_tests.walk_all(Asked(looked.live), looked.definition)


def run(
    looked: Looked,
    new: Definition | None = None,
    old: Definition | None = None,
    record: Record | None = None,
    **more: Any,
) -> backtest.Backtest:
    before, after = old or baseline.definition(looked.settings), new or looked.definition
    return backtest.run(backtest.reading_ahead(looked.live, before, after, record, **more), before, after)


def test_an_empty_history_is_said_and_not_passed(looked: Looked) -> None:
    found = run(looked, now=lambda: datetime.now(UTC) - timedelta(days=400))
    said = "no check-in is recorded in that time, or none could be read"
    assert {(check.status, check.found) for check in backtest_checks.checks(found)} == {("cannot tell", said)}
    assert found.routed == 0 and backtest.table(found).empty


def test_the_past_is_routed_by_both_definitions(looked: Looked, tmp_path: Path) -> None:
    record = Record(tmp_path, "20260101T000000Z-test")
    traffic.play(looked.settings, 20, seed=3)
    found = run(looked)
    assert found.started == backtest.Started(20, "listed by Step Functions, without drills")
    assert (found.routed, found.coverage) == (20, Coverage(20, 20, 1.0, True, Counter()))
    assert 0 < found.changing < 20 and found.lower.empty
    assert {check.status for check in backtest_checks.checks(found)} == {"passed"}
    backtest.keep(record, found)
    kept = record.read_json("evidence/backtest.json")
    assert (kept["routed"], kept["lower"], kept["executions"]) == (20, 0, 20)
    texts = [text for checkin in traffic.checkins(3, 20) if (text := checkin["text"])]
    evidence = (tmp_path / "evidence" / "backtest.csv").read_text() + json.dumps(kept)
    assert not [text for text in texts if text in evidence]

    s3, key = client(looked.settings.endpoint_url, "s3"), "user-1/2026/01/01/noon.json"
    s3.put_object(Bucket=looked.settings.checkin_bucket_name, Key="stray.txt", Body=b"x")
    s3.put_object(Bucket=looked.settings.checkin_bucket_name, Key=key, Body=b"x")
    assert run(looked).coverage.unreadable == 1  # the other one is of no day in the window
    assert {c.name: c.status for c in backtest_checks.checks(run(looked))}[
        "backtest: every recorded object is readable"
    ] == ("waiting")


def checked_in(looked: Looked) -> None:
    """A recorded check-in that is low, and just under the threshold."""
    now = datetime.now(UTC)
    body = json.dumps({"risk_score": 10, "score": -0.65, "trajectory": "stable", "text": "synthetic"})
    name = f"user-2/{now:%Y/%m/%d}/{now.isoformat()}.json"
    client(looked.settings.endpoint_url, "s3").put_object(
        Bucket=looked.settings.checkin_bucket_name, Key=name, Body=body
    )


def test_a_lower_alert_than_today_is_shouted(looked: Looked) -> None:
    checked_in(looked)
    lax = looked.settings.model_copy(update={"sentiment_below": -0.99})
    found = run(looked, templates.definition(lax))
    (check,) = [check for check in backtest_checks.checks(found) if "LOWER" in check.name]
    assert check.status == "waiting" and "from standard to none" in check.found
    table = backtest.table(found)
    assert table.iloc[0]["alert"] == "LOWER than today"
    assert {"what": "of them to a LOWER alert than today", "count": str(int(found.lower["count"].sum()))} in (
        backtest.totals(found)
    )


def test_a_definition_that_cannot_be_followed_is_said(looked: Looked) -> None:
    checked_in(looked)
    odd = spoiled(looked.definition, lambda states: states["CheckinComplete"].update(Type="Map"))
    found = run(looked, odd)
    assert {check.status for check in backtest_checks.checks(found)} == {"cannot tell"}
    assert all("CheckinComplete is a Map state" in check.found for check in backtest_checks.checks(found))


def test_a_definition_that_decides_by_another_field_is_routed_by_it(looked: Looked) -> None:
    """The stand-in records `sentiment` and what its metadata says, and an object of another processor does not."""

    def by(variable: str, **rule: Any) -> Definition:
        choices = [{"Variable": f"$.checkinResult.{variable}", **rule, "Next": "TriggerAlert"}]
        return spoiled(
            baseline.definition(looked.settings), lambda states: states["CheckSentiment"].update(Choices=choices)
        )

    traffic.play(looked.settings, 12, seed=4)
    told = run(looked, old=by("sentiment", StringEquals="negative"))
    assert told.counted(Move.UNKNOWN) == 0 and "standard" in set(told.moves["from"])
    nobody = run(looked, old=by("confidence", NumericLessThan=0.5))
    assert (nobody.counted(Move.UNKNOWN), nobody.counted(Move.LOWER)) == (nobody.routed, 0)
    (check,) = [check for check in backtest_checks.checks(nobody) if "LOWER" in check.name]
    assert check.status == "cannot tell"
    assert "decides by confidence, which the bucket does not hold" in check.found


def test_the_years_before_are_not_listed_and_what_was_read_is_not_read_again(looked: Looked, tmp_path: Path) -> None:
    s3, bucket = client(looked.settings.endpoint_url, "s3"), looked.settings.checkin_bucket_name
    body = json.dumps({"risk_score": 10, "score": 0.5, "trajectory": "stable"})
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(1200):
        moment = start + timedelta(hours=number)
        s3.put_object(Bucket=bucket, Key=f"user-001/{moment:%Y/%m/%d}/{moment.isoformat()}.json", Body=body)
    checked_in(looked)
    record = Record(tmp_path, "20260101T000000Z-test")

    def called(name: str) -> int:
        return sum(call.get("calls", 1) for call in looked.calls if call["operation"] == name)

    looked.calls.clear()
    found = run(looked, record=record)
    assert called("ListObjectsV2") == 2  # not all of a page, then from the window on
    assert called("GetObject") == found.coverage.recorded > 0
    looked.calls.clear()
    again = run(looked, record=record)
    assert called("GetObject") == 0
    assert again.moves.equals(found.moves)
