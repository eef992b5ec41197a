"""The rules of a Choice state, decided as AWS decides them. Pure: no AWS.

AWS fails an execution that compares a variable which is not there; the embedded AWS does not. So does this: it raises.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lib.errors import BadParameters
from lib.payloads import ABSENT, FailsExecution, MissingVariable, found

BESIDE = ("Variable", "Next", "Comment")  # what a rule holds beside its operator


def choose(choice: Mapping[str, Any], data: Any, context: Mapping[str, Any] | None = None) -> str:  # noqa: ANN401
    """The state that a Choice goes to. Raises MissingVariable, or BadParameters for a rule it does not know."""
    for rule in choice["Choices"]:
        if holds(rule, data, context or {}):
            return str(rule["Next"])
    if "Default" not in choice:
        raise FailsExecution(
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
    operator = operator_of(rule)
    wanted = rule[operator]
    if operator == "IsPresent":
        return (value is not ABSENT) == wanted
    if value is ABSENT:
        raise MissingVariable(f"{operator} on {rule['Variable']}, which is not there; guard it with IsPresent")
    if operator in TYPES:
        return TYPES[operator](value) == wanted
    kind, compare = COMPARISONS[operator]
    return kind(value) and compare(value, wanted)


def operator_of(rule: Mapping[str, Any]) -> str:
    """The operator of a rule on a variable. Raises BadParameters for one that is not known here."""
    operator = next((key for key in rule if key not in BESIDE), "nothing")
    if operator != "IsPresent" and operator not in TYPES and operator not in COMPARISONS:
        known = ", ".join(["IsPresent", *TYPES, *COMPARISONS])
        raise BadParameters(f"the rule compares by {operator}; expected one of {known}")
    return operator


def comparisons(choice: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every (operator, wanted) of a Choice, at any depth. Raises BadParameters for an operator not known here."""
    for rule in choice["Choices"]:
        yield from _comparisons(rule)


def _comparisons(rule: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    parts = [*rule.get("And", []), *rule.get("Or", []), *([rule["Not"]] if "Not" in rule else [])]
    for part in parts:
        yield from _comparisons(part)
    if not parts:
        operator = operator_of(rule)
        yield operator, rule[operator]


def is_number(value: object) -> bool:
    """Whether a value is a number to AWS: `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(value: object) -> bool:
    return isinstance(value, str)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _like(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, re.sub(r"([\[?])", r"[\1]", pattern))


TYPES: dict[str, Callable[[object], bool]] = {
    "IsNumeric": is_number,
    "IsString": _string,
    "IsBoolean": _boolean,
    "IsNull": lambda value: value is None,
}
COMPARISONS: dict[str, tuple[Callable[[object], bool], Callable[[Any, Any], bool]]] = {
    "NumericEquals": (is_number, lambda value, wanted: value == wanted),
    "NumericGreaterThan": (is_number, lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": (is_number, lambda value, wanted: value >= wanted),
    "NumericLessThan": (is_number, lambda value, wanted: value < wanted),
    "NumericLessThanEquals": (is_number, lambda value, wanted: value <= wanted),
    "StringEquals": (_string, lambda value, wanted: value == wanted),
    "StringMatches": (_string, _like),
    "BooleanEquals": (_boolean, lambda value, wanted: value == wanted),
}
