"""What a store holds of a record, against what was sealed of it: nothing is taken unread, no seal replaced. No AWS."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from lib.errors import Altered
from lib.record import files
from lib.record.folder import Record, Store
from lib.record.seals import seal_chain
from lib.record.seals.file_hashes import BY_HAND, VERDICT, agrees, claim_of, is_replaced
from lib.record.seals.manifest import MANIFEST, read
from lib.record.seals.seal_chain import Claim, Manifest, Seal, State


class Shelf(Store, Protocol):
    """A store of one run that can be read, too."""

    @property
    def without_it(self) -> str:
        """The command that undoes the run by this machine's record alone."""

    def stored(self) -> Mapping[str, str]:
        """The name and ETag of every file."""

    def read(self, name: str) -> bytes | None:
        """A file as it is now; None where there is none."""


class Judging(Shelf, Protocol):
    """One whose files are held against the seals that are stored with them."""

    def judge_here(self, name: str, data: bytes) -> None:
        """Hold against them what both this machine and the store have."""


@dataclass(frozen=True)
class Sealed:
    """A shelf of which nothing is taken that is not as it was sealed; `manifest`: by the seals that are stored.

    Where those are missing, or tell of nobody who went on since this machine, what `ours` says in its `folder` counts
    besides: whoever cuts the newest seals off in the store must not open again what this machine knows is closed.
    """

    shelf: Shelf
    manifest: Manifest | None
    ours: Manifest | None = None
    folder: Path = Path()

    @property
    def without_it(self) -> str:
        return self.shelf.without_it

    def put(self, name: str, path: Path) -> None:
        self.shelf.put(name, path)

    def put_all(self, chosen: Sequence[tuple[str, Path]]) -> None:
        self.shelf.put_all(chosen)

    def stored(self) -> Mapping[str, str]:
        return self.shelf.stored()

    def read(self, name: str) -> bytes | None:
        """A file as it is now. Raises Altered where it is not what was sealed of it."""
        data = self.shelf.read(name)
        if data is not None and self.manifest is not None:
            _require_none(name, problem_of(self.manifest, name, data))
        if data is not None:
            _require_none(name, self._unknown(name, data))
        return data

    def _unknown(self, name: str, data: bytes) -> str:
        """What keeps a stored file from being this machine's own, where no seal tells of another machine."""
        before = _before_it_was_opened(self.ours)
        if before is None or BY_HAND.fullmatch(name) or (self.manifest and adds_to(before, self.manifest)):
            return ""
        here = self.folder / name
        ours, log = files.read(here) if here.is_file() else None, name.endswith(".jsonl")
        if ours is not None and (ours.startswith(data) if log else ours == data):
            return ""
        claims = before.claims.get(name, [])
        reached = [claim for claim in claims if claim.size <= len(data)] or claims  # the store may lag behind
        each = [reached] if log and claims else [[claim] for claim in claims]
        judged = [agrees(name, io.BytesIO(data), some) for some in each]
        if ("", "") in judged:
            return ""
        if self.manifest is None:
            return f"not this machine's, and no {MANIFEST} lies there that would tell of it"
        if not before.open:
            return "no machine sealed it, and this one closed the run, so that nothing comes besides"
        return "" if not judged or (log and not judged[0][0]) else "not what this machine sealed, nor sealed there"

    def judge_here(self, name: str, data: bytes) -> None:
        """Raise Altered likewise. What came since is our own where we sealed it, and a cut left the store behind."""
        claims = self.ours.claims.get(name, []) if self.ours else []
        if self.manifest is not None and any(agrees(name, io.BytesIO(data), claims)):
            _require_none(name, problem_of(self.manifest, name, data))
        elif self.manifest is not None:
            _require_none(name, agrees(name, io.BytesIO(data), self.manifest.claims.get(name, []))[0])


