"""How the runbook waits: until something is so, for an answer, and before it tries again. No AWS, no files.

The only place that sleeps. Whoever waits is told whether it became so: that time is up is no answer.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lib.errors import Unanswered

Seen = TypeVar("Seen")
Answer = TypeVar("Answer")
Sleep = Callable[[float], None]

FOR_EVER = float("inf")  # of what is waited for as long as it takes
SOON_SECONDS = 10  # as long as an emergency waits for what it can go on without


@dataclass(frozen=True)
class Patience:
    """For how many seconds something is waited for, how long nobody looks between two looks, and by which clock."""

    seconds: float
    pause: float
    sleep: Sleep = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Waited(Generic[Seen]):
    """What was seen last. It is true where that is what was waited for; else the time was up."""

    seen: Seen
    so: bool

    def __bool__(self) -> bool:
        return self.so


def until(
    look: Callable[[], Seen],
    is_so: Callable[[Seen], bool],
    patience: Patience,
    more: Callable[[Seen], bool] = lambda seen: False,
) -> Waited[Seen]:
    """Look until it is so or the time is up: once at least, and once more after the last pause.

    Where there is `more` to be seen at once, nobody pauses.
    """
    ends = patience.clock() + patience.seconds
    while True:
        seen = look()
        if is_so(seen):
            return Waited(seen, so=True)
        if patience.clock() >= ends:
            return Waited(seen, so=False)
        if not more(seen):
            patience.sleep(patience.pause)


def idle(seconds: float, sleep: Sleep) -> None:
    """Let time pass, for what spreads by itself and of which nothing can be read: how far it is, AWS does not tell."""
    sleep(seconds)


def attempts(pauses: Sequence[float], sleep: Sleep) -> Iterator[bool]:
    """A turn for each attempt, which says whether it is the last; before each but the first comes the next pause.

    Of each pause at least half passes, and how much more is left to chance, so that two do not meet again and again.
    """
    for seconds in pauses:
        yield False
        sleep(seconds * random.uniform(0.5, 1))
    yield True


def answer_within(seconds: float, ask: Callable[[], Answer], doing: str) -> Answer:
    """What `ask` gives, or raises. Raises Unanswered where it takes longer; it may then end at any time, unseen.

    So it is for what is only asked, and for what may be written then as well as now. A client's own limit is for
    silence between two bytes: an answer that drips is waited for without end. So the call is left to itself, in a
    thread that ends with the process.
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
