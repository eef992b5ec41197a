"""For how long something is watched, how often, and which checkpoints a gap swallowed. Pure: no clock, no AWS.

All moments are UTC, and those of the plan stand on a grid that begins with the watch: a restart moves none of them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor

from lib.errors import BadParameters

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SAID = re.compile(r"([0-9]{1,6})([smhd])")
FURTHEST_BACK = timedelta(days=1)  # what the plan wants watched; more is the review's to look at
# CloudWatch counts by the minute, and a look is some dozens of calls, which others in the account need as well.
CLOSEST = timedelta(minutes=1)
# A checkpoint that begins later than this after its time is a gap: a busy machine takes seconds, sleep takes minutes.
LONGEST_GRACE = timedelta(seconds=60)


def duration(text: str, option: str) -> timedelta:
    """A time as an operator types it: `24h`, `15m`, `90s`, `2d`. Raises BadParameters for anything else, and for none.

    `option` names it in the sentence.
    """
    parts = SAID.fullmatch(text.strip())
    if parts is None:
        raise BadParameters(f"{option} {text!a}: expected a number and s, m, h or d, such as 90s, 15m or 24h")
    length = timedelta(seconds=int(parts[1]) * SECONDS[parts[2]])
    if not length:
        raise BadParameters(f"{option} {text} is no time at all; expected more than zero, such as 15m")
    return length


def in_words(length: timedelta) -> str:
    """`24h`, `1h 30m`, `15m`, `90s`: as short as it is exact, to the second."""
    seconds = round(length.total_seconds())
    if 60 < seconds < 120 and seconds % 60:
        return f"{seconds}s"
    parts = [(seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def as_typed(length: timedelta) -> str:
    """A length as `duration` takes it, in the largest unit that it is a whole number of: `90m`, never `1h 30m`."""
    seconds = round(length.total_seconds())
    unit = next(unit for unit in reversed(SECONDS) if seconds % SECONDS[unit] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


def stamp(moment: datetime) -> str:
    """A moment as the rows of a watch have it: UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def for_people(stamped: str) -> str:
    """The moment of a row as people read it: `2026-11-28 12:15:00 UTC`."""
    return f"{datetime.fromisoformat(stamped).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Pace:
    """When a watch began, how long it lasts, and how far its checkpoints are apart."""

    begun: datetime
    length: timedelta
    every: timedelta

    def __post_init__(self) -> None:
        if self.every < CLOSEST:
            raise BadParameters(
                f"--every {in_words(self.every)} is too often: CloudWatch counts by the minute; expected 1m or more"
            )
        if self.every > self.length:
            raise BadParameters(
                f"--every {in_words(self.every)} is longer than --for {in_words(self.length)}; expected at least one "
                "checkpoint after the first"
            )

    @property
    def until(self) -> datetime:
        """When it is over."""
        return self.begun + self.length

    @property
    def planned(self) -> int:
        """How many checkpoints there are in all: one at the beginning, one at the end."""
        return 1 + -(-self.length // self.every)

    @property
    def grace(self) -> timedelta:
        """How late a checkpoint may begin and still be the one that was planned."""
        return min(LONGEST_GRACE, self.every / 4)

    def due_after(self, moment: datetime) -> datetime:
        """The first planned moment after this one; the end where there is none.

        By a clock that was set back, a moment may lie before the watch began: the grid goes on there.
        """
        number = floor((moment - self.begun) / self.every) + 1
        return min(self.begun + number * self.every, self.until)

    def missed(self, due: datetime, now: datetime) -> int:
        """How many planned checkpoints, from the one that was `due`, had no checkpoint at their time by `now`."""
        last = min(now - self.grace, self.until)
        if last < due:
            return 0
        between = floor((last - due) / self.every) + 1
        # The end of a watch stands beside the grid where its length is no multiple of the interval.
        off_grid = bool(self.length % self.every) and last >= self.until and due < self.until
        return between + off_grid


def since_change(change_at: datetime | None, begun: datetime, every: timedelta) -> datetime:
    """From when the first checkpoint looks: from the change on, so that nothing since then goes unseen.

    At most FURTHEST_BACK; where nobody knows of a change, one interval.
    """
    return max(change_at, begun - FURTHEST_BACK) if change_at and change_at < begun else begun - every
