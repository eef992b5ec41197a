"""The rows of a watch in the record of its run: only ever added to, each on disk when it is said, sealed as it goes.

A store that does not answer ends no watch: the row is on this machine, and reaches the store with the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lib.errors import Altered, RunbookError, Superseded
from lib.phases.watch import checkpoint_rows
from lib.phases.watch.breaks import Kind, Row
from lib.phases.watch.checkpoint import Asked, Checkpoint, Counts
from lib.phases.watch.checkpoint_rows import LOG
from lib.phases.watch.pace import Pace
from lib.record import sealing
from lib.record.records import Record
from lib.values import contacts


class End(StrEnum):
    """How a watch, or this command's part of one, came to its end."""

    WHOLE = "the time is over"
    STOPPED = "stopped by hand"  # it can be gone on with
    TOO_SLOW = "a checkpoint takes longer than the interval"


def latest_watch(rows: Sequence[Row]) -> list[Row]:
    """The rows of the newest watch of a run: those from its beginning on."""
    begun = [at for at, row in enumerate(rows) if row["row"] == Kind.BEGUN]
    return list(rows[begun[-1] :]) if begun else []


def _is_over(rows: Sequence[Row]) -> bool:
    """Whether a watch came to the end of its time; one that stopped, or was killed, can be gone on with."""
    return any(row["row"] == Kind.ENDED and row["why"] == End.WHOLE for row in rows)


def pace_of(rows: Sequence[Row]) -> Pace:
    """The pace of a watch: from its beginning, and as the command says that went on with it last."""
    said = [row for row in rows if row["row"] in (Kind.BEGUN, Kind.RESUMED)][-1]
    lengths = (timedelta(seconds=said[key]) for key in ("for_seconds", "every_seconds"))
    return Pace(datetime.fromisoformat(rows[0]["time"]), *lengths)


def last_checkpoint(rows: Sequence[Row]) -> datetime | None:
    """When the newest checkpoint began; None where there is none yet."""
    return next((datetime.fromisoformat(row["time"]) for row in reversed(rows) if row["row"] == Kind.CHECKPOINT), None)


def lies_ahead(rows: Sequence[Row], now: datetime) -> timedelta:
    """How far the newest of these rows, the newest checkpoint or, without one, the beginning lies ahead of now.

    Nothing of them does unless the clock was put back while nothing ran.
    """
    times = _times(rows)
    return max(times[-1], last_checkpoint(rows) or times[0]) - now if times else timedelta()


def covered_until(rows: Sequence[Row], asked: Asked, now: datetime) -> datetime:
    """Until when a question was last answered: from there on, the next checkpoint asks it.

    An answer of a time that is still to come was made by a clock that was wrong, of what AWS could not have yet. Where
    all are, it is asked of as long as the watch has gone on by its own rows, and one interval more.
    """
    known = [datetime.fromisoformat(one["until"]) for one in _answered(rows, asked) if not one["error"]]
    past = [moment for moment in (*known, datetime.fromisoformat(rows[0]["since"])) if moment < now]
    if past:
        return past[0]
    times = _times(rows)
    right = min((moment for moment in times if moment < now), default=now)  # from when on the clock was not ahead
    return right - (max(times) - times[0]) - pace_of(rows).every


def _times(rows: Sequence[Row]) -> list[datetime]:
    """When each row was written, but for those that cannot be read."""
    return [datetime.fromisoformat(row["time"]) for row in rows if row["row"] != Kind.UNREADABLE]


def earlier_counts(rows: Sequence[Row], asked: Asked) -> list[Counts]:
    """What each checkpoint of a watch counted for this question, oldest first; those that could not be read, not."""
    return [answered["counts"] for answered in reversed(_answered(rows, asked)) if not answered["error"]]


def _answered(rows: Sequence[Row], asked: Asked) -> list[Row]:
    """This question's answers, newest first."""
    checkpoints = [row for row in reversed(rows) if row["row"] == Kind.CHECKPOINT]
    return [answered for row in checkpoints for answered in row["answers"] if answered["asked"] == asked]


@dataclass
class Journal:
    """The rows of one watch, as the record holds them and as far as it could not be written yet.

    `complain` hears of what did not reach the record, or its store. `waiting` are those that are not on disk yet.
    """

    record: Record
    complain: Callable[[RunbookError], None]
    rows: list[Row] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, record: Record, complain: Callable[[RunbookError], None]) -> "Journal":
        """The journal of a run's newest watch that is not over; an empty one where there is none."""
        rows = latest_watch(checkpoint_rows.of_record(record))
        return cls(record, complain, [] if _is_over(rows) else rows)

    def add(self, kind: Kind, moment: datetime, **more: Any) -> Row:  # noqa: ANN401 - plain data
        """Add a row, and say so where it could not be written: it is then tried again with the next one."""
        row = {"row": str(kind), "time": moment.isoformat(timespec="seconds"), **more}
        row = dict(contacts.mask_data(row))
        self.rows.append(row)
        self.waiting.append(row)
        self._write()
        return row

    def add_checkpoint(self, made: Checkpoint) -> Row:
        """Add a checkpoint, and seal what the record holds by now: of a killed watch little is unsealed."""
        data = made.to_row()
        row = self.add(Kind.CHECKPOINT, made.begun, **{key: data[key] for key in ("seconds", "answers")})
        self._tried(lambda: sealing.seal(self.record, closing=False))
        return row

    def _write(self) -> None:
        before = len(self.record.rows(LOG))
        # Where the store alone did not take them, they are on disk, and reach it with the next ones. A disk that is
        # full has taken some of them, or none.
        written = self._tried(lambda: self.record.append_all(LOG, self.waiting))
        gained = len(self.record.rows(LOG)) - before
        self.waiting = [] if written else self.waiting[max(0, gained) :]

    def _tried(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except (Altered, Superseded):  # somebody else's record by now: nothing more may be added to it
            raise
        except RunbookError as error:
            self.complain(error)
            return False
        return True
