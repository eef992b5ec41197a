"""Which tasks a definition has, and what it takes to reach each: an input, and other tasks that must fail first.

Derived by walking the definition itself, so that a task added later cannot be forgotten. Pure: nothing is called, and
nothing here says what an interpreter does; it only decides what is worth trying.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.asl.failure_paths import Start, fewest
from lib.asl.states import walk
from lib.drills import scenarios
from lib.routes import DRILL_PREFIX, SCORED, Route, Unrouted
from lib.settings import Settings

INVALID, UNPROCESSED, UNSCORED = Unrouted.INVALID.value, Unrouted.UNPROCESSED.value, Route.UNSCORED.value
CALM = {"risk_score": 10, "score": 0.4, "trajectory": "stable", "text": ""}  # what the processor says of our text
TEXT = "This check-in is synthetic. It was written for {execution} and names it."


@dataclass(frozen=True)
class Way:
    """How a task is reached: with this input, after these others failed. Without an input, nothing reaches it."""

    task: str
    given: str
    also: tuple[str, ...] = ()


def inputs(settings: Settings) -> dict[str, dict[str, Any]]:
    """Name -> input: the plan's scenarios by route, and those that are unscored, unprocessed and invalid.

    `{execution}` in a text stands for the execution's name.
    """
    drill = {"userId": settings.drill_user_id}
    every: dict[str, dict[str, Any]] = {
        scenario.expect["route"]: {**drill, "checkinResult": {**scenario.given["checkinResult"], "text": TEXT}}
        for scenario in reversed(scenarios.load())
    }
    nothing = {"risk_score": None, "score": None, "trajectory": "unknown", "text": TEXT}
    every |= {UNSCORED: {**drill, "checkinResult": nothing}, UNPROCESSED: {**drill, "text": TEXT}}
    every[INVALID] = {"text": TEXT}
    return {**{route.value: every[route] for route in SCORED}, **every}


def ways(definition: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> list[Way]:
    """Every way to every Task, those after the fewest other failures first; a task that nothing reaches has one too."""
    names = {state.where: state.name for state in walk(definition) if state.is_task()}
    every: dict[str, list[Way]] = {name: [] for name in names.values()}
    for name, data in given.items():
        for task, broken in fewest(definition, Start(dict(data), CALM, f"{DRILL_PREFIX}walk")).items():
            also = tuple(other for where, other in names.items() if where in broken)
            every[names[task]].append(Way(names[task], name, also))
    return [way for task, its_ways in every.items() for way in (_sorted(its_ways) or [Way(task, "")])]


def _sorted(unsorted: list[Way]) -> list[Way]:
    return sorted(unsorted, key=lambda way: len(way.also))
