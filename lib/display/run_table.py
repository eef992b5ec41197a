"""The runs of an environment in the terminal: what changed something first, what is of no account counted. No AWS."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.changes import undo_plan
from lib.checks import Status, brief
from lib.display import console, marks, run_commands
from lib.display.marks import Judged
from lib.display.run_commands import Way
from lib.errors import RunbookError
from lib.phases.review import signature
from lib.phases.watch import summary
from lib.record import records, run_index, run_phases
from lib.record.change_rows import Action, WriteState
from lib.record.folder import BROKEN_OFF, CRITERIA, DRILLED
from lib.record.records import Record, Run
from lib.settings import Settings
from lib.values.escape import one_line
from lib.values.numbers import say_exactly
from lib.values.verdicts import Verdict

DID = {Action.CREATE: "added", Action.UPDATE: "changed", Action.REMOVE: "removed"}
KINDS = {"drill": "drills", "plan": "plans", "run that changed nothing": "runs that changed nothing"}


@dataclass(frozen=True)
class RunRow:
    """A run as its record tells of it; `wrong` says why it cannot."""

    run_id: str
    verdict: str
    status: Mapping[str, Any]
    counts: Mapping[str, int]
    ways: Sequence[Way]
    drill: str = ""  # how a drill ended
    here: bool = True
    wrong: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything was written that lasts, or nobody can tell."""
        return bool(self.wrong) or any(self.counts.values())

    @property
    def is_quiet(self) -> bool:
        """Whether nobody must look at it: it changed nothing and nothing in it went wrong."""
        if self.changed or self.drill:
            return not self.changed and self.drill == Status.PASSED
        phases = self.status["phases"]
        return all(row["verdict"] in run_phases.WELL for row in phases) if phases else self.is_plan

    @property
    def is_plan(self) -> bool:
        """Whether it did no more than plan."""
        return bool(self.status["verdict"] == run_phases.PLAN_ONLY)

    @property
    def what(self) -> str:
        """What kind of run one is that changed nothing."""
        return "drill" if self.drill else "plan" if self.is_plan else "run that changed nothing"

    @property
    def did(self) -> str:
        """What it wrote, in numbers."""
        said = ", ".join(f"{number} {word}" for word, number in self.counts.items() if number)
        return self.wrong or said or "changed nothing"

    @property
    def who(self) -> str:
        """Who carried it out, as far as the record tells."""
        caller = self.status.get("caller")
        return str(caller.get("caller", "")).rpartition(":")[2] if isinstance(caller, Mapping) else ""

    def to_row(self) -> dict[str, Any]:
        """The run as plain data, for a script."""
        return {
            "run_id": self.run_id,
            "verdict": self.verdict,
            "mode": self.status.get("mode"),
            "phases": [row.get("number") for row in self.status.get("phases", ())],
            "changes": dict(self.counts),
            "who": self.who,
            "started": self.status.get("started"),
            "seconds": self.status.get("seconds"),
            "can": [way.name.lower() for way in self.ways],
            "here": self.here,
            "trouble": self.wrong,
        }


def _read(run: Run, here: Container[str]) -> RunRow:
    """What a run's record says of it, where that is what was sealed."""
    record, there = run.record, run.record.run_id in here
    try:
        wrong = records.alterations(run)
        if wrong:
            why = f"NOT AS SEALED: {'; '.join(wrong)}"
            return RunRow(record.run_id, why, {}, {}, [], here=there, wrong=why)
        status = run_phases.status(record)
        return RunRow(
            record.run_id,
            _with_phase(status),
            status,
            _counts(record.changes()),
            run_commands.ways(run),
            _drill_of(record),
            there,
        )
    except RunbookError as error:
        why = f"cannot be read: {error}"
        return RunRow(record.run_id, why, {}, {}, [], here=there, wrong=why)


def _drill_of(record: Record) -> str:
    drilled, broken = record.latest(DRILLED), record.latest(BROKEN_OFF)
    return str(drilled["verdict"]["status"]) if drilled else str(Status.FAILED) if broken else ""


