"""What was sealed of a record, and when: a chain of seals that is only ever added to. Pure data, no files, no AWS.

Each seal says what was new since the one before it, or had grown. What it once said stays, also what it found wrong.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from lib.record import formats
from lib.values import json_rows
from lib.values.exact_json import Twice, dumps, in_order, loads, parts_of

UNKNOWN_SIZE = -1  # the first format told no sizes
CLAIMED_FIRST = {"path", "sha256", "chain"}  # what it told of a file
ABSENT = ""  # in place of a sum: that there is no such file
BROKEN = "the chain does not close"
LONGEST_SEAL = 400  # characters on a line: those of one file; one of more has a line a file


class State(StrEnum):
    """How a record is left. Only one that was closed holds all that was written: what comes besides is wrong."""

    OPENED = "opened"
    GOING_ON = "going on"
    CLOSED = "closed"


@dataclass(frozen=True)
class Claim:
    """What was sealed of a file. Of a log, its first `size` bytes."""

    path: str
    sha256: str
    size: int = UNKNOWN_SIZE

    def to_row(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Claim":
        """Raises KeyError or ValueError for what is no claim."""
        path, digest, size = row["path"], row["sha256"], row.get("size", UNKNOWN_SIZE)
        if not (isinstance(path, str) and isinstance(digest, str) and type(size) is int):
            raise ValueError(f"{path!r}")
        return cls(path, digest, size)


@dataclass(frozen=True)
class Seal:
    """One seal. `wrong` is what did not agree any more with those before it; `unverified` who went on all the same."""

    state: State
    time: str
    files: tuple[Claim, ...] = ()
    wrong: tuple[str, ...] = ()
    unverified: str = ""

    def to_row(self) -> dict[str, Any]:
        files = [claim.to_row() for claim in self.files]
        row = {"state": str(self.state), "time": self.time, "files": files, "wrong": list(self.wrong)}
        return row | {"unverified": self.unverified}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Seal":
        """Raises KeyError or ValueError for what is no seal."""
        wrong = row["wrong"]
        if not (isinstance(row["files"], list) and isinstance(wrong, list) and all(isinstance(o, str) for o in wrong)):
            raise ValueError("files")
        files = tuple(Claim.from_row(claim) for claim in row["files"])
        return cls(State(row["state"]), str(row["time"]), files, tuple(wrong), str(row["unverified"]))


@dataclass(frozen=True)
class Manifest:
    """Whose record this is, and every seal of it. `trouble`: what is wrong with the manifest itself."""

    run_id: str
    environment: str = ""  # "" where the first format did not tell
    account: str = ""
    seals: tuple[Seal, ...] = ()
    trouble: tuple[str, ...] = field(default=(), compare=False)

    @property
    def open(self) -> bool:
        """Whether the last command that wrote to it did not end, or still writes."""
        return not self.seals or self.seals[-1].state is not State.CLOSED

    @property
    def since(self) -> str:
        """When it was last sealed."""
        return self.seals[-1].time if self.seals else "its beginning"

    @property
    def claims(self) -> dict[str, list[Claim]]:
        """What was sealed of each file, by name, oldest first."""
        by_path = dict[str, list[Claim]]()
        for seal in self.seals:
            for claim in seal.files:
                by_path.setdefault(claim.path, []).append(claim)
        return by_path

    @property
    def said(self) -> list[str]:
        """What was found wrong when it was sealed: that is not forgotten, whatever became of it."""
        wrong = [f"{one} (so it was sealed at {seal.time})" for seal in self.seals for one in seal.wrong]
        return wrong + [f"used by {seal.unverified} at {seal.time}" for seal in self.seals if seal.unverified]

    @property
    def taken_over(self) -> bool:
        """Whether it was open already when a command last opened it: another one was killed, or still writes."""
        opened = [at for at, seal in enumerate(self.seals) if seal.state is State.OPENED]
        return bool(opened) and opened[-1] > 0 and self.seals[opened[-1] - 1].state is not State.CLOSED

    @property
    def unverified(self) -> str:
        """The command that has it open now and was told to believe it as it lies there; "" where none was."""
        opening = next((seal for seal in reversed(self.seals) if seal.state is State.OPENED), None)
        return opening.unverified if self.open and opening else ""

    @property
    def excused(self) -> set[str]:
        """What the command that has it open now was told to go on with all the same."""
        return {wrong for seal in self.seals for wrong in seal.wrong} if self.unverified else set()

    def to_text(self) -> str:
        """The manifest as it is written, each seal chained to the one before and the first to whose record it is."""
        head = formats.with_format({"run_id": self.run_id, "environment": self.environment, "account": self.account})
        chain, rows = _digest(dumps(head)), list[dict[str, Any]]()
        for row in (seal.to_row() for seal in self.seals):
            chain = _linked(chain, row)
            rows.append({**row, "chain": chain})
        return json_rows.to_text({**head, "seals": rows}, LONGEST_SEAL)


def from_text(text: str) -> Manifest:
    """A manifest that was read. Raises ValueError for what is none, Refused for one of a newer version."""
    data = loads(text)
    if not isinstance(data, dict) or _says_twice(data):
        raise ValueError("it is no object, or says a key twice")
    try:
        return _first(data) if formats.require_known(data, "the manifest") == 1 else _second(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it lacks {error}") from error


def _second(data: Mapping[str, Any]) -> Manifest:
    head = {key: data[key] for key in (formats.KEY, "run_id", "environment", "account")}
    if not all(isinstance(head[key], str) for key in ("run_id", "environment", "account")):
        raise ValueError("it does not say whose record it is")
    chain, closes, seals = _digest(dumps(head)), True, list[Seal]()
    for row in data["seals"]:
        seals.append(Seal.from_row(row))
        chain = _linked(chain, {key: value for key, value in row.items() if key != "chain"})
        closes = closes and row.get("chain") == chain
    wrong = [problem for seal in seals for problem in _misnamed(seal.files)]
    wrong += _unknown(data, {*head, "seals"})
    known = (head["run_id"], head["environment"], head["account"])
    return Manifest(*known, tuple(seals), tuple(wrong) + (() if closes else (BROKEN,)))


def _first(data: Mapping[str, Any]) -> Manifest:
    """One of the first format: a list of files, sealed once; each seal had replaced the one before."""
    chain, closes, claims = "", True, list[Claim]()
    for row in data["files"]:
        claims.append(Claim.from_row(row))
        chain = _digest(f"{chain}{row['path']}{row['sha256']}")
        closes = closes and row.get("chain") == chain
    unknown = [_unknown(data, {"run_id", "files"}), *(_unknown(row, CLAIMED_FIRST) for row in data["files"])]
    wrong = [*_misnamed(tuple(claims)), *(one for group in unknown for one in group), *([] if closes else [BROKEN])]
    return Manifest(str(data.get("run_id", "")), "", "", (Seal(State.CLOSED, "", tuple(claims)),), tuple(wrong))


def merge_seals(ours: Manifest, theirs: Manifest, fits: Callable[[Claim], bool] = lambda claim: True) -> Manifest:
    """The seals of both, theirs first; of ours, only what still `fits` where both went on.

    A record that somebody else still writes is not closed by us.
    """
    own = [seal for seal in ours.seals if seal not in theirs.seals]
    foreign = [seal for seal in theirs.seals if seal not in ours.seals]
    if not own or not foreign:
        return theirs if foreign else ours
    kept = [replace(seal, files=tuple(claim for claim in seal.files if fits(claim))) for seal in own]
    if theirs.open and not ours.open:
        kept.append(Seal(State.GOING_ON, kept[-1].time))
    return replace(theirs, seals=(*theirs.seals, *kept))


def continue_manifest(manifest: Manifest, claims: Sequence[Claim], time: str) -> Manifest:
    """An open manifest with a seal more for each of these, in this order."""
    return replace(manifest, seals=(*manifest.seals, *(Seal(State.GOING_ON, time, (claim,)) for claim in claims)))


def claimable_ahead(manifest: Manifest, path: str, stored: str, there: int) -> Manifest:
    """What may be stored of a manifest before a file that it claims: what is `stored` of that (its SHA-256, or
    `ABSENT`) stays one of the last two, and nothing is closed. Of the seals, the first `there` are stored already."""
    claims = manifest.claims.get(path, [])
    if not claims or claims[-1].sha256 == stored:
        return manifest
    kept = manifest.seals
    while len(kept) > there and kept[-1].state is State.CLOSED:
        kept = kept[:-1]
    manifest = replace(manifest, seals=kept)
    claims = manifest.claims.get(path, [])
    older = [claim for claim in claims[:-2] if claim.sha256 == stored]
    if not older or stored in {claim.sha256 for claim in claims[-2:]}:
        return manifest
    return continue_manifest(manifest, [older[-1], claims[-1]], kept[-1].time)


def _unknown(row: Mapping[str, Any], known: Set[str]) -> list[str]:
    """What the chain does not hold, and so anybody may have put there."""
    return [f"{key!r}: a key that no manifest has" for key in row if key not in known]


def _misnamed(claims: tuple[Claim, ...]) -> list[str]:
    """Names that no record holds, or that one seal holds twice, also where only a disk that folds cases thinks so."""
    outside = [claim.path for claim in claims if not inside(claim.path)]
    folded = Counter(unicodedata.normalize("NFC", claim.path).casefold() for claim in claims)
    twice = [name for name, count in folded.items() if count > 1]
    odd = [f"{name!r}: a path that no record holds" for name in outside]
    return odd + [f"{name}: listed twice" for name in twice]


def inside(name: str) -> bool:
    """Whether a name is a path within a record's folder."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or "\\" in name or "\0" in name or {"..", ".", ""} & set(name.split("/")))


def _says_twice(value: object) -> bool:
    return any(isinstance(part.value, Twice) for part in parts_of(value))


def _linked(chain: str, row: Mapping[str, Any]) -> str:
    return _digest(chain + dumps(in_order(dict(row))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
