"""Reads a state machine's definition: its states, where each may go, what each refers to. Read-only; calls nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lib.asl import json_text
from lib.asl.shape import inner
from lib.values.exact_json import parts_of

# A path as AWS takes it, alone or within intrinsic functions, also where a walk does not know it: of the data, of the
# context, of a variable; with escapes, wildcards, slices, filters and functions.
LETTER = r"[^\s.,:?@*()\[\]'\"\\]|\\."
NAME = rf"(?:{LETTER})+"
QUOTED = r"""'(?:\\.|[^'\\])+'|"(?:\\.|[^"\\])+\""""
ROOT = r"\$(?:\$|[^\W\d]\w*)?"
MANY = rf"""\.{{1,2}}(?:(?:{LETTER}|[:?@])+(?:\(\))?|\*)|\.{{0,2}}\[(?:{QUOTED}|[^\[\]'"]|\[[^\[\]]*\])+\]"""
PATH = re.compile(rf"{ROOT}(?:{MANY})*")
# What an expression holds besides names of functions and numbers: a text says no path, whatever it looks like.
TEXT_OR_PATH = re.compile(rf"'(?:\\.|[^'\\])*'|(?P<path>{PATH.pattern})")
MOST_ATTEMPTS = 10_000
YEAR = 31_536_000.0  # seconds; no execution runs longer
LITERAL = re.compile(r"(?<!\[)'(?:\\.|[^'\\])*'")


@dataclass(frozen=True)
class State:
    """One state: its name, the states that it lies in, those of its own machine or branch, its fields."""

    name: str
    inside: tuple[str, ...]
    beside: Mapping[str, dict[str, Any]]
    body: dict[str, Any]

    @property
    def where(self) -> str:
        """`CrisisProtocol / TellOperations`"""
        return " / ".join((*self.inside, self.name))

    @property
    def type(self) -> str:
        return str(self.body.get("Type", ""))

    def is_task(self, service: str = "") -> bool:
        """Whether it is a Task, of this service integration (`sns:publish`) where one is named."""
        return self.type == "Task" and service in str(self.body.get("Resource", ""))


def walk(machine: Any, inside: tuple[str, ...] = ()) -> Iterator[State]:  # noqa: ANN401
    """Every state in the order of the flow, those of a Parallel's branches and of a Map's processor right after it.

    What is no state (somebody's live definition may hold anything) is passed over; `asl.shape` says what is wrong.
    """
    beside = states_by_name(machine)
    for name in flow(machine):
        yield State(name, inside, beside, beside[name])
        for within in inner(beside[name]):
            yield from walk(within, (*inside, name))


def states_by_name(machine: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """The top states by name, of a definition of any shape; of a text, as it reads."""
    states = json_text.to_look_at(machine).get("States")
    bodies = states.items() if isinstance(states, Mapping) else ()
    return {name: dict(body) for name, body in bodies if isinstance(name, str) and isinstance(body, Mapping)}


def flow(machine: Any) -> list[str]:  # noqa: ANN401
    """The names of the top states: as they are reached from the start, then those that nothing reaches."""
    states = states_by_name(machine)
    order, waiting = dict[str, None](), [str(json_text.to_look_at(machine).get("StartAt"))]
    for name in waiting:
        if name in states and name not in order:
            order[name] = None
            waiting += [edge.to for edge in edges(states[name])]
    return [*order, *(name for name in states if name not in order)]


class EdgeKind(StrEnum):
    """By what of a state a way leads on."""

    NEXT = "next"
    CHOICE = "choice"
    DEFAULT = "default"
    CATCH = "catch"


@dataclass(frozen=True)
class Edge:
    """A way from a state to another; `rule` is the choice's."""

    to: str
    kind: EdgeKind
    rule: dict[str, Any] | None = None


def edges(body: Mapping[str, Any]) -> list[Edge]:
    """Where a state may go next."""
    ways = [Edge(rule["Next"], EdgeKind.CHOICE, rule) for rule in _objects(body, "Choices") if _leads(rule)]
    ways += [Edge(body["Default"], EdgeKind.DEFAULT)] if isinstance(body.get("Default"), str) else []
    ways += [Edge(body["Next"], EdgeKind.NEXT)] if _leads(body) else []
    return ways + [Edge(catch["Next"], EdgeKind.CATCH) for catch in _objects(body, "Catch") if _leads(catch)]


def _leads(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("Next"), str)


def _objects(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    parts = body.get(key)
    return [dict(part) for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a definition
    """Every path that a value refers to: in its `.$` fields at any depth, its `...Path` fields and its `Variable`s."""
    for part in parts_of(value):
        if isinstance(part.value, str) and (part.key.endswith((".$", "Path")) or part.key == "Variable"):
            yield from (match["path"] for match in TEXT_OR_PATH.finditer(part.value) if match["path"])


def _seconds_of(body: Mapping[str, Any]) -> float:
    """The longest that a state may take, all retries included; `inf` where nothing bounds it."""
    kind = body.get("Type")
    if kind == "Wait":
        return _number(body, "Seconds", float("inf"))
    if kind not in ("Task", "Parallel", "Map"):
        return 0.0
    if kind == "Parallel":
        one_try = max((longest(branch) for branch in inner(body)), default=0.0)
    else:  # a Map has as many turns as its list has items
        one_try = _number(body, "TimeoutSeconds", float("inf")) if kind == "Task" else float("inf")
    # Each retrier counts its own attempts, so that errors of several kinds in turn use up all of them.
    return one_try + sum(_retries(retrier, one_try) for retrier in _objects(body, "Retry"))


def _retries(retrier: Mapping[str, Any], one_try: float) -> float:
    wait, rate = _number(retrier, "IntervalSeconds", 1.0), _number(retrier, "BackoffRate", 2.0)
    most, attempts = _number(retrier, "MaxDelaySeconds", float("inf")), _number(retrier, "MaxAttempts", 3.0)
    if attempts > MOST_ATTEMPTS:
        return float("inf")
    spent = 0.0
    for _ in range(int(attempts)):
        spent += one_try + min(wait, most)
        wait *= rate
        if spent > YEAR:
            return float("inf")
    return spent


def _number(body: Mapping[str, Any], key: str, otherwise: float) -> float:
    """A number of the language; what is computed while the execution runs (JSONata) bounds nothing."""
    value = body.get(key, otherwise)
    if not isinstance(value, int | float) or isinstance(value, bool) or value > 10 * YEAR:
        return float("inf")
    return float(value)


def longest(machine: Any) -> float:  # noqa: ANN401
    """The longest that a machine or a branch may take by its timeouts and retries, in seconds; `inf` if it can loop."""
    states, start = states_by_name(machine), str(json_text.to_look_at(machine).get("StartAt"))
    to, ahead = dict[str, list[str]](), [start]
    for name in ahead:
        if name in states and name not in to:
            to[name] = [edge.to for edge in edges(states[name]) if edge.to in states]
            ahead += to[name]
    try:
        order = list(TopologicalSorter(to).static_order())
    except CycleError:
        return float("inf")
    known = dict[str, float]()
    for name in order:  # each after those it leads to
        known[name] = _seconds_of(states[name]) + max((known[after] for after in to[name]), default=0.0)
    return known.get(start, 0.0)
