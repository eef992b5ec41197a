"""What an undo is, from the rows of a run's record: pure comparison, apart from reading the things. Writes nothing."""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from lib.changes.plans import UNKNOWN, Change, Plan, half_done, same
from lib.changes.resource import Reopen, Resource, Value
from lib.errors import Refused, RunbookError
from lib.record.change_rows import NO_WRITE, UNFINISHED, Action, WriteState
from lib.values.exact_json import laid

PHASE = "90"
# What a value of another shape than its kind has comes to, wherever it is taken apart.
UNFIT = (LookupError, TypeError, ValueError, AttributeError)
# After these a thing may hold what a run wrote, whatever became of later writes to it: until an undo was carried out.
WROTE = (WriteState.APPLIED, WriteState.VERIFIED, WriteState.HALF_DONE)


@dataclass
class _Thing:
    """What a run did with one live thing: the row that first wrote to it, and every value it began to write."""

    first: Mapping[str, Any]
    hidden: bool  # before its first row there is one of it that nothing may be done by
    written: list[Value] = field(default_factory=list)
    # The rows of the writes, and of those of its undo, of which nobody knows how they ended.
    unfinished: list[Mapping[str, Any]] = field(default_factory=list)
    wrote: bool = False  # one of them was carried out, or there was something that an undo had to take back
    undone: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it is there to stay: neither undone, nor only for a while."""
        return not self.undone and not self.first.get("temporary")

    @property
    def is_left(self) -> bool:
        """Whether it may hold what the run wrote. That an undo was not carried out takes nothing back."""
        return not self.undone and (self.wrote or bool(self.unfinished))

    def goes_on(self, row: Mapping[str, Any]) -> None:
        """Take in its next row."""
        self.unfinished = _still_unfinished(self.unfinished, row)
        # An undo is begun only where there is something to take back.
        undo_begun = bool(row.get("undoes")) and row["state"] == WriteState.INTENDED
        self.wrote = self.wrote or undo_begun or row["state"] in WROTE


@dataclass(frozen=True)
class Unreadable(Resource):
    """What a record names and this version cannot make again: it is said, and never read or written."""

    of_kind: str
    called: str
    found_by: dict[str, str]
    noticed: ClassVar[str] = ""

    @property
    def kind(self) -> str:
        return self.of_kind

    @property
    def identity(self) -> dict[str, str]:
        return self.found_by

    @property
    def name(self) -> str:
        return self.called

    def read(self) -> Value:
        return UNKNOWN

    def write(self, value: Value) -> datetime | None:
        raise Refused(f"{self.name} is nothing that this version can write")

    def restorable(self, value: Value) -> Value:
        return UNKNOWN


class ReliedOn(Unreadable):
    """One on which others rely: it may run what carries their alerts, so that they stay."""

    others_rely: ClassVar[bool] = True


def plan(rows: Iterable[Mapping[str, Any]], reopen: Reopen) -> Plan:
    """The plan that returns everything a record names to its value before, last change first. Read-only.

    One thing that cannot be read, or a row of which this version knows nothing, is a change with `trouble`, and keeps
    no other from being undone.
    `rows` are those of `changes.jsonl`; `reopen(kind, identity)` makes the resource again.
    """
    every = list(rows)
    unread = [row for row in every if row.get("trouble")]
    doubted = {_key(row) for row in unread}
    things = _things(every)
    undone = [_undo(reopen, thing, _key(thing.first) in doubted) for thing in reversed(things)]
    once = {(_key(row), row["name"], row["trouble"]): row for row in unread}  # however many rows tell of it
    restored = {_key(thing.first) for thing in things}
    undone += [remark(row, row["trouble"], _relied_on(reopen, row, restored)) for row in once.values()]
    # Whatever order a run repaired things in: first what the others carry, since they must stay while it stands.
    undone.sort(key=lambda change: not change.resource.others_rely)
    # What was temporary is mentioned only where a crash left it behind.
    left = (change for change in undone if change.action != Action.NONE or change.trouble or not change.temporary)
    return Plan(PHASE, tuple(left))


def is_anything_left(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the run wrote anything that no undo took back since, or there is a row of which nobody can tell."""
    every = list(rows)
    return any(one.is_left for one in _things(every)) or any(row.get("trouble") for row in every)


