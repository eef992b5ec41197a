"""What an account tells whoever would write to it: who calls, and of each run how it was begun and undone. No AWS.

Whoever may write to a run's folder can put there a plan that no command ever began, or the run's own files of before it
was rolled back. What the account keeps of the run is not in that folder.
"""

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
