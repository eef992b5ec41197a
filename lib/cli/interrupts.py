"""The signals by which a command is ended, whatever its parent did to them. No AWS.

Who starts a command in the background of a shell, or from a service, hands it signals that are ignored or blocked, and
they would be so in every kernel too.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, the polite end, and a terminal that is gone.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """SIGTERM or SIGHUP, taken like Ctrl-C."""


@contextmanager
def taking_interrupts() -> Iterator[None]:
    """Take what ends a command as an interrupt, so that what is temporary is removed and the record says so.

    SIGHUP stays ignored where it was: that is what nohup asks for. A second SIGTERM or SIGHUP does not disturb the
    clearing up after the first; a second Ctrl-C does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        if ended and number != signal.SIGINT:
            return
        ended = True
        raise KeyboardInterrupt if number == signal.SIGINT else Interrupted

    before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGCHLD)}
    for number in ENDING:
        if number != signal.SIGHUP or before[number] != signal.SIG_IGN:
            signal.signal(number, interrupt)
    # Ignored, it would hide how a child ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # what was sent meanwhile comes now
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, signal.SIG_DFL if former is None else former)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
