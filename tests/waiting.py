"""How tests wait: for the thing itself, and for as long as it takes. How fast the machine is decides nothing here.

What never comes hangs its test, which pytest then shows with every thread's place in the code (`faulthandler_timeout`
in pyproject.toml), and which whoever started the tests may end.
"""

import os
import select
import threading
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

# What is handed to code of ours that takes a limit in seconds, where a test sets none.
FOR_EVER = float("inf")
# Between two looks at what tells nobody when it changes: it leaves the machine to what is waited for.
PAUSE_SECONDS = 0.02


def until(look: Callable[[], Found]) -> Found:
    """What `look` finds, once it finds something. For another process's files and for what an account holds."""
    while not (found := look()):
        threading.Event().wait(timeout=PAUSE_SECONDS)
    return found


def until_gone(pid: int) -> None:
    """Return when this process has ended, whoever's child it is: the kernel tells."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        ended.poll()
    finally:
        os.close(descriptor)
