"""Begins or reopens a run: its record, its store, and the guarded connection whose calls it logs. Writes only these.

Before a run is gone on with, its folder and its store are brought together, whichever machine wrote last. A store that
cannot be used stops the run here, before anything is written to AWS.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lib.aws import connect
from lib.errors import Altered
from lib.phases import hand_run, parameters_cell
from lib.record import records, run_index
from lib.record.folder import ATTEMPT, CHECKS
from lib.record.records import MANIFEST, Record, Run
from lib.record.salvage import Salvage
from lib.record.seals import manifest
from lib.record.stored import sync
from lib.resources import connected_run, record_stores
from lib.resources.connected_run import ConnectedRun
from lib.resources.record_stores import Shelves, copy_others
from lib.resources.s3_record_store import RunStore
from lib.settings import Settings

SOON_ATTEMPTS = 2  # of each call to a store, where nothing may be waited for


def begin(names: Mapping[str, Any]) -> ConnectedRun:
    """The run that a notebook is of, by its `globals()`. What its cells set and is no parameter is refused first.

    Where somebody steps through it, its record tells of that from here on, as of a command's run.
    """
    return hand_run.follow(begin_with(parameters_cell.read(names)), names)


def reopen(names: Mapping[str, Any]) -> ConnectedRun:
    """The run that the rollback's notebook undoes, likewise; an undo waits for nobody to mend a file."""
    return hand_run.follow(reopen_with(parameters_cell.read(names, strict=False), alone=True), names)


def run_to_read(names: Mapping[str, Any]) -> Run:
    """The run that a notebook only looks at, likewise; without a connection. Raises like `open_to_read`."""
    settings = parameters_cell.read(names, strict=False)
    return Run(settings, open_to_read(settings))


def begin_with(settings: Settings) -> ConnectedRun:
    """The run of these parameters, new where `run_id` is empty or unknown. Raises like `connect`."""
    shelves = record_stores.shelves(settings)
    copy_others(settings, shelves)
    return attach(Run(settings, records.open_run(settings)), shelves)


def reopen_with(
    settings: Settings,
    unverified: str = "",
    usable: Callable[[Record], bool] = bool,
    way: str = "",
    alone: bool = False,
) -> ConnectedRun:
    """A run that took place, here or on another machine. `alone`: nothing is asked of the store but this one, as for
    an undo, to which no other run's record is of use.

    Raises BadParameters where there is none, naming the latest that are `usable` for what was asked, and Altered for
    one that is not as it was sealed, unless it is asked for `unverified`, which says by what. A store that cannot be
    used names the `way` in an emergency, of a command that has one.
    """
    shelves = record_stores.shelves(settings)
    if _is_stored(settings, shelves, way, alone):
        record = records.open_run(settings)
    else:
        record = run_index.find_run(settings, settings.run_id, usable)
    return attach(Run(settings, record), shelves, unverified, way)


def _is_stored(settings: Settings, shelves: Shelves | None, way: str, alone: bool) -> bool:
    """Whether the store has this run; where nobody has it, the latest that there are are copied, to be named."""
    if alone and shelves and settings.run_id:
        if record_stores.is_stored(settings, shelves, way):
            return True
        if settings.run_folder.is_dir():
            return False
    return settings.run_id in copy_others(settings, shelves, way)


def fetch_from_store(settings: Settings, unverified: str = "", way: str = "") -> list[str]:
    """Take a run of the store into this machine's record, to go on with that alone. Raises like `reopen_with`.

    With `unverified` nothing that lies there keeps the rest from being taken: returns what could not be, and what is
    not as it was sealed, which the record says from then on. The store stays as it is.
    """
    shelves = record_stores.shelves(settings, SOON_ATTEMPTS)
    if shelves is None:
        return []
    shelf = shelves.run(settings.run_id, settings.run_folder)
    salvage = Salvage(Record(settings.run_folder, settings.run_id, at_once=True), shelf)
    with record_stores.opening_store(shelf.where, settings, way):
        stored = (salvage if unverified else shelf).stored()
    if not stored:
        copy_others(settings, shelves, way)  # so that the latest runs can be named
        return []
    run = Run(settings, replace(records.open_run(settings), at_once=True))
    records.open_to_write(run, unverified)
    if unverified:
        notes = salvage.take(stored)
        return [*notes, *(one for one in records.seal_with_note(run, notes) if not salvage.tells(one))]
    _bring_together(run, shelf, way)
    return []


def attach(run: Run, shelves: Shelves | None = None, unverified: str = "", way: str = "") -> ConnectedRun:
    """A run whose record is as it was sealed, which its store agrees with, and its connection, whose calls it logs.

    Raises Altered like `reopen_with`.
    """
    settings, record = run.settings, run.record
    records.open_to_write(run, unverified)
    live = connect(settings, record.log_call)
    record = replace(record, attempt=_attempt(run))
    shelves = shelves or record_stores.shelves(settings)
    if shelves is None:
        return connected_run.of(live, record)
    shelf = shelves.run(record.run_id, record.folder)
    _bring_together(run, shelf, way)
    records.verify(run, unverified)
    with record_stores.opening_store(shelf.where, settings, way):
        shelf.put(MANIFEST, record.folder / MANIFEST)  # so that other machines see that it is open
    return connected_run.of(live, replace(record, store=shelf))


def _attempt(run: Run) -> str:
    """The attempt at a phase that begins here: the runner's that started this kernel, and by hand one of its own.

    One whose answers stand in the record already has begun before, whoever tells of it; by hand, in the same kernel
    and by the same parameters, it goes on.
    """
    if going_on := hand_run.attempt_at(run):
        return going_on
    given = os.environ.get(ATTEMPT, "")
    begun = {str(row.get("attempt")) for row in run.record.rows(CHECKS)}
    return given if given and given not in begun else secrets.token_hex(4)


def _bring_together(run: Run, shelf: RunStore, way: str) -> None:
    """Make folder and store agree. Raises Altered for a store whose seals are gone, before anything of it is taken."""
    with record_stores.opening_store(shelf.where, run.settings, way):
        _require_sealed(run.record, shelf)
        sync.synchronise(run.record, shelf)


def _require_sealed(record: Record, shelf: RunStore) -> None:
    """Raise Altered for a store that holds a run without its seals, where this machine has none of them either."""
    stored = shelf.stored()
    if stored and MANIFEST not in stored and not manifest.read(record.folder).claims:
        raise Altered(
            f"{shelf.where} holds a run without its {MANIFEST}, so nobody can tell what it is. Nothing was taken; see "
            "who removed it"
        )


def open_to_read(settings: Settings) -> Record:
    """A run as the machine left it that wrote last: to be read only. Raises BadParameters where there is none, and
    Altered for one that is not as it was sealed."""
    copy_others(settings)
    every = run_index.latest_of_each(run_index.all_records(settings))
    matches = [record for record in every if record.run_id == settings.run_id]
    record = matches[0] if matches else run_index.find_run(settings, settings.run_id)
    if wrong := records.alterations(Run(settings, record), whole=True):
        raise Altered(
            f"the record of run {record.run_id} is not as it was sealed: {'; '.join(wrong)}. See who did that"
        )
    return record
