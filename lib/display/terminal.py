"""What the command prints: one line a phase, tables at the end. Reads nothing from AWS, decides nothing."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from lib.aws import Live
from lib.changes.plans import Change, Plan
from lib.checks import Check, Status, brief
from lib.display import console
from lib.display.console import table
from lib.errors import RunbookError
from lib.phases import rollback
from lib.phases import validity as validities
from lib.phases.validity import Validity
from lib.record import records, run_index, run_phases
from lib.record.change_rows import Action
from lib.record.records import Record, Run
from lib.record.run_phases import Phase
from lib.settings import Settings
from lib.values.modes import Mode
from lib.values.verdicts import Verdict


def say(text: str) -> None:
    """One line as it is."""
    console.line(text)


def complain(error: Exception) -> None:
    """One sentence on stderr."""
    console.complain(f"{type(error).__name__}: {error}")


def identity(live: Live) -> None:
    """Which account this is, who calls it, and whether it may change: before anything else is said of it."""
    may = "writes nothing" if live.settings.mode == Mode.PLAN else "CHANGES THE ACCOUNT"
    found = live.identity
    say(f"Account {found.account} in {found.region} at {found.endpoint}, as {found.caller}")
    say(f"Mode {live.settings.mode}: {may}")


def progress(phase: Phase) -> None:
    """One line when a phase starts, its end on the same line."""
    if phase.verdict == Verdict.RUNNING:
        console.line(f"  {phase.notebook:<32}", end="")
        return
    colour = "green" if phase.verdict == Verdict.SUCCEEDED else "red"
    console.colour_first_word(phase.verdict, colour, f" in {phase.seconds:.1f} s, {phase.cells_run} cells")
    if phase.error:
        console.complain(f"    {phase.error}")


def summary(record: Record, done: Sequence[Phase], earlier: Sequence[str]) -> None:
    """Every phase against the plan's minutes, the success criteria as in `criteria`, and where the record is."""
    taken, planned = sum(phase.seconds for phase in done) / 60, sum(run_phases.PLANNED_MINUTES.values())
    verdict = run_phases.verdict_of_part(run_phases.overall(done), [phase.number for phase in done])
    total = ["total", verdict, "", "", "", f"{taken:.1f} min", f"{planned} min"]
    columns = ["phase", "verdict", "cells run", "failed", "not run", "took", "planned"]
    table(f"Run {record.run_id}", columns, [*map(_phase_row, done), total])
    criteria(record, done, earlier)
    say(f"Record: {record.folder}")


def criteria(record: Record, done: Sequence[Phase], earlier: Sequence[str]) -> None:
    """How a review among these phases decided; `earlier` are the files of before, whose answers are not this one's."""
    if not any(phase.number == run_phases.REVIEW and phase.verdict != Verdict.NOT_RUN for phase in done):
        return
    if record.kept_as(records.CRITERIA) == list(earlier):
        say("Success criteria: none decided")
        return
    rows = record.latest(records.CRITERIA)
    for row in rows:
        say(f"Criterion {row['name']}: {row['status']}, {row['found']}")
    counted = Counter(row["status"] for row in rows)
    others = "".join(f", {counted[status]} {status}" for status in counted if status != Status.PASSED)
    say(f"Success criteria: {counted[Status.PASSED]} of {len(rows)} passed{others}")


def _phase_row(phase: Phase) -> list[str]:
    planned = f"{phase.planned_minutes} min" if phase.planned_minutes else "-"
    took = f"{phase.seconds / 60:.1f} min" if phase.seconds else "-"
    counts = (str(phase.cells_run), str(phase.cells_failed), str(phase.cells_not_run))
    return [phase.notebook, phase.verdict, *counts, took, planned]


def ledger(record: Record, name: str = rollback.LEDGER) -> None:
    """What the rollback did with each thing, as 90_rollback left it in the record, under this name."""
    rows = record.read_json(name) or []
    table("Rollback", ["what", "outcome"], [[row["what"], row["outcome"]] for row in rows])


def read_back(found: Sequence[dict[str, str]]) -> None:
    """What AWS says of the writes whose end the record does not tell."""
    if found:
        table("Read back from AWS", ["what", "found"], [[row["what"], row["found"]] for row in found])


def checks(title: str, found: Sequence[Check]) -> None:
    """Every check with its answer."""
    table(title, ["check", "status", "found", "expected"], [[c.name, c.status, c.found, c.expected] for c in found])


def two_persons(found: Iterable[Check]) -> None:
    """Whether it can be told that who approves is another than who carries it out."""
    for check in found:
        say(f"Approval: {check.status}: {check.found}")


def validity(found: Validity) -> None:
    """Whether what a run validated is live now, and every difference by name."""
    say(f"Validated: {found.since}; read now at {found.read}" if found.known else f"Validated: {found.why}")
    rows = [[row["what"], brief(row["differs"]), row["so"], row["criteria"]] for row in validities.table(found)]
    if rows:
        table("What differs since", ["what", "differs", "so", "criteria"], rows)


def plans(found: Sequence[Plan]) -> None:
    """One table over all phases."""
    rows = [[plan.phase, *_change_row(change)] for plan in found for change in plan.changes]
    table("Plan", ["phase", "action", "what", "before -> after", "undo", "who notices"], rows)
    pending = sum(len(plan.pending) for plan in found)
    say(f"{pending} of {len(rows)} to change")


def _change_row(change: Change) -> list[str]:
    moved = f"{brief(change.before, 60)} -> {brief(change.after, 60)}" if change.action != Action.NONE else "as wanted"
    return [change.action, change.resource.name, moved, change.undo, change.noticed]


def statuses(chosen: Settings) -> None:
    """The runs of an environment, oldest first, as the machine left them that wrote last."""
    here = set(run_index.runs(chosen))
    found = [_said_of(Run(chosen, record)) for record in run_index.latest_of_each(run_index.all_records(chosen))]
    begun = [row for row in found if run_phases.took_place(row)]
    rows = [[_where(row, here), row["verdict"], row.get("mode", "-"), row.get("started", "-")] for row in begun]
    table(f"Runs of {chosen.environment}, as recorded", ["run", "verdict", "mode", "started"], rows)
    others = [f"{row['run_id']} ({row['verdict']})" for row in found if row not in begun]
    if others:
        say(f"Nothing took place in: {', '.join(others)}")


def _said_of(run: Run) -> dict[str, Any]:
    """What a run's record says of it, where that is what was sealed."""
    record = run.record
    try:
        wrong = records.alterations(run)
        if not wrong:
            return run_phases.status(record)
        return {"run_id": record.run_id, "phases": [], "verdict": f"NOT AS SEALED: {'; '.join(wrong)}"}
    except RunbookError as error:
        return {"run_id": record.run_id, "phases": [], "verdict": f"cannot be read: {error}"}


def _where(row: Mapping[str, Any], here: Container[str]) -> str:
    return str(row["run_id"]) if row["run_id"] in here else f"{row['run_id']} (in the store only)"


def status(record: Record) -> None:
    """One run's phases."""
    found = run_phases.status(record)
    keys = ("notebook", "verdict", "cells_run", "cells_failed", "cells_not_run")
    rows = [
        [*(str(row[key]) for key in keys), brief("; ".join(filter(None, [row["error"], row.get("by_hand")])))]
        for row in found["phases"]
    ]
    columns = ["phase", "verdict", "cells run", "failed", "not run", "error, or how by hand"]
    when = f" at {found['ended']}" if "ended" in found else ""
    table(f"{record.run_id}: {found['verdict']}, as recorded{when}", columns, rows)
