"""The intrinsic functions, as AWS answers them; checked against answers recorded there. Pure: no AWS, no chance.

A function that draws lots (States.UUID, States.MathRandom) has no answer to compute, so it is not here.
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from lib.asl import json_text
from lib.asl.execution_errors import DrawsLots, IntrinsicFails
from lib.errors import BadParameters

LONGEST_TEXT = 10_000  # of what is hashed, encoded and decoded
LONGEST_RANGE = 1000
PLAIN = (1e-3, 1e7)  # beyond these Java writes 1.0E-4 and 1.0E7
LONG = 2**63  # no number of Java's that is rounded, or counted with, is as large
DRAWN = ("States.UUID", "States.MathRandom")
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _format(template: Any, *values: Any) -> str:  # noqa: ANN401
    pieces = re.split(r"(?<!\\)\{\}", _text("States.Format", template))
    if len(pieces) != len(values) + 1:
        raise IntrinsicFails(f"States.Format has {len(pieces) - 1} places and {len(values)} values: {template!r}")
    text = pieces[0] + "".join(_spoken(value) + piece for value, piece in zip(values, pieces[1:], strict=True))
    return re.sub(r"\\([{}])", r"\1", text)


def _spoken(value: Any) -> str:  # noqa: ANN401
    """A value within a text: an object as `{a=1, b=[x]}`, without quotes, as AWS writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_spoken(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spoken, value)) + "]"
    return _written(value)


def _merge(first: Any, second: Any, deep: Any) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(first, Mapping) or not isinstance(second, Mapping) or deep is not False:
        raise IntrinsicFails("States.JsonMerge takes two objects and false; anything else fails on AWS")
    return {**first, **second}


def _to_string(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_written(key)}:{_to_string(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_to_string, value)) + "]"
    return _written(value)


def _written(value: Any) -> str:  # noqa: ANN401
    """A text, a number, true, false or null in JSON. Raises BadParameters where AWS may write it otherwise."""
    if isinstance(value, float) and not is_plain(value):
        raise BadParameters(f"how AWS writes the number {value!r} in a text is not known here")
    return json.dumps(value, ensure_ascii=False)


def is_plain(number: float) -> bool:
    """Whether Java, as AWS, and Python write a fraction with the same digits: neither by a power of ten."""
    if number == 0 or math.isnan(number):
        return math.copysign(1, number) > 0
    return PLAIN[0] <= abs(number) < PLAIN[1]


def _to_json(text: Any) -> Any:  # noqa: ANN401
    if not _text("States.StringToJson", text).strip():
        return None
    try:
        reading = json_text.parse(text, "the text")
    except BadParameters as error:
        raise IntrinsicFails(f"States.StringToJson: {error}") from error
    if reading.lost:
        raise BadParameters(f"States.StringToJson of a text where {'; '.join(reading.lost)} is not known here")
    return reading.value


def _array(*values: Any) -> list[Any]:  # noqa: ANN401
    return list(values)


def _partition(array: Any, size: Any) -> list[list[Any]]:  # noqa: ANN401
    values, step = _list("States.ArrayPartition", array), _whole("States.ArrayPartition", size)
    if step < 1:
        raise IntrinsicFails(f"States.ArrayPartition into parts of {step}; expected at least 1")
    return [values[start : start + step] for start in range(0, len(values), step)]


def _contains(array: Any, value: Any) -> bool:  # noqa: ANN401
    return any(_same(one, value) for one in _list("States.ArrayContains", array))


def _range(first: Any, last: Any, step: Any) -> list[int]:  # noqa: ANN401
    start, end, by = (_whole("States.ArrayRange", number) for number in (first, last, step))
    if by == 0:
        raise IntrinsicFails("States.ArrayRange in steps of 0")
    if by < 0:
        raise BadParameters("States.ArrayRange in steps below 0 is not known here")
    if (end - start) // by + 1 > LONGEST_RANGE:
        raise IntrinsicFails(f"States.ArrayRange of more than {LONGEST_RANGE} numbers")
    return list(range(start, end + 1, by))


def _item(array: Any, index: Any) -> Any:  # noqa: ANN401
    values = _list("States.ArrayGetItem", array)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(values):
        raise IntrinsicFails(f"States.ArrayGetItem at {index!r} of {len(values)} items")
    return values[index]


def _length(array: Any) -> int:  # noqa: ANN401
    return len(_list("States.ArrayLength", array))


