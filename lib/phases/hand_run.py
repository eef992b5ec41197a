"""A notebook that somebody steps through by hand: each cell that ran, in the record, and what that makes of its phase.

By hand is what IPython runs and the runner did not start, which tells its kernels so. Its verdict is kept after each
cell, as a command keeps one after each phase. Writes the record alone.
"""

import atexit
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lib.changes import approval, kept_plans, notebook_sources, stepped_cells
from lib.changes.notebook_sources import CodeCell
from lib.changes.stepped_cells import CELLS, PUT_IN, UNTOLD, WELL, Edited
from lib.errors import RunbookError
from lib.phases.parameters_cell import INJECTED, sets_parameters
from lib.record import records, run_phases, run_verdict, sealing, writers
from lib.record.change_rows import WriteState
from lib.record.folder import ATTEMPT
from lib.record.records import VERDICT, Run
from lib.record.run_phases import NOTEBOOKS, ROLLBACK, Phase
from lib.record.run_verdict import LONGEST_ERROR
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.settings import ROOT
from lib.values import contacts
from lib.values.modes import Approval, Mode
from lib.values.verdicts import Verdict

UNDO = "90"
STEPPED = {**NOTEBOOKS, UNDO: ROLLBACK}


def follow(run: ConnectedRun, names: Mapping[str, Any]) -> ConnectedRun:
    """From here on the record of this run tells of each cell, where these are the `globals()` of a notebook by hand."""
    get_shell = names.get("get_ipython")
    shell = get_shell() if callable(get_shell) and not os.environ.get(ATTEMPT) else None
    if shell is None:
        return run
    before = _followed[0] if _followed and _followed[0].shell is shell else None
    if before and before.run.record.attempt == run.record.attempt:
        before.run = run
    else:
        if before:
            before.end()
        else:
            shell.events.register("pre_run_cell", lambda info: _followed[0].before(info))
            shell.events.register("post_run_cell", lambda result: _followed[0].after(result))
            atexit.register(lambda: _followed[0].end())
        _followed[:] = [_HandRun(run, shell, before.seen if before else 0)]
    _followed[0].begin([str(cell) for cell in names.get("In", ())])
    return run


def attempt_at(run: Run) -> str:
    """The attempt that this kernel makes at a phase of this run by these parameters, or ""."""
    runs = [one.run for one in _followed if one.run.record.folder == run.record.folder]
    return runs[0].record.attempt if runs and runs[0].settings == run.settings else ""


def is_watched(run: Run) -> bool:
    """Whether somebody has the notebook open whose cell runs now, which is of this run.

    By hand is also what other programs execute; but Jupyter alone tells a kernel which cell it is.
    """
    return bool(attempt_at(run)) and _followed[0].shown


@cache
def _templates() -> dict[str, list[CodeCell]]:
    """The code cells of the runbook's notebooks, by phase."""
    return {
        number: notebook_sources.code_cells(ROOT / "runbooks" / f"{name}.ipynb") for number, name in STEPPED.items()
    }


