"""What a record's folder holds against what was sealed of it: what is wrong, and what is only not sealed yet.

Reads files, in pieces; writes none. A seal is added to those before it, so that sealing an altered record does not mend
it. The verdict, which is written anew as the run goes on, is sealed before it is written.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.errors import BadParameters, NotAsWanted
from lib.record import files
from lib.record.files import DRAFT
from lib.record.seals import file_hashes, seal_chain
from lib.record.seals.file_hashes import BY_HAND, VERDICT
from lib.record.seals.seal_chain import ABSENT, UNKNOWN_SIZE, Claim, Manifest, Seal, State
from lib.values.exact_json import loads
from lib.values.verdicts import Verdict

MANIFEST = "MANIFEST.json"
LONGEST = 2**26  # bytes of a file that is read whole; every manifest and verdict is a small part of it
RUNNING = ".running.ipynb"  # a notebook as papermill writes it, with what no record may hold


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
            f"{what} {actual}, not {expected}"
            for what, (expected, actual) in pairs.items()
            if actual and expected and actual != expected
        )


@dataclass(frozen=True)
class Findings:
    """A record against its seals. `wrong`: what does not agree; `unsealed`: what came since the last one, while the
    record was open; `worked_on`: notebooks that a person went on with, renamed or removed."""

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


def unsealed_differences(folder: Path, binding: Binding | None = None) -> list[str]:
    """What differs between a run's folder and its seals; empty when nothing was touched since it was sealed.

    Without a `binding`, the folder's own name and place say whose record it must be.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BadParameters(f"{folder} holds no {MANIFEST}; expected the folder of a finished run")
    comparison = _settled(folder, binding or Binding(folder.name, folder.parent.name))
    if comparison.manifest.trouble and not comparison.manifest.seals:
        raise NotAsWanted(f"{path} is not a manifest this runbook wrote; the record cannot be trusted")
    return comparison.said


def findings(folder: Path, binding: Binding, about: Callable[[str], object] = lambda name: True) -> Findings:
    """A record against its seals, or what of it this is `about`. Raises Refused for one of a newer version.

    One that has no seals is wrong, unless nothing is in it.
    """
    if not folder.is_dir():
        return Findings(Manifest(binding.run_id, binding.environment, binding.account))
    if not ((folder / MANIFEST).is_symlink() or (folder / MANIFEST).exists()):
        manifest = Manifest(binding.run_id, binding.environment, binding.account)
        names = [name for name in files.list_folder(folder)[0] if not name.startswith(DRAFT)]
        return Findings(manifest, (f"{MANIFEST}: missing",) if names else ())
    return _settled(folder, binding, about)


def _settled(folder: Path, binding: Binding, about: Callable[[str], object] = lambda name: True) -> Findings:
    """`_compare_with_seals`, once no seal was added meanwhile: by an older one, what is written now would be wrong."""
    while True:
        manifest = read(folder)
        comparison = _compare_with_seals(folder, manifest, binding, about)
        if not comparison.wrong or read(folder).seals == manifest.seals:
            return comparison


def read(folder: Path) -> Manifest:
    """The manifest of a folder; one that cannot be read has no seals, and its `trouble` says why."""
    try:
        manifest = seal_chain.from_text(files.read(folder / MANIFEST, LONGEST).decode())
    except (OSError, ValueError) as error:
        why = str(error) if isinstance(error, ValueError) else "it cannot be read as a file"
        return Manifest("", trouble=(f"it is not a manifest this runbook wrote ({why})",))
    return _of_first_format(folder, manifest) if [seal.time for seal in manifest.seals] == [""] else manifest


def _of_first_format(folder: Path, manifest: Manifest) -> Manifest:
    """A manifest of the first format, with what `run.json` told: whose it is, when it ended, and whether it did."""
    verdict = _verdict(folder)
    bound = _bound_by(verdict)
    state = State.GOING_ON if verdict.get("verdict") == Verdict.RUNNING else State.CLOSED
    (only,) = manifest.seals
    whole = tuple(claim for claim in only.files if not claim.path.endswith(RUNNING))
    sealed = replace(only, state=state, time=str(verdict.get("ended", "")) or "an unknown time", files=whole)
    return replace(manifest, environment=bound.environment, account=bound.account, seals=(sealed,))


