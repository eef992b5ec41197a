"""How a number is said: never as 1.23e+03; and of many names the first, with how many more there are. Pure text."""

from collections.abc import Sequence


def say_number(number: float) -> str:
    """Whole from 100 on; below, three digits."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_full(number: float) -> str:
    """With no more digits than it needs, and all that stand before its point: what a table holds may be copied."""
    return f"{number:.0f}" if abs(number) >= 100_000 else f"{number:g}"


def first_of(names: Sequence[str], most: int) -> str:
    """`a, b and 1,203 more`"""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
