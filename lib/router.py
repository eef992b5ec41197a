"""The route of a check-in by a definition, the live one or ours, made from the definition itself. Pure: no AWS.

A route is named by what leaves: the final state's own word, or the alert whose event is published.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lib import choices, states, walks
from lib.asl import reading
from lib.errors import BadParameters
from lib.walks import Sent, Way, Whole, follow

RULES = Path(__file__).parent / "definitions" / "rules"
STANDARD = ("your6.checkin", "Low Sentiment Alert")  # exists before the plan, and stays
# From the lowest level of alert to the highest. Unscored is treated as standard, and told to operations; `failed` is an
# execution that fails, and `message` an alert straight to a topic: neither may be taken for less than they are.
LEVELS = {
    "none": 0, "proactive": 1, "standard": 2, "unscored": 2, "message": 2, "failed": 2, "high": 3, "crisis": 4,
}  # fmt: skip
FAILED = "failed"
USER = "somebody"


class Router:
    """Routes check-ins by one definition.

    Numbers count only by the side of the definition's own numbers on which they lie, so check-ins that agree in that
    share one walk. Raises BadParameters for a definition with a state, operator or function that is not known here.
    """

    def __init__(self, definition: Mapping[str, Any]) -> None:
        walks.require_known(definition)
        scoring = sorted({name for state in states.walk(definition) if (name := _function(state))})
        if len(scoring) != 1:
            raise BadParameters(f"the definition calls {len(scoring)} functions {scoring}; expected one, that scores")
        self.definition = definition
        self.edges = sorted({float(number) for number in _numbers(definition)})
        self.known = dict[Any, str]()

    def route(self, checkin: Any) -> str:  # noqa: ANN401 - whatever the processor may return
        """The route of a result of the processor's (`risk_score`, `score`, `trajectory`, `text`; any may be missing).

        Raises FailsExecution where AWS would fail the whole execution before anything is said.
        """
        key = self._key(checkin)
        if key not in self.known:
            self.known[key] = route_of(self.way(checkin))
        return self.known[key]

    def way(self, checkin: Any) -> Way:  # noqa: ANN401
        """The way of an ordinary check-in that the processor scores so, every task succeeding."""
        given = {"userId": USER}
        return follow(self.definition, given, walks.context_of("checkin", given), Whole(checkin))

    def _key(self, value: Any) -> Any:  # noqa: ANN401
        """The same for results that no rule can tell apart."""
        if isinstance(value, Mapping):
            return ("object", *sorted((key, self._key(part)) for key, part in value.items()))
        if choices.is_number(value):
            return ("number", self._side(value))
        if value is None or isinstance(value, bool | str):
            return (type(value).__name__, str(value))
        return ("other", json.dumps(value))

    def _side(self, number: float) -> str:
        """Between which of the definition's numbers it lies, or on which; "nan" for what lies nowhere."""
        if number != number:  # NaN, and nothing else, differs from itself
            return "nan"
        place = bisect_left(self.edges, number)
        on = place < len(self.edges) and self.edges[place] == number
        return f"{'on' if on else 'below'} {place}"


def route_of(way: Way) -> str:
    """The route that a way is: what its output says, else the alert of the highest level that it published.

    Raises BadParameters for an event that no rule of the plan carries, and for a word that is no route.
    """
    if way.error:
        return FAILED
    if isinstance(way.output, Mapping) and (said := way.output.get("route")):
        if not isinstance(said, str) or said not in LEVELS:
            raise BadParameters(f"the definition ends in route {said!r}; expected one of {', '.join(LEVELS)}")
        return str(said)
    routes = [_of_event(sent) for sent in way.sent if sent.kind == "event"]
    routes += ["message" for sent in way.sent if sent.kind == "topic"]
    return max(routes, key=lambda route: LEVELS[route], default="none")


def _of_event(sent: Sent) -> str:
    if (sent.source, sent.name) not in events():
        raise BadParameters(
            f"the definition publishes {sent.name!r} from {sent.source!r}, which no rule of ours carries"
        )
    return events()[sent.source, sent.name]


@cache
def events() -> dict[tuple[str, str], str]:
    """(source, detail-type) of every alert -> its route, from the rules that carry them."""
    found = {STANDARD: "standard"}
    for path in sorted(RULES.glob("*.json")):
        rule = reading.ours(path.read_text(encoding="utf-8"), path.name)
        key = (rule["pattern"]["source"][0], rule["pattern"]["detail-type"][0])
        found[key] = rule["sample"]["detail"]["route"]
    return found


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
        rule for state in states.walk(definition) if state.type == "Choice" for rule in choices.comparisons(state.body)
    ]
    return [wanted for operator, wanted in rules if operator.startswith("Numeric")]
