"""What statelint says of a definition; what AWS takes and it does not know is shown to it as it knows it. No AWS.

Never asked of a definition that is not of the language's shape: it ends in a traceback there.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from statelint.linter import Linter

from lib.asl import grammar
from lib.asl.shape import COMPUTED, JSONATA, inner, is_expression
from lib.values.exact_json import map_parts

UNKNOWN_TO_IT = ("Label",)  # fields of a Map
LIMITED = ("TimeoutSeconds", "HeartbeatSeconds", "MaxAttempts", "Seconds")  # it refuses the largest that AWS takes
COUNTED = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")  # JSONata may compute these, too
READERS = ("ItemReader", "ResultWriter")
BROKEN = (AttributeError, TypeError, KeyError, IndexError, ValueError, AssertionError, RecursionError)


def findings(definition: Mapping[str, Any]) -> list[str]:
    """What statelint finds. Where it cannot read a definition, that is a finding too: it has passed nothing."""
    try:
        return list(Linter.validate(_known(definition)))
    except BROKEN as error:
        return [f"could not read the definition ({type(error).__name__}: {error}), so it has passed nothing"]


def _known(definition: Mapping[str, Any]) -> dict[str, Any]:
    view = copy.deepcopy(dict(definition))
    _machine(view, str(view.get("QueryLanguage", "")))
    return view


def _machine(machine: dict[str, Any], language: str) -> None:
    _below(machine)
    for body in machine["States"].values():
        spoken = str(body.get("QueryLanguage", language))
        _state(body, spoken)
        for within in inner(body):
            _machine(within, language)


def _below(part: dict[str, Any]) -> None:
    part |= {key: grammar.LONGEST_TIME - 1 for key in LIMITED if part.get(key) == grammar.LONGEST_TIME}


def _state(body: dict[str, Any], language: str) -> None:
    _below(body)
    for retrier in body.get("Retry", []):
        _below(retrier)
        if "BackoffRate" in retrier:
            retrier["BackoffRate"] = float(retrier["BackoffRate"])
    for part in _nested(body):
        for key in [key for key in part if key == "Assign" or key in UNKNOWN_TO_IT]:
            del part[key]
    for key in READERS:
        if isinstance(body.get(key), dict):
            body[key] = {
                name: value for name, value in body[key].items() if name not in ("ReaderConfig", "WriterConfig")
            }
    if language == JSONATA:
        for key in [key for key in COMPUTED if isinstance(body.get(key), str)]:
            body[key] = "2026-01-01T00:00:00Z" if key == "Timestamp" else 1
        batcher = body.get("ItemBatcher", {})
        batcher |= {key: 1 for key in COUNTED if is_expression(batcher.get(key))}
        return
    for part in (body, *body.get("Catch", [])):
        part |= {key: "$" for key, value in part.items() if _taken(key, value)}
    for key in ("Choices", *grammar.PLACED):
        if key in body:
            body[key] = _simpler(body[key])


def _nested(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield body
    for key in ("Choices", "Catch"):
        yield from (part for part in body.get(key, []) if isinstance(part, dict))


def _simpler(part: Any) -> Any:  # noqa: ANN401
    """With `$` for each path that AWS takes, and for each function that can be read here."""
    return map_parts(part, lambda key, value: "$" if _taken(key, value) else value)


def _taken(key: str, value: Any) -> bool:  # noqa: ANN401
    return key.endswith((".$", "Path")) and grammar.takes(key, value)
