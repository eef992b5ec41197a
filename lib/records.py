"""The audit record of a run: folder, write-ahead change log, call log, evidence, manifest. No AWS.

`outputs/<environment>/<run_id>/` is written by lib, whoever runs the cells. Nothing in it is overwritten, except the
two files that describe the run as a whole (`run.json`, `MANIFEST.json`). A record may have a store, where another
machine finds it: a log's row and a kept file have reached it, too, when `append` and `write_text` return; the rest,
and executed notebooks, when it is sealed.
"""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lib.errors import BadParameters, Unrecorded
from lib.exact_json import dumps, loads, parsed
from lib.manifest import MANIFEST, chained, unsealed
from lib.parameters import COPIES, DRILLS
from lib.settings import Settings, folder_of

__all__ = ["LOG", "MANIFEST", "Record", "Store", "existing", "new_run_id", "open_run", "runs", "seal", "unsealed"]

LOG = "changes.jsonl"  # what was written, and how to undo it; written ahead
CALLS = "calls.jsonl"
VERDICT = "run.json"
WHOLE = (VERDICT, MANIFEST)  # of the run as a whole; replaced as it goes on
VALIDATED = "evidence/validated.json"  # what was live when a validation had ended
CRITERIA = "evidence/criteria.json"  # how a review decided the success criteria
DRAFT = ".draft-"  # a file that is not whole yet; what a kill leaves of it is no part of the record
RUNNING = ".running.ipynb"  # a notebook as papermill writes it, with what no record may hold: never stored
Checked = TypeVar("Checked")


