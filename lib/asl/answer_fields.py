"""Which fields of the scoring function's answer a definition decides by, and which it only passes on. Pure: no AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lib.asl import choice_rules, states
from lib.asl.payload_templates import steps_of
from lib.errors import BadParameters

WORDS = "text"  # what somebody said; never kept, whatever a definition does with it
TYPE_TESTS = ("IsPresent", *choice_rules.TYPES)
ANOTHER = "another text, which is not kept"
MERGES = "States.JsonMerge("
DEEPEST = 12
ABSENT_CELL, UNKNOWN_CELL = "", "?"  # in a table of answers: the answer lacks the field, nobody knows it

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class AnswerFields:
    """`compared`: field (`aiMetadata.ensemble_used`) -> (operator, wanted) of its rules; `passed`: only passed on."""

    compared: Mapping[str, tuple[tuple[str, Any], ...]]
    passed: frozenset[str]

    @property
    def decisive(self) -> frozenset[str]:
        """Those whose value must be known; that the words of a check-in are a text is known."""
        return frozenset(
            field
            for field, rules in self.compared.items()
            if not (is_words(field) and all(operator in TYPE_TESTS for operator, _ in rules))
        )

    def words(self, field: str) -> list[str]:
        """The texts that its rules name, which are no words of anybody's."""
        return sorted({str(wanted) for operator, wanted in self.compared.get(field, ()) if operator == "StringEquals"})


def is_words(field: str) -> bool:
    return field.rsplit(".", 1)[-1] == WORDS


def answer_fields(definition: Mapping[str, Any]) -> AnswerFields:
    """The fields by the place where the answer lies in the data, followed where a Pass state moves it.

    Raises BadParameters for a rule on a part of a list: no list of an answer is kept.
    """
    places = _places(definition)
    compared = dict[str, list[tuple[str, Any]]]()
    passed = set[str]()
    for state in states.walk(definition):
        for rule in _rules(state.body.get("Choices", [])):
            for field in _fields(places, rule["Variable"]):
                if any(isinstance(key, int) for key in field):
                    raise BadParameters(f"{state.where} decides by {rule['Variable']}, a part of a list; none is kept")
                operator = choice_rules.operator_of(rule)
                compared.setdefault(_dotted(field), []).append((operator, rule[operator]))
        passed |= {_dotted(field) for path in states.references(state.body) for field in _fields(places, path)}
    decisive = {field: tuple(dict.fromkeys(rules)) for field, rules in compared.items() if field}
    return AnswerFields(decisive, frozenset(passed - set(decisive) - {""}))


def merge_needs(*needs: AnswerFields) -> AnswerFields:
    """What several definitions ask for between them."""
    names = dict.fromkeys(field for one in needs for field in one.compared)
    compared = {name: tuple(dict.fromkeys(r for one in needs for r in one.compared.get(name, ()))) for name in names}
    return AnswerFields(compared, frozenset().union(*(one.passed for one in needs)) - set(compared))


def redact(fields: AnswerFields, field: str, value: Any) -> Any:  # noqa: ANN401
    """A value as far as it may be kept: no words but those that a rule names, and of what is only passed on, nothing.

    Raises KeyError where that would be too little to decide by.
    """
    if field not in fields.compared:
        return ANOTHER
    rules = fields.compared[field]
    if isinstance(value, str):
        if value in fields.words(field):
            return value
        if any(operator.startswith("String") and operator != "StringEquals" for operator, _ in rules):
            raise KeyError(field)
        return ANOTHER
    if isinstance(value, Mapping):
        return {}
    return [] if isinstance(value, list) else value


def possible(rules: tuple[tuple[str, Any], ...], words: bool) -> list[Any]:
    """Values of an unknown field that between them meet each of its rules and each side of its numbers."""
    texts = [str(w).replace("*", "") for operator, w in rules if operator.startswith("String")] + [ANOTHER]
    if words:
        return texts
    edges = sorted({float(wanted) for operator, wanted in rules if operator.startswith("Numeric")})
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    beyond = [edges[0] - 1, edges[-1] + 1] if edges else [0.5]
    return [*texts, *edges, *between, *beyond, True, False, None]


def _places(definition: Mapping[str, Any]) -> dict[Keys, Keys]:
    """Place in the data -> place in the answer, for every part of the answer that a state puts somewhere."""
    places = dict[Keys, Keys]()
    walked = list(states.walk(definition))
    for _ in range(len(walked)):
        before = len(places)
        for state in walked:
            places |= {place: field for place, field in _put(state.body, places) if len(place) <= DEEPEST}
        if len(places) == before:
            break
    return places


def _put(body: Mapping[str, Any], places: Mapping[Keys, Keys]) -> Iterator[tuple[Keys, Keys]]:
    """What one state adds: the answer itself where it calls the function, and what a Pass moves."""
    resource, path = str(body.get("Resource", "")), body.get("ResultPath", "$")
    if path is None:
        return
    place = steps_of(path)[1]
    invoked = resource.endswith(":states:::lambda:invoke")
    if body.get("Type") == "Task" and (invoked or ":lambda:" in resource):
        own: dict[Keys, Keys] = {("Payload",) if invoked else (): ()}
        selector = body.get("ResultSelector")
        yield from _moved(selector, place, own) if selector else ((place + at, field) for at, field in own.items())
    elif body.get("Type") == "Pass" and "Parameters" in body:
        yield from list(_moved(body["Parameters"], place, _seen(body, places)))


def _seen(body: Mapping[str, Any], places: Mapping[Keys, Keys]) -> dict[Keys, Keys]:
    path = body.get("InputPath", "$")
    shown = steps_of(path)[1] if path else ()
    return {at[len(shown) :]: field for at, field in places.items() if at[: len(shown)] == shown} if path else {}


def _moved(template: Any, place: Keys, places: Mapping[Keys, Keys]) -> Iterator[tuple[Keys, Keys]]:  # noqa: ANN401
    for key, part in template.items() if isinstance(template, Mapping) else ():
        if not key.endswith(".$"):
            yield from _moved(part, (*place, key), places)
        elif part.startswith(("$", MERGES)) and not part.startswith("$$"):
            for path in states.references({key: part}):
                of_context, keys = steps_of(path)
                target = (*place, key.removesuffix(".$"))
                inside = {at: field for at, field in places.items() if at[: len(keys)] == keys and not of_context}
                yield from ((target + at[len(keys) :], field) for at, field in inside.items())
                yield from ((target, field) for field in _fields(places, path))


def _fields(places: Mapping[Keys, Keys], path: str) -> list[Keys]:
    """The fields of the answer that may stand at a path."""
    of_context, keys = steps_of(path)
    return [] if of_context else [field + keys[len(at) :] for at, field in places.items() if keys[: len(at)] == at]


def _dotted(field: Keys) -> str:
    return ".".join(str(key) for key in field)


def _rules(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        parts = [*rule.get("And", []), *rule.get("Or", []), *([rule["Not"]] if "Not" in rule else [])]
        yield from _rules(parts) if parts else [rule]
