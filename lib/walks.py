"""Follows a definition from state to state, and says where it went and what it sent. Pure: no AWS, sends nothing.

A `Stepper` takes one state; `Whole` takes it here, as AWS would with every task succeeding. Others may ask AWS.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lib import choices
from lib.errors import BadParameters
from lib.payloads import expression, filled, placed, required

MOST_STATES = 200
UNCAUGHT = ("States.DataLimitExceeded", "States.Runtime")  # States.ALL does not catch these
KNOWN = {
    "Comment", "Type", "Next", "End", "InputPath", "OutputPath", "Parameters", "Result", "ResultPath", "ResultSelector",
    "Resource", "TimeoutSeconds", "HeartbeatSeconds", "Retry", "Catch", "Choices", "Default", "Branches", "Error",
    "Cause", "Seconds",
}  # fmt: skip
TYPES = ("Task", "Pass", "Choice", "Parallel", "Wait", "Succeed", "Fail")
AT = "2026-01-01T12:00:00.000Z"  # any moment: no rule of ours decides by time


@dataclass(frozen=True)
class Step:
    """What one state did: where it goes ("" at an end), its output, the error that ends the way, the error caught."""

    next: str
    output: Any
    error: str = ""
    caught: str = ""


@dataclass(frozen=True)
class Sent:
    """What a task that succeeded did: `kind` event, topic, item or function; `name` the detail-type, the ARN."""

    kind: str
    name: str
    source: str = ""


@dataclass(frozen=True)
class Way:
    """Where a walk went, `CrisisProtocol / TellOperations` for a branch's state; what it sent; how it ended."""

    states: tuple[str, ...]
    sent: tuple[Sent, ...]
    output: Any
    error: str = ""

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(sent.name for sent in self.sent if sent.kind == kind)


class Stepper(Protocol):
    """Takes one state that is no Parallel. `where` names it with the Parallel states it lies in."""

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step: ...  # noqa: ANN401


@dataclass(frozen=True)
class Whole:
    """Takes every state here. Tasks succeed; the function's result is `result`, whatever it is."""

    result: Any = None

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        kind, after = body["Type"], str(body.get("Next", ""))
        if kind == "Choice":
            return Step(choices.choose(body, data, context), data)
        if kind == "Fail":
            return Step("", data, str(body.get("Error", "unnamed")))
        if kind in ("Wait", "Succeed"):
            return Step(after, data)
        payload = payload_of(body, data, context)
        if kind == "Task":
            given = result_of(body, self.result)
            made = filled(body["ResultSelector"], given, context) if "ResultSelector" in body else given
        else:
            made = body.get("Result", payload)
        return Step(after, _shown(body, placed(body.get("ResultPath", "$"), data, made), context))