def _compare_with_seals(
    folder: Path, manifest: Manifest, binding: Binding, about: Callable[[str], object] = lambda name: True
) -> Findings:
    """Every file of a folder, or those that it is `about`, against every seal of it."""
    listed, odd, _ = files.list_folder(folder)
    paths = {name: path for name, path in listed.items() if name == MANIFEST or about(name)}
    claims = {name: rows for name, rows in manifest.claims.items() if about(name)}
    bound = Binding(manifest.run_id, manifest.environment, manifest.account)
    other = [] if manifest.trouble and not manifest.seals else list(filter(None, [binding.differs(bound)]))
    wrong = [*(f"{MANIFEST}: {problem}" for problem in manifest.trouble), *(f"it is the record of {o}" for o in other)]
    wrong += [f"{folder.name}: a symbolic link"] if folder.is_symlink() else []
    wrong += odd
    worked, fresh = list[str](), list[str]()
    for name in sorted({*paths, *claims} - {MANIFEST}):
        problem, grew = _differing(paths.get(name), name, claims.get(name, []))
        if grew and manifest.open:
            fresh.append(name)
        elif (grew or problem) and BY_HAND.fullmatch(name):
            worked.append(f"{name}: {'worked on' if name in paths else 'renamed or removed'} since it was sealed")
        elif grew or problem:
            wrong.append(f"{name}: {problem or grew}")
    wrong += [f"{VERDICT}: {words}" for words in [_foreign_verdict(folder, binding)] if words and VERDICT in paths]
    return Findings(manifest, tuple(wrong), tuple(fresh), tuple(worked))


def _differing(path: Path | None, name: str, claims: Sequence[Claim]) -> tuple[str, str]:
    """What is wrong with a file, and what of it was only not sealed: each in a phrase, or ""."""
    if path is None:
        awaited = name == VERDICT and (not claims or any(claim.sha256 == ABSENT for claim in claims[-2:]))
        return ("", "sealed, and not written") if awaited else ("missing", "")
    try:
        with files.open_to_read(path) as file:
            return file_hashes.agrees(name, file, claims)
    except OSError:
        return "it cannot be read", ""


def _foreign_verdict(folder: Path, binding: Binding) -> str:
    """How `run.json` tells of another run than this one's; it may be newer than every seal."""
    other = binding.differs(_bound_by(_verdict(folder)))
    return other and f"of {other}"


def _bound_by(verdict: Mapping[str, Any]) -> Binding:
    """Whose record a verdict says that this is."""
    parameters = verdict.get("parameters")
    account = str(parameters.get("account_id", "")) if isinstance(parameters, dict) else ""
    return Binding(str(verdict.get("run_id", "")), str(verdict.get("environment", "")), account)


def _verdict(folder: Path) -> dict[str, Any]:
    try:
        data = loads(files.read(folder / VERDICT, LONGEST).decode())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def add_seal(folder: Path, comparison: Findings, state: State, time: str, unverified: str = "") -> Manifest:
    """The manifest with one seal more, over what is new and what grew. What does not agree is said, and stays so.

    A file that does not agree keeps the seals that it had. What a kill left half written keeps the record open. A seal
    that opens it claims nothing: what a kill left may still be put aside for what another machine did.
    """
    claims, rows, left, among = comparison.manifest.claims, list[Claim](), False, set[Path]()
    for name, path in files.list_folder(folder)[0].items():
        if name == MANIFEST or state is State.OPENED:
            continue
        if path.name.startswith(DRAFT) or name.endswith(RUNNING):
            left = True
            continue
        before = claims.get(name, [])
        problem, grew = _differing(path, name, before)
        if not problem and (grew or any(claim.size == UNKNOWN_SIZE for claim in before)):
            rows.append(file_hashes.claim_of(path, name))
            among |= {one for one in path.parents if one.is_relative_to(folder)}
    for one in among:
        files.keep_names(one)
    known = {wrong for seal in comparison.manifest.seals for wrong in seal.wrong}
    wrong = tuple(one for one in (*comparison.wrong, *comparison.worked_on) if one not in known)
    kept = State.GOING_ON if left and state is State.CLOSED else state
    return replace(
        comparison.manifest, seals=(*comparison.manifest.seals, Seal(kept, time, tuple(rows), wrong, unverified))
    )


def claim_file(folder: Path, name: str, data: bytes, time: str) -> Manifest | None:
    """The manifest of a record with one file more, which is about to be written, or just was; None where its seals
    say so already, where it is not open, so that nothing may come besides, and where it is not as it was written.

    What lies there now stays one of the last two, so that it agrees also where a kill comes before the writing.
    """
    manifest, coming = read(folder), Claim(name, hashlib.sha256(data).hexdigest(), len(data))
    there = folder / name if (folder / name).exists() else None
    claims = manifest.claims.get(name, [])
    if manifest.trouble or not manifest.seals or not manifest.open or claims[-1:] == [coming]:
        return None
    _, grew = _differing(there, VERDICT, claims) if name == VERDICT else ("", "")
    before = [file_hashes.claim_of(there, VERDICT) if there else Claim(VERDICT, ABSENT, 0)] if grew else []
    return seal_chain.continue_manifest(manifest, [*before, coming], time)