@dataclass
class _HandRun:
    """What one kernel does with one run."""

    run: ConnectedRun
    shell: Any
    seen: int = 0  # the number of the last cell of this kernel that a record tells of
    phase: str = ""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = 0.0  # when the cell that runs began
    intended: int = -1  # how many changes the log told of by then
    said: dict[str, str] = field(default_factory=dict)  # how each cell that failed did, in full
    kept: Phase | None = None
    shown: bool = False  # whether the cell that runs is one of an open notebook

    def begin(self, cells: list[str]) -> None:
        """Note what ran before the run was known, which nobody watched; keep the plan of a run that no command began.

        The last of the cells is the one that runs.
        """
        self.phase = self.phase or next(filter(None, (self._only_of(cell) for cell in cells)), "")
        self.clock, self.intended = self.clock or self.run.live.clock(), self._intended()
        for number, source in [*enumerate(cells)][self.seen + 1 : -1]:
            self._note(source, None, number, UNTOLD, None)
        self._keep_verdict()
        self._keep_plan()

    def before(self, info: Any) -> None:  # noqa: ANN401 - IPython's own
        """A cell is about to run; a record that was closed after the phase's last cell is open again."""
        self.shown = bool(info.cell_id)
        self.clock, self.intended = self.run.live.clock(), self._intended()
        if not writers.has_joined(self.run.record.folder):
            records.open_to_write(self.run)
        # How the phase failed before is no word for what runs now, and may be cut off.
        if info.store_history and self.kept and self.kept.verdict in (Verdict.FAILED, Verdict.INTERRUPTED):
            self._keep(replace(self.kept, verdict=Verdict.RUNNING, error="", error_class=""))

    def after(self, result: Any) -> None:  # noqa: ANN401 - IPython's own
        """A cell has run: a row of the record, and what that makes of its phase."""
        info, error = result.info, result.error_before_exec or result.error_in_exec
        if not info.store_history:
            return
        ended = type(error).__name__ if error else WELL
        name = self._note(
            info.raw_cell, info.cell_id, result.execution_count, ended, round(self.run.live.clock() - self.clock, 1)
        )
        if error:
            said = contacts.mask_text(f"{ended}: {error}".removesuffix(": "))[:LONGEST_ERROR]
            self.said[name] = self.run.settings.masked(said)
        self._keep_verdict()

    def end(self) -> None:
        """The kernel ends, or goes on with another run: what is not done is interrupted, and the record is closed."""
        record, left = self.run.record, self.kept
        with suppress(RunbookError, OSError):
            if not writers.has_joined(record.folder):
                return
            # Unless a command went on with the phase meanwhile, whose verdict counts.
            if left and left.verdict == Verdict.RUNNING and left in run_phases.recorded_phases(record):
                self._keep(replace(left, verdict=Verdict.INTERRUPTED, error="its kernel ended before its last cell"))
            sealing.seal(record, closing=self.run.may_close())

    def _keep_plan(self) -> None:
        """The plan that a run begins with, without which nobody could go on with it.

        Where approval is required, a command alone begins a run that writes: none is kept here, and none is carried
        out. What refuses a plan is asked before the first write, as it always is by hand.
        """
        run = self.run
        if run.settings.mode == Mode.PLAN or run.settings.approval != Approval.NONE or self.phase == UNDO:
            return
        if any(plan.get("mode") in kept_plans.BEGINS for plan in kept_plans.load_plans(run.record)):
            return
        try:
            approval.keep_begun_plan(desired.plan_all(run.live), run, run.live.identity.caller)
        except RunbookError:
            # What only looks may well be there to find out why.
            if not self.phase or self.phase in desired.PHASES:
                raise

    def _intended(self) -> int:
        rows = self.run.record.changes()
        return sum(row["state"] == WriteState.INTENDED and not row["temporary"] for row in rows)

    def _note(self, source: str, cell_id: str | None, number: int | None, ended: str, seconds: float | None) -> str:
        """Add a row of one cell; returns the cell's name in the runbook, or ""."""
        name, edited = self._place(source, cell_id)
        record, rows = self.run.record, self._rows()
        # What sets parameters may hold an address, of which no digest is kept either.
        digest = "" if sets_parameters(source) and edited != Edited.NO else notebook_sources.source_digest(source)
        digest = "" if name == PUT_IN else digest
        alike = [row for row in rows if (row["cell"] or row["sha256"]) == (name or digest)]
        stamp = {
            "attempt": record.attempt,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "caller": self.run.live.identity.caller,
            "mode": str(self.run.settings.mode),
            "phase": self.phase,
            "notebook": STEPPED.get(self.phase, ""),
        }
        what = {"cell": name, "sha256": digest, "edited": str(edited), "order": len(rows) + 1, "before": len(alike)}
        how = {"execution_count": number, "ended": ended, "seconds": seconds}
        record.append(CELLS, {**stamp, **what, **how, "wrote": self._intended() - self.intended})
        self.seen = max(self.seen, number or 0)
        return name

    def _rows(self) -> list[dict[str, Any]]:
        """What the record tells of this attempt."""
        record = self.run.record
        return [row for row in record.rows(CELLS) if row.get("attempt") == record.attempt]

    def _only_of(self, source: str) -> str:
        """The phase in whose notebook alone such a cell stands, or ""."""
        digest = notebook_sources.source_digest(source)
        numbers = [number for number, cells in _templates().items() if digest in {cell.sha256 for cell in cells}]
        return numbers[0] if len(numbers) == 1 else ""

    def _place(self, source: str, cell_id: str | None) -> tuple[str, Edited]:
        """Which cell of the runbook this is, and whether it was edited. Jupyter tells its id, other programs nothing.

        A kernel in which a cell of another notebook runs is at that one's phase from there on.
        """
        if source.startswith(INJECTED):
            return PUT_IN, Edited.NO
        digest = notebook_sources.source_digest(source)
        for number, cells in _templates().items():
            if match := next((cell for cell in cells if cell.id == cell_id), None):
                self.phase = number
                return match.id, Edited.NO if match.sha256 == digest else Edited.YES
        own = _templates().get(self.phase, [])
        if digest not in {cell.sha256 for cell in own} and (other := self._only_of(source)):
            self.phase, own = other, _templates()[other]
        if match := next((cell for cell in own if cell.sha256 == digest), None):
            return match.id, Edited.NO
        if match := next((cell for cell in own if cell.parameters and sets_parameters(source)), None):
            return match.id, Edited.YES
        return "", Edited.CANNOT_TELL

    def _keep_verdict(self) -> None:
        """What the cells so far make of the phase, as the runner would say it; the record is closed after the last."""
        if not self.phase:
            sealing.seal(self.run.record, closing=False)
            return
        self._keep(self._judged())
        if self.kept and self.kept.verdict == Verdict.SUCCEEDED:
            sealing.seal(self.run.record, closing=self.run.may_close())

    def _judged(self) -> Phase:
        record, notebook = self.run.record, STEPPED[self.phase]
        rows = [row for row in self._rows() if row["phase"] in (self.phase, "")]
        phase = stepped_cells.judge(Phase(self.phase, notebook), rows, _templates()[self.phase], self.said)
        seconds = round((datetime.now(UTC) - self.began).total_seconds(), 1)
        output = next(reversed(record.kept_as(f"{notebook}.by-hand.ipynb")), "")
        phase = replace(phase, seconds=seconds, output=output)
        return run_verdict.with_its_checks(phase, self.run)

    def _keep(self, done: Phase) -> None:
        """Keep the verdict of the phase; not of one that is only looked at in a run that applies."""
        run, self.kept = self.run, done
        before = run.record.verdict() or {}
        looks = run.settings.mode != Mode.APPLY and (self.phase == UNDO or before.get("mode") == Mode.APPLY)
        if self.phase == UNDO and not looks:
            run.record.write_json(VERDICT, {**before, "rollback": done.to_row()})
        elif not looks:
            run_verdict.write_verdict(run, [done], self.began, run.live.identity, by_hand=True)
        sealing.seal(run.record, closing=False)


_followed: list[_HandRun] = []  # of this kernel, which is of one notebook
