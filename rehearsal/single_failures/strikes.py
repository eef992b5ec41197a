"""Whether a fault really struck, by what the execution's history tells and by what came. Pure.

A copy of a definition that names a missing thing is only an order to fail. A task that was never tried, or that did
what it does all the same, was not broken, and whoever was told then proves nothing.

moto's history leads from each event to the state that it is of. The embedded account's names the states of the
workflow itself; of those within a branch it tells the resource alone, by which a stand-in is known, and a missing thing
by its kind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.definition_mutations import SLOW, body_of, is_limited
from rehearsal.single_failures.ground import CONTACT, Alert, Drill

Event = Mapping[str, Any]
SUCCEEDED, FAILED, TIMED_OUT = "Succeeded", "Failed", "TimedOut"
TASKS = ("Task", "LambdaFunction")
# How a task ends that took longer than it may; of an update in DynamoDB moto names its own limit so.
BY_ITS_LIMIT = ("States.Timeout", "DynamoDB.AmazonDynamoDBException")
FROM_THE_DISPATCHER = "contactName"  # in its messages, and in none of the workflow's
WITHOUT_LIMIT = "NO LIMIT: the task has no TimeoutSeconds, so that on AWS one that never answers holds it for ever"


@dataclass(frozen=True)
class _Attempt:
    """One try of a task. `state` is "" where the history does not name it, `error` where it succeeded."""

    state: str
    resource: str
    error: str


def limit_trouble(definition: Mapping[str, Any], failure: Failure) -> str:
    """What is wrong with a task that is made slow and that nothing ends; "" of any other failure."""
    slow = failure.fault == SLOW and not failure.behind
    return WITHOUT_LIMIT if slow and not is_limited(definition, failure.task) else ""


def strike_trouble(failure: Failure, broken: Mapping[str, Any], drill: Drill, alerts: Sequence[Alert]) -> str:
    """Why a drill shows nothing of this failure, "" where it struck. `broken`: the definition that was drilled.

    `alerts`: those about this drill.
    """
    mine = [one for one in _attempts(drill.history) if _is_of(one, failure.task, broken)]
    if not mine:
        return f"the execution never tried {failure.task}"
    if failure.behind:
        if all(one.error for one in mine):
            return f"{failure.task} failed itself, so that its event was never accepted"
        carried = any(one.whom == CONTACT and FROM_THE_DISPATCHER in one.raw for one in alerts)
        return "its event was carried to the contact all the same" if carried else ""
    errors = [one.error for one in mine if one.error]
    if not errors:
        return f"{failure.task} was tried and did not fail"
    if failure.fault == SLOW and not any(error in BY_ITS_LIMIT for error in errors):
        return f"{failure.task} failed by {errors[0]}, and not by its own limit"
    return ""


def _is_of(one: _Attempt, task: str, broken: Mapping[str, Any]) -> bool:
    return one.state == task or (not one.state and one.resource == body_of(broken, task)["Resource"])


def _attempts(history: Sequence[Event]) -> Iterator[_Attempt]:
    """Every try of a task that came to an end, in order."""
    by_id, here = {event["id"]: event for event in history}, ""
    for event in history:
        kind = str(event["type"])
        if kind.endswith("StateEntered"):
            here = _entered(event) if kind == "TaskStateEntered" else ""
        if not (kind.startswith(TASKS) and kind.endswith((SUCCEEDED, FAILED, TIMED_OUT))):
            continue
        details: Event = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
        error = "" if kind.endswith(SUCCEEDED) else str(details.get("error") or kind)
        state = _state(event, by_id) if "previousEventId" in event else here
        yield _Attempt(state, str(details.get("resource", "")), error)


def _state(event: Event, by_id: Mapping[int, Event]) -> str:
    """The state that an event is of, by those before it."""
    while event := by_id.get(event.get("previousEventId", 0), {}):
        if name := _entered(event):
            return name
    return ""


def _entered(event: Event) -> str:
    return str(event.get("stateEnteredEventDetails", {}).get("name", ""))
