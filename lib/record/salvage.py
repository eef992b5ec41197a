"""In an emergency, takes of a store what can be taken of a run, and leaves the store as it is. Pure files, no AWS.

What matters comes first: backups, the log of changes, the verdict, the seals. What cannot be read, or is not as it was
sealed, is told by name and keeps nothing else from being taken; it is taken as well where this machine has none of it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from lib.errors import RunbookError, Unreachable
from lib.record import files
from lib.record.folder import LOG, Record
from lib.record.seals import manifest, seal_chain
from lib.record.seals.manifest import MANIFEST, VERDICT
from lib.record.seals.seal_chain import Manifest
from lib.record.stored import sync
from lib.record.stored.store_check import Shelf, problem_of, put_together, sealed_there

BACKUPS = "backup/"
PATIENCE_SECONDS = 30  # once a store took longer, nothing more is asked of it but what an undo needs
Found = TypeVar("Found")


@dataclass
class Salvage:
    """A shelf of which everything is taken that can be; `troubles`: by name, what is wrong with the rest."""

    record: Record
    shelf: Shelf
    clock: Callable[[], float] = time.monotonic
    troubles: dict[str, str] = field(default_factory=dict)
    sealed: Manifest | None = None
    _until: float = 0
    _learned: bool = False
    _unjudged: dict[str, bytes] = field(default_factory=dict)
    _had: dict[str, bytes | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._until = self.clock() + PATIENCE_SECONDS

    @property
    def without_it(self) -> str:
        return self.shelf.without_it

    def put(self, name: str, path: Path) -> None:
        """The store stays as it is, so that whoever looks for what happened to it finds it."""

    def put_all(self, chosen: Sequence[tuple[str, Path]]) -> None:
        """Likewise."""

    def stored(self) -> Mapping[str, str]:
        """The name and ETag of every file that a record can hold; where they may not be listed, what was sealed.

        Raises Unrecorded for a store that does not answer at all, or tells of no file.
        """
        try:
            etags = self.shelf.stored()
        except RunbookError as error:
            if not isinstance(error.__cause__, Unreachable):
                self._learn()
            if self.sealed is None:
                raise
            self.troubles[""] = f"what the store holds cannot be listed ({error.__cause__ or error})"
            return dict.fromkeys((*self.sealed.claims, LOG, VERDICT), "")
        for name in etags:
            if not seal_chain.inside(name):
                self.troubles[name] = f"{name!r}: a name that no record holds"
        return {name: etag for name, etag in etags.items() if seal_chain.inside(name)}

    def take(self, stored: Mapping[str, str]) -> list[str]:
        """Take what can be taken of these files; returns what is wrong with any, each in a sentence."""
        with self.record.kept(), self.record.held():
            ours = manifest.read(self.record.folder) if (self.record.folder / MANIFEST).is_file() else None
            side = self._tried(LOG, partial(sync.later_side, self.record, self, stored)) or sync.Side.OURS
            for name in sorted({*stored, MANIFEST}, key=_rank):
                if name == MANIFEST:
                    self._learn()
                else:
                    self._tried(name, partial(sync.bring_file, self.record, self, stored, name, side))
            self._tried(MANIFEST, partial(put_together, self.record, ours, self.sealed))
        return list(self.troubles.values())

    def tells(self, wrong: str) -> bool:
        """Whether what is wrong with the record then is told already, as of a file that could not be taken."""
        return wrong in self.troubles.values() or wrong.removesuffix(": missing") in self.troubles

    def read(self, name: str) -> bytes | None:
        """A file as it is now, or None, which is told, where it cannot be read, or is worse than what is here."""
        data = self._read(name)
        if data is None:
            return None
        here = self.record.folder / name
        differs = here.is_file() and files.read(here) != data
        if differs:
            self._learn()
        if (problem := self._judged(name, data)) and differs:
            self.troubles[name] = f"{name}: {problem}, so that this machine's was kept"
            return None
        return data

    def judge_here(self, name: str, data: bytes) -> None:
        """Tell of what both this machine and the store have, and is not as it was sealed."""
        self._judged(name, data)

    def _read(self, name: str) -> bytes | None:
        if name in self._had:
            return self._had[name]
        data = None
        if not _needed(name) and self.clock() > self._until:
            self.troubles[name] = f"{name}: not asked for, since the store took more than {PATIENCE_SECONDS} s by then"
        else:
            try:
                data = self.shelf.read(name)
            except RunbookError as error:
                self.troubles[name] = f"{name}: cannot be taken from the store ({error.__cause__ or error})"
        if name in (LOG, VERDICT):
            self._had[name] = data  # asked for twice, to know which side is further
        return data

    def _learn(self) -> None:
        """Read the seals, once, and hold against them what was taken before."""
        if self._learned:
            return
        self._learned, data = True, self._read(MANIFEST)
        if data is None:
            self.troubles.setdefault(
                MANIFEST, f"{MANIFEST}: missing in the store, so that nobody can tell what was sealed"
            )
        else:
            self.sealed = self._tried(MANIFEST, partial(sealed_there, self.record, data))
        for name, taken in self._unjudged.items():
            self._judged(name, taken)

    def _judged(self, name: str, data: bytes) -> str:
        """What keeps it from being what was sealed, once the seals are known."""
        if not self._learned:
            self._unjudged[name] = data
            return ""
        problem = problem_of(self.sealed, name, data) if self.sealed else "sealed by nobody"
        if problem and self.sealed:
            self.troubles[name] = f"{name}: {problem}"
        return problem

    def _tried(self, name: str, act: Callable[[], Found]) -> Found | None:
        """What comes of it; whatever keeps one file from being taken is told, and keeps no other."""
        try:
            return act()
        except (RunbookError, OSError, ValueError) as error:
            self.troubles[name] = f"{name}: {error}"
            return None


def _needed(name: str) -> bool:
    """Whether an undo goes by it; without the rest it can be done."""
    return name.startswith(BACKUPS) or name in (LOG, VERDICT, MANIFEST)


def _rank(name: str) -> tuple[int, str]:
    order = [name.startswith(BACKUPS), name == LOG, name == VERDICT, name == MANIFEST, True]
    return order.index(True), name
