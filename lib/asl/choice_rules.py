"""The rules of a Choice state, decided as AWS decides them. Pure: no AWS.

AWS fails an execution that compares a variable which is not there; the embedded AWS does not. So does this: it raises.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lib.asl import timestamps
from lib.asl.execution_errors import NoChoiceMatched
from lib.asl.payload_templates import ABSENT, MissingVariable, required_value, value_at
from lib.asl.shape import BESIDE, JOINTS
from lib.errors import BadParameters


def choose(choice: Mapping[str, Any], data: Any, context: Mapping[str, Any] | None = None) -> str:  # noqa: ANN401
    """The state that a Choice goes to. Raises MissingVariable, or BadParameters for a rule it does not know."""
    for rule in choice["Choices"]:
        if holds(rule, data, context or {}):
            return str(rule["Next"])
    if "Default" not in choice:
        raise NoChoiceMatched(
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
    value = value_at(rule["Variable"], data, context)
    named = operator_of(rule)
    wanted = rule[named]
    if named == "IsPresent":
        return bool((value is not ABSENT) == wanted)
    if value is ABSENT:
        raise MissingVariable(f"{named} on {rule['Variable']}, which is not there; guard it with IsPresent")
    if named in TYPES:
        return TYPES[named](value) == wanted
    return _compared(named, value, wanted, data, context)


def _compared(named: str, value: Any, wanted: Any, data: Any, context: Mapping[str, Any]) -> bool:  # noqa: ANN401
    kind, compare = COMPARISONS[named.removesuffix("Path")]
    if named.endswith("Path"):
        wanted = required_value(wanted, data, context)
    for side in (value, wanted):
        if timestamps.made_up(side):
            raise BadParameters(
                f"a rule compares {side!r} by {named}: a walk only makes that up, so it cannot decide by it"
            )
    if not kind(value):
        return False
    if not kind(wanted):
        raise BadParameters(f"{named} compares with {wanted!r}; what AWS does then is not known here")
    return compare(value, wanted)


def operator_of(rule: Mapping[str, Any]) -> str:
    """The operator of a rule on a variable. Raises BadParameters for one that is not known here, or for several."""
    operators = [key for key in rule if key not in BESIDE]
    named = operators[0] if len(operators) == 1 else ", ".join(map(str, operators)) or "nothing"
    if not is_operator(named):
        listed = ", ".join(["IsPresent", *TYPES, *COMPARISONS])
        raise BadParameters(f"the rule compares by {named}; expected one of {listed}")
    return named


def is_operator(named: str) -> bool:
    """Whether the language has this operator."""
    compared = named.removesuffix("Path") in COMPARISONS and named != "StringMatchesPath"
    return compared or named in ("IsPresent", *TYPES)


def comparisons(choice: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every (operator, wanted) of a Choice, at any depth. Raises BadParameters for an operator not known here."""
    for rule in rules(choice):
        named = operator_of(rule)
        yield named, rule[named]


def rules(choice: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every rule on a variable of a Choice, at any depth."""
    ahead = list(choice["Choices"])
    while ahead:
        rule = ahead.pop(0)
        if joint := next((joint for joint in JOINTS if joint in rule), ""):
            ahead = [*(rule[joint] if isinstance(rule[joint], list) else [rule[joint]]), *ahead]
        else:
            yield rule


def is_number(value: object) -> bool:
    """Whether a value is a number to AWS: `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(value: object) -> bool:
    return isinstance(value, str)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _like(value: str, pattern: str) -> bool:
    return bool(_pattern(pattern).fullmatch(value))


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    """A StringMatches pattern: `*` is anything; a backslash takes its meaning from `*` and from a backslash."""
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    if unknown := [piece for piece in pieces if piece[0] == "\\" and piece not in ("\\*", "\\\\")]:
        raise BadParameters(f"StringMatches {pattern!r} escapes {unknown[0]!r}; expected \\* or two backslashes")
    made = [".*" if piece == "*" else re.escape(piece[-1]) for piece in pieces]
    return re.compile("".join(made), re.DOTALL)


def _as_java(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    """Texts in the order of their UTF-16 units, which is AWS's, not in that of their characters."""
    return lambda value, wanted: compare(_units(value), _units(wanted))


def _units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _as_moments(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: compare(timestamps.moment(value), timestamps.moment(wanted))


TYPES: dict[str, Callable[[object], bool]] = {
    "IsNumeric": is_number,
    "IsString": _string,
    "IsBoolean": _boolean,
    "IsNull": lambda value: value is None,
    "IsTimestamp": timestamps.is_moment,
}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}
# Each also with `Path` behind it but StringMatches.
COMPARISONS: dict[str, tuple[Callable[[object], bool], Callable[[Any, Any], bool]]] = {
    **{f"Numeric{name}": (is_number, compare) for name, compare in ORDERS.items()},
    **{f"String{name}": (_string, _as_java(compare)) for name, compare in ORDERS.items()},
    **{f"Timestamp{name}": (timestamps.is_moment, _as_moments(compare)) for name, compare in ORDERS.items()},
    "BooleanEquals": (_boolean, operator.eq),
    "StringMatches": (_string, _like),
}
