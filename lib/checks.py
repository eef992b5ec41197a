"""Answers: what was checked, what was found, whether the run may go on. No AWS."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import NotAsWanted


@dataclass(frozen=True)
class Check:
    """One answer, with what was found and expected. Only `passed` is a pass.

    `status`: `passed`; `failed`; `waiting` for a person; `cannot tell` from what there is; `not exercised here`, where
    only AWS can answer; or `not applied`, in plan mode.
    """

    name: str
    status: str
    found: str
    expected: str

    def to_row(self) -> dict[str, Any]:
        """The answer as a record holds it."""
        return {"name": self.name, "status": self.status, "found": self.found, "expected": self.expected}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Check":
        """The answer that a record holds, whatever else stands beside it. Raises NotAsWanted for what is none."""
        try:
            return cls(*(str(row[key]) for key in ("name", "status", "found", "expected")))
        except (KeyError, TypeError) as error:
            raise NotAsWanted(f"the record holds {brief(row)}, which is no answer to a check") from error


def brief(value: Any, most: int = 160) -> str:  # noqa: ANN401
    """A value in one line for a table; a long one is cut with its size."""
    if value is None:
        return "does not exist"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=_kind)
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 20]}... ({len(text):,} characters)"


def _kind(value: Any) -> str:  # noqa: ANN401
    """What no record could hold is named, not put into words that look like a value."""
    return f"({type(value).__name__})"


def require(checks: Iterable[Check]) -> None:
    """Stop the phase when a check failed. Raises NotAsWanted naming each, with what was found."""
    failed = [
        f"{check.name}: found {check.found}, expected {check.expected}" for check in checks if check.status == "failed"
    ]
    if failed:
        raise NotAsWanted(f"{len(failed)} of the checks failed: {'; '.join(failed)}")
