"""What every live thing shares: a readable error around each read and write, and a name. No calls of its own."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.changes.resource import Resource
from lib.errors import NotAsWanted
from lib.values import contacts
from lib.values.foreign.aws_codes import GONE

# What Python raises of a value that somebody else made, and that is of another shape than ours.
ODD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class LiveThing(Resource):
    """Base of the kinds: a subclass has `kind`, `noticed`, its own fields as identity, `_read` and `_write`."""

    live: Live

    @property
    def identity(self) -> dict[str, str]:
        """The fields that find the thing again."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "live"}

    def read(self) -> Any:  # noqa: ANN401 - plain data
        """Its value as plain data, or None where it does not exist. Read-only."""
        with readable(f"reading {self.name}", masked=self.live.settings.masked), self._understood():
            return self._read()

    def write(self, value: Any) -> datetime | None:  # noqa: ANN401
        """Make it so; None removes it, also where it is gone. Each call is made once. Returns when, as AWS says.

        Raises Throttled where AWS asked to wait, Unanswered where nobody knows whether it was carried out.
        """
        with readable(f"writing {self.name}", writing=True, masked=self.live.settings.masked), self._understood():
            with absent_is_none(*(GONE if value is None else ())):
                return replace(self, live=self.live.once())._write(value)
            return None

    def restorable(self, value: Any) -> Any:  # noqa: ANN401
        """A recorded value as it can be restored now. Read-only; of most things, that value."""
        with readable(f"reading what {self.name} was"), self._understood():
            return value if value is None else self._restorable(value)

    def kept_because(self, wanted: Any = None) -> str:  # noqa: ANN401
        """Why making it so now would lose something, None being its removal; or "". Read-only."""
        with readable(f"reading what holds {self.name}"), self._understood():
            return self._kept_because() if wanted is None else self._not_so_because(wanted)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What cannot be understood is a sentence about this one thing, so that an undo goes on with the next."""
        try:
            yield
        except ODD as error:
            said = contacts.mask_text(f"{type(error).__name__}: {error}")
            raise NotAsWanted(
                f"{self.name} holds what this version cannot read ({said}); expected what AWS documents of it. Look at "
                "it by hand"
            ) from error

    def _kept_because(self) -> str:
        return ""

    def _not_so_because(self, wanted: Any) -> str:  # noqa: ANN401
        """Why this value in the place of the live one would lose something, or ""."""
        return ""

    def _restorable(self, value: Any) -> Any:  # noqa: ANN401
        return value

    @abstractmethod
    def _read(self) -> Any:  # noqa: ANN401
        """The value, in botocore's errors."""

    @abstractmethod
    def _write(self, value: Any) -> datetime | None:  # noqa: ANN401
        """Make it so, in botocore's errors."""
