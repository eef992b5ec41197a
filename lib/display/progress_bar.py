"""How far something is, as a bar of characters that grows in its place."""

WIDTH = 30  # characters


def bar(done: int, every: int, what: str) -> str:
    """So many of every one."""
    full = WIDTH * done // max(every, 1)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {done:,} of {every:,} {what}"
