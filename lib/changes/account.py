"""What an account tells whoever would write to it: who calls, and of each run how it was begun and undone. No AWS.

Whoever may write to a run's folder can put there a plan that no command ever began, or the run's own files of before it
was rolled back. What the account keeps of the run is not in that folder.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class RunsOfAnAccount(Protocol):
    """The account's own word, for every machine to see. What is kept is kept once, and never replaced."""

    @property
    def caller(self) -> str:
        """Who calls this account, as AWS says."""

    def begun(self, run_id: str) -> frozenset[str]:
        """The digest of each plan that a command began this run with. Read-only."""

    def keep_begun(self, run_id: str, plan: str) -> None:
        """Keep that a command begins this run with the plan of this digest."""

    def undone(self, run_id: str, plan: str) -> str:
        """By whom and when this run was undone that was begun with this plan, "" where nobody did. Read-only."""

    def keep_undone(self, run_id: str) -> None:
        """Keep that this run is undone, whatever it was begun with so far."""


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

    def keep_written(self, run_id: str, digests: Iterable[str]) -> None:
        """Keep that this run begins to write these."""


class EnvironmentLock(Protocol):
    """What lets one run at a time write."""

    def __call__(self, run_id: str) -> AbstractContextManager[Callable[[], None]]:
        """While it lasts, this run alone may write. What it gives raises Superseded once that is no longer so."""
