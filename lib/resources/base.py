"""What every live thing shares: a readable error around each read and write, and a name. No calls of its own."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from lib.aws import Live, readable


@dataclass(frozen=True)
class LiveThing(ABC):
    """Base of the resources: a subclass has `kind`, its own fields as identity, `_read` and `_write`."""

    live: Live
    kind: ClassVar[str] = ""
    stays: ClassVar[str] = ""

    @property
    def identity(self) -> dict[str, str]:
        """The fields that find the thing again."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "live"}

    @property
    def name(self) -> str:
        """Kind and fields, for a table."""
        return f"{self.kind} {' / '.join(self.identity.values())}"

    def read(self) -> Any:  # noqa: ANN401 - plain data
        """Its value as plain data, or None where it does not exist. Read-only."""
        with readable(f"reading {self.name}"):
            return self._read()

    def write(self, value: Any) -> None:  # noqa: ANN401
        """Make it so; None removes it."""
        with readable(f"writing {self.name}"):
            self._write(value)

    def kept_because(self) -> str:
        """Why removing it now would lose something, or "". Read-only."""
        with readable(f"reading what holds {self.name}"):
            return self._kept_because()

    def _kept_because(self) -> str:
        return ""

    def settle(self) -> None:  # noqa: B027 - optional: most things have nothing to wait for
        """Nothing depends on this thing, so there is nothing to wait for."""

    @abstractmethod
    def _read(self) -> Any:  # noqa: ANN401
        """The value, in botocore's errors."""

    @abstractmethod
    def _write(self, value: Any) -> None:  # noqa: ANN401
        """Make it so, in botocore's errors."""
