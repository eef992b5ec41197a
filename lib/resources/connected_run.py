"""A run that is connected to its account: all that a phase goes by. Writes nothing."""

from dataclasses import dataclass

from lib.aws import Live
from lib.changes.guarded_run import GuardedRun
from lib.record.records import Record
from lib.resources import run_lock
from lib.resources.account_guards import AccountGuards


@dataclass(frozen=True)
class ConnectedRun(GuardedRun):
    """A run with the connection by which everything of it is read and written."""

    live: Live


def of(live: Live, record: Record) -> ConnectedRun:
    """The run of this record, by the parameters of its connection, under the lock and the guards of that account."""
    return ConnectedRun(live.settings, record, AccountGuards(live), run_lock.of(live), live)
