"""Runs drills on the live workflow while temporary subscribers listen. Starts executions; changes nothing that lasts.

A drill's correlation id is the name of its execution. What counts is the message received, not the call made.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from lib.asl.states import states_by_name
from lib.aws import Live
from lib.aws_answers import readable
from lib.changes import engine
from lib.changes.plans import Wanted
from lib.checks import brief
from lib.definitions import templates
from lib.drills import drill_pace, subscribers
from lib.drills.drill_pace import Pace
from lib.drills.drill_progress import Observer, Stage, Watch
from lib.drills.drill_session import Drill, Group, Received, Session
from lib.drills.scenarios import Scenario
from lib.errors import NotAsWanted, Refused, RunbookError
from lib.record.run_phases import VALIDATION
from lib.resources import resource_kinds
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import traffic_entries
from lib.resources.live_thing import LiveThing
from lib.resources.users import item_of, require_nobodys
from lib.resources.workflow import Candidate, value_of
from lib.routes import DRILL_PREFIX
from lib.telemetry import executions
from lib.telemetry.execution_status import Execution
from lib.values.alerts import Told
from lib.wait import idle

WAIT_SECONDS = 180
GATE = "DrillGate"
Seen = TypeVar("Seen")
REPEATABLE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class _Started:
    """A drill as long as nobody has looked at what was received."""

    group: Group
    scenario: Scenario
    given: dict[str, Any]
    execution: Execution
    interventions: int | None
    unread: dict[str, str]


@dataclass(frozen=True)
class _Asked(Generic[Seen]):
    """What AWS told, or why it did not: once drills run, one read that is refused takes no evidence with it."""

    seen: Seen | None = None
    why: str = ""


def run(
    run: ConnectedRun,
    groups: Sequence[Group],
    phase: str = VALIDATION,
    gated: bool = True,
    observer: Observer | None = None,
    candidate: Wanted | None = None,
) -> Session:
    """Run the groups one after the other, wait for their alerts, and then listen for what must not come.

    `observer` is told how far they are; None is nobody. `candidate`: is made for these drills, which start it in place
    of the workflow, and is removed with the listeners. Raises Refused on a workflow without our drill gate, unless the
    drills need none, and where a drill would reach a person.
    """
    live = run.live
    entry = _candidate(live).arn if candidate else traffic_entries.read(live).arn
    # Both before anything is started: behind them, a drill pages real people, unmarked or about somebody who exists.
    if gated:
        _require_gate(live, entry, candidate)
    require_nobodys(live)
    engine.clear_left_behind(run, partial(resource_kinds.reopen, live))
    engine.clear(left_behind(live), run)
    # SQS refuses a deleted queue's name for a minute, so a second validation of the run needs names of its own.
    session = f"{secrets.token_hex(2)}-{run.record.run_id}"
    drilled: Session | None = None
    watch = Watch(live, groups, observer)
    try:
        watch.enter(Stage.SETTING_UP)
        made = [candidate] if candidate else []
        with engine.temporary_things([*made, *subscribers.listeners(live, session)], phase, run):
            # A queue's new policy and a new rule take a while to let messages through.
            watch.enter(Stage.SETTLING, lasts=live.settings.settle_seconds)
            idle(live.settings.settle_seconds, live.sleep)
            drilled = _session(run, groups, session, phase, entry, watch)
    except RunbookError as error:
        if drilled is None:
            raise
        drilled = replace(drilled, left=str(error))  # what was heard is not lost by what could not be removed
    finally:
        watch.close()
    return drilled


def _session(run: ConnectedRun, groups: Sequence[Group], session: str, phase: str, entry: str, watch: Watch) -> Session:
    """`entry`: what real traffic starts, and so what the drills start."""
    live = watch.live
    pace = drill_pace.of(live)
    heard, started, counted = list[Received](), list[_Started](), dict[str, int]()
    for group in groups:
        before = _asked(lambda: _interventions(live)) if started else _Asked(_interventions(live))
        with ExitStack() as meanwhile:
            if group.meanwhile:
                meanwhile.enter_context(engine.temporary_things(group.meanwhile, phase, run))
            watch.enter(Stage.DRILLING, group)
            mine = _run(live, run.record.run_id, group, entry, watch, pace)
            watch.enter(Stage.COLLECTING, lasts=live.settings.alert_limit_seconds)
            subscribers.collect(live, session, heard, partial(_complete, mine))
        started += mine
        added = _added(live, before)
        if added.seen is not None:
            counted[group.name] = added.seen
    # Last, when every drill has had its time: what comes now and says that it is a drill's belongs to none that ran.
    watch.enter(Stage.LISTENING, lasts=live.settings.listen_seconds)
    subscribers.collect_strays(live, session, heard)
    watch.enter(Stage.CLEARING)
    # A candidate is made once and never updated: it has no revision, and can have run nothing else.
    tells = entry != _candidate(live).arn
    drills = [_drill(live, one, heard, tells) for one in started]
    return Session(drills, _strays(live, heard, drills), counted)


def left_behind(live: Live) -> list[LiveThing]:
    """What a killed drill left in the account, whoever ran it, in the order to remove it. Read-only."""
    candidate = _candidate(live)
    return [*subscribers.left_behind(live), *([candidate] if candidate.is_left else [])]


def _candidate(live: Live) -> Candidate:
    return Candidate(live, live.settings.state_machine_name)


def _require_gate(live: Live, entry: str, candidate: Wanted | None = None) -> None:
    """To a workflow without the gate, a drill is a real check-in whose alerts would go out unmarked."""
    made = [candidate.value["definition"]] if candidate else []
    definitions = made or [value_of(row)["definition"] for row in traffic_entries.run_by(live, entry)]
    gate = templates.definition(live.settings)["States"][GATE]
    if not definitions or any(states_by_name(definition).get(GATE) != gate for definition in definitions):
        raise Refused(
            f"{entry.rpartition(':stateMachine:')[2]}, which check-ins start, has no {GATE}, or another one than these "
            "parameters make, so a drill would be a real check-in and its alerts unmarked; nothing was started. Run "
            "phase 03 first"
        )


def _run(live: Live, run_id: str, group: Group, entry: str, watch: Watch, pace: Pace) -> list[_Started]:
    started = list[_Started]()
    with ThreadPoolExecutor(group.at_once) as pool:
        for first in range(0, len(group.cases), group.at_once):
            wave = group.cases[first : first + group.at_once]
            # The item holds one count for all: of drills that run at once nobody can tell whose a step of it was.
            before = _asked(lambda: _interventions(live)) if group.at_once == 1 else None
            named = [(case, _name(case, run_id)) for case in wave]
            starts = []
            for case, name in named:
                pace.wait()
                starts.append(pool.submit(_start, live, entry, case, name))
            arns = [one.result() for one in starts]
            for (case, name), arn in zip(named, arns, strict=True):
                seen = watch.looking(case, len(wave) - 1)
                execution = executions.wait_until_ended(live, arn, WAIT_SECONDS, seen=seen)
                watch.end(case, execution)
                added = _Asked[int]() if before is None else _added(live, before)
                unread = {"interventions": added.why} if added.why else {}
                started.append(_Started(group, case, case.input(name), execution, added.seen, unread))
    return started


def _name(scenario: Scenario, run_id: str) -> str:
    return f"{DRILL_PREFIX}{scenario.name}-{REPEATABLE.sub('', run_id)[-12:]}-{secrets.token_hex(3)}"[:80]


def _start(live: Live, entry: str, scenario: Scenario, name: str) -> str:
    return executions.start(live, name, {"userId": live.settings.drill_user_id, **scenario.input(name)}, entry)


def _interventions(live: Live) -> int:
    with readable("reading the drill user's count of interventions"):
        item = item_of(live, live.settings.table_name, live.settings.drill_user_id) or {}
    count = item.get("crisisInterventionCount", 0)
    if not isinstance(count, int | float):
        raise NotAsWanted(
            f"the drill user's crisisInterventionCount is {brief(count)}; expected a number, which the workflow raises"
        )
    return int(count)


def _asked(ask: Callable[[], Seen]) -> _Asked[Seen]:
    try:
        return _Asked(ask())
    except RunbookError as error:
        return _Asked(why=str(error))


def _added(live: Live, before: _Asked[int]) -> _Asked[int]:
    """How many interventions were added since then."""
    if before.seen is None:
        return before
    was = before.seen
    return _asked(lambda: _interventions(live) - was)


def _complete(started: Sequence[_Started], heard: Sequence[Received]) -> bool:
    return all(
        sum(m.channel == to and m.is_about(one.execution.name) for m in heard)
        >= (one.scenario.expect[f"{to}_alerts"] or 0)
        for one in started
        for to in Told
    )


def _drill(live: Live, one: _Started, heard: Sequence[Received], tells: bool) -> Drill:
    alone, arn = one.group.at_once == 1, one.execution.arn
    path = _asked(lambda: executions.path(live, arn)) if alone else _Asked[list[str]]()
    revision = _asked(lambda: executions.revision(live, arn)) if alone and tells else _Asked[str]()
    unread = {what: why for what, why in (("path", path.why), ("revision", revision.why)) if why}
    return Drill(
        group=one.group.name,
        scenario=one.scenario,
        given=one.given,
        execution=one.execution,
        received=[message for message in heard if message.is_about(one.execution.name)],
        interventions=one.interventions,
        path=path.seen or [],
        revision=revision.seen,
        unread=one.unread | unread,
    )


def _strays(live: Live, heard: Sequence[Received], drills: Sequence[Drill]) -> list[Received]:
    known = {id(message) for drill in drills for message in drill.received}
    user = live.settings.drill_user_id
    return [message for message in heard if message.is_drill(user) and id(message) not in known]
