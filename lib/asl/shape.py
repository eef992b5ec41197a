"""Whether a definition has the shape of the language: each field of its JSON type, each state where it must be. No AWS.

Whoever reads a definition asks here first, so that nothing behind it meets a number where a state should be.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lib.asl import json_text
from lib.errors import BadParameters

WORKFLOW = "the workflow"
JSONATA = "JSONata"
ENDLESS = ("Succeed", "Fail", "Choice")  # they need neither Next nor End

TEXT, NULL, TRUTH, WHOLE, NUMBER = "text", "null", "true or false", "a whole number", "a number"
LIST, OBJECT = "a list", "an object"
PYTHON: dict[str, Any] = {
    TEXT: str, NULL: type(None), TRUTH: bool, WHOLE: int, NUMBER: int | float, LIST: list, OBJECT: Mapping,
}  # fmt: skip
COMMON: dict[str, tuple[str, ...]] = {
    "Type": (TEXT,), "Comment": (TEXT,), "Next": (TEXT,), "End": (TRUTH,), "QueryLanguage": (TEXT,),
    "InputPath": (TEXT, NULL), "OutputPath": (TEXT, NULL), "ResultPath": (TEXT, NULL), "Resource": (TEXT,),
    "Default": (TEXT,), "Error": (TEXT,), "Cause": (TEXT,), "ErrorPath": (TEXT,), "CausePath": (TEXT,),
    "Seconds": (WHOLE,), "SecondsPath": (TEXT,), "Timestamp": (TEXT,), "TimestampPath": (TEXT,),
    "TimeoutSeconds": (WHOLE,), "TimeoutSecondsPath": (TEXT,), "HeartbeatSeconds": (WHOLE,),
    "HeartbeatSecondsPath": (TEXT,), "Credentials": (OBJECT,), "Assign": (OBJECT,), "Choices": (LIST,),
    "Branches": (LIST,), "Retry": (LIST,), "Catch": (LIST,), "ItemProcessor": (OBJECT,), "Iterator": (OBJECT,),
    "ItemsPath": (TEXT,), "MaxConcurrency": (WHOLE,), "MaxConcurrencyPath": (TEXT,), "ItemReader": (OBJECT,),
    "ItemBatcher": (OBJECT,), "ResultWriter": (OBJECT,), "Label": (TEXT,), "ToleratedFailureCount": (WHOLE,),
    "ToleratedFailureCountPath": (TEXT,), "ToleratedFailurePercentage": (NUMBER,),
    "ToleratedFailurePercentagePath": (TEXT,),
}  # fmt: skip
MACHINE: dict[str, tuple[str, ...]] = {
    "Comment": (TEXT,), "StartAt": (TEXT,), "States": (OBJECT,), "Version": (TEXT,), "TimeoutSeconds": (WHOLE,),
    "QueryLanguage": (TEXT,), "ProcessorConfig": (OBJECT,),
}  # fmt: skip
RETRIER: dict[str, tuple[str, ...]] = {
    "ErrorEquals": (LIST,), "IntervalSeconds": (WHOLE,), "MaxAttempts": (WHOLE,), "BackoffRate": (NUMBER,),
    "MaxDelaySeconds": (WHOLE,), "JitterStrategy": (TEXT,), "Comment": (TEXT,),
}  # fmt: skip
CATCHER: dict[str, tuple[str, ...]] = {
    "ErrorEquals": (LIST,), "Next": (TEXT,), "ResultPath": (TEXT, NULL), "Comment": (TEXT,), "Assign": (OBJECT,),
}  # fmt: skip
# The fields of a state that JSONata may compute, besides texts. Never a machine's: AWS takes a plain number there.
COMPUTED = (
    "Seconds", "Timestamp", "TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency", "ToleratedFailureCount",
    "ToleratedFailurePercentage",
)  # fmt: skip
BESIDE = ("Variable", "Next", "Comment", "Assign", "Output", "Condition")  # what a rule holds beside its operator
JOINTS = ("And", "Or", "Not")
FAMILIES = {"String": (TEXT,), "Numeric": (NUMBER,), "Timestamp": (TEXT,), "Boolean": (TRUTH,), "Is": (TRUTH,)}


@dataclass(frozen=True)
class Problem:
    """Something that is not of the language's shape: in which state, and what."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def require(definition: Any, then: str = "mend it where it was written") -> None:  # noqa: ANN401
    """Raises BadParameters naming the state and the field where a definition is not of the language's shape."""
    for problem in problems(definition) or dangling_ways(json_text.to_look_at(definition)):
        raise BadParameters(f"the definition is not as the language has it: {problem}; {then}")
    if not isinstance(definition, Mapping):
        raise BadParameters("the definition is a text; expected it as plain data")


