"""What the command prints: lines, tables, complaints. Only here does anything of ours reach a terminal, escaped."""

import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from io import TextIOWrapper
from types import TracebackType
from typing import IO, Any

from rich.console import Console
from rich.control import Control
from rich.padding import Padding
from rich.segment import ControlType
from rich.table import Column, Table
from rich.text import Text

from lib.display import marks, table_layout
from lib.display.marks import Tone
from lib.values import contacts, escape, log_links

STYLES = {Tone.GOOD: "green", Tone.OPEN: "yellow", Tone.BAD: "bold red", Tone.QUIET: "dim", Tone.NONE: ""}


class Output(Console):
    """A terminal that may be gone, a pipe that may be closed, a disk that may be full: that ends no run."""

    def print(self, *shown: Any, **how: Any) -> None:  # noqa: ANN401 - what rich prints
        """As rich's, but where it cannot be written, nothing is, from then on."""
        try:
            _let_any_sign_through(self.file)
            super().print(*shown, **how)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Rich's own exits here."""
        self.quiet = True
        with suppress(OSError, ValueError):  # what Python still holds back goes nowhere, and so does not fail at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def _let_any_sign_through(file: IO[str]) -> None:
    """A sign that a stream's encoding has not is written as its code: `?` would be the mark of "cannot tell"."""
    if isinstance(file, TextIOWrapper) and file.errors in ("strict", "surrogateescape"):
        file.reconfigure(errors="backslashreplace")


# A file or a pipe has no width of its own; a table needs one that cuts nothing. No markup, and no `:emoji:`: an ARN
# may hold the name of one.
PLAIN = {"highlight": False, "markup": False, "emoji": False}
console = Output(width=None if sys.stdout.isatty() else 160, **PLAIN)  # type: ignore[arg-type]
errors = Output(stderr=True, soft_wrap=True, **PLAIN)  # type: ignore[arg-type]


class Volume(StrEnum):
    """How much of what a command says reaches standard output."""

    ALL = "all"
    RESULT = "result"  # `-q`: what came of it, and the commands that go on
    DATA = "data"  # `--json`: one JSON text, and nothing besides


_volume = Volume.ALL


def set_volume(chosen: Volume) -> None:
    """From now on; each command begins with its own."""
    global _volume
    _volume = chosen


def say_no_more_than(chosen: Volume) -> None:
    """As `set_volume`, where less is said by it than so far: `--json -q` is `--json`, in either order."""
    set_volume(max(_volume, chosen, key=list(Volume).index))


@contextmanager
def aloud() -> Iterator[None]:
    """Everything is said within, also where the result alone was asked for."""
    before = _volume
    set_volume(Volume.ALL if before is Volume.RESULT else before)
    try:
        yield
    finally:
        set_volume(before)


def _is_said(result: bool) -> bool:
    return _volume is Volume.ALL or (result and _volume is Volume.RESULT)


def line(text: str, end: str = "\n", result: bool = False) -> None:
    """One line as it is: not wrapped, so that a path can be copied."""
    if _is_said(result):
        console.print(Text(escape.lines(text)), soft_wrap=True, end=end)


def verdict_line(word: str, rest: str, result: bool = False) -> None:
    """A line that begins with a word that has a mark and a colour."""
    if _is_said(result):
        mark, tone = marks.mark_of(word)
        shown = f"{mark} {escape.lines(word)}" if mark else escape.lines(word)
        console.print(Text.assemble((shown, STYLES[tone]), escape.lines(rest)), soft_wrap=True)


def data(value: object, always: bool = False) -> None:
    """What a command found, as one JSON text, where that was asked for, or `always`. Nobody's contact stands in it."""
    if always or _volume is Volume.DATA:
        # In ASCII, so that nothing in it is more than a character to whatever terminal or pipe takes it.
        console.print(Text(json.dumps(contacts.mask_data(value), indent=1, default=str)), soft_wrap=True)


def is_watched() -> bool:
    """Whether somebody sees what is written over, and so can be shown how far it is."""
    return _volume is Volume.ALL and console.is_terminal and not console.is_dumb_terminal


