"""What a cell of a notebook shows: sentences, tables, differences and figures, as HTML and as text. Reads nothing.

Only here does anything of ours reach a page, and every word of it is escaped on its way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from IPython.display import DisplayHandle, display
from rich.cells import cell_len

from lib.display import marks
from lib.display.signs import Sign, verdict_sign
from lib.values import escape, log_links
from lib.values.numbers import in_full

if TYPE_CHECKING:  # most phases show no figure
    from matplotlib.figure import Figure

BOX = "max-height: 30em; overflow: auto; border: 1px solid #bbbbbb; padding: 6px; font-family: monospace"
CELL = "text-align: left; vertical-align: top; white-space: pre-wrap"
# A mark stands beside its word, also in a narrow column, and its colour covers no line below it.
LOG_STREAM = "its log stream, in the console"
UNBROKEN = "white-space: nowrap; line-height: 1.8"


@dataclass(frozen=True)
class File:
    """A file of the record, as a link to it, in words of its own or by its name."""

    name: str
    words: str = ""

    def __str__(self) -> str:
        return self.words or self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Shown:
    """One output of a cell, as a browser shows it and as a terminal does."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def sentence(words: str = "", strong: str = "", code: str = "") -> None:
    """One paragraph: what is strong first, then the words, then what is to be copied."""
    display(paragraph(words, strong, code))


def paragraph(words: str = "", strong: str = "", code: str = "") -> Shown:
    """The same, to be shown."""
    parts = {"<strong>{}</strong>": strong, "{}": words, "<code>{}</code>": code}
    shown = " ".join(tag.format(escape.html(part)) for tag, part in parts.items() if part)
    plain = " ".join(escape.legible(part) for part in (strong, words, code) if part)
    return Shown(f"<p>{shown}</p>", plain)


def signs(several: Iterable[Sign]) -> None:
    """Words on their colours, side by side."""
    every = list(several)
    spans = " ".join(map(draw_sign, every))
    display(Shown(f"<p>{spans}</p>", "\n".join(f"*** {escape.one_line(one.words)} ***" for one in every)))


def verdict(strong: str, judged: Sequence[Sign]) -> None:
    """What was judged, and beside it the words by which it was."""
    spans, words = " ".join(map(draw_sign, judged)), ", ".join(escape.one_line(one.words) for one in judged)
    display(Shown(f"<p><strong>{escape.html(strong)}</strong> {spans}</p>", f"{escape.legible(strong)} {words}"))


def bullets(lines: Iterable[str]) -> None:
    """A list, one line each."""
    texts = list(lines)
    items = "".join(f"<li>{escape.html(line)}</li>" for line in texts)
    display(Shown(f"<ul>{items}</ul>", "\n".join(f"- {escape.one_line(line)}" for line in texts)))


def table(columns: Sequence[object], rows: Sequence[Sequence[Any]], said: Callable[[str], str] = str) -> None:
    """A table, nothing cut off, each cell as it is `said`. A `Sign` has its colour, a
    word by which something is judged its mark and colour, a list of `File` becomes links.
    """
    display(grid(columns, rows, said))


