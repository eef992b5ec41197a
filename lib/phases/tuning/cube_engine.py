"""The cube by DuckDB, over the history's Parquet files or over check-ins that were read: one pass, one text. No AWS.

Of more check-ins than memory holds it takes no more memory: what it has no room for goes to disk.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.phases.tuning import cube_sql
from lib.phases.tuning.cube import AXES, Cube, Grid
from lib.telemetry.checkin_frames import CELL, CONTRACT
from lib.telemetry.history import damage, spool
from lib.telemetry.history.folder import CHECKINS, day_of, quote, relation
from lib.telemetry.review_window import Window
from lib.values.reviewed import Outcome

MARK = "mark"
TRUTHS = {"false", "true"}
WORDS = sorted(["", *Outcome])
EPOCH = pd.Timestamp(0, tz="UTC")
DAY = timedelta(days=1)
AT_ONCE = 1_000_000  # check-ins, of whole days: their bins fit in a processor's own memory, where those of all do not
# As narrow as its values, since of a long history there are millions of bins: a day since 1970, an outcome of WORDS.
TYPES = {"day": "int32", "risk": "int16", "sentiment": "int16", "declining": "bool", "outcome": "int8"}
AMOUNTS = {"count": "int64", "weight": "float64"}
Columns = dict[str, np.ndarray]  # of TYPES and AMOUNTS
Watch = Callable[[int, int], None]  # how many check-ins are counted, of how many


def count(checkins: pd.DataFrame, grid: Grid, window: Window) -> Cube:
    """The cube of check-ins that were read, as `reviews.join` has them; those of which nobody knows what they held are
    left out.
    """
    cells = [checkins[CELL + field].to_numpy() for field in CONTRACT]
    typed = [spool.score_columns(*row) for row in zip(*cells, strict=True)]
    columns = pd.DataFrame(typed, columns=["risk", "sentiment", "declining", "known"])
    columns = columns.astype({"risk": float, "sentiment": float, "declining": bool, "known": bool})
    moments = (checkins["time"] - EPOCH) // pd.Timedelta(microseconds=1)
    placed = columns.assign(
        mark=np.arange(len(columns)), moment=moments.to_numpy(dtype="int64"),
        day=checkins["time"].dt.tz_localize(None).dt.floor("D").to_numpy(),
    )  # fmt: skip
    connection = spool.connect()
    try:
        connection.register("placed", placed)
        connection.execute(f"CREATE VIEW {CHECKINS} AS SELECT * REPLACE (CAST(day AS DATE) AS day) FROM placed")
        outcomes = outcomes_of(checkins.assign(mark=placed[MARK].to_numpy()))
        return Cube(grid, _frame(_counted(connection, outcomes, grid, window.start, window.end)))
    finally:
        connection.close()


def count_files(
    paths: Sequence[Path], reviewed: pd.DataFrame, grid: Grid, window: Window, watch: Watch = lambda *_: None
) -> Cube:
    """The cube of all that the history's Parquet files hold, some days after the others, however many check-ins they
    are; `reviewed` as `reviews.join` has it, with marks.
    """
    with damage.named(paths):
        return Cube(grid, _counted_files(paths, reviewed[reviewed["outcome"] != ""], grid, window, watch))


def _counted_files(paths: Sequence[Path], said: pd.DataFrame, grid: Grid, window: Window, watch: Watch) -> pd.DataFrame:
    parts, done = list[Columns](), 0
    connection = spool.connect()
    try:
        held = _held(connection, paths)
        for files in _some_days(held):
            connection.execute(f"CREATE OR REPLACE VIEW {CHECKINS} AS FROM {relation(files)}")
            start = max(window.start, _midnight(files[0]))
            end = min(window.end, _midnight(files[-1]) + DAY)
            if start < end:
                within = said[(said["time"] >= start) & (said["time"] < end)] if len(said) else said
                parts.append(_counted(connection, outcomes_of(within), grid, start, end))
            done += sum(held[path] for path in files)
            watch(done, sum(held.values()))
    finally:
        connection.close()
    if not parts:
        return of_rows(grid, pd.DataFrame(columns=[*TYPES, *AMOUNTS])).cells
    return _frame({name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])})


def _held(connection: Any, paths: Sequence[Path]) -> dict[Path, int]:  # noqa: ANN401 - duckdb has few types
    """How many check-ins each file says to hold, by day."""
    listed = ", ".join(quote(str(path)) for path in paths)
    rows = connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])").fetchall()
    return dict(sorted(((Path(name), int(many)) for name, many in rows), key=lambda one: day_of(one[0])))


def _some_days(held: Mapping[Path, int]) -> Iterator[list[Path]]:
    """The files of whole days in order, as many days at a time as have no more check-ins than go at once."""
    some, many = list[Path](), 0
    for _, files in groupby(held, day_of):
        day = list(files)
        number = sum(held[path] for path in day)
        if some and many + number > AT_ONCE:
            yield some
            some, many = [], 0
        some, many = some + day, many + number
    yield some


def _midnight(path: Path) -> datetime:
    return datetime.combine(day_of(path), time(), UTC)


def _counted(
    connection: Any,  # noqa: ANN401 - duckdb has few types
    outcomes: cube_sql.Outcomes,
    grid: Grid,
    start: datetime,
    end: datetime,
) -> Columns:
    text = cube_sql.count_text(grid, start, end, outcomes)
    words = ", ".join(map(quote, WORDS))
    wanted = f"""day - DATE '1970-01-01' AS day, enum_code(CAST(outcome AS ENUM ({words}))) AS outcome"""
    return _in_order(connection.execute(f"SELECT * REPLACE ({wanted}) FROM ({text})").fetchnumpy())


def outcomes_of(checkins: pd.DataFrame) -> cube_sql.Outcomes:
    """Mark, outcome and weight of the check-ins that somebody reviewed, in order of their marks."""
    said = checkins.loc[checkins["outcome"] != "", [MARK, "outcome", "weight"]].sort_values(MARK)
    return [(int(mark), str(outcome), float(weight)) for mark, outcome, weight in said.itertuples(index=False)]


def of_rows(grid: Grid, rows: pd.DataFrame) -> Cube:
    """A cube from the rows of the SQL text as Athena says them, all in texts, in the order of DuckDB's.

    Raises ValueError for an outcome or a truth value that is none.
    """
    outcomes, declining = rows["outcome"].fillna(""), rows["declining"].astype(str).str.lower()
    if unknown := set(declining) - TRUTHS:
        raise ValueError(f"truth values that are none: {unknown}")
    if unknown := set(outcomes) - set(WORDS):
        raise ValueError(f"outcomes that are none: {unknown}")
    days = (pd.to_datetime(rows["day"], utc=True) - EPOCH) // pd.Timedelta(days=1)
    said = pd.Categorical(outcomes, categories=WORDS).codes
    columns = rows.assign(day=days, declining=declining == "true", outcome=said)[[*TYPES, *AMOUNTS]]
    return Cube(grid, _frame(_in_order({name: columns[name].to_numpy() for name in columns})))


def _in_order(columns: Mapping[str, Any]) -> Columns:
    """In the order of the axes, whatever the engine's: sums of weights hang on it in their last digit."""
    narrow = {name: np.asarray(columns[name]).astype(kind) for name, kind in {**TYPES, **AMOUNTS}.items()}
    key = np.zeros(len(narrow["day"]), dtype="int64")  # one number instead of five: a fifth of the time to sort
    for name in AXES:
        key = key * (int(narrow[name].max(initial=0)) + 1) + narrow[name]
    order = np.argsort(key, kind="stable")
    return {name: values[order] for name, values in narrow.items()}


def _frame(columns: Columns) -> pd.DataFrame:
    days = pd.Series(columns["day"].astype("datetime64[D]").astype("datetime64[s]")).dt.tz_localize("UTC")
    words = np.array(WORDS, dtype=object)[columns["outcome"]]
    return pd.DataFrame({**columns, "day": days, "outcome": pd.Series(words, dtype=object)}, copy=False)