def problems(definition: Any) -> list[Problem]:  # noqa: ANN401
    """Every field of a wrong type, every part that is missing: nothing else may be read where there is one."""
    if trouble := json_text.trouble(definition):
        return [Problem(WORKFLOW, words) for words in trouble]
    whole = json_text.to_look_at(definition)
    return list(_machine(whole, (), str(whole.get("QueryLanguage", ""))))


def dangling_ways(definition: Mapping[str, Any]) -> list[Problem]:
    """Every way that leads to no state, of plain data without `problems`."""
    return list(_dangling(definition, ()))


def inner(body: Any) -> list[Any]:  # noqa: ANN401
    """The machines within a state: a Parallel's branches, a Map's processor. Nothing where they are of no shape."""
    if not isinstance(body, Mapping):
        return []
    branches = body.get("Branches")
    within = [body[key] for key in ("ItemProcessor", "Iterator") if key in body]
    return [*(branches if isinstance(branches, list) else []), *within]


def _machine(machine: Any, inside: tuple[str, ...], language: str) -> Iterator[Problem]:  # noqa: ANN401
    where = " / ".join(inside) or WORKFLOW
    if not isinstance(machine, Mapping):
        yield Problem(where, f"holds {_said(machine)} where a machine of states should be")
        return
    yield from (Problem(where, words) for words in _fields(machine, MACHINE, ""))
    states = machine.get("States")
    if not isinstance(machine.get("StartAt"), str) or not isinstance(states, Mapping) or not states:
        yield Problem(where, "has no StartAt that names a state, or no States")
        return
    for name, body in states.items():
        if not isinstance(name, str) or not isinstance(body, Mapping):
            yield Problem(" / ".join((*inside, str(name))), f"is {_said(body)}; expected an object with a Type")
        else:
            yield from _state(body, (*inside, name), language)


def _state(body: Mapping[str, Any], inside: tuple[str, ...], language: str) -> Iterator[Problem]:
    where, spoken = " / ".join(inside), str(body.get("QueryLanguage", language))
    if not isinstance(body.get("Type"), str):
        yield Problem(where, "has no Type")
    yield from (Problem(where, words) for words in _fields(body, COMMON, spoken))
    for key, table in (("Retry", RETRIER), ("Catch", CATCHER)):
        yield from (Problem(where, words) for part in _list(body, key) for words in _errors(key, part, table))
    if body.get("Type") == "Choice" and not _list(body, "Choices"):
        yield Problem(where, "has no Choices")
    for rule in _list(body, "Choices"):
        yield from (Problem(where, words) for words in _rule(rule, spoken))
        if isinstance(rule, Mapping) and not isinstance(rule.get("Next"), str):
            yield Problem(where, "has a rule without Next")
    if body.get("Type") == "Task" and "Resource" not in body:
        yield Problem(where, "has no Resource")
    if body.get("Type") == "Parallel" and not _list(body, "Branches"):
        yield Problem(where, "has no Branches")
    for machine in inner(body):
        yield from _machine(machine, inside, language)


