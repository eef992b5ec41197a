"""The log of drills that were run outside a validation: one row a drill, for ever. Calls nothing but its store.

It lies in `outputs/<environment>/drills/` and is kept like a run's logs; every machine's rows are brought together. It
is not sealed: what is drawn from it is what the sealed records of the drills say. A row that none bears out is no pass
and no figure, one that cannot be read says so, and one that is missing is there all the same. When a row was `logged`,
and what was validated, the log alone tells, and nothing is drawn from that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

from lib.checks import Check, Status
from lib.drills import latency
from lib.record import run_index
from lib.record.folder import BROKEN_OFF, DRILLED
from lib.record.records import Record
from lib.record.seals import manifest
from lib.record.stored import sync
from lib.resources import record_stores
from lib.settings import Settings
from lib.telemetry.libraries import pandas as pd
from lib.values.run_names import DRILLS

LOG = "drills.jsonl"
CANNOT_TELL = str(Status.CANNOT_TELL)
NOT_SEALED = "no sealed record tells of this drill"
OTHERWISE = "the log was not as the sealed record, which is shown"
# What the sealed record of a drill says as well as its row.
TOLD = ("time", "run_id", "caller", "scenario", "route", "verdict", "trusted", "operations", "lost")
# Of what a row is made; the first versions did not tell what was lost.
TEXT, SECONDS = (str, type(None)), (int, float, type(None))
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "time": str, "run_id": str, "caller": TEXT, "scenario": str, "route": TEXT, "verdict": str, "trusted": SECONDS,
    "operations": SECONDS, "lost": (list, type(None)), "failed": list,
}  # fmt: skip
COLUMNS = ["time", "run_id", "scenario", "route", "verdict", "trusted", "operations", "lost", "failed"]


def open_log(settings: Settings) -> Record:
    """The log as a record of its own, with every machine's rows where the parameters name a store."""
    folder = settings.runs_folder / DRILLS
    record, shelves = Record(folder, DRILLS), record_stores.shelves(settings)
    if shelves is None:
        return record
    with record.kept():
        folder.mkdir(parents=True, exist_ok=True)
    shelf = shelves.run(DRILLS, folder)
    with record_stores.opening_store(shelf.where, settings):
        sync.synchronise(record, shelf)
    return replace(record, store=shelf)


def broken_off(run_id: str, scenario: str, caller: str, why: str) -> dict[str, Any]:
    """The row of a drill that could not be carried out, or not cleared away: nobody knows who was reached."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"logged": now, "time": now, "run_id": run_id, "caller": caller, "scenario": scenario, "route": None} | {
        "verdict": str(Status.FAILED), "trusted": None, "operations": None, "lost": [], "failed": [why],
    }  # fmt: skip


def verdict(checks: Sequence[Check]) -> Status:
    """`passed` says that alerts came as they should, on what was validated where a run is known that validated."""
    statuses = {check.status for check in checks}
    return next((status for status in (Status.FAILED, Status.CANNOT_TELL) if status in statuses), Status.PASSED)


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
        "verdict": str(verdict(checks)),
        "trusted": latency.until_last(drill, "trusted"),
        "operations": latency.until_last(drill, "operations"),
        "lost": latency.topics_lost(drill),
        "failed": failed,
    }


def _lost(row: Mapping[str, Any]) -> list[str]:
    """Rows of earlier versions do not tell: there, a check of a topic's alerts that failed while none came tells."""
    if isinstance(row["lost"], list):
        return list(row["lost"])
    words = {"trusted": "alerts to the trusted contact", "operations": "alerts to operations"}
    failed = [topic for topic in words if any(name.endswith(words[topic]) for name in row["failed"])]
    return [topic for topic in failed if pd.isna(row[topic])]


def _sealed_drills(settings: Settings) -> dict[str, dict[str, Any]]:
    """What sealed records tell of each drill, as rows of the log without their checks, by what names it in both."""
    record_stores.copy_others(settings)
    by_name = dict[str, dict[str, Any]]()
    for record in run_index.latest_of_each(run_index.as_sealed(settings)):
        for drill in _sealed(record, DRILLED):
            logged = {**row(record.run_id, drill, [], drill.get("caller", "")), "verdict": drill["verdict"]["status"]}
            by_name[_named(logged)] = {**logged, "failed": [drill["verdict"]["found"]]}
        by_name |= {_named(one): one for one in _sealed(record, BROKEN_OFF)}
    return by_name


