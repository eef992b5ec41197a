"""One live thing, as the change engine knows it: its value is read and written; the rest has an answer for most kinds.

What is special about a kind is declared in its class, and nowhere else. No AWS, no files.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar, Self

from lib.errors import RunbookError

Value = Any  # plain data: what JSON can hold; None where the thing does not exist
Place = tuple[str, ...]  # within a value: keys, from the outside in; () is the whole of it


@dataclass(frozen=True)
class Field:
    """What a plan must know of one place in the values of a kind before it replaces what stands there."""

    meant: bool = False  # the change is there to replace it
    longer_keeps: bool = False  # a time to keep something for: a longer one loses nothing, and 0 is for ever
    missing_means_all: bool = False  # a field that is missing takes everything, so that adding one takes something away
    # What lives on it and would break, and what to do instead: no refusal advises to let it go.
    lived_on: str = ""
    never: bool = False  # not even a number that somebody chose lets it go: production would stop


ORDINARY = Field()
# Nothing lets go what a mark stands for: no record holds it, so that no undo could bring it back.
A_PERSONS = "this may be a person's contact; set drill_user_id to an id that nobody has"


class Resource(ABC):
    """One live thing. What is abstract here, each kind tells; it declares the rest only where it is another."""

    stays: ClassVar[str] = ""  # what an undo leaves behind on purpose
    others_rely: ClassVar[bool] = False  # an undo restores it first; while it is not restored, the others must stay
    # Its write takes several calls: cut short, it leaves a value that is neither the one before nor the one after.
    in_parts: ClassVar[bool] = False
    # Several are read by one call: one call each would pass what AWS allows a second.
    together: ClassVar[bool] = False
    special: ClassVar[Mapping[Place, Field]] = {}

    @property
    @abstractmethod
    def kind(self) -> str:
        """What it is, in the operator's words; a record finds its class again by this."""

    @property
    @abstractmethod
    def identity(self) -> dict[str, str]:
        """What finds the thing again from a record."""

    @property
    def name(self) -> str:
        """What an operator calls it: kind and identity."""
        return f"{self.kind} {' / '.join(self.identity.values())}"

    @property
    @abstractmethod
    def noticed(self) -> str:
        """Who notices when it changes, and when."""

    @abstractmethod
    def read(self) -> Value:
        """Its value, or None. Read-only."""

    @classmethod
    def read_all(cls, things: Sequence[Self]) -> list[Value]:
        """The value of each of several of this kind, in their order. Read-only."""
        return [thing.read() for thing in things]

    @abstractmethod
    def write(self, value: Value) -> datetime | None:
        """Make it so; None removes it. Returns when AWS says that it was written, where it does."""

    def restorable(self, value: Value) -> Value:
        """A recorded value as it can be restored now, UNKNOWN where what is gone comes back another. Read-only."""
        return value

    def kept_because(self, wanted: Value = None) -> str:
        """Why making it so now would lose something, None being its removal; or "" when it may be. Read-only."""
        return ""

    def settle(self, restored: "Sequence[Resource]" = ()) -> None:  # noqa: B027 - most things have nothing to wait for
        """Wait until what an undo wrote is in force for everything that depends on it.

        `restored`: what the same undo gave back beside it.
        """


def read_each(things: Sequence[Resource]) -> list[Value]:
    """The value of each, in order; neighbours of a kind that is read together are. Read-only."""
    grouped = (list(group) for _, group in groupby(things, key=type))
    return [value for group in grouped for value in group[0].read_all(group)]


def read_ahead(things: Sequence[Resource]) -> dict[str, Value]:
    """By name, the values of what is read together; none where they cannot be: each is asked for itself then."""
    together = [thing for thing in things if thing.together]
    with suppress(RunbookError):
        return dict(zip((thing.name for thing in together), read_each(together), strict=True))
    return {}


Reopen = Callable[[str, dict[str, str]], Resource]  # from the kind and identity that a record holds
