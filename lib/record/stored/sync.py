"""Brings a run's folder and its store together, so that another machine can go on with the run. Pure files, no AWS.

A row of a log is lost on neither side. Of the changes, the side that is behind gets the other's rows; where both went
on, the store's are gone on with and this machine's stay beside them as `.unstored`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from lib.errors import Refused
from lib.record import files
from lib.record.change_rows import BEGUN, WriteState
from lib.record.folder import CALLS, LOG, WHOLE, Record
from lib.record.seals.manifest import VERDICT
from lib.record.seals.seal_chain import inside
from lib.record.stored import from_store
from lib.record.stored.store_check import Judging, Sealed, Shelf, put_together, sealed_here_and_there


class Side(StrEnum):
    """Whose files are the later ones."""

    OURS = "ours"
    THEIRS = "theirs"
    NEITHER = "neither"


def synchronise(record: Record, shelf: Shelf) -> None:
    """Make folder and store agree, as far as logs and stored files go; what only this machine has goes when sealed.

    Raises Refused for what cannot be brought together. Cut short, it is completed by the next call.
    """
    with record.kept(), record.held():
        stored = shelf.stored()
        for name in stored:
            _refuse_outside(name)
        ours, theirs = sealed_here_and_there(record, shelf, stored)
        sealed = Sealed(shelf, theirs, ours, record.folder)
        side = later_side(record, sealed, stored)
        logs = {path.name for path in record.folder.glob("*.jsonl")} | {n for n in stored if n.endswith(".jsonl")}
        # Verdict and changes last, since they say which side is further: until then, the next call decides as this did.
        last = [VERDICT, LOG] if VERDICT in stored else [LOG]
        for name in (*sorted(stored.keys() - logs - {*WHOLE}), *sorted(logs - {LOG}), *last):
            bring_file(record, sealed, stored, name, side)
        put_together(record, ours, theirs)
        if side == Side.OURS and VERDICT in stored:
            # Ours, now that its seal can go ahead of it.
            shelf.put_all([(name, record.folder / name) for name in WHOLE[::-1] if (record.folder / name).is_file()])


def bring_file(record: Record, shelf: Judging, stored: Mapping[str, str], name: str, side: Side) -> None:
    """Bring one file here, and of a log what this machine has besides there."""
    if name == LOG:
        _changes(record, shelf, stored)
    elif name.endswith(".jsonl"):
        _log(record, shelf, name, stored)
    else:
        _whole(record, shelf, name, stored[name], side)


def _content(path: Path) -> bytes | None:
    """What this machine has of a file; None where there is none."""
    return files.read(path) if path.exists() else None


def same_content(data: bytes | None, etag: str) -> bool:
    """Whether a file is what an object's ETag says. Of an object under a key of KMS it never is: then read it."""
    return data is not None and hashlib.md5(data, usedforsecurity=False).hexdigest() == etag


def further(ours: bytes, theirs: bytes, without_store: str) -> Side:
    """Whose change log goes on. Where both do, the store's: what ours announced besides was never carried out.

    Raises Refused where a write of ours was begun whose announcement never reached the store; `without_store` is what
    undoes the run by this machine's record.
    """
    if ours == theirs:
        return Side.NEITHER
    if ours.startswith(theirs):
        return Side.OURS
    if not theirs.startswith(ours) and (begun := _begun_unannounced(own_rows(ours, theirs))):
        raise Refused(
            f"two machines wrote under this run: this one's {LOG} ({len(ours)} bytes) tells of {', '.join(begun)}, "
            f"the store's ({len(theirs)} bytes) does not. Compare them; undo what only this machine did by "
            f"`{without_store}`, then move its folder away and go on with the store's"
        )
    return Side.THEIRS


def own_rows(ours: bytes, theirs: bytes) -> list[dict[str, Any]]:
    """The rows of ours after the last line that both logs have; a line that a kill cut is no row."""
    lines = ours[_common(ours, theirs, whole_lines=True) :].decode(errors="replace").split("\n")
    return [row for line in lines if isinstance(row := _parsed(line), dict)]


def union(ours: bytes, theirs: bytes) -> bytes:
    """What is to be added to a log of ours in which each row stands for itself: the store's rows that we lack."""
    lines = [line for line in theirs.split(b"\n") if isinstance(_parsed(line.decode(errors="replace")), dict)]
    have = Counter(ours.split(b"\n"))
    missing = []
    for line in lines:
        have[line] -= 1
        if have[line] < 0:
            missing.append(line + b"\n")
    start = b"\n" if missing and ours and not ours.endswith(b"\n") else b""
    return start + b"".join(missing)


