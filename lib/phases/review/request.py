"""What somebody asks a review to look at: kept in the run's record, and taken by one review. No AWS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.errors import BadParameters
from lib.record.records import Record
from lib.values.reviewed import SINCE, is_near, iso_moment

ASKED, LOOKED_AT = "evidence/review_asked.json", "evidence/review_window.json"
Now = Callable[[], datetime]


def this_moment() -> datetime:
    """Now (UTC)."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Asked:
    """What somebody asked for (UTC); None is what a review does by itself. `at` is when, by which it counts once."""

    since: datetime | None = None
    until: datetime | None = None
    at: str = ""


def _moment(text: str, option: str, now: datetime) -> datetime | None:
    """A day or a moment as an option says it; UTC unless it names an offset. None of an empty text.

    Raises BadParameters for what is neither, and for what is still to come.
    """
    if not text:
        return None
    try:
        said = iso_moment(text)
        at = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
        if not is_near(at):
            raise ValueError
    except (ValueError, OverflowError):  # an offset leads out of all years
        expected = "a day or a moment as 2026-01-31, 2026-01-31T18:00 (UTC) or 2026-01-31T18:00+01:00"
        raise BadParameters(f"{option} {text!r} is no day and no moment{SINCE}; expected {expected}") from None
    if at > now:
        raise BadParameters(
            f"{option} {text!r} is still to come: it is {now:%Y-%m-%d %H:%M} UTC; expected an earlier one"
        )
    return at


def parse(since: str, until_then: str, now: datetime) -> Asked:
    """What two options ask for. Raises BadParameters where it is no time that can be looked at."""
    begin, end = _moment(since, "--since", now), _moment(until_then, "--until", now)
    if begin and end and begin >= end:
        raise BadParameters(
            f"--since {begin:%Y-%m-%d %H:%M} is not before --until {end:%Y-%m-%d %H:%M} UTC; expected a later end"
        )
    return Asked(begin, end, now.isoformat(timespec="microseconds"))


def keep(record: Record, asked: Asked) -> None:
    """Keep it in the record, where the review that is made next takes it from."""
    moments = {"since": asked.since, "until": asked.until}
    said = {key: one.isoformat() if one else None for key, one in moments.items()}
    record.keep_json(ASKED, {**said, "at": asked.at})


def latest(record: Record) -> Asked:
    """What was kept latest, if no review has looked at it yet."""
    row = record.latest(ASKED)
    if not isinstance(row, dict) or row["at"] in [one.get("asked") for one in record.attempts(LOOKED_AT)]:
        return Asked()
    since, end = (datetime.fromisoformat(row[key]) if row[key] else None for key in ("since", "until"))
    return Asked(since, end, row["at"])
