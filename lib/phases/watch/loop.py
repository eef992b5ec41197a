"""The watch itself: checkpoint after checkpoint until its time is over, whatever sleeps, breaks off or does not answer.

It never claims to have watched when it did not: a gap is a row of its own, and the checkpoint after it asks of all the
time that nobody looked. Two clocks tell a machine that slept from one that was only late: the wall's goes on meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lib.errors import BadParameters, NotAsWanted, RunbookError
from lib.phases.watch import breaks, checkpoint_journal
from lib.phases.watch.breaks import Break, Kind, News, Row
from lib.phases.watch.checkpoint import UNEXPECTED, Checkpoint
from lib.phases.watch.checkpoint_journal import End, Journal
from lib.phases.watch.pace import Pace, in_words, stamp
from lib.wait import FOR_EVER, Patience, Sleep, until

# No longer is slept at a time: a laptop that wakes up goes on within this, since sleep itself stops while it is shut.
NAP_SECONDS = 20.0
NAPS = 60  # an interval, at least: a checkpoint is then late by a sixtieth of it at the most
LEAP = timedelta(seconds=5)  # between the two clocks, from which on it is said: time servers set one by less
SLEPT = "this machine slept, or its clock was set forward"
BUSY = "the checkpoint before took longer than the interval, or this machine was busy"
PUT_BACK = "the watch's own rows lie ahead: while nothing ran, the clock was put back, or this is another machine's"
LEFT_NO_WORD = "nothing ran: the watch was killed, or its machine went down"

Read = Callable[[Sequence[Row], Callable[[], datetime], Callable[[], float]], Checkpoint]
Tell = Callable[[Break, News], str]


@dataclass(frozen=True)
class Clocks:
    """What time it is (UTC), how long this machine has run (seconds), and how time passes."""

    now: Callable[[], datetime]
    steady: Callable[[], float]
    sleep: Sleep


@dataclass(frozen=True)
class Shown:
    """Who sees how the watch goes: each row when it is added, and how long until the next checkpoint."""

    row: Callable[[Row], None]
    waiting: Callable[[datetime, datetime, Sequence[Row]], None]


@dataclass
class Watch:
    """One command's part of a watch. `read` and `tell` reach the account, nothing else here does."""

    journal: Journal
    read: Read
    tell: Tell
    clocks: Clocks
    shown: Shown

    def run(self, begun: Pace, **about: Any) -> list[Row]:  # noqa: ANN401 - what the first row says besides
        """Watch until the time is over; returns the rows of the whole watch.

        One that stopped is gone on with, from where it began. Raises BadParameters where a checkpoint takes longer
        than the interval, and KeyboardInterrupt where somebody stops it; the last row says so.
        """
        pace = self._open(begun, about)
        try:
            self._watch(pace)
        except KeyboardInterrupt:
            self._add(Kind.ENDED, why=str(End.STOPPED))
            raise
        self._add(Kind.ENDED, why=str(End.WHOLE))
        return self.journal.rows

    def _open(self, begun: Pace, about: dict[str, Any]) -> Pace:
        seconds = {"for_seconds": begun.length.total_seconds(), "every_seconds": begun.every.total_seconds()}
        if not self.journal.rows:
            self._add(Kind.BEGUN, **seconds, **about)
        else:
            self._add(Kind.RESUMED, **seconds, **{key: about[key] for key in about if key != "since"})
        return checkpoint_journal.pace_of(self.journal.rows)

    def _watch(self, pace: Pace) -> None:
        last, since, first = checkpoint_journal.last_checkpoint(self.journal.rows), self._moments(), True
        put_back = self._put_back(since[0])
        while True:
            due = pace.begun if last is None else pace.due_after(last)
            # By rows that lie ahead nobody would look for as long as they do.
            due = since[0] if first and put_back else due
            self._wait(due, pace.every)
            leap = self._leap(since)
            # Of a restart, it is said how the watch ended before; later, what the two clocks tell.
            why, since = self._before() if first else leap or BUSY, self._moments()
            self._tell_of_gap(pace, due, since[0], why)
            # One after a gap takes longer than most, and the first looks back to the change as well.
            last, first = self._checkpoint(pace, measured=last is None), False
            if last >= pace.until or due >= pace.until:
                return

    def _put_back(self, now: datetime) -> bool:
        """Whether the rows of a watch that is gone on with lie ahead; then a row says so, and for how long nobody
        looked cannot be told."""
        ahead = checkpoint_journal.lies_ahead(self.journal.rows[:-1], now)  # before what this command added
        if ahead > LEAP:
            self._add(Kind.CLOCK, back_seconds=round(ahead.total_seconds()), why=PUT_BACK)
        return ahead > LEAP

    def _before(self) -> str:
        """What kept this watch from going on before this command did."""
        ends = [row for row in self.journal.rows[:-1] if row["row"] in (Kind.ENDED, Kind.CHECKPOINT)]
        return str(ends[-1]["why"]) if ends and ends[-1]["row"] == Kind.ENDED else LEFT_NO_WORD

    def _moments(self) -> tuple[datetime, float]:
        return self.clocks.now(), self.clocks.steady()

    def _wait(self, due: datetime, every: timedelta) -> None:
        """Until it is time by either clock: the wall's may have been set back."""
        wall, steady = self._moments()
        left = (due - wall).total_seconds()

        def look() -> datetime:
            now = self.clocks.now()
            self.shown.waiting(now, due, self.journal.rows)
            return now

        def is_time(now: datetime) -> bool:
            return now >= due or self.clocks.steady() - steady >= left

        pause = min(NAP_SECONDS, every.total_seconds() / NAPS)
        until(look, is_time, Patience(FOR_EVER, pause, self.clocks.sleep, self.clocks.steady))

    def _leap(self, since: tuple[datetime, float]) -> str:
        """What is said where the wall's clock leapt ahead since then, "" where it did not. One set back has a row."""
        now, steady = self._moments()
        passed, ran = now - since[0], timedelta(seconds=steady - since[1])
        if ran > passed + LEAP:
            self._add(Kind.CLOCK, back_seconds=round((ran - passed).total_seconds()))
        return f"{SLEPT}: {in_words(passed)} passed, of which it ran {in_words(ran)}" if passed > ran + LEAP else ""

    def _tell_of_gap(self, pace: Pace, due: datetime, now: datetime, why: str) -> None:
        if missed := pace.missed(due, now):
            self._add(Kind.GAP, **{"from": stamp(due), "to": stamp(now)}, missed=missed, why=why)

    def _checkpoint(self, pace: Pace, measured: bool) -> datetime:
        """Read, add, tell. The first of a watch is `measured` against the interval."""
        made = self.read(self.journal.rows, self.clocks.now, self.clocks.steady)
        self.shown.row(self.journal.add_checkpoint(made))
        for one in breaks.every_break(self.journal.rows):
            if one.untold:
                self._tell_operations(one, one.untold)
        if measured and made.seconds >= pace.every.total_seconds():
            self._add(Kind.ENDED, why=str(End.TOO_SLOW))
            said = (
                f"a checkpoint takes {made.seconds:.0f} s, and --every {in_words(pace.every)} asks for one more often; "
                "expected an interval that is longer, such as 15m"
            )
            # What broke meanwhile was told already, and is no matter of the interval.
            raise NotAsWanted(said) if breaks.every_break(self.journal.rows) else BadParameters(said)
        return made.begun

    def _tell_operations(self, one: Break, which: News) -> None:
        about = {"key": one.key, "criterion": one.name, "since": one.since, "news": str(which)}
        message, said = "", ""
        try:
            message = self.tell(one, which)
        except RunbookError as error:
            said = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - the watch goes on, and tells it again
            said = f"{type(error).__name__}: {UNEXPECTED}"
        self._add(Kind.ALERT, **about, published=not said, message=message, error=said)

    def _add(self, kind: Kind, **more: Any) -> None:  # noqa: ANN401
        self.shown.row(self.journal.add(kind, self.clocks.now(), **more))
