"""What the table that the command named says of a tuning's check-ins. Read-only; the record gets counts alone."""

from collections import Counter

import pandas as pd

from lib.phases.tuning import tune_options
from lib.phases.tuning.reviews import KEY
from lib.phases.tuning.tune_options import OutcomeTable
from lib.resources.connected_run import ConnectedRun
from lib.telemetry.history import outcome_items, reviewed_items, sources
from lib.telemetry.history.reviewed_items import Items
from lib.telemetry.history.sources import Source
from lib.telemetry.review_window import Window

COUNTS = "evidence/outcomes_from_table.json"
NOT_READ = "of a check-in that is not among the share that was read, or is none"


def read(run: ConnectedRun, ahead: Source, history: pd.DataFrame, window: Window) -> Items:
    """The table's outcomes of the window's check-ins; `history`: those of `ahead` that were read one by one.

    Of an outcome of a check-in that is not among them nobody can tell what it is of, where they are a share: it is left
    out, and counted. Where they are all, it stays, and `reviews.join` refuses it.
    """
    named = tune_options.latest(run.record, OutcomeTable)
    if not named.table:
        return reviewed_items.none()
    said = outcome_items.read(run.live, named.table, named.attribute, window, sources.pseudonyms(ahead))
    if not history.attrs["coverage"].complete:
        said = _of_those_read(said, history)
    counts = {"taken": len(said.rows), "left_out": dict(said.left_out)}
    run.record.keep_json(COUNTS, {"table": said.table, "attribute": named.attribute, **counts})
    return said


def _of_those_read(said: Items, history: pd.DataFrame) -> Items:
    known = pd.MultiIndex.from_frame(said.rows[KEY]).isin(pd.MultiIndex.from_frame(history[KEY]))
    others = int((~known).sum())
    left_out = said.left_out + (Counter({NOT_READ: others}) if others else Counter[str]())
    return Items(said.table, said.rows[known], left_out)
