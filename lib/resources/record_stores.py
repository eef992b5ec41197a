"""The runs of an environment in the store that the parameters name: opened, listed, copied to be read."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from botocore.exceptions import ClientError

from lib.aws import Live, connect
from lib.aws_answers import readable
from lib.errors import Altered, BadParameters, NotAsWanted, RunbookError, Superseded, Unreachable, Unrecorded
from lib.record import command_lines
from lib.record.records import LOG, Record
from lib.record.stored import run_copies
from lib.resources.s3_record_store import ATTEMPTS, RunStore, _listed
from lib.settings import Settings
from lib.values import run_names
from lib.values.run_names import RUN_ID


@dataclass(frozen=True)
class Shelves:
    """The runs of an environment in the store that the parameters name."""

    live: Live
    bucket: str
    prefix: str

    def run(self, run_id: str, folder: Path | None = None) -> RunStore:
        """The store of one run; of the run whose record is in `folder`, with what this process saw of it before."""
        prefix = f"{self.prefix}{run_id}/"
        seen, known = _memory(folder, self.bucket, prefix) if folder else ({}, {})
        return RunStore(self.live, self.bucket, prefix, run_id, seen, known)

    def runs(self, way: str = "") -> dict[str, dict[str, str]]:
        """Every run that is stored: its files by name, with their ETags. Read-only."""
        by_run: dict[str, dict[str, str]] = {}
        doing = f"listing the runs in s3://{self.bucket}/{self.prefix}"
        with opening_store(f"s3://{self.bucket}", self.live.settings, way), readable(doing):
            for name, etag in _listed(self.live, self.bucket, self.prefix):
                run_id, _, file = name.partition("/")
                if file and RUN_ID.fullmatch(run_id):
                    by_run.setdefault(run_id, {})[file] = etag
        return by_run


def shelves(settings: Settings, attempts: int = ATTEMPTS) -> Shelves | None:
    """The store of this environment over a guarded connection of its own; None where the parameters name none."""
    if not settings.record_store:
        return None
    bucket, _, prefix = settings.record_store.removeprefix("s3://").partition("/")
    live = replace(connect(settings), attempts=attempts)
    return Shelves(live, bucket, f"{prefix}/{settings.environment}/".lstrip("/"))


@functools.cache
def _memory(folder: Path, bucket: str, prefix: str) -> tuple[dict[str, str], dict[str, str]]:
    """One memory a folder: a command may open its record several times, and is one machine all the same."""
    return {}, {}


@contextmanager
def opening_store(where: str, settings: Settings, way: str = "") -> Iterator[None]:
    """What a store that cannot be used comes to before a run has begun: nothing was written to AWS.

    `way` is the command that takes what can be taken of it in an emergency, for a command that has one.
    """
    try:
        yield
    except Superseded:
        raise
    except Altered as error:
        raise Altered(f"{error}. {_ways(settings, way, ', where they are')}", way) from error
    except RunbookError as error:
        cause = error.__cause__ if isinstance(error, Unrecorded) else error
        otherwise = way and f". In an emergency{_taking(way)}"
        if isinstance(cause, Unreachable):
            raise Unreachable(
                f"the record's store {where} does not answer ({cause}); nothing was written. {_ways(settings, way)}"
            ) from error
        if isinstance(cause, RunbookError) and isinstance(cause.__cause__, ClientError):
            raise BadParameters(
                f"record_store {where} cannot be used ({cause}); expected a bucket that these credentials may list, "
                f"read and write. Make it, or set record_store. Nothing was written{otherwise}"
            ) from error
        if not way:
            raise
        raise type(error)(f"{error}{otherwise}") from error


def _ways(settings: Settings, way: str, where: str = "") -> str:
    alone = f"In an emergency, go by this machine's records alone{where}: `{_by_this_machine(settings)}`"
    return f"{alone}; or{_taking(way)}" if way else alone


def _taking(way: str) -> str:
    return f" take of the store what can be taken: `{way}`"


def _by_this_machine(settings: Settings) -> str:
    """What tells of the runs without the store; of one whose changes lie here, what undoes it."""
    if settings.run_id and (settings.run_folder / LOG).is_file():
        return command_lines.without_store(settings, "rollback", settings.run_id)
    return command_lines.without_store(settings, "status")


def copy_others(settings: Settings, known: Shelves | None = None, way: str = "") -> list[str]:
    """The runs that the store has, oldest first. What tells of them is copied beside the runs of this machine.

    The copies count where earlier writes, validations and the status of runs are looked up; which approvals were used,
    the account keeps. No run's own record changes. What the store refuses of one run keeps nobody from the others:
    `run_copies.what_is_missing` says what is not there.
    """
    known = known or shelves(settings)
    if known is None:
        return []
    stored = {run_id: files for run_id, files in known.runs(way).items() if run_id != run_names.DRILLS}
    folder, refused = settings.runs_folder / run_names.COPIES, dict[str, str]()
    for run_id, files in stored.items():
        copy, shelf = Record(folder / run_id, run_id), known.run(run_id)
        with opening_store(shelf.where, settings, way):
            try:
                run_copies.copy_telling(copy, shelf, files)
            except Unrecorded as error:
                if not isinstance(error.__cause__, NotAsWanted):  # a store that does not answer, or a full disk
                    raise
                refused[run_id] = str(error.__cause__)
    run_copies.keep_missing(settings, refused)
    return sorted(stored)


def is_stored(settings: Settings, known: Shelves, way: str = "") -> bool:
    """Whether the store has this run. Nothing is asked of any other, nor copied."""
    shelf = known.run(settings.run_id)
    with opening_store(shelf.where, settings, way):
        return bool(shelf.stored(remember=False))
