"""What the command prints: one line a phase, tables at the end. Reads nothing from AWS, decides nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from lib.aws import Live
from lib.checks import Check, Status
from lib.display import console, marks, run_table
from lib.display.console import table
from lib.display.signs import MAY
from lib.phases import rollback
from lib.phases import validity as validities
from lib.phases.doctor.findings import Finding
from lib.phases.validity import Validity
from lib.record import records, run_phases
from lib.record.records import Record
from lib.record.run_phases import Phase
from lib.record.stored import run_copies
from lib.settings import Settings
from lib.values.modes import Mode
from lib.values.verdicts import Verdict


def say(text: str) -> None:
    """One line as it is."""
    console.line(text)


def result(text: str) -> None:
    """A line that is said also where little is: what came of a command, and what comes next."""
    console.line(text, result=True)


def data(value: object, always: bool = False) -> None:
    """What a command found, for a script, where that was asked for; `always` where it is all that the command says."""
    console.data(value, always)


def explain(text: str) -> None:
    """A sentence, wrapped between its words."""
    console.paragraph(text)


def aloud() -> AbstractContextManager[None]:
    """Everything is said within, also with -q."""
    return console.aloud()


def can_ask() -> bool:
    """Whether somebody can be asked."""
    return console.can_ask()


def ask_to_apply(environment: str, account: str, region: str, counted: str) -> str:
    """What somebody answers who is asked whether this may be carried out."""
    console.paragraph(f"Mode apply CHANGES account {account} ({environment}) in {region}: {counted}.", result=True)
    return console.ask("Carry this out? Only `yes` is taken: ")


def complain(error: Exception) -> None:
    """One sentence on stderr."""
    console.complain(f"{type(error).__name__}: {error}")


def warn(text: str) -> None:
    """One sentence on stderr, of what is wrong and keeps the command from nothing."""
    console.complain(f"Warning, and it goes on: {text}")


def doubts(against: Iterable[str]) -> None:
    """What speaks against the proposal whose thresholds a plan takes, a warning each."""
    for said in against:
        warn(f"the plan takes a tuning's proposal, and {said}")


def identity(live: Live) -> None:
    """Which account this is, who calls it, and whether it may change: before anything else is said of it."""
    may = MAY[live.settings.mode]
    known = live.identity
    say(f"Account {known.account} in {known.region} at {known.endpoint}, as {known.caller}")
    say(f"Mode {live.settings.mode}: {may}")
    missing_runs(live.settings)


def missing_runs(settings: Settings) -> None:
    """Of which runs the store told nothing, where there are any: what is concluded from the others lacks them."""
    if said := run_copies.what_is_missing(settings):
        warn(said)


def progress(phase: Phase) -> None:
    """One line when a phase starts, its end on the same line."""
    if phase.verdict == Verdict.RUNNING:
        console.line(f"  {phase.notebook:<32}", end="")
        return
    if console.is_watched():
        console.overwrite(f"  {phase.notebook:<32}")  # in place of its last cell
    console.verdict_line(phase.verdict, f" in {phase.seconds:.1f} s, {phase.cells_run} cells")
    if phase.error:
        console.complain(f"    {phase.error}")


def summary(record: Record, done: Sequence[Phase], earlier: Sequence[str]) -> None:
    """Every phase against the plan's minutes, the success criteria as in `criteria`, and where the record is."""
    taken, planned = sum(phase.seconds for phase in done) / 60, sum(run_phases.PLANNED_MINUTES.values())
    verdict = run_phases.verdict_of_part(run_phases.overall(done), [phase.number for phase in done])
    total = ["total", marks.Judged(verdict), "", "", "", f"{taken:.1f} min", f"{planned} min"]
    columns = ["phase", "verdict", "cells run", "failed", "not run", "took", "planned"]
    table(f"Run {record.run_id}", columns, [*map(_phase_row, done), total])
    criteria(record, done, earlier)
    console.verdict_line(verdict, f": run {record.run_id}", result=True)
    run_table.people_to_act(record)
    result(f"Record: {record.folder}")


def criteria(record: Record, done: Sequence[Phase], earlier: Sequence[str]) -> None:
    """How a review among these phases decided, in short: its notebook has every reason.

    `earlier` are the files of before, whose answers are not this one's.
    """
    if not any(phase.number == run_phases.REVIEW and phase.verdict != Verdict.NOT_RUN for phase in done):
        return
    if record.kept_as(records.CRITERIA) == list(earlier):
        say("Success criteria: none decided")
        return
    rows = record.latest(records.CRITERIA)
    for row in marks.worst_first(rows, [row["status"] for row in rows]):
        console.verdict_line(row["status"], f": criterion {row['name']}: {_decided_by(row)}")
    counted = Counter(row["status"] for row in rows)
    others = "".join(f", {counted[status]} {status}" for status in counted if status != Status.PASSED)
    result(f"Success criteria: {counted[Status.PASSED]} of {len(rows)} passed{others}")


