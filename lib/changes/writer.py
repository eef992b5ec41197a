"""Writes one change after the other, each with its record: the only module that calls . No AWS of its own."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.changes.plans import Change, Result, entry, half_done, same
from lib.errors import NotAsWanted, Refused, RunbookError, Throttled, Unanswered
from lib.record.change_rows import Action, WriteState
from lib.record.records import LOG, Record
from lib.wait import attempts

# Seconds before a write is tried again that AWS asked to put off or that got no answer, and then no more.
WAITS = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Writer:
    """Writes one change after the other, each with its record."""

    phase: str
    record: Record
    still_ours: Callable[[], None]
    sleep: Callable[[float], None]
    undoes: bool = False

    def carry_out(self, change: Change, settles: bool = True) -> Result:
        """What became of it: applied, nothing to do, or kept and why."""
        if change.trouble:
            raise NotAsWanted(change.trouble)
        removes = self.undoes and not change.temporary and change.action == Action.REMOVE
        # Asked again now: what stood in the way when the undo was planned may itself have been undone since.
        kept = change.resource.kept_because() if removes else ""
        if kept:
            self.note(change, WriteState.KEPT, why=kept)
            return Result(change, WriteState.KEPT, kept)
        if change.action != Action.NONE:
            if not same(change.resource.read(), change.before):
                raise Refused(
                    f"{change.resource.name} changed after it was planned; nothing more was written. Plan again"
                )
            self._write(change)
        if self.undoes and settles:  # also where nothing was left to do: an undo that was cut short may not have waited
            change.resource.settle()
        return Result(change, WriteState.NOTHING_TO_DO if change.action == Action.NONE else WriteState.APPLIED)

    def _write(self, change: Change) -> None:
        self.still_ours()
        self.note(change, WriteState.INTENDED)
        try:
            written = self._write_within_bounds(change)
        except RunbookError as error:
            self.note(change, WriteState.FAILED, why=str(error))
            self._note_if_not_applied(change)
            raise
        self.note(change, WriteState.APPLIED, **({"written": written.astimezone(UTC).isoformat()} if written else {}))

    def _note_if_not_applied(self, change: Change) -> None:
        """Where AWS holds the value before, this write has ended: what differs later is somebody else's."""
        with suppress(RunbookError):
            if same(change.resource.read(), change.before):
                self.note(change, WriteState.NOT_APPLIED, why="read back from AWS")

    def _write_within_bounds(self, change: Change) -> datetime | None:
        """Write again what AWS asked to put off, and what got no answer and was not carried out; nothing else."""
        for last in attempts(WAITS, self.sleep):
            self.still_ours()
            try:
                return change.resource.write(change.after)
            except (Throttled, Unanswered) as error:
                unanswered = isinstance(error, Unanswered)
                self.note(change, WriteState.UNKNOWN if unanswered else WriteState.PUT_OFF, why=str(error))
                # No answer is not "not done": AWS says what it holds.
                live = change.resource.read()
                if unanswered and same(live, change.after):
                    break
                if not same(live, change.before) and not half_done(change.resource, live, change.before, change.after):
                    raise Refused(
                        f"somebody else changed {change.resource.name} while AWS owed an answer; theirs was left alone"
                    ) from error
                if last:
                    raise
        return None

    def note(self, change: Change, state: WriteState, **more: object) -> None:
        self.record.append(LOG, {**entry(self.phase, change, state, self.undoes), **more})
