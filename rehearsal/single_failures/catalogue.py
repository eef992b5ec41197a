"""Which single failures there are: each task of the workflow by each fault, and what lies behind its events. Pure.

A task that is reached in several ways is tried with every fault in the way that needs the fewest other failures, and
with one fault in each other way: its limit, retries and catches are the same there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lib.asl.states import walk
from rehearsal.single_failures.definition_mutations import FAILING, FAULTS, MISSING, SLOW
from rehearsal.single_failures.reachability import Way, ways

RULE, DISPATCHER = "rule", "dispatcher"
DISABLED, WITHOUT_TARGET = "disabled", "without target"
# What lies behind an event that EventBridge took, and how that fails.
BEHIND = (
    (RULE, DISABLED),
    (RULE, WITHOUT_TARGET),
    (DISPATCHER, FAILING),
    (DISPATCHER, SLOW),
    (DISPATCHER, MISSING),
)


@dataclass(frozen=True)
class Failure:
    """One thing that fails: a task, or with `behind` what lies behind the event that it sends.

    `given` names the input, `also` the tasks that must be broken as well for this one to be reached.
    """

    task: str
    fault: str
    given: str
    also: tuple[str, ...] = ()
    behind: str = ""

    @property
    def what(self) -> str:
        """`TellOperations`, `SendCrisisEvent > rule`"""
        return f"{self.task} > {self.behind}" if self.behind else self.task

    @property
    def single(self) -> bool:
        return not self.also


def of_tasks(definition: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> list[Failure]:
    """Every task by every fault, what takes longest first."""
    failures, known = list[Failure](), set[str]()
    for way in ways(definition, given):
        faults = FAULTS if way.task not in known else (MISSING,)
        known.add(way.task)
        failures += [Failure(way.task, fault, way.given, way.also) for fault in faults]
    return sorted(failures, key=lambda failure: (failure.fault == SLOW, len(failure.also)), reverse=True)


def shorten(failures: Iterable[Failure]) -> list[Failure]:
    """Of these, each task once by what is missing, and where it alone fails also by what is slow.

    To a workflow that catches every error alike, the other faults are as what is missing.
    """
    known, kept = set[tuple[str, str]](), list[Failure]()
    for failure in sorted(failures, key=lambda failure: len(failure.also)):
        wanted = failure.fault == MISSING or (failure.fault == SLOW and failure.single)
        if wanted and (failure.task, failure.fault) not in known:
            known.add((failure.task, failure.fault))
            kept.append(failure)
    return sorted(kept, key=lambda failure: failure.fault == SLOW, reverse=True)


def behind_events(definition: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> list[Failure]:
    """What lies behind each event that is sent while nothing else is broken, by each of its faults."""
    senders = {state.name for state in walk(definition) if state.is_task("events:putEvents")}
    sent: Iterable[Way] = [way for way in ways(definition, given) if way.task in senders and not way.also]
    return [Failure(way.task, fault, way.given, behind=thing) for thing, fault in BEHIND for way in sent if way.given]
