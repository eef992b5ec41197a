"""The rows of a watch as its record holds them, each looked at before anything is made of it. No AWS.

What is no row as a watch writes one is said, and is never a pass. A line that a kill cut is none, and left out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lib.checks import Check, key_of
from lib.errors import RunbookError
from lib.phases.watch.breaks import Kind, Row
from lib.phases.watch.pace import Pace
from lib.record.folder import WATCH as LOG
from lib.record.records import Record
from lib.values.reviewed import is_near

LONGEST_SECONDS = 1e8  # three years
FURTHEST_BACK_SECONDS = 1e10  # of a clock: further than the years in which a moment may lie
# What each kind of row is read for, by what it must be.
MOMENTS = {Kind.BEGUN: ("since",), Kind.GAP: ("from", "to"), Kind.ALERT: ("since",)}
TEXTS = {Kind.GAP: ("why",), Kind.ALERT: ("key", "news"), Kind.ENDED: ("why",)}
LENGTHS = dict.fromkeys((Kind.BEGUN, Kind.RESUMED), ("for_seconds", "every_seconds"))


def of_record(record: Record) -> list[Row]:
    """Every row of every watch of a run, oldest first; one that cannot be read is `Kind.UNREADABLE`, and no more."""
    return [row if is_readable(row) else {"row": str(Kind.UNREADABLE)} for row in record.rows(LOG)]


def is_readable(row: Mapping[str, Any]) -> bool:
    """Whether a row holds what is read of its kind."""
    try:
        kind = Kind(row["row"])
        _require(kind, row)
    except (KeyError, TypeError, ValueError, AttributeError, RunbookError):
        return False
    return kind is not Kind.UNREADABLE


def _require(kind: Kind, row: Mapping[str, Any]) -> None:
    """Raise for what is not so; whatever it is."""
    time, *_ = (_moment(row[name]) for name in ("time", *MOMENTS.get(kind, ())))
    for name in TEXTS.get(kind, ()):
        _a(str, row[name])
    if kind in LENGTHS:
        Pace(time, *(timedelta(seconds=_seconds(row[name], LONGEST_SECONDS)) for name in LENGTHS[kind]))
    if kind is Kind.GAP:
        _a(int, row["missed"])
    if kind is Kind.CLOCK:
        _seconds(row["back_seconds"], FURTHEST_BACK_SECONDS)
        _a(str, row.get("why", ""))
    if kind is Kind.ALERT:
        _a(bool, row["published"])
    if kind is Kind.CHECKPOINT:
        for answered in _a(list, row["answers"]):
            _require_answer(answered)


def _require_answer(answered: Mapping[str, Any]) -> None:
    _a(str, answered["asked"])
    for one in _a(list, answered["checks"]):
        key_of(Check.from_row(one).to_row())
    if not _a(str, answered["error"]):
        _moment(answered["until"])
        _a(dict, answered["counts"])
        for said in _a(dict, answered.get("without_names", {})).values():
            _a(str, said)


def _moment(said: object) -> datetime:
    moment = datetime.fromisoformat(_a(str, said))
    if moment.utcoffset() is None or not is_near(moment):
        raise ValueError("a moment of no zone, or too far to reckon with")
    return moment


def _seconds(said: object, most: float) -> float:
    length: float = _a(int | float, said)
    if not 0 < length < most:
        raise ValueError("no length of time")
    return length


def _a(kind: Any, value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(str(kind))
    return value
