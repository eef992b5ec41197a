"""How many executions began in a time, by whoever can tell: the list, or CloudWatch. Read-only."""

from dataclasses import dataclass
from datetime import UTC, datetime

from lib.aws import Live
from lib.errors import RunbookError
from lib.routes import is_drill
from lib.telemetry import executions, metrics
from lib.telemetry.execution_status import Count

MOST_COUNTED = 20_000  # 20 calls; more would take minutes of a throttled API


@dataclass(frozen=True)
class Started:
    """How many executions began in the window, and who says so; None where nobody can.

    `drills` are those that are told apart and not among them: the bucket may have recorded theirs as well.
    """

    count: int | None
    source: str
    drills: int = 0


def count_started(live: Live, start: datetime, end: datetime) -> Started:
    """By the list, which tells drills apart, where it can be read to its end; else by CloudWatch's count."""
    days, least = (datetime.now(UTC) - start).days, 0
    if days <= executions.LISTED_DAYS:
        listed = executions.list_executions(live, start, MOST_COUNTED)
        mine = [is_drill(row["name"]) for row in listed.rows if row["started"] < end]
        ordinary, drills = mine.count(False), mine.count(True)
        if listed.complete:
            return Started(ordinary, "listed by Step Functions, without drills", drills)
        least = ordinary
    try:
        series = metrics.executions(live, start, end)
    except RunbookError as error:
        return Started(None, f"more than are listed here, and CloudWatch does not count them: {error}")
    count = int(series.loc[series["metric"] == Count.STARTED, "value"].sum())
    if not count or count < least:
        return Started(None, f"more than are listed here; CloudWatch counts {count:,}, which is too few to be all")
    return Started(count, "counted by CloudWatch, drills included")
