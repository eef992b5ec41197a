"""The cube by DuckDB, over the history's Parquet files or over check-ins that were read: one pass, one text. No AWS.

Of more check-ins than memory holds it takes no more memory: what it has no room for goes to disk.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.phases.tuning import cube_sql
from lib.phases.tuning.cube import Cube, Grid
from lib.telemetry.checkin_frames import CELL, CONTRACT
from lib.telemetry.history import spool
from lib.telemetry.history.folder import CHECKINS, quote, relation
from lib.telemetry.review_window import Window
from lib.values.reviewed import Outcome

MARK = "mark"
TRUTHS = {"false", "true"}
WORDS = sorted(["", *Outcome])
A_CENTURY = 60_000  # days since 1970, and more than any check-in has
EPOCH = pd.Timestamp(0, tz="UTC")


def count(checkins: pd.DataFrame, grid: Grid, window: Window) -> Cube:
    """The cube of check-ins that were read, as `outcomes.join` has them; those of which nobody knows what they held are
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
        return _counted(connection, outcomes, grid, window.start, window.end)
    finally:
        connection.close()


def count_files(paths: Sequence[Path], outcomes: cube_sql.Outcomes, grid: Grid, window: Window) -> Cube:
    """The cube of all that the history's Parquet files hold, however many check-ins they are."""
    connection = spool.connect()
    try:
        connection.execute(f"CREATE VIEW {CHECKINS} AS FROM {relation(paths)}")
        return _counted(connection, outcomes, grid, window.start, window.end)
    finally:
        connection.close()


def _counted(connection: Any, outcomes: pd.DataFrame, grid: Grid, start: datetime, end: datetime) -> Cube:  # noqa: ANN401
    text = cube_sql.count_text(grid, start, end, outcomes)
    words = ", ".join(map(quote, WORDS))  # of few words each row would else have a text of its own
    counted = connection.execute(f"SELECT * REPLACE (CAST(outcome AS ENUM ({words})) AS outcome) FROM ({text})")
    return of_rows(grid, counted.df())


def outcomes_of(checkins: pd.DataFrame) -> cube_sql.Outcomes:
    """Mark, outcome and weight of the check-ins that somebody reviewed, in order of their marks."""
    said = checkins.loc[checkins["outcome"] != "", [MARK, "outcome", "weight"]].sort_values(MARK)
    return [(int(mark), str(outcome), float(weight)) for mark, outcome, weight in said.itertuples(index=False)]


def of_rows(grid: Grid, rows: pd.DataFrame) -> Cube:
    """A cube from the rows of the SQL text, whichever engine counted them: Athena says all in texts.

    In one order, whatever the engine's: sums of weights hang on it in their last digit. Raises ValueError for an
    outcome or a truth value that is none.
    """
    outcomes, declining = rows["outcome"].fillna(""), rows["declining"]
    if declining.dtype != bool:
        declining = declining.astype(str).str.lower()
        if unknown := set(declining.unique()) - TRUTHS:
            raise ValueError(f"truth values that are none: {unknown}")
        declining = declining == "true"
    if unknown := set(outcomes.unique()) - set(WORDS):
        raise ValueError(f"outcomes that are none: {unknown}")
    said, falling = pd.Categorical(outcomes, categories=WORDS).codes, declining.to_numpy(dtype=bool)
    days = pd.to_datetime(rows["day"], utc=True)
    risk, sentiment = (rows[name].to_numpy(dtype="int64") for name in ("risk", "sentiment"))
    key = (risk * (len(grid.sentiments) + 2) + sentiment) * 2 + falling.astype("int64")
    number = (days - EPOCH).dt.days.to_numpy(dtype="int64") if len(rows) else risk
    order = np.argsort((key * A_CENTURY + number) * len(WORDS) + said, kind="stable")
    cells = pd.DataFrame({
        "risk": risk[order],
        "sentiment": sentiment[order],
        "declining": falling[order],
        "day": days.array[order],
        "outcome": pd.Series(np.array(WORDS, dtype=object)[said[order]], dtype=object),
        "count": rows["count"].to_numpy(dtype="int64")[order],
        "weight": rows["weight"].to_numpy(dtype=float)[order],
    })  # fmt: skip
    return Cube(grid, cells)
