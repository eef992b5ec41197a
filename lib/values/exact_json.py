"""JSON to the letter: what is read is written back as it stood, and what JSON cannot hold is refused. No AWS, no files.

Python's own reader rounds a long number and forgets how it was written, keeps one of two equal keys and takes NaN; its
writer makes texts of keys, lists of tuples and, asked kindly, a text of anything. A record that did so could not
restore what it was made from.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json import JSONDecoder
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from lib.errors import NotAsWanted, Refused

Place = tuple[()] | tuple["Place", object]  # of a member: that of what holds it, and its key or number there


class Number(float):
    """A number that Python would write otherwise than it stood, such as 3.0e2, 1e400 or one of forty digits."""

    def __new__(cls, text: str) -> "Number":
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type["Number"], tuple[str]]:
        return Number, (self.text,)


class Twice(dict[str, Any]):
    """An object that names a key more than once: the last one counts, and all are written back."""

    pairs: tuple[tuple[str, Any], ...] = ()


class Laid(dict[str, Any]):
    """An object that somebody wrote with spaces, an order or escapes of their own: `text` is how it stood."""

    def __init__(self, value: Mapping[str, Any], text: str) -> None:
        super().__init__(value)
        self.text = text


def texts(value: Any) -> dict[str, str]:  # noqa: ANN401
    """How the laid members of an object stood, by name, to be kept beside it; none of another value."""
    members = value.items() if isinstance(value, dict) else ()
    return {name: member.text for name, member in members if isinstance(member, Laid)}


def laid(value: Any, stood: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The value with those of its members laid again as `texts` found them."""
    return {**value, **{name: Laid(value[name], text) for name, text in stood.items()}} if stood else value


