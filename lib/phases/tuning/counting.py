"""All check-ins of the window as one cube of counts, and whether two engines that counted them agree. No AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import NotAsWanted
from lib.phases.threshold_tuning import Current
from lib.phases.tuning import cube, cube_engine, cube_sql
from lib.phases.tuning.cube import AXES, Cube
from lib.phases.tuning.cube_engine import Watch
from lib.telemetry.review_window import Window

CLOSE = 1e-9  # relative to themselves: sums of weights hang on the order in which they are added


@dataclass(frozen=True)
class Counted:
    """The cube of all check-ins, and in a sentence who counted how many."""

    cube: Cube
    said: str


def text_of(reviewed: pd.DataFrame, now: Current, window: Window) -> str:
    """The SQL text that counts the window; `reviewed` as `reviews.join` has it, with marks."""
    outcomes = cube_engine.outcomes_of(reviewed)
    return cube_sql.count_text(cube.grid_around(now.thresholds), window.start, window.end, outcomes)


def count(
    files: Sequence[Path], reviewed: pd.DataFrame, now: Current, window: Window, watch: Watch = lambda *_: None
) -> Counted:
    """Count all check-ins of the window by DuckDB: those in the history's files, or where there are none those read.

    `watch` hears how far it is.
    """
    grid = cube.grid_around(now.thresholds)
    if not files:
        counted = cube_engine.count(reviewed, grid, window)
        return Counted(counted, f"{counted.checkins:,} check-ins, all that were read, counted by DuckDB")
    counted = cube_engine.count_files(files, reviewed, grid, window, watch)
    return Counted(counted, f"{counted.checkins:,} check-ins in {len(files):,} Parquet files, counted by DuckDB")


def require_same(mine: Cube, rows: pd.DataFrame) -> None:
    """Raise NotAsWanted where another engine's rows of the same text are not the same cube."""
    theirs = cube_engine.of_rows(mine.grid, rows)
    both = mine.cells.merge(theirs.cells, on=AXES, how="outer", suffixes=("", " theirs")).fillna(0)
    same_weight = np.isclose(both["weight"], both["weight theirs"], rtol=CLOSE, atol=CLOSE)
    apart = (both["count"] != both["count theirs"]) | ~same_weight
    if apart.any():
        first = both.loc[apart].iloc[0]
        raise NotAsWanted(
            f"Athena counted {theirs.checkins:,} check-ins and DuckDB {mine.checkins:,}; they differ in "
            f"{apart.sum():,} bins, first on {first['day']:%Y-%m-%d}. Bring the files in S3 to what the history holds, "
            "and count again"
        )
