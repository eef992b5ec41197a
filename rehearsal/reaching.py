"""Which tasks a definition has, and what it takes to reach each: an input, and other tasks that must fail first.

Derived by walking the definition itself, so that a task added later cannot be forgotten. Pure: nothing is called, and
nothing here says what an interpreter does; it only decides what is worth trying.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lib import scenarios
from lib.errors import BadParameters
from lib.settings import Settings
from lib.states import PATH, walk
from lib.thresholds import ABSENT, choose, found

INVALID, UNPROCESSED, UNSCORED = "invalid", "unprocessed", "unscored"
CALM = {"risk_score": 10, "score": 0.4, "trajectory": "stable", "text": ""}  # what the processor says of our text
TEXT = "This check-in is synthetic. It was written for {execution} and names it."


@dataclass(frozen=True)
class Way:
    """How a task is reached: with this input, after these others failed. Without an input, nothing reaches it."""

    task: str
    given: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trip:
    """Where a walk came by: the tasks in order, the data at its end, and whether it ended by a failure."""

    tasks: tuple[str, ...]
    data: Any
    failed: bool


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
    order = ("crisis", "high", "standard", "proactive")
    return {**{route: every[route] for route in order}, **every}


def ways(definition: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> list[Way]:
    """Every way to every Task, those after the fewest other failures first; a task that nothing reaches has one too."""
    every = [way for name, data in given.items() for way in _reached(definition, name, data)]
    every.sort(key=lambda way: len(way.also))
    tasks = [state.name for state in walk(definition) if state.is_task()]
    return [way for task in tasks for way in ([way for way in every if way.task == task] or [Way(task, "")])]


def _reached(definition: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> list[Way]:
    """Breaks more and more of what is reached, fewest first, until nothing new is."""
    fewest: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, ...]] = [()]
    seen = {frozenset[str]()}
    while waiting:
        broken = waiting.pop(0)
        for task in trip(definition, data, broken).tasks:
            fewest.setdefault(task, broken)
            if (more := frozenset((*broken, task))) not in seen:
                seen.add(more)
                waiting.append((*broken, task))
    return [Way(task, name, broken) for task, broken in fewest.items()]


def trip(definition: Mapping[str, Any], data: Mapping[str, Any], broken: Iterable[str] = ()) -> Trip:
    """Walk a definition with this input; these tasks fail, and every other one answers that all is calm."""
    context = {
        "Execution": {"Name": "drill-walk", "Id": "drill-walk", "Input": data},
        "State": {"EnteredTime": "2026-01-01T00:00:00Z"},
    }
    return _walked(definition, copy.deepcopy(dict(data)), context, frozenset(broken))


def _walked(machine: Mapping[str, Any], data: Any, context: Mapping[str, Any], broken: frozenset[str]) -> Trip:  # noqa: ANN401
    tasks, name = list[str](), str(machine["StartAt"])
    while True:
        body = machine["States"][name]
        failed = body["Type"] == "Fail"
        if body["Type"] == "Choice":
            name = choose(body, data, context)
            continue
        if body["Type"] == "Task":
            tasks.append(name)
            failed, result = name in broken, CALM
        elif body["Type"] == "Parallel":
            branches = [_walked(branch, copy.deepcopy(data), context, broken) for branch in body["Branches"]]
            tasks += [task for branch in branches for task in branch.tasks]
            failed = any(branch.failed for branch in branches)
            result = {str(place): branch.data for place, branch in enumerate(branches)}
        else:
            result = body.get("Result", _filled(body["Parameters"], data, context) if "Parameters" in body else data)
        after = _catcher(body) if failed else body
        if after is None:
            return Trip(tuple(tasks), data, failed=True)
        if failed:
            result = {"Error": "Broken", "Cause": "broken"}
        elif "ResultSelector" in body:
            result = _filled(body["ResultSelector"], result, context)
        data = _put(data, after.get("ResultPath", "$"), result)
        if "Next" not in after:
            return Trip(tuple(tasks), data, failed=False)
        name = str(after["Next"])


def _catcher(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((catcher for catcher in body.get("Catch", []) if "States.ALL" in catcher["ErrorEquals"]), None)


def _put(data: Any, path: str | None, value: Any) -> Any:  # noqa: ANN401
    if path is None:
        return data
    parts = re.findall(r"[A-Za-z0-9_]+", path)
    if not parts:
        return value
    place = data
    for part in parts[:-1]:
        place = place.setdefault(part, {})
    place[parts[-1]] = copy.deepcopy(value)
    return data


def _filled(template: Any, data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if not isinstance(template, Mapping):
        return template
    return {
        key.removesuffix(".$"): _computed(part, data, context) if key.endswith(".$") else _filled(part, data, context)
        for key, part in template.items()
    }


def _computed(expression: str, data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A path's value; of the functions only the merging one matters to where a walk goes."""
    values = [found(path, data, context) for path in PATH.findall(expression)]
    if expression.startswith("States.JsonMerge"):
        first, second = (value for value in values[:2])
        return {**first, **second}
    if expression.startswith("States."):
        return "some text"
    if values[0] is ABSENT:
        raise BadParameters(f"{expression} is not there; AWS fails the whole execution, and no catch helps")
    return copy.deepcopy(values[0])
