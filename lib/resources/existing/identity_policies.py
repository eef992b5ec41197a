"""What the policies of a role allow, by our reading: yes, no, or that only AWS can decide. Pure: no AWS.

A call of one service to another goes over TLS, so that the ordinary Deny of all that does not is decided here.
"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lib.values.permission_statements import one_or_more

Compare = Callable[[str, str], bool]

# What every call of ours carries, by its condition key in lower case.
CARRIED = {"aws:securetransport": "true"}
IF_EXISTS = "ifexists"


def _like(value: str, pattern: str) -> bool:
    """IAM knows `*` and `?`; a bracket means itself."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _fold(value: str, pattern: str) -> bool:
    return value.lower() == pattern.lower()


# Operators that are read, and whether they hold where none of the values matches.
OPERATORS: dict[str, tuple[Compare, bool]] = {
    "stringequals": (str.__eq__, False), "stringnotequals": (str.__eq__, True),
    "stringequalsignorecase": (_fold, False), "stringnotequalsignorecase": (_fold, True),
    "stringlike": (_like, False), "stringnotlike": (_like, True), "bool": (_fold, False),
}  # fmt: skip


def decide_access(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]
) -> bool | None:
    """An Allow matches and no Deny does; None where that hangs on a condition that is not known here."""
    statements = [statement for document in policies for statement in one_or_more(document.get("Statement", []))]
    known = {**CARRIED, **_region(resource), **{key.lower(): value for key, value in context.items()}}
    decisions: dict[str, set[bool | None]] = {"Allow": set(), "Deny": set()}
    for statement in statements:
        decisions[statement["Effect"]].add(_speaks(statement, action, resource, known))
    if True in decisions["Deny"] or not decisions["Allow"] & {True, None}:
        return False
    return True if None not in decisions["Deny"] and True in decisions["Allow"] else None


def _region(resource: str) -> dict[str, str]:
    parts = resource.split(":")
    return {"aws:requestedregion": parts[3]} if len(parts) > 5 and parts[3] else {}


def _speaks(statement: Mapping[str, Any], action: str, resource: str, known: Mapping[str, str]) -> bool | None:
    """Whether a statement speaks of this call; None where it may."""
    if not _named(statement, "Action", action.lower(), str.lower) or not _named(statement, "Resource", resource, str):
        return False
    answers = [
        _holds(str(operator).lower(), known.get(str(key).lower()), [str(one) for one in one_or_more(wanted)])
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    return False if False in answers else None if None in answers else True


def _named(statement: Mapping[str, Any], field: str, value: str, folded: Callable[[str], str]) -> bool:
    if f"Not{field}" in statement:
        return not any(_like(value, folded(pattern)) for pattern in one_or_more(statement[f"Not{field}"]))
    return any(_like(value, folded(pattern)) for pattern in one_or_more(statement.get(field, [])))


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool | None:
    """Whether a condition holds; None for an operator that is not read and for a key that is not known."""
    known = OPERATORS.get(operator.removesuffix(IF_EXISTS))
    if operator == "null":
        return None if value is None else "false" in [one.lower() for one in wanted]
    if known is None or value is None or any("${" in one for one in wanted):
        return None
    matches, otherwise = known
    return any(matches(value, one) for one in wanted) is not otherwise
