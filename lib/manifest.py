"""What a record's folder holds against what was sealed of it: what is wrong, and what is only not sealed yet.

Reads files; writes none. A seal is added to those before it, so that sealing an altered record does not mend it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.errors import BadParameters, NotAsWanted
from lib.exact_json import loads
from lib.record import files, seals
from lib.record.files import DRAFT
from lib.record.seals import UNKNOWN_SIZE, Claim, Manifest, Seal, State

MANIFEST = "MANIFEST.json"
VERDICT = "run.json"
RUNNING = ".running.ipynb"  # a notebook as papermill writes it, with what no record may hold
# What a person goes on working on: nothing is decided by it, so that it keeps no command from the rest.
BY_HAND = re.compile(r"(.*/)?([^/]*\.by-hand(\.attempt-\d+)?\.ipynb|\.ipynb_checkpoints/[^/]*)")


@dataclass(frozen=True)
class Binding:
    """Whose record a folder must be; "" for what nobody knows."""

    run_id: str
    environment: str = ""
    account: str = ""

    def differs(self, other: "Binding") -> str:
        """How another one differs, in a phrase; "" where it does not."""
        pairs = {"run": (self.run_id, other.run_id), "environment": (self.environment, other.environment)}
        pairs["account"] = (self.account, other.account)
        return ", ".join(
            f"{what} {found}, not {expected}"
            for what, (expected, found) in pairs.items()
            if found and expected and found != expected
        )


@dataclass(frozen=True)
class Findings:
    """A record against its seals. `wrong`: what does not agree; `unsealed`: what came since the last one, while the
    record was open; `worked_on`: notebooks that a person went on with."""

    manifest: Manifest
    wrong: tuple[str, ...] = ()
    unsealed: tuple[str, ...] = ()
    worked_on: tuple[str, ...] = ()

    @property
    def said(self) -> list[str]:
        """Everything that keeps the record from being what was sealed, now or once."""
        earlier = self.manifest.said
        since = f"not sealed since {self.manifest.since}"
        return [*self.wrong, *self.worked_on, *earlier, *(f"{name}: {since}" for name in self.unsealed)]


def unsealed(folder: Path, binding: Binding | None = None) -> list[str]:
    """What differs between a run's folder and its seals; empty when nothing was touched since it was sealed.

    Without a `binding`, the folder's own name and place say whose record it must be.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BadParameters(f"{folder} holds no {MANIFEST}; expected the folder of a finished run")
    manifest = read(folder)
    if manifest.trouble and not manifest.seals:
        raise NotAsWanted(f"{path} is not a manifest this runbook wrote; the record cannot be trusted")
    return compared(folder, manifest, binding or Binding(folder.name, folder.parent.name)).said


def findings(folder: Path, binding: Binding, about: Callable[[str], object] = lambda name: True) -> Findings:
    """A record against its seals, or what of it this is `about`. Raises Refused for one of a newer version.

    One that has no seals is wrong, unless nothing is in it.
    """
    if not folder.is_dir():
        return Findings(Manifest(binding.run_id, binding.environment, binding.account))
    manifest = read(folder) if (folder / MANIFEST).is_symlink() or (folder / MANIFEST).exists() else None
    if manifest is None:
        manifest = Manifest(binding.run_id, binding.environment, binding.account)
        names = [name for name in files.listed(folder)[0] if not name.startswith(DRAFT)]
        return Findings(manifest, (f"{MANIFEST}: missing",) if names else ())
    return compared(folder, manifest, binding, about)


def read(folder: Path) -> Manifest:
    """The manifest of a folder; one that cannot be read has no seals, and its `trouble` says why."""
    try:
        manifest = seals.from_text(files.read(folder / MANIFEST).decode())
    except (OSError, ValueError) as error:
        why = str(error) if isinstance(error, ValueError) else "it cannot be read as a file"
        return Manifest("", trouble=(f"it is not a manifest this runbook wrote ({why})",))
    return _of_first_format(folder, manifest) if [seal.time for seal in manifest.seals] == [""] else manifest


def _of_first_format(folder: Path, manifest: Manifest) -> Manifest:
    """A manifest of the first format, with what `run.json` told: whose it is, when it ended, and whether it did."""
    verdict = _verdict(folder)
    parameters = verdict.get("parameters")
    account = str(parameters.get("account_id", "")) if isinstance(parameters, dict) else ""
    state = State.GOING_ON if verdict.get("verdict") == "running" else State.CLOSED
    (only,) = manifest.seals
    whole = tuple(claim for claim in only.files if not claim.path.endswith(RUNNING))
    sealed = replace(only, state=state, time=str(verdict.get("ended", "")) or "an unknown time", files=whole)
    return replace(manifest, environment=str(verdict.get("environment", "")), account=account, seals=(sealed,))


def of_first_format(folder: Path, name: str) -> bytes:
    """The beginning of a log that was sealed in the first format, of a run that had ended; else nothing."""
    closed = [seal for seal in read(folder).seals if seal.state is State.CLOSED]
    claims = [one for seal in closed for one in seal.files if (one.path, one.size) == (name, UNKNOWN_SIZE)]
    try:
        data = files.read(folder / name) if claims else b""
    except OSError:
        return b""
    return data[: _length(data, claims[0].sha256) or 0] if claims else b""


