"""No single failure silences a crisis: every task broken in every way, on two interpreters, and who was reached.

`make silence`, or `python -m rehearsal.single_failures`. The failures are derived from the definition
(`reachability.py`, `catalogue.py`), broken in copies of it (`definition_mutations.py`, `event_faults.py`), run as
drills on an account of their own (`ground.py`) and judged by what subscribers received (`verdicts.py`). Loopback only.

Beside the broken ones, executions run of which nothing is broken: how late they are is the machine's doing.

That its fault really struck is looked up for each (`strikes.py`): one that did not is no pass.

What it leaves open: permissions are not enforced in the embedded account, so `denied` is the service's answer and not
IAM's; the interpreters are not AWS's own; and of a dead-letter queue it is looked up that it is there and is named.
"""

import contextlib
import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from lib.cli.app import exits_with_code
from lib.definitions import templates
from lib.drills.broken_tasks import Effect
from lib.errors import Unreachable
from lib.record import files
from lib.wait import FOR_EVER, Patience, until
from rehearsal.account import child_processes
from rehearsal.single_failures import alarms_fired, audiences, event_faults, reachability, strikes
from rehearsal.single_failures.catalogue import (
    BEHIND,
    Failure,
    behind_events,
    of_tasks,
    shorten,
)
from rehearsal.single_failures.definition_mutations import MISSING, SLOW, cut_limit
from rehearsal.single_failures.ground import INTERPRETERS, MINISTACK, MOTO, Drill, Ground, about, alerts_of, ground
from rehearsal.single_failures.report import Row, place, report
from rehearsal.single_failures.verdicts import (
    CRISIS,
    is_late,
    judge,
    judge_alarms,
    judge_bystander,
    judge_strike,
    own_errors,
    row,
)

AT_ONCE = {MINISTACK: 20, MOTO: 12}  # with more, moto is too slow for the four seconds that a task has
CONTROL = Failure("", "", CRISIS)  # nothing is broken
QUIET_SECONDS = 1.0
PATIENT_SECONDS = 5.0  # a busy machine's alert may be under way, so nobody is called silent before
DISPATCH_SECONDS = {SLOW: event_faults.LIMIT_SECONDS + 0.5}
# The alarms that go off by a failure and what its drill did.
Alarms = Callable[[Failure, Drill], list[str]]


@dataclass(frozen=True)
class Tried:
    """One failure on one interpreter: its drill, if anything reaches it, and the control that ran beside it."""

    failure: Failure
    where: str
    drill: Drill | None
    control: Drill


def _run(
    interpreters: Sequence[str] = INTERPRETERS,
    brief: bool = False,
) -> list[Row]:
    """Try every failure of this checkout's definition on an account of its own; a row for each, on each interpreter.

    `brief` leaves out faults that are as others to the workflow; no task is left out.
    """
    with ground(interpreters) as prepared:
        definition = templates.definition(prepared.settings)
        given = reachability.inputs(prepared.settings)
        tasks = of_tasks(definition, given)
        rows = broken_tasks(prepared, definition, shorten(tasks) if brief else tasks, interpreters)
        behind_them = behind_events(definition, given)
        return sorted(rows, key=place) + broken_behind(prepared, definition, behind_them, interpreters)


def broken_tasks(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
) -> list[Row]:
    """Break tasks, several at once, each in a copy of the definition of its own."""
    return _tried(on, definition, failures, interpreters, lambda _: "", QUIET_SECONDS)


def broken_behind(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
) -> list[Row]:
    """Break what lies behind the events, one thing after the other, since all events share it."""
    carried, rows = event_faults.carriers(on, definition), list[Row]()
    for thing, fault in BEHIND:
        chosen = [failure for failure in failures if (failure.behind, failure.fault) == (thing, fault)]
        if not chosen:
            continue
        rules = event_faults.rules_by_task(on, definition)
        with event_faults.breaking_rules(on, definition, thing, fault):
            carrier = partial(event_faults.carrier, carried=carried)
            quiet = DISPATCH_SECONDS.get(fault, QUIET_SECONDS)
            rows += _tried(on, definition, chosen, interpreters, carrier, quiet, alarms_fired.by_failure(on, rules))
            event_faults.require_broken(on, definition, thing, fault)  # still: while they were drilled, as before
    return rows


def _tried(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
    carrier: Callable[[Failure], str],
    quiet: float,
    alarms: Alarms | None = None,
) -> list[Row]:
    """Drill and judge; what was late among the others is drilled once more by itself, and that is what counts.

    So many at once keep a small machine busy for longer than the limit, and the unbroken control may just be in time.
    """
    drilled = _drills(on, definition, failures, interpreters)
    rows = _rows(on, definition, drilled, carrier, quiet, alarms)
    for which, (tried, judged) in enumerate(zip(drilled, rows, strict=True)):
        if judged["verdict"] == Effect.LATE:
            alone = _drills(on, definition, [tried.failure], [tried.where])
            (again,) = _rows(on, definition, alone, carrier, quiet, alarms)
            rows[which] = again | {"why": f"{again['why']}; by itself, since among others: {judged['why']}"}
    return rows


