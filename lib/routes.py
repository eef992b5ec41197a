"""The routes of a check-in, their thresholds, and whom each tells: the one table of them. No AWS.

A reader asks this table and raises on what it does not hold, since a route that nobody knows is an alert that nobody
counts. Another route is a row here, its branch in the definition, its rule file and a scenario (`definitions/loader.py`
holds the four against each other); a number that it decides by is a parameter of that name in `lib/settings_schema.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import nan
from typing import Self

from lib.errors import BadParameters
from lib.values.alerts import Alert, Mark, Score, Told

DRILL_PREFIX = "drill-"  # the name of a drill's execution, and the id of the drill user, begin so
SOURCE = "your6.checkin"  # of an alert that existed before the plan; that of every other begins with it
LOW_SENTIMENT_RULE = "Your6-LowSentimentRule"  # carries it; it exists before the plan, and stays
DECLINING = "declining"  # the trajectory that a route may ask for
STATE_PREFIX = "Route"  # of the definition's states in which a route is decided
HIGHEST_RISK = 100  # a usable score lies from 0 to this


@dataclass(frozen=True)
class Threshold:
    """A number that decides, by the name of its parameter."""

    parameter: str
    score: Score = Score.RISK

    @property
    def placeholder(self) -> str:
        """Its name in the definition: `CrisisRiskAbove`."""
        return "".join(word.capitalize() for word in self.parameter.split("_"))

    @property
    def name(self) -> str:
        """Its name among the boundary cases: `crisis`."""
        return self.parameter.partition("_")[0]

    @property
    def sign(self) -> str:
        return ">" if self.score is Score.RISK else "<"

    def holds(self, score: float, number: float) -> bool:
        """Whether a usable score is beyond this number; the number itself is not."""
        return score > number if self.score is Score.RISK else score < number


@dataclass(frozen=True)
class Row:
    """A route as it stands in the table. Two of one `level` differ only in what they say.

    `thresholds`: any of them is enough; none is a route of what is left over. `declining`: only of a declining
    trajectory, and with a usable sentiment. `recorded`: it is noted on the user's item. `said`: as prose calls its
    alerts; `advice`: what who is told shall do.
    """

    name: str
    level: int
    mark: Mark
    thresholds: tuple[Threshold, ...] = ()
    declining: bool = False
    alert: Alert | None = None
    told: tuple[Told, ...] = ()
    recorded: bool = False
    said: str = ""
    advice: str = ""


STANDARD_ALERT = Alert(SOURCE, "Low Sentiment Alert", "", "standard alerts")


class Route(StrEnum):
    """Every route, in the order in which the definition tries them: the first that holds decides."""

    row: Row

    def __new__(cls, row: Row) -> Self:
        """A member whose value is the name alone, which is what the workflow says."""
        member = str.__new__(cls, row.name)
        member._value_ = row.name
        member.row = row
        return member

    CRISIS = Row(
        "crisis", 4, Mark("vermillion", "D", "-"), (Threshold("crisis_risk_above"),),
        alert=Alert(f"{SOURCE}.crisis", "Crisis Protocol Alert", "crisis.json", "the crisis alert"),
        told=(Told.CONTACT, Told.OPERATIONS), recorded=True, said="crisis",
        advice="call or go to the person now; 911, or 988 and press 1",
    )  # fmt: skip
    HIGH = Row(
        "high", 3, Mark("orange", "^", "--"), (Threshold("high_risk_above"),),
        alert=Alert(f"{SOURCE}.highrisk", "Immediate Intervention Required", "highrisk.json", "the high-risk alert"),
        told=(Told.CONTACT,), said="high-risk", advice="call the person as soon as possible, today",
    )  # fmt: skip
    STANDARD = Row(
        "standard", 2, Mark("blue", "s", "-."),
        (Threshold("moderate_risk_above"), Threshold("sentiment_below", Score.SENTIMENT)),
        alert=STANDARD_ALERT, told=(Told.CONTACT,), said="standard", advice="get in touch",
    )  # fmt: skip
    PROACTIVE = Row(
        "proactive", 1, Mark("green", "o", ":"), (Threshold("proactive_risk_above"),), declining=True,
        alert=Alert(f"{SOURCE}.proactive", "Proactive Outreach Recommended", "proactive.json", "proactive outreach"),
        told=(Told.CONTACT,), said="proactive", advice="get in touch before it gets worse",
    )  # fmt: skip
    NONE = Row("none", 0, Mark("grey", ".", (0, (8, 2))))
    # Treated as standard, and told to operations as well.
    UNSCORED = Row(
        "unscored", 2, Mark("purple", "X", (0, (1, 3))),
        alert=STANDARD_ALERT, told=(Told.CONTACT, Told.OPERATIONS), said="unscored",
        advice="read the check-in; nobody knows how this person is",
    )  # fmt: skip

    @property
    def state(self) -> str:
        """The definition's state in which it is decided: `RouteCrisis`."""
        return f"{STATE_PREFIX}{self.capitalize()}"


