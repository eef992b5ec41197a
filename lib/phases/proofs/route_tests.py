"""Which way every kind of check-in goes, asked of TestState before anything is deployed. Read-only; sends nothing.

A Parallel's branches are asked state by state; only what it puts together of them is computed here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.asl import interpreter
from lib.asl.interpreter import follow
from lib.asl.interpreter_steps import SentKind, Way
from lib.checks import Check, Status
from lib.drills import boundary_cases, scenarios
from lib.drills.scenarios import Scenario
from lib.phases.proofs.aws_test_state import Asked
from lib.routes import DRILL_PREFIX
from lib.values.check_registry import Id

EXECUTION = f"{DRILL_PREFIX}before-deploying"


@dataclass(frozen=True)
class Taken:
    """A case and the way it went. `whole`: it was followed to its end, not only to where its route is decided."""

    case: Scenario
    way: Way
    whole: bool

    @property
    def route(self) -> str:
        """The route that was decided, "" where none was."""
        return str(self.way.output.get("route", "")) if isinstance(self.way.output, dict) else ""


def take_routes(asked: Asked, definition: Mapping[str, Any]) -> list[Taken]:
    """Every scenario of the plan to its end, and every boundary case until its route is decided."""
    interpreter.require_known(definition)
    return [_taken(asked, definition, case, whole=True) for case in scenarios.load()] + [
        _taken(asked, definition, case, whole=False) for case in boundary_cases.cases(asked.live.settings)
    ]


def _taken(asked: Asked, definition: Mapping[str, Any], case: Scenario, *, whole: bool) -> Taken:
    # Every case is given the same name, so that cases that agree share their questions.
    given = {"userId": asked.live.settings.drill_user_id, **case.input(EXECUTION)}
    context = interpreter.context_of(EXECUTION, given, asked.live.settings.state_machine_arn)
    return Taken(case, follow(definition, given, context, asked, until="" if whole else "route"), whole)


def checks(taken: Sequence[Taken]) -> list[Check]:
    """A check a case, those that failed first."""
    return sorted((_check(one) for one in taken), key=lambda check: check.status != Status.FAILED)


def _check(one: Taken) -> Check:
    expected = {"route": one.case.expect["route"]}
    said: dict[str, Any] = {"route": one.route or "none was decided"}
    if one.whole:
        expected["events"] = sorted(one.case.expect["events"])
        said["events"] = sorted(one.way.names(SentKind.EVENT))
    good = said == expected and not one.way.error
    name, status = one.case.name, Status.PASSED if good else Status.FAILED
    return Check(Id.ROUTE_TESTED, f"TestState: {name}", status, _words(said, one), _words(expected), name)


def _words(said: Mapping[str, Any], one: Taken | None = None) -> str:
    events = f", events: {', '.join(said['events']) or 'none'}" if "events" in said else ""
    failed = f", failed with {one.way.error} at {one.way.states[-1]}" if one and one.way.error else ""
    return f"{said['route']}{events}{failed}"


def summary(taken: Sequence[Taken]) -> list[dict[str, Any]]:
    """How many cases were expected on each route, and how many TestState sent there."""
    expected = Counter(str(one.case.expect["route"]) for one in taken)
    arrived = Counter(one.route or "none was decided" for one in taken)
    right = Counter(one.route for one in taken if one.route == one.case.expect["route"])
    routes = [*expected, *(route for route in arrived if route not in expected)]
    return [
        {"route": r, "cases expected": expected[r], "cases sent there": arrived[r], "of them rightly": right[r]}
        for r in routes
    ]
