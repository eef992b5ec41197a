"""Writes one change after the other, each with its record. The only module that calls `write`. No AWS of its own.

Each write is preceded by a row that tells how to undo it, flushed to disk.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from lib.changes import undo_plan
from lib.changes.plans import Change, Result, entry, half_done, same
from lib.changes.resource import Resource, Value
from lib.errors import NameHeld, NotAsWanted, Refused, RunbookError, Superseded, Throttled, Unanswered, Unrecorded
from lib.record.change_rows import Action, WriteState
from lib.record.records import LOG, Record
from lib.values import contacts
from lib.wait import attempts

# Seconds before a write is tried again that AWS asked to put off or that got no answer, and then no more.
WAITS = (0.5, 1.0, 2.0, 4.0)
# And then, where AWS keeps the name of what was removed: at their shortest, with those before, more than its minute.
WAITS_FOR_NAME = (20.0, 40.0, 60.0)
OVER = (Superseded, Unrecorded)  # after these nothing more may be written
Thing = TypeVar("Thing")
Told = TypeVar("Told")


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
        replaces = self.undoes and not change.temporary and change.action in (Action.REMOVE, Action.UPDATE)
        # Asked again now: what stood in the way when the undo was planned may itself have been undone since.
        kept = change.resource.kept_because(change.after) if replaces else ""
        if kept:
            self.note(change, WriteState.KEPT, why=kept)
            return Result(change, WriteState.KEPT, kept)
        done = change.action == Action.NONE or self._is_undone(change)
        if not done:
            self._write(change)
        if self.undoes and settles:  # also where nothing was left to do: an undo that was cut short may not have waited
            change.resource.settle()
        return Result(change, WriteState.NOTHING_TO_DO if done else WriteState.APPLIED)

    def _is_undone(self, change: Change) -> bool:
        """Whether it is as an undo would leave it, by now: AWS lists for a minute what is removed already.

        Raises Refused where it is neither so nor as it was planned.
        """
        live = change.resource.read()
        if same(live, change.before):
            return False
        if self.undoes and same(live, change.after):
            return True
        raise Refused(f"{change.resource.name} changed after it was planned; nothing more was written. Plan again")

    def _write(self, change: Change) -> None:
        # Asked as late as can be: while the thing was read, somebody may have taken our lock away and begun to write.
        self.still_ours()
        # On disk before AWS hears of it: a kill between the two leaves an announcement of nothing, which is read back;
        # the other way round it would leave a write that nobody can undo.
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
        repeated = False
        for tried, last in enumerate(attempts((*WAITS, *WAITS_FOR_NAME), self.sleep)):
            self.still_ours()  # again before each try: the waits between them add up to longer than a lease may last
            try:
                return change.resource.write(change.after)
            except (Throttled, Unanswered) as error:
                unanswered = isinstance(error, Unanswered)
                self.note(change, WriteState.UNKNOWN if unanswered else WriteState.PUT_OFF, why=str(error))
                # No answer is not "not done", nor is a look at what was done that AWS put off: it says what it holds.
                live = change.resource.read()
                if same(live, change.after):
                    break
                # Never write over a third value: AWS may have carried our call out only after somebody else's.
                if not same(live, change.before) and not half_done(change.resource, live, change.before, change.after):
                    raise Refused(
                        f"somebody else changed {change.resource.name} while AWS owed an answer; theirs was left alone"
                    ) from error
                if last or (tried >= len(WAITS) and not isinstance(error, NameHeld)):
                    raise
                repeated = True
            except NotAsWanted:
                # AWS shows late what it did, and refuses a second time what it did the first: to make or remove it.
                if not (repeated and same(change.resource.read(), change.after)):
                    raise
                break
        return None

    def note(self, change: Change, state: WriteState, **more: object) -> None:
        self.record.append(LOG, {**entry(self.phase, change, state, self.undoes), **more})


def in_two_tries(
    things: Sequence[Thing], restore: Callable[[Thing], Told], over: tuple[type[RunbookError], ...] = ()
) -> list[Told | RunbookError]:
    """What became of each thing, in order: what `restore` says, or its error. After one of `over` none is tried.

    One that failed is tried once more where another was restored after it. What it needs may be there by then: of an
    alias whose version of before is gone, one that holds the same, which the undo of the workflow publishes.
    """
    results: list[Told | RunbookError] = []
    for thing in things:
        results.append(try_restoring(restore, thing))
        if isinstance(results[-1], over):
            return results
    for at, thing in enumerate(things):
        after = [one for one in results[at + 1 :] if not isinstance(one, RunbookError)]
        if after and isinstance(results[at], RunbookError):
            results[at] = try_restoring(restore, thing)
        if isinstance(results[at], over):
            break
    return results


def try_restoring(restore: Callable[[Thing], Told], thing: Thing) -> Told | RunbookError:
    """What `restore` says, or its error; also where the record tells a value of another shape than its kind has."""
    try:
        return restore(thing)
    except RunbookError as error:
        return error
    except undo_plan.UNFIT as error:
        return NotAsWanted(f"the record tells what it cannot take ({contacts.mask_text(repr(error))})")


def result_of(change: Change, tried: Result | RunbookError) -> Result:
    """What became of one change, as an outcome holds it."""
    return Result(change, WriteState.FAILED, str(tried)) if isinstance(tried, RunbookError) else tried


def restore_now(
    resource: Resource, value: Value, record: Record, why: str = "", is_done: Callable[[], bool] = lambda: False
) -> str:
    """Write a value without lock, plan or comparison: the emergency path. Returns why it was not recorded, or "".

    `why` is recorded with it. `is_done` is asked of a write that got no answer; where it was not, Unanswered is raised.
    """
    change = Change(resource, "(not read)", value)
    unrecorded = ""
    for state in (WriteState.INTENDED, WriteState.APPLIED):
        try:
            record.append(LOG, {**entry(undo_plan.PHASE, change, state, undoes=True), **({"why": why} if why else {})})
        except RunbookError as error:
            unrecorded = str(error)  # a full disk keeps nobody from being helped
        if state == WriteState.INTENDED:
            try:
                resource.write(value)
            except Unanswered:
                if not is_done():
                    raise
    return unrecorded
