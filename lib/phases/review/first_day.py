"""What a review says of the first 24 hours after the change alone, beside the whole time that it looks at. No AWS.

The plan monitors for 24 hours. Where the time that is looked at is no longer than that, the first day is not over yet,
and nobody answers for it. It is cut out of what was read, so that both speak of the same; hours are whole, so that its
last hour is counted to its end. How a dead-letter queue is now says nothing of a day that is past, and is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from lib.checks import Check
from lib.phases.review import delivery_checks, forecast
from lib.phases.review.delivered import Deliveries
from lib.phases.review.long_enough import ENOUGH
from lib.phases.review.reading import Reading
from lib.settings import Settings
from lib.telemetry import continuity
from lib.telemetry.deliveries import counts
from lib.telemetry.execution_status import When, Who
from lib.telemetry.review_window import Window
from lib.values.check_registry import Id
from lib.values.numbers import say_minute

# Asked of the whole time alone: of each failure's kind by calls, and of whether enough was looked at.
WHOLE_ONLY = (Id.NO_NEW_KIND, Id.LONG_ENOUGH)
FIRST, WHOLE = "first 24 h", "the whole time"


@dataclass(frozen=True)
class FirstDay:
    """The answers of the first 24 hours until `until`; none where `instead` says why nobody answers for them."""

    until: datetime | None
    instead: str
    answers: tuple[Check, ...] = ()
    check_ins: int | None = None


def of_review(read: Reading, settings: Settings) -> FirstDay:
    """The first day of what was read."""
    until, instead = _end(read.window)
    if instead or until is None:
        return FirstDay(until, instead)
    seen, deliveries = _executions(read, until), _deliveries(read.deliveries, until)
    routes = delivery_checks.taken_since(deliveries, read.routes)
    answers = [
        *continuity.checkins_undisturbed(seen, read.kinds, settings),
        *delivery_checks.checks(deliveries, routes, settings.alert_limit_seconds),
        forecast.check(read.forecast, routes, deliveries.log_gaps),
    ]
    return FirstDay(until, "", tuple(one for one in answers if one.id not in WHOLE_ONLY), _check_ins(seen))


def _end(window: Window) -> tuple[datetime | None, str]:
    """When the first day ends, and why nobody answers for it: "" where all of it, and more, was looked at."""
    if window.change is None or window.after is None:
        return None, "no moment of a change is known"
    until = window.change.latest + ENOUGH
    if window.after > window.change.latest:
        return until, f"not looked at: this time begins at {say_minute(window.after)} UTC, after the change"
    if window.end >= until:
        return until, ""
    if window.change.later and window.change.later < until:
        return until, f"never over: since {say_minute(window.change.later)} UTC something else runs"
    return until, f"not over yet: until {say_minute(until)} UTC"


def _executions(read: Reading, until: datetime) -> pd.DataFrame:
    """Those that began in the first day, and in as long a time of that which it is compared with."""
    seen, compared = read.seen, read.window.compared
    mine = (seen["when"] != When.AFTER) | (seen["started"] < pd.Timestamp(until))
    if compared and compared[1] - compared[0] >= ENOUGH:
        mine &= (seen["when"] != When.BEFORE) | (seen["started"] < pd.Timestamp(compared[0] + ENOUGH))
    cut = seen[mine]
    cut.attrs = {**seen.attrs, "end": until}
    return cut


def _deliveries(seen: Deliveries, until: datetime) -> Deliveries:
    moment = pd.Timestamp(until)
    counted = seen.counted[seen.counted["time"] < moment]
    counted.attrs = seen.counted.attrs
    return replace(
        seen,
        window=replace(seen.window, end=until),
        alerts=seen.alerts[seen.alerts["sent"] < moment],
        counted=counted,
        after=counts.totals(counted),
        letters=[],
        compared=seen.compared[pd.to_datetime(seen.compared["hour"], utc=True) < moment],
    )


def _check_ins(seen: pd.DataFrame) -> int:
    return int(((seen["who"] == Who.CHECKINS) & (seen["when"] == When.AFTER)).sum())


def rows(day: FirstDay, read: Reading) -> list[dict[str, Any]]:
    """Each question, answered for the first 24 hours and for the whole time that is looked at."""
    first = {one.id: one for one in day.answers}
    number = "" if day.check_ins is None else f"{day.check_ins:,} began"
    table: list[dict[str, Any]] = [_row("check-ins", day.instead, number, "", f"{_check_ins(read.seen):,} began")]
    for one in [one for one in _questions(read) if one.id not in WHOLE_ONLY]:
        mine = first.get(one.id)
        said = (mine.status, mine.found) if mine else (day.instead, "")
        table.append(_row(one.name, *said, one.status, one.found))
    return table


def _questions(read: Reading) -> Sequence[Check]:
    return [*read.undisturbed, *read.alerts]


def _row(what: str, status: str, said: str, whole: str, whole_said: str) -> dict[str, Any]:
    return {"what": what, FIRST: status, "in these 24 h": said, WHOLE: whole, "in all of it": whole_said}


def data(day: FirstDay) -> dict[str, Any]:
    """As the record holds it."""
    return {
        "until": day.until.isoformat() if day.until else None,
        "instead": day.instead,
        "check_ins": day.check_ins,
        "answers": [one.to_row() for one in day.answers],
    }
