"""Times as the language writes them, and what a walk makes up since nothing runs: time, ARN, role. No AWS."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

# A walk's own words for what only a real execution has. No rule may decide by them.
AT = "2026-01-01T12:00:00.000Z"
MACHINE = "arn:any:states:any:any:stateMachine:any"
ROLE = "arn:any:iam::any:role/any"
EXECUTION = {"StartTime": AT, "RoleArn": ROLE, "RedriveCount": 0}  # of the context object, until somebody redrives
MADE_UP = (AT, MACHINE.removesuffix("stateMachine:any"), ROLE)
RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)


def made_up(value: object) -> bool:
    """Whether a value holds something that a walk only made up."""
    return isinstance(value, str) and any(words in value for words in MADE_UP)


def is_moment(value: object) -> bool:
    """Whether a value is a timestamp to AWS: RFC 3339, with a capital T and a capital Z or an offset."""
    return isinstance(value, str) and _read(value) is not None


def moment(text: str) -> tuple[datetime, Fraction]:
    """A timestamp so that two can be compared, to any digit."""
    instant = _read(text)
    assert instant is not None, text
    return instant


def _read(text: str) -> tuple[datetime, Fraction] | None:
    matched = RFC_3339.fullmatch(text)
    if matched is None:
        return None
    plain, digits, sign, hours, minutes = matched.groups()
    try:
        away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        whole = datetime.fromisoformat(plain).replace(tzinfo=UTC) - away
    except (ValueError, OverflowError):
        return None
    return whole, Fraction(f"0.{digits}") if digits else Fraction(0)
