"""Rows of one source on their way into day files: more of them than memory holds. No AWS, no words of anybody.

They gather in a database of its own beside the day files; at the end each day's file is written whole and renamed. What
says the same of the same person at the same moment is one check-in, whichever file it came from.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from lib import routes
from lib.asl.answer_fields import UNKNOWN_CELL
from lib.record import files
from lib.telemetry.checkin_frames import CONTRACT, TAKEN, Answer, number_in, value_in
from lib.telemetry.history.folder import Aside, History, day_of, microseconds, quote, relation
from lib.telemetry.libraries import duckdb
from lib.telemetry.libraries import pandas as pd

MEMORY = "512MB"
BATCH = 50_000
LATE = timedelta(days=1)  # a clock of a phone may be wrong by a zone; later than that a moment is no past one
FUTURE, DRILL = "of a moment in the future", "of the drill user, who is nobody"
TWICE = "recorded twice: the same person, moment and scores"
CELLS = tuple(f"{name}_cell" for name in CONTRACT)  # the JSON that was recorded, of which no text is kept
COLUMNS = {
    "person": "VARCHAR", "mark": "BIGINT", "moment": "BIGINT", "risk": "DOUBLE", "sentiment": "DOUBLE",
    "declining": "BOOLEAN", "known": "BOOLEAN", **dict.fromkeys(CELLS, "VARCHAR"), "object": "BIGINT",
    "version": "BIGINT", TAKEN: "VARCHAR",
}  # fmt: skip
# What goes into a file: all columns, each person's moments side by side so that they pack well.
KEPT = ", ".join(COLUMNS)
# By value: one format writes 50 and another 50.0 of the same check-in.
SAME = ", ".join(["mark", *(f"coalesce(CAST(TRY_CAST({cell} AS DOUBLE) AS VARCHAR), {cell})" for cell in CELLS)])


def connect(database: str = ":memory:") -> Any:  # noqa: ANN401 - duckdb has few types
    """A DuckDB that takes no more memory than it may, and writes to disk what it has no room for."""
    connection = duckdb.connect(database)
    connection.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    return connection


def whole_relation(connection: Any, paths: Sequence[Path]) -> str:  # noqa: ANN401
    """Day files as SQL takes them, with all COLUMNS: of those of before there were routes, TAKEN is NULL.

    Not by DuckDB's `union_by_name`, which would take a file of something else for rows of nothing.
    """
    listed = ", ".join(quote(os.fspath(path)) for path in paths)
    asked = f"SELECT DISTINCT file_name FROM parquet_schema([{listed}]) WHERE name = '{TAKEN}'"
    newer = {name for (name,) in connection.execute(asked).fetchall()}
    parts = {
        KEPT: [path for path in paths if os.fspath(path) in newer],
        KEPT.replace(TAKEN, f"CAST(NULL AS VARCHAR) AS {TAKEN}"): [p for p in paths if os.fspath(p) not in newer],
    }
    texts = [f"SELECT {columns} FROM {relation(files)}" for columns, files in parts.items() if files]
    return f"({' UNION ALL '.join(texts)})"


@dataclass
class Spool:
    """The rows of one source. `add` them, then `commit`."""

    history: History
    source: str
    now: datetime
    connection: Any
    aside: list[Aside] = field(default_factory=list)
    _batch: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, place: str, version: int, answer: Answer) -> None:
        """One check-in, read from a place; one of the future, or of the drill user, is kept aside."""
        drill = answer.user == self.history.drill_user
        if drill or answer.moment > self.now + LATE:
            self.aside.append(Aside(place, version, DRILL if drill else FUTURE))
            return
        person = self.history.pseudonym(answer.user)
        row = (
            person,
            self.history.mark(person, answer.moment),
            microseconds(answer.moment),
            *score_columns(*answer.cells),
        )
        self._batch.append((*row, *answer.cells, self.history.number(place), version, answer.taken, place))
        if len(self._batch) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            columns = [*COLUMNS, "place"]
            batch = pd.DataFrame(self._batch, columns=columns, dtype=object)
            self.connection.register("batch", batch.astype({"mark": "int64", "moment": "int64"}))
            casts = ", ".join(f"CAST({name} AS {kind})" for name, kind in {**COLUMNS, "place": "VARCHAR"}.items())
            self.connection.execute(f"INSERT INTO spool SELECT {casts} FROM batch")
            self.connection.unregister("batch")
            self._batch.clear()

    def commit(self, over: Sequence[int] = ()) -> int:
        """Add the rows to the source's day files, and keep aside what is there twice. Returns how many rows are new.

        `over`: objects whose rows of before are replaced.
        """
        self._flush()
        self._name("replaced", over)
        before = self.history.files_from(self.source) if over else []
        before_days = f"SELECT day FROM {relation(before)} WHERE object IN (FROM replaced) UNION " if before else ""
        days = self.connection.execute(f"{before_days} SELECT DISTINCT day FROM spooled ORDER BY 1").fetchall()
        new = sum(self._write(day, "object NOT IN (FROM replaced)") for (day,) in days)
        self.history.keep_aside(self.source, self.aside)
        return new

    def commit_whole(self) -> int:
        """The rows are all that the source has: its day files of before are replaced. Returns how many there are."""
        self._flush()
        days = [day for (day,) in self.connection.execute("SELECT DISTINCT day FROM spooled ORDER BY 1").fetchall()]
        new = sum(self._write(day, "false") for day in days)
        for path in self.history.files_from(self.source):
            if day_of(path) not in days:
                path.unlink()
        self.history.keep_aside(self.source, self.aside)
        return new

    def _name(self, table: str, objects: Sequence[int]) -> None:
        self.connection.register(table, pd.DataFrame({"object": pd.Series(list(objects), dtype="int64")}))

    def _write(self, day: date, stays: str) -> int:
        """One day's file, all or nothing: of its rows of before those that stay, and the new ones. How many are new."""
        place = self.history.day_file(day, self.source)
        others = [path for path in self.history.files_of(day, day) if path != place]
        none = f"(SELECT {KEPT} FROM spool WHERE false)"
        own = whole_relation(self.connection, [place]) if place.exists() else ""
        before = f"(SELECT {KEPT} FROM {own} WHERE {stays})" if own else none
        elsewhere = relation(others) if others else none
        first = f"row_number() OVER (PARTITION BY {SAME} ORDER BY place) = 1"
        self.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE old AS FROM {before};
            CREATE OR REPLACE TEMP TABLE fresh AS SELECT *,
                {first} AND ({SAME}) NOT IN (SELECT {SAME} FROM {elsewhere} UNION SELECT {SAME} FROM old) AS new
                FROM spooled WHERE day = DATE '{day:%Y-%m-%d}'
        """)
        twice = self.connection.execute("SELECT place, version FROM fresh WHERE NOT new ORDER BY place").fetchall()
        self.aside += [Aside(where, version, TWICE) for where, version in twice]
        every = f"SELECT {KEPT} FROM old UNION ALL SELECT {KEPT} FROM fresh WHERE new ORDER BY person, moment"
        draft = place.with_name(f".draft-{place.name}")
        files.make_folder(place.parent)
        written = f"COPY ({every}) TO {quote(str(draft))} (FORMAT parquet, COMPRESSION zstd)"
        (rows,) = self.connection.execute(written).fetchone()
        draft.chmod(files.PRIVATE)
        draft.replace(place)
        if not rows:
            place.unlink()
        return int(self.connection.execute("SELECT count(*) FROM fresh WHERE new").fetchone()[0])


@contextmanager
def spooling(history: History, source: str, now: datetime) -> Iterator[Spool]:
    """A spool for one source, whose database is gone afterwards, whatever happens."""
    files.make_folder(history.path)
    place = history.path / f".spool-{secrets.token_hex(4)}"
    connection = connect(str(place))
    columns = ", ".join(f"{name} {kind}" for name, kind in {**COLUMNS, "place": "VARCHAR"}.items())
    connection.execute(f"CREATE TABLE spool ({columns})")
    connection.execute("CREATE VIEW spooled AS SELECT *, CAST(make_timestamp(moment) AS DATE) AS day FROM spool")
    try:
        yield Spool(history, source, now.astimezone(UTC), connection)
    finally:
        connection.close()
        for left in history.path.glob(f"{place.name}*"):
            left.unlink()


@lru_cache(maxsize=100_000)
def score_columns(risk: str, sentiment: str, trajectory: str) -> tuple[float | None, float | None, bool, bool]:
    """The cells as columns that SQL compares: risk, sentiment, declining, and whether it is known what they held.

    A number that is none to the workflow is NULL, and NaN stays NaN.
    """
    known = UNKNOWN_CELL not in (risk, sentiment, trajectory)
    return number_in(risk), number_in(sentiment), value_in(trajectory) == routes.DECLINING, known
