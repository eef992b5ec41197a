"""What a plan is: plain frozen data, compared and fingerprinted. No AWS, no files, nothing is carried out here."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.changes.resource import Resource
from lib.changes.resource import Value as Value
from lib.changes.unknown_values import UNKNOWN as UNKNOWN
from lib.changes.unknown_values import require_none_feigned
from lib.record import change_rows, formats
from lib.record.change_rows import Action, WriteState
from lib.values.exact_json import digest, dumps, in_order, require, texts

UNDO = "undo-"  # before what the account keeps of an undo


@dataclass(frozen=True)
class Wanted:
    """A live thing and the value it should have."""

    resource: Resource
    value: Value


@dataclass(frozen=True)
class Change:
    """What would be done to one thing.

    `temporary`: it is there only while something listens, so an undo keeps it for no reason. Of an undo, `doubt` says
    why it would be left, as things stand when it is planned, `foreign` that its value is neither the recorded one nor
    one that the run wrote, and `trouble` why its value could not be read.

    There is none of a value that the record cannot hold exactly, so none is ever written: Refused, naming the thing.
    """

    resource: Resource
    before: Value
    after: Value
    doubt: str = ""
    foreign: bool = False
    temporary: bool = False
    trouble: str = ""

    def __post_init__(self) -> None:
        require(self.before, f"{self.resource.name}, as it is")
        require_none_feigned(self.before, self.resource.name)
        require(self.after, f"{self.resource.name}, as it would be")

    @property
    def action(self) -> Action:
        """What writing it would do."""
        if same(self.before, self.after):
            return Action.NONE
        if self.before is None:
            return Action.CREATE
        return Action.REMOVE if self.after is None else Action.UPDATE

    @property
    def undo(self) -> str:
        """What rolling this change back would do."""
        if self.trouble:
            return f"CANNOT BE UNDONE NOW: {self.trouble}"
        if self.action == Action.NONE:
            return ""
        if self.foreign:
            return "SOMEBODY ELSE CHANGED THIS SINCE THE RUN: their value would be lost"
        if self.doubt:
            return f"kept if still so: {self.doubt}"
        back = "remove, unless in use by then" if self.before is None else "restore the value before"
        return f"{back}; {self.resource.stays}" if self.resource.stays else back

    @property
    def noticed(self) -> str:
        """Who would notice; nobody has to be named where nothing changes."""
        return "" if self.action == Action.NONE else self.resource.noticed

    def row(self) -> dict[str, Any]:
        """The change as plain data, for the record and the fingerprint."""
        return {
            "kind": self.resource.kind,
            "name": self.resource.name,
            "identity": self.resource.identity,
            "action": self.action,
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True)
class Plan:
    """The changes of one phase, in the order in which they are applied."""

    phase: str
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        """Those that would write."""
        return tuple(change for change in self.changes if change.action != Action.NONE)

    @property
    def fingerprint(self) -> str:
        """Ties an approval to exactly this: every resource's before and after."""
        return fingerprint([self])


@dataclass(frozen=True)
class Result:
    """What became of one change: planned, nothing to do, applied; or kept, failed, not tried, and `why`."""

    change: Change
    state: WriteState
    why: str = ""

    @property
    def said(self) -> str:
        """`kept: it holds 3 messages`"""
        return f"{self.state}: {self.why}" if self.why else str(self.state)


@dataclass(frozen=True)
class Outcome:
    """What became of each change of a plan, in its order.

    `undoes`: the plan was an undo, `not_kept`: why the account does not keep that it ended its run's approval.
    `refusal`: why a plan that was only planned would be refused in apply mode.
    """

    phase: str
    results: tuple[Result, ...]
    run_id: str
    undoes: bool = False
    refusal: str = ""
    not_kept: str = ""

    @property
    def states(self) -> tuple[WriteState, ...]:
        return tuple(result.state for result in self.results)

    @property
    def applied(self) -> int:
        return self.states.count(WriteState.APPLIED)


def same(left: Value, right: Value) -> bool:
    """Equal as data, leaving out what cannot be read yet."""
    if UNKNOWN in (left, right):
        return True
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    # Python takes True for 1 and 1 for 1.0; AWS does not, and tells 3.0e2 from 300 in an event's pattern.
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return bool(left == right) and (not numbers or repr(left) == repr(right))


def differences(left: Value, right: Value, path: str = "") -> list[str]:
    """Where two values differ, as dotted paths; "" for the whole of a plain one."""
    if same(left, right):
        return []
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        keys = sorted({*left, *right}, key=str)
        inside = [(left.get(key), right.get(key), f"{path}.{key}".lstrip(".")) for key in keys]
        return [place for one, other, where in inside for place in differences(one, other, where)] or [path]
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [place for at, (one, other) in pairs for place in differences(one, other, f"{path}[{at}]")]
    return [path]


def half_done(resource: Resource, live: Value, before: Value, after: Value) -> bool:
    """Whether this may be what a write of ours left that was cut short: what no single call can have left.

    Of a value with fields, each is as before, as after, or empty: any other was written by somebody else.
    """
    if not resource.in_parts or same(live, before) or same(live, after):
        return False
    if not all(one is None or isinstance(one, Mapping) for one in (live, before, after)):
        return True
    ours = [one or {} for one in (before, after)]
    held = dict(live or {})
    return all(not value or any(same(value, one.get(key)) for one in ours) for key, value in held.items())


def entry(phase: str, change: Change, state: WriteState, undoes: bool = False) -> dict[str, Any]:
    """A change as a row of `changes.jsonl`, now. `state` says how far it has come.

    `laid` holds the text of what was before, where that was written otherwise than this would: an undo restores it.
    It is no part of a fingerprint, which is of the data.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    stood = texts(change.before)
    fields = change.row() | ({"laid": stood} if stood else {})
    return change_rows.to_row(now, phase, state, undoes, change.temporary, fields)


def row_digest(row: Mapping[str, Any]) -> str:
    """32 hex digits over everything that a row says of a write and that its undo goes by; not over time and state.

    Of an undo, `undo-` in front, and only over what was put back, where: nothing restores what it found.
    """
    about = [row["kind"], row["name"], row["identity"], row["after"], bool(row.get("temporary"))]
    if row.get("undoes"):
        return f"{UNDO}{digest(about)}"
    return digest([*about, row.get(formats.KEY), row["phase"], row["before"], row.get("laid", {})])


def is_kept(row: Mapping[str, Any], wrote: Container[str]) -> bool:
    """Whether a row can be read, and the account keeps that its run `wrote` it; else it counts for nothing."""
    return not row["trouble"] and row_digest(row) in wrote


def fingerprint(plans: Iterable[Plan], basis: Mapping[str, Any] | None = None) -> str:
    """`plan-` and 16 hex digits over every resource's before and after, and over what the plan was made from."""
    rows = [[plan.phase, change.row()] for plan in plans for change in plan.changes]
    text = dumps(in_order([rows, dict(basis or {})]))
    return f"plan-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
