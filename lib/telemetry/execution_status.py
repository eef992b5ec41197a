"""An execution as AWS tells of it, and the words about one: status, what we make of it, whose it is. No AWS."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

UNNAMED = "unnamed"
CLASS = re.compile(r"[A-Za-z_][\w.$]{0,80}")


def error_class(value: object, form: re.Pattern[str] = CLASS) -> str:
    """The name of a class of errors, of this form; what is none is no name, since it may be anybody's words."""
    return value if isinstance(value, str) and form.fullmatch(value) else UNNAMED


class ExecutionStatus(StrEnum):
    """How an execution stands, as Step Functions says it."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"


class Count(StrEnum):
    """What CloudWatch counts of executions, by the metric's name; all but the first are ends."""

    STARTED = "ExecutionsStarted"
    SUCCEEDED = "ExecutionsSucceeded"
    FAILED = "ExecutionsFailed"
    TIMED_OUT = "ExecutionsTimedOut"
    ABORTED = "ExecutionsAborted"


class Ending(StrEnum):
    """What became of an execution, in the order of the tables that count them."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TOO_LONG = "too long"  # for whoever waits for an alert, whether it has ended well since or not
    DOUBT = "in doubt"
    RUNNING = "still runs"


class Who(StrEnum):
    """Whose an execution is. A metric cannot tell; names can."""

    CHECKINS = "check-ins"
    DRILLS = "drills"


class When(StrEnum):
    """On which side of the change something was."""

    ALL = "all"  # where there was no change
    BEFORE = "before"
    ACROSS = "across the change"
    AFTER = "after"
    UNTOLD = "not known"


@dataclass(frozen=True)
class Execution:
    """One execution as Step Functions describes it, without its input."""

    arn: str
    status: str
    started: datetime
    stopped: datetime | None
    output: dict[str, Any]
    error: str

    @property
    def name(self) -> str:
        return self.arn.rsplit(":", 1)[-1]

    @property
    def seconds(self) -> float | None:
        """From start to stop; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None