def _fields(body: Mapping[str, Any], table: Mapping[str, tuple[str, ...]], language: str) -> Iterator[str]:
    for key, value in body.items():
        wanted = table.get(key, ())
        if language == JSONATA and key in COMPUTED and is_expression(value):
            continue
        if wanted and not any(_is(value, kind) for kind in wanted):
            yield f"{key} is {_said(value)}; expected {' or '.join(wanted)}"
        if isinstance(value, int | float) and not _finite(value):
            yield f"{key} is a number too large to compute with"


def _errors(key: str, part: Any, table: Mapping[str, tuple[str, ...]]) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(part, Mapping):
        yield f"{key} holds {_said(part)}; expected objects"
        return
    yield from (f"{key}: {words}" for words in _fields(part, table, ""))
    names = part.get("ErrorEquals")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        yield f"{key} has no ErrorEquals that lists the names of errors"
    if key == "Catch" and "Next" not in part:
        yield "Catch has no Next"


def _rule(rule: Any, language: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(rule, Mapping):
        yield f"has {_said(rule)} as a rule; expected an object"
        return
    for key in ("Next", "Comment", "Variable"):
        if key in rule and not isinstance(rule[key], str):
            yield f"a rule's {key} is {_said(rule[key])}; expected text"
    if "Condition" in rule and language == JSONATA:
        if isinstance(rule["Condition"], str) and not is_expression(rule["Condition"]):
            yield f"a rule's Condition is {_said(rule['Condition'])}; expected an expression of JSONata"
        return
    operators = [key for key in rule if key not in BESIDE]
    if len(operators) != 1:
        yield f"a rule has {', '.join(map(str, operators)) or 'nothing'} as its operator; expected one"
    elif operators[0] in JOINTS:
        yield from _joined(operators[0], rule[operators[0]], language)
    else:
        if not isinstance(rule.get("Variable"), str):
            yield f"a rule of {operators[0]} has no Variable"
        yield from _compared(operators[0], rule[operators[0]])


def _joined(joint: str, parts: Any, language: str) -> Iterator[str]:  # noqa: ANN401
    if joint == "Not":
        yield from _rule(parts, language)
    elif not isinstance(parts, list) or not parts:
        yield f"{joint} is {_said(parts)}; expected a list of rules"
    else:
        for part in parts:
            yield from _rule(part, language)


def _compared(operator: str, wanted: Any) -> Iterator[str]:  # noqa: ANN401
    family = next((family for family in FAMILIES if str(operator).startswith(family)), "")
    kinds = (TEXT,) if str(operator).endswith("Path") else FAMILIES.get(family, ())
    if kinds and not any(_is(wanted, kind) for kind in kinds):
        yield f"{operator} compares with {_said(wanted)}; expected {' or '.join(kinds)}"
    if _is(wanted, NUMBER) and not _finite(wanted):
        yield f"{operator} compares with a number too large to compute with"


def _dangling(machine: Mapping[str, Any], inside: tuple[str, ...]) -> Iterator[Problem]:
    states = machine["States"]
    if machine["StartAt"] not in states:
        yield Problem(" / ".join(inside) or WORKFLOW, f"starts at {machine['StartAt']}, which is not there")
    for name, body in states.items():
        named = [body.get("Next"), body.get("Default"), *(rule["Next"] for rule in _list(body, "Choices"))]
        for to in [*named, *(catcher["Next"] for catcher in _list(body, "Catch"))]:
            if to is not None and to not in states:
                yield Problem(" / ".join((*inside, name)), f"leads to {to}, which is not there")
        for part in inner(body):
            yield from _dangling(part, (*inside, name))


def _list(body: Mapping[str, Any], key: str) -> list[Any]:
    value = body.get(key)
    return value if isinstance(value, list) else []


def _is(value: Any, kind: str) -> bool:  # noqa: ANN401
    if isinstance(value, bool):  # to Python it is a number, too
        return kind == TRUTH
    return isinstance(value, PYTHON[kind])


def is_expression(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is JSONata, to be computed when the state runs."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _said(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else "null" if value is None else repr(value)[:80]
