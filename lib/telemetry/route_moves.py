"""What a new definition would make of the alert of a past check-in. No AWS."""

from enum import StrEnum


class Move(StrEnum):
    """How the alert differs from today's, in the order in which people must look at it."""

    LOWER = "lower"
    UNKNOWN = "unknown"
    HIGHER = "higher"
    OTHER = "other"  # another route of the same level
    SAME = "same"


# For people; a lower alert is loud.
WORDS = {
    Move.LOWER: "LOWER than today", Move.UNKNOWN: "nobody can tell", Move.HIGHER: "higher",
    Move.OTHER: "another, of the same level", Move.SAME: "the same",
}  # fmt: skip
