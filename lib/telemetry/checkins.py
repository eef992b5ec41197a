"""Recorded check-ins of the bucket, as a DataFrame of scores. Read-only; the words of a check-in are never kept."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from math import isfinite, nan
from typing import Any

import pandas as pd

from lib.asl.choice_rules import is_number
from lib.asl.router import ABSENT_CELL, UNKNOWN_CELL
from lib.telemetry import shares
from lib.telemetry.checkin_copies import Answer
from lib.telemetry.checkin_keys import AT_ONCE
from lib.telemetry.checkin_reading import CONTRACT, TRAJECTORIES, Outlook, read
from lib.telemetry.checkin_reading import outlook as outlook

COLUMNS = ["userId", "time", *CONTRACT]
CELL = "answer "  # a column of the JSON that the object held of a field, for the routing
USABLE = {"risk_score": (0, 100), "score": (-1, 1)}
EXAMPLES = 5


@dataclass(frozen=True)
class Coverage:
    """How much of what is recorded in a window was read.

    `share` is the smallest share read of any day; `whole` says whether the listing came to its end, `unreadable` counts
    objects that could not be read as a check-in, and `examples` names the first of them with the reason.
    """

    recorded: int
    read: int
    share: float
    whole: bool
    unreadable: int
    examples: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return self.whole and self.read >= self.recorded

    def most(self, seen: int) -> int:
        """At most so many of all that are recorded, 95 % sure, where so many were seen."""
        return shares.most(seen, self.read, self.recorded, self.share)

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
    reading = read(ahead)
    rows = [answer for answer in reading.values() if isinstance(answer, Answer)]
    inside = [answer for answer in rows if ahead.start <= answer.moment < ahead.end]
    found = frame(inside, list(ahead.copies.fields))
    found.attrs["coverage"] = _coverage(ahead, reading, len(rows) - len(inside))
    return found


def frame(answers: list[Answer], fields: list[str]) -> pd.DataFrame:
    """Answers as rows, in order of time; `fields` names their cells, and holds those of the contract."""
    found = pd.DataFrame({"userId": [answer.user for answer in answers]}, dtype=object)
    found["time"] = pd.to_datetime([answer.moment.astimezone(UTC) for answer in answers], utc=True)
    for at, field in enumerate(fields):
        found[CELL + field] = pd.Series([answer.cells[at] for answer in answers], dtype=object)
    for field in USABLE:
        found[field] = _each(found[CELL + field], partial(usable, field)).astype(float)
    found["trajectory"] = _each(found[f"{CELL}trajectory"], _trajectory).astype(object)
    ordered = [*COLUMNS, *(column for column in found if column not in COLUMNS)]
    return found[ordered].sort_values("time", ignore_index=True, kind="stable")


def cells(found: pd.DataFrame) -> pd.DataFrame:
    """The fields that the objects held, as `Router.routes` takes them."""
    mine = [column for column in found if str(column).startswith(CELL)]
    return found[mine].rename(columns=lambda column: column.removeprefix(CELL))


def _each(column: pd.Series, said: Callable[[str], Any]) -> pd.Series:
    """What a function says of every cell, asked once of each that differs."""
    return column.map({cell: said(cell) for cell in column.unique()})


def number(cell: str) -> float:
    """The number in a cell, or NaN. A text like "97" is no number to the workflow either, so it is none here."""
    value: Any = None if cell in (ABSENT_CELL, UNKNOWN_CELL) else json.loads(cell)
    try:
        return float(value) if is_number(value) and isfinite(value) else nan
    except OverflowError:
        return nan


def usable(field: str, cell: str) -> float:
    """The score in a cell, or NaN where it is none, or lies outside its range: the workflow cannot use it either."""
    low, high = USABLE[field]
    value = number(cell)
    return value if low <= value <= high else nan


def outside(found: pd.DataFrame, field: str) -> int:
    """How many hold a number outside the field's range."""
    numbers = _each(found[CELL + field], number) if CELL + field in found else pd.Series(dtype=float)
    low, high = USABLE[field]
    return int(((numbers < low) | (numbers > high)).sum())


def _trajectory(cell: str) -> str:
    word = "" if cell in (ABSENT_CELL, UNKNOWN_CELL) else json.loads(cell)
    return word if word in TRAJECTORIES else "unknown"


def _coverage(ahead: Outlook, reading: Mapping[str, Any], elsewhen: int) -> Coverage:
    wrong = [
        *(f"{key}: not named {{userId}}/{{year}}/{{month}}/{{day}}/{{timestamp}}.json" for key in ahead.listing.odd),
        *(f"{key.name}: {reading[mark]}" for key, mark in ahead.order if isinstance(reading.get(mark), str)),
    ]
    days = pd.DataFrame({"day": [key.day for key, _ in ahead.order], "read": [m in reading for _, m in ahead.order]})
    least = float(days.groupby("day")["read"].mean().min()) if len(days) else 1.0
    recorded, read = len(ahead.order) - elsewhen, len(reading) - elsewhen
    return Coverage(recorded, read, least, ahead.listing.whole, len(wrong), tuple(wrong[:EXAMPLES]))


def estimate(ahead: Outlook) -> list[dict[str, str]]:
    """What there is to read and how long it takes, as a table, before it is read."""
    n, measured, earlier = len(ahead.order), len(ahead.read) - len(ahead.before), len(ahead.before)
    share, days = ahead.reachable / n if n else 1.0, len({key.day for key, _ in ahead.order})
    unfinished = "" if ahead.listing.whole else ", NOT to the end: the time was over"
    rows = {
        "check-ins recorded in the window": f"{n:,} on {days:,} day{'s' if days != 1 else ''}",
        "listed by": f"{ahead.listing.calls:,} calls{unfinished}",
        "read earlier in this run": f"{earlier:,}",
        "one takes": f"{ahead.each_seconds * 1000:.3g} ms, {AT_ONCE} at once, measured on {measured}",
        "all that is left takes": f"{ahead.pending * ahead.each_seconds / 60:.3g} min",
        "backtest_budget_minutes, and most of a cell's time, leave": f"{(ahead.budget - ahead.spent) / 60:.3g} min",
        "will be read": "all" if share >= 1 else f"about {share:.0%}, evenly over the days",
    }
    return [{"what": what, "how much": much} for what, much in rows.items()]
