"""What people who reviewed a check-in say of it, and what an alert then costs; a moment as one says it. No AWS."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

DEAREST = 1e9  # of the table's own units; sums of more of them are no exact numbers any more
LEVELS = 5  # of an alert: none, proactive, standard, high, crisis (`routes.level`)


class Outcome(StrEnum):
    """How the person was, as a reviewer found out; in order of danger."""

    NONE = "none"
    MODERATE = "moderate"
    HIGH = "high"
    CRISIS = "crisis"


GRAVE = (Outcome.HIGH, Outcome.CRISIS)  # danger
FIRST_YEAR, LAST_YEAR = 1970, 2261
SINCE = f" from {FIRST_YEAR} to {LAST_YEAR}"
# Python takes any character between a day and a time: the offset of `2026-01-31+01:00` would be one o'clock in UTC.
DAY_AND_OFFSET = re.compile(r"\d{4}-?(\d{2}-?\d{2}|W\d{2}(-?\d)?)[+\-]\d{2}.*")


def iso_moment(said: str) -> datetime:
    """A day or a moment by ISO 8601. Raises ValueError for what is neither, and for a day alone with an offset."""
    if DAY_AND_OFFSET.fullmatch(said):
        raise ValueError("a day with an offset, which is no moment")
    return datetime.fromisoformat(said)


def checked_moment(said: str) -> str:
    """A day, or a moment (UTC), as it is; "" is none. Raises ValueError, in words, for what is neither, or too far."""
    try:
        moment = iso_moment(said) if said else None
        if moment and (moment.tzinfo is not None or not is_near(moment)):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"which is no day and no moment{SINCE}; expected one as 2026-01-31 or 2026-01-31T18:00"
        ) from None
    return said


def is_near(moment: datetime) -> bool:
    """Whether a moment that somebody typed can be reckoned with: days before and after it as well, and in nanoseconds,
    which reach from 1677 to 2262. No check-in is as old as a clock's zero."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def checked_costs(costs: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """The table of costs, if it is whole. Raises ValueError, in words, where it is not.

    A row an outcome, in it a cost for each level of an alert from none to crisis, in units of one's own.
    """
    if set(costs) != set(Outcome):
        raise ValueError(
            f"which has the rows {', '.join(costs) or 'none'}; expected one of each of {', '.join(Outcome)}"
        )
    for outcome, row in costs.items():
        if len(row) != LEVELS or not all(0 <= cost <= DEAREST for cost in row):
            raise ValueError(
                f"of which {outcome} does not have {LEVELS} numbers from 0 to {DEAREST:,.0f}; expected the cost of no "
                "alert, proactive, standard, high, crisis"
            )
    return {str(outcome): list(costs[outcome]) for outcome in Outcome}
