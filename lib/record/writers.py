"""Which processes of this machine write to a record now: by a lock that the system takes back when they end. No AWS.

It lies beside the records of an environment, and is no part of any. What another machine does, it does not tell.

Whoever writes shares the lock of one file. Whether anybody else does is asked of the system, and no lock is taken, let
go of or changed for it: one that is made stronger (`flock`) is let go of first, and two who asked at once saw nobody.
So it is one of the open file (OFD), of which the system tells without holding one's own against whoever asks. The other
kind is shared as well, since earlier versions look for that.
"""

import fcntl
import os
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.errors import Unrecorded
from lib.record import files

LOCKS = ".writing"
FLOCK = "hhqqi"  # type, whence, start, length, process
_held: dict[Path, int] = {}
_depth: Counter[Path] = Counter()


def join(folder: Path, at_once: bool = False) -> None:
    """Count as a writer of this record until `leave`, or until this process ends.

    Raises Unrecorded where somebody keeps all others from it, and there is no time to lose.
    """
    if folder not in _held:
        descriptor = _opened(folder)
        if not (files.lock(descriptor, fcntl.LOCK_SH, at_once) and _shared(descriptor)):
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


def others(folder: Path) -> bool:
    """Whether another process of this machine writes to this record."""
    if folder in _held:
        return _is_shared(_held[folder])
    descriptor = _opened(folder)
    try:
        return _is_shared(descriptor)
    finally:
        os.close(descriptor)


def _shared(descriptor: int) -> bool:
    """Share the lock; whether nobody keeps all others from it."""
    with suppress(BlockingIOError):
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _lock(fcntl.F_RDLCK))
        return True
    return False


def _is_shared(descriptor: int) -> bool:
    """Whether the system would refuse this descriptor the lock for itself alone: another one has a share in it then."""
    kind, *_ = struct.unpack(FLOCK, fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _lock(fcntl.F_WRLCK)))
    return bool(kind != fcntl.F_UNLCK)


def _lock(kind: int) -> bytes:
    """A lock of the whole file, from its first byte to wherever it ends, as Linux's `struct flock`."""
    return struct.pack(FLOCK, kind, os.SEEK_SET, 0, 0, 0)


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
