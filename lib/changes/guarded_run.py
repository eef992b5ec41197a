"""A run as the change engine knows it: with what its account keeps and says of who may write. No AWS of its own."""

from dataclasses import dataclass

from lib.changes.account import AccountGuards, EnvironmentLock
from lib.record.records import Run


@dataclass(frozen=True)
class GuardedRun(Run):
    """A run that may write, as far as its account lets it."""

    guards: AccountGuards
    lock: EnvironmentLock
