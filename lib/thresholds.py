"""Decides a check-in's route as AWS would, from the definition itself; reads and changes its thresholds. No AWS.

AWS fails an execution that compares a variable which is not there; the embedded AWS does not. So does this: it raises.
"""

import copy
import fnmatch
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lib import render
from lib.errors import BadParameters

DECISION, DEFAULTS = "EvaluateRisk", "AssumeUnscored"
NAMES = ("CrisisRiskAbove", "HighRiskAbove", "ModerateRiskAbove", "SentimentBelow", "ProactiveRiskAbove")
ABSENT = object()


class MissingVariable(BadParameters):
    """A comparison on a variable that is not there: AWS fails the whole execution, and no catch helps."""


def route(definition: Mapping[str, Any], checkin: Mapping[str, Any]) -> str:
    """The route of a check-in in the processor's shape: `risk_score`, `score`, `trajectory`; any may be missing."""
    states = definition["States"]
    known = {**states[DEFAULTS]["Result"], **checkin}
    return str(states[choose(states[DECISION], {"checkin": known})]["Parameters"]["route"])


def choose(choice: Mapping[str, Any], data: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> str:
    """The state that a Choice goes to. Raises MissingVariable, or BadParameters for a rule it does not know."""
    for rule in choice["Choices"]:
        if holds(rule, data, context or {}):
            return str(rule["Next"])
    if "Default" not in choice:
        raise BadParameters(
            "no rule of the Choice matches and it has no Default: AWS fails with States.NoChoiceMatched"
        )
    return str(choice["Default"])


def holds(rule: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> bool:  # noqa: ANN401
    """Whether one rule of a Choice holds; And and Or stop at the first part that decides."""
    if "And" in rule:
        return all(holds(part, data, context) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, data, context) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data, context)
    value = found(rule["Variable"], data, context)
    operator, wanted = next((key, rule[key]) for key in rule if key not in ("Variable", "Next", "Comment"))
    if operator == "IsPresent":
        return (value is not ABSENT) == wanted
    if value is ABSENT:
        raise MissingVariable(f"{operator} on {rule['Variable']}, which is not there; guard it with IsPresent")
    if operator in TYPES:
        return TYPES[operator](value) == wanted
    if operator not in COMPARISONS:
        raise BadParameters(f"the rule compares by {operator}; expected one of {', '.join([*TYPES, *COMPARISONS])}")
    kind, compare = COMPARISONS[operator]
    return kind(value) and compare(value, wanted)


def found(path: str, data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What stands at a plain path (`$.a.b`, `$$.Execution.Name`), or ABSENT."""
    value: Any = context if path.startswith("$$") else data
    for part in re.findall(r"[A-Za-z0-9_]+", path):
        if not isinstance(value, Mapping) or part not in value:
            return ABSENT
        value = value[part]
    return value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(value: object) -> bool:
    return isinstance(value, str)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _like(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, re.sub(r"([\[?])", r"[\1]", pattern))


TYPES: dict[str, Callable[[object], bool]] = {
    "IsNumeric": _number,
    "IsString": _string,
    "IsBoolean": _boolean,
    "IsNull": lambda value: value is None,
}
COMPARISONS: dict[str, tuple[Callable[[object], bool], Callable[[Any, Any], bool]]] = {
    "NumericEquals": (_number, lambda value, wanted: value == wanted),
    "NumericGreaterThan": (_number, lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": (_number, lambda value, wanted: value >= wanted),
    "NumericLessThan": (_number, lambda value, wanted: value < wanted),
    "NumericLessThanEquals": (_number, lambda value, wanted: value <= wanted),
    "StringEquals": (_string, lambda value, wanted: value == wanted),
    "StringMatches": (_string, _like),
    "BooleanEquals": (_boolean, lambda value, wanted: value == wanted),
}


def thresholds_of(definition: Mapping[str, Any]) -> dict[str, float]:
    """The five numbers by which a rendered definition decides. Raises BadParameters when its rules are not ours."""
    ours, theirs = render.template(render.DEFINITION)["States"][DECISION], definition["States"][DECISION]
    numbers: dict[str, float] = {}
    if not _aligned(ours, theirs, numbers) or set(numbers) != set(NAMES):
        raise BadParameters(f"{DECISION} of this definition is not that of {render.DEFINITION}; render it again")
    return {name: numbers[name] for name in NAMES}


def _aligned(ours: Any, theirs: Any, numbers: dict[str, float]) -> bool:  # noqa: ANN401
    """Whether `theirs` is `ours` with numbers for placeholders, the same one everywhere; collects them."""
    if isinstance(ours, str) and (alone := render.PLACEHOLDER.fullmatch(ours)):
        return _number(theirs) and numbers.setdefault(alone[1], theirs) == theirs
    if isinstance(ours, dict) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(_aligned(ours[key], theirs[key], numbers) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(_aligned(a, b, numbers) for a, b in zip(ours, theirs, strict=True))
    return json.dumps(ours) == json.dumps(theirs)


def with_thresholds(definition: Mapping[str, Any], thresholds: Mapping[str, float]) -> dict[str, Any]:
    """A copy that decides by other numbers; names left out keep theirs. Raises BadParameters for an unknown name."""
    unknown = sorted(set(thresholds) - set(NAMES))
    if unknown:
        raise BadParameters(f"unknown threshold {', '.join(unknown)}; expected one of {', '.join(NAMES)}")
    changed = dict(copy.deepcopy(dict(definition)))
    decision = render.template(render.DEFINITION)["States"][DECISION]
    changed["States"][DECISION] = render.fill(decision, {**thresholds_of(definition), **thresholds})
    return changed
