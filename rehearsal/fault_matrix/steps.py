"""What of a phase's notebook changes the account, without the notebook: in this process, in a second. Loopback only.

Each call is one of the notebook's, to the letter (tests/unit/rehearsal/fault_matrix/test_steps.py). What it reads,
plays and shows besides is left out: not every check of the phase is answered here, and so, unlike `notebooks.execute`,
nobody asks for them all.
"""

from collections.abc import Callable

from lib.changes import engine, undo_plan
from lib.checks import require
from lib.display.interactive import drill_watch
from lib.drills import scenarios
from lib.drills.drill_session import Group
from lib.errors import RunbookError
from lib.phases import rollback, session, validation
from lib.phases.proofs import candidate
from lib.record.records import Run
from lib.record.run_phases import VALIDATION, WORKFLOW, Phase
from lib.resources import desired
from lib.settings import Settings, with_changes
from lib.values.verdicts import Verdict


def execute(run: Run, number: str, notebook: str) -> Phase:
    """In place of `notebooks.execute`: the phase by its steps. What nobody can act on is no verdict, and is raised."""
    try:
        STEPS[number](number, with_changes(run.settings, run_id=run.record.run_id))
    except RunbookError as error:
        name = type(error).__name__
        return Phase(number, notebook, Verdict.FAILED, error=f"{name}: {error}", error_class=name)
    return Phase(number, notebook, Verdict.SUCCEEDED)


def _changed(number: str, given: Settings) -> None:
    """A phase that changes something."""
    run = session.begin_with(given)
    wanted = desired.PHASES[number](run.live)
    plan = engine.plan(number, wanted)
    outcome = engine.carry_out(plan, run, sleep=_no_wait)
    require(run.record.checked(number, engine.verify(outcome, run)))


def _tried_and_changed(number: str, given: Settings) -> None:
    """The update of the workflow, after one drill on a candidate of it."""
    run = session.begin_with(given)
    wanted = desired.state_machine(run.live)
    plan = engine.plan(number, wanted)
    groups = [Group(candidate.NAME, scenarios.load()[:1])]
    tried = candidate.run(run, plan, groups, drill_watch.of(run))
    rows = candidate.rows(run, tried)
    require(run.record.checked(number, candidate.checks(run, plan, tried, rows, groups)))
    outcome = engine.carry_out(plan, run, sleep=_no_wait)
    require(run.record.checked(number, engine.verify(outcome, run)))


def _validated(number: str, given: Settings) -> None:
    """The validation: one drill of it, with everything temporary that listens to it."""
    run = session.begin_with(given)
    groups = [Group(validation.PLANNED, scenarios.load()[:1])]
    drilled = validation.run(run, groups, drill_watch.of(run))
    rows = validation.rows(run, drilled)
    require(run.record.checked(number, validation.checks(drilled, rows, groups, run.settings)))


def _undone(number: str, given: Settings) -> None:
    """The rollback."""
    run = session.reopen_with(given)
    plan = rollback.plan(run)
    outcome = engine.roll_back(plan, run, sleep=_no_wait)
    ledger = [*rollback.ledger(outcome), *rollback.untold(run)]
    run.record.keep_json("evidence/rollback.json", ledger)
    require(run.record.checked(number, engine.verify(outcome, run)))


def _no_wait(seconds: float) -> None:
    """In place of waiting before a write is tried again: the fault decides how often it fails, not the time."""


STEPS: dict[str, Callable[[str, Settings], None]] = {
    **dict.fromkeys(desired.PHASES, _changed),
    WORKFLOW: _tried_and_changed,
    VALIDATION: _validated,
    undo_plan.PHASE: _undone,
}
