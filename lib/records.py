"""The audit record of a run: folder, write-ahead change log, call log, evidence, manifest. No AWS.

`outputs/<environment>/<run_id>/` is written by lib, whoever runs the cells. Nothing in it is overwritten, except the
three files that describe the run as a whole (`run.json`, `MANIFEST.json`, and `plan.json` until it is applied).
"""

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from lib.errors import BadParameters, NotAsWanted
from lib.settings import Settings

MANIFEST = "MANIFEST.json"
Checked = TypeVar("Checked")


def new_run_id(now: datetime | None = None) -> str:
    """UTC stamp and a short random suffix; sorts by time."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


@dataclass(frozen=True)
class Record:
    """One run's folder."""

    folder: Path
    run_id: str

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Add one JSON line to a log of the record, and return only when it is on disk."""
        line = json.dumps(row, ensure_ascii=False, default=str) + "\n"
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # A kill can leave a line half written; the next one then starts on a line of its own.
            if os.fstat(descriptor).st_size and not _ends_line(self.folder / name):
                os.write(descriptor, b"\n")
            _write_all(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

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
        for check in checks:
            self.append("checks.jsonl", {"phase": phase, **vars(check)})
        return checks

    def log_call(self, row: dict[str, Any]) -> None:
        """Add one AWS call to `calls.jsonl`; not flushed to disk one by one, since nothing is restored from it."""
        with (self.folder / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def write_json(self, name: str, data: object) -> Path:
        """Write a whole file, all or nothing."""
        return self.write_text(name, json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write a whole file, all or nothing."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                draft.chmod(0o644)
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        return path

    def read_json(self, name: str) -> Any:  # noqa: ANN401 - whatever was written
        """A file of the record, or None where the run has not written it."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def latest(self, name: str) -> Any:  # noqa: ANN401
        """The newest attempt of a file that `keep_json` wrote, or None."""
        stem, ending = name.rsplit(".", 1)
        attempts = self.folder.glob(f"{stem}.attempt-*.{ending}")
        newest = max(attempts, key=lambda path: int(path.stem.rsplit("-", 1)[-1]), default=None)
        return self.read_json(str(newest.relative_to(self.folder)) if newest else name)

    def new_path(self, name: str) -> Path:
        """A path for a new file: `name`, or `name` with `.attempt-N` where earlier attempts left theirs."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
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
    folder = settings.model_copy(update={"run_id": run_id}).run_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameters(f"the record cannot be kept in {folder}: {error.strerror}; set outputs_dir") from error
    return Record(folder, run_id)


def existing(settings: Settings, run_id: str) -> Record:
    """The record of a run that took place. Raises BadParameters where there is none, with the nearest ones."""
    folder = settings.model_copy(update={"run_id": run_id}).run_folder if run_id else None
    if folder is None or not folder.is_dir():
        have = ", ".join(runs(settings)[-3:]) or "none yet"
        raise BadParameters(f"no run {run_id!r} of environment {settings.environment}; the latest are: {have}")
    return Record(folder, run_id)


def runs(settings: Settings) -> list[str]:
    """The run ids of this environment, oldest first."""
    folder = settings.path(settings.outputs_dir) / settings.environment
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def seal(record: Record) -> None:
    """Write `MANIFEST.json`: the SHA-256 of every file, each chained to the one before."""
    record.write_json(MANIFEST, {"run_id": record.run_id, "files": _chained(record.folder)})


def unsealed(folder: Path) -> list[str]:
    """What differs between a run's folder and its manifest; empty when nothing was touched since it was sealed."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BadParameters(f"{folder} holds no {MANIFEST}; expected the folder of a finished run")
    try:
        recorded = {row["path"]: row for row in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise NotAsWanted(f"{path} is not a manifest this runbook wrote; the record cannot be trusted") from error
    live = {row["path"]: row for row in _chained(folder)}
    missing = [f"{name}: missing" for name in recorded if name not in live]
    added = [f"{name}: not in the manifest" for name in live if name not in recorded]
    both = [name for name in live if name in recorded]
    edited = [f"{name}: edited" for name in both if recorded[name].get("sha256") != live[name]["sha256"]]
    broken = [] if list(recorded.values()) == list(live.values()) else ["the chain does not close"]
    return [*missing, *added, *edited] or broken


def _chained(folder: Path) -> list[dict[str, str]]:
    rows, chain = [], ""
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST):
        name = path.relative_to(folder).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        chain = hashlib.sha256(f"{chain}{name}{digest}".encode()).hexdigest()
        rows.append({"path": name, "sha256": digest, "chain": chain})
    return rows


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
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
