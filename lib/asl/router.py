"""The route of a check-in by a definition, the live one or ours, made from the definition itself. Pure: no AWS.

A route is named by what leaves: the final state's own word, or the alert whose event is published.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd

from lib import routes
from lib.asl import answer_fields, choice_rules, interpreter, states
from lib.asl.answer_fields import ABSENT_CELL, UNKNOWN_CELL
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import Sent, SentKind, Way, Whole
from lib.asl.intrinsics import is_plain
from lib.asl.payload_templates import ABSENT, FailsExecution
from lib.errors import BadParameters
from lib.routes import Route, Unrouted
from lib.values.exact_json import map_parts

FAILED, CANNOT_TELL = Unrouted.FAILED, Unrouted.CANNOT_TELL
USER = "somebody"
MOST_TRIED = 4096


class Router:
    """Routes check-ins by one definition.

    Numbers count only by the side of the definition's own numbers on which they lie, so check-ins that agree in that
    share one walk. Raises BadParameters for a definition with a state, operator or function that is not known here.
    """

    def __init__(self, definition: Mapping[str, Any]) -> None:
        interpreter.require_known(definition)
        scoring = sorted({name for state in states.walk(definition) if (name := _function(state))})
        if len(scoring) != 1:
            raise BadParameters(f"the definition calls {len(scoring)} functions {scoring}; expected one, that scores")
        self.definition = definition
        self.edges = sorted({float(number) for number in _numbers(definition)})
        self.known = dict[Any, str]()
        self.fields = answer_fields.answer_fields(definition)

    def route(self, checkin: Any) -> str:  # noqa: ANN401 - whatever the processor may return
        """The route of a result of the processor's (`risk_score`, `score`, `trajectory`, `text`; any may be missing).

        Raises FailsExecution where AWS would fail the whole execution before anything is said.
        """
        key = _key(checkin, self.edges)
        if key not in self.known:
            self.known[key] = route_of(self.way(checkin))
        return self.known[key]

    def route_or_failure(self, checkin: Any) -> str:  # noqa: ANN401
        """The route, or `failed` where AWS would fail the execution."""
        try:
            return self.route(checkin)
        except FailsExecution:
            return FAILED

    def routes(self, cells: pd.DataFrame) -> pd.Series:
        """The route of every row, `failed`, or `cannot tell`. Rows on the same side of every number share a walk.

        A column is a field of the answer (`aiMetadata.ensemble_used`), a cell its JSON: "" where the answer lacks the
        field, "?" where nobody knows. A field that the rules ask for and that has no column is not known; one that is
        only passed on is taken to be there, as the check-in's words are.
        """
        mine = [field for field in cells if field in self.fields.compared or field in self.fields.passed]
        first, groups = group_rows(cells[mine], self.edges)
        walked = [self._of_cells({field: str(cells[field].iat[row]) for field in mine}) for row in first]
        return pd.Series(np.array(walked, dtype=object)[groups], index=cells.index, dtype=object)

    def _of_cells(self, cells: Mapping[str, str]) -> str:
        """The route of one row: of every value that an unknown field may have, where they all take the same."""
        unknown = [field for field in self.fields.decisive if cells.get(field, UNKNOWN_CELL) == UNKNOWN_CELL]
        known = {field: json.loads(cell) for field, cell in cells.items() if cell not in (ABSENT_CELL, UNKNOWN_CELL)}
        taken = {field: answer_fields.ANOTHER for field in self.fields.passed if field not in cells}
        base = taken | known | {answer_fields.WORDS: ""}
        tried = [self._values(field) for field in unknown]
        reached = set[str]()
        for values in islice(product(*tried), MOST_TRIED + 1):
            given = {field: value for field, value in zip(unknown, values, strict=True) if value is not ABSENT}
            reached.add(self.route_or_failure(_nested(base | given)))
            if len(reached) > 1:
                return CANNOT_TELL
        return reached.pop() if np.prod([len(values) for values in tried]) <= MOST_TRIED else CANNOT_TELL

    def _values(self, field: str) -> list[Any]:
        words = answer_fields.is_words(field)
        given = answer_fields.possible(self.fields.compared[field], words)
        return given if words else [*given, ABSENT]

    def way(self, checkin: Any) -> Way:  # noqa: ANN401
        """The way of an ordinary check-in that the processor scores so, every task succeeding."""
        given = {"userId": USER}
        result = Whole(map_parts(checkin, lambda _, value: _sayable(value, self.edges)))
        return follow(self.definition, given, interpreter.context_of("checkin", given), result)


def group_rows(cells: pd.DataFrame, edges: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Rows that no rule with these numbers can tell apart: the first row of each group, and each row's group."""
    places = np.zeros(len(cells), dtype=np.int64)
    for field in cells:
        marks, texts = pd.factorize(cells[field])
        keys = [text if text in (ABSENT_CELL, UNKNOWN_CELL) else _key(json.loads(text), edges) for text in texts]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        sides = np.array([numbers[key] for key in keys], dtype=np.int64)[marks]
        places = np.unique(places * len(numbers) + sides, return_inverse=True)[1]
    _, first, groups = np.unique(places, return_index=True, return_inverse=True)
    return first, groups


