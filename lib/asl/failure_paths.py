"""How a task can fail, and after which other failures it is tried at all. Pure: no AWS."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.asl import interpreter, states
from lib.asl.interpreter import catch_or_fail, follow
from lib.asl.interpreter_steps import Step, Whole

FAULTS = ("missing", "access denied", "throttled", "timed out", "failing")
# The names that Step Functions gives the errors of each integration. EventBridge documents FailedEntry alone: an event
# for a bus that is not there is a failed entry. Lambda says AWSLambdaException where it may not be invoked.
ERRORS = {
    "sns:publish": (
        "SNS.NotFoundException", "SNS.AuthorizationErrorException", "SNS.ThrottledException", "States.Timeout",
        "SNS.InternalErrorException",
    ),
    "events:putEvents": (
        "EventBridge.FailedEntry", "EventBridge.AccessDeniedException", "EventBridge.ThrottlingException",
        "States.Timeout", "EventBridge.InternalException",
    ),
    "dynamodb:updateItem": (
        "DynamoDB.ResourceNotFoundException", "DynamoDB.AccessDeniedException",
        "DynamoDB.ProvisionedThroughputExceededException", "States.Timeout", "DynamoDB.ConditionalCheckFailedException",
    ),
    "lambda": (
        "Lambda.ResourceNotFoundException", "Lambda.AWSLambdaException", "Lambda.TooManyRequestsException",
        "States.Timeout", "Lambda.Unknown",
    ),
}  # fmt: skip
# A result that is too large is not caught by States.ALL, so it is a failure of its own.
TOO_LARGE = ("too large", "States.DataLimitExceeded")


@dataclass(frozen=True)
class Start:
    """An input, what the processor says to it, and the execution's name."""

    given: dict[str, Any]
    result: Any
    name: str = "checkin"


@dataclass(frozen=True)
class Reached:
    """How a task is reached: from where, and which tasks have failed before."""

    start: Start
    before: frozenset[str]


@dataclass
class Sabotaged:
    """Takes every state here; some tasks fail, by an error that their Catch takes where there is one."""

    whole: Whole
    broken: frozenset[str]

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        if where not in self.broken:
            return self.whole(where, body, data, context)
        tried = [catch_or_fail(body, data, error) for _, error in faults(body)]
        return next((step for step in tried if step.caught), tried[0])


def faults(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(fault, error) for a task, by the service that it calls."""
    resource = str(body["Resource"])
    service = next((name for name in ERRORS if resource.endswith(f":states:::{name}")), "lambda")
    named = list(zip(FAULTS, ERRORS[service], strict=True))
    return [*named, TOO_LARGE] if service == "lambda" else named


def reach(definition: Mapping[str, Any], given: Sequence[Start]) -> dict[str, list[Reached | None]]:
    """How each task is reached from each start with as few failures as possible; each set of failures once.

    A task that nothing reaches is left out. Raises BadParameters for a definition that is not known here.
    """
    interpreter.require_known(definition)
    by_task = dict[str, dict[frozenset[str], Reached]]()
    for start in given:
        for task, broken in fewest(definition, start).items():
            by_task.setdefault(task, {}).setdefault(broken, Reached(start, broken))
    return {task: [*ways.values()] for task, ways in by_task.items()}


def fewest(definition: Mapping[str, Any], start: Start) -> dict[str, frozenset[str]]:
    """Each task that this start can lead to, with the fewest failures that lead there."""
    by_task, nothing = dict[str, frozenset[str]](), frozenset[str]()
    seen, ahead = {nothing}, deque([nothing])
    while ahead:
        broken = ahead.popleft()  # smaller sets come first
        for task in sorted(tasks_tried(definition, start, broken) - broken):
            by_task.setdefault(task, broken)
            if (more := broken | {task}) not in seen:
                seen.add(more)
                ahead.append(more)
    return by_task


def tasks_tried(definition: Mapping[str, Any], start: Start, broken: frozenset[str]) -> set[str]:
    """The tasks on the way when these fail, also those of them that are tried, by where they stand."""
    context = interpreter.context_of(start.name, start.given)
    way = follow(definition, start.given, context, Sabotaged(Whole(start.result), broken))
    return {state.where for state in states.walk(definition) if state.type == "Task"} & set(way.states)