def payload_of(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What a state gives to what it does: its InputPath, then its Parameters."""
    path = body.get("InputPath", "$")
    seen = {} if path is None else required(path, data, context)
    return filled(body["Parameters"], seen, context) if "Parameters" in body else seen


def _shown(body: Mapping[str, Any], output: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    path = body.get("OutputPath", "$")
    return {} if path is None else required(path, output, context)


def result_of(body: Mapping[str, Any], scored: Any) -> Any:  # noqa: ANN401
    """A success in the shape that the service answers in; `scored` is the function's. Raises BadParameters for others.

    The shape matters: AWS refuses a mocked result that is not of it.
    """
    resource = str(body["Resource"])
    if ":lambda:" in resource and ":function:" in resource:
        return scored
    if resource.endswith(":states:::lambda:invoke"):
        return {"ExecutedVersion": "$LATEST", "Payload": scored, "StatusCode": 200}
    for service, answer in ANSWERS.items():
        if resource.endswith(f":states:::{service}"):
            return json.loads(answer)
    raise BadParameters(f"a task calls {resource}; expected a function or one of {', '.join(ANSWERS)}")


ANSWERS = {
    "sns:publish": '{"MessageId": "00000000-0000-0000-0000-000000000000"}',
    "events:putEvents": '{"FailedEntryCount": 0, "Entries": [{"EventId": "00000000-0000-0000-0000-000000000000"}]}',
    "dynamodb:updateItem": "{}",
}


def context_of(name: str, given: Any, machine: str = "arn:aws:states:any:any:stateMachine:any") -> dict[str, Any]:  # noqa: ANN401
    """The context object of an execution called `name` with this input."""
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return {
        "Execution": {"Id": arn, "Name": name, "Input": given, "StartTime": AT},
        "State": {"EnteredTime": AT, "Name": "any", "RetryCount": 0},
        "StateMachine": {"Id": machine, "Name": machine.rsplit(":", 1)[-1]},
    }


def follow(machine: Mapping[str, Any], given: Any, context: dict[str, Any], step: Stepper, until: str = "") -> Way:  # noqa: ANN401
    """Walk a definition from its start, branch after branch where it is parallel.

    `until` names a field: the walk ends as soon as a state's output has it. Raises BadParameters for what is not known.
    """
    walk = _Walk(context, step, until)
    output, error = walk.along(machine, given, ())
    return Way(tuple(walk.states), tuple(walk.sent), output, error)


@dataclass(frozen=True)
class _Walk:
    """A walk under way, and what it has seen so far."""

    context: dict[str, Any]
    step: Stepper
    until: str
    states: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def along(self, machine: Mapping[str, Any], data: Any, inside: tuple[str, ...]) -> tuple[Any, str]:  # noqa: ANN401
        """From the start of a machine or a branch to its end: the output, and the error that ended it."""
        name = str(machine["StartAt"])
        while name:
            if name not in machine["States"]:
                raise BadParameters(f"{' / '.join((*inside, name))} is not there; a state leads to it")
            taken = self._take(name, machine["States"][name], data, inside)
            decided = bool(self.until) and isinstance(taken.output, Mapping) and self.until in taken.output
            if taken.error or decided:
                return taken.output, taken.error
            name, data = taken.next, taken.output
        return data, ""

    def _take(self, name: str, body: Mapping[str, Any], data: Any, inside: tuple[str, ...]) -> Step:  # noqa: ANN401
        where = " / ".join((*inside, name))
        self.states.append(where)
        if len(self.states) > MOST_STATES:
            raise BadParameters(f"{where}: more than {MOST_STATES} states on one way; it goes round in a circle")
        if body["Type"] == "Parallel":
            return self._parallel(body, data, (*inside, name))
        taken = self.step(where, body, data, self.context)
        if body["Type"] == "Task" and not taken.caught and not taken.error:
            self.sent.extend(sent_by(body, data, self.context))
        return taken

    def _parallel(self, body: Mapping[str, Any], data: Any, inside: tuple[str, ...]) -> Step:  # noqa: ANN401
        """Every branch, one after the other; what they give is put together here. The first error goes to the Catch."""
        given, before = payload_of(body, data, self.context), len(self.sent)
        ended = [self.along(branch, given, inside) for branch in body["Branches"]]
        if error := next((error for _, error in ended if error), ""):
            del self.sent[before:]  # AWS ends the other branches, and nobody knows how far they were
            return failed(body, data, error)
        outputs = [output for output, _ in ended]
        made = filled(body["ResultSelector"], outputs, self.context) if "ResultSelector" in body else outputs
        output = placed(body.get("ResultPath", "$"), data, made)
        return Step(str(body.get("Next", "")), _shown(body, output, self.context))


def failed(body: Mapping[str, Any], data: Any, error: str, cause: str = "failed") -> Step:  # noqa: ANN401
    """What a Task or Parallel does with an error once its retries are used up: the Catch that takes it, or the end."""
    for catcher in body.get("Catch", []):
        if catches(catcher["ErrorEquals"], error):
            caught = placed(catcher.get("ResultPath", "$"), data, {"Error": error, "Cause": cause})
            return Step(str(catcher["Next"]), caught, caught=error)
    return Step("", data, error)


def catches(names: list[str], error: str) -> bool:
    """Whether a Catch or a Retry of these names takes an error."""
    if error in names:
        return True
    if error in UNCAUGHT:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def sent_by(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> list[Sent]:  # noqa: ANN401
    """What a task sends when it succeeds."""
    resource, payload = str(body["Resource"]), payload_of(body, data, context)
    if resource.endswith("events:putEvents"):
        return [Sent("event", str(entry["DetailType"]), str(entry["Source"])) for entry in payload["Entries"]]
    if resource.endswith("sns:publish"):
        return [Sent("topic", str(payload.get("TopicArn") or payload.get("PhoneNumber")))]
    if resource.endswith("dynamodb:updateItem"):
        return [Sent("item", str(payload["TableName"]))]
    return [Sent("function", str(payload["FunctionName"] if resource.endswith("lambda:invoke") else resource))]


def require_known(machine: Mapping[str, Any]) -> None:
    """Raises BadParameters naming the first state of a kind, or with a field, that is not known here."""
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise BadParameters(f"the definition is written in {machine['QueryLanguage']}; expected JSONPath")
    for name, body in machine["States"].items():
        if body.get("Type") not in TYPES:
            raise BadParameters(f"{name} is a {body.get('Type')} state; expected one of {', '.join(TYPES)}")
        if unknown := sorted(set(body) - KNOWN):
            raise BadParameters(f"{name} has {', '.join(unknown)}, which is not known here")
        if body["Type"] == "Task":
            result_of(body, None)
        if body["Type"] == "Choice":
            list(choices.comparisons(body))
        for template in (body.get("Parameters"), body.get("ResultSelector")):
            _known_expressions(template)
        for branch in body.get("Branches", []):
            require_known(branch)


def _known_expressions(template: Any) -> None:  # noqa: ANN401
    """Raises BadParameters for a path or an intrinsic function of a payload template that is not known here."""
    for key, part in template.items() if isinstance(template, Mapping) else []:
        if key.endswith(".$"):
            expression(part)
        _known_expressions(part)
    for part in template if isinstance(template, list) else []:
        _known_expressions(part)
