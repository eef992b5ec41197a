"""JSON that somebody else wrote, to be looked at and never written back: a line of a log, an answer, a body. No AWS.

Whoever may write such a text may write anything into it. So there is one way for it to be unreadable, a ValueError, and
whatever is read nests flatly, so that it is safe to walk. A number or a text of it that is kept or reckoned with is
taken by `number_of` or `text_of`: then it is in bounds, and whole.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

DEEPEST = 100  # objects and lists within each other; the recursion of whatever walks the data ends far above
LARGEST = 2**53  # of a whole number: up to it every reader of JSON sees the same
LATEST = 7_258_118_400_000  # milliseconds since 1970, the year 2200: tables of times end with 2262


def loads(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:  # noqa: ANN401
    """The value of a JSON text, an object by `pairs` where given. Raises ValueError for no JSON, and for too deep a
    one."""
    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except RecursionError as error:
        raise ValueError("it nests too deeply to be read") from error
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened > DEEPEST and depth(value) > DEEPEST:
        raise ValueError(f"it nests deeper than {DEEPEST} levels")
    return value


def object_of(text: str | bytes) -> dict[str, Any]:
    """The object of a JSON text. Raises ValueError like `loads`, and for another value."""
    value = loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"it is a {type(value).__name__}, and no object")
    return value


def object_or_empty(text: str | bytes) -> dict[str, Any]:
    """The object of a JSON text; an empty one of whatever else somebody wrote there."""
    try:
        return object_of(text)
    except ValueError:
        return {}


def depth(value: Any) -> int:  # noqa: ANN401
    """How many objects and lists lie within each other, this one included; 1 for a plain value."""
    deepest, ahead = 0, [(value, 1)]
    while ahead:
        part, level = ahead.pop()
        deepest = max(deepest, level)
        inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        ahead += [(one, level + 1) for one in inner if isinstance(one, Mapping | list)]
    return deepest


def text_of(value: object) -> str:
    """A text that can be written down. Raises ValueError for what is none, and for one with half a character."""
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} where a text is expected")
    if not value.isascii():
        value.encode()  # half a character cannot be encoded, and its error is a ValueError
    return value


def number_of(value: object, most: int = LARGEST) -> int:
    """A whole number from 0 on, also written as a text. Raises ValueError for what is none, and for a larger one."""
    if isinstance(value, float) and not value.is_integer():  # also NaN, and what is infinite
        raise ValueError("a number that is not whole")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"a {type(value).__name__} where a number is expected")
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError(f"a number beyond 0 to {most}")
    return number


def milliseconds_of(value: object) -> int:
    """A moment in milliseconds since 1970, as tables of times can hold it. Raises ValueError for any other."""
    return number_of(value, LATEST)
