"""The runs of an environment, on this machine and as copies of others. Read-only."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lib.errors import BadParameters, RunbookError
from lib.record.folder import LOG, Record
from lib.record.records import Run, alterations
from lib.record.seals import manifest
from lib.record.seals.manifest import VERDICT
from lib.record.stored.store_check import adds_to
from lib.settings import Settings, folder_of
from lib.values.run_names import COPIES, DRILLS, checked_run_id

Reach = tuple[int, int | str]  # of two of one kind, the greater one is further


def find_run(settings: Settings, run_id: str, usable: Callable[["Record"], bool] = bool) -> Record:
    """The record of a run that took place. Raises BadParameters where there is none, with the latest usable ones.

    Those are of this machine, or of the store as it was last looked at.
    """
    folder = folder_of(settings, run_id) if run_id else None
    if folder is None or not folder.is_dir():
        have = (
            ", ".join([record.run_id for record in latest_of_each(all_records(settings)) if usable(record)][-3:])
            or "none yet"
        )
        raise BadParameters(f"no run {run_id!r} of environment {settings.environment}; the latest are: {have}")
    return Record(folder, run_id, inode=folder.stat().st_ino)


def runs(settings: Settings) -> list[str]:
    """The run ids of this environment on this machine, oldest first."""
    return [record.run_id for record in _in(settings.runs_folder)]


def no_runs(settings: Settings) -> list[Path]:
    """The folders among the runs that no run can have made, by their names: somebody put them there."""
    folder = settings.runs_folder
    return sorted(path for path in _folders(folder) if not _is_run_id(path.name))


def copies(settings: Settings) -> list[Record]:
    """What the store told of its runs when it was last looked at: plan, verdict and changes alone, to be read only."""
    return _in(settings.runs_folder / COPIES)


def all_records(settings: Settings) -> list[Record]:
    """The records of all runs of this environment, oldest first; a run that the store has, too, comes twice.

    As they lie there: to be told of, by name. What is decided, is decided by those that are `as_sealed`.
    """
    here = [find_run(settings, run_id) for run_id in runs(settings)]
    return sorted([*here, *copies(settings)], key=lambda record: record.run_id)


def as_sealed(settings: Settings) -> list[Record]:
    """Those of all runs, and of the store's copies, whose files that tell of them are as they were sealed."""

    def is_so(record: Record) -> bool:
        try:
            return not alterations(Run(settings, record))
        except RunbookError:  # one of a newer version decides nothing for this one
            return False

    return [record for record in all_records(settings) if is_so(record)]


def latest_of_each(records: Iterable[Record]) -> list[Record]:
    """One record a run: this machine's, or the store's copy where another machine went on, oldest first."""
    newest: dict[str, Record] = {}
    for record in records:
        other = newest.get(record.run_id)
        newest[record.run_id] = record if other is None or _is_further(record, other, _reach) else other
    return list(newest.values())


def furthest(run: Run, reach: Callable[[Record], Reach]) -> tuple[Record, str]:
    """The record of a run, here or as the store told of it, that reaches furthest; this one where none goes further.

    One that is not as it was sealed is passed over, and what is wrong with it is returned as well.
    """
    furthest, doubts = run.record, list[str]()
    for folder in (folder_of(run.settings, run.record.run_id), run.settings.runs_folder / COPIES / run.record.run_id):
        other = Record(folder, run.record.run_id)
        if folder == run.record.folder or not folder.is_dir():
            continue
        if wrong := alterations(Run(run.settings, other)):
            doubts += wrong
        elif _is_further(other, furthest, reach):
            furthest = other
    return furthest, "; ".join(doubts)


def _is_further(record: Record, other: Record, reach: Callable[[Record], Reach]) -> bool:
    """Whether a record tells more than another of this run: of what is said there, a seal that this one lacks tells."""
    if not reach(record) > reach(other):
        return False
    kept = manifest.read(record.folder)
    return not kept.seals or adds_to(manifest.read(other.folder), kept)


def _reach(record: Record) -> Reach:
    try:
        verdict = record.read_json(VERDICT)
    except RunbookError:  # of one run that cannot be read, nobody else's status hangs
        verdict = None
    return len(record.rows(LOG)), str(verdict.get("ended", "")) if isinstance(verdict, dict) else ""


def _in(folder: Path) -> list[Record]:
    records = (Record(path, path.name) for path in _folders(folder) if _is_run_id(path.name))
    return sorted(records, key=lambda record: record.run_id)


def _folders(folder: Path) -> Iterator[Path]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return (path for path in paths if path.is_dir() and path.name != DRILLS and path.name[0] != ".")


def _is_run_id(name: str) -> bool:
    try:
        return checked_run_id(name) == name
    except ValueError:
        return False
