"""What a fault matrix has tried so far, on disk, so that one that was ended goes on where it was. No AWS.

All of it takes hours. A result counts for the code that was tried alone, so a file names it: whoever changed a line of
the runbook or of the matrix begins anew.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from lib.errors import BadParameters
from lib.record import files
from lib.settings import ROOT
from rehearsal.fault_matrix.trials import Result, Trial

DECISIVE, SUFFIXES = ("lib", "rehearsal", "runbooks", "parameters"), (".py", ".json", ".ipynb", ".yaml")


@dataclass(frozen=True)
class Chosen:
    """What decides which trials there are, and in which order: the matrix is the same for the same of these."""

    seed: int
    sample: int | None
    whole: int


class KeptResults:
    """The file of one matrix: what was chosen and of which code, then a line for each trial as it is done."""

    def __init__(self, path: Path, chosen: Chosen) -> None:
        self.path, self.chosen = path, chosen

    @classmethod
    def begin(cls, folder: Path, chosen: Chosen) -> Self:
        """A new file, in the place of an earlier one of the same seed."""
        path = folder / f"tried-{chosen.seed}.jsonl"
        files.replace(path, _line({"code": _code(), **asdict(chosen)}))
        return cls(path, chosen)

    @classmethod
    def newest(cls, folder: Path) -> Self:
        """The file that was written to last. Raises BadParameters where there is none, or it is of other code."""
        there = sorted(folder.glob("tried-*.jsonl"), key=lambda path: path.stat().st_mtime)
        if not there:
            raise BadParameters(f"nothing to go on with: no tried-*.jsonl in {folder}; begin without --go-on")
        # A piece of a line, of one that was killed while it wrote, is cut off: the next would be written behind it.
        files.replace(there[-1], b"".join(_whole_lines(there[-1])))
        first = _rows(there[-1])[0]
        if first.pop("code") != (now := _code()):
            raise BadParameters(
                f"{there[-1].name} holds what other code survived than this, {now[:12]}: results of two say nothing "
                "of either; begin anew without --go-on"
            )
        return cls(there[-1], Chosen(**first))

    def results(self) -> list[Result]:
        """What is known so far, as it came."""
        return [Result(**row | {"trial": Trial(**row["trial"])}) for row in _rows(self.path)[1:]]

    def keep(self, result: Result) -> None:
        """Add a result; returns when it is on disk."""
        with files.open_to_append(self.path) as descriptor:
            files.add(descriptor, _line(asdict(result)))

    def left(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those of these that were not tried yet. One that was lost was tried."""
        tried = {result.trial for result in self.results()}
        return [trial for trial in trials if trial not in tried]


def _code() -> str:
    """The SHA-256 of every file that decides what a trial does."""
    digest = sha256()
    for path in sorted(path for folder in DECISIVE for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES):
        digest.update(f"{path.relative_to(ROOT)} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, sort_keys=True).encode() + b"\n"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _whole_lines(path)]


def _whole_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
