"""Marked sections of a text file: read, write, remove one, and leave every other byte as it was. Plain files, no AWS.

A section lies between two lines of its own, `<!-- your6-phase3:NAME:begin -->` and `<!-- your6-phase3:NAME:end -->`.
Line endings, a byte order mark, a missing last newline and the file's mode stay as they are. A new section goes to the
end of the file, one line break after what was there, and removing it takes away exactly what writing it added.
"""

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from lib.errors import NotAsWanted
from lib.record import files

MARK = re.compile(rb"^[ \t]*<!-- your6-phase3:([A-Za-z0-9][A-Za-z0-9_-]*):(begin|end) -->[ \t]*\r?$", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Span:
    """Where a section lies, in bytes: its begin marker's line, its inside, and the end of its end marker."""

    start: int
    inside: tuple[int, int]
    stop: int


def read_section(path: Path, name: str) -> str | None:
    """The section's text with plain line ends and without the last one; None where the file has no such section."""
    data = _bytes(path)
    span = _spans(path, data).get(_checked(name))
    return None if span is None else normal(data[slice(*span.inside)].decode("utf-8", errors="replace"))


def write_section(path: Path, name: str, text: str | None) -> None:
    """Make the section hold `text`, or remove it (None). Atomic: the file is the old one or the new one, never half.

    Raises NotAsWanted, having written nothing, where the file is missing or its markers are not in order.
    """
    data = _bytes(path)
    wanted = _with_section(path, data, name, text)
    if wanted != data:
        _replace(path.resolve(), wanted)


def normal(text: str) -> str:
    """Text as a section holds it: plain line ends, no empty lines at either end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _with_section(path: Path, data: bytes, name: str, text: str | None) -> bytes:
    span = _spans(path, data).get(_checked(name))
    if text is None:
        return data if span is None else _without(data, span)
    content = normal(text)
    if MARK.search(content.encode()):
        raise NotAsWanted(f"the text for section {name} of {path} holds a marker line itself; take it out")
    newline = _newline(data) if span is None else _newline_of(data, span)
    inside = newline.join(line.encode() for line in content.split("\n")) + newline if content else b""
    if span is not None:
        return data[: span.inside[0]] + inside + data[span.inside[1] :]
    begin, end = (f"<!-- your6-phase3:{name}:{which} -->".encode() for which in ("begin", "end"))
    # What ends without a newline goes on doing so; _without tells by this which line breaks are the section's own.
    last = newline if data.endswith(b"\n") else b""
    return data + newline + begin + newline + inside + end + last


def _without(data: bytes, span: Span) -> bytes:
    newline = _newline_of(data, span)
    before, after = data[: span.start].removesuffix(newline), data[span.stop :]
    moved = len(before) == span.start  # nothing in front of it: somebody put it at the top of the file
    if before.endswith(b"\n") or moved:
        after = after.removeprefix(newline)
    return before + after


def _newline_of(data: bytes, span: Span) -> bytes:
    """The section's own line end, which its begin marker shows; the file may mix them."""
    return b"\r\n" if data[: span.inside[0]].endswith(b"\r\n") else b"\n"


def _newline(data: bytes) -> bytes:
    first = data.find(b"\n")
    return b"\r\n" if first > 0 and data[first - 1 : first] == b"\r" else b"\n"


def _spans(path: Path, data: bytes) -> dict[str, Span]:
    """Every section of the file. A marker out of order is refused with file and line, whichever section it is of."""
    # Blanks instead of a byte order mark keep the positions and let a marker stand in the first line.
    text = b" " * len(BOM) + data.removeprefix(BOM) if data.startswith(BOM) else data
    spans: dict[str, Span] = {}
    opened: tuple[str, re.Match[bytes]] | None = None
    for match in MARK.finditer(text):
        name, which = match[1].decode(), match[2].decode()
        if which == "begin" and opened:
            raise _disorder(path, text, match, f"section {name} begins inside section {opened[0]}")
        if which == "begin" and name in spans:
            raise _disorder(path, text, match, f"section {name} is there twice")
        if which == "end" and (opened is None or opened[0] != name):
            raise _disorder(path, text, match, f"section {name} ends, but did not begin")
        if opened is None:
            opened = name, match
        else:
            spans[name] = Span(opened[1].start(), (opened[1].end() + 1, match.start()), _line_end(match))
            opened = None
    if opened:
        raise _disorder(path, text, opened[1], f"section {opened[0]} begins and never ends")
    return spans


def _line_end(match: re.Match[bytes]) -> int:
    """The end of a marker's line without its line break; `\\r` belongs to the break."""
    return match.end() - match[0].endswith(b"\r")


def _disorder(path: Path, text: bytes, match: re.Match[bytes], what: str) -> NotAsWanted:
    line = text.count(b"\n", 0, match.start()) + 1
    return NotAsWanted(
        f"{path}, line {line}: {what}; expected one begin and one end marker, in order. Nothing was written"
    )


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise NotAsWanted(f"section name {name!r}: expected letters, digits, - and _")
    return name


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotAsWanted(f"{path} does not exist; docs_dir must name the application's checkout") from error
    except OSError as error:
        raise NotAsWanted(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, data: bytes) -> None:
    try:
        files.replace(path, data, stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise NotAsWanted(f"{path} cannot be written: {error.strerror}; it is unchanged") from error
