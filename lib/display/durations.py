"""How long something takes, as an operator says it. Pure."""

MINUTE, HOUR = 60, 3600  # seconds


def duration(seconds: object) -> str:
    """`1 min 44 s`, or "" where nobody knows."""
    if not isinstance(seconds, int | float):
        return ""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    return (
        f"{whole // MINUTE} min {whole % MINUTE} s"
        if whole < HOUR
        else f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    )
