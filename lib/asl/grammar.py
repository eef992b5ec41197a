"""What AWS refuses in a definition and statelint lets pass. Of a definition of the language's shape. Pure: no AWS."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl import states
from lib.asl.choice_rules import is_operator, rules
from lib.asl.execution_errors import DrawsLots
from lib.asl.payload_templates import expression
from lib.asl.shape import JSONATA, WORKFLOW, Problem, is_expression
from lib.asl.states import State
from lib.asl.timestamps import is_moment
from lib.errors import BadParameters

LONGEST_NAME = 80
LONGEST_TIME = 99_999_999  # seconds
LONGEST_VARIABLE = 80
RESERVED = "states"  # the name of AWS's own variable
# A reference path leads to one place; a ResultPath to one of the state's data, never of the context or of a variable.
ONE = rf"(?:\.{states.NAME}|\.?\[(?:\d+|{states.QUOTED})\])*"
REFERENCE, RESULT = re.compile(states.ROOT + ONE), re.compile(rf"\${ONE}")
REFERENCES = (
    "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath",
    "ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "MaxItemsPath", "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
)  # fmt: skip
SAID = ("ErrorPath", "CausePath")  # these may be a function, too
PATHS = ("InputPath", "OutputPath", "ItemsPath", *REFERENCES, *SAID)
PLACED = (
    "Parameters", "ResultSelector", "ItemSelector", "Credentials", "Assign", "ItemReader", "ItemBatcher",
    "ResultWriter",
)  # fmt: skip
CALLED = re.compile(r"States\.\w+\(")


def problems(definition: Mapping[str, Any]) -> list[Problem]:
    """Everything found, each with its state."""
    flaws = [Problem(WORKFLOW, words) for words in _machine(definition)]
    language = definition.get("QueryLanguage")
    for state in states.walk(definition):
        flaws += [Problem(state.where, words) for words in _state(state, state.body.get("QueryLanguage", language))]
    return flaws


def _is_path(text: Any) -> bool:  # noqa: ANN401
    """Whether AWS would take this for a path."""
    return isinstance(text, str) and bool(states.PATH.fullmatch(text))


def takes(field: str, text: Any) -> bool:  # noqa: ANN401
    """Whether AWS takes this in a field that says a path: one of `...Path`, or one of a template that ends in `.$`."""
    if field == "ResultPath" or field in REFERENCES:
        return isinstance(text, str) and bool((RESULT if field == "ResultPath" else REFERENCE).fullmatch(text))
    return _is_path(text) or ((field.endswith(".$") or field in SAID) and _is_function(text))


def _is_function(text: Any) -> bool:  # noqa: ANN401
    """Whether AWS would take this for a call of an intrinsic function, with as many arguments as that has."""
    if not isinstance(text, str) or not CALLED.match(text.lstrip()):
        return False
    plain = states.TEXT_OR_PATH.sub(lambda match: "$" if match["path"] else match[0], text)
    try:
        expression(plain)
    except DrawsLots:
        return True
    except BadParameters:
        return False
    return True


def _machine(definition: Mapping[str, Any]) -> Iterator[str]:
    if definition.get("QueryLanguage", "JSONPath") not in ("JSONPath", JSONATA):
        yield f"is written in {definition['QueryLanguage']}, which AWS does not know"
    if not 0 < definition.get("TimeoutSeconds", 1) <= LONGEST_TIME:
        yield f"has TimeoutSeconds {definition['TimeoutSeconds']}; AWS takes 1 to {LONGEST_TIME}"


def _state(state: State, language: Any) -> Iterator[str]:  # noqa: ANN401
    if len(state.name) > LONGEST_NAME:
        yield f"has a name of {len(state.name)} characters; AWS takes {LONGEST_NAME}"
    yield from _retries(state.body)
    yield from _times(state.body, language)
    if "Assign" in state.body and state.type in ("Succeed", "Fail"):
        yield f"has Assign, which AWS takes in no {state.type} state"
    if language == JSONATA:
        return
    yield from _paths(state.body)
    for part in (state.body, *state.body.get("Catch", []), *state.body.get("Choices", [])):
        for key in PLACED:
            yield from _template(key, part.get(key))
        yield from _variables(part.get("Assign", {}))
    for rule in rules(state.body) if state.type == "Choice" else ():
        yield from _rule(rule)


def _paths(body: Mapping[str, Any]) -> Iterator[str]:
    within = [body.get("ItemBatcher"), body.get("ItemReader", {}).get("ReaderConfig")]
    for part in (body, *body.get("Catch", []), *(one for one in within if isinstance(one, Mapping))):
        for key in ("ResultPath", *PATHS):
            if part.get(key) is not None and not takes(key, part[key]):
                yield f"has {key} {part[key]!r}; AWS takes {_wanted(key)} there"


def _wanted(key: str) -> str:
    if key in SAID:
        return "a path or a call of an intrinsic function"
    if key == "ResultPath":
        return "a path to one place of the state's data"
    return f"a path{' to one place' if key in REFERENCES else ''}, no function and no text,"


def _variables(assigned: Mapping[str, Any]) -> Iterator[str]:
    for name in (str(key).removesuffix(".$") for key in assigned):
        if name == RESERVED or not 0 < len(name) <= LONGEST_VARIABLE:
            yield f"assigns to the variable {name!r}; AWS takes up to {LONGEST_VARIABLE} letters, and not {RESERVED}"


def _rule(rule: Mapping[str, Any]) -> Iterator[str]:
    for operator in sorted(rule.keys() - {"Next", "Comment", "Assign"}):
        if (operator == "Variable" or operator.endswith("Path")) and not _is_path(rule[operator]):
            yield f"has {operator} {rule[operator]!r}; AWS takes a path there, no function and no text"
        if operator == "Variable":
            continue
        if not is_operator(operator):
            yield f"compares by {operator}, which AWS does not know"
        if operator.startswith("Timestamp") and not operator.endswith("Path") and not is_moment(rule[operator]):
            yield f"compares by {operator} with {rule[operator]!r}, which is no time of RFC 3339"


def _retries(body: Mapping[str, Any]) -> Iterator[str]:
    for key in ("Retry", "Catch"):
        parts = body.get(key, [])
        for number, part in enumerate(parts, start=1):
            alone = part["ErrorEquals"] == ["States.ALL"]
            if "States.ALL" in part["ErrorEquals"] and (not alone or number < len(parts)):
                yield f"has States.ALL in a {key} that is not the last, or beside other errors"
    for retrier in body.get("Retry", []):
        if retrier.get("BackoffRate", 1) < 1:
            yield f"has a BackoffRate of {retrier['BackoffRate']}; AWS takes 1 and more"


def _times(body: Mapping[str, Any], language: Any) -> Iterator[str]:  # noqa: ANN401
    until = body.get("Timestamp")
    if until is not None and not is_moment(until) and not (language == JSONATA and is_expression(until)):
        yield f"has Timestamp {until!r}, which is no time of RFC 3339"
    limit, beat = body.get("TimeoutSeconds"), body.get("HeartbeatSeconds")
    if isinstance(limit, int) and isinstance(beat, int) and beat >= limit:
        yield f"has HeartbeatSeconds {beat}, not below its TimeoutSeconds {limit}"


def _template(key: str, template: Any) -> Iterator[str]:  # noqa: ANN401
    """Fields of a payload template that say neither a path nor a function."""
    for name, part in template.items() if isinstance(template, Mapping) else ():
        if str(name).endswith(".$") and str(name).removesuffix(".$") in template:
            yield f"has {str(name).removesuffix('.$')} twice in its {key}, as it is and as a path"
        if str(name).endswith(".$") and not takes(str(name), part):
            yield f"has {name} in its {key} that is neither a path nor a call of an intrinsic function: {part!r}"
        yield from _template(key, part)
    for part in template if isinstance(template, list) else ():
        yield from _template(key, part)
