"""Plan, apply, verify and undo, over things that have `read()` and `write(value)`. No AWS of its own.

The order of what is asked, kept and written is the safety of it: a step moved may let a killed run lose a write.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from lib.changes import approval, loss_guard, provenance, undo_plan
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Outcome, Plan, Result, Wanted
from lib.changes.resource import Reopen, Resource, read_each
from lib.changes.verification import verify
from lib.changes.writer import OVER, Writer, in_two_tries, result_of, try_restoring
from lib.errors import NotAsWanted, Refused, RunbookError, also
from lib.record import formats
from lib.record.change_rows import Action, WriteState
from lib.record.records import LOG, Record
from lib.values.modes import Foreign, Mode

__all__ = [
    "LOG", "carry_out", "clear", "clear_left_behind", "plan", "roll_back", "temporary_things", "verify",
]  # fmt: skip


def plan(phase: str, wanted: Sequence[Wanted]) -> Plan:
    """Compare every thing with what is wanted. Read-only: it only figures out what would be written."""
    live = read_each([item.resource for item in wanted])
    return Plan(phase, tuple(Change(item.resource, now, item.value) for item, now in zip(wanted, live, strict=True)))


def carry_out(plan: Plan, run: GuardedRun, sleep: Callable[[float], None] = time.sleep) -> Outcome:
    """Apply a plan where `mode` is apply; in plan mode write nothing and say `planned`.

    Raises Refused when the plan would lose what is not ours or is not the approved one, when a thing changed since it
    was read, and when another run may write.
    """
    if run.settings.mode != Mode.APPLY:
        return replace(_only_planned(plan, run.record), refusal=loss_guard.refusal([plan], run))
    asked, again = plan.changes, provenance.written_before(plan, run)
    # What this plan wrote when it was carried out before is as it wanted it, and needs no second write.
    plan = replace(
        plan, changes=tuple(replace(one, before=one.after) if at in again else one for at, one in enumerate(asked))
    )
    # What can refuse comes before the lock, so that a refusal takes nothing and keeps nobody else waiting.
    approval.require(plan, run)
    loss_guard.require_no_loss([plan], run)
    with _alone(plan.changes, run) as still_ours:
        # In the account before the first write: a run that dies now has used its approval, and another machine knows
        # what it was about to write.
        approval.use(plan, run)
        loss_guard.keep(plan, run)
        writer = Writer(plan.phase, run.record, still_ours, sleep)
        results = [writer.carry_out(change) for change in plan.changes]
    final = [Result(asked[at], WriteState.APPLIED, again[at]) if at in again else one for at, one in enumerate(results)]
    return Outcome(plan.phase, tuple(final), run.record.run_id)


def roll_back(plan: Plan, run: GuardedRun, sleep: Callable[[float], None] = time.sleep) -> Outcome:
    """Carry an undo plan out; what removal would lose by now is kept, and the row says so.

    One thing that fails keeps none of the others from it, unless they carry what it still needs: they are not tried,
    and it is tried twice. Approval of the change covers its undo. Raises Refused for what somebody else wrote since.
    """
    record = run.record
    if run.settings.mode != Mode.APPLY:
        return _only_planned(plan, record)
    foreign = [change.resource.name for change in plan.changes if change.foreign]
    if foreign and run.settings.rollback_foreign == Foreign.REFUSE:
        raise Refused(
            f"somebody else changed {', '.join(foreign)} since run {record.run_id}, and their values would be lost; "
            "look with --dry-run, then roll back with --overwrite"
        )
    approval.require_same_subscriber(run)
    # What others rely on goes back first. As long as the new definition may start executions, the rules and topics that
    # carry its alerts must stay, or a crisis is published and heard by nobody.
    first, rest = ([one for one in plan.changes if one.resource.others_rely is relied] for relied in (True, False))
    with _alone(plan.changes, run) as still_ours:
        loss_guard.keep_undo(plan, run)
        writer = Writer(plan.phase, record, still_ours, sleep, undoes=True)
        not_kept = approval.end(plan, run)  # before the first undo: a killed rollback must not leave an approval
        undone, stopped = _relied_on(writer, first)
        results = {True: iter(undone), False: iter(_undone(writer, rest, stopped))}
        outcomes = tuple(next(results[change.resource.others_rely]) for change in plan.changes)
        _keep_what_is_back(record, outcomes)
    return Outcome(plan.phase, outcomes, record.run_id, undoes=True, not_kept=not_kept)


def _keep_what_is_back(record: Record, outcomes: Sequence[Result]) -> None:
    """Keep how writes, and undos, ended that a kill left open, of what was read just now and is as recorded already.

    Else something of their run could be undone for ever. Such a row tells of the write that the account knows.
    """
    back = [one.change.resource for one in outcomes if one.state == WriteState.NOTHING_TO_DO]
    for row in undo_plan.unfinished_writes_to(back, record.changes()):
        state = WriteState.APPLIED if row["undoes"] else WriteState.NOT_APPLIED
        ended = {"time": datetime.now(UTC).isoformat(), "state": state, "why": "read back from AWS"}
        with suppress(RunbookError):  # nothing was left to undo all the same
            record.append(LOG, {key: value for key, value in row.items() if key != "trouble"} | ended)


def _relied_on(writer: "Writer", first: Sequence[Change]) -> tuple[list[Result], str]:
    """What became of each that the others carry, and why the others must stay, or "".

    None waits for the next, since check-ins may fail until that is restored, too: the last one waits for all.
    """
    tried = in_two_tries(first, lambda change: writer.carry_out(change, settles=False), OVER)
    if first and not any(isinstance(one, RunbookError) for one in tried):
        try:
            first[-1].resource.settle([change.resource for change in first])
        except RunbookError as error:
            tried[-1] = error
    failed = [change for change, one in zip(first, tried, strict=False) if isinstance(one, RunbookError)]
    stopped = _comes_first(failed[0]) if failed else ""
    results = [result_of(change, one) for change, one in zip(first, tried, strict=False)]
    return [*results, *_undone(writer, first[len(tried) :], stopped)], stopped


def _undone(writer: "Writer", rest: Sequence[Change], stopped: str) -> list[Result]:
    """What became of each; none is tried once something stopped it all."""
    results: list[Result] = []
    for change in rest:
        if stopped:
            writer.note(change, WriteState.NOT_TRIED, why=stopped)
            results.append(Result(change, WriteState.NOT_TRIED, stopped))
            continue
        tried = try_restoring(writer.carry_out, change)
        results.append(result_of(change, tried))
        stopped = _comes_first(change) if isinstance(tried, OVER) else ""
    return results


def _comes_first(change: Change) -> str:
    return f"{change.resource.name} comes first, and could not be restored"


def clear_left_behind(run: GuardedRun, reopen: Reopen) -> list[str]:
    """Remove the temporary things that a crash left behind, by the rows that are believed. Returns their names.

    Rows of the first format are not, and tell of nothing that is not found by its name as well.
    """
    rows = [row for row in provenance.believe_rows(run.record, run.guards) if row["temporary"] and formats.KEY in row]
    return _cleared(undo_plan.plan(rows, reopen).changes, run)


def clear(things: Sequence[Resource], run: GuardedRun) -> list[str]:
    """Remove things of ours that are nobody's any more, such as what a killed process left. Returns their names."""
    return _cleared([Change(thing, thing.read(), None, temporary=True) for thing in things], run)


