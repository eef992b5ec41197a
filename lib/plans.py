"""What a plan is: plain frozen data, compared and fingerprinted. No AWS, no files, nothing is carried out here."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

Value = Any  # plain data: what JSON can hold; None where the thing does not exist

# Stands in a live value where AWS cannot be asked yet; planned around, never taken for agreement.
UNKNOWN = "(not readable yet)"


class Resource(Protocol):
    """One live thing."""

    kind: ClassVar[str]
    stays: ClassVar[str]  # what an undo leaves behind on purpose, "" for nothing

    @property
    def identity(self) -> dict[str, str]:
        """What finds the thing again from a record."""

    @property
    def name(self) -> str:
        """What an operator calls it."""

    def read(self) -> Value:
        """Its value, or None. Read-only."""

    def write(self, value: Value) -> None:
        """Make it so; None removes it."""

    def kept_because(self) -> str:
        """Why removing it now would lose something, or "" when it can go. Read-only."""

    def settle(self) -> None:
        """Wait until what an undo wrote is in force for everything that depends on it."""


@dataclass(frozen=True)
class Wanted:
    """A live thing and the value it should have."""

    resource: Resource
    value: Value


@dataclass(frozen=True)
class Change:
    """What would be done to one thing.

    `temporary`: it is there only while something listens, so an undo keeps it for no reason. Of an undo, `doubt` says
    why it would be left, as things stand when it is planned, and `foreign` that its value is neither the recorded one
    nor the one that the run wrote.
    """

    resource: Resource
    before: Value
    after: Value
    doubt: str = ""
    foreign: bool = False
    temporary: bool = False

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
        if self.action == "none":
            return ""
        if self.foreign:
            return "SOMEBODY ELSE CHANGED THIS SINCE THE RUN: their value would be lost"
        if self.doubt:
            return f"kept if still so: {self.doubt}"
        back = "remove, unless in use by then" if self.before is None else "restore the value before"
        return f"{back}; {self.resource.stays}" if self.resource.stays else back

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

    `undoes`: the plan was an undo.
    """

    plan: Plan
    states: tuple[str, ...]
    run_id: str
    undoes: bool = False

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
    # Python takes True for 1; AWS does not.
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def fingerprint(plans: Iterable[Plan]) -> str:
    """`plan-` and 16 hex digits over every resource's before and after."""
    rows = [[plan.phase, change.row()] for plan in plans for change in plan.changes]
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False, default=str)
    return f"plan-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
