"""Reads JSON as it was written, and says what plain data would lose of it: a key, a number, a letter. No AWS.

Python's parser keeps the last of two equal keys and rounds a long number without a word. What is ours is refused then;
what is somebody else's is kept as the text that it is, and goes back as that text.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lib.errors import BadParameters
from lib.values.foreign.foreign_json import DEEPEST, depth


@dataclass(frozen=True)
class Reading:
    """A JSON text as plain data, and in words what the data has lost of the text."""

    value: Any
    lost: tuple[str, ...]


def parse(text: str, what: str) -> Reading:
    """A JSON text, read with the last of equal keys, as most readers do. Raises BadParameters for what is no JSON."""
    lost = list[str]()

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        times = Counter(key for key, _ in members)
        lost.extend(f"the key {key!r} is there {count} times" for key, count in times.items() if count > 1)
        return dict(members)

    def decimal(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number) or Decimal(digits) != Decimal(repr(number)):
            lost.append(f"the number {digits[:60]} is kept as {number!r}")
        return number

    def constant(word: str) -> float:
        lost.append(f"{word} is no number in JSON")
        return float(word)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_float=decimal, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise BadParameters(f"{what} is not JSON: {error}; expected one JSON text") from error
    if depth(value) > DEEPEST:
        raise BadParameters(f"{what} is nested deeper than {DEEPEST} levels; it cannot be read here")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        lost.append(f"half a character is there: {error.reason}")
    return Reading(value, tuple(lost))


def parse_ours(text: str, what: str) -> Any:  # noqa: ANN401
    """A file of ours as plain data. Raises BadParameters where anything would be lost of it."""
    reading = parse(text, what)
    if reading.lost:
        raise BadParameters(f"{what}: {'; '.join(reading.lost)}; write it so that every reader sees the same")
    return reading.value


def preserve(text: str) -> Any:  # noqa: ANN401
    """A live definition: plain data where it says the same as the text, else the text, to be put back as it is."""
    try:
        reading = parse(text, "the definition")
    except BadParameters:
        return text
    return reading.value if isinstance(reading.value, dict) and not reading.lost else text


def to_text(definition: Any) -> str:  # noqa: ANN401
    """The text of what `preserve` gave."""
    return definition if isinstance(definition, str) else json.dumps(definition, indent=2, ensure_ascii=False)


def trouble(definition: Any) -> list[str]:  # noqa: ANN401
    """In words, what is wrong with a definition as JSON, whether plain data or a text; empty where nothing is."""
    if not isinstance(definition, str):
        kind = type(definition).__name__
        return [] if isinstance(definition, Mapping) else [f"the definition is a {kind}; expected an object"]
    try:
        reading = parse(definition, "the definition")
    except BadParameters as error:
        return [str(error)]
    whole = isinstance(reading.value, dict)
    return list(reading.lost) + ([] if whole else ["the definition is no object; expected one with StartAt and States"])


def to_look_at(definition: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """A definition as plain data to look at, never to write: of equal keys the last, nothing where it is no object."""
    if isinstance(definition, str):
        try:
            definition = parse(definition, "the definition").value
        except BadParameters:
            return {}
        whole = json.dumps(definition, ensure_ascii=False).encode("utf-8", "replace")
        definition = json.loads(whole)
    return definition if isinstance(definition, Mapping) else {}
