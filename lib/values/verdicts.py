"""Words of a record by which code decides: what became of a phase and of a run, and how any such word is read. No AWS.

What is read is made the member that it means, so that a word that nobody knows is never taken for "something else".
"""

from enum import StrEnum
from typing import TypeVar

from lib.errors import NotAsWanted, RunbookError

Word = TypeVar("Word", bound=StrEnum)


class Verdict(StrEnum):
    """What became of a phase, or of a whole run. Only `succeeded` is a success."""

    RUNNING = "running"  # or killed: a run that was cannot say so
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    TRIED = "tried on a candidate"  # and carried out nowhere else
    REFUSED = "refused"  # of a run alone: before its first phase
    NOT_RUN = "not_run"


def member(kind: type[Word], word: object, what: str, error: type[RunbookError] = NotAsWanted) -> Word:
    """The member that a word of a record means; `what` names where it stands. Raises `error` for an unknown one."""
    try:
        return kind(str(word))
    except ValueError:
        said = f"{word[:40]!r}" if isinstance(word, str) else f"a {type(word).__name__}"
        raise error(
            f"{what} is {said}, expected one of {', '.join(kind)}; see what wrote it, or use the version that did"
        ) from None
