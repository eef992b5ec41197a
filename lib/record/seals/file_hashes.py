"""What a file of a record holds against what was sealed of it, read in pieces. No AWS.

The verdict, which is written anew as the run goes on, is sealed before it is written.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from io import BufferedIOBase
from pathlib import Path

from lib.record import files
from lib.record.seals.seal_chain import UNKNOWN_SIZE, Claim

VERDICT = "run.json"
PIECE = 2**20
# What a person goes on working on: nothing is decided by it, so that it keeps no command from the rest.
BY_HAND = re.compile(r"(.*/)?([^/]*\.by-hand(\.attempt-\d+)?\.ipynb|\.ipynb_checkpoints/[^/]*)")


def agrees(name: str, file: BufferedIOBase, claims: Sequence[Claim]) -> tuple[str, str]:
    """What is wrong with the content of a file, and what of it was only not sealed; "" and "" where it is as it was.

    The verdict was sealed before it was written, so that it is what its last seal says or, where a kill came between
    the two, the one before.
    """
    if not claims:
        return ("sealed by nobody", "") if name == VERDICT else ("", "not in the manifest")
    if name.endswith(".jsonl"):
        return _log_differs(file, claims)
    if name == VERDICT and any(claim.size != UNKNOWN_SIZE for claim in claims):
        if _is(file, claims[-1:]):
            return "", ""
        return ("", "what was sealed after it is not written") if _is(file, claims[-2:-1]) else ("edited", "")
    if _is(file, claims[-1:] if is_replaced(name) else claims):
        return "", ""
    return ("", "edited") if is_replaced(name) else ("edited", "")


def is_replaced(name: str) -> bool:
    """Whether a file is written anew as the run goes on, so that its newest seal counts."""
    return name == VERDICT or BY_HAND.fullmatch(name) is not None


def _is(file: BufferedIOBase, claims: Sequence[Claim]) -> bool:
    """Whether a file is what each of these says; one of another length is not read."""
    size = file.seek(0, os.SEEK_END)
    if any(claim.size not in (size, UNKNOWN_SIZE) for claim in claims):
        return False
    return {claim.sha256 for claim in claims} == {_digest(file)}


def _digest(file: BufferedIOBase) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _log_differs(file: BufferedIOBase, claims: Iterable[Claim]) -> tuple[str, str]:
    """A log holds what each seal says that it began with; what was added since is only not sealed."""
    size, sealed, at, digest = file.seek(0, os.SEEK_END), 0, 0, hashlib.sha256()
    for claim in sorted(claims, key=lambda claim: claim.size):
        if claim.size == UNKNOWN_SIZE:
            length = _beginning_length(file, claim.sha256)
            if length is None:
                return "edited", ""
            sealed = max(sealed, length)
            continue
        if claim.size > size:
            return f"cut: {size} bytes of {claim.size}", ""
        file.seek(at)
        while at < claim.size and (piece := file.read(min(PIECE, claim.size - at))):
            digest.update(piece)
            at += len(piece)
        if digest.hexdigest() != claim.sha256:
            return "edited", ""
        sealed = max(sealed, claim.size)
    return "", f"{size - sealed} bytes more than were sealed" if size > sealed else ""


def _beginning_length(file: BufferedIOBase, sha256: str) -> int | None:
    """How long the beginning with this sum is, at the end of a line or of the data; the first format did not tell."""
    file.seek(0)
    digest, at = hashlib.sha256(), 0
    while digest.hexdigest() != sha256:
        line = file.readline(PIECE)
        if not line:
            return None
        digest.update(line)
        at += len(line)
    return at


def claim_of(path: Path, name: str) -> Claim:
    """What a seal says of a file, as it is now, and what of it is on disk when this returns.

    A seal that outlasts what it says would make of a power cut somebody who cut the file.
    """
    with files.open_to_read(path) as file:
        claim = Claim(name, _digest(file), file.tell())
        os.fsync(file.fileno())
    return claim
