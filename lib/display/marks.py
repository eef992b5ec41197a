"""A mark and a tone for each word by which a check, a phase, a run or a write is judged, on a page and in a terminal.

The word always stands beside its mark: without colour, or read aloud, nothing is lost. What is bad comes first. No AWS.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TypeVar

from lib.checks import Status
from lib.record.change_rows import BACK_ALREADY, UNDONE, UNDONE_SINCE, WriteState
from lib.telemetry.configuration.facts import Meaning
from lib.values.alerts import Cause
from lib.values.verdicts import Verdict


class Tone(Enum):
    """What kind of colour a word has; the terminal and the page each have one for it."""

    GOOD = auto()
    OPEN = auto()
    BAD = auto()
    QUIET = auto()
    NONE = auto()


class Mark(NamedTuple):
    """What stands before a word, and its tone."""

    sign: str
    tone: Tone


GOOD, OPEN, BAD, QUIET = Mark("✓", Tone.GOOD), Mark("?", Tone.OPEN), Mark("✗", Tone.BAD), Mark("○", Tone.QUIET)
RUNNING, WAITING, KEPT = Mark("▸", Tone.OPEN), Mark("…", Tone.OPEN), Mark("•", Tone.OPEN)
AS_IT_WAS = Mark("=", Tone.QUIET)
UNKNOWN = Mark("", Tone.NONE)
BY_ITS_ALERTS = "judged by its alerts"  # of a drill whose execution may end in any way
MARKS: dict[str, Mark] = {
    Status.PASSED: GOOD, Status.FAILED: BAD, Status.WAITING: WAITING, Status.CANNOT_TELL: OPEN,
    Status.NOT_EXERCISED: QUIET, Status.NOT_APPLIED: QUIET,
    Verdict.SUCCEEDED: GOOD, Verdict.INTERRUPTED: BAD, Verdict.REFUSED: BAD, Verdict.RUNNING: RUNNING,
    Verdict.NOT_RUN: QUIET, Verdict.TRIED: GOOD,
    WriteState.PLANNED: QUIET, WriteState.NOTHING_TO_DO: AS_IT_WAS, WriteState.INTENDED: OPEN, WriteState.PUT_OFF: OPEN,
    WriteState.UNKNOWN: OPEN, WriteState.HALF_DONE: BAD, WriteState.NOT_APPLIED: QUIET, WriteState.APPLIED: GOOD,
    WriteState.VERIFIED: GOOD, WriteState.KEPT: KEPT, WriteState.NOT_TRIED: BAD,
    WriteState.UNREADABLE: BAD, WriteState.NOT_BELIEVED: BAD,
    Meaning.TOLD: QUIET, Cause.DRILL: QUIET, Cause.TEST: QUIET,
    UNDONE: GOOD, BACK_ALREADY: AS_IT_WAS, UNDONE_SINCE: KEPT, BY_ITS_ALERTS: QUIET,
}  # fmt: skip
# The order in which rows are read: what is bad, what no mark is known of, what is open, the rest, what is good.
ORDER = ("✗", "", "▸", "?", "…", "•", "○", "✓", "=")
FOLDED = 10  # so many rows at which nobody must look are shown one by one; more are folded, or counted
ALSO = "rollback "  # before what became of a run's rollback
Row = TypeVar("Row")


def mark_of(said: str) -> Mark:
    """The mark and the tone of a text that begins with one of these words: `failed: AWS refused`; else none.

    Of `succeeded; rollback failed` it is the worse one.
    """
    known = [MARKS[word] for part in said.split("; ") if (word := _first_word(part.removeprefix(ALSO)))]
    return min(known, key=lambda mark: ORDER.index(mark.sign), default=UNKNOWN)


def word_and_rest(said: str) -> tuple[str, str]:
    """The word that a text is judged by, and what else it says; all of it, where that is more than its first word."""
    word = _first_word(said)
    return (word, said[len(word) :]) if word and MARKS[word] == mark_of(said) else (said, "")


def _first_word(said: str) -> str:
    return max((word for word in MARKS if _begins(said, word)), key=len, default="")


class Judged(str):
    """A text that begins with one of the words, and so has a mark where it stands in a table."""


def is_judged(value: object) -> bool:
    """Whether this has a mark wherever it stands in a table: such a text, or one of the words itself."""
    return isinstance(value, Judged) or (isinstance(value, StrEnum) and value in MARKS)


def worst_of(row: Iterable[object]) -> str:
    """The word by which a row of a table is judged: the worst where there are several, "" where there is none."""
    return next(iter(worst_first(said := [str(one) for one in row if is_judged(one)], said)), "")


def worst_first(rows: Iterable[Row], said: Iterable[str]) -> list[Row]:
    """The rows, what is bad first, else in their order; `said` holds the word of each."""
    pairs = sorted(zip(rows, said, strict=True), key=lambda pair: ORDER.index(mark_of(pair[1]).sign))
    return [row for row, _ in pairs]


def _begins(said: str, word: str) -> bool:
    return said.startswith(word) and not said[len(word) : len(word) + 1].isalnum()
