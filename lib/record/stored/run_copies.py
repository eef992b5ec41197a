"""Copies of what a store tells of its runs, beside the runs of this machine: to be read only. Pure files, no AWS.

What was copied is copied again only when the store holds something else: by its ETag where that is its MD5, and else,
as of an object under a key of KMS, by the ETag that it had when it was copied.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.errors import RunbookError
from lib.record import files
from lib.record.folder import TELLING, Record
from lib.record.seals.manifest import MANIFEST, VERDICT
from lib.record.stored.store_check import Shelf
from lib.record.stored.sync import same_content
from lib.settings import Settings
from lib.values.numbers import first_of
from lib.values.run_names import COPIES

# Beside the copies; no run's name begins so.
ETAGS, MISSING = ".etags", ".missing.json"
NAMED = 3


def copy_telling(copy: Record, shelf: Shelf, stored: Mapping[str, str]) -> None:
    """Copy what a store tells of a run's plan, verdict and changes; `stored` are its ETags by name.

    While it is written there, the seals are as new as the verdict, which they go ahead of, and no newer than a log.
    """
    wanted = [name for name in stored if name == MANIFEST or TELLING.fullmatch(name)]
    place = copy.folder.parent / ETAGS / f"{copy.run_id}.json"
    before, now = _read(place), dict[str, Any]()
    try:
        for name in sorted(wanted, key=lambda name: (name != VERDICT, name != MANIFEST)):
            path = copy.folder / name
            data = files.read(path) if path.is_file() else None
            if data is None or not (before.get(name) == _mark(stored[name], data) or same_content(data, stored[name])):
                data = shelf.read(name)
                if data is None:
                    continue
                with copy.kept():
                    files.replace(path, data)  # as it is, by somebody else's seals
            now[name] = _mark(stored[name], data)
    finally:
        if now != before:
            with copy.kept():
                files.replace(place, json.dumps(now).encode())


def _mark(etag: str, data: bytes) -> list[str]:
    return [etag, hashlib.sha256(data).hexdigest()]


def keep_missing(settings: Settings, missing: Mapping[str, str]) -> None:
    """Keep of which runs of the store nothing could be copied when it was looked at now, and why."""
    folder = settings.runs_folder / COPIES
    if missing != _read(folder / MISSING):
        with Record(folder, COPIES).kept():
            files.replace(folder / MISSING, json.dumps(missing).encode())


def what_is_missing(settings: Settings) -> str:
    """What to say of runs of the store that could not be copied when it was last looked at; "" where there are none."""
    every = _read(settings.runs_folder / COPIES / MISSING)
    if not every or not settings.record_store:
        return ""
    named = first_of([f"{run_id} ({why})" for run_id, why in every.items()], NAMED, "; ")
    return (
        f"{len(every)} of the runs in {settings.record_store} could not be copied, so what they tell since the last "
        f"look is not counted here: {named}. Let these credentials read them"
    )


def _read(path: Path) -> dict[str, Any]:
    """What was kept; nothing of a file that is none, which costs another look."""
    try:
        kept = json.loads(files.read(path)) if path.is_file() else {}
    except (ValueError, OSError, RunbookError):
        return {}
    return kept if isinstance(kept, dict) else {}