def _decided_by(row: Mapping[str, Any]) -> str:
    """What a criterion's answer rests on: of one that failed all of it, else what decides, and the value beside it."""
    if row["status"] == Status.FAILED:
        return str(row["found"])
    value = str(row.get("value") or "")
    why = [] if value and row["status"] == Status.PASSED else [str(row["found"]).partition("; ")[0]]
    return "; ".join([*why, *([value] if value else [])])


def _phase_row(phase: Phase) -> list[str]:
    planned = f"{phase.planned_minutes} min" if phase.planned_minutes else "-"
    took = f"{phase.seconds / 60:.1f} min" if phase.seconds else "-"
    counts = (str(phase.cells_run), str(phase.cells_failed), str(phase.cells_not_run))
    return [phase.notebook, phase.verdict, *counts, took, planned]


def ledger(record: Record, name: str = rollback.LEDGER) -> str:
    """What the rollback did with each thing, as 90_rollback left it in the record, under this name: failures first, and
    of many that are back only how many. Returns it in numbers."""
    rows = [[row["what"], marks.Judged(row["outcome"])] for row in record.read_json(name) or []]
    ordered = marks.worst_first(rows, [outcome for _, outcome in rows])
    back = [row for row in ordered if marks.mark_of(row[1]) in (marks.GOOD, marks.AS_IT_WAS)]
    folded = back if len(back) > marks.FOLDED else []
    if shown := [row for row in ordered if row not in folded]:
        table("Rollback", ["what", "outcome"], shown)
    for word, count in Counter(marks.word_and_rest(outcome)[0] for _, outcome in folded).items():
        console.verdict_line(word, f": {count} more, all of them in the record")
    words = [marks.word_and_rest(outcome)[0] for _, outcome in ordered]
    counted = Counter(word if word in marks.MARKS else "to look at" for word in words)
    return ", ".join(f"{count} {word.removeprefix('is ')}" for word, count in counted.items())


def undone(record: Record, done: Phase, counted: str, mode: Mode) -> None:
    """What became of a rollback, in one line, and where its record is."""
    what = "rollback" if mode == Mode.APPLY else "dry run, which wrote nothing, of the rollback"
    said = f": {what} of run {record.run_id}" + (f": {counted}" if counted else "")
    console.verdict_line(done.verdict, said, result=True)
    result(f"Record: {record.folder}")


def read_back(rows: Sequence[dict[str, str]]) -> None:
    """What AWS says of the writes whose end the record does not tell."""
    if rows:
        table("Read back from AWS", ["what", "found"], [[row["what"], row["found"]] for row in rows])


def checks(title: str, answers: Sequence[Check]) -> None:
    """Every check with its answer, what failed first; of many that passed only how many."""
    passed = [check for check in answers if check.status == Status.PASSED]
    folded = len(passed) > marks.FOLDED
    shown = [check for check in answers if not (folded and check in passed)]
    rows = [[c.name, c.status, c.found, c.expected] for c in marks.worst_first(shown, [c.status for c in shown])]
    if rows:
        table(title, ["check", "status", "found", "expected"], rows)
    if folded:
        console.verdict_line(Status.PASSED, f": {len(passed)} more checks, all of them in the record")


def drill_verdict(scenario: str, status: Status, why: str, came: Mapping[str, float | None]) -> None:
    """The drill in one line: how it ended, whose topic had its alert and how soon, and what failed.

    Our own queues listen at the topics: who subscribes to them, and so is reached, is a check of its own.
    """
    said = (f"{who} topic had {'NO alert' if s is None else f'its alert in {s:.1f} s'}" for who, s in came.items())
    all_said = "; ".join(filter(None, (", ".join(said), why)))
    console.verdict_line(status, f": drill {scenario}" + (f"; {all_said}" if all_said else ""), result=True)


def findings(answers: Sequence[Finding]) -> None:
    """What the doctor found, the worst first; then what each should be that is not so, and what to do about it."""
    ordered = marks.worst_first(answers, [one.status for one in answers])
    table("Doctor", ["check", "status", "found"], [[one.question.name, one.status, one.found] for one in ordered])
    for one in [one for one in ordered if one.do]:
        say(f"{one.question.name}, {one.status}: expected {one.question.expected}; {one.do}")
    counted = Counter(one.status for one in answers)
    others = "".join(f", {counted[status]} {status}" for status in counted if status != Status.PASSED)
    say(f"{counted[Status.PASSED]} of {len(answers)} passed{others}")


def two_persons(answers: Iterable[Check]) -> None:
    """Whether it can be told that who approves is another than who carries it out."""
    for check in answers:
        console.verdict_line(check.status, f": approval: {check.found}")


def validity(standing: Validity) -> None:
    """Whether what a run validated is live now, and every difference by name."""
    say(f"Validated: {standing.since}; read now at {standing.read}" if standing.known else f"Validated: {standing.why}")
    if standing.known and standing.left_out:
        say(standing.left_out)
    rows = [[row["what"], row["differs"], row["so"], row["criteria"]] for row in validities.table(standing)]
    if rows:
        ordered = marks.worst_first(rows, [so for _, _, so, _ in rows])
        table("What differs since", ["what", "differs", "so", "criteria"], ordered)
