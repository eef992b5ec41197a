"""What of a phase's notebook changes the account, without the notebook: in this process, in a second. Loopback only.

Each call is one of the notebook's, to the letter (tests/unit/rehearsal/fault_matrix/test_steps.py). What it reads,
plays and shows besides is left out: not every check of the phase is answered here, and so, unlike `notebooks.execute`,
nobody asks for them all.
"""

from collections.abc import Callable

from lib.changes import engine, undo_plan
from lib.checks import require
from lib.drills import scenarios
from lib.drills.drill_session import Group
from lib.errors import RunbookError
from lib.phases import rollback, session, validation
from lib.record.records import Record
from lib.record.run_phases import VALIDATION, Phase
from lib.resources import desired, run_lock
from lib.settings import Settings, with_changes
from lib.values.verdicts import Verdict


def execute(settings: Settings, record: Record, number: str, notebook: str) -> Phase:
    """In place of `notebooks.execute`: the phase by its steps. What nobody can act on is no verdict, and is raised."""
    try:
        STEPS[number](number, with_changes(settings, run_id=record.run_id))
    except RunbookError as error:
        name = type(error).__name__
        return Phase(number, notebook, Verdict.FAILED, error=f"{name}: {error}", error_class=name)
    return Phase(number, notebook, Verdict.SUCCEEDED)


def _changed(number: str, given: Settings) -> None:
    """A phase that changes something."""
    record, live = session.begin(given)
    wanted = desired.PHASES[number](live)
    plan = engine.plan(number, wanted)
    outcome = engine.carry_out(plan, given, record, run_lock.of(live), sleep=_no_wait)
    require(record.checked(number, engine.verify(outcome, given, record)))


def _validated(number: str, given: Settings) -> None:
    """The validation: one drill of it, with everything temporary that listens to it."""
    record, live = session.begin(given)
    groups = [Group(validation.PLANNED, scenarios.load()[:1])]
    drilled = validation.run(live, record, groups)
    rows = validation.rows(live, record, drilled)
    require(record.checked(number, validation.checks(drilled, rows, groups, given)))


def _undone(number: str, given: Settings) -> None:
    """The rollback."""
    record, live = session.reopen(given)
    plan = rollback.plan(live, record)
    outcome = engine.roll_back(plan, given, record, run_lock.of(live), sleep=_no_wait)
    ledger = [*rollback.ledger(outcome), *rollback.untold(live, record)]
    record.keep_json("evidence/rollback.json", ledger)
    require(record.checked(number, engine.verify(outcome, given, record)))


def _no_wait(seconds: float) -> None:
    """In place of waiting before a write is tried again: the fault decides how often it fails, not the time."""


STEPS: dict[str, Callable[[str, Settings], None]] = {
    **dict.fromkeys(desired.PHASES, _changed),
    VALIDATION: _validated,
    undo_plan.PHASE: _undone,
}
