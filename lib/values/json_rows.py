"""JSON as the files of a record have it: a row on a line, so that a diff shows which rows differ. No AWS, no files.

It is JSON like any other: what earlier versions wrote, each value on a line of its own, reads back the same.
"""

from collections.abc import Sequence
from typing import Any

from lib.values.exact_json import dumps, pairs

STEP = "  "
WIDTH = 120  # characters of a line beside the rows
LONGEST = 8_000  # characters of a row, which is an item of a list; a longer one is written in lines itself


def to_text(value: Any, longest: int = LONGEST) -> str:  # noqa: ANN401
    """The JSON text of plain data, each item of a list on one line. Raises Refused like `exact_json.dumps`."""
    return _layout(value, WIDTH, longest, "\n") + "\n"


def block(around: str, parts: Sequence[str], inner: str, newline: str) -> str:
    """The parts of an object or a list, each on a line of its own between its brackets."""
    return f"{around[0]}{inner}{f',{inner}'.join(parts)}{newline}{around[1]}"


def _layout(value: Any, width: int, longest: int, newline: str) -> str:  # noqa: ANN401
    # The whole of it first: what cannot be written exactly is so named with its place in the file.
    line = dumps(value)
    if len(line) <= width or not isinstance(value, dict | list):
        return line
    inner = newline + STEP
    if isinstance(value, list):
        return block("[]", [_layout(item, longest, longest, inner) for item in value], inner, newline)
    # In a row that is too long for one line, what is no list has as much room as a row.
    room = [(key, item, WIDTH if isinstance(item, list) else width) for key, item in pairs(value)]
    parts = [f"{dumps(key)}: {_layout(item, wide, longest, inner)}" for key, item, wide in room]
    return block("{}", parts, inner, newline)