def _key(value: Any, edges: Sequence[float]) -> Any:  # noqa: ANN401
    """The same for results that no rule can tell apart."""
    if isinstance(value, Mapping):
        return ("object", *sorted((key, _key(part, edges)) for key, part in value.items()))
    if choice_rules.is_number(value):
        return ("number", _side(value, edges))
    if value is None or isinstance(value, bool | str):
        return (type(value).__name__, str(value))
    return ("other", json.dumps(value))


def _sayable(value: Any, edges: Sequence[float]) -> Any:  # noqa: ANN401
    """The result with another number on the same side for each of which nobody knows how AWS writes it in a text.

    A sentiment of 0.0001 is ordinary, and a definition that puts it into a message decides nothing by that.
    """
    if not isinstance(value, float) or is_plain(value):
        return value
    place = bisect_left(edges, value)
    low = edges[place - 1] if place else -math.inf
    high = edges[place] if place < len(edges) else math.inf
    near = [0.0, (low + high) / 2, low + 1, high - 1]
    return next((one for one in near if is_plain(one) and _side(one, edges) == _side(value, edges)), value)


def _side(number: float, edges: Sequence[float]) -> str:
    """Between which of the definition's numbers it lies, or on which; "nan" for what lies nowhere."""
    if number != number:  # NaN, and nothing else, differs from itself
        return "nan"
    place = bisect_left(edges, number)
    on = place < len(edges) and edges[place] == number
    return f"{'on' if on else 'below'} {place}"


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with these fields, `a.b` within `a`."""
    answer = dict[str, Any]()
    for field in sorted(fields):
        *inside, name = field.split(".")
        place: Any = answer
        for key in inside:
            place = place.setdefault(key, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[name] = {} if isinstance(fields[field], dict) else fields[field]
    return answer


def route_of(way: Way) -> str:
    """The route that a way is: what its output says, else the alert of the highest level that it published.

    Raises BadParameters for an event that no rule of the plan carries, and for a word that is no route.
    """
    if way.error:
        return FAILED
    if isinstance(way.output, Mapping) and (said := way.output.get("route")):
        return _said(said)
    sent = [_of_event(one) for one in way.sent if one.kind == SentKind.EVENT]
    sent += [Unrouted.MESSAGE for one in way.sent if one.kind == SentKind.TOPIC]
    return max(sent, key=routes.level, default=Route.NONE)


def _said(route: Any) -> str:  # noqa: ANN401 - whatever somebody's definition says
    try:
        return routes.of(str(route))
    except BadParameters as error:
        raise BadParameters(f"the definition ends in a route that is none: {error}") from error


def _of_event(sent: Sent) -> str:
    try:
        return routes.of_event(sent.source, sent.name)
    except BadParameters as error:
        raise BadParameters(f"the definition publishes what no rule of ours carries: {error}") from error


def _function(state: states.State) -> str:
    """The function that a task calls, "" where it calls none."""
    resource = str(state.body.get("Resource", ""))
    if resource.endswith(":states:::lambda:invoke"):
        parameters = state.body.get("Parameters")
        return str(parameters.get("FunctionName", "unnamed")) if isinstance(parameters, Mapping) else "unnamed"
    return resource if ":lambda:" in resource else ""


def _numbers(definition: Mapping[str, Any]) -> list[float]:
    """Every number that a rule of the definition compares with."""
    rules = [
        rule
        for state in states.walk(definition)
        if state.type == "Choice"
        for rule in choice_rules.comparisons(state.body)
    ]
    return [wanted for operator, wanted in rules if operator.startswith("Numeric")]
