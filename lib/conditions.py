"""Says a Choice rule's condition in a few words, for a picture or a table. Pure text, no AWS."""

from collections.abc import Mapping
from typing import Any

from lib.asl.shape import BESIDE

GUARDS = {
    "IsPresent": "given",
    "IsNull": "is null",
    "IsNumeric": "is a number",
    "IsString": "is a text",
    "IsBoolean": "is true or false",
    "IsTimestamp": "is a time",
}
SIGNS = {
    "GreaterThanEquals": "≥",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "LessThan": "<",
    "Matches": "matches",
    "Equals": "=",
}
LONGEST = 40


def condition(rule: Mapping[str, Any]) -> str:
    """The condition in short lines. Guards are left out where anything else is left: they only make the rest safe."""
    return "\n".join(_cut(line) for line in _lines(rule))


def _lines(rule: Mapping[str, Any]) -> list[str]:
    for word in ("And", "Or"):
        if word in rule:
            parts = [line for inner in rule[word] for line in _lines(inner)]
            telling = [part for part in dict.fromkeys(parts) if not _guard(part)] or list(dict.fromkeys(parts))
            if word == "Or":
                return [f"{part} or" for part in telling[:-1]] + telling[-1:]
            return telling
    if "Not" in rule:
        inner = _lines(rule["Not"])
        return (
            [inner[0].replace(" = ", " ≠ ", 1)]
            if len(inner) == 1 and " = " in inner[0]
            else ["not: " + ", ".join(inner)]
        )
    return [_comparison(rule)]


def _comparison(rule: Mapping[str, Any]) -> str:
    if "Condition" in rule:  # JSONata
        return str(rule["Condition"])
    operator, value = next(((key, rule[key]) for key in rule if key not in BESIDE), ("", ""))
    name = ".".join(str(rule.get("Variable", "")).replace("$", "").strip(".").split(".")[-1:])
    if operator in GUARDS:
        return f"{name} {'' if value else 'not '}{GUARDS[operator]}"
    if operator == "BooleanEquals":
        name = ".".join(str(rule.get("Variable", "")).split(".")[-2:])
        return name if value else f"not {name}"
    sign = next((sign for word, sign in SIGNS.items() if operator.removesuffix("Path").endswith(word)), operator)
    shown = f'"{value}"' if value == "" else value
    return f"{name} {sign} {shown}"


def _guard(line: str) -> bool:
    """A type check, or the check that a score lies within 0 to 100, or a sentiment within -1 to 1."""
    return line.endswith((*GUARDS.values(), "≥ 0", "≤ 100", "≥ -1", "≤ 1"))


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
