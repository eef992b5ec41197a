"""Begins or reopens a run: its record, its store, and the guarded connection whose calls it logs. Writes only these.

Before a run is gone on with, its folder and its store are brought together, whichever machine wrote last. A store that
cannot be used stops the run here, before anything is written to AWS.
"""

from collections.abc import Callable
from dataclasses import replace

from lib import handover, records, stores
from lib.aws import Live, connect
from lib.records import Record
from lib.settings import Settings
from lib.stores import Shelves


def begin(settings: Settings) -> tuple[Record, Live]:
    """The record of this run, new where `run_id` is empty or unknown, and the connection. Raises like `connect`."""
    shelves = stores.shelves(settings)
    look(settings, shelves)
    return attached(settings, records.open_run(settings), shelves)


def reopen(settings: Settings, usable: Callable[[Record], bool] = bool) -> tuple[Record, Live]:
    """The record of a run that took place, here or on another machine, and the connection.

    Raises BadParameters where there is none, naming the latest that are `usable` for what was asked.
    """
    shelves = stores.shelves(settings)
    if settings.run_id in look(settings, shelves):
        return attached(settings, records.open_run(settings), shelves)
    return attached(settings, records.existing(settings, settings.run_id, usable), shelves)


def attached(settings: Settings, record: Record, shelves: Shelves | None = None) -> tuple[Record, Live]:
    """A record whose calls are logged and which its store agrees with, and the connection that makes them."""
    live = connect(settings, record.log_call)
    shelves = shelves or stores.shelves(settings)
    if shelves is None:
        return record, live
    shelf = shelves.run(record.run_id, record.folder)
    with stores.opening(shelf.where):
        handover.together(record, shelf)
    return replace(record, store=shelf), live


def look(settings: Settings, shelves: Shelves | None = None) -> list[str]:
    """The runs that the store has, oldest first. What tells of them is copied beside the runs of this machine.

    The copies count where approvals, earlier writes and the status of runs are looked up. Never changes a record.
    """
    shelves = shelves or stores.shelves(settings)
    if shelves is None:
        return []
    found = {run_id: files for run_id, files in shelves.runs().items() if run_id != records.DRILLS}
    folder = settings.runs_folder / records.COPIES
    for run_id, files in found.items():
        copy, shelf = Record(folder / run_id, run_id), shelves.run(run_id)
        with stores.opening(shelf.where):
            handover.copy_telling(copy, shelf, files)
    return sorted(found)


def seen(settings: Settings) -> Record:
    """A run as the machine left it that wrote last: to be read only. Raises BadParameters where there is none."""
    look(settings)
    found = [record for record in records.latest_of_each(settings) if record.run_id == settings.run_id]
    return found[0] if found else records.existing(settings, settings.run_id)
