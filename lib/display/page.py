"""What a cell of a notebook shows: sentences, tables, differences and figures, as HTML and as text. Reads nothing.

Only here does anything of ours reach a page, and every word of it is escaped on its way.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from matplotlib.figure import Figure

from lib.display import escape

CELL = "text-align: left; vertical-align: top; white-space: pre-wrap"


@dataclass(frozen=True)
class File:
    """A file of the record, as a link to it."""

    name: str

    def __str__(self) -> str:
        return self.name.rsplit("/", 1)[-1]


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
    parts = {"<strong>{}</strong>": strong, "{}": words, "<code>{}</code>": code}
    shown = " ".join(tag.format(escape.html(part)) for tag, part in parts.items() if part)
    plain = " ".join(escape.legible(part) for part in (strong, words, code) if part)
    display(Shown(f"<p>{shown}</p>", plain))


def bullets(lines: Iterable[str]) -> None:
    """A list, one line each."""
    found = list(lines)
    items = "".join(f"<li>{escape.html(line)}</li>" for line in found)
    display(Shown(f"<ul>{items}</ul>", "\n".join(f"- {escape.one_line(line)}" for line in found)))


def table(frame: pd.DataFrame, said: Callable[[str], str] = str) -> None:
    """A table without its index, nothing cut off, each cell as it is `said`. One may be a list of `File`: links."""
    cells = [list(row) for row in frame.itertuples(index=False, name=None)]
    head = "".join(f'<th style="{CELL}">{escape.html(name)}</th>' for name in frame.columns)
    body = "".join(f"<tr>{''.join(_cell(value, said) for value in row)}</tr>\n" for row in cells)
    plain = pd.DataFrame([[escape.one_line(said(_words(value))) for value in row] for row in cells])
    plain.columns = pd.Index([escape.one_line(name) for name in frame.columns])
    text = plain.to_string(index=False, justify="left")
    display(Shown(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>", text))


def difference(lines: Sequence[str]) -> None:
    """The lines of a unified diff, in their own columns."""
    shown = [escape.one_line(line) for line in lines]
    display(Shown(f"<pre>{escape.html(chr(10).join(shown))}</pre>", "\n".join(shown)))


def figure(found: Figure) -> None:
    """A figure, once."""
    display(found)
    plt.close(found)


def _cell(value: Any, said: Callable[[str], str]) -> str:  # noqa: ANN401
    return f'<td style="{CELL}">{_linked(value) or escape.html(said(_words(value)))}</td>'


def _linked(value: Any) -> str:  # noqa: ANN401
    """Links to files of the record, by a relative path that cannot be taken for another kind of address."""
    files = [one for one in value if isinstance(one, File)] if isinstance(value, list) else []
    links = [(quote(one.name, errors="replace"), escape.html(one)) for one in files]
    return " ".join(f'<a href="./{escape.attribute(path)}">{words}</a>' for path, words in links)


def _words(value: Any) -> str:  # noqa: ANN401
    """Missing is an empty cell; a number has no more digits than it needs."""
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, list) and all(isinstance(one, File) for one in value):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
