"""A mark and a colour for each word by which a check, a phase, a run or a write is judged. Only the terminal's; no AWS.

The word always stands beside its mark: without colour, or read aloud, nothing is lost. What is bad comes first.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from lib.checks import Status
from lib.record.change_rows import WriteState
from lib.values.verdicts import Verdict

GOOD, OPEN, BAD, QUIET = ("✓", "green"), ("?", "yellow"), ("✗", "bold red"), ("○", "dim")
UNDONE = "undone"  # what a ledger says of a change that was taken back
MARKS: dict[str, tuple[str, str]] = {
    Status.PASSED: GOOD, Status.FAILED: BAD, Status.WAITING: ("…", "yellow"), Status.CANNOT_TELL: OPEN,
    Status.NOT_EXERCISED: QUIET, Status.NOT_APPLIED: QUIET,
    Verdict.SUCCEEDED: GOOD, Verdict.INTERRUPTED: BAD, Verdict.REFUSED: BAD, Verdict.RUNNING: ("▸", "yellow"),
    Verdict.NOT_RUN: QUIET,
    WriteState.PLANNED: QUIET, WriteState.NOTHING_TO_DO: QUIET, WriteState.INTENDED: OPEN, WriteState.PUT_OFF: OPEN,
    WriteState.UNKNOWN: OPEN, WriteState.HALF_DONE: BAD, WriteState.NOT_APPLIED: QUIET, WriteState.APPLIED: GOOD,
    WriteState.VERIFIED: GOOD, WriteState.KEPT: ("•", "yellow"), WriteState.NOT_TRIED: BAD,
    WriteState.UNREADABLE: BAD, WriteState.NOT_BELIEVED: BAD,
    UNDONE: GOOD,
}  # fmt: skip
# The order in which rows are read: what is bad, what no mark is known of, what is open, the rest, what is good.
ORDER = ("✗", "", "▸", "?", "…", "•", "○", "✓")
ALSO = "rollback "  # before what became of a run's rollback
Row = TypeVar("Row")


def mark_of(said: str) -> tuple[str, str]:
    """The mark and the colour of a text that begins with one of these words: `failed: AWS refused`; else none.

    Of `succeeded; rollback failed` it is the worse one.
    """
    known = [MARKS[word] for part in said.split("; ") if (word := _first_word(part.removeprefix(ALSO)))]
    return min(known, key=lambda mark: ORDER.index(mark[0]), default=("", ""))


def _first_word(said: str) -> str:
    return max((word for word in MARKS if _begins(said, word)), key=len, default="")


class Judged(str):
    """A text that begins with one of the words, and so has a mark where it stands in a table."""


def is_judged(value: object) -> bool:
    """Whether this has a mark wherever it stands in a table: such a text, or one of the words itself."""
    return isinstance(value, Judged) or (isinstance(value, StrEnum) and value in MARKS)


def worst_first(rows: Iterable[Row], said: Iterable[str]) -> list[Row]:
    """The rows, what is bad first, else in their order; `said` holds the word of each."""
    pairs = sorted(zip(rows, said, strict=True), key=lambda pair: ORDER.index(mark_of(pair[1])[0]))
    return [row for row, _ in pairs]


def _begins(said: str, word: str) -> bool:
    return said.startswith(word) and not said[len(word) : len(word) + 1].isalnum()
