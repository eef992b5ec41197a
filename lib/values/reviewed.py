"""What people who reviewed a check-in say of it, and what an alert of each level then costs. Plain values, no AWS."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from math import isfinite

DEAREST = 1e9  # of the table's own units; sums of more of them are no exact numbers any more
LEVELS = 5  # of an alert: none, proactive, standard, high, crisis (`routes.level`)


class Outcome(StrEnum):
    """How the person was, as a reviewer found out; in order of danger."""

    NONE = "none"
    MODERATE = "moderate"
    HIGH = "high"
    CRISIS = "crisis"


def checked_moment(said: str) -> str:
    """A day, or a moment (UTC), as it is; "" is none. Raises ValueError, in words, for what is neither."""
    try:
        if said and datetime.fromisoformat(said).tzinfo is not None:
            raise ValueError
    except ValueError:
        raise ValueError("which is no day and no moment; expected one as 2026-01-31 or 2026-01-31T18:00") from None
    return said


def checked_costs(costs: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """The table of costs, if it is whole. Raises ValueError, in words, where it is not.

    A row an outcome, in it a cost for each level of an alert from none to crisis, in units of one's own.
    """
    if set(costs) != set(Outcome):
        raise ValueError(
            f"which has the rows {', '.join(costs) or 'none'}; expected one of each of {', '.join(Outcome)}"
        )
    for outcome, row in costs.items():
        if len(row) != LEVELS or not all(isfinite(cost) and 0 <= cost <= DEAREST for cost in row):
            raise ValueError(
                f"of which {outcome} does not have {LEVELS} numbers from 0 to {DEAREST:,.0f}; expected the cost of no "
                "alert, proactive, standard, high, crisis"
            )
    return {str(outcome): list(costs[outcome]) for outcome in Outcome}
