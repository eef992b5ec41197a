"""A list inside a JSON text that somebody else wrote: its elements taken out and put in, every other byte left alone.

Pure text, calls nothing. Reading such a text and writing it anew would round numbers, drop a key that stands twice
and lay everything out otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lib.values.exact_json import DECODER, dumps

SPACE = " \t\n\r"
# What we put around elements that had no list: laid out as nobody else does, so that it goes again with ours.
AROUND, NAMED = "[ \t", ":\t"


@dataclass(frozen=True)
class Members:
    """The elements of `text`'s list `name`, with where each stands; a text that has no such list has none.

    `place` is where the list stands, brackets included; (0, 0) where there is none.
    """

    text: str
    name: str
    values: tuple[Any, ...]
    spans: tuple[tuple[int, int], ...]
    place: tuple[int, int]

    def replaced(self, ours: Callable[[Any], bool], wanted: list[Any]) -> str:
        """The text with these elements where ours stood, or behind all others where none did."""
        mine = [at for at, value in enumerate(self.values) if ours(value)]
        if not mine and not wanted:
            return self.text
        if self.place == (0, 0):
            return self._with_a_list(wanted)
        first = mine[0] if mine else len(self.values)
        parts = [self._part(at) for at in range(first)]
        parts += [(self._part(first)[0] if mine and not at else ", ", dumps(one)) for at, one in enumerate(wanted)]
        parts += [self._part(at) for at in range(first, len(self.values)) if at not in mine]
        inside = "".join(text if not at else sign + text for at, (sign, text) in enumerate(parts))
        end = self.place[1]
        opening, closing = (self.spans[0][0], self.spans[-1][1]) if self.spans else (end - 1, end - 1)
        if self.spans == (self.place,) and len(parts) != 1:  # a lone one is lone no more
            inside = f"{AROUND}{inside}]"
        elif not wanted:
            opening, closing = self._without_what_we_put(len(parts), opening, closing)
        return f"{self.text[:opening]}{inside}{self.text[closing:]}"

    def _without_what_we_put(self, left: int, opening: int, closing: int) -> tuple[int, int]:
        """Where the text goes on beside what is left: without the list around a lone one, or the list that was none."""
        start, end = self.place
        if left == 1 and self.text.startswith(AROUND, start) and opening == start + len(AROUND) and closing == end - 1:
            return start, end
        made = f"{dumps(self.name)}{NAMED}"
        if not left and self.text.endswith(f"{{{made}", 0, start):
            return start - len(made), end + len(", ") * self.text.startswith(", ", end)
        return opening, closing

    def _part(self, at: int) -> tuple[str, str]:
        """What separates an element from the one before it, and its own text."""
        start, end = self.spans[at]
        return self.text[self.spans[at - 1][1] : start] if at else ", ", self.text[start:end]

    def _with_a_list(self, wanted: list[Any]) -> str:
        opening = self.text.index("{") + 1
        rest = self.text[opening:]
        comma = "" if rest.lstrip(SPACE).startswith("}") else ", "
        return f"{self.text[:opening]}{dumps(self.name)}{NAMED}{dumps(wanted)}{comma}{rest}"


def members(text: str, name: str, lone: bool = False) -> Members:
    """Find a list in a JSON object's text; with `lone`, one object in its place is a list of one.

    Raises ValueError for another text, and where the name stands twice.
    """
    listed = Members(text, name, (), (), (0, 0))
    seen = 0
    for key, at in _pairs(text):
        if key != name:
            continue
        seen += 1
        if text[at] == "[":
            values, spans, end = _elements(text, at)
        elif lone and text[at] == "{":
            value, end = DECODER.raw_decode(text, at)
            values, spans = (value,), ((at, end),)
        else:
            raise ValueError(f"its {name} is no list")
        listed = Members(text, name, values, spans, (at, end))
    if seen > 1:
        raise ValueError(f"it names {name} {seen} times")
    return listed


def _pairs(text: str) -> list[tuple[str, int]]:
    """Each key of an object, with where its value begins."""
    at, pairs = _next(text, 0), list[tuple[str, int]]()
    if text[at : at + 1] != "{":
        raise ValueError("it is no JSON object")
    at = _next(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = DECODER.raw_decode(text, at)
        if not isinstance(key, str):
            raise ValueError(f"it has the key {key}")
        at = _next(text, _past(text, _next(text, at), ":"))
        pairs.append((key, at))
        _, at = DECODER.raw_decode(text, at)
        at = _next(text, at)
        if text[at : at + 1] != "}":
            at = _next(text, _past(text, at, ","))
    if text[at + 1 :].strip(SPACE):
        raise ValueError("something stands behind its end")
    return pairs


def _elements(text: str, at: int) -> tuple[tuple[Any, ...], tuple[tuple[int, int], ...], int]:
    """The values of the list that begins here, where each stands, and where the list ends."""
    values, spans = list[Any](), list[tuple[int, int]]()
    at = _next(text, at + 1)
    while text[at : at + 1] != "]":
        value, end = DECODER.raw_decode(text, at)
        values.append(value)
        spans.append((at, end))
        at = _next(text, end)
        if text[at : at + 1] != "]":
            at = _next(text, _past(text, at, ","))
    return tuple(values), tuple(spans), at + 1


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _past(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError(f"expected {sign!r} at character {at}")
    return at + 1
