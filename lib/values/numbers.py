"""How a number is said: never as 1.23e+03. Pure text."""


def say_number(number: float) -> str:
    """Whole from 100 on; below, three digits."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_full(number: float) -> str:
    """With no more digits than it needs, and all that stand before its point: what a table holds may be copied."""
    return f"{number:.0f}" if abs(number) >= 100_000 else f"{number:g}"
