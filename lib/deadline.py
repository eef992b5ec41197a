"""An answer within a time, or none. No AWS, no files.

A client's own limit is for silence between two bytes: an answer that drips is waited for without end. Where nothing may
be waited for, the call is left to itself, in a thread that ends with the process.
"""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from lib.errors import Unanswered

SOON_SECONDS = 10  # as long as an emergency waits for what it can go on without
Answer = TypeVar("Answer")


def within(seconds: float, ask: Callable[[], Answer], doing: str) -> Answer:
    """What `ask` gives, or raises. Raises Unanswered where it takes longer; it may then end at any time, unseen.

    So it is for what is only asked, and for what may be written then as well as now.
    """
    ended = queue.SimpleQueue[tuple[Answer | None, BaseException | None]]()

    def asked() -> None:
        try:
            ended.put((ask(), None))
        except BaseException as error:  # noqa: BLE001 - handed on, whatever it is
            ended.put((None, error))

    threading.Thread(target=asked, daemon=True).start()
    try:
        answer, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise Unanswered(
            f"no whole answer within {seconds:g} s while {doing}; it was not waited for any longer"
        ) from None
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]
