"""What a record's folder holds, as a chain of SHA-256 sums, and what differs from it. Reads files; writes none."""

import hashlib
import json
from pathlib import Path

from lib.errors import BadParameters, NotAsWanted

MANIFEST = "MANIFEST.json"


def unsealed(folder: Path) -> list[str]:
    """What differs between a run's folder and its manifest; empty when nothing was touched since it was sealed."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BadParameters(f"{folder} holds no {MANIFEST}; expected the folder of a finished run")
    try:
        recorded = {row["path"]: row for row in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise NotAsWanted(f"{path} is not a manifest this runbook wrote; the record cannot be trusted") from error
    live = {row["path"]: row for row in chained(folder)}
    missing = [f"{name}: missing" for name in recorded if name not in live]
    added = [f"{name}: not in the manifest" for name in live if name not in recorded]
    both = [name for name in live if name in recorded]
    edited = [f"{name}: edited" for name in both if recorded[name].get("sha256") != live[name]["sha256"]]
    broken = [] if list(recorded.values()) == list(live.values()) else ["the chain does not close"]
    return [*missing, *added, *edited] or broken


def chained(folder: Path) -> list[dict[str, str]]:
    """One row a file, sorted by path: `path`, `sha256`, and `chain`, which holds the one before.

    Hidden files are none of the record: drafts that a kill left, and what a file browser adds.
    """
    rows, chain = [], ""
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST and p.name[0] != "."):
        name = path.relative_to(folder).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        chain = hashlib.sha256(f"{chain}{name}{digest}".encode()).hexdigest()
        rows.append({"path": name, "sha256": digest, "chain": chain})
    return rows