def was_undone(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an undo took anything back that was there to stay."""
    undone = (row for row in rows if row.get("undoes") and row["state"] == WriteState.APPLIED)
    return any(not row.get("temporary") for row in undone)


def unfinished_writes(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of each thing the latest row of the latest write to it that is not known to have ended."""
    begun: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if not row.get("trouble"):
            begun[_key(row)] = _still_unfinished(begun.get(_key(row), []), row)
    return [writes[-1] for writes in begun.values() if writes]


def unfinished_writes_to(things: Iterable[Resource], rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of these things."""
    keys = {_key({"kind": one.kind, "identity": one.identity}) for one in things}
    return [row for row in unfinished_writes(rows) if _key(row) in keys]


def _still_unfinished(begun: list[Mapping[str, Any]], row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The latest row of each write to a thing that is not known to have ended, once this row is there as well.

    That a later write was not carried out does not tell how an earlier one ended which began with another value.
    """
    if row["state"] in NO_WRITE:
        return begun
    if row["state"] in UNFINISHED:
        again = bool(begun) and row["state"] != WriteState.INTENDED
        return [*(begun[:-1] if again else begun), row]
    if row["state"] == WriteState.NOT_APPLIED:
        return [one for one in begun[:-1] if not same(one["before"], row["before"])]
    return []


def _things(rows: Iterable[Mapping[str, Any]]) -> list[_Thing]:
    """In the order in which the run first wrote to them, or made them again after they had gone.

    What was written anew after an undo counts from there.
    """
    by_key: dict[str, _Thing] = {}
    unread = set[str]()
    for row in rows:
        key, undoes = _key(row), bool(row.get("undoes"))
        if row.get("trouble"):
            unread |= set() if undoes else {key}
            continue
        if row.get("temporary") and key in by_key and by_key[key].lasts:
            # What was so for a while within the run is ours as well, and no undo of what lasts.
            by_key[key].written.append(row["after"])
            by_key[key].goes_on(row)
            continue
        if row["state"] == WriteState.INTENDED and not undoes:
            if key not in by_key or by_key[key].undone:
                by_key.pop(key, None)
                by_key[key] = _Thing(row, hidden=key in unread)
            elif row["before"] is None:
                # Gone with what it stands on, which may be newer now, so its undo comes before that one's.
                by_key[key] = by_key.pop(key)
            by_key[key].written.append(row["after"])
        if key in by_key:
            by_key[key].goes_on(row)
            by_key[key].undone = by_key[key].undone or (undoes and row["state"] == WriteState.APPLIED)
    return list(by_key.values())


def _undo(reopen: Reopen, thing: _Thing, doubted: bool) -> Change:
    """`doubted`: the run has rows of this thing that cannot be read, so that another value may be its own."""
    if thing.hidden:
        why = "what it held before the run first wrote to it cannot be told"
        return remark(thing.first, why, _relied_on(reopen, thing.first))
    before, temporary = thing.first["before"], bool(thing.first.get("temporary"))
    resource: Resource = _unreadable(thing.first)
    try:
        before = laid(before, thing.first.get("laid", {}))
        resource = reopen(thing.first["kind"], thing.first["identity"])
        live, before = resource.read(), resource.restorable(before)
        doubt = resource.kept_because(before) if live is not None and not temporary else ""
        # Once it was undone, what the run wrote is there again only because somebody wrote it since.
        written = () if thing.undone else thing.written
        ours = temporary or any(same(live, value) for value in (before, *written))
        cut = any(half_done(resource, live, one["before"], one["after"]) for one in thing.unfinished)
        if doubted and not (ours or cut):
            return Change(resource, live, before, temporary=temporary, trouble="whose value it holds cannot be told")
        return Change(resource, live, before, doubt, not (ours or cut), temporary)
    except RunbookError as error:
        return Change(resource, UNKNOWN, before, temporary=temporary, trouble=str(error))
    except UNFIT as error:
        return remark(thing.first, f"the record tells of it what this version cannot use ({type(error).__name__})")


def remark(row: Mapping[str, Any], trouble: str, relied_on: bool = False) -> Change:
    """What nobody can undo, as a change that is only said; while others rely on it, they stay."""
    return Change(_unreadable(row, relied_on), UNKNOWN, None, temporary=bool(row.get("temporary")), trouble=trouble)


def _relied_on(reopen: Reopen, row: Mapping[str, Any], restored: Container[str] = ()) -> bool:
    """Whether others rely on what a row is about, which nothing else restores: it may run what carries their alerts."""
    try:
        relied_on = reopen(row["kind"], row["identity"]).others_rely
    except (RunbookError, *UNFIT):
        return False
    return relied_on and not row.get("undoes") and _key(row) not in restored


def _unreadable(row: Mapping[str, Any], relied_on: bool = False) -> Unreadable:
    made = ReliedOn if relied_on else Unreadable
    return made(row["kind"], row["name"], dict(row["identity"]))


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps([row["kind"], row["identity"]], sort_keys=True)