def _with_phase(status: Mapping[str, Any]) -> str:
    """The verdict, and the phase at which a run ended that did not succeed."""
    bad = [row for row in status["phases"] if row.get("verdict") not in (*run_phases.WELL, Verdict.NOT_RUN)]
    verdict = str(status["verdict"])
    return f"{verdict} (at {bad[0].get('notebook', bad[0].get('number'))})" if bad else verdict


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many things a run wrote to, by what it did, how many of them it took back, and how many nobody knows of."""
    did, undone = dict[str, str](), set[str]()
    lasting = [row for row in rows if not row.get("temporary") and not row.get("trouble")]
    for row in lasting:
        if row["state"] == WriteState.APPLIED and row["undoes"]:
            undone.add(row["name"])
        elif row["state"] == WriteState.APPLIED:
            did[row["name"]] = DID.get(row["action"], "changed")
            undone.discard(row["name"])
    counted = Counter(did.values())
    unclear = len(undo_plan.unfinished_writes(lasting)) + sum(bool(row.get("trouble")) for row in rows)
    return {**{word: counted[word] for word in DID.values()}, "undone": len(undone), "unclear": unclear}


def all_runs(chosen: Settings) -> None:
    """The runs of an environment, as the machine left them that wrote last: what changed something first, newest first.

    Plans, drills that passed and looks that only read are counted; what did not go well is never folded.
    """
    here = set(run_index.runs(chosen))
    runs = [_read(Run(chosen, one), here) for one in run_index.latest_of_each(run_index.all_records(chosen))]
    others = [path.name for path in run_index.no_runs(chosen)]
    rows = [run.to_row() for run in reversed(runs)]
    console.data({"environment": chosen.environment, "runs": rows, "no_runs": others})
    none = [run for run in runs if not run.changed and not run_phases.took_place(run.status)]
    begun = [run for run in reversed(runs) if run not in none]
    loud = [run for run in begun if run.changed]
    rest = [run for run in begun if not run.changed and not run.is_quiet]
    loud += marks.worst_first(rest, [run.verdict for run in rest])
    title = f"Runs of {chosen.environment} that changed something, or did not end well"
    columns = ["run", "what became of it", "what it did", "who, how long", "can be undone"]
    if loud:
        console.table(title, columns, [_cells(run) for run in loud])
    for what in dict.fromkeys(run.what for run in begun if run.is_quiet):
        same = [run for run in begun if run.is_quiet and run.what == what]
        counted = f"{len(same)} {KINDS[what]}" if len(same) > 1 else f"1 {what}"
        well = ", passed" if what == "drill" else ""
        console.paragraph(f"Besides {counted}{well}, the latest {same[0].run_id}.")
    if others:
        console.line(f"No runs, by their names, but folders among them: {', '.join(map(one_line, others))}")
    if not runs:
        elsewhere = f"nor in {chosen.record_store}" if chosen.record_store else "and no record_store tells of others"
        console.line(f"No run of {chosen.environment} is recorded in {chosen.runs_folder}, {elsewhere}.", result=True)
    if none:
        console.line(f"Nothing took place in: {', '.join(f'{run.run_id} ({run.verdict})' for run in none)}")


def _cells(run: RunRow) -> list[str]:
    where = "" if run.here else " (in the store only)"
    took = "; ".join(filter(None, (run.who, say_exactly(run.status.get("seconds")))))
    undo = "yes, by rollback" if Way.UNDO in run.ways else "no: nothing is left" if any(run.counts.values()) else "-"
    return [f"{run.run_id}{where}", Judged(run.verdict), run.did, took, undo if not run.wrong else "cannot tell"]


def _waiting_for_people(record: Record) -> list[dict[str, str]]:
    """What a run left for a person to do, as plain data; nothing of one that was undone since."""
    return [] if undo_plan.was_undone(record.changes()) else run_phases.waits_for_people(record)


def people_to_act(record: Record) -> None:
    """Say what a run left for a person to do, with the time at which it was so."""
    for one in _waiting_for_people(record):
        asked = f"as phase {one['phase']} found it at {one['time'][:16].replace('T', ' ')} UTC"
        console.verdict_line(Status.WAITING, f": {one['check']}: {brief(one['found'])}, {asked}", result=True)


def one_run(run: Run) -> None:
    """One run's phases, and the commands by which it is gone on with, undone or restored."""
    record, status, ways = run.record, run_phases.status(run.record), run_commands.commands(run)
    row = RunRow(record.run_id, _with_phase(status), status, _counts(record.changes()), list(ways), _drill_of(record))
    named = {str(way.name.lower()): command for way, command in ways.items()}
    # A signature or a checkpoint of another machine moves neither the changes nor the verdict.
    (reviewed, doubt), (watching, _) = run_index.furthest(run, signature.reach), run_index.furthest(run, summary.reach)
    signed, watched, criteria = reviewed.rows(signature.LOG), summary.of_run(watching), reviewed.kept_as(CRITERIA)
    newest = signature.not_passed(reviewed)
    console.data({
        **row.to_row(), "phases": status["phases"], "ended": status.get("ended"), "commands": named, "signed": signed,
        "watched": watched.to_row() if watched else None, "not_passed": newest, "doubt": doubt,
        "waiting": _waiting_for_people(record), "rollback": status.get("rollback"),
    })  # fmt: skip
    phases = [*status["phases"], *filter(None, [status.get("rollback")])]
    keys = ("notebook", "verdict", "cells_run", "cells_failed", "cells_not_run")
    told_of = [brief("; ".join(filter(None, [row["error"], row.get("by_hand")]))) for row in phases]
    rows = [[*(str(row[key]) for key in keys), said] for row, said in zip(phases, told_of, strict=True)]
    rows = [[name, Judged(verdict), *rest] for name, verdict, *rest in rows]
    columns = ["phase", "verdict", "cells run", "failed", "not run", "error, or how by hand"]
    when = f" at {status['ended']}" if "ended" in status else ""
    console.verdict_line(row.verdict, f": run {record.run_id}, as recorded{when}: {row.did}", result=True)
    if rows:
        console.table(f"Run {record.run_id}", columns, rows)
    people_to_act(record)
    if criteria or signed:
        console.line(f"Review: {signature.latest(reviewed)}")
        if criteria:
            console.line(f"The newest review: {'; '.join(newest) or 'every criterion passed'}")
    if criteria or summary.said_of(watching) != summary.NOBODY:
        console.line(f"Watch: {summary.said_of(watching)}")
    if doubt:
        console.complain(
            f"Another record of this run is not as it was sealed ({doubt}), so that nobody can tell what is said there "
            "of its review and its watch; see who changed it"
        )
    for way, command in ways.items():
        console.line(f"To {way}: {command}" if way != Way.RESTORE else f"{way}: {command}", result=True)