def loads(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """The value of a JSON text. Raises ValueError where it is none, as NaN, Infinity and what nests too deeply."""
    try:
        return DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it nests too deeply to be read") from error


def parse_foreign(text: str | None, what: str) -> Any:  # noqa: ANN401
    """The value of a text that somebody else wrote; `what` names it. Raises NotAsWanted, in a sentence, for no JSON."""
    try:
        return loads(text or "")
    except ValueError as error:
        raise NotAsWanted(f"{what} is no JSON ({error}); expected some. Look at it by hand") from error


def document(text: str | None, what: str) -> dict[str, Any]:
    """Like `parse_foreign`, for what must be an object."""
    value = parse_foreign(text, what)
    if not isinstance(value, dict):
        raise NotAsWanted(f"{what} is a JSON {_kind(value)}; expected an object. Look at it by hand")
    return value


def dumps(value: Any) -> str:  # noqa: ANN401
    """The JSON text of plain data, as `loads` gives it back, on one line. Raises Refused where it would give back
    something else."""
    parts = list[str]()
    _write(parts, value, ())
    return "".join(parts)


def digest(value: Any) -> str:  # noqa: ANN401
    """32 hex digits over plain data, the same for the same in whatever order its keys stand."""
    return hashlib.sha256(dumps(in_order(value)).encode()).hexdigest()[:32]


def pairs(value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The keys of an object with what each holds, as they are written: one that stands twice comes twice."""
    return value.pairs if isinstance(value, Twice) else value.items()


def in_order(value: Any) -> Any:  # noqa: ANN401
    """The same data with the keys of every object in their alphabetical order, to compare and to fingerprint."""
    if isinstance(value, Twice):
        return value  # which of two equal keys comes last decides
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=str)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


class Part(NamedTuple):
    """A value within plain data, and the keys and numbers that lead to it."""

    value: Any
    keys: tuple[str | int, ...] = ()

    @property
    def key(self) -> str:
        """The key of an object at which it stands; an element of a list, and the whole, stand at none."""
        last = self.keys[-1] if self.keys else ""
        return last if isinstance(last, str) else ""


def parts_of(value: Any) -> Iterator[Part]:  # noqa: ANN401
    """The value itself and everything in it, however deep, in order."""
    ahead = [Part(value)]
    while ahead:
        here = ahead.pop()
        yield here
        plain = isinstance(here.value, str | int | float | None)  # as most is; a Mapping is dear to ask for
        inner: Iterable[tuple[Any, Any]] = ()
        if not plain and isinstance(here.value, Mapping):
            inner = here.value.items()
        elif isinstance(here.value, list | tuple):
            inner = enumerate(here.value)
        ahead += reversed([Part(one, (*here.keys, key)) for key, one in inner])


def map_parts(
    value: Any,  # noqa: ANN401
    plain: Callable[[str, Any], Any],
    named: Callable[[Any], Any] = lambda key: key,
    key: str = "",
) -> Any:  # noqa: ANN401
    """The same data with `plain` of each plain value in it, told its `key` as a Part's, and `named` of each key."""
    if isinstance(value, Twice):
        twice = Twice({named(inside): map_parts(one, plain, named, inside) for inside, one in value.items()})
        twice.pairs = tuple((named(inside), map_parts(one, plain, named, inside)) for inside, one in value.pairs)
        return twice
    if isinstance(value, Mapping):
        return {named(inside): map_parts(one, plain, named, inside) for inside, one in value.items()}
    return [map_parts(one, plain, named) for one in value] if isinstance(value, list | tuple) else plain(key, value)


def require(value: Any, what: str) -> None:  # noqa: ANN401
    """Raise Refused, naming the thing and the place, for a value that the record cannot hold exactly."""
    try:
        dumps(value)
    except Refused as error:
        raise Refused(
            f"{what}: {error}. Nothing of it was written; expected plain JSON, of which an undo could restore every "
            "value"
        ) from error


def _write(parts: list[str], value: Any, place: Place) -> None:  # noqa: ANN401
    if isinstance(value, str):
        parts.append(_text(value, place))
    elif isinstance(value, dict):
        named = [(f"{_text(key, place, key=True)}: ", item, key) for key, item in pairs(value)]
        _list(parts, "{}", named, place)
    elif isinstance(value, list):
        _list(parts, "[]", [("", item, at) for at, item in enumerate(value)], place)
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, Number):
        parts.append(value.text)
    elif isinstance(value, int):
        parts.append(int.__repr__(value))
    elif isinstance(value, float) and math.isfinite(value):
        parts.append(float.__repr__(value))
    else:
        raise Refused(f"{_where(place)} is {_shown(value)}, which the record cannot hold exactly")


def _list(parts: list[str], around: str, items: Sequence[tuple[str, Any, object]], place: Place) -> None:
    before = around[0]
    for name, item, at in items:
        parts.append(before + name)
        _write(parts, item, (place, at))
        before = ", "
    parts.append(around[1] if items else around)


def _text(value: Any, place: Place, key: bool = False) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise Refused(f"{_where(place)} has the key {_shown(value)}, which the record would make a text of")
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError as error:
        what = "has a key" if key else "is a text"
        raise Refused(f"{_where(place)} {what} with half a character, which the record cannot hold exactly") from error
    return encode_basestring(value)


def _where(place: Place) -> str:
    names = list[str]()
    while place:
        place, at = place
        names.insert(0, str(at))
    return ".".join(names) or "the whole value"


def _shown(value: Any) -> str:  # noqa: ANN401
    """The kind alone: a value may be a secret. Of a float, which number it is."""
    return f"the number {value!r}" if isinstance(value, float) else f"a {type(value).__name__}"


def _kind(value: Any) -> str:  # noqa: ANN401
    names: Mapping[type, str] = {list: "list", str: "text", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")


def _whole(text: str) -> int | Number:
    number = int(text) if len(text) < MOST_DIGITS else None
    return number if number is not None and str(number) == text else Number(text)


def _real(text: str) -> float:
    number = float(text)
    return number if repr(number) == text else Number(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    twice = Twice(members)
    twice.pairs = tuple(pairs)
    return twice


def _no_json(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


MOST_DIGITS = 4000  # Python refuses to read longer integers
DECODER = JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_no_json)
