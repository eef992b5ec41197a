"""How far something is, as a bar of characters that grows in its place, and how a kernel tells it to the runner."""

WIDTH = 30  # characters
# To whoever executes the notebook, in place of an output; only where PROGRESS_SEEN says that it is taken out again.
PROGRESS = "application/vnd.runbook.progress+json"
PROGRESS_SEEN = "RUNBOOK_PROGRESS_SEEN"


def bar(done: int, every: int, what: str) -> str:
    """So many of every one."""
    full = WIDTH * done // max(every, 1)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {done:,} of {every:,} {what}"