def _before_it_was_opened(manifest: Manifest | None) -> Manifest | None:
    """What was sealed of a record before a command opened it, as it does before it asks a store; None of a new run."""
    seals = manifest.seals if manifest else ()
    while seals and seals[-1].state is State.OPENED:
        seals = seals[:-1]
    return replace(manifest, seals=seals) if manifest and seals else None


def adds_to(ours: Manifest, theirs: Manifest) -> bool:
    """Whether seals tell of something that these of ours do not: somebody else went on."""
    return any(seal not in ours.seals for seal in theirs.seals)


def _require_none(name: str, problem: str) -> None:
    if problem:
        raise Altered(
            f"what the store holds is not as it was sealed: {name}: {problem}. Nothing of it was taken; find out "
            "who changed it, and put back what was sealed"
        )


def problem_of(manifest: Manifest, name: str, data: bytes) -> str:
    """What keeps a stored file from being what was sealed. What came since counts where nothing may come any more."""
    problem, grew = agrees(name, io.BytesIO(data), manifest.claims.get(name, []))
    return problem or ("" if manifest.open or BY_HAND.fullmatch(name) else grew)


def sealed_here_and_there(
    record: Record, shelf: Shelf, stored: Mapping[str, str]
) -> tuple[Manifest | None, Manifest | None]:
    """What this machine sealed, and what the store holds of that. Raises Altered for what is no manifest there."""
    ours = read(record.folder) if (record.folder / MANIFEST).is_file() else None
    data = shelf.read(MANIFEST) if MANIFEST in stored else None
    return ours, None if data is None else sealed_there(record, data)


def sealed_there(record: Record, data: bytes) -> Manifest:
    """The seals of this run that are stored. Raises Altered for what is no manifest, or another run's."""
    try:
        theirs = seal_chain.from_text(data.decode())
    except ValueError as error:
        raise Altered(f"{MANIFEST} in the store is none that this runbook wrote ({error}); see who did") from error
    if theirs.trouble:
        raise Altered(
            f"{MANIFEST} in the store is not as it was written: {'; '.join(theirs.trouble)}; see who did that"
        )
    if theirs.run_id != record.run_id:
        raise Altered(f"{MANIFEST} in the store is of run {theirs.run_id}, not {record.run_id}; see who put it there")
    return theirs


def put_together(record: Record, ours: Manifest | None, theirs: Manifest | None) -> None:
    """Put the seals of both sides together. Where ours do not fit what is gone on with, they stay beside it."""
    if theirs is None:
        return

    def fits(claim: Claim) -> bool:
        return is_replaced(claim.path) or _agrees(record.folder / claim.path, claim.path, [claim])

    both = seal_chain.merge_seals(ours, theirs, fits) if ours else theirs
    if ours and ours.open and not both.open:  # what this machine still writes, another one does not close
        both = replace(both, seals=(*both.seals, Seal(State.GOING_ON, both.since)))
    if ours and any(claim for rows in ours.claims.values() for claim in rows if not fits(claim)):
        record.keep_aside(MANIFEST)
    text = _with_verdict(record, both, [one for one in (ours, theirs) if one]).to_text().encode()
    if not (record.folder / MANIFEST).is_file() or files.read(record.folder / MANIFEST) != text:
        record.write_bytes(MANIFEST, text)


def _with_verdict(record: Record, both: Manifest, each: Sequence[Manifest]) -> Manifest:
    """The seals of both sides, of which the newest is of the verdict that is gone on with, if either sealed that."""
    path = record.folder / VERDICT
    if not path.is_file() or not any(_agrees(path, VERDICT, one.claims.get(VERDICT, [])) for one in each):
        return both
    claim = claim_of(path, VERDICT)
    if both.claims[VERDICT][-1] == claim:
        return both
    return seal_chain.continue_manifest(both, [claim], both.seals[-1].time)


def _agrees(path: Path, name: str, claims: Sequence[Claim]) -> bool:
    """Whether nothing is wrong with a file, or none is there."""
    if not path.is_file():
        return True
    with files.open_to_read(path) as file:
        return agrees(name, file, claims)[0] == ""
