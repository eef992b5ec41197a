"""One event of the workflow's log, from a line that anybody may have written who may write to that log. No AWS.

The one place where such a line becomes an event: what it cannot make one of is a ValueError, and never another error.
What a line is a symptom of, `drills.log_symptoms` says, and keeps none.
"""

from collections.abc import Container, Mapping
from typing import NamedTuple

from lib.values.foreign import foreign_json
from lib.values.foreign.foreign_json import milliseconds_of, number_of, text_of

NO_NAME = "?"  # as no class of errors is called


class Event(NamedTuple):
    """What a line tells: `previous` is the number of the event before it, 0 for none; `name` is the state's, or ""."""

    kind: str
    execution: str
    number: int
    previous: int
    milliseconds: int
    name: str
    error: str


def parse(message: object, wanted: Container[str]) -> Event | None:
    """The event of a line's message; None for one of another kind. Raises ValueError for what is no event."""
    event = foreign_json.object_of(text_of(message))
    try:
        kind, details = text_of(event["type"]), event.get("details") or {}
        if kind not in wanted:
            return None
        if not isinstance(details, Mapping):
            raise ValueError(f"details that are a {type(details).__name__}")
        return Event(
            kind,
            text_of(event["execution_arn"]),
            number_of(event["id"]),
            number_of(event.get("previous_event_id") or 0),
            milliseconds_of(event["event_timestamp"]),
            text_of(details.get("name") or ""),
            _error(details.get("error") or ""),
        )
    except KeyError as error:
        raise ValueError(f"no member {error}") from error


def _error(value: object) -> str:
    """What is no text names no error; that one happened, the kind of the event tells."""
    try:
        return text_of(value)
    except ValueError:
        return NO_NAME
