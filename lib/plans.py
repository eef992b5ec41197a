"""What a plan is: plain frozen data, compared and fingerprinted. No AWS, no files, nothing is carried out here."""

import hashlib
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from lib.account import RunsOfAnAccount
from lib.exact_json import digest, dumps, in_order, require, texts
from lib.record import change_rows, formats
from lib.unknown import UNKNOWN as UNKNOWN
from lib.unknown import require_none_feigned

Value = Any  # plain data: what JSON can hold; None where the thing does not exist

# Kinds whose write takes several calls: cut short, it leaves a value that is neither the one before nor the one after.
IN_PARTS = ("subscription", "function permission", "log group")

UNDO = "undo-"  # before what the account keeps of an undo

# What became of a change of an undo, each followed by why.
KEPT, FAILED, NOT_TRIED = "kept: ", "failed: ", "not tried: "


@dataclass(frozen=True)
class Use:
    """Who used an approval, and when by AWS's clock."""

    run_id: str
    caller: str
    when: str

    @property
    def said(self) -> str:
        return f"run {self.run_id} of {self.caller} at {self.when}"


class AccountGuards(RunsOfAnAccount, Protocol):
    """What the account keeps of its guards, for every machine to see."""

    def used(self, approved: str) -> Use | None:
        """Which run used this approval; None where none did. Read-only."""

    def use(self, approved: str, run_id: str) -> None:
        """Keep that this run uses it. Raises Refused where another one did."""

    def approval_lifted(self) -> str:
        """Why the parameters lift what the account keeps of approval, or "". Read-only."""

    def wrote(self, run_id: str) -> frozenset[str]:
        """What this run began to write and to undo, each as `written` makes it. Read-only."""

    def keep_written(self, run_id: str, found: Iterable[str]) -> None:
        """Keep that this run begins to write these."""


class Resource(Protocol):
    """One live thing."""

    kind: ClassVar[str]
    stays: ClassVar[str]  # what an undo leaves behind on purpose, "" for nothing
    others_rely: ClassVar[bool]  # an undo restores it first; while it is not restored, the others must stay

    @property
    def identity(self) -> dict[str, str]:
        """What finds the thing again from a record."""

    @property
    def name(self) -> str:
        """What an operator calls it."""

    @property
    def noticed(self) -> str:
        """Who notices when it changes, and when."""

    def read(self) -> Value:
        """Its value, or None. Read-only."""

    def write(self, value: Value) -> datetime | None:
        """Make it so; None removes it. Returns when AWS says that it was written, where it does."""

    def restorable(self, value: Value) -> Value:
        """A recorded value as it can be restored now, UNKNOWN where what is gone comes back another. Read-only."""

    def exclusively(self, run_id: str) -> AbstractContextManager[Callable[[], None]]:
        """While it lasts, this run alone may write. What it gives raises Refused once that is no longer so."""

    @property
    def account_guards(self) -> AccountGuards:
        """What the account that it lies in keeps of its guards."""

    def kept_because(self) -> str:
        """Why removing it now would lose something, or "" when it can go. Read-only."""

    def settle(self) -> None:
        """Wait until what an undo wrote is in force for everything that depends on it."""


Reopen = Callable[[str, dict[str, str]], Resource]  # from the kind and identity that a record holds


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
    def action(self) -> str:
        """create, update, remove or none."""
        if same(self.before, self.after):
            return "none"
        if self.before is None:
            return "create"
        return "remove" if self.after is None else "update"

    @property
    def undo(self) -> str:
        """What rolling this change back would do."""
        if self.trouble:
            return f"CANNOT BE UNDONE NOW: {self.trouble}"
        if self.action == "none":
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
        return "" if self.action == "none" else self.resource.noticed

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
        return tuple(change for change in self.changes if change.action != "none")

    @property
    def fingerprint(self) -> str:
        """Ties an approval to exactly this: every resource's before and after."""
        return fingerprint([self])


@dataclass(frozen=True)
class Outcome:
    """What became of a plan: per change `planned`, `applied`, `nothing to do` or `kept: ` and why.

    `undoes`: the plan was an undo, `not_kept`: why the account does not keep that it ended its run's approval.
    `refusal`: why a plan that was only planned would be refused in apply mode.
    """

    plan: Plan
    states: tuple[str, ...]
    run_id: str
    undoes: bool = False
    refusal: str = ""
    not_kept: str = ""

    @property
    def applied(self) -> int:
        return self.states.count("applied")


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
        return [found for one, other, where in inside for found in differences(one, other, where)] or [path]
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [found for at, (one, other) in pairs for found in differences(one, other, f"{path}[{at}]")]
    return [path]


def half_done(kind: str, live: Value, before: Value, after: Value) -> bool:
    """Whether this may be what a write of ours left that was cut short: what no single call can have left.

    Of a value with fields, each is as before, as after, or empty: any other was written by somebody else.
    """
    if kind not in IN_PARTS or same(live, before) or same(live, after):
        return False
    if not all(one is None or isinstance(one, Mapping) for one in (live, before, after)):
        return True
    ours = [one or {} for one in (before, after)]
    held = dict(live or {})
    return all(not value or any(same(value, one.get(key)) for one in ours) for key, value in held.items())


def entry(phase: str, change: Change, state: str, undoes: bool = False) -> dict[str, Any]:
    """A change as a row of `changes.jsonl`, now. `state` says how far it has come.

    `laid` holds the text of what was before, where that was written otherwise than this would: an undo restores it.
    It is no part of a fingerprint, which is of the data.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    stood = texts(change.before)
    told = change.row() | ({"laid": stood} if stood else {})
    return change_rows.to_row(now, phase, state, undoes, change.temporary, told)


def written(row: Mapping[str, Any]) -> str:
    """32 hex digits over everything that a row says of a write and that its undo goes by; not over time and state.

    Of an undo, `undo-` in front, and only over what was put back, where: nothing restores what it found.
    """
    about = [row["kind"], row["name"], row["identity"], row["after"], bool(row.get("temporary"))]
    if row.get("undoes"):
        return f"{UNDO}{digest(about)}"
    return digest([*about, row.get(formats.KEY), row["phase"], row["before"], row.get("laid", {})])


def is_kept(row: Mapping[str, Any], wrote: Container[str]) -> bool:
    """Whether a row can be read, and the account keeps that its run `wrote` it; else it counts for nothing."""
    return not row["trouble"] and written(row) in wrote


def fingerprint(plans: Iterable[Plan], basis: Mapping[str, Any] | None = None) -> str:
    """`plan-` and 16 hex digits over every resource's before and after, and over what the plan was made from."""
    rows = [[plan.phase, change.row()] for plan in plans for change in plan.changes]
    text = dumps(in_order([rows, dict(basis or {})]))
    return f"plan-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
