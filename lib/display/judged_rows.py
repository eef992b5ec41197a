"""Rows in which a word judges, in the order in which they are read: the worst first, many quiet ones apart. No AWS."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from lib.display import marks, signs
from lib.display.marks import Mark
from lib.display.signs import Sign

QUIET = (marks.GOOD, marks.AS_IT_WAS)  # nobody must look at these
Row = TypeVar("Row", bound=Sequence[object])


def arrange(rows: Sequence[Row]) -> tuple[list[Row], list[tuple[Sign, list[Row]]]]:
    """The rows to be shown, and those to be folded, each lot behind how many of each word there are."""
    ordered = marks.worst_first(rows, map(marks.worst_of, rows))
    counted = Counter(map(_mark, ordered))
    quiet = [mark for mark in QUIET if counted[mark] > marks.FOLDED]
    lots = [[row for row in ordered if _mark(row) == mark] for mark in quiet]
    return [row for row in ordered if _mark(row) not in quiet], [(_counted(lot), lot) for lot in lots]


def _mark(row: Sequence[object]) -> Mark:
    return marks.mark_of(marks.worst_of(row))


def _counted(rows: Sequence[Sequence[object]]) -> Sign:
    words = [marks.word_and_rest(marks.worst_of(row))[0] for row in rows]
    return signs.verdict_sign(words[0], ", ".join(f"{number} {word}" for word, number in Counter(words).items()))
