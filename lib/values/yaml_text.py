"""YAML that a person wrote, by one reader: it takes no key twice, and quotes no value of the text. No files, no AWS.

A parameters file holds an address. Its parser's errors repeat what stands where it stumbled. No file of ours needs a
value that only refers to another (`&name`, `*name`): a few hundred bytes of them say more than any memory holds.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from lib.errors import BadParameters
from lib.values.subscriber_addresses import hide_address

MERGE = "tag:yaml.org,2002:merge"
# What a parser says in quotes is its own only where it is a sign, `]`, or a kind of place, `<block end>`.
QUOTED = re.compile(r"""(["'])(?![^\w+]{1,2}\1|<[a-z ]+>\1).*""", re.DOTALL)


class _Plain(yaml.SafeLoader):
    """Reads no value that refers to another."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401
        event = self.peek_event()
        if isinstance(event, yaml.events.NodeEvent) and event.anchor is not None:
            raise _RefersToAnother(event.start_mark.line + 1)
        return super().compose_node(parent, index)


class _RefersToAnother(Exception):
    """A value that is named, or that a name stands for, in a line."""


def read(text: str, what: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """The value of a YAML text.

    Raises BadParameters, naming `what`, for what is none, says a key twice, or holds a value that refers to another.
    """
    try:
        loader = _Plain(text)
        whole = loader.get_single_node()
        twice = list(_twice(whole, "")) if whole else []
        value = loader.construct_document(whole) if whole else None
    except _RefersToAnother as error:
        raise BadParameters(
            f"{what} refers from one value to another by `&` or `*` in line {error}, which is not read here; write "
            "each value where it stands"
        ) from None
    except yaml.YAMLError as error:
        raise BadParameters(f"{what} is not valid YAML: {_where(error)}") from None
    except (ValueError, RecursionError, OverflowError):
        raise BadParameters(f"{what} is not valid YAML: it holds a date or a number that is none") from None
    if twice:
        raise BadParameters(f"{what} says {', '.join(twice)} twice, and a parser takes the last; leave one of them")
    return value


def _twice(node: yaml.Node, place: str) -> Iterator[str]:
    """The keys that are said more than once, at any depth; one that a merge (`<<`) may say again counts as well."""
    if isinstance(node, yaml.MappingNode):
        names = Counter(str(key.value) for key, _ in node.value)
        yield from (f"{place}{hide_address(name)}" for name, times in names.items() if times > 1)
        yield from (f"{place}whatever `<<` merges" for key, _ in node.value if key.tag == MERGE)
        for key, value in node.value:
            yield from _twice(value, f"{place}{hide_address(str(key.value))}.")
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item, place)


def _where(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "it holds a character that no YAML may hold"
    return f"{QUOTED.sub('...', str(error.problem))} in line {error.problem_mark.line + 1}"