def overwrite(text: str) -> None:
    """In place of what the line holds that is begun, no longer than the terminal is wide."""
    shown = Text(escape.one_line(contacts.mask_text(text)))
    shown.truncate(console.width - 1, overflow="ellipsis")
    anew = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
    console.print(anew, shown, sep="", soft_wrap=True, end="")


def can_ask() -> bool:
    """Whether somebody sits at a terminal and can answer."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def ask(question: str) -> str:
    """What somebody at the terminal answers; "" where there is no answer."""
    console.print(Text(escape.lines(question)), soft_wrap=True, end="")
    try:
        return sys.stdin.readline().strip()
    except ValueError:  # it is closed
        return ""


def complain(text: str) -> None:
    """One sentence on stderr."""
    errors.print(Text(escape.lines(text)))


def say_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that is none of ours, in place of Python's own hook: its message may quote anything."""
    for part in traceback.format_exception(kind, error, trace):
        complain(part.rstrip())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table without anybody's contact, in which no word is broken: what does not fit side by side stands below.

    A word by which something is judged has its mark and colour. A link to a log stream stands below the table, where
    it can be copied whole.
    """
    if _volume is not Volume.ALL:
        return
    links: dict[str, int] = {}
    heads, cells = [_cell(name) for name in columns], [[_cell(value, links) for value in row] for row in rows]
    _draw(title, heads, cells)
    for link, number in links.items():
        line(f"[{number}] {link}")


def _draw(title: str, heads: Sequence[Text], cells: Sequence[Sequence[Text]]) -> None:
    texts = [[head.plain, *(row[at].plain for row in cells)] for at, head in enumerate(heads)]
    widths = table_layout.column_widths(texts, console.width)
    if widths is None:
        _in_blocks(title, heads, cells)
        return
    drawn = Table(*(Column(head, width=width) for head, width in zip(heads, widths, strict=True)), title=_cell(title))
    for row in cells:
        drawn.add_row(*(_fit(one, width) for one, width in zip(row, widths, strict=True)))
    console.print(drawn)


def _in_blocks(title: str, heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
    """Each row below the one before, its cells below each other, with the names of their columns."""
    console.print(_fit(_cell(title), console.width))
    for first, *rest in rows:
        console.print(_fit(first, console.width))
        _below([(head, one) for head, one in zip(heads[1:], rest, strict=True) if one.plain])


def item(colour: str, headline: str, lines: Sequence[str], details: Sequence[tuple[str, str]]) -> None:
    """One thing, and below it lines about it, and what else there is to tell: a name, and what it is."""
    if _volume is Volume.ALL:
        console.print(Text(_fit(_cell(headline), console.width).plain, style=colour))
        for one in lines:
            _hanging(_cell(one))
        _below([(_cell(name), _cell(value)) for name, value in details])


def paragraph(text: str, result: bool = False) -> None:
    """A sentence, wrapped between its words."""
    if _is_said(result):
        console.print(_fit(_cell(text), console.width))


def _below(details: Sequence[tuple[Text, Text]]) -> None:
    """What things are called, and beside it what they are, set in."""
    named = max((name.cell_len for name, _ in details), default=0)
    drawn = Table.grid(Column(width=named), Column(), padding=(0, 2, 0, 0))
    for name, value in details:
        drawn.add_row(name, _fit(value, console.width - named - 6))
    console.print(Padding(drawn, (0, 0, 0, 2), expand=False))


def _hanging(text: Text) -> None:
    """A text, set in, each line but its first more so."""
    first, *more = table_layout.wrap(text.plain, console.width - 8).split("\n")
    console.print(Text("\n".join([f"    {first}", *(f"        {line}" for line in more)]), style=text.style))


def _fit(text: Text, width: int) -> Text:
    return Text(table_layout.wrap(text.plain, width), style=text.style)


def _cell(value: str, links: dict[str, int] | None = None) -> Text:
    """A value on one line, without anybody's contact; for each link its number in `links`, where that is given."""
    shown = escape.one_line(contacts.mask_text(value))
    if links is not None:
        shown = log_links.PATTERN.sub(lambda link: f"[{links.setdefault(link[0], len(links) + 1)}]", shown)
    mark, tone = marks.mark_of(value) if marks.is_judged(value) else marks.UNKNOWN
    return Text(f"{mark} {shown}" if mark else shown, style=STYLES[tone])
