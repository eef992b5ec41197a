"""What a watch asks of an account: every question of a checkpoint, and that operations are told. Writes nothing else.

A watch outlives credentials and networks: where a checkpoint could not reach AWS, the next one asks by a connection of
its own, with whatever credentials there are by then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from lib.aws import Live, connect
from lib.errors import RunbookError, Unreachable
from lib.phases.watch import checkpoint, checkpoint_journal, news
from lib.phases.watch.alarms import alarms
from lib.phases.watch.alerting import alerts
from lib.phases.watch.breaks import Break, News, Row
from lib.phases.watch.checkpoint import Asked, Checkpoint, Question, Span
from lib.phases.watch.criteria import criteria
from lib.phases.watch.delivery import deliveries, functions, subscribers
from lib.phases.watch.failures import failures, silence
from lib.resources.connected_run import ConnectedRun

Deliveries = Callable[[ConnectedRun, Span], checkpoint.Reading]
Connect = Callable[..., Live]


def questions(run: ConnectedRun, undelivered: Deliveries = deliveries) -> dict[Asked, Question]:
    """Every question of a checkpoint, asked of this run's account. `undelivered` answers what was not delivered."""
    of_each = {
        Asked.CRITERIA: criteria,
        Asked.FAILURES: failures,
        Asked.ALERTS: alerts,
        Asked.SILENCE: silence,
        Asked.ALARMS: alarms,
        Asked.FUNCTIONS: functions,
        Asked.SUBSCRIBERS: subscribers,
        Asked.DELIVERIES: undelivered,
    }
    return {asked: partial(ask, run) for asked, ask in of_each.items()}


@dataclass
class Reader:
    """The account of a run, as long as a watch lasts. `asking` gives its questions; `connect` a connection anew."""

    run: ConnectedRun
    asking: Callable[[ConnectedRun], Mapping[Asked, Question]] = questions
    connect: Connect = connect
    lost: bool = False  # whether AWS could not be reached when it was asked last

    def read(self, rows: Sequence[Row], now: Callable[[], datetime], clock: Callable[[], float]) -> Checkpoint:
        """A checkpoint: each question of the time since it was last answered, as the rows tell."""
        if self.lost:
            self._connect_anew()

        def span(asked: Asked, until: datetime) -> Span:
            since = checkpoint_journal.covered_until(rows, asked, until)
            earlier = checkpoint_journal.earlier_counts(rows, asked)
            return Span(since, until, earlier, datetime.fromisoformat(rows[0]["since"]))

        made = checkpoint.make(self.asking(self.run), span, now, clock)
        self.lost = any(answered.error == Unreachable.__name__ for answered in made.answers)
        return made

    def tell(self, one: Break, which: News) -> str:
        """Tell operations of a break; returns the message's id. Raises RunbookError where it may not be there."""
        return news.publish(self.run, one, which)

    def _connect_anew(self) -> None:
        try:
            live = self.connect(self.run.settings, self.run.record.log_call)
        except RunbookError:
            return  # the questions are asked by the old one, and say what is in the way
        self.run = replace(self.run, live=live)