def new_run_id(now: datetime | None = None) -> str:
    """UTC stamp and a short random suffix; sorts by time."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


class Store(Protocol):
    """Where a record is kept beside its folder. Raises Unrecorded, or Superseded where another machine went on."""

    def put(self, name: str, path: Path) -> None:
        """Keep this file as it is now; returns when it is kept."""

    def put_all(self, files: Sequence[tuple[str, Path]]) -> None:
        """Keep these files, in this order, leaving out what is kept as it is."""


@dataclass(frozen=True)
class Record:
    """One run's folder, and its store where the parameters name one."""

    folder: Path
    run_id: str
    store: Store | None = field(default=None, compare=False)
    inode: int = field(default=0, compare=False)  # of the folder, where it is known: another is not taken for it

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Add one JSON line to a log of the record, and return only when it is on disk and in the store.

        Raises Refused, before anything is written, for what could not be read back exactly; so does every other file.
        """
        self.append_all(name, [row])

    def append_all(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add JSON lines to a log, all in one write: a hundred checks are stored once, not a hundred times."""
        lines = "".join(f"{dumps(dict(row))}\n" for row in rows)
        with self.kept(), self.held():
            descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                # A kill can leave a line half written; the next one then starts on a line of its own.
                if os.fstat(descriptor).st_size and not _ends_line(self.folder / name):
                    os.write(descriptor, b"\n")
                _write_all(descriptor, lines.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._stored(name)

    def _stored(self, name: str) -> None:
        if self.store:
            self.store.put(name, self.folder / name)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else on this machine adds to the logs meanwhile, or brings the folder and its store together."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A full disk, or a folder that is gone, as one sentence that says what to do."""
        try:
            if self.inode and self.folder.stat().st_ino != self.inode:
                raise FileNotFoundError(0, "another folder lies in its place")
            yield
        except OSError as error:
            way = "bring it back from a copy or its store" if isinstance(error, FileNotFoundError) else "make room"
            raise Unrecorded(
                f"the record cannot be kept in {self.folder} ({error.strerror}), so nothing more is written; "
                f"{way}, then go on with --resume {self.run_id}"
            ) from error

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The lines of a log; a last line that a kill cut short is left out."""
        path = self.folder / name
        if not path.exists():
            return []
        # Not splitlines(), which also breaks at U+2028 inside a value; and a kill can cut a character in two.
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        return [row for row in (_row(line) for line in lines) if row is not None]

    def checked(self, phase: str, checks: Sequence[Checked]) -> Sequence[Checked]:
        """Add the answers of a phase to `checks.jsonl`, and hand them on."""
        self.append_all("checks.jsonl", [{"phase": phase, **vars(check)} for check in checks])
        return checks

    def log_call(self, row: dict[str, Any]) -> None:
        """Add one AWS call to `calls.jsonl`; neither flushed nor stored one by one: nothing is restored from it.

        One that finds no room on a full disk is left out: it must not keep the call from being made.
        """
        with suppress(OSError), (self.folder / CALLS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def write_json(self, name: str, data: object) -> Path:
        """Write a whole file, all or nothing."""
        return self.write_text(name, dumps(data, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write a whole file, all or nothing."""
        path = self.write_bytes(name, text.encode())
        if name not in WHOLE and path.suffix != ".ipynb":
            self._stored(name)
        return path

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write a whole file, all or nothing, on this machine alone."""
        path = self.folder / name
        with self.kept():
            self._replace(path, data)
        return path

    def _replace(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=DRAFT, delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                draft.chmod(0o644)
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

    def read_json(self, name: str) -> Any:  # noqa: ANN401 - whatever was written
        """A file of the record, or None where the run has not written it."""
        path = self.folder / name
        return parsed(path.read_text(encoding="utf-8"), f"{name} of {self.run_id}") if path.exists() else None

    def latest(self, name: str) -> Any:  # noqa: ANN401
        """The newest attempt of a file that `keep_json` wrote, or None."""
        return next(reversed(self.attempts(name)), None)

    def attempts(self, name: str) -> list[Any]:
        """Every attempt of a file that `keep_json` wrote, oldest first."""
        found = [self.read_json(one) for one in self.kept_as(name)]
        return [data for data in found if data is not None]

    def kept_as(self, name: str) -> list[str]:
        """The names under which `name` was kept, oldest first: its own, then those of later attempts."""
        stem, ending = name.rsplit(".", 1)
        later = sorted(
            self.folder.glob(f"{stem}.attempt-*.{ending}"), key=lambda path: int(path.stem.rsplit("-", 1)[-1])
        )
        return [str(path.relative_to(self.folder)) for path in (self.folder / name, *later) if path.exists()]

    def new_path(self, name: str) -> Path:
        """A path for a new file: `name`, or `name` with `.attempt-N` where earlier attempts left theirs."""
        path = self.folder / name
        attempt = 2
        while path.exists():
            path = self.folder / Path(name).with_suffix(f".attempt-{attempt}{Path(name).suffix}")
            attempt += 1
        return path

    def keep_json(self, name: str, data: object) -> Path:
        """Write a file that is never overwritten: an earlier one of this name stays, the new one is an attempt."""
        path = self.new_path(name)
        return self.write_json(str(path.relative_to(self.folder)), data)

    def keep_text(self, name: str, text: str) -> Path:
        """Like `keep_json`, for text."""
        path = self.new_path(name)
        return self.write_text(str(path.relative_to(self.folder)), text)


def open_run(settings: Settings) -> Record:
    """The record of `settings.run_id`, its folder made where it is new; an empty run_id starts a new run."""
    run_id = settings.run_id or new_run_id()
    folder = folder_of(settings, run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameters(f"the record cannot be kept in {folder}: {error.strerror}; set outputs_dir") from error
    return Record(folder, run_id, inode=folder.stat().st_ino)


def existing(settings: Settings, run_id: str, usable: Callable[["Record"], bool] = bool) -> Record:
    """The record of a run that took place. Raises BadParameters where there is none, with the latest usable ones.

    Those are of this machine, or of the store as it was last looked at.
    """
    folder = folder_of(settings, run_id) if run_id else None
    if folder is None or not folder.is_dir():
        have = ", ".join([record.run_id for record in latest_of_each(settings) if usable(record)][-3:]) or "none yet"
        raise BadParameters(f"no run {run_id!r} of environment {settings.environment}; the latest are: {have}")
    return Record(folder, run_id, inode=folder.stat().st_ino)


def runs(settings: Settings) -> list[str]:
    """The run ids of this environment on this machine, oldest first."""
    return [record.run_id for record in _in(settings.runs_folder)]


def copies(settings: Settings) -> list[Record]:
    """What the store told of its runs when it was last looked at: plan, verdict and changes alone, to be read only."""
    return _in(settings.runs_folder / COPIES)


def every(settings: Settings) -> list[Record]:
    """The records of all runs of this environment, oldest first; a run that the store has, too, comes twice."""
    here = [existing(settings, run_id) for run_id in runs(settings)]
    return sorted([*here, *copies(settings)], key=lambda record: record.run_id)


def latest_of_each(settings: Settings) -> list[Record]:
    """One record a run: this machine's, or the store's copy where another machine went on, oldest first."""
    newest: dict[str, Record] = {}
    for record in every(settings):
        found = newest.get(record.run_id)
        newest[record.run_id] = max(found, record, key=_reach) if found else record
    return list(newest.values())


def _reach(record: Record) -> tuple[int, str]:
    return len(record.rows(LOG)), str((record.read_json(VERDICT) or {}).get("ended", ""))


def _in(folder: Path) -> list[Record]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        (Record(path, path.name) for path in found if path.is_dir() and path.name != DRILLS and path.name[0] != "."),
        key=lambda record: record.run_id,
    )


def seal(record: Record) -> None:
    """Write `MANIFEST.json`: the SHA-256 of every file, each chained to the one before. Then store what is not yet."""
    with record.kept(), record.held():
        files = chained(record.folder)
        text = json.dumps({"run_id": record.run_id, "files": files}, indent=2, ensure_ascii=False) + "\n"
        record.write_bytes(MANIFEST, text.encode())
        if record.store:
            whole = [row["path"] for row in files if not row["path"].endswith(RUNNING)]
            names = [*sorted(whole, key=lambda name: (name in WHOLE, name)), MANIFEST]
            record.store.put_all([(name, record.folder / name) for name in names])


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
