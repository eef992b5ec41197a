"""DynamoDB's typed values as plain data and back, without losing a type or a digit. Pure data, calls nothing.

What JSON can hold is itself: a text, a truth value, null, a number that Python writes as DynamoDB does, a list, a map.
Anything else (a set, bytes, a number of 38 digits with a fraction) stays in DynamoDB's own typed form, with bytes as
base64: `{"DynamoDB": {"NS": ["1", "2"]}}`. So every value has one plain form, and that one leads back to it alone.
"""

from base64 import b64decode, b64encode
from typing import Any

Typed = dict[str, Any]  # {"S": "text"} and the like, as botocore takes and gives it

TYPED = "DynamoDB"


def plain(value: Typed) -> Any:  # noqa: ANN401
    """A typed value as plain data."""
    ((kind, held),) = value.items()
    if kind == "M":
        found: Any = {key: plain(item) for key, item in held.items()}
    elif kind == "L":
        found = [plain(item) for item in held]
    elif kind == "N":
        found = _number(held)
    else:
        found = None if kind == "NULL" else held
    simple = kind in ("S", "BOOL", "NULL", "N", "L") or (kind == "M" and found.keys() != {TYPED})
    return found if simple and (kind in ("L", "M") or typed(found) == value) else {TYPED: _packed(value)}


def typed(value: Any) -> Typed:  # noqa: ANN401
    """The typed value that plain data stands for. Raises TypeError for what DynamoDB has no type for."""
    if isinstance(value, dict):
        if value.keys() == {TYPED}:
            return _unpacked(value[TYPED])
        return {"M": {key: typed(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"L": [typed(item) for item in value]}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"DynamoDB has no type for a {type(value).__name__}")


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _packed(value: Typed) -> Typed:
    """The typed form with bytes as text, and sets in an order of their own, since DynamoDB gives them in any."""
    ((kind, held),) = value.items()
    if kind == "B":
        return {kind: b64encode(bytes(held)).decode()}
    if kind == "BS":
        return {kind: sorted(b64encode(bytes(one)).decode() for one in held)}
    if kind in ("SS", "NS"):
        return {kind: sorted(held)}
    if kind == "M":
        return {kind: {key: _packed(item) for key, item in held.items()}}
    if kind == "L":
        return {kind: [_packed(item) for item in held]}
    return {kind: held}


def _unpacked(value: Typed) -> Typed:
    ((kind, held),) = value.items()
    if kind == "B":
        return {kind: b64decode(held)}
    if kind == "BS":
        return {kind: [b64decode(one) for one in held]}
    if kind == "M":
        return {kind: {key: _unpacked(item) for key, item in held.items()}}
    if kind == "L":
        return {kind: [_unpacked(item) for item in held]}
    return {kind: held}