def grid(columns: Sequence[object], rows: Sequence[Sequence[Any]], said: Callable[[str], str] = str) -> Shown:
    """The same, to be shown."""
    head = "".join(f'<th style="{CELL}">{escape.html(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(_cell(value, said) for value in row)}</tr>\n" for row in rows)
    text = laid_out(
        [
            [escape.one_line(name), *(escape.one_line(said(words_of(row[at]))) for row in rows)]
            for at, name in enumerate(columns)
        ]
    )
    html = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    return Shown(f'<div style="overflow-x: auto">{html}</div>', text)  # one that is too wide is not cut off


def laid_out(columns: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the name of each first, its values at one another's right: as pandas lays a table out."""
    wide = []
    for name, *values in columns:
        width = max(map(cell_len, values), default=0)
        cells = [name, *(" " * (width - cell_len(value)) + value for value in values)]
        wide.append([cell + " " * (max(cell_len(name), width) - cell_len(cell)) for cell in cells])
    return "\n".join(map(" ".join, zip(*wide, strict=True)))


def difference(lines: Sequence[str]) -> None:
    """The lines of a unified diff, in their own columns; a long one scrolls in its place."""
    shown = [escape.one_line(line) for line in lines]
    display(Shown(f'<pre style="{BOX}">{escape.html(chr(10).join(shown))}</pre>', "\n".join(shown)))


def files(words: str, listed: Sequence[File]) -> None:
    """A sentence, and links to files of the record."""
    text = f"{escape.legible(words)} {' '.join(escape.legible(one.name) for one in listed)}"
    display(Shown(f"<p>{escape.html(words)} {_linked(list(listed))}</p>", text))


def fold_text(summary: str, text: str) -> None:
    """A text that is shown when it is asked for."""
    inside = f"<pre>{escape.html(text)}</pre>"
    display(Shown(f"<details><summary>{escape.html(summary)}</summary>{inside}</details>", f"{summary}:\n{text}"))


def fold(sign: Sign, inside: Shown) -> None:
    """What is shown when it is asked for, under words on their colour. As text all of it stands there."""
    summary = f"<summary>{draw_sign(sign)}, shown when opened</summary>"
    text = f"{escape.one_line(sign.words)}:\n{inside.text}"
    display(Shown(f"<details>{summary}{inside.html}</details>", text))


def figure(drawing: Figure) -> None:
    """A figure, once."""
    display(drawing)
    if pyplot := sys.modules.get("matplotlib.pyplot"):  # a figure of pyplot's is shown again at the end of its cell
        pyplot.close(drawing)


def live(widget: Mapping[str, Any], instead: Shown) -> DisplayHandle:
    """A widget's own bundle, and what stands there where nobody can draw widgets; returns by what both are replaced."""
    texts = {"text/html": instead.html, "text/plain": instead.text}
    handle: DisplayHandle = display({**widget, **texts}, raw=True, display_id=True)
    return handle


def place(shown: Shown) -> DisplayHandle:
    """What is shown, to be written over."""
    handle: DisplayHandle = display(shown, display_id=True)
    return handle


def signal(kind: str, value: Mapping[str, Any]) -> None:
    """A word to whoever executes the notebook, of a kind that it knows; not for people."""
    display({kind: dict(value)}, raw=True)


def forwarding_page(url: str) -> str:
    """A page that leads to another at once."""
    where = escape.attribute(url)
    return f'<!DOCTYPE html><title>JupyterLab</title><meta http-equiv="refresh" content="0; url={where}">'


def _cell(value: Any, said: Callable[[str], str]) -> str:  # noqa: ANN401
    if isinstance(value, Sign):
        return f'<td style="{CELL}">{_unbroken(value)}</td>'
    return f'<td style="{CELL}">{_judged(value, said) or _linked(value) or _with_links(said(words_of(value)))}</td>'


def _judged(value: Any, said: Callable[[str], str]) -> str:  # noqa: ANN401
    """A word by which something is judged, on its colour, and what else the text says beside it."""
    if not marks.is_judged(value):
        return ""
    word, rest = marks.word_and_rest(said(str(value)))
    return f"{_unbroken(verdict_sign(word))}{_with_links(rest)}"


def _with_links(text: str) -> str:
    """A text, in which a link to a log stream can be followed, and is no wider than its words."""
    parts, at = [], 0
    for link in log_links.PATTERN.finditer(text):
        words = '<a href="{}" target="_blank" rel="noopener">{}</a>'
        parts += [escape.html(text[at : link.start()]), words.format(escape.attribute(link[0]), LOG_STREAM)]
        at = link.end()
    return "".join([*parts, escape.html(text[at:])])


def _unbroken(sign: Sign) -> str:
    return f'<span style="{UNBROKEN}">{draw_sign(sign)}</span>'


def draw_sign(sign: Sign) -> str:
    """Words on their colour, in a paragraph or a cell."""
    return f'<span style="{sign.style}">{escape.html(sign.words)}</span>'


def _linked(value: Any) -> str:  # noqa: ANN401
    """Links to files of the record, by a relative path that cannot be taken for another kind of address."""
    files = [one for one in value if isinstance(one, File)] if isinstance(value, list) else []
    links = [(quote(one.name, errors="replace"), escape.html(one)) for one in files]
    return " ".join(f'<a href="./{escape.attribute(path)}">{words}</a>' for path, words in links)


def words_of(value: Any) -> str:  # noqa: ANN401
    """Missing is an empty cell; a number has no more digits than it needs."""
    if value is None or (isinstance(value, float | datetime) and value != value):  # what is missing equals nothing
        return ""
    if isinstance(value, Sign):
        return value.words
    if marks.is_judged(value):
        return f"{marks.mark_of(value).sign} {value}".lstrip()
    if isinstance(value, list) and all(isinstance(one, File) for one in value):
        return " ".join(map(str, value)) or "none"
    return in_full(value) if isinstance(value, float) else str(value)