def _cleared(left: Sequence[Change], run: GuardedRun) -> list[str]:
    cleared, trouble = list[str](), list[str]()
    with _alone(left, run) as still_ours:
        loss_guard.keep_undo(Plan(undo_plan.PHASE, tuple(left)), run)
        writer = Writer(undo_plan.PHASE, run.record, still_ours, time.sleep, undoes=True)
        for change in left:
            try:
                writer.carry_out(change)
                cleared.append(change.resource.name)
            except OVER:
                raise
            except RunbookError as error:
                trouble.append(f"{change.resource.name} ({error})")
    if trouble:
        raise NotAsWanted(
            f"what was there for a while could not be removed: {'; '.join(trouble)}. A rollback removes it"
        )
    return cleared


def _only_planned(plan: Plan, record: Record) -> Outcome:
    results = (
        Result(change, WriteState.NOTHING_TO_DO if change.action == Action.NONE else WriteState.PLANNED)
        for change in plan.changes
    )
    return Outcome(plan.phase, tuple(results), record.run_id)


@contextmanager
def temporary_things(wanted: Sequence[Wanted], phase: str, run: GuardedRun) -> Iterator[None]:
    """Things that exist only inside the `with`: recorded like any change, removed in reverse also on failure.

    One that cannot be removed keeps none of the others from it. Raises NotAsWanted naming what was left behind, or what
    ended the block with that beside it.
    """
    changes = tuple(replace(change, temporary=True) for change in plan(phase, wanted).changes)
    removed = tuple(replace(change, before=change.after, after=change.before) for change in changes)
    with _alone(changes, run) as still_ours:
        loss_guard.keep(Plan(phase, changes), run, Plan(phase, removed))
        writer, ended = Writer(phase, run.record, still_ours, time.sleep), None
        try:
            for change in changes:
                writer.carry_out(change)
            yield
        except BaseException as error:
            ended = error
            raise
        finally:
            remover = replace(writer, undoes=True)
            left = [failure for change in reversed(changes) if (failure := _not_removed(remover, change))]
            if left:
                said = (
                    f"temporary things were left behind; validating again in this run removes them: {'; '.join(left)}"
                )
                raise also(ended, said)


def _not_removed(remover: "Writer", change: Change) -> str:
    try:
        remover.carry_out(Change(change.resource, change.resource.read(), change.before, temporary=True))
    except RunbookError as error:
        return f"{change.resource.name} ({error})"
    return ""


@contextmanager
def _alone(changes: Sequence[Change], run: GuardedRun) -> Iterator[Callable[[], None]]:
    """Hold the environment's lock, where there is something that can be written."""
    if all(change.trouble for change in changes):
        yield lambda: None
        return
    with run.lock(run.record.run_id) as still_ours:
        yield still_ours
