"""How numbers and lengths of time are said: in full, in a unit that fits; and of many names the first. Pure text."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
UNITS = {"days": DAY, "h": HOUR, "min": MINUTE, "s": 1}


def say_number(number: float) -> str:
    """Whole from 100 on; below, three digits."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_full(number: float) -> str:
    """With no more digits than it needs, and all that stand before its point: what a table holds may be copied."""
    return f"{number:.0f}" if abs(number) >= 100_000 else f"{number:g}"


def say_count(number: float) -> str:
    """What was counted, to the last one: `1,234,567`; a part of one with six digits."""
    return f"{number:,.0f}" if abs(number) >= 100_000 or number == int(number) else f"{number:,.6g}"


def plural(count: int, word: str) -> str:
    """`1 drill`, `1,200 drills`"""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def first_of(names: Sequence[str], most: int, between: str = ", ") -> str:
    """`a, b and 1,203 more`"""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(names[:most]) + more


def say_roughly(length: timedelta | float) -> str:
    """A length of time, or seconds, to three digits in a unit of which there are two: `84 ms`, `119 s`, `5.5 h`."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    unit = next((unit for unit, each in UNITS.items() if seconds >= 2 * each), "s")
    return f"{seconds / UNITS[unit]:.3g} {unit}"


def say_minute(moment: datetime) -> str:
    """A moment in UTC, to the minute; whoever says it says that it is UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def say_exactly(seconds: object) -> str:
    """A length of time to the second, from an hour on to the minute: `1 min 44 s`; "" where nobody knows."""
    if not isinstance(seconds, int | float):
        return ""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
