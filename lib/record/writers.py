"""Which processes of this machine write to a record now: by a lock that the system takes back when they end. No AWS.

It lies beside the records of an environment, and is no part of any. What another machine does, it does not tell.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.errors import Unrecorded
from lib.record import files

LOCKS = ".writing"
_held: dict[Path, int] = {}
_depth: Counter[Path] = Counter()


def join(folder: Path, at_once: bool = False) -> None:
    """Count as a writer of this record until `leave`, or until this process ends.

    Raises Unrecorded where somebody keeps all others from it, and there is no time to lose.
    """
    if folder not in _held:
        descriptor = _opened(folder)
        if not files.lock(descriptor, fcntl.LOCK_SH, at_once):
            os.close(descriptor)
            raise Unrecorded(f"another process of this machine keeps all others from writing to {folder}; end it")
        _held[folder] = descriptor


def leave(folder: Path) -> None:
    """Count as a writer no more."""
    if folder in _held:
        os.close(_held.pop(folder))


def has_joined(folder: Path) -> bool:
    """Whether this process counts as a writer."""
    return folder in _held


def others(folder: Path, at_once: bool = False) -> bool:
    """Whether another process of this machine writes to this record."""
    descriptor = _held[folder] if folder in _held else _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        if folder in _held:
            files.lock(descriptor, fcntl.LOCK_SH, at_once)
        else:
            os.close(descriptor)
    return False


@contextmanager
def nesting(folder: Path) -> Iterator[None]:
    """A part of what this process does with a record: it ends with the outermost one."""
    _depth[folder] += 1
    try:
        yield
    finally:
        _depth[folder] -= 1


def is_nested(folder: Path) -> bool:
    """Whether something goes on around this that will write to the record again."""
    return _depth[folder] > 0


def _opened(folder: Path) -> int:
    place = folder.parent / LOCKS / folder.name
    files.make_folder(place.parent)
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, files.PRIVATE)
    os.fchmod(descriptor, files.PRIVATE)
    return descriptor