def _unique(array: Any) -> list[Any]:  # noqa: ANN401
    distinct = list[Any]()
    for value in _list("States.ArrayUnique", array):
        if not any(_same(value, one) for one in distinct):
            distinct.append(value)
    return distinct


def _encode(text: Any) -> str:  # noqa: ANN401
    return base64.b64encode(_short("States.Base64Encode", text).encode()).decode("ascii")


def _decode(text: Any) -> str:  # noqa: ANN401
    try:
        return base64.b64decode(_short("States.Base64Decode", text), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise IntrinsicFails(f"States.Base64Decode: {error}") from error


def _hash(value: Any, algorithm: Any) -> str:  # noqa: ANN401
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise IntrinsicFails(f"States.Hash by {algorithm!r}; expected one of {', '.join(HASHES)}")
    if not isinstance(value, str):
        raise BadParameters("States.Hash of anything but a text is not known here")
    return hashlib.new(HASHES[algorithm], _short("States.Hash", value).encode()).hexdigest()


def _add(first: Any, second: Any) -> int:  # noqa: ANN401
    return _whole("States.MathAdd", _whole("States.MathAdd", first) + _whole("States.MathAdd", second))


def _split(text: Any, splitters: Any) -> list[str]:  # noqa: ANN401
    whole, marks = _text("States.StringSplit", text), _text("States.StringSplit", splitters)
    if not marks:
        raise BadParameters("States.StringSplit by an empty text is not known here")
    return [part for part in re.split("|".join(map(re.escape, marks)), whole) if part]


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Equal to AWS: `true` is not 1. An integer and a fraction of one value are not known to be."""
    if _json(one) == _json(other):
        return True
    if one == other and not isinstance(one, bool) and not isinstance(other, bool):
        raise BadParameters(f"whether AWS takes {one!r} and {other!r} for the same is not known here")
    return False


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, sort_keys=True)


def _whole(function: str, value: Any) -> int:  # noqa: ANN401
    """A number, rounded as Java rounds: a half goes up, also below zero."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise IntrinsicFails(f"{function} takes {value!r} as a number")
    number = value if isinstance(value, int) else math.floor(value + 0.5)
    if not -LONG <= number < LONG:
        raise BadParameters(f"{function} of {value!r}, which no long of Java's holds, is not known here")
    return number


def _list(function: str, value: Any) -> list[Any]:  # noqa: ANN401
    if not isinstance(value, list):
        raise IntrinsicFails(f"{function} takes a list first")
    return value


def _text(function: str, value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise IntrinsicFails(f"{function} takes a text")
    return value


def _short(function: str, value: Any) -> str:  # noqa: ANN401
    if len(_text(function, value)) > LONGEST_TEXT:
        raise IntrinsicFails(f"{function} takes at most {LONGEST_TEXT} characters")
    return str(value)


MANY = 1_000_000
# name -> (function, fewest arguments, most)
INTRINSICS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "States.Format": (_format, 1, MANY),
    "States.JsonMerge": (_merge, 3, 3),
    "States.JsonToString": (_to_string, 1, 1),
    "States.StringToJson": (_to_json, 1, 1),
    "States.Array": (_array, 0, MANY),
    "States.ArrayPartition": (_partition, 2, 2),
    "States.ArrayContains": (_contains, 2, 2),
    "States.ArrayRange": (_range, 3, 3),
    "States.ArrayGetItem": (_item, 2, 2),
    "States.ArrayLength": (_length, 1, 1),
    "States.ArrayUnique": (_unique, 1, 1),
    "States.Base64Encode": (_encode, 1, 1),
    "States.Base64Decode": (_decode, 1, 1),
    "States.Hash": (_hash, 2, 2),
    "States.MathAdd": (_add, 2, 2),
    "States.StringSplit": (_split, 2, 2),
}


def function_called(name: str, arguments: int) -> Callable[..., Any]:
    """The function of this name. Raises BadParameters for one that is not known here, or not with so many arguments."""
    if name in DRAWN:
        raise DrawsLots(f"intrinsic function {name} draws lots, so nothing can be said of it here")
    if name not in INTRINSICS:
        raise BadParameters(f"intrinsic function {name} is not known here; expected one of {', '.join(INTRINSICS)}")
    function, fewest, most = INTRINSICS[name]
    if not fewest <= arguments <= most:
        raise BadParameters(f"{name} has {arguments} arguments; expected {fewest if fewest == most else 'more'}")
    return function