class Unrouted(StrEnum):
    """What is said of a check-in that takes none of the routes."""

    FAILED = "failed"  # its execution fails
    MESSAGE = "message"  # an alert straight to a topic, of a definition that names no route
    CANNOT_TELL = "cannot tell"  # it hangs on a field that is not known
    NO_ROUTE = "no route"  # in the log of one that ended before it took one
    INVALID = "invalid"  # of nobody; so the definition calls it where it tells operations
    UNPROCESSED = "unprocessed"  # the processor failed; likewise
    FOREIGN = "a route that is not ours"  # the live workflow says another word; its drill fails by that


ALERTING = tuple(route for route in Route if route.row.told)
SHOWN = (*ALERTING, *(route for route in Route if not route.row.told))  # the most urgent first
SCORED = tuple(route for route in Route if route.row.thresholds)
BY_LEVEL = tuple(sorted(SHOWN, key=lambda route: -route.row.level))
THRESHOLDS = tuple(threshold for route in Route for threshold in route.row.thresholds)
RISKS = tuple(threshold for threshold in THRESHOLDS if threshold.score is Score.RISK)  # each above the next
ALERTS = tuple(dict.fromkeys([STANDARD_ALERT, *(route.row.alert for route in Route if route.row.alert)]))


_ROUTES = {route.value: route for route in Route}
_UNROUTED = {one.value: one for one in Unrouted}


def route_named(name: str) -> Route | Unrouted:
    """The route of this name, or what else is said of a check-in. Raises BadParameters for any other word."""
    return _UNROUTED[name] if name in _UNROUTED else of(name)


def as_said(name: str | None) -> Route | Unrouted:
    """The route that an execution says it took, which may be none or any word: no alert of it is lost by that."""
    if not name:
        return Unrouted.FAILED
    return _ROUTES.get(name, Unrouted.FOREIGN)


def of(name: str) -> Route:
    """The route of this name. Raises BadParameters for one that the table does not hold."""
    if name not in _ROUTES:
        raise BadParameters(f"no route {name!r} stands in lib/routes.py; expected one of {', '.join(Route)}")
    return _ROUTES[name]


def require_known(names: Iterable[str]) -> None:
    """Raise BadParameters for a word among these by which a check-in would be left out of what is counted."""
    for name in dict.fromkeys(names):
        route_named(name)


def in_order(names: Iterable[str], order: Iterable[Route] = SHOWN) -> list[str]:
    """Every route in this order, and behind them what else is among these. Raises BadParameters for an unknown one."""
    others = {route_named(name) for name in names} - set(Route)
    return [*order, *sorted(others)]


def level(name: str) -> float:
    """How urgent an alert is, 0 for none, not a number where nobody can tell.

    An execution that fails and an alert straight to a topic are taken for no less than a standard alert.
    """
    route = route_named(name)
    if isinstance(route, Route):
        return route.row.level
    if route in (Unrouted.FAILED, Unrouted.MESSAGE):
        return Route.STANDARD.row.level
    if route is Unrouted.CANNOT_TELL:
        return nan
    raise BadParameters(f"{name!r} is no level of an alert; expected one of {', '.join(Route)}")


def of_state(name: str) -> Route | None:
    """The route that is decided in a state of this name, None where none is.

    Raises BadParameters for one that is named like those and is none of them.
    """
    decided = next((route for route in Route if route.state == name), None)
    if decided is None and name.startswith(STATE_PREFIX):
        raise BadParameters(f"no route of lib/routes.py is decided in a state {name!r}")
    return decided


def of_event(source: str, detail_type: str) -> Route:
    """The route whose alert this is, the first of those that share it. Raises BadParameters where it is none's."""
    for route in Route:
        if route.row.alert and (route.row.alert.source, route.row.alert.detail_type) == (source, detail_type):
            return route
    raise BadParameters(f"{detail_type!r} from {source!r} is no alert of lib/routes.py")


def of_detail_type(detail_type: str) -> Route:
    """The route whose alert is of this type. Raises BadParameters where it is none's."""
    for route in Route:
        if route.row.alert and route.row.alert.detail_type == detail_type:
            return route
    raise BadParameters(f"{detail_type!r} is no alert of lib/routes.py")


def of_placeholder(name: str) -> Route:
    """The route that a threshold decides, by its name in the definition. Raises BadParameters for an unknown one."""
    for route in Route:
        if name in (threshold.placeholder for threshold in route.row.thresholds):
            return route
    raise BadParameters(f"no threshold {name!r} stands in lib/routes.py")


def decide_route(scores: Mapping[Score, float], trajectory: str, numbers: Mapping[str, float]) -> Route:
    """The route of a check-in whose scores are usable, by the words of this table; `numbers`: placeholder -> value.

    No definition is asked: this is what one is held against.
    """
    for route in SCORED:
        if route.row.declining and trajectory != DECLINING:
            continue
        if any(one.holds(scores[one.score], numbers[one.placeholder]) for one in route.row.thresholds):
            return route
    return Route.NONE


def is_drill(name: str, scenario: str = "") -> bool:
    """Whether an execution of this name is a drill, of this scenario where one is given; or a user the drill user."""
    return name.startswith(f"{DRILL_PREFIX}{scenario}-" if scenario else DRILL_PREFIX)
