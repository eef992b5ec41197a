"""Says a Choice rule's condition in words, for a picture or a diagram. Pure text, no AWS."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lib.asl.shape import BESIDE
from lib.asl.states import Edge, EdgeKind

KINDS = {
    "IsPresent": "given",
    "IsNull": "null",
    "IsNumeric": "a number",
    "IsString": "a text",
    "IsBoolean": "true or false",
    "IsTimestamp": "a time",
}
# By how an operator ends, longest first: NumericGreaterThanEquals, StringEquals, TimestampLessThanPath.
WORDS = {
    "GreaterThanEquals": "at least",
    "LessThanEquals": "at most",
    "GreaterThan": "above",
    "LessThan": "below",
    "Matches": "is like",
    "Equals": "is",
}
RANGES = (("NumericGreaterThanEquals", (0, -1)), ("NumericLessThanEquals", (100, 1)))  # of a risk, of a sentiment


def transition_words(edge: Edge, *, in_short: bool = False) -> str:
    """When a way is taken: a choice's condition, "otherwise" for what is left; "" for every other."""
    return (
        condition(edge.rule, in_short=in_short) if edge.rule else "otherwise" if edge.kind == EdgeKind.DEFAULT else ""
    )


def condition(rule: Mapping[str, Any], *, in_short: bool = False) -> str:
    """The condition in one line. Checks that only make a comparison beside them safe are left out: those of a type.

    `in_short` leaves out as well that a risk lies within 0 to 100, and a sentiment within -1 to 1.
    """
    if "Condition" in rule:  # JSONata
        return str(rule["Condition"])
    for joint in ("And", "Or"):
        if joint in rule:
            parts = _telling(rule["And"], in_short) if joint == "And" else rule["Or"]
            mixed = joint == "And" and len(parts) > 1
            return f" {joint.lower()} ".join(dict.fromkeys(_part(part, mixed, in_short) for part in parts))
    if "Not" in rule:
        return f"not ({condition(rule['Not'], in_short=in_short)})"
    return _comparison(rule)


def _part(rule: Mapping[str, Any], mixed: bool, in_short: bool) -> str:
    words = condition(rule, in_short=in_short)
    return f"({words})" if mixed and len(rule.get("Or", ())) > 1 else words


def _telling(parts: Sequence[Mapping[str, Any]], in_short: bool) -> Sequence[Mapping[str, Any]]:
    """What of an And is said: with a comparison no guard; among guards alone, of what is present not its type."""
    present = {part["Variable"] for part in parts if part.get("IsPresent") is True}
    return [part for part in parts if not _guard(part, in_short)] or [
        part for part in parts if "IsPresent" in part or part.get("Variable") not in present
    ]


def _guard(rule: Mapping[str, Any], in_short: bool) -> bool:
    """Whether a check only makes others safe. That something is absent or null, or of another type, is never one."""
    if "And" in rule:
        return all(_guard(part, in_short) for part in rule["And"])
    if any(rule.get(operator) is (operator != "IsNull") for operator in KINDS):
        return True
    return in_short and any(rule.get(operator) in ends for operator, ends in RANGES)


def _comparison(rule: Mapping[str, Any]) -> str:
    operator, value = next(((key, rule[key]) for key in rule if key not in BESIDE), ("", ""))
    path = str(rule.get("Variable", ""))
    # `reached` or `Name` alone would not say whose.
    of_whom = 2 if operator == "BooleanEquals" or path.startswith("$$") else 1
    name = ".".join(path.replace("$", "").strip(".").split(".")[-of_whom:])
    if operator in KINDS:
        return f"{name} is {'' if value else 'not '}{KINDS[operator]}"
    words = next((words for end, words in WORDS.items() if operator.removesuffix("Path").endswith(end)), operator)
    return f"{name} {words} {json.dumps(value) if isinstance(value, bool) or value == '' else value}"
