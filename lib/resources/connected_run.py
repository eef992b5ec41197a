"""A run that is connected to its account: all that a phase goes by. Writes nothing."""

from dataclasses import dataclass

from lib.aws import Live
from lib.changes.guarded_run import GuardedRun
from lib.errors import RunbookError
from lib.record import records
from lib.record.records import Record
from lib.resources import run_lock
from lib.resources.account_guards import AccountGuards


@dataclass(frozen=True)
class ConnectedRun(GuardedRun):
    """A run with the connection by which everything of it is read and written."""

    live: Live

    def may_close(self) -> bool:
        """Whether the record can be closed: nobody of another machine may still write to it.

        What this machine does, the system tells. Of another one that had it open when this one opened it, the lock
        does: one that was killed lets it lapse. Where nobody can tell, it stays open.
        """
        if self.record.store is None or not records.taken_over(self.record):
            return True
        try:
            held = run_lock.read_lock(self.live)
        except RunbookError:
            return False
        return held is None or held.run_id != self.record.run_id or bool(held.stale)


def of(live: Live, record: Record) -> ConnectedRun:
    """The run of this record, by the parameters of its connection, under the lock and the guards of that account."""
    return ConnectedRun(live.settings, record, AccountGuards(live), run_lock.of(live), live)
