"""Paths, intrinsic functions and payload templates of a definition, read as AWS reads them. Pure: no AWS.

A path with a wildcard, a slice or a filter, and a function that draws lots, are refused by name, never guessed.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lib.asl.execution_errors import FailsExecution as FailsExecution
from lib.asl.execution_errors import MissingVariable as MissingVariable
from lib.asl.intrinsics import function_called
from lib.errors import BadParameters

ABSENT = object()
STEP = r"\.[\w-]+|\[\d{1,9}\]|\['(?:\\.|[^'\\])+'\]|\[\"(?:\\.|[^\"\\])+\"\]"
PATH = rf"\$\$?(?:{STEP})*"
PLAIN_PATH = re.compile(PATH)
TOKEN = re.compile(
    rf"\s*(?:(?P<name>States\.[A-Za-z0-9]+)\(|(?P<path>{PATH})"
    r"|'(?P<text>(?:\\.|[^'\\])*)'|(?P<number>-?\d{1,300}(?:\.\d{1,300})?)|(?P<word>true|false|null)|(?P<mark>[,)]))"
)
WORDS = {"true": True, "false": False, "null": None}
DEEPEST = 10  # intrinsic functions within each other, as many as AWS takes

Expression = Callable[[Any, Any], Any]  # of a state's data and the context object


def steps_of(path: str) -> tuple[bool, tuple[str | int, ...]]:
    """Whether a plain path is the context's, and its keys and indexes. Raises BadParameters for any other path."""
    if not isinstance(path, str) or not PLAIN_PATH.fullmatch(path):
        raise BadParameters(
            f"path {path} is not known here; expected one like $.a.b, $['a b'], $[0] or $$.Execution.Id"
        )
    return _steps(path)


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[bool, tuple[str | int, ...]]:
    return path.startswith("$$"), tuple(_key(step) for step in re.findall(STEP, path))


def _key(step: str) -> str | int:
    if step.startswith("."):
        return step[1:]
    return int(step[1:-1]) if step[1:-1].isdigit() else re.sub(r"\\(.)", r"\1", step[2:-2])


def value_at(path: str, data: Any, context: Any) -> Any:  # noqa: ANN401
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


def required_value(path: str, data: Any, context: Any) -> Any:  # noqa: ANN401
    """What stands at a path. Raises MissingVariable: AWS fails the execution; the embedded AWS takes null."""
    value = value_at(path, data, context)
    if value is ABSENT:
        raise MissingVariable(f"the definition refers to {path}, which is not there; guard it with IsPresent")
    return value


def fill(template: Any, data: Any, context: Any) -> Any:  # noqa: ANN401
    """A payload template (`Parameters`, `ResultSelector`) with each `.$` field replaced by its value."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): expression(part)(data, context) if key.endswith(".$") else fill(part, data, context)
            for key, part in template.items()
        }
    return [fill(part, data, context) for part in template] if isinstance(template, list) else template


def place_result(path: str | None, data: Any, value: Any) -> Any:  # noqa: ANN401
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


def expression(text: str) -> Expression:
    """What a `.$` field says: a path or an intrinsic function. Raises BadParameters for a function not known here."""
    if not isinstance(text, str):
        raise BadParameters(f"{text!r} is neither a path nor an intrinsic function")
    return _compiled(text)


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Expression:
    compiled, rest = _parsed(text, 0)
    if rest.strip():
        raise BadParameters(f"{text!r} is not known here: {rest.strip()!r} is left over")
    return compiled


def _parsed(text: str, depth: int) -> tuple[Expression, str]:
    token = TOKEN.match(text)
    if token is None or token["mark"] or (depth == 0 and not token["name"] and not token["path"]):
        raise BadParameters(f"{text!r} is neither a path nor an intrinsic function known here")
    rest = text[token.end() :]
    if token["name"]:
        return _call(token["name"], rest, depth + 1)
    if token["path"]:
        path = token["path"]
        steps_of(path)
        return lambda data, context: required_value(path, data, context), rest
    constant = _constant(token)
    return lambda data, context: constant, rest


def _constant(token: re.Match[str]) -> Any:  # noqa: ANN401
    if token["text"] is not None:
        return re.sub(r"\\([\\'])", r"\1", token["text"])
    return WORDS[token["word"]] if token["word"] else json.loads(token["number"])


def _call(name: str, rest: str, depth: int) -> tuple[Expression, str]:
    if depth > DEEPEST:
        raise BadParameters(f"{name} lies within more than {DEEPEST} intrinsic functions; AWS takes no more")
    arguments = list[Expression]()
    mark = TOKEN.match(rest)
    while mark is None or mark["mark"] != ")":
        argument, rest = _parsed(rest, depth)
        arguments.append(argument)
        mark = TOKEN.match(rest)
        if mark is None or not mark["mark"]:
            raise BadParameters(f"{name} does not end: {rest!r}")
        rest = rest if mark["mark"] == ")" else rest[mark.end() :]
    function = function_called(name, len(arguments))
    return lambda data, context: function(*(argument(data, context) for argument in arguments)), rest[mark.end() :]
