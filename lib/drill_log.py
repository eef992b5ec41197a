"""The log of drills that were run outside a validation: one row a drill, for ever, in its store as well. No AWS calls.

It lies in `outputs/<environment>/drills/` and is kept like a run's logs; every machine's rows are brought together.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from lib import handover, stores
from lib.records import DRILLS, Record
from lib.settings import Settings

LOG = "drills.jsonl"
COLUMNS = ["time", "run_id", "scenario", "route", "verdict", "trusted", "operations", "failed"]


def opened(settings: Settings) -> Record:
    """The log as a record of its own, with every machine's rows where the parameters name a store."""
    folder = settings.path(settings.outputs_dir) / settings.environment / DRILLS
    record, shelves = Record(folder, DRILLS), stores.shelves(settings)
    with record.kept():
        folder.mkdir(parents=True, exist_ok=True)
    if shelves is None:
        return record
    shelf = shelves.run(DRILLS, folder)
    with stores.opening(shelf.where):
        handover.together(record, shelf)
    return replace(record, store=shelf)


def row(run_id: str, drill: Mapping[str, Any], caller: str) -> dict[str, Any]:
    """A drill of the evidence as a row of the log."""
    return {
        "logged": datetime.now(UTC).isoformat(timespec="seconds"),
        "time": drill["started"],
        "run_id": run_id,
        "caller": caller,
        "scenario": drill["scenario"],
        "execution": drill["execution"],
        "route": drill["route"],
        "verdict": drill["verdict"]["status"],
        "trusted": drill["trusted_seconds"],
        "operations": drill["operations_seconds"],
        "failed": [check["name"] for check in drill["checks"] if check["status"] == "failed"],
    }


def frame(settings: Settings) -> pd.DataFrame:
    """Every logged drill, oldest first: COLUMNS; seconds are NaN where no alert came or none was due."""
    found = pd.DataFrame(opened(settings).rows(LOG), columns=COLUMNS)
    found["time"] = pd.to_datetime(found["time"], utc=True, format="ISO8601")
    found["failed"] = found["failed"].map(", ".join)
    return found.astype({"trusted": float, "operations": float}).sort_values("time", ignore_index=True)
