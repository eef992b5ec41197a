"""The command `runbook drill`: one labelled drill on the live workflow, at any time, kept in the drill log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import click
from click.core import ParameterSource

from lib.aws import Live
from lib.checks import Check, Status, require
from lib.cli import runner
from lib.cli.app import exits_with_code, main, parameters, takes_json
from lib.display import terminal
from lib.drills import alarm_drill, drill_log, drill_runner, evaluation, latency, publication, scenarios, watched_logs
from lib.drills.drill_session import Group, Session
from lib.drills.scenarios import Scenario
from lib.errors import BadParameters, NotAsWanted, RunbookError, Unrecorded
from lib.phases import infrastructure, session, success_criteria, validation, validity
from lib.phases.validity import Validity
from lib.record.folder import ALARMS_FIRED, BROKEN_OFF, DRILLED
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.values.check_registry import DRILL, UNREADABLE
from lib.values.modes import Mode


def _scenario_named(name: str) -> Scenario:
    """A scenario that can be drilled. Raises BadParameters for a name that none has."""
    more = (scenarios.ordinary(), scenarios.crisis_in_words(), scenarios.unreadable())
    known = {case.name: case for case in (*scenarios.load(), *more)}
    if name not in known:
        raise BadParameters(f"no scenario {name!r}; expected one of {', '.join(known)}")
    return known[name]


@main.command()
@parameters
@takes_json
@click.option(
    "--scenario", default="crisis", show_default=True, help="What happens: a scenario of the plan, or crisis-in-words."
)
@click.option("--alarms", is_flag=True, help="Instead, fire each alarm once, marked as a test, and see who is told.")
@exits_with_code
def drill(given: Callable[..., Settings], scenario: str, alarms: bool = False) -> int:
    """Run one drill as the drill user, marked [DRILL], and see whose alert comes and how soon.

    \b
    Examples:
      runbook drill prod
      runbook drill prod --scenario high --json
      runbook drill prod --alarms
    """
    if alarms:
        if click.get_current_context().get_parameter_source("scenario") is ParameterSource.COMMANDLINE:
            raise BadParameters(
                f"--scenario {scenario} and --alarms are two drills; expected one of them. Nothing was drilled: run "
                "one after the other"
            )
        return _fire_alarms(given(mode=Mode.APPLY))
    chosen, case = given(mode=Mode.APPLY), _scenario_named(scenario)
    run = session.begin_with(chosen)
    record, live = run.record, run.live
    caller = live.identity.caller
    terminal.identity(live)
    with runner.sealed_run(run):
        standing = validity.latest(live)
        terminal.validity(standing)
        about = {"validated": str(validity.check(standing).status), "since": standing.since}
        log = drill_log.open_log(chosen)
        log.folder.mkdir(parents=True, exist_ok=True)
        with _logging_what_ends_it(run, scenario, partial(log.append, drill_log.LOG), about):
            drilled = drill_runner.run(run, [Group(scenario, [case])])
            (row,) = validation.rows(run, drilled)
            checks = [*_evaluate(live, drilled, row), validity.check(standing)]
            judged = verdict(scenario, checks)
            record.keep_json(
                DRILLED, row | {"verdict": judged, "validated": _describe_system(standing), "caller": caller}
            )
            log.append(drill_log.LOG, drill_log.row(record.run_id, row, checks, caller) | about)
        record.checked(DRILL, checks)
        terminal.checks(f"Drill {scenario}", checks)
        times = {topic: latency.until_last(row, topic) for topic in latency.TOPICS}
        lost = latency.topics_lost(row)  # of another topic without a time, no alert was due
        came = {topic: seconds for topic, seconds in times.items() if topic in lost or seconds is not None}
        terminal.drill_verdict(scenario, drill_log.verdict(checks), judged["found"], came)
        terminal.say(f"Log: {log.folder / drill_log.LOG}")
        # What CloudWatch does not take is none of the drill, which is recorded and shown by now.
        why = publication.why_uncounted(row, checks)
        published = [*publication.latencies(live, [row]), *([] if why else [publication.people_reached(live)])]
        record.checked(DRILL, published)
        terminal.checks("In CloudWatch", published)
        if why:
            terminal.result(f"The alarm no-drill does not count this drill: {why}")
        terminal.result(f"Record: {record.folder}")
        shown = _to_data(record, judged, row, came, [*checks, *published])
        terminal.data({**shown, "uncounted": why})
    require(checks)
    return 0


@contextmanager
def _logging_what_ends_it(
    run: ConnectedRun, scenario: str, log: Callable[[dict[str, Any]], object], about: dict[str, str]
) -> Iterator[None]:
    """Log a drill that is not told of at its end, whatever is in the way: by then people may have been paged."""
    try:
        yield
    except BaseException as error:
        # Refused before anything was set up, it was no drill; else nobody knows who was reached.
        refused = isinstance(error, RunbookError | KeyboardInterrupt) and not isinstance(error, NotAsWanted)
        if not refused or run.record.changes():
            why = runner.reason(error, run.settings)
            broken = drill_log.broken_off(run.record.run_id, scenario, run.live.identity.caller, why) | about
            with suppress(Unrecorded):  # it must not take the place of what ended the drill
                run.record.keep_json(BROKEN_OFF, broken)
            with suppress(Unrecorded):
                log(broken)
        raise


def _fire_alarms(chosen: Settings) -> int:
    """Fire each alarm once, as a test. Whoever is told by them gets a notification each, and that it is over."""
    run = session.begin_with(chosen)
    terminal.identity(run.live)
    with runner.sealed_run(run):
        fired = alarm_drill.run(run)
        run.record.keep_json(ALARMS_FIRED, [check.to_row() for check in fired])
        checks = [*_operations_reachable(run.live), *fired]  # our own queue hears an alarm also where nobody else does
        run.record.checked(DRILL, checks)
        terminal.checks("Alarms, each fired as a test", checks)
        terminal.result(f"Record: {run.record.folder}")
        terminal.data({"run_id": run.record.run_id, "checks": [check.to_row() for check in checks]})
    require(checks)
    return 0


def _evaluate(live: Live, drilled: Session, row: Mapping[str, Any]) -> list[Check]:
    """Every check of the drill, and whether a person would have got its page."""
    return [
        *_operations_reachable(live),
        *(Check.from_row(check) for check in row["checks"]),
        *([success_criteria.error_is_loud(row)] if row["scenario"] == UNREADABLE else []),
        evaluation.strays(drilled),
        evaluation.clearance(drilled),
        *watched_logs.checks(watched_logs.watch(live, drilled)),
    ]


def _operations_reachable(live: Live) -> list[Check]:
    """Whether a person, not only our queue, would get a page: a drill waits for none."""
    people = infrastructure.operations_reachable_now(live)
    return [replace(one, status=Status.FAILED) if one.status == Status.WAITING else one for one in people]


def _to_data(
    record: Record,
    judged: Mapping[str, str],
    row: Mapping[str, Any],
    came: Mapping[str, float | None],
    checks: Sequence[Check],
) -> dict[str, Any]:
    """The drill as plain data, for a script: its keys are documented in docs/operate.md."""
    return {
        "run_id": record.run_id,
        "scenario": judged["name"],
        "status": judged["status"],
        "why": judged["found"],
        "route": row["route"],
        "started": row["started"],
        "seconds_until": dict(came),
        "checks": [check.to_row() for check in checks],
        "record": str(record.folder),
    }


def _describe_system(standing: Validity) -> dict[str, Any]:
    """What the drill says of the system that it ran on, for the evidence."""
    return {**validity.check(standing).to_row(), **validity.data(standing)}


def verdict(scenario: str, checks: Sequence[Check]) -> dict[str, str]:
    """The drill in one word, with what failed, else what nobody can tell, else what it was not compared with."""
    failed = [check.name for check in checks if check.status == Status.FAILED]
    open_ones = (Status.CANNOT_TELL, Status.NOT_APPLIED)
    unknown = [[f"{check.name}: {check.found}" for check in checks if check.status == one] for one in open_ones]
    said = next(filter(None, [failed, *unknown]), [])
    return {"name": scenario, "status": str(drill_log.verdict(checks)), "found": ", ".join(said)}
