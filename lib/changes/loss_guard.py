"""The plan refuses itself when it would replace what no recorded run wrote: losses, counted and named. No AWS.

A loss is a value that is there now and that the plan would change or take away. Filling what is empty loses nothing,
and neither does replacing what an earlier run of this environment wrote, or what this run left half written. That a run
wrote it, its record says and the account keeps: a folder that says so alone may be anybody's.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from lib.changes import plans, undo_plan
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Change, Plan, entry, half_done, same
from lib.changes.resource import A_PERSONS, ORDINARY, Field, Place, Resource, Value
from lib.checks import brief
from lib.errors import Refused, RunbookError, Throttled
from lib.record import records, run_index
from lib.record.change_rows import Action, WriteState
from lib.values import contacts
from lib.values.numbers import plural

EMPTY_TEXTS = ("", "false", "OFF")
NOTHING = Plan("", ())
SHOWN = 120  # characters of a value; enough to know it again


@dataclass(frozen=True)
class Loss:
    """One value that would go. `where` is its path inside the thing, `after` what would stand in its place.

    `special`: what its kind declares of the thing's whole value, and of the field in which it lies.
    """

    what: str
    where: Place
    before: Value
    after: Value
    special: tuple[Field, ...] = ()
    key: str = field(default="", compare=False)  # of the thing

    @property
    def instead(self) -> str:
        """What would break, and what to do instead of letting it go; "" where it may be let go."""
        return next((one.lived_on for one in self.special if one.lived_on), A_PERSONS if self.hidden else "")

    @property
    def hidden(self) -> bool:
        """Whether a person's contact would go."""
        return contacts.hides(self.before)

    @property
    def never(self) -> bool:
        return self.hidden or any(one.never for one in self.special)

    @property
    def said(self) -> str:
        """`topic X DisplayName ('a' -> 'b')`."""
        place = " ".join((self.what, *filter(None, [contacts.mask_text(".".join(self.where))])))
        return f"{place} ({_shown(self.before)} -> {_shown(self.after)})"


@dataclass(frozen=True)
class Ours:
    """What recorded runs wrote, by thing; and of this run, the row of each write that is not known to have ended.

    `unknown`: the runs whose records tell of more, which the account does not keep of them.
    """

    written: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    begun: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: Sequence[str] = ()


def ours(lost: Sequence[Loss], run: GuardedRun) -> Ours:
    """Of what would be lost, from the records of all runs of this environment and of this run, as far as the account
    keeps that they wrote it. What an undo put back was not ours."""
    record, written, unknown = run.record, dict[str, list[Value]](), dict[str, None]()
    things, kept = {loss.key for loss in lost}, cache(run.guards.wrote)
    # What somebody wrote into another run's log is no run's writing.
    others = [other for other in run_index.as_sealed(run.settings) if other.folder != record.folder]
    for each in (*others, record):
        for row in each.changes():
            key = _key(row["kind"], row["identity"])
            if key not in things or row["trouble"] or row["state"] != WriteState.INTENDED or row.get("undoes"):
                continue
            if plans.is_kept(row, kept(each.run_id)):
                written.setdefault(key, []).append(row["after"])
            else:
                unknown[each.run_id] = None
    left = {_key(row["kind"], row["identity"]): row for row in undo_plan.unfinished_writes(record.changes())}
    mine = {key: row for key, row in left.items() if key in things and plans.is_kept(row, kept(record.run_id))}
    return Ours(written, mine, list(unknown))


def keep(plan: Plan, run: GuardedRun, undo: Plan = NOTHING) -> None:
    """Let the account keep what this run is about to write, and to undo, before the first write."""
    undone = [change for change in undo.changes if not change.trouble]
    if not plan.pending and all(change.action == Action.NONE for change in undone):
        return
    entries = [entry(plan.phase, change, WriteState.INTENDED) for change in plan.pending]
    entries += [entry(undo.phase, change, WriteState.INTENDED, undoes=True) for change in undone]
    run.guards.keep_written(run.record.run_id, map(plans.row_digest, entries))


def keep_undo(plan: Plan, run: GuardedRun) -> None:
    """Let the account keep what is undone, unless the command was told to believe the record without it."""
    try:
        keep(NOTHING, run, plan)
    except RunbookError as error:
        if records.is_unverified(run.record):
            return
        if isinstance(error, Throttled):
            raise  # in a minute it can be told, and no guard need be given up for it
        raise Refused(
            f"the account could not be told what is to be undone, so nothing was undone ({error}). In an emergency, "
            "rollback takes --unverified"
        ) from error


