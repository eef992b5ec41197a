"""Texts of CSV files that people open, so that a spreadsheet runs none of them as a formula. Pure, no AWS.

A spreadsheet takes a text that begins with one of `= + - @`, a tab or a line's end for a formula. With a quote before
it, it is a text; who reads it back takes that away (`as_it_was`). A number stays as it is, also as a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

WIDE = "\uff1d\uff0b\uff0d\uff20"  # the same four signs, as wide as a Chinese one
FORMULA = re.compile(rf"'*[=+\-@\t\r\n{WIDE}]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def cell(text: str) -> str:
    """A text as a cell holds it. Quotes before a formula become one more, so that none is lost."""
    return f"'{text}" if _is_formula(text) else text


def as_it_was(text: str) -> str:
    """The text of a cell that `cell` made."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def name_cell(name: str) -> str:
    """A name for a `cell`: one that reads as a number, such as a pseudonym of digits, a spreadsheet would round."""
    return f"'{name}" if _is_number(name) else name


def name_as_it_was(text: str) -> str:
    """The name of a cell that holds a `name_cell`."""
    name = as_it_was(text)
    return name[1:] if name.startswith("'") and _is_number(name[1:]) else name


def _is_number(name: str) -> bool:
    return bool(NUMBER.fullmatch(name.lstrip("'")))


def _is_formula(text: str) -> bool:
    return bool(FORMULA.match(text)) and not NUMBER.fullmatch(text)


def of_frame(frame: pd.DataFrame) -> str:
    """A table as CSV, without its index."""
    safe = frame.copy(deep=False)
    for at, kind in enumerate(frame.dtypes):
        if kind.kind == "O":
            cells = [cell(one) if isinstance(one, str) else one for one in frame.iloc[:, at]]
            if any(new is not old for new, old in zip(cells, frame.iloc[:, at], strict=True)):
                safe.isetitem(at, cells)
    return str(safe.to_csv(index=False))
