"""The phases of a run in their order: what each does, what became of it, what comes next, and its notebook. No AWS."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lib.changes.stepped_cells import CELLS
from lib.checks import brief
from lib.display import marks, page, signs
from lib.display.signs import Sign
from lib.record import command_lines, run_phases
from lib.record.folder import CHECKS
from lib.record.records import Record, Run
from lib.record.run_phases import NOTEBOOKS, ROLLBACK, Phase
from lib.settings import ROOT
from lib.values.modes import Approval, Mode
from lib.values.verdicts import Verdict

SAID = {Verdict.RUNNING: "running, or killed", Verdict.NOT_RUN: "not run"}  # others are said as they are
BEGUN = signs.verdict_sign(Verdict.RUNNING, "begun, no verdict")
LOOKED_AT = signs.verdict_sign(Verdict.NOT_RUN, "only looked at, in plan mode")
NEXT = Sign("NEXT", signs.BLUE)
LONGEST_WHY = 1_000  # characters of what ended a phase; its notebook, and the record, hold all of it
ONLY = Sign(f"{marks.QUIET.sign} only to undo", signs.GREY)
UNBROKEN = str.maketrans(" -", "\u00a0\u2011")  # a time stands on one line
MEANING = re.compile(r"^- \*\*Meaning:\*\* (.*)$", re.MULTILINE)


def outputs(run: Run) -> Iterator[page.Shown]:
    """What a cell shows of a run's phases."""
    status = run_phases.status(run.record)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    rows = _rows(run, str(status.get("mode") or run.settings.mode))
    coming = next((f"Next: {page.words_of(row['phase'])}" for row in rows if row["comes"]), "")
    yield page.paragraph(f"{status['verdict']}, as recorded, read at {now}.", f"Run {run.record.run_id}:")
    yield page.paragraph(strong=coming) if coming else _whole(run)
    for phase in run_phases.recorded_phases(run.record):  # why one stopped stands before the table, not behind it
        if phase.error and phase.verdict in (Verdict.FAILED, Verdict.INTERRUPTED):
            yield page.paragraph(brief(phase.error, LONGEST_WHY), f"{phase.number} {phase.verdict}:")
    yield page.grid(list(rows[0]), [list(row.values()) for row in rows])


def _whole(run: Run) -> page.Shown:
    """That nothing is left in this mode, and how to apply what was only looked at."""
    settings, looked = run.settings, "Every phase succeeded in plan mode, which wrote nothing."
    if settings.mode != Mode.PLAN:
        return page.paragraph(strong="Every phase succeeded.")
    if settings.approval == Approval.REQUIRED:  # a run that writes is begun by a command, with what it approves
        return page.paragraph(
            "What it would change somebody else approves:", looked, command_lines.runbook(settings, "plan")
        )
    apply = command_lines.runbook(settings, "lab", "--run", run.record.run_id, "--mode", str(Mode.APPLY))
    return page.paragraph("To apply it, in a terminal:", looked, apply)


def _rows(run: Run, told_of: str) -> list[dict[str, Any]]:
    """One row a phase, in the order in which they run, and below them the way back; `told_of` is the recorded mode.

    A phase that succeeded in another mode than this one is still to come: nothing was written in plan mode.
    """
    record, mode = run.record, run.settings.mode
    phases, times = {phase.number: phase for phase in run_phases.recorded_phases(record)}, _times(record)
    looked_at = _looked_at(record) if mode == Mode.APPLY else set[str]()
    done = [number for number, phase in phases.items() if phase.verdict == Verdict.SUCCEEDED and told_of == mode]
    next_one = next((number for number in NOTEBOOKS if number not in done), "")
    rows = []
    for number, notebook in NOTEBOOKS.items():
        state = _state(phases.get(number), LOOKED_AT if number in looked_at else BEGUN, number in times)
        if number in phases and told_of != mode:
            state = Sign(f"{state.words} in {told_of} mode", signs.GREY)
        comes = NEXT if number == next_one else ""
        rows.append(
            {**_link(record, notebook, mode), "state": state, "wrote last": times.get(number, ""), "comes": comes}
        )
    back = times.get(ROLLBACK[:2], "")
    way_back = {"state": BEGUN if back else ONLY, "wrote last": back, "comes": ""}
    return [*rows, {**_link(record, ROLLBACK, mode), **way_back}]


def _state(phase: Phase | None, unjudged: Sign, wrote: bool) -> Sign:
    """What became of a phase. Of one that wrote to the record and has no verdict no more is known than `unjudged`."""
    verdict = Verdict.NOT_RUN if phase is None else phase.verdict
    if verdict == Verdict.NOT_RUN and wrote:
        return unjudged
    return signs.verdict_sign(verdict, SAID.get(verdict, ""))


def _looked_at(record: Record) -> set[str]:
    """The phases of which a record holds nothing but what kernels wrote that ran cells in plan mode alone.

    The first phase that is applied takes the verdicts of plan mode from the run: they would pass for applied.
    """
    modes, rows = dict[str, set[str]](), _rows_of_phases(record)
    for row in record.rows(CELLS):
        modes.setdefault(str(row.get("attempt")), set()).add(str(row.get("mode")))
    otherwise = {str(row.get("phase")) for row in rows if modes.get(str(row.get("attempt"))) != {Mode.PLAN}}
    return {str(row.get("phase")) for row in rows} - otherwise


def _rows_of_phases(record: Record) -> list[Mapping[str, Any]]:
    return [*record.rows(CHECKS), *record.changes(), *record.rows(CELLS)]


def _times(record: Record) -> dict[str, str]:
    """When each phase wrote to the record last, as far as its rows tell."""
    rows = [row for row in _rows_of_phases(record) if isinstance(row.get("time"), str)]
    latest = dict[str, str]()
    for row in rows:
        phase = str(row.get("phase"))
        latest[phase] = max(latest.get(phase, ""), row["time"])
    return {phase: f"{time[:16].replace('T', ' ')} UTC".translate(UNBROKEN) for phase, time in latest.items()}


def _link(record: Record, notebook: str, mode: Mode) -> dict[str, Any]:
    """A phase's title, as a link to its working copy where there is one, and what it does."""
    opening = _cells(json.loads((ROOT / "runbooks" / f"{notebook}.ipynb").read_text(encoding="utf-8")))[0]
    title, does = opening.partition("\n")[0].lstrip("# "), MEANING.search(opening)
    copy = _copy(record, notebook, mode)
    named = [page.File(copy, title)] if copy else title
    return {"phase": named, "what it does": does[1].replace("`", "") if does else ""}


def _copy(record: Record, notebook: str, mode: Mode) -> str:
    """The newest working copy for this mode, or "". It says its mode in a line of its own."""
    line = re.compile(rf"^mode = \"{mode}\"", re.MULTILINE)
    for name in reversed(record.kept_as(f"{notebook}.by-hand.ipynb")):
        if any(line.search(cell) for cell in _cells(record.read_json(name))):
            return name
    return ""


def _cells(notebook: Any) -> list[str]:  # noqa: ANN401 - JSON
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return ["".join(cell.get("source", "")) for cell in cells or [] if isinstance(cell, dict)]
