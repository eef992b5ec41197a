"""The log of drills that were run outside a validation: one row a drill, for ever. Calls nothing but its store.

It lies in `outputs/<environment>/drills/` and is kept like a run's logs; every machine's rows are brought together. It
is not sealed: what is drawn from it is what the sealed records of the drills say, and a row that none bears out is no
pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from lib import audit, handover, latency, records, stores
from lib.checks import Check, Status
from lib.record.folder import DRILLED
from lib.records import DRILLS, Record
from lib.settings import Settings

LOG = "drills.jsonl"
CANNOT_TELL = str(Status.CANNOT_TELL)
NOT_SEALED = "no sealed record tells of this drill"
OTHERWISE = "the log was not as the sealed record, which is shown"
# What of a row a figure is drawn from, and the sealed record of its drill says as well.
FIGURES = ("time", "run_id", "scenario", "route", "verdict", "trusted", "operations", "lost")
COLUMNS = ["time", "run_id", "scenario", "route", "verdict", "trusted", "operations", "lost", "failed"]


def opened(settings: Settings) -> Record:
    """The log as a record of its own, with every machine's rows where the parameters name a store."""
    folder = settings.runs_folder / DRILLS
    record, shelves = Record(folder, DRILLS), stores.shelves(settings)
    if shelves is None:
        return record
    with record.kept():
        folder.mkdir(parents=True, exist_ok=True)
    shelf = shelves.run(DRILLS, folder)
    with stores.opening(shelf.where, settings):
        handover.together(record, shelf)
    return replace(record, store=shelf)


def broken_off(run_id: str, scenario: str, caller: str, why: str) -> dict[str, Any]:
    """The row of a drill that could not be carried out, or not cleared away: nobody knows who was reached."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"logged": now, "time": now, "run_id": run_id, "caller": caller, "scenario": scenario, "route": None} | {
        "verdict": "failed", "trusted": None, "operations": None, "lost": [], "failed": [why],
    }  # fmt: skip


def verdict(checks: Sequence[Check]) -> str:
    """`passed` says that alerts came as they should, on what was validated where a run is known that validated."""
    found = {check.status for check in checks}
    return next((status for status in (Status.FAILED, Status.CANNOT_TELL) if status in found), Status.PASSED)


def row(run_id: str, drill: Mapping[str, Any], checks: Sequence[Check], caller: str) -> dict[str, Any]:
    """A drill of the evidence, with what was checked of it, as a row of the log."""
    failed = [check.name for check in checks if check.status == Status.FAILED]
    return {
        "logged": datetime.now(UTC).isoformat(timespec="seconds"),
        "time": drill["started"],
        "run_id": run_id,
        "caller": caller,
        "scenario": drill["scenario"],
        "execution": drill["execution"],
        "route": drill["route"],
        "verdict": verdict(checks),
        "trusted": latency.until_last(drill, "trusted"),
        "operations": latency.until_last(drill, "operations"),
        "lost": latency.lost(drill),
        "failed": failed,
    }


def _lost(row: Mapping[str, Any]) -> list[str]:
    """Rows of earlier versions do not tell: there, a check of a topic's alerts that failed while none came tells."""
    if isinstance(row["lost"], list):
        return row["lost"]
    words = {"trusted": "alerts to the trusted contact", "operations": "alerts to operations"}
    failed = [topic for topic in words if any(name.endswith(words[topic]) for name in row["failed"])]
    return [topic for topic in failed if pd.isna(row[topic])]


def drilled(settings: Settings) -> dict[str, dict[str, Any]]:
    """What sealed records tell of each drill, by its execution, as rows of the log without their checks."""
    audit.look(settings)
    found = dict[str, dict[str, Any]]()
    for record in records.latest_of_each(records.as_sealed(settings)):
        for drill in record.attempts(DRILLED):
            told = {**row(record.run_id, drill, [], ""), "verdict": drill["verdict"]["status"]}
            found[drill["execution"]] = {**told, "failed": [drill["verdict"]["found"]]}
    return found


def verified(rows: Sequence[Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the log, each as far as the sealed records bear it out, and those that somebody took out of it."""
    found, left = list[dict[str, Any]](), dict(told)
    for one in rows:
        sealed = left.pop(str(one.get("execution", "")), None)
        if sealed is None and one.get("verdict") == "failed":
            found.append(dict(one))  # a drill that was broken off leaves no evidence, and is no pass
        elif sealed is None:
            found.append({**one, "verdict": CANNOT_TELL, "failed": [*one.get("failed", []), NOT_SEALED]})
        elif all(one.get(key) == sealed[key] for key in FIGURES):
            found.append(dict(one))
        else:
            found.append({**sealed, "failed": [*sealed["failed"], OTHERWISE]})
    return [*found, *({**sealed, "failed": [*sealed["failed"], OTHERWISE]} for sealed in left.values())]


def frame(settings: Settings) -> pd.DataFrame:
    """Every logged drill, oldest first: COLUMNS; seconds are NaN where no alert came or none was due.

    `lost` are the topics whose alert was due and did not come. Of a drill that no sealed record tells, nobody can tell.
    """
    rows = verified(opened(settings).rows(LOG), drilled(settings))
    found = pd.DataFrame(rows, columns=COLUMNS)
    found["time"] = pd.to_datetime(found["time"], utc=True, format="ISO8601")
    found["lost"] = [_lost(row) for row in found.to_dict("records")]
    found["failed"] = found["failed"].map(", ".join)
    return found.astype({"trusted": float, "operations": float}).sort_values("time", ignore_index=True)