def _drills(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
) -> list[Tried]:
    """Run a drill for each failure on each interpreter, and a control among so many as run at once; of those that
    nothing reaches there is none."""
    given = reachability.inputs(on.settings)

    def one(where: str, failure: Failure) -> Drill | None:
        if not failure.given:
            return None
        return on.drill(where, _broken(on, where, definition, failure), given[failure.given])

    pools = {where: ThreadPoolExecutor(AT_ONCE[where]) for where in interpreters}
    waiting = [
        (where, group, pools[where].map(partial(one, where), [CONTROL, *group]))
        for where in interpreters
        for group in _groups(failures, AT_ONCE[where])
    ]
    drilled = list[Tried]()
    for where, group, drills in waiting:
        control, *mine = drills
        assert control is not None  # it has an input
        drilled += [Tried(failure, where, drill, control) for failure, drill in zip(group, mine, strict=True)]
    for pool in pools.values():
        pool.shutdown()
    return drilled


def _broken(on: Ground, where: str, definition: Mapping[str, Any], failure: Failure) -> Mapping[str, Any]:
    """The definition that is drilled for a failure: a copy in which its tasks fail."""
    own = {} if failure.behind or failure is CONTROL else {failure.task: failure.fault}
    return on.broken(where, definition, dict.fromkeys(failure.also, MISSING) | own)


def _groups(failures: Sequence[Failure], size: int) -> Iterator[Sequence[Failure]]:
    yield from (failures[first : first + size] for first in range(0, len(failures), size))


def _rows(
    on: Ground,
    definition: Mapping[str, Any],
    drilled: Sequence[Tried],
    carrier: Callable[[Failure], str],
    quiet: float,
    alarms: Alarms | None = None,
) -> list[Row]:
    """Listen, and judge each drill; before any is called silent or late, listen longer."""
    rows = list[Row]()
    for seconds in (quiet, PATIENT_SECONDS):
        on.listen(seconds)
        rows = [_row(on, definition, tried, carrier(tried.failure), alarms) for tried in drilled]
        if all(row["verdict"] not in (Effect.SILENT, Effect.LATE) for row in rows):
            break
    return rows


def _row(on: Ground, definition: Mapping[str, Any], tried: Tried, carrier: str, alarms: Alarms | None) -> Row:
    failure, drill, limit = tried.failure, tried.drill, float(on.settings.alert_limit_seconds)
    seconds, account = about(on.alerts, tried.control), f"{on.settings.account_id} at {on.settings.endpoint_url}"
    given, topic = reachability.inputs(on.settings), on.settings.ops_topic_name
    # What is broken behind the events is broken for the control as well.
    beside = audiences.due(definition, given, replace(CONTROL, behind=failure.behind), topic)
    control = {
        "execution": tried.control.name,
        "status": tried.control.status,
        "seconds": seconds,
        "late": is_late(seconds, limit, beside),
    }
    if drill is None:
        unknown = (
            "FORGOTTEN: no input is known that reaches this task; add one to rehearsal/single_failures/reachability.py"
        )
        return row(failure, tried.where, None, {}, (Effect.FAILED, unknown), control, account)
    due = audiences.due(definition, given, failure, topic)
    reached = about(on.alerts, drill)
    verdict, why = judge(failure, drill, reached, own_errors(definition), limit, carrier, due)
    if verdict == Effect.GAP and alarms:
        verdict, why = judge_alarms(alarms(failure, drill), why)
    broken = _broken(on, tried.where, definition, failure)
    verdict, why = judge_strike(
        verdict, why, strikes.strike_trouble(failure, broken, drill, alerts_of(on.alerts, drill))
    )
    if endless := strikes.limit_trouble(definition, failure):
        verdict, why = max((verdict, why), (Effect.FAILED, endless), key=lambda one: one[0].rank)
    why = judge_bystander(verdict, why, seconds, limit, beside)
    if failure.fault == SLOW and not failure.behind and (limited := cut_limit(definition, failure.task)):
        why += f"; its limit of {limited:g} s was cut for the trial, so on AWS it comes that much later"
    return row(failure, tried.where, drill, reached, (verdict, why), control, account, due)


@click.command()
@click.option("--on", "interpreters", multiple=True, type=click.Choice(INTERPRETERS), help="Only this interpreter.")
@click.option("--brief", is_flag=True, help="No task left out, but faults that are as others to it.")
@click.option(
    "--rows", "path", type=click.Path(path_type=Path), help="Write the rows here, as JSON, and print nothing."
)
@exits_with_code
def silence(interpreters: Sequence[str], brief: bool, path: Path | None) -> int:
    """Break every task of the workflow in every way, and see who is reached."""
    rows = _run(interpreters or INTERPRETERS, brief)
    if path:
        files.replace(path, json.dumps(rows).encode())
        return 0
    return report(rows)


@contextlib.contextmanager
def running_trials(folder: Path) -> Iterator[Callable[[], list[Row]]]:
    """Try the failures briefly in a process of its own meanwhile; what is yielded waits for the rows.

    Raises Unreachable with the end of its log when it ends without them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rows.json"
    words = ["--brief", "--rows", str(path)]
    child = child_processes.start(
        "rehearsal.single_failures", words, folder, {"PYTHONPATH": str(child_processes.CHECKOUT)}
    )

    def rows() -> list[Row]:
        until(lambda: child_processes.alive(child), operator.not_, Patience(FOR_EVER, 0.2))
        if not path.exists():
            raise Unreachable(f"the single failures could not be tried; the end of the log:\n{child.tail()}")
        return list(json.loads(path.read_text(encoding="utf-8")))

    try:
        yield rows
    finally:
        child_processes.stop(child)
