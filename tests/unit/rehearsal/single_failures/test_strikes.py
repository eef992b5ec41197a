"""Whether a fault struck, by the history as each interpreter writes it: an order to fail is no failure. No account."""

import copy

import pytest

from lib.definitions import templates
from lib.settings import load
from rehearsal.single_failures import strikes, verdicts
from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.definition_mutations import DENIED, MISSING, SLOW, by_name, by_stand_in
from rehearsal.single_failures.ground import Alert, Drill

PLAIN = templates.definition(load("local"))
SABOTEUR = "arn:aws:lambda:us-east-1:000000000000:function:Rehearsal-Saboteur"
HIGH = Failure("SendHighRiskEvent", DENIED, "high")
TELL = Failure("TellOperations", SLOW, "crisis")
RULE = Failure("SendHighRiskEvent", "disabled", "high", behind="rule")


def of_moto(state, error=""):
    """A task by moto: each event names the one before it."""
    end = {"type": "TaskFailed", "taskFailedEventDetails": {"resource": "publish", "error": error}}
    good = {"type": "TaskSucceeded", "taskSucceededEventDetails": {"resource": "publish"}}
    return [
        {"id": 1, "previousEventId": 0, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}},
        {"id": 2, "previousEventId": 0, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Beside"}},
        {"id": 3, "previousEventId": 1, "type": "TaskStarted", "taskStartedEventDetails": {"resource": "publish"}},
        {"id": 4, "previousEventId": 3, **(end if error else good)},
    ]


def of_the_embedded_account(state, resource, error=""):
    """A task by the embedded account's interpreter: a state within a branch is not named."""
    entered = {"type": "TaskStateEntered" if state else "ParallelStateEntered"}
    details = {"resource": resource, **({"error": error} if error else {})}
    end = {"type": "TaskFailed", "taskFailedEventDetails": details}
    good = {"type": "TaskSucceeded", "taskSucceededEventDetails": details}
    events = [entered | {"stateEnteredEventDetails": {"name": state or "CrisisProtocol"}}, end if error else good]
    return [{"id": number, **event} for number, event in enumerate(events, 1)]


def drilled(history):
    return Drill("drill-silence-x-1", 0.0, "SUCCEEDED", "", history=history)


def lacking(failure, history, alerts=()):
    broken = by_stand_in(PLAIN, {} if failure.behind else {failure.task: failure.fault}, SABOTEUR)
    return strikes.strike_trouble(failure, broken, drilled(history), alerts)


@pytest.mark.parametrize(
    "history",
    [
        of_moto("SendHighRiskEvent", "Events.AccessDenied"),
        of_the_embedded_account("SendHighRiskEvent", SABOTEUR, "SaboteurError"),
        [
            *of_the_embedded_account("SendHighRiskEvent", SABOTEUR, "SaboteurError"),
            *of_the_embedded_account("TellContactsOfAlert", "arn:aws:states:::sns:publish"),
        ],
    ],
)
def test_a_task_that_failed_was_struck(history):
    assert lacking(HIGH, history) == ""


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ([], "the execution never tried SendHighRiskEvent"),
        (of_moto("TellContactsOfAlert", "SNS.NotFound"), "the execution never tried SendHighRiskEvent"),
        (of_moto("SendHighRiskEvent"), "SendHighRiskEvent was tried and did not fail"),
        (of_the_embedded_account("SendHighRiskEvent", SABOTEUR), "SendHighRiskEvent was tried and did not fail"),
    ],
)
def test_a_task_that_did_what_it_does_or_was_never_tried_was_not(history, why):
    assert lacking(HIGH, history) == why


def test_within_a_branch_that_names_no_state_the_stand_in_tells():
    assert lacking(TELL, of_the_embedded_account("", SABOTEUR, "States.Timeout")) == ""
    other = of_the_embedded_account("", "arn:aws:states:::sns:publish", "States.Timeout")
    assert lacking(TELL, other) == "the execution never tried TellOperations"


def test_what_is_slow_must_fail_by_its_own_limit():
    assert lacking(TELL, of_moto("TellOperations", "States.Timeout")) == ""
    said = "TellOperations failed by SaboteurError, and not by its own limit"
    assert lacking(TELL, of_moto("TellOperations", "SaboteurError")) == said


def test_behind_an_event_it_must_have_been_accepted_and_carried_to_nobody():
    accepted = of_moto("SendHighRiskEvent")
    direct = Alert("contact", 1.0, "drill-silence-x-1: from the workflow itself")
    carried = Alert("contact", 1.0, '{"contactName": "Casey", "execution": "drill-silence-x-1"}')
    assert lacking(RULE, accepted, [direct]) == ""
    assert lacking(RULE, accepted, [carried]) == "its event was carried to the contact all the same"
    refused = of_moto("SendHighRiskEvent", "Events.Refused")
    assert lacking(RULE, refused) == "SendHighRiskEvent failed itself, so that its event was never accepted"


@pytest.mark.parametrize("verdict", ["passed", "alarm", "not exercised here", "gap"])
def test_what_never_struck_is_no_pass_whoever_was_told(verdict):
    found = verdicts.judge_strike(verdicts.Effect(verdict), "reached contact", "it did not fail")
    assert found == ("did not strike", "THE FAULT DID NOT STRIKE: it did not fail")
    assert verdicts.judge_strike(verdicts.Effect(verdict), "reached contact", "") == (verdict, "reached contact")


def test_what_is_worse_is_said_all_the_same():
    verdict, why = verdicts.judge_strike(verdicts.Effect.SILENT, "SILENT", "it did not fail")
    assert (verdict, why) == ("silent", "SILENT; and nothing shows that the fault struck: it did not fail")


def test_a_task_without_a_limit_does_not_pass_slow():
    """Whatever stands in for what hangs ends at last, here; on AWS nothing does."""
    endless = copy.deepcopy(PLAIN)
    del endless["States"]["SendHighRiskEvent"]["TimeoutSeconds"]
    slow = Failure("SendHighRiskEvent", SLOW, "high")
    assert strikes.limit_trouble(endless, slow).startswith("NO LIMIT: the task has no TimeoutSeconds")
    assert strikes.limit_trouble(PLAIN, slow) == ""
    assert strikes.limit_trouble(endless, Failure("SendHighRiskEvent", MISSING, "high")) == ""
    assert by_name(endless, {"SendHighRiskEvent": SLOW}) != endless
