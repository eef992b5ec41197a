"""Files and folders of a record on disk: nobody else's to read, written whole or not at all, no link ever followed."""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from lib.errors import NotAsWanted
from lib.wait import Patience, until

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
DRAFT = ".draft-"  # a file that is not whole yet; what a kill leaves of it is no part of the record
# How long a lock that is not free is looked at again, where there is no time to lose.
SOON = Patience(seconds=1.0, pause=0.1)
NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP)  # of a file system that brings no folder to disk when it is asked to
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner alone whatever the umask."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(mode=PRIVATE_FOLDER)
            path.chmod(PRIVATE_FOLDER)
            keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """Return when the names in a folder are on disk: a power cut loses a file that is there, and has no name yet."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # one that others may only pass through
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def open_to_append(path: Path) -> Iterator[int]:
    """A descriptor that adds to a file, which is made where it is missing."""
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW
    try:
        descriptor, new = os.open(path, flags), False
    except FileNotFoundError:
        descriptor, new = os.open(path, flags | os.O_CREAT, PRIVATE), True
    try:
        os.fchmod(descriptor, PRIVATE)
        if new:
            keep_names(path.parent)
        yield descriptor
    finally:
        os.close(descriptor)


def on_a_line_of_its_own(descriptor: int, line: bytes) -> bytes:
    """A line as it is to be added: a kill, or a full disk, can have left the one before it half written."""
    size = os.fstat(descriptor).st_size
    cut = size and os.pread(descriptor, 1, size - 1) != b"\n"
    return (b"\n" if cut else b"") + line


def add(descriptor: int, data: bytes, keep: int | None = None) -> None:
    """Add to the first `keep` bytes of a file, or to all of it; returns when it is on disk."""
    if keep is not None and keep < os.fstat(descriptor).st_size:
        os.ftruncate(descriptor, keep)
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write a whole file, all or nothing; somebody else's file keeps its `mode` where that is given."""
    with _draft(path, data, mode) as draft:
        draft.replace(path)
        keep_names(path.parent)


def make_once(path: Path, data: bytes) -> None:
    """Write a whole file where there is none; of two who do so at once, the first one's stays."""
    with _draft(path, data, PRIVATE) as draft:
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        keep_names(path.parent)  # of whoever was first: what is made of it must not outlast it


@contextmanager
def _draft(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A file beside that one with all of its data, on disk; gone afterwards, if it was not moved away."""
    make_folder(path.parent)
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=DRAFT, delete=False) as file:
        draft = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            draft.chmod(mode)
            yield draft
        finally:
            draft.unlink(missing_ok=True)


def reserve(path: Path) -> Path:
    """An empty file where somebody else's code will write, which leaves its mode as it is."""
    with open_to_append(path):
        return path


def tighten(folder: Path) -> None:
    """Take from everybody else what they may do with a record that another program, or an earlier version, wrote."""
    files, _, folders = list_folder(folder)
    for path in (*folders, *files.values()):
        wanted = PRIVATE_FOLDER if path in folders else PRIVATE
        if stat.S_IMODE(path.lstat().st_mode) != wanted:
            path.chmod(wanted)


def list_folder(folder: Path) -> tuple[dict[str, Path], list[str], list[Path]]:
    """A folder's files by name, hidden ones as well; a sentence for each thing that is no file; and its folders.

    Nothing is opened and no link is followed: a pipe would hang, and a link shows what lies elsewhere.
    """
    files, odd, folders, ahead = dict[str, Path](), list[str](), list[Path](), [folder]
    while ahead:
        folders.append(here := ahead.pop())
        try:
            with os.scandir(here) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except PermissionError:
            odd.append(f"{here.name}: a folder that cannot be read")
            continue
        for entry in entries:
            path = Path(entry.path)
            name, kind = path.relative_to(folder).as_posix(), stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
            if not _textual(name):
                odd.append(f"{name!r}: a name that is no text, which no record holds")
            elif kind == stat.S_IFDIR:
                ahead.append(path)
            elif kind == stat.S_IFREG:
                files[name] = path
            else:
                odd.append(f"{name}: {KINDS.get(kind, 'no file')}, which no record holds")
    return dict(sorted(files.items())), sorted(odd), folders


@contextmanager
def open_to_read(path: Path) -> Iterator[BufferedReader]:
    """A file, to be read. Raises OSError for a link, and for what is no file by now."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        yield file


def read(path: Path, at_most: int = -1) -> bytes:
    """The bytes of a file. Raises OSError like `open_to_read`, and for one that is longer than `at_most`."""
    with open_to_read(path) as file:
        if 0 <= at_most < os.fstat(file.fileno()).st_size:
            raise OSError(errno.EFBIG, f"it is longer than {at_most} bytes", str(path))
        return file.read()


def lock(descriptor: int, kind: int = fcntl.LOCK_EX, at_once: bool = False) -> bool:
    """Take the lock of a file once it is free; whether that was in time, where there is none to lose."""
    if not at_once:
        fcntl.flock(descriptor, kind)
        return True
    return until(lambda: _taken(descriptor, kind), bool, SOON).so


def _taken(descriptor: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False


def text(path: Path, what: str) -> str:
    """The text of a file; `what` names it. Raises NotAsWanted for one that is none, or that cannot be read."""
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise NotAsWanted(f"{what} is no text in UTF-8; look at it by hand") from None  # it quotes the file
    except OSError as error:
        raise NotAsWanted(f"{what} cannot be read ({error.strerror}); look at it by hand") from error


def _textual(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