def _sealed(record: Record, name: str) -> list[dict[str, Any]]:
    """Every attempt of a kept file of which there is a seal; one that came besides says nothing."""
    claims = manifest.read(record.folder).claims
    return [record.read_json(one) for one in record.kept_as(name) if one in claims]


def _named(row: Mapping[str, Any]) -> str:
    """Which drill a row is of: its execution, or of one that was broken off its run and time."""
    execution = row.get("execution")
    return execution if isinstance(execution, str) else f"{row.get('run_id')} at {row.get('time')}"


def _verify_rows(rows: Sequence[Mapping[str, Any]], recorded: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the log, each as far as the sealed records bear it out, and those that somebody took out of it."""
    verified, left = list[dict[str, Any]](), dict(recorded)
    for one in rows:
        sealed, odd = left.pop(_named(one), None), _odd(one)
        if sealed is None:
            verified.append(_only_said(one, odd))
        elif not odd and _as_told(one, sealed):
            verified.append(dict(one))
        else:
            verified.append({**sealed, "failed": [*sealed["failed"], OTHERWISE]})
    return [*verified, *({**sealed, "failed": [*sealed["failed"], OTHERWISE]} for sealed in left.values())]


def _as_told(row: Mapping[str, Any], sealed: Mapping[str, Any]) -> bool:
    """Whether a row says what the sealed record of its drill says. Earlier ones do not tell who drilled."""
    keys = [key for key in TOLD if key != "caller" or sealed["caller"]]
    failed = ", ".join(sealed["failed"]) if sealed["verdict"] == Status.FAILED else ""
    return all(row.get(key) == sealed[key] for key in keys) and ", ".join(row["failed"]) == failed


def _only_said(row: Mapping[str, Any], odd: Sequence[str]) -> dict[str, Any]:
    """A row that no sealed record bears out: no pass, and no time that an alert took. What it says was lost stays."""
    good = {key: value for key, value in row.items() if key in TYPES and key not in odd}
    which = f"whose {', '.join(odd)}" if good else "that"
    why = [f"{LOG} holds a row {which} cannot be read"] if odd else []
    failed = not odd and row["verdict"] == Status.FAILED  # one that was broken off by an earlier version says no more
    said = {"verdict": str(Status.FAILED) if failed else CANNOT_TELL, "trusted": None, "operations": None}
    return {**good, **said, "failed": [*good.get("failed", []), *why, NOT_SEALED]}


def _odd(row: Mapping[str, Any]) -> list[str]:
    """What of a row is not of the kind that is written there."""
    odd = [key for key, kind in TYPES.items() if not isinstance(row.get(key), kind)]
    odd += [key for key in ("trusted", "operations") if key not in odd and not _is_seconds(row.get(key))]
    texts = [key for key in ("lost", "failed") if key not in odd]
    odd += [key for key in texts if not all(isinstance(one, str) for one in row.get(key) or [])]
    return odd if "time" in odd or _is_time(row["time"]) else [*odd, "time"]


def _is_seconds(value: object) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= float(str(value)) < inf)


def _is_time(text: str) -> bool:
    try:
        return bool(pd.notna(pd.to_datetime(text, utc=True, format="ISO8601")))
    except ValueError:
        return False


def _lines(log: Record) -> list[dict[str, Any]]:
    """The rows of the log; an empty one for each line that is none, which a kill has cut or somebody has written."""
    path, rows = log.folder / LOG, log.rows(LOG)
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [*rows, *[dict[str, Any]() for _ in range(len([*filter(None, lines)]) - len(rows))]]


def frame(settings: Settings) -> pd.DataFrame:
    """Every logged drill, oldest first: COLUMNS; seconds are NaN where no alert came or none was due.

    `lost` are the topics whose alert was due and did not come. Of a drill that no sealed record tells, nobody can tell.
    """
    rows = _verify_rows(_lines(open_log(settings)), _sealed_drills(settings))
    log = pd.DataFrame(rows, columns=COLUMNS)
    log["time"] = pd.to_datetime(log["time"], utc=True, format="ISO8601")
    log["lost"] = [_lost(row) for row in log.to_dict("records")]
    log["failed"] = [", ".join(one) for one in log["failed"]]
    return log.astype({"trusted": float, "operations": float}).sort_values("time", ignore_index=True)
