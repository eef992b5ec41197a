"""What if one task fails? Asked of TestState for every task and every kind of failure. Read-only; sends nothing.

A task that is itself a second way is asked after the failures that lead to it. Retries count as used up.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib import boundaries, states, walks
from lib.checks import Check
from lib.settings import Settings
from lib.teststate import Asked
from lib.walks import Step, Way, Whole, failed, follow

ORDINARY = "checkin-before-deploying"
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
TOO_LARGE = ("too large a result", "States.DataLimitExceeded")


@dataclass(frozen=True)
class Start:
    """An input, and what the processor says to it."""

    given: dict[str, Any]
    result: Any


@dataclass(frozen=True)
class Reached:
    """How a task is reached: from where, and which tasks have failed before."""

    start: Start
    before: frozenset[str]


@dataclass(frozen=True)
class Failure:
    """A task that failed in one way, and where the check-in went then. `way` is None for a task never reached."""

    task: str
    fault: str
    error: str
    before: tuple[str, ...]
    way: Way | None
    visible: bool

    @property
    def told(self) -> bool:
        return self.way is not None and any(sent.kind in ("event", "topic") for sent in self.way.sent)

    @property
    def good(self) -> bool:
        """One failure alone must leave somebody told; a further one may end in a failure that everybody sees."""
        return self.told or (self.visible and bool(self.before))


@dataclass
class _Sabotaged:
    """Takes every state here; some tasks fail, by an error that their Catch takes where there is one."""

    whole: Whole
    broken: frozenset[str]

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        if where not in self.broken:
            return self.whole(where, body, data, context)
        tried = [failed(body, data, error) for _, error in faults(body)]
        return next((step for step in tried if step.caught), tried[0])


@dataclass
class _OneFails:
    """Goes here to the task, with what failed before; from there on, the failure first, TestState is asked."""

    asked: Asked
    before: _Sabotaged
    task: str
    error: str
    reached: bool = field(default=False)

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        if where == self.task:
            self.reached = True
            said, read = self.asked.failing(where, body, data, context, self.error), failed(body, data, self.error)
            # An account that catches more than AWS documents (States.ALL and a result too large) is not believed.
            return said if said.next == read.next else Step("", data, self.error)
        if self.reached and where not in self.before.broken:
            return self.asked(where, body, data, context)
        return self.before(where, body, data, context)


def faults(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(fault, error) for a task, by the service that it calls."""
    resource = str(body["Resource"])
    service = next((name for name in ERRORS if resource.endswith(f":states:::{name}")), "lambda")
    named = list(zip(FAULTS, ERRORS[service], strict=True))
    return [*named, TOO_LARGE] if service == "lambda" else named


def walked(asked: Asked, definition: Mapping[str, Any]) -> list[Failure]:
    """Every task, also those in branches, with every fault."""
    ways = reach(definition, starts(asked.live.settings))
    return [
        _walked(asked, definition, state, fault, error, reached)
        for state in states.walk(definition)
        if state.type == "Task"
        for reached in ways.get(state.where, [None])
        for fault, error in faults(state.body)
    ]


def _walked(
    asked: Asked, definition: Mapping[str, Any], state: states.State, fault: str, error: str, reached: Reached | None
) -> Failure:
    if reached is None:
        return Failure(state.where, fault, error, (), None, visible=False)
    start, before = reached.start, _Sabotaged(Whole(reached.start.result), reached.before)
    context = walks.context_of(ORDINARY, start.given, asked.live.settings.state_machine_arn)
    way = follow(definition, start.given, context, _OneFails(asked, before, state.where, error))
    last = definition["States"].get(way.states[-1], {})
    visible = bool(way.error) and last.get("Type") == "Fail"
    return Failure(state.where, fault, error, tuple(sorted(reached.before)), way, visible)


def starts(settings: Settings) -> list[Start]:
    """An ordinary check-in of every route, one that cannot be used, and one of nobody."""
    names = [f"declining-{route}" for route in ("standard", "high", "crisis", "proactive", "none")]
    cases = {case.name: case.given["checkinResult"] for case in boundaries.cases(settings)}
    scored = [cases[name] for name in (*names, "risk-missing")]
    return [*(Start({"userId": "somebody"}, result) for result in scored), Start({"userId": None}, None)]


