"""A watch by simulated time: two clocks that only sleep moves, an account that answers as it is told to. No AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes import World
from machines import connected

from lib.aws import Live
from lib.checks import Check, Status
from lib.errors import RunbookError, Unreachable
from lib.phases.watch import checkpoint_journal
from lib.phases.watch.breaks import Break, News
from lib.phases.watch.checkpoint import Asked, Question, Reading, Span
from lib.phases.watch.checkpoint_journal import Journal
from lib.phases.watch.loop import Clocks, Shown, Watch
from lib.phases.watch.pace import Pace
from lib.phases.watch.reader import Reader
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, load
from lib.values.check_registry import Id

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
WATCHED = (Asked.FAILURES, Asked.ALARMS)


@dataclass
class Time:
    """The wall's clock and that of this machine. `at` holds what happens at a moment of the wall, once."""

    wall: datetime = START
    ran: float = 0.0
    at: dict[datetime, Callable[["Time"], None]] = field(default_factory=dict)

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.ran, self.pass_by)

    def pass_by(self, seconds: float) -> None:
        """Let both clocks go on, and what is due meanwhile happen."""
        self.wall += timedelta(seconds=seconds)
        self.ran += seconds
        for moment in sorted(one for one in self.at if one <= self.wall):
            self.at.pop(moment)(self)

    def suspend(self, length: timedelta) -> None:
        """The machine sleeps: the wall's clock goes on, its own does not."""
        self.wall += length


@dataclass
class Account:
    """What each question comes to at each checkpoint, and what operations were told."""

    answers: Callable[[Asked, Span], Reading] = lambda asked, span: Reading([answer(asked)])
    takes_news: Callable[[], None] = lambda: None
    takes_seconds: float = 0.0  # a whole checkpoint
    pass_by: Callable[[float], None] = lambda seconds: None
    spans: list[tuple[Asked, Span]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    connected: int = 0  # how often it was connected to anew

    def questions(self, *asked: Asked) -> dict[Asked, Question]:
        def ask(one: Asked) -> Question:
            def reading(span: Span) -> Reading:
                self.spans.append((one, span))
                self.pass_by(self.takes_seconds / max(1, len(asked or WATCHED)))
                return self.answers(one, span)

            return reading

        return {one: ask(one) for one in asked or WATCHED}

    def connect(self, settings: Settings, log: Any) -> Live:
        self.connected += 1
        raise Unreachable("no answer while connecting")

    def tell(self, one: Break, news: News) -> str:
        self.takes_news()
        self.told.append((one.name, str(news)))
        return f"message-{len(self.told)}"


def answer(asked: Asked, status: Status = Status.PASSED, said: str = "as it should be") -> Check:
    return Check(Id.WATCH_FAILURES, f"watch: {asked}", status, said, "a limit", str(asked))


def watch(
    record: Record,
    time: Time,
    account: Account,
    length: timedelta = timedelta(hours=1),
    every: timedelta = QUARTER,
    questions: Mapping[Asked, Question] | None = None,
) -> list[dict[str, Any]]:
    """One command's part of a watch; the rows of its record when that has ended. Raises what the command would."""
    asking = questions or account.questions()
    complaints: list[RunbookError] = []

    run = ConnectedRun(load("local"), record, World(), World().lock, connected(load("local")))
    reader = Reader(run, lambda run: asking, account.connect)
    account.pass_by = time.pass_by
    going = Watch(
        Journal.of(record, complaints.append),
        reader.read,
        account.tell,
        time.clocks,
        Shown(lambda row: None, lambda now, due, rows: None),
    )
    going.run(Pace(time.wall, length, every), since=(time.wall - every).isoformat(), caller="jane")
    return rows_of(record)


def rows_of(record: Record) -> list[dict[str, Any]]:
    return record.rows(checkpoint_journal.LOG)


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [row["row"] for row in rows]
