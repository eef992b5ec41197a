"""What one state of a definition is asked, and what it answers. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from lib.asl import choice_rules
from lib.asl.execution_errors import result_of
from lib.asl.payload_templates import expression, fill, place_result, required_value
from lib.errors import BadParameters

UNNAMED = "unnamed"  # a Fail without an Error


@dataclass(frozen=True)
class Step:
    """What one state did: where it goes ("" at an end), its output, the error that ends the way, the error caught.

    `cause` is of the error that ends it; a Parallel around it hands that on to its Catch.
    """

    next: str
    output: Any
    error: str = ""
    caught: str = ""
    cause: str = "failed"


class SentKind(StrEnum):
    """To what a task sends."""

    EVENT = "event"
    TOPIC = "topic"
    ITEM = "item"
    FUNCTION = "function"


@dataclass(frozen=True)
class Sent:
    """What a task that succeeded did; `name`: the detail-type, the ARN."""

    kind: SentKind
    name: str
    source: str = ""


@dataclass(frozen=True)
class Way:
    """Where a walk went, `CrisisProtocol / TellOperations` for a branch's state; what it sent; how it ended."""

    states: tuple[str, ...]
    sent: tuple[Sent, ...]
    output: Any
    error: str = ""

    def names(self, kind: SentKind) -> tuple[str, ...]:
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
        if kind == "Fail":
            return _fails(body, data, context)
        if kind in ("Choice", "Wait", "Succeed"):
            seen = _seen_by(body, data, context)
            to = choice_rules.choose(body, seen, context) if kind == "Choice" else after
            return Step(to, output_of(body, seen, context))
        payload = payload_of(body, data, context)
        if kind == "Task":
            fill(body.get("Credentials"), _seen_by(body, data, context), context)
            given = result_of(body, self.result)
            made = fill(body["ResultSelector"], given, context) if "ResultSelector" in body else given
        else:
            made = body.get("Result", payload)
        return Step(after, output_of(body, place_result(body.get("ResultPath", "$"), data, made), context))


def _fails(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Step:  # noqa: ANN401
    """A Fail's error and cause, which may be computed. An error without a name keeps ours."""
    said = dict[str, Any]()
    for key in ("Error", "Cause"):
        path = body.get(f"{key}Path")
        said[key] = body.get(key) if path is None else expression(path)(data, context)
        if not isinstance(said[key], str | None):
            raise BadParameters(f"its {key} is {said[key]!r}; what AWS makes of that is not known here")
    return Step("", data, said["Error"] or UNNAMED, cause=said["Cause"] or "")


def _seen_by(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What of its input a state sees."""
    path = body.get("InputPath", "$")
    return {} if path is None else required_value(path, data, context)


def payload_of(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What a state gives to what it does: its InputPath, then its Parameters."""
    seen = _seen_by(body, data, context)
    return fill(body["Parameters"], seen, context) if "Parameters" in body else seen


def output_of(body: Mapping[str, Any], output: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    path = body.get("OutputPath", "$")
    return {} if path is None else required_value(path, output, context)