def take(path: Path, whole: bytes) -> None:
    """Make a log of ours what it is with the store's rows. Never replaced as a file: whoever has it open goes on."""
    common = _common(_content(path) or b"", whole)
    _add(path, common, whole[common:])


def later_side(record: Record, shelf: Shelf, stored: Mapping[str, str]) -> Side:
    """Which side's files are the later ones: by the change log; where that is equal, by when the run ended."""
    ours = _content(record.folder / LOG) or b""
    theirs = b"" if LOG not in stored else ours if same_content(ours, stored[LOG]) else shelf.read(LOG) or b""
    side = further(ours, theirs, shelf.without_it)
    if (
        side != Side.NEITHER
        or VERDICT not in stored
        or same_content(_content(record.folder / VERDICT), stored[VERDICT])
    ):
        return side
    here, verdict = _ended(record.read_json(VERDICT)), (shelf.read(VERDICT) or b"").decode(errors="replace")
    there = _ended(_parsed(verdict))
    return Side.THEIRS if here < there else Side.OURS if there < here else Side.NEITHER


def _whole(record: Record, shelf: Judging, name: str, etag: str, side: Side) -> None:
    """A file that is not added to. This machine's stays beside the store's where the store's is the later one."""
    path = record.folder / name
    ours = _content(path)
    if _here(ours, shelf, name, etag):
        return
    theirs = shelf.read(name)
    if theirs is None or ours == theirs:
        return
    if ours is None or name == VERDICT:
        if ours is None or side != Side.OURS:
            from_store.take_file(record, name, theirs)
    elif side == Side.THEIRS:
        record.keep_aside(name)
        from_store.take_file(record, name, theirs)
    elif path.suffix != ".ipynb":  # a notebook is worked on after it was stored; it is stored again when sealed
        raise Refused(
            f"{path} is not the file that was stored, and is never written twice; move the one away that is wrong "
            "(see MANIFEST.json), then go on"
        )


def _changes(record: Record, shelf: Judging, stored: Mapping[str, str]) -> None:
    """The change log: the side that is behind gets the other's rows."""
    path = record.folder / LOG
    ours = _content(path) or b""
    if LOG in stored and _here(ours, shelf, LOG, stored[LOG]):
        return
    theirs = (shelf.read(LOG) or b"") if LOG in stored else b""
    if ours.startswith(theirs):
        if ours != theirs:
            shelf.put(LOG, path)
        return
    common = _common(ours, theirs)
    if common < len(ours) and own_rows(ours, theirs):
        record.keep_aside(LOG)
    _add(path, common, theirs[common:])


def _log(record: Record, shelf: Judging, name: str, stored: Mapping[str, str]) -> None:
    """Another log: each side gets the other's rows, in the store's order, which is the one that was sealed. The calls
    go when sealed, but are a new run's first file."""
    path = record.folder / name
    ours = _content(path) or b""
    if name in stored and _here(ours, shelf, name, stored[name]):
        return
    theirs = (shelf.read(name) or b"") if name in stored else b""
    if not ours.startswith(theirs):
        take(path, theirs if theirs.startswith(ours) else theirs + union(theirs, ours))
    if (ours and name != CALLS and not theirs.startswith(ours)) or not stored:
        shelf.put(name, path)


def _here(ours: bytes | None, shelf: Judging, name: str, etag: str) -> bool:
    """Whether this machine has a file as it is stored. That both have it makes it no more what was sealed."""
    if ours is None or not same_content(ours, etag):
        return False
    shelf.judge_here(name, ours)
    return True


def _add(path: Path, keep: int, more: bytes) -> None:
    """Add to the first `keep` bytes."""
    if more:
        files.make_folder(path.parent)
        with files.open_to_append(path) as descriptor:
            files.add(descriptor, more, keep)


def _common(ours: bytes, theirs: bytes, whole_lines: bool = False) -> int:
    """How many bytes both begin with; with `whole_lines`, up to the end of the last line that both have."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    length = next((at for at, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
    return ours.rfind(b"\n", 0, length) + 1 if whole_lines else length


def _begun_unannounced(rows: list[dict[str, Any]]) -> list[str]:
    announced: set[str] = set()
    begun: dict[str, None] = {}
    for row in rows:
        name = str(row.get("name"))
        if row.get("state") == WriteState.INTENDED:
            announced.add(name)
        elif name in announced and row.get("state") in BEGUN:
            begun[name] = None
    return list(begun)


def _refuse_outside(name: str) -> None:
    if not inside(name):
        raise Refused(f"the store names a file {name!r}, which no record holds; remove it, nothing was read or written")


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever was written
    try:
        return json.loads(text)
    except ValueError:
        return None


def _ended(verdict: Any) -> str:  # noqa: ANN401
    return str(verdict.get("ended", "")) if isinstance(verdict, dict) else ""