def reach(definition: Mapping[str, Any], given: Sequence[Start]) -> dict[str, list[Reached | None]]:
    """How each task is reached from each start with as few failures as possible; each set of failures once.

    A task that nothing reaches is left out.
    """
    found = dict[str, dict[frozenset[str], Reached]]()
    for start in given:
        for task, broken in _fewest(definition, start).items():
            found.setdefault(task, {}).setdefault(broken, Reached(start, broken))
    return {task: [*ways.values()] for task, ways in found.items()}


def _fewest(definition: Mapping[str, Any], start: Start) -> dict[str, frozenset[str]]:
    """Each task that this start can lead to, with the fewest failures that lead there."""
    found, nothing = dict[str, frozenset[str]](), frozenset[str]()
    seen, ahead = {nothing}, deque([nothing])
    while ahead:
        broken = ahead.popleft()  # smaller sets come first
        for task in sorted(_tasks(definition, start, broken) - broken):
            found.setdefault(task, broken)
            if (more := broken | {task}) not in seen:
                seen.add(more)
                ahead.append(more)
    return found


def _tasks(definition: Mapping[str, Any], start: Start, broken: frozenset[str]) -> set[str]:
    """The tasks on the way when these fail."""
    context = walks.context_of(ORDINARY, start.given)
    way = follow(definition, start.given, context, _Sabotaged(Whole(start.result), broken))
    return {state.where for state in states.walk(definition) if state.type == "Task"} & set(way.states)


def checks(found: Sequence[Failure], settings: Settings) -> list[Check]:
    """A check a task and fault, those that failed first."""
    rows = [
        Check(
            f"{failure.task}: {failure.fault}{_after(failure)}",
            "passed" if failure.good else "failed",
            told(failure, settings),
            "somebody is told" + (", or the execution fails for all to see" if failure.before else ""),
        )
        for failure in found
    ]
    return sorted(rows, key=lambda check: check.status != "failed")


def _after(failure: Failure) -> str:
    return f", after {_short(failure.before)}" if failure.before else ""


def _short(tasks: Sequence[str]) -> str:
    return ", ".join(task.rsplit(" / ", 1)[-1] for task in tasks)


def told(failure: Failure, settings: Settings) -> str:
    """Who is told, in words; and how the execution fails where it does."""
    if failure.way is None:
        return "nothing reaches this task"
    names = {settings.ops_topic_arn: "operations", settings.alert_topic_arn: "contact by topic"}
    heard = ["contact by event" for _ in failure.way.names("event")]
    heard += [names.get(topic, topic) for topic in failure.way.names("topic")]
    who = " + ".join(dict.fromkeys(heard)) or "NOBODY"
    if not failure.way.error:
        return who if heard else "NOBODY, and nothing shows it"
    ended = "fails" if failure.visible else f"breaks off at {failure.way.states[-1]}"
    return f"{who}; {ended}: {failure.way.error}"


def matrix(found: Sequence[Failure], settings: Settings) -> list[dict[str, str]]:
    """A row a task: what had failed before, and for each fault who is told."""
    rows = dict[tuple[str, tuple[str, ...]], dict[str, str]]()
    for failure in found:
        named = {"task that fails": failure.task, "failed before": _short(failure.before) or "nothing"}
        row = rows.setdefault((failure.task, failure.before), named)
        row[failure.fault] = told(failure, settings) + ("" if failure.good else " (FAILED)")
    every = [*FAULTS, TOO_LARGE[0]]
    return [{**row, **{fault: row.get(fault, "") for fault in every}} for row in rows.values()]


def kept(found: Sequence[Failure], settings: Settings) -> list[dict[str, Any]]:
    """The walks as plain data for the record."""
    return [
        {
            "task": failure.task,
            "fault": failure.fault,
            "error": failure.error,
            "failed_before": list(failure.before),
            "way": list(failure.way.states) if failure.way else [],
            "told": told(failure, settings),
            "good": failure.good,
        }
        for failure in found
    ]
