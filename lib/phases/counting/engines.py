"""Counts a tuning's check-ins by the engine that was chosen. Athena's count is held against DuckDB's of the same files.

It makes nothing in AWS: Athena's table was made once by somebody, and its query leaves a result where it was told.
"""

import pandas as pd

from lib.errors import BadParameters
from lib.phases.threshold_tuning import Current
from lib.phases.tuning import counting, tune_options
from lib.phases.tuning.counting import Counted
from lib.phases.tuning.cube_engine import Watch
from lib.phases.tuning.tune_options import Choice, Engine
from lib.resources.connected_run import ConnectedRun
from lib.telemetry.history import athena, sources
from lib.telemetry.history.sources import Source
from lib.telemetry.review_window import Window
from lib.values import csv_text

ROWS, ABOUT = "evidence/cube_by_athena.csv", "evidence/cube_by_athena.json"


def count(
    run: ConnectedRun,
    ahead: Source,
    reviewed: pd.DataFrame,
    now: Current,
    window: Window,
    watch: Watch = lambda *_: None,
) -> Counted:
    """The cube of all check-ins of the window; `ahead`: from where they are, `reviewed` as `reviews.join` has it.

    `watch` hears how far DuckDB is; Athena does not say.

    Raises BadParameters where Athena is to count what was not converted, NotAsWanted where it does not answer, or
    counts otherwise than DuckDB.
    """
    files, choice = sources.files(ahead), tune_options.latest(run.record, Choice)
    if choice.engine == Engine.ATHENA and not files:
        raise BadParameters(
            f"the history does not hold {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC whole, and "
            "Athena counts what was converted; convert those days first, and bring their files to S3"
        )
    counted = counting.count(files, reviewed, now, window, watch)
    if choice.engine == Engine.DUCKDB:
        return counted
    text = counting.text_of(reviewed, now, window)
    answered = athena.ask(run.live, choice.database, choice.results, text)
    run.record.keep_text(ROWS, csv_text.of_frame(answered.rows))
    about = {"query": answered.query, "scanned_bytes": answered.scanned, "cost_usd": answered.cost, "sql": text}
    run.record.keep_json(ABOUT, about)
    counting.require_same(counted.cube, answered.rows)
    return Counted(
        counted.cube,
        f"{counted.said}, and by Athena with the same result: query {answered.query} scanned {answered.scanned:,} "
        f"bytes, {answered.cost:.4f} USD by the list price",
    )
