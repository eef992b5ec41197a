"""Says of which file of the history it is damaged, instead of what DuckDB says of all of them. Files, no AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lib.errors import BadParameters
from lib.telemetry.history.folder import relation
from lib.telemetry.history.spool import connect
from lib.telemetry.libraries import duckdb

NEEDED = ("mark", "moment", "risk", "sentiment", "declining", "known")  # what every file of a history has


@contextmanager
def named(paths: Sequence[Path]) -> Iterator[None]:
    """Raise BadParameters, with the file's name, where one of these cannot be read; what else goes wrong goes on."""
    try:
        yield
    except duckdb.Error as error:
        damaged = next((path for path in paths if not _is_whole(path)), None)
        if damaged is None:
            raise
        raise BadParameters(
            f"{damaged} cannot be read as check-ins of a history: it is damaged, or something else. Remove the folder "
            f"{damaged.parents[2]}, and convert again"
        ) from error


def _is_whole(path: Path) -> bool:
    connection = connect()
    try:
        connection.execute(f"SELECT {', '.join(f'max({name})' for name in NEEDED)} FROM {relation([path])}")
        return True
    except duckdb.Error:
        return False
    finally:
        connection.close()
