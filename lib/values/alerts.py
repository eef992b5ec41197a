"""Who is told by an alert, by which score, and how it is drawn. Plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Told(StrEnum):
    """Who hears of an alert, by the name of the subscriber that listens for them in a drill."""

    CONTACT = "trusted"
    OPERATIONS = "operations"


def lost_to(due: Callable[[Told], int | None], received: Callable[[Told], int]) -> list[Told]:
    """Whom fewer alerts reached than were due; None is no expectation. Half of two is lost as well."""
    return [to for to in Told if (due(to) or 0) > received(to)]


class Score(StrEnum):
    """What a threshold is compared with."""

    RISK = "risk"  # an alert above it
    SENTIMENT = "sentiment"  # an alert below it


@dataclass(frozen=True)
class Alert:
    """The event that a route sends. `file`: that of its rule, "" for the rule that exists before the plan.

    `without`: what falls back to the topic where the workflow may not send it.
    """

    source: str
    detail_type: str
    file: str
    without: str


class Cause(StrEnum):
    """Why an alarm went off although nothing was wrong."""

    DRILL = "set off by a drill"  # on purpose: what it counts were drills alone
    TEST = "fired as a test"  # nothing was counted; a drill of the alarms set its state


@dataclass(frozen=True)
class Mark:
    """How charts draw it: one of the palette's colours, and marker and line that tell the same without a colour."""

    colour: str
    marker: str
    line: str | tuple[int, tuple[int, int]]