def compared(
    folder: Path, manifest: Manifest, binding: Binding, about: Callable[[str], object] = lambda name: True
) -> Findings:
    """Every file of a folder, or those that it is `about`, against every seal of it."""
    listed, odd, _ = files.listed(folder)
    found = {name: path for name, path in listed.items() if name == MANIFEST or about(name)}
    claims = {name: rows for name, rows in manifest.claims.items() if about(name)}
    bound = Binding(manifest.run_id, manifest.environment, manifest.account)
    other = [] if manifest.trouble and not manifest.seals else list(filter(None, [binding.differs(bound)]))
    wrong = [*(f"{MANIFEST}: {problem}" for problem in manifest.trouble), *(f"it is the record of {o}" for o in other)]
    wrong += [f"{folder.name}: a symbolic link"] if folder.is_symlink() else []
    wrong += [*(f"{name}: missing" for name in claims if name not in found), *odd]
    worked, fresh = list[str](), list[str]()
    for name, path in found.items():
        if name == MANIFEST:
            continue
        problem, grew = _differing(path, name, claims.get(name, []))
        if grew and manifest.open:
            fresh.append(name)
        elif (grew or problem) and BY_HAND.fullmatch(name):
            worked.append(f"{name}: worked on since it was sealed")
        elif grew or problem:
            wrong.append(f"{name}: {problem or grew}")
    wrong += [f"{VERDICT}: {told}" for told in [_foreign_verdict(folder, binding)] if told and VERDICT in found]
    return Findings(manifest, tuple(wrong), tuple(fresh), tuple(worked))


def _differing(path: Path, name: str, claims: Sequence[Claim]) -> tuple[str, str]:
    """What is wrong with a file, and what of it was only not sealed: each in a phrase, or ""."""
    if not claims:
        return "", "not in the manifest"
    try:
        return agrees(name, files.read(path), claims)
    except OSError:
        return "it cannot be read", ""


def agrees(name: str, data: bytes, claims: Sequence[Claim]) -> tuple[str, str]:
    """What is wrong with the content of a file that was sealed, and what was only not sealed; "" and "" where it is."""
    if name.endswith(".jsonl"):
        return log_differs(data, claims)
    sums = {claim.sha256 for claim in (claims[-1:] if replaced(name) else claims)}
    if sums == {hashlib.sha256(data).hexdigest()}:
        return "", ""
    return ("", "edited") if replaced(name) else ("edited", "")


def replaced(name: str) -> bool:
    """Whether a file is written anew as the run goes on, so that its newest seal counts."""
    return name == VERDICT or BY_HAND.fullmatch(name) is not None


def log_differs(data: bytes, claims: Iterable[Claim]) -> tuple[str, str]:
    """A log holds what each seal says that it began with; what was added since is only not sealed."""
    sealed, at, digest = 0, 0, hashlib.sha256()
    for claim in sorted(claims, key=lambda claim: claim.size):
        if claim.size == UNKNOWN_SIZE:
            length = _length(data, claim.sha256)
            if length is None:
                return "edited", ""
            sealed = max(sealed, length)
            continue
        if claim.size > len(data):
            return f"cut: {len(data)} bytes of {claim.size}", ""
        digest.update(data[at : claim.size])
        at = claim.size
        if digest.hexdigest() != claim.sha256:
            return "edited", ""
        sealed = max(sealed, claim.size)
    return "", f"{len(data) - sealed} bytes more than were sealed" if len(data) > sealed else ""


def _length(data: bytes, sha256: str) -> int | None:
    """How long the beginning with this sum is, at the end of a line or of the data; the first format did not tell."""
    digest, at = hashlib.sha256(), 0
    for line in [b"", *data.splitlines(keepends=True)]:
        digest.update(line)
        at += len(line)
        if digest.hexdigest() == sha256:
            return at
    return None


def _foreign_verdict(folder: Path, binding: Binding) -> str:
    """How `run.json` tells of another run than this one's; it may be newer than every seal."""
    verdict = _verdict(folder)
    parameters = verdict.get("parameters")
    account = str(parameters.get("account_id", "")) if isinstance(parameters, dict) else ""
    other = binding.differs(Binding(str(verdict.get("run_id", "")), str(verdict.get("environment", "")), account))
    return other and f"of {other}"


def _verdict(folder: Path) -> dict[str, Any]:
    try:
        found = loads(files.read(folder / VERDICT).decode())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def added(folder: Path, found: Findings, state: State, time: str, unverified: str = "") -> Manifest:
    """The manifest with one seal more, over what is new and what grew. What does not agree is said, and stays so.

    A file that does not agree keeps the seals that it had. What a kill left half written keeps the record open. A seal
    that opens it claims nothing: what a kill left may still be put aside for what another machine did.
    """
    claims, rows, left = found.manifest.claims, list[Claim](), False
    for name, path in files.listed(folder)[0].items():
        if name == MANIFEST or state is State.OPENED:
            continue
        if path.name.startswith(DRAFT) or name.endswith(RUNNING):
            left = True
            continue
        before = claims.get(name, [])
        problem, grew = _differing(path, name, before)
        if problem or not (grew or any(claim.size == UNKNOWN_SIZE for claim in before)):
            continue
        data = files.read(path)
        rows.append(Claim(name, hashlib.sha256(data).hexdigest(), len(data)))
    known = {wrong for seal in found.manifest.seals for wrong in seal.wrong}
    wrong = tuple(one for one in (*found.wrong, *found.worked_on) if one not in known)
    kept = State.GOING_ON if left and state is State.CLOSED else state
    return replace(found.manifest, seals=(*found.manifest.seals, Seal(kept, time, tuple(rows), wrong, unverified)))
