"""The folder of a run: write-ahead change log, call log, evidence, attempts; and its store, if any. No AWS.

Nothing in it is overwritten, except the two files that describe the run as a whole (`run.json`, `MANIFEST.json`).
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lib.errors import Unrecorded
from lib.record import attempts, change_rows, files, formats
from lib.record.seals import manifest
from lib.record.seals.manifest import MANIFEST, VERDICT
from lib.values import contacts, json_rows
from lib.values.exact_json import dumps, loads, parse_foreign

CHECKS = "checks.jsonl"
ATTEMPT = "RUNBOOK_ATTEMPT"  # tells a kernel which attempt at its phase it is
LOG = "changes.jsonl"  # what was written, and how to undo it; written ahead
CALLS = "calls.jsonl"
EVIDENCE = "evidence/"
WHOLE = (VERDICT, MANIFEST)  # of the run as a whole; replaced as it goes on
VALIDATED = "evidence/validated.json"  # what was live when a validation had ended
DRILLED = "evidence/drill.json"  # a drill outside a validation, and its verdict
BROKEN_OFF = "evidence/drill_broken_off.json"  # one of which nobody knows who was reached
ALARMS_FIRED = "evidence/alarms.json"  # each alarm fired once as a test, and who was told
CRITERIA = "evidence/criteria.json"  # how a review decided the success criteria
SIGNATURES = "signatures.jsonl"  # who accepted or rejected that
WATCH = "checkpoints.jsonl"  # what a watch saw
# What tells of a run, and is copied from its store: enough for its status, for what an approval was used for, and for
# what it validated or drilled, and how it was reviewed and watched.
KEPT = "|".join(
    rf"{re.escape(name.removesuffix('.json'))}(\.attempt-\d+)?\.json"
    for name in ("plan.json", VALIDATED, DRILLED, BROKEN_OFF, ALARMS_FIRED, CRITERIA)
)
TELLING = re.compile("|".join([*map(re.escape, (VERDICT, LOG, SIGNATURES, WATCH)), KEPT]))


class Told(Protocol):
    """An answer that says itself how it is written."""

    def answer_of(self, phase: str) -> dict[str, Any]:
        """It, as a row of a record, of a phase that it belongs to."""


Checked = TypeVar("Checked", bound=Told)


class Store(Protocol):
    """Where a record is kept beside its folder. Raises Unrecorded, or Superseded where another machine went on."""

    def put(self, name: str, path: Path) -> None:
        """Keep this file as it is now; returns when it is kept."""

    def put_all(self, chosen: Sequence[tuple[str, Path]]) -> None:
        """Keep these files, in this order, leaving out what is kept as it is."""


@dataclass(frozen=True)
class Record:
    """One run's folder, and its store where the parameters name one."""

    folder: Path
    run_id: str
    store: Store | None = field(default=None, compare=False)
    inode: int = field(default=0, compare=False)  # of the folder, where it is known: another is not taken for it
    at_once: bool = field(default=False, compare=False)  # whether nothing may wait long for the folder to be free
    attempt: str = field(default="", compare=False)  # at a phase; whose answers are whose is told by it

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Add one JSON line to a log of the record, and return only when it is on disk and in the store.

        Raises Refused, before anything is written, for what could not be read back exactly; so does every other file.
        """
        self.append_all(name, [row])

    def append_all(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add JSON lines to a log, all in one write: a hundred checks are stored once, not a hundred times."""
        lines = "".join(f"{dumps(dict(row))}\n" for row in rows)
        with self.kept(), self.held():
            with files.open_to_append(self.folder / name) as descriptor:
                files.add(descriptor, files.on_a_line_of_its_own(descriptor, lines.encode()))
            self._stored(name)

    def _stored(self, name: str) -> None:
        if self.store:
            self.store.put(name, self.folder / name)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else on this machine adds to the logs meanwhile, or brings the folder and its store together.

        Raises Unrecorded where somebody else does not let go of it `at_once`: who holds it may be stopped.
        """
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            if not files.lock(descriptor, at_once=self.at_once):
                raise Unrecorded(
                    f"the record of run {self.run_id} is held by another process of this machine, which may be stopped "
                    "or wait for the store, so nothing is added to it; end that process, then go on"
                )
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
                f"{way}, then resume run {self.run_id}"
            ) from error

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The lines of a log; a last line that a kill cut short is left out."""
        path = self.folder / name
        if not path.exists():
            return []
        # Not splitlines(), which also breaks at U+2028 inside a value; and a kill can cut a character in two.
        lines = files.read(path).decode(errors="replace").split("\n")
        return [row for row in (_row(line) for line in lines) if row is not None]

    def checked(self, phase: str, checks: Sequence[Checked]) -> Sequence[Checked]:
        """Add the answers of a phase to `checks.jsonl`, and hand them on. What is asked at once shares a time."""
        stamp = {"attempt": self.attempt, "time": datetime.now(UTC).isoformat(timespec="microseconds")}
        self.append_all(CHECKS, [{**stamp, **check.answer_of(phase)} for check in checks])
        return checks

    def changes(self) -> list[dict[str, Any]]:
        """The rows of `changes.jsonl`, each with every key; one that cannot be read says so in its `trouble`."""
        return [change_rows.from_row(row) for row in self.rows(LOG)]

    def log_call(self, row: dict[str, Any]) -> None:
        """Add one AWS call to `calls.jsonl`; neither flushed nor stored one by one: nothing is restored from it.

        One that finds no room on a full disk is left out: it must not keep the call from being made.
        """
        with suppress(OSError), files.open_to_append(self.folder / CALLS) as descriptor:
            line = (json.dumps(row, ensure_ascii=False) + "\n").encode()
            os.write(descriptor, files.on_a_line_of_its_own(descriptor, line))

    def write_json(self, name: str, data: object) -> Path:
        """Write a whole file, all or nothing."""
        return self.write_text(name, json_rows.to_text(data))

    def write_text(self, name: str, text: str) -> Path:
        """Write a whole file, all or nothing; sealed at once, the verdict before it is there."""
        return self._write(lambda: name, text)

    def _write(self, choose: Callable[[], str], text: str) -> Path:
        """Under a name that is chosen while nobody else writes: two who chose the same would edit each other's file."""
        data = text.encode()
        with self.kept():
            files.make_folder(self.folder)
            with self.held():
                path = self.write_bytes(name := choose(), data)
        if name not in WHOLE and path.suffix != ".ipynb":
            self._stored(name)
            with self.kept(), self.held():
                self._sealed(name, data)
        return path

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write a whole file, all or nothing, on this machine alone. Whoever writes the verdict so has it `held`."""
        path = self.folder / name
        with self.kept():
            if name == VERDICT:
                self._sealed(name, data)
            files.replace(path, data)
        return path

    def _sealed(self, name: str, data: bytes) -> None:
        """Seal this one file, as it was or is to be written, by whoever has the record open."""
        made = manifest.claim_file(self.folder, name, data, datetime.now(UTC).isoformat(timespec="milliseconds"))
        if made:
            files.replace(self.folder / MANIFEST, made.to_text().encode())

    def read_json(self, name: str) -> Any:  # noqa: ANN401 - whatever was written
        """A file of the record, or None where the run has not written it."""
        path = self.folder / name
        what = f"{name} of {self.run_id}"
        return parse_foreign(files.text(path, what), what) if path.exists() else None

    def verdict(self) -> dict[str, Any] | None:
        """`run.json`, or None where the run wrote none. Raises Refused for one of a newer version."""
        data = self.read_json(VERDICT)
        formats.require_known(data, f"{VERDICT} of {self.run_id}")
        return data if isinstance(data, dict) else None

    def latest(self, name: str) -> Any:  # noqa: ANN401
        """The newest attempt of a file that `keep_json` wrote, or None."""
        newest_first = (self.read_json(one) for one in reversed(self.kept_as(name)))
        return next((data for data in newest_first if data is not None), None)

    def attempts(self, name: str) -> list[Any]:
        """Every attempt of a file that `keep_json` wrote, oldest first."""
        kept = [self.read_json(one) for one in self.kept_as(name)]
        return [data for data in kept if data is not None]

    def kept_as(self, name: str) -> list[str]:
        """The names under which `name` was kept, oldest first: its own, then those of later attempts."""
        tries = attempts.by_number(self.folder / name)
        return [str(tries[number].relative_to(self.folder)) for number in sorted(tries) if tries[number].exists()]

    def new_path(self, name: str) -> Path:
        """A path for a new file: `name`, or `name` with `.attempt-N` where earlier attempts left theirs."""
        return attempts.next_path(self.folder / name)

    def keep_json(self, name: str, data: object) -> Path:
        """Write a file that is never overwritten: an earlier one of this name stays, the new one is an attempt."""
        return self.keep_text(name, json_rows.to_text(data))

    def keep_aside(self, name: str) -> Path:
        """What a file of the record holds now, kept beside it as `.unstored` before another is written."""
        kept = self.new_path(str(Path(name).with_suffix(f".unstored{Path(name).suffix}")))
        return self.write_bytes(str(kept.relative_to(self.folder)), files.read(self.folder / name))

    def keep_text(self, name: str, text: str) -> Path:
        """Like `keep_json`, for text. Evidence is for people and of people: it holds nobody's contact."""
        text = contacts.mask_text(text) if name.startswith(EVIDENCE) else text
        return self._write(lambda: str(self.new_path(name).relative_to(self.folder)), text)


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
