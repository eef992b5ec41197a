"""One look at everything that is watched: each question asked now, of the time since it was last answered. Read-only.

What one question runs into is its own answer, `cannot tell` with the error's class: the others are asked all the same,
and the next checkpoint asks it of the whole time that nobody could look at. That holds for what nobody expected too,
which would end eight questions for the sake of one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.errors import RunbookError, class_of
from lib.phases.watch.pace import stamp
from lib.telemetry.deliveries import reconciliation
from lib.values.check_registry import Id

Counts = Mapping[str, int]
# Never the error's own text, which may quote what was read.
UNEXPECTED = "nobody expected it, and its text is not kept; look at what this question reads by hand, and report it"


class Asked(StrEnum):
    """The questions of a checkpoint, in their order. Each is one read, or some that only have an answer together."""

    CRITERIA = "success criteria"
    FAILURES = "failures"
    ALERTS = "crises and routes"  # both from the workflow's own log
    SILENCE = "silence"
    ALARMS = "alarms"
    FUNCTIONS = "functions and rules"
    SUBSCRIBERS = "subscribers"
    DELIVERIES = "deliveries"


@dataclass(frozen=True)
class Span:
    """The time that a question is asked of (UTC), and what the earlier checkpoints of this watch counted of it.

    `watched_since`: from when on this watch looks, the change or later; None is `since`.
    """

    since: datetime
    until: datetime
    earlier: Sequence[Counts] = ()
    watched_since: datetime | None = None

    @property
    def counted_since(self) -> datetime:
        """From when on to ask what is counted minutes late: what the checkpoint before could not see is asked again.

        The first one of a watch begins with the change, and what came before that is none of it.
        """
        return self.since - reconciliation.LATE if self.earlier else self.since

    def parts(self, length: timedelta) -> list["Span"]:
        """The time in parts of at most this length, oldest first: in ten hours, a bad quarter of one goes under."""
        count = max(1, -(-(self.until - self.since) // length))
        edges = [min(self.since + number * length, self.until) for number in range(count + 1)]
        return [Span(first, last) for first, last in pairwise(edges)]


@dataclass(frozen=True)
class Reading:
    """What a question comes to: answers, and what was counted for those that come later.

    `without_names`: of an answer, by its key, what was found without the executions that it names.
    """

    checks: Sequence[Check]
    counts: Counts = field(default_factory=dict)
    without_names: Mapping[str, str] = field(default_factory=dict)


# Raises RunbookError, or what botocore raises, where it cannot be read.
Question = Callable[[Span], Reading]


@dataclass(frozen=True)
class Answered:
    """A question's reading, and of which time. `read` is False where AWS gave no answer: then that time is still open.

    `error` is the class of what was in the way, "" where nothing was.
    """

    asked: Asked
    span: Span
    checks: tuple[Check, ...]
    counts: Counts
    error: str = ""
    without_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def read(self) -> bool:
        return not self.error

    def to_row(self) -> dict[str, Any]:
        """As the journal holds it."""
        return {
            "asked": str(self.asked),
            "since": stamp(self.span.since),
            "until": stamp(self.span.until),
            "error": self.error,
            "counts": dict(self.counts),
            "checks": [check.to_row() for check in self.checks],
            **({"without_names": dict(self.without_names)} if self.without_names else {}),
        }


@dataclass(frozen=True)
class Checkpoint:
    """What was read at one time. `seconds`: how long reading took."""

    begun: datetime
    seconds: float
    answers: tuple[Answered, ...]

    @property
    def checks(self) -> list[Check]:
        """Every answer of it, in order."""
        return [check for answered in self.answers for check in answered.checks]

    def to_row(self) -> dict[str, Any]:
        """As the journal holds it."""
        answers = [answered.to_row() for answered in self.answers]
        return {"time": stamp(self.begun), "seconds": round(self.seconds, 1), "answers": answers}


def make(
    questions: Mapping[Asked, Question],
    spans: Callable[[Asked, datetime], Span],
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> Checkpoint:
    """Ask every question once. `spans` gives the time that each is asked of, up to the moment at which this begins."""
    begun, first = now(), clock()
    answers = tuple(_answered(asked, ask, spans(asked, begun)) for asked, ask in questions.items())
    return Checkpoint(begun, clock() - first, answers)


def _answered(asked: Asked, ask: Question, span: Span) -> Answered:
    try:
        with readable(f"looking at {asked}"):
            reading = ask(span)
    except RunbookError as error:
        return _unanswered(asked, span, type(error).__name__, str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours, or something that nobody thought of in what was read
        return _unanswered(asked, span, type(error).__name__, UNEXPECTED)
    return Answered(asked, span, tuple(reading.checks), reading.counts, without_names=reading.without_names)


def _unanswered(asked: Asked, span: Span, kind: str, why: str) -> Answered:
    said = f"{kind}: {why}"
    check = Check(Id.WATCH_UNREAD, f"watch: {asked}", Status.CANNOT_TELL, said, "an answer of AWS", str(asked))
    return Answered(asked, span, (check,), {}, kind)


def is_unexpected(error: str) -> bool:
    """Whether a question ended with an error of this class that none of ours is."""
    return bool(error) and error != RunbookError.__name__ and class_of(error) is RunbookError
