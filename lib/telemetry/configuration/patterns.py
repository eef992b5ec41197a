"""Whether the pattern of a rule could take an event of which source and type are known. Pure: no AWS.

What is not known of the event, and a matcher that is not known here, is taken to match: the answer is "could".
"""

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

ALTERNATIVES = "$or"


def could_take(pattern: Any, event: Mapping[str, str]) -> bool:  # noqa: ANN401 - what AWS holds there
    """`event`: the top-level fields that are known, such as `source` and `detail-type`."""
    if not isinstance(pattern, Mapping):
        return True
    fields = {key: wanted for key, wanted in pattern.items() if key != ALTERNATIVES}
    if any(key in event and not _any(wanted, event[key]) for key, wanted in fields.items()):
        return False
    alternatives = pattern.get(ALTERNATIVES)
    return not isinstance(alternatives, list) or any(could_take(one, event) for one in alternatives)


def _any(wanted: Any, value: str) -> bool:  # noqa: ANN401
    return not isinstance(wanted, list) or any(_matches(one, value) for one in wanted)


def _matches(one: Any, value: str) -> bool:  # noqa: ANN401
    """Every word of a matcher must hold; nothing but a text equals one."""
    if not isinstance(one, Mapping):
        return bool(one == value)
    return all(word not in WORDS or WORDS[word](given, value) for word, given in one.items())


def _but(given: Any, value: str) -> bool:  # noqa: ANN401
    """`anything-but`: a text, a list of texts, or another matcher, of one or several texts."""
    if not isinstance(given, Mapping):
        return value not in (given if isinstance(given, list) else [given])
    known = [(WORDS[word], many if isinstance(many, list) else [many]) for word, many in given.items() if word in WORDS]
    return not any(matches(one, value) for matches, many in known for one in many)


def _folded(test: Callable[[str, str], bool]) -> Callable[[Any, str], bool]:
    """Of a text, or of `{"equals-ignore-case": text}`, which is compared without regard to case."""

    def matches(given: Any, value: str) -> bool:  # noqa: ANN401
        if isinstance(given, Mapping):
            return test(value.lower(), str(given.get("equals-ignore-case", "")).lower())
        return test(value, str(given))

    return matches


WORDS: dict[str, Callable[[Any, str], bool]] = {
    "prefix": _folded(str.startswith),
    "suffix": _folded(str.endswith),
    "equals-ignore-case": lambda given, value: str(given).lower() == value.lower(),
    "wildcard": lambda given, value: fnmatch.fnmatchcase(value, _asterisks(str(given))),
    "exists": lambda given, _: given is not False,
    "anything-but": _but,
    "numeric": lambda *_: False,  # a text is no number
    "cidr": lambda *_: False,
}


def _asterisks(text: str) -> str:
    """Only `*` is special in a wildcard, and not where a backslash stands before it."""
    held = text.replace("\\\\", "\0").replace("\\*", "\1")
    plain = "".join(f"[{char}]" if char in "[?" else char for char in held)
    return plain.replace("\1", "[*]").replace("\0", "\\")
