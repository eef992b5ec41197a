"""What differs inside a value: the places, and of a long text the part that is another. Pure data, without contacts.

The first words of two definitions are the same; what an operator must see is what is not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lib.changes.plans import Value, same
from lib.checks import brief
from lib.values import contacts
from lib.values.exact_json import dumps
from lib.values.foreign import foreign_json

MISSING = object()  # where there is nothing, which is not the same as null
AROUND = 24  # characters of a text that are shown before and behind what differs in it
WIDE = 120  # characters of a value that is shown whole
PART = 90  # characters of one that comes or goes as a whole
# Of a policy, what it allows is what people approve: not cut where that would hide a resource or a condition.
STATEMENT = "Statement"
DECISIVE = {"Principal", "Action", "Resource", "Condition", "EventPattern"}
LONG_PART = 1_000  # characters of these
WHOLE = "all of it"  # the place where nothing inside can be named
GOES, REPLACED, COMES = KINDS = ("removed", "replaced", "added")  # what is most dangerous first
NAMING = ("Sid", "Id", "id", "Name", "name")  # by one of these an element of a list is known again


@dataclass(frozen=True)
class Difference:
    """One place, and what stands there; `MISSING` where nothing does."""

    place: str
    before: Value
    after: Value

    @property
    def said(self) -> str:
        """What is there now, and what would be."""
        decides = f"{STATEMENT}[" in self.place or self.place.rpartition(".")[2] in DECISIVE
        most = LONG_PART if decides else PART
        if self.before is MISSING:
            return f"+ {brief(self.after, most)}"
        if self.after is MISSING:
            return f"- {brief(self.before, most)}"
        if isinstance(self.before, str) and isinstance(self.after, str) and max(map(len, self._both)) > WIDE:
            return " -> ".join(differing_part(self.before, self.after))
        return " -> ".join(brief(one, WIDE) for one in self._both)

    @property
    def _both(self) -> tuple[Value, Value]:
        return self.before, self.after

    @property
    def kind(self) -> str:
        """Whether something goes, is replaced, or comes."""
        return GOES if self.after is MISSING else COMES if self.before is MISSING else REPLACED

    def to_row(self) -> dict[str, Value]:
        """The difference as plain data: a side that is missing has no key."""
        sides = {"before": self.before, "after": self.after}
        return {"place": self.place, **{key: value for key, value in sides.items() if value is not MISSING}}


def lines(before: Value, after: Value, most: int) -> list[str]:
    """The first places that differ, a line each, what is most dangerous first, and how many more there are."""
    places = differences(before, after)
    left = Counter(one.kind for one in places[most:])
    counted = ", ".join(f"{left[kind]} {kind}" for kind in KINDS if left[kind])
    more = [f"and {left.total()} more places ({counted}), which plan.json has"] if left else []
    return [*(f"{one.place}: {one.said}" for one in places[:most]), *more]


def differences(before: Value, after: Value) -> list[Difference]:
    """Every place where two values differ, what takes something away first, and what is less deep. Nobody's contact."""
    listed, left = list[Difference](), [("", before, after)]
    while left:
        place, one, other = left.pop(0)
        if one is not MISSING and other is not MISSING and same(one, other):
            continue
        inside = _inside(place, one, other)
        left[:0] = inside or ()
        if inside is None:
            listed.append(_masked(place, one, other))
    return sorted(listed, key=lambda one: (KINDS.index(one.kind), one.place.count(".")))


def _masked(place: str, before: Value, after: Value) -> Difference:
    sides = [one if one is MISSING else contacts.mask_data(one) for one in (before, after)]
    if MISSING not in sides and same(*sides):
        sides = ["a person's contact", "another one"]  # of which nothing may be shown
    return Difference(place or WHOLE, *sides)


def _inside(place: str, one: Value, other: Value) -> list[tuple[str, Value, Value]] | None:
    """The parts of two values, side by side; None where they are none of the same shape.

    Of a policy that comes or goes as a whole, its statements.
    """
    if one is MISSING or other is MISSING:
        comes = one is MISSING
        parts = _of_policy(place, other if comes else one)
        return None if parts is None else [(name, *((one, part) if comes else (part, other))) for name, part in parts]
    if isinstance(one, str) and isinstance(other, str):
        texts, (one, other) = (one, other), (_read(one), _read(other))
        if same(one, other):  # the same, written in another way: no part of it differs
            one, other = texts
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = dict.fromkeys([*one, *other])
        return [(f"{place}.{key}".lstrip("."), one.get(key, MISSING), other.get(key, MISSING)) for key in keys]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return [(f"{place}[{name}]", was, new) for name, was, new in _aligned(one, other)]
    return None


def _of_policy(place: str, value: Value) -> list[tuple[str, Value]] | None:
    """What a policy holds, and of its statements each; None of what is no policy."""
    read = _read(value) if isinstance(value, str) else value
    if isinstance(read, Mapping) and STATEMENT in read:
        return [(f"{place}.{key}".lstrip("."), part) for key, part in read.items()]
    if isinstance(read, list | tuple) and place.rpartition(".")[2] == STATEMENT:
        return [(f"{place}[{_name(one, 'Sid') or at}]", one) for at, one in enumerate(read)]
    return None


def _read(text: str) -> Value:
    """What a text says that is JSON, as a policy may be."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return foreign_json.loads(text)
    except ValueError:
        return text


def _aligned(one: Sequence[Any], other: Sequence[Any]) -> Iterator[tuple[str, Value, Value]]:
    """The elements of two lists that are not the same ones, each beside the one whose place it takes."""
    if names := _named(one, other):
        was, new = ({_name(element, names): element for element in each} for each in (one, other))
        yield from ((name, was.get(name, MISSING), new.get(name, MISSING)) for name in dict.fromkeys([*was, *new]))
        return
    texts = [[dumps(element) for element in each] for each in (one, other)]
    for what, a, b, c, d in SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_opcodes():
        if what == "equal":
            continue
        for at in range(max(b - a, d - c)):
            gone, came = a + at < b, c + at < d
            yield (
                str(c + at if came else a + at),
                one[a + at] if gone else MISSING,
                other[c + at] if came else MISSING,
            )


def _named(one: Sequence[Any], other: Sequence[Any]) -> str:
    """The key by which every element of both lists is told from the others, or ""."""
    for key in NAMING:
        names = [[_name(element, key) for element in each] for each in (one, other)]
        if all(all(each) and len({*each}) == len(each) for each in names):
            return key
    return ""


def _name(element: Any, key: str) -> str:  # noqa: ANN401 - plain data
    value = element.get(key) if isinstance(element, Mapping) else None
    return value if isinstance(value, str) else ""


def differing_part(before: str, after: str) -> tuple[str, str]:
    """Of two long texts what differs, with a little of what stands around it."""
    same_before = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    start = min(len(before), len(after)) if same_before is None else same_before
    rest = min(len(before), len(after)) - start
    end = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    return tuple(_cut(text, start, len(text) - end) for text in (before, after))  # type: ignore[return-value]


def _cut(text: str, start: int, end: int) -> str:
    left, right = max(0, start - AROUND), min(len(text), end + AROUND)
    shown = brief(text[left:right], WIDE)
    return f"{'...' if left else ''}{shown}{'...' if right < len(text) else ''}"
