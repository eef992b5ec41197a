"""The runs of an environment: each one's record begun, gone on with, verified and sealed. No AWS.

`outputs/<environment>/<run_id>/` is written by lib, whoever runs the cells. A record may have a store, where another
machine finds it: a log's row and a kept file have reached it, too, when `append` and `write_text` return; the rest,
and executed notebooks, when it is sealed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lib.errors import Altered, BadParameters
from lib.record import files, sealing, writers
from lib.record.files import DRAFT
from lib.record.folder import CALLS, CRITERIA, LOG, TELLING, VALIDATED, Record, Store
from lib.record.seals import manifest
from lib.record.seals.manifest import MANIFEST, RUNNING, VERDICT, Binding, Findings, unsealed_differences
from lib.record.seals.seal_chain import State
from lib.settings import Settings, folder_of
from lib.values.run_names import COPIES

__all__ = [
    "CALLS", "CRITERIA", "DRAFT", "LOG", "MANIFEST", "RUNNING", "VALIDATED", "VERDICT", "Record", "Run", "Store",
    "new_run_id", "open_run", "unsealed_differences",
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run without a connection. What lies in the record never says whose it must be: the parameters do."""

    settings: Settings
    record: Record

    @property
    def binding(self) -> Binding:
        """Whose record it must be; by its own name, since a run is also read by the parameters of another."""
        return Binding(self.record.run_id, self.settings.environment, self.settings.account_id)


def new_run_id(now: datetime | None = None) -> str:
    """UTC stamp and a short random suffix; sorts by time."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def open_run(settings: Settings) -> Record:
    """The record of `settings.run_id`, its folder made where it is new; an empty run_id starts a new run."""
    run_id = settings.run_id or new_run_id()
    folder = folder_of(settings, run_id)
    try:
        files.make_folder(folder)
        new = not any(folder.iterdir())
    except OSError as error:
        raise BadParameters(f"the record cannot be kept in {folder}: {error.strerror}; set outputs_dir") from error
    record = Record(folder, run_id, inode=folder.stat().st_ino)
    if new:
        open_to_write(Run(settings, record))
    return record


def verify(run: Run, unverified: str = "") -> Findings:
    """A record against its seals, before anything is made of it. Raises Altered, naming each file and what is wrong.

    With `unverified`, which says who asked for that, what is wrong is only told. What a kill left is not wrong.
    """
    record = run.record
    findings = manifest.findings(record.folder, run.binding)
    # The notebooks of a command that was told to go on all the same do so, too, as long as it lives.
    alive = writers.has_joined(record.folder) or (findings.manifest.excused and writers.others(record.folder))
    wrong = [one for one in findings.wrong if not (alive and one in findings.manifest.excused)]
    if wrong and not unverified:
        raise Altered(
            f"the record of run {record.run_id} is not as it was sealed: {'; '.join(wrong)}. Nothing was made of it; "
            "find out who changed it, and put back what was sealed. In an emergency, restore and rollback take "
            "--unverified"
        )
    return findings


def alterations(run: Run, whole: bool = False) -> list[str]:
    """What is wrong with the files that tell of a run, or with the whole of it. Read-only; a store's copy is a part."""
    folder = run.record.folder
    copy = folder.parent.name == COPIES
    about = (lambda name: True) if whole and not copy else TELLING.fullmatch
    return list(manifest.findings(folder, run.binding, about).wrong)


def wrong_with(run: Run, name: str) -> list[str]:
    """What is wrong with this file of a record, or with the record, without which nobody tells of a file. Read-only."""
    return list(_findings_about(run, name).wrong)


def is_as_sealed(run: Run, name: str) -> bool:
    """Whether this file was sealed, and is so still, in a record with which nothing is wrong either. Read-only."""
    about = _findings_about(run, name)
    return name in about.manifest.claims and not (about.wrong or about.unsealed or about.worked_on)


def _findings_about(run: Run, name: str) -> Findings:
    return manifest.findings(run.record.folder, run.binding, lambda file: file == name)


def is_unverified(record: Record) -> bool:
    """Whether the command that has it open was told to believe it as it lies there."""
    return bool(manifest.read(record.folder).unverified)


def taken_over(record: Record) -> bool:
    """Whether another command had it open already when this one began."""
    return manifest.read(record.folder).taken_over


def open_to_write(run: Run, unverified: str = "") -> Findings:
    """Begin to write to a record: verified, sealed as it is found, and open until it is sealed at the end.

    Raises Altered like `verify`.
    """
    record = run.record
    with record.kept(), record.held():
        # Verified and sealed under one hold: what came between the two would be sealed as if it had been found so.
        findings = verify(run, unverified)
        ours = writers.has_joined(record.folder)
        going_on = findings.manifest.open and (ours or writers.others(record.folder))
        writers.join(record.folder, record.at_once)
        if not going_on or (unverified and not findings.manifest.excused):
            files.tighten(record.folder)
            if findings.manifest.trouble:
                # Whatever it is, a pipe as well; it stays beside the one that begins here.
                (record.folder / MANIFEST).rename(record.new_path("MANIFEST.unstored.json"))
            sealing.add(record, _bound(findings, run.binding), State.OPENED, unverified)
    return findings


def seal_with_note(run: Run, notes: Sequence[str]) -> tuple[str, ...]:
    """Seal what a record holds by now, with what is told of it besides: that stays said, whatever becomes of it.

    Returns what is wrong with it.
    """
    record = run.record
    with record.kept(), record.held():
        findings = manifest.findings(record.folder, run.binding)
        sealing.add(record, replace(findings, wrong=(*dict.fromkeys((*notes, *findings.wrong)),)), State.GOING_ON)
    return findings.wrong


def _bound(findings: Findings, binding: Binding) -> Findings:
    """With whose record it is, where its manifest does not tell."""
    kept = findings.manifest
    known = {key: getattr(kept, key) or getattr(binding, key) for key in ("run_id", "environment", "account")}
    return replace(findings, manifest=replace(kept, **known))
