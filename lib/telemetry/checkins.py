"""Recorded check-ins of the bucket, as a DataFrame of scores. Read-only; the words of a check-in are never kept."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lib.errors import NotAsWanted
from lib.telemetry import checkin_shares
from lib.telemetry.checkin_frames import Answer, frame
from lib.telemetry.checkin_listing import AT_ONCE
from lib.telemetry.checkin_reading import NOT_READABLE, Outlook, read_on
from lib.telemetry.checkin_reading import outlook as outlook
from lib.values.numbers import first_of, plural, say_roughly

MOST_REASONS = 3
NAMED_OTHERWISE = "named otherwise than user, year, month, day and time"


@dataclass(frozen=True)
class Coverage:
    """How much of what is recorded in a window was read.

    `share` is the smallest share read of any day; `whole` says whether the listing came to its end, `reasons` counts by
    reason the objects that are no check-in or could not be read, of which the latter are not among those read; none is
    named, as its name holds a user's id. Of converted ones nobody knows the time: `beyond` says what all is counted.
    """

    recorded: int
    read: int
    share: float
    whole: bool
    reasons: Counter[str]
    beyond: str = ""

    @property
    def unreadable(self) -> int:
        return self.reasons.total()

    @property
    def why(self) -> str:
        """`2 not JSON, 1 not readable: AccessDenied`, the most frequent first."""
        return first_of([f"{many:,} {reason}" for reason, many in self.reasons.most_common()], MOST_REASONS)

    @property
    def unread(self) -> str:
        """What is said beside the count of `unreadable`."""
        return f"could not be read{self.beyond}"

    @property
    def part(self) -> float:
        """Of all that are recorded, the part that was read; 1 of none.

        Raises NotAsWanted where there are some and none was read: no count of those tells anything of all.
        """
        if self.recorded and not self.read:
            raise NotAsWanted(
                f"none of {self.recorded:,} recorded check-ins could be read, so that nothing can be counted; expected "
                "s3:GetObject on them, and time in backtest_budget_minutes. Give whoever tunes both, and tune again"
            )
        return self.read / self.recorded if self.recorded else 1.0

    @property
    def complete(self) -> bool:
        return self.whole and self.read >= self.recorded

    def most(self, seen: int) -> int:
        """At most so many of all that are recorded, 95 % sure, where so many were seen."""
        return checkin_shares.at_most_share(seen, self.read, self.recorded, self.share)

    def bound(self, seen: int) -> str:
        """What the share that was read shows of all; "" where all was read."""
        if self.complete:
            return ""
        if not self.whole:
            return "; the bucket could not be listed to its end, so of the others this shows nothing"
        if not self.share:
            return f"; {self.read:,} of {self.recorded:,} were read, and of some days none: of all this shows nothing"
        most = self.most(seen)
        return (
            f"; {self.read:,} of {self.recorded:,} were read, evenly over the days: "
            f"of all at most {most:,} ({most / self.recorded:.2g}), 95 % sure"
        )


def history(ahead: Outlook) -> pd.DataFrame:
    """Check-ins of the window: userId, time (UTC), risk_score, score, trajectory, and the cells. Read-only.

    A score that is missing, no number or outside its range is NaN: unscored, never 0. What the object held instead
    stands in its cell. The drill user is nobody, and is left out. `attrs["coverage"]` says how much of it this is; what
    could not be read is no row. With a record, a user is a pseudonym.
    """
    reading = read_on(ahead)
    rows = [answer for answer in reading.values() if isinstance(answer, Answer)]
    inside = [answer for answer in rows if ahead.start <= answer.moment < ahead.end]
    checkins = frame(inside, list(ahead.copies.fields))
    checkins.attrs["coverage"] = _coverage(ahead, reading, len(rows) - len(inside))
    return checkins


def _coverage(ahead: Outlook, reading: Mapping[str, Any], elsewhen: int) -> Coverage:
    wrong = Counter(answer for answer in (reading.get(mark) for _, mark in ahead.order) if isinstance(answer, str))
    wrong.update({NAMED_OTHERWISE: len(ahead.listing.odd)} if ahead.listing.odd else {})
    days = pd.DataFrame(
        {
            "day": [key.day for key, _ in ahead.order],
            "read": [_is_read(reading.get(m, NOT_READABLE)) for _, m in ahead.order],
        }
    )
    least = float(days.groupby("day")["read"].mean().min()) if len(days) else 1.0
    recorded, read = len(ahead.order) - elsewhen, sum(map(_is_read, reading.values())) - elsewhen
    return Coverage(recorded, read, least, ahead.listing.whole, wrong)


def _is_read(answer: Answer | str) -> bool:
    """Whether this is what the object held, check-in or not: one that may not be read tells nothing of it."""
    return isinstance(answer, Answer) or not answer.startswith(NOT_READABLE)


def estimate(ahead: Outlook) -> list[dict[str, str]]:
    """What there is to read and how long it takes, as a table, before it is read."""
    n, measured, earlier = len(ahead.order), len(ahead.read) - len(ahead.before), len(ahead.before)
    share, days = ahead.reachable / n if n else 1.0, len({key.day for key, _ in ahead.order})
    unfinished = "" if ahead.listing.whole else ", NOT to the end: the time was over"
    rows = {
        "check-ins recorded in the window": f"{n:,} on {plural(days, 'day')}",
        "listed by": f"{plural(ahead.listing.calls, 'call')}{unfinished}",
        "read earlier in this run": f"{earlier:,} check-ins",
        "one takes": f"{ahead.each_seconds * 1000:.3g} ms, {AT_ONCE} at once, measured on {measured} check-ins",
        "all that is left takes": say_roughly(ahead.pending * ahead.each_seconds),
        "backtest_budget_minutes, and most of a cell's time, leave": say_roughly(ahead.budget - ahead.spent),
        "will be read": "all" if share >= 1 else f"about {share:.0%}, evenly over the days",
    }
    return [{"what": what, "how much": much} for what, much in rows.items()]
