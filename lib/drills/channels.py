"""Where a drill is heard: the topics that page people, and what carries its events. No AWS."""

from enum import StrEnum


class Channel(StrEnum):
    """One place at which a temporary subscriber listens."""

    TRUSTED = "trusted"
    OPERATIONS = "operations"
    EVENTS = "events"  # as published
    RULES = "rules"  # behind a rule of phase 04, as its temporary target receives them
