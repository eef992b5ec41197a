"""What the command prints: lines, tables, complaints. Only here does anything of ours reach a terminal, escaped."""

import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from lib.values import contacts, escape


class Output(Console):
    """A terminal that may be gone, a pipe that may be closed, a disk that may be full: that ends no run."""

    def print(self, *shown: Any, **how: Any) -> None:  # noqa: ANN401 - what rich prints
        """As rich's, but where it cannot be written, nothing is, from then on."""
        try:
            super().print(*shown, **how)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Rich's own exits here."""
        self.quiet = True
        with suppress(OSError, ValueError):  # what Python still holds back goes nowhere, and so does not fail at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


# A file or a pipe has no width of its own; a table needs one that cuts nothing. No markup, and no `:emoji:`: an ARN
# may hold the name of one.
PLAIN = {"highlight": False, "markup": False, "emoji": False}
console = Output(width=None if sys.stdout.isatty() else 160, **PLAIN)  # type: ignore[arg-type]
errors = Output(stderr=True, soft_wrap=True, **PLAIN)  # type: ignore[arg-type]


def line(text: str, end: str = "\n") -> None:
    """One line as it is: not wrapped, so that a path can be copied."""
    console.print(Text(escape.lines(text)), soft_wrap=True, end=end)


def colour_first_word(word: str, colour: str, rest: str) -> None:
    """A line whose first word has a colour."""
    console.print(Text.assemble((escape.lines(word), colour), escape.lines(rest)), soft_wrap=True)


def complain(text: str) -> None:
    """One sentence on stderr."""
    errors.print(Text(escape.lines(text)))


def say_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that is none of ours, in place of Python's own hook: its message may quote anything."""
    for part in traceback.format_exception(kind, error, trace):
        complain(part.rstrip())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table without anybody's contact; a long word is folded, not cut."""
    heads = (Column(_cell(name), overflow="fold") for name in columns)
    drawn = Table(*heads, title=_cell(title))
    for row in rows:
        drawn.add_row(*map(_cell, row))
    console.print(drawn)


def _cell(value: str) -> Text:
    return Text(escape.one_line(contacts.mask_text(value)))
