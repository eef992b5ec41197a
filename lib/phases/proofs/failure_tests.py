"""What if one task fails? Asked of TestState for every task and every kind of failure. Read-only; sends nothing.

A task that is itself a second way is asked after the failures that lead to it. Retries count as used up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib import routes
from lib.asl import interpreter, states
from lib.asl.failure_paths import Reached, Sabotaged, Start, faults, reach
from lib.asl.interpreter import catch_or_fail, follow
from lib.asl.interpreter_steps import SentKind, Step, Way, Whole
from lib.checks import Check, Status
from lib.drills import boundary_cases
from lib.phases.proofs.aws_test_state import Asked
from lib.routes import Route
from lib.settings import Settings
from lib.values.check_registry import Id

ORDINARY = "checkin-before-deploying"
VISIBLY = "fails visibly"  # as the review calls it


@dataclass(frozen=True)
class Failure:
    """A task that failed in one way, and where the check-in went then. `way` is None for a task never reached."""

    task: str
    fault: str
    error: str
    before: tuple[str, ...]
    way: Way | None
    visible: bool

    @property
    def told(self) -> bool:
        return self.way is not None and any(sent.kind in (SentKind.EVENT, SentKind.TOPIC) for sent in self.way.sent)

    @property
    def good(self) -> bool:
        """One failure alone must leave somebody told; a further one may end in a failure that everybody sees.

        An execution that breaks off where nothing caught the error is neither, whoever was told before.
        """
        if self.way is None or (self.way.error and not self.visible):
            return False
        return self.told or (self.visible and bool(self.before))


@dataclass
class _OneFails:
    """Goes here to the task, with what failed before; from there on, the failure first, TestState is asked."""

    asked: Asked
    before: Sabotaged
    task: str
    error: str
    reached: bool = field(default=False)

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        if where == self.task:
            self.reached = True
            said, read = (
                self.asked.failing(where, body, data, context, self.error),
                catch_or_fail(body, data, self.error),
            )
            # An account that catches more than AWS documents (States.ALL and a result too large) is not believed.
            return said if said.next == read.next else Step("", data, self.error)
        if self.reached and where not in self.before.broken:
            return self.asked(where, body, data, context)
        return self.before(where, body, data, context)


def walk_all(asked: Asked, definition: Mapping[str, Any]) -> list[Failure]:
    """Every task, also those in branches, with every fault."""
    ways = reach(definition, starts(asked.live.settings))
    return [
        _walked(asked, definition, state, fault, error, reached)
        for state in states.walk(definition)
        if state.type == "Task"
        for reached in ways.get(state.where, [None])
        for fault, error in faults(state.body)
    ]


def _walked(
    asked: Asked, definition: Mapping[str, Any], state: states.State, fault: str, error: str, reached: Reached | None
) -> Failure:
    if reached is None:
        return Failure(state.where, fault, error, (), None, visible=False)
    start, before = reached.start, Sabotaged(Whole(reached.start.result), reached.before)
    context = interpreter.context_of(ORDINARY, start.given, asked.live.settings.state_machine_arn)
    way = follow(definition, start.given, context, _OneFails(asked, before, state.where, error))
    last = definition["States"].get(way.states[-1], {})
    visible = bool(way.error) and last.get("Type") == "Fail"
    return Failure(state.where, fault, error, tuple(sorted(reached.before)), way, visible)


def starts(settings: Settings) -> list[Start]:
    """An ordinary check-in of every route, one that cannot be used, and one of nobody."""
    rising = sorted(routes.SCORED, key=lambda route: (route.row.declining, route.row.level))
    names = [f"declining-{route}" for route in (*rising, Route.NONE)]
    cases = {case.name: case.given["checkinResult"] for case in boundary_cases.cases(settings)}
    scored = [cases[name] for name in (*names, "risk-missing")]
    return [*(Start({"userId": "somebody"}, result) for result in scored), Start({"userId": None}, None)]


def checks(failures: Sequence[Failure], settings: Settings) -> list[Check]:
    """A check a task and fault, those that failed first."""
    return sorted((_check(failure, settings) for failure in failures), key=lambda check: check.status != Status.FAILED)


def _check(failure: Failure, settings: Settings) -> Check:
    broken = f"{failure.task}: {failure.fault}{_after(failure)}"
    status = Status.PASSED if failure.good else Status.FAILED
    expected = "somebody is told" + (", or the execution fails for all to see" if failure.before else "")
    return Check(Id.TASK_FAILS, broken, status, listener_words(failure, settings), expected, broken)


def _after(failure: Failure) -> str:
    return f", after {_short(failure.before)}" if failure.before else ""


def _short(tasks: Sequence[str]) -> str:
    return ", ".join(task.rsplit(" / ", 1)[-1] for task in tasks)


def listener_words(failure: Failure, settings: Settings) -> str:
    """Who is told, in words; and how the execution fails where it does."""
    who = _listeners(failure, settings)
    if failure.way is None or not failure.way.error:
        return who if failure.told or failure.way is None else f"{who}, and nothing shows it"
    return f"{who}; {_ending_words(failure)}"


def _listeners(failure: Failure, settings: Settings) -> str:
    """Who is told, or NOBODY."""
    if failure.way is None:
        return "nothing reaches this task"
    names = {settings.ops_topic_arn: "operations", settings.alert_topic_arn: "contact by topic"}
    who = ["contact by event" for _ in failure.way.names(SentKind.EVENT)]
    who += [names.get(topic, topic) for topic in failure.way.names(SentKind.TOPIC)]
    return " + ".join(dict.fromkeys(who)) or "NOBODY"


def _ending_words(failure: Failure) -> str:
    """How the execution ends: it completes, fails for all to see, or breaks off where nothing caught the error."""
    if failure.way is None or not failure.way.error:
        return "completes"
    return f"{'fails' if failure.visible else f'breaks off at {failure.way.states[-1]}'}: {failure.way.error}"


def matrix(failures: Sequence[Failure], settings: Settings) -> list[dict[str, object]]:
    """A row a task: what had failed before, in how many ways it was made to fail, who is told, how the execution ends.

    A way to fail is named where another one ends otherwise. `FAILED` alone stops.
    """
    rows: dict[tuple[str, tuple[str, ...]], list[Failure]] = {}
    for failure in failures:
        rows.setdefault((failure.task, failure.before), []).append(failure)
    return [
        {
            "task that fails": task,
            "failed before": _short(before) or "nothing",
            "ways to fail tried": len(failures),
            "who is told": _by_fault({failure.fault: _told_cell(failure, settings) for failure in failures}),
            "the execution": _by_fault({failure.fault: _ending_words(failure) for failure in failures}),
        }
        for (task, before), failures in rows.items()
    ]


def _told_cell(failure: Failure, settings: Settings) -> str:
    """Who is told; of a failure that may reach nobody, that it is seen."""
    if failure.good and not failure.told:
        return VISIBLY
    return _listeners(failure, settings) + ("" if failure.good else " (FAILED)")


def _by_fault(said: Mapping[str, str]) -> str:
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    faults = {words: [fault for fault in said if said[fault] == words] for words in said.values()}
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in faults.items())


def evidence_rows(failures: Sequence[Failure], settings: Settings) -> list[dict[str, Any]]:
    """The walks as plain data for the record."""
    return [
        {
            "task": failure.task,
            "fault": failure.fault,
            "error": failure.error,
            "failed_before": list(failure.before),
            "way": list(failure.way.states) if failure.way else [],
            "told": listener_words(failure, settings),
            "good": failure.good,
        }
        for failure in failures
    ]
