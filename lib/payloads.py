"""Paths, intrinsic functions and payload templates of a definition, read as AWS reads them. Pure: no AWS.

Only what our definitions use is known. Anything else is refused by name, never guessed.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lib.errors import BadParameters

ABSENT = object()
PLAIN_PATH = re.compile(r"\$\$?(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*")
TOKEN = re.compile(
    r"\s*(?:(?P<name>States\.[A-Za-z0-9]+)\(|(?P<path>\$\$?(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*)"
    r"|'(?P<text>(?:\\.|[^'\\])*)'|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>true|false|null)|(?P<mark>[,)]))"
)
WORDS = {"true": True, "false": False, "null": None}

Expression = Callable[[Any, Any], Any]  # of a state's data and the context object


class FailsExecution(BadParameters):
    """AWS fails the whole execution here, and no Catch helps."""


class MissingVariable(FailsExecution):
    """A comparison on a variable, or a reference to a path, that is not there."""


@lru_cache(maxsize=4096)
def steps_of(path: str) -> tuple[bool, tuple[str | int, ...]]:
    """Whether a plain path is the context's, and its keys and indexes. Raises BadParameters for any other path."""
    if not PLAIN_PATH.fullmatch(path):
        raise BadParameters(f"path {path} is not known here; expected one like $.a.b, $[0] or $$.Execution.Id")
    keys = re.findall(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]", path)
    return path.startswith("$$"), tuple(name or int(index) for name, index in keys)


def found(path: str, data: Any, context: Any) -> Any:  # noqa: ANN401
    """What stands at a plain path (`$.a.b`, `$[0]`, `$$.Execution.Name`), or ABSENT."""
    of_context, keys = steps_of(path)
    value = context if of_context else data
    for key in keys:
        if isinstance(key, int):
            if not isinstance(value, list) or key >= len(value):
                return ABSENT
        elif not isinstance(value, Mapping) or key not in value:
            return ABSENT
        value = value[key]
    return value


def required(path: str, data: Any, context: Any) -> Any:  # noqa: ANN401
    """What stands at a path. Raises MissingVariable: AWS fails the execution; the embedded AWS takes null."""
    value = found(path, data, context)
    if value is ABSENT:
        raise MissingVariable(f"the definition refers to {path}, which is not there; guard it with IsPresent")
    return value


def filled(template: Any, data: Any, context: Any) -> Any:  # noqa: ANN401
    """A payload template (`Parameters`, `ResultSelector`) with each `.$` field replaced by its value."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): expression(part)(data, context)
            if key.endswith(".$")
            else filled(part, data, context)
            for key, part in template.items()
        }
    return [filled(part, data, context) for part in template] if isinstance(template, list) else template


def placed(path: str | None, data: Any, value: Any) -> Any:  # noqa: ANN401
    """A state's output: `value` at its `ResultPath` of the state's input; `$` replaces it, None leaves it as it is."""
    if path is None:
        return data
    of_context, keys = steps_of(path)
    if of_context or any(isinstance(key, int) for key in keys):
        raise BadParameters(f"ResultPath {path} is not known here; expected one like $.a.b")
    return _within(data, keys, value)


def _within(data: Any, keys: tuple[str | int, ...], value: Any) -> Any:  # noqa: ANN401
    if not keys:
        return value
    if not isinstance(data, Mapping):
        raise FailsExecution(f"there is no place for a result at {keys[0]}: the input is no object")
    return {**data, keys[0]: _within(data.get(keys[0], {}), keys[1:], value)}


@lru_cache(maxsize=4096)
def expression(text: str) -> Expression:
    """What a `.$` field says: a path or an intrinsic function. Raises BadParameters for a function not known here."""
    compiled, rest = _parsed(text)
    if rest.strip():
        raise BadParameters(f"{text!r} is not known here: {rest.strip()!r} is left over")
    return compiled


def _parsed(text: str) -> tuple[Expression, str]:
    token = TOKEN.match(text)
    if token is None or token["mark"]:
        raise BadParameters(f"{text!r} is neither a path nor an intrinsic function known here")
    rest = text[token.end() :]
    if token["name"]:
        return _call(token["name"], rest)
    if token["path"]:
        path = token["path"]
        steps_of(path)
        return lambda data, context: required(path, data, context), rest
    constant = _constant(token)
    return lambda data, context: constant, rest


def _constant(token: re.Match[str]) -> Any:  # noqa: ANN401
    if token["text"] is not None:
        return re.sub(r"\\([\\'])", r"\1", token["text"])
    return WORDS[token["word"]] if token["word"] else json.loads(token["number"])


def _call(name: str, rest: str) -> tuple[Expression, str]:
    if name not in INTRINSICS:
        raise BadParameters(f"intrinsic function {name} is not known here; expected one of {', '.join(INTRINSICS)}")
    arguments = list[Expression]()
    mark = TOKEN.match(rest)
    while mark is None or mark["mark"] != ")":
        argument, rest = _parsed(rest)
        arguments.append(argument)
        mark = TOKEN.match(rest)
        if mark is None or not mark["mark"]:
            raise BadParameters(f"{name} does not end: {rest!r}")
        rest = rest if mark["mark"] == ")" else rest[mark.end() :]
    function = INTRINSICS[name]
    return lambda data, context: function(*(argument(data, context) for argument in arguments)), rest[mark.end() :]


def _format(template: str, *values: Any) -> str:  # noqa: ANN401
    pieces = re.split(r"(?<!\\)\{\}", template)
    if len(pieces) != len(values) + 1:
        raise FailsExecution(f"States.Format has {len(pieces) - 1} places and {len(values)} values: {template!r}")
    said = [value if isinstance(value, str) else json.dumps(value) for value in values]
    text = pieces[0] + "".join(value + piece for value, piece in zip(said, pieces[1:], strict=True))
    return re.sub(r"\\([{}])", r"\1", text)


def _merge(first: Any, second: Any, deep: bool) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(first, Mapping) or not isinstance(second, Mapping) or deep:
        raise FailsExecution("States.JsonMerge takes two objects and false; anything else fails on AWS")
    return {**first, **second}


def _to_string(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


INTRINSICS: dict[str, Callable[..., Any]] = {
    "States.Format": _format,
    "States.JsonMerge": _merge,
    "States.JsonToString": _to_string,
}