def losses(planned: Iterable[Plan], ours: Ours) -> list[Loss]:
    """Everything that these plans would take away and that is not ours, in their order."""
    return [loss for plan in planned for change in plan.pending for loss in _of(change, ours)]


def refusal(planned: Sequence[Plan], run: GuardedRun) -> str:
    """Why these plans may not be carried out, with numbers and names; "" where they may."""
    known, lost = Ours(), losses(planned, Ours())
    if lost:  # most plans lose nothing, whoever wrote it: then no record needs to be read
        known = ours(lost, run)
        lost = losses(planned, known)
    if len(lost) <= run.settings.may_replace and not any(loss.never for loss in lost):
        return ""
    values = plural(len(lost), "value")
    return (
        f"this plan would replace {values} that no recorded run wrote: {'; '.join(loss.said for loss in lost)}; "
        f"expected at most {run.settings.may_replace}. Nothing of it was written. {_advice(lost)}{_unknown(known)}"
    )


def _unknown(known: Ours) -> str:
    if not known.unknown:
        return ""
    return (
        f". The record of run {', '.join(known.unknown)} tells of writes to these things that the account does not "
        "keep, and so counts for nothing"
    )


def _advice(lost: Sequence[Loss]) -> str:
    """How to go on. Never to let go of what something lives on."""
    instead = {f"{loss.what}: {loss.instead}" for loss in lost if loss.instead}
    if instead:
        return f"Do not let it go: {'; '.join(sorted(instead))}"
    return f"If {'it' if len(lost) == 1 else 'they'} may go, set may_replace to {len(lost)}"


def require_no_loss(planned: Sequence[Plan], run: GuardedRun) -> None:
    """Raise Refused where these plans would replace more than `may_replace` values that no recorded run wrote."""
    if why := refusal(planned, run):
        raise Refused(why)


def _of(change: Change, ours: Ours) -> Iterator[Loss]:
    key = _key(change.resource.kind, change.resource.identity)
    yield from (replace(loss, key=key) for loss in _lost(change, key, ours))


def _lost(change: Change, key: str, ours: Ours) -> Iterator[Loss]:
    thing = change.resource
    if change.action == Action.CREATE or change.temporary or _half_written(change, ours.begun.get(key)):
        return
    if change.after is None:
        yield _loss(thing, (), change.before, None)
        return
    for loss in _differing(thing, change.before, change.after):
        if not _harmless(thing, loss) and not any(_holds(value, loss) for value in ours.written.get(key, ())):
            yield loss


def _half_written(change: Change, row: Mapping[str, Any] | None) -> bool:
    """Whether a write of this run, cut short, left the thing as it is."""
    return row is not None and half_done(change.resource, change.before, row["before"], row["after"])


def _loss(thing: Resource, where: Place, before: Value, after: Value) -> Loss:
    declared = tuple(thing.special.get(place, ORDINARY) for place in ((), where[:1]))
    return Loss(thing.name, where, before, after, declared)


def _differing(thing: Resource, before: Value, after: Value, place: Place = ()) -> Iterator[Loss]:
    """Every live value that would be another one, as deep as both sides are alike in shape."""
    strict = thing.special.get(place, ORDINARY).missing_means_all
    if same(before, after) or (_empty(before) and not strict):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **(after if strict else {})}:
            old, new, inside = before.get(key), after.get(key), (*place, str(key))
            if not strict:
                yield from _differing(thing, old, new, inside)
            elif not same(old, new):
                yield _loss(thing, inside, old, new)
        return
    if isinstance(after, list):
        # AWS takes one statement, or one action, also without a list around it.
        rows = before if isinstance(before, list) else [before]
        yield from (_loss(thing, place, row, None) for row in rows if not any(same(row, other) for other in after))
        return
    yield _loss(thing, place, before, after)


def _harmless(thing: Resource, loss: Loss) -> bool:
    if thing.special.get(loss.where, ORDINARY).longer_keeps:
        return bool(loss.before) and (not loss.after or loss.after > loss.before)
    return thing.special.get(loss.where[:1], ORDINARY).meant


def _holds(written: Value, loss: Loss) -> bool:
    """Whether a value that a run wrote holds, in the same place, what would be lost."""
    for key in loss.where:
        written = written.get(key) if isinstance(written, Mapping) else None
    among = written if isinstance(written, list) else []
    return any(same(loss.before, value) for value in (written, *among))


def _empty(value: Value) -> bool:
    return value is None or value is False or value in EMPTY_TEXTS or (isinstance(value, list | dict) and not value)


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    return repr(brief(value, SHOWN)) if isinstance(value, str) else brief(value, SHOWN)


def _key(kind: str, identity: Mapping[str, str]) -> str:
    return json.dumps([kind, identity], sort_keys=True)
