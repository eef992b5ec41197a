"""How wide the columns of a terminal's table are, and where its words go on: no word is broken. Pure text.

A name too long for its column, such as an ARN or a path, goes on after one of its own signs.
"""

import re
from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

LONG = 24  # a word up to here is never broken
PIECE = re.compile(r"[^/:._,=-]*[/:._,=-]+|[^/:._,=-]+")
AROUND = 3  # a column's own border and padding


def column_widths(columns: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The widths at which these columns stand side by side with no word broken; None where they do not fit so."""
    room = width - AROUND * len(columns) - 1
    least = [max(map(_least_width, column), default=0) for column in columns]
    most = [max((cell_len(line) for text in column for line in text.split("\n")), default=0) for column in columns]
    spare = room - sum(least)
    if spare < 0:
        return None
    widths, wish = list(least), [full - need for full, need in zip(most, least, strict=True)]
    # What is left goes to whoever needs it, evenly: a short column takes all that it needs, the long ones share.
    while spare > 0 and any(wish):
        share = max(1, spare // sum(1 for one in wish if one))
        for at, one in enumerate(wish):
            more = min(one, share, spare)
            widths[at], wish[at], spare = widths[at] + more, wish[at] - more, spare - more
    return widths


def _least_width(text: str) -> int:
    """The width below which a word of this text would be broken."""
    return max((_least(word) for word in text.split()), default=0)


def _least(word: str) -> int:
    return cell_len(word) if cell_len(word) <= LONG else max(map(cell_len, PIECE.findall(word)))


def wrap(text: str, width: int) -> str:
    """The text in lines of at most this width, broken between words, and only a longer word after its own signs."""
    return "\n".join(line for one in text.split("\n") for line in _lines(one, max(width, 1)))


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for word in re.findall(r"\s*\S+", text):
        if cell_len(lines[-1] + word) <= width:
            lines[-1] += word
        elif cell_len(bare := word.lstrip()) <= width:
            lines.append(bare)
        else:
            for piece in _pieces(word if lines[-1] else bare, width):
                if cell_len(lines[-1] + piece) <= width:
                    lines[-1] += piece
                else:
                    lines.append(piece.lstrip())
    return [*filter(None, lines)] or [""]


def _pieces(word: str, width: int) -> list[str]:
    """A long word, apart after each of its signs; what is too wide even so, cut."""
    return [part for piece in PIECE.findall(word) for part in chop_cells(piece, width)]
