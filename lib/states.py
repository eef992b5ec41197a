"""Reads a state machine's definition: its states, where each may go, what each refers to. Read-only; calls nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# A path, alone or within intrinsic functions: `$.a.b`, `$$.Execution.Id`, `$[0]`, `$`.
PATH = re.compile(r"\$\$?(?:\.[A-Za-z0-9_]+|\[[^\]]*\])*")
LITERAL = re.compile(r"(?<!\[)'(?:\\.|[^'\\])*'")


@dataclass(frozen=True)
class State:
    """One state: its name, the Parallel states it lies in, the states of its own machine or branch, its fields."""

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


def walk(machine: Mapping[str, Any], inside: tuple[str, ...] = ()) -> Iterator[State]:
    """Every state in the order of the flow, those of a Parallel's branches right after it."""
    states = machine.get("States", {})
    for name in flow(machine):
        yield State(name, inside, states, states[name])
        for branch in states[name].get("Branches", []):
            yield from walk(branch, (*inside, name))


def flow(machine: Mapping[str, Any]) -> list[str]:
    """The names of the top states: as they are reached from the start, then those that nothing reaches."""
    states, order, waiting = machine.get("States", {}), list[str](), [str(machine.get("StartAt"))]
    while waiting:
        name = waiting.pop(0)
        if name in states and name not in order:
            order.append(name)
            waiting += [edge.to for edge in edges(states[name])]
    return order + [name for name in states if name not in order]


@dataclass(frozen=True)
class Edge:
    """A way from a state to another: `kind` is next, choice, default or catch; `rule` is the choice's."""

    to: str
    kind: str
    rule: dict[str, Any] | None = None


def edges(body: Mapping[str, Any]) -> list[Edge]:
    """Where a state may go next."""
    found = [Edge(rule["Next"], "choice", rule) for rule in body.get("Choices", []) if "Next" in rule]
    found += [Edge(body["Default"], "default")] if "Default" in body else []
    found += [Edge(body["Next"], "next")] if "Next" in body else []
    return found + [Edge(catcher["Next"], "catch") for catcher in body.get("Catch", []) if "Next" in catcher]


def references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a definition
    """Every path that a value refers to: in its `.$` fields at any depth, its `...Path` fields and its `Variable`s."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if isinstance(part, str) and (key.endswith((".$", "Path")) or key == "Variable"):
                yield from PATH.findall(LITERAL.sub("", part))
            else:
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def seconds_of(body: Mapping[str, Any]) -> float:
    """The longest that a Task or Parallel may take, all retries included; `inf` where nothing bounds it."""
    if body.get("Type") == "Parallel":
        return max((longest(branch) for branch in body["Branches"]), default=0.0)
    if body.get("Type") == "Wait":
        return float(body.get("Seconds", float("inf")))
    if body.get("Type") != "Task":
        return 0.0
    one_try = float(body.get("TimeoutSeconds", float("inf")))
    return one_try + max((_retries(retrier, one_try) for retrier in body.get("Retry", [])), default=0.0)


def _retries(retrier: Mapping[str, Any], one_try: float) -> float:
    first, rate = float(retrier.get("IntervalSeconds", 1)), float(retrier.get("BackoffRate", 2.0))
    most = float(retrier.get("MaxDelaySeconds", "inf"))
    return sum(one_try + min(first * rate**attempt, most) for attempt in range(int(retrier.get("MaxAttempts", 3))))


def longest(machine: Mapping[str, Any]) -> float:
    """The longest that a machine or a branch may take by its timeouts and retries, in seconds; `inf` if it can loop."""
    states, known = machine.get("States", {}), dict[str, float]()

    def after(name: str, path: tuple[str, ...]) -> float:
        if name in path:
            return float("inf")
        if name not in known and name in states:
            nexts = [after(edge.to, (*path, name)) for edge in edges(states[name])]
            known[name] = seconds_of(states[name]) + max(nexts, default=0.0)
        return known.get(name, 0.0)

    return after(str(machine.get("StartAt")), ())
