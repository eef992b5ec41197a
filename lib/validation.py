"""Phase 05: runs the drills where the mode allows, and turns them into tables. `scenarios` and `criteria` judge."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lib import criteria, metrics, scenarios
from lib.aws import Live
from lib.checks import Check
from lib.records import Record
from lib.scenarios import Drill, Scenario
from lib.settings import Settings


def expectations(cases: Sequence[Scenario]) -> list[dict[str, Any]]:
    """What each scenario must lead to, as a table."""
    shown = ("route", "trusted_alerts", "operations_alerts", "events", "intervention_recorded", "status")
    return [
        {"scenario": case.name, "what": case.title, **{key.replace("_", " "): _cell(case.expect[key]) for key in shown}}
        for case in cases
    ]


def run(live: Live, record: Record, cases: Sequence[Scenario]) -> list[Drill]:
    """The drills in apply mode; in plan mode nothing is started and the list is empty."""
    return scenarios.run(live, record, cases) if live.settings.mode == "apply" else []


def rows(live: Live, record: Record, drills: Sequence[Drill]) -> list[dict[str, Any]]:
    """Every drill as plain data, its checks with it, kept as evidence. Holds no check-in text."""
    found = [scenarios.row(drill, live) for drill in drills]
    if found:
        record.keep_json("evidence/scenarios.json", found)
    return found


def results(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each drill led to, as a table."""
    return [
        {
            "scenario": row["scenario"],
            "verdict": "passed" if criteria.good(row) else "FAILED",
            "status": row["status"],
            "route": _cell(row["route"]),
            "trusted contact": _heard(row["trusted_alerts"], row["trusted_seconds"]),
            "operations": _heard(row["operations_alerts"], row["operations_seconds"]),
            "events": _cell(row["events"]),
            "interventions": row["interventions"],
        }
        for row in found
    ]


def latencies(live: Live, found: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Scenario, route, topic, seconds, start of every alert that was due (NaN: it did not come).

    Those that came are published to CloudWatch as well, in our own namespace.
    """
    due = [
        (row["scenario"], row["route"] or "failed", topic, row[f"{topic}_seconds"], pd.Timestamp(row["started"]))
        for row in found
        for topic in ("trusted", "operations")
        if row[f"{topic}_alerts"]
        or any(f"alerts to {topic}" in c["name"] and c["expected"] != "0" for c in row["checks"])
    ]
    frame = pd.DataFrame(due, columns=["scenario", "route", "topic", "seconds", "started"])
    # Said also of no rows at all: pandas would guess, and warn.
    frame = frame.astype({"seconds": float, "started": "datetime64[ns, UTC]"})
    known = frame[frame["route"].isin(metrics.ALERTING) & frame["seconds"].notna()]
    received = known["started"] + pd.to_timedelta(known["seconds"], unit="s")
    measured = zip(known["scenario"], known["route"], known["topic"], known["seconds"], received, strict=True)
    metrics.publish_drill(live, [metrics.DrillLatency(*row) for row in measured])
    return frame


def checks(found: Sequence[Mapping[str, Any]], settings: Settings) -> list[Check]:
    """Every check of every drill; in plan mode the one answer that nothing ran."""
    if settings.mode == "plan":
        return [Check("drills", "not applied", "plan mode", "every scenario")]
    judged = [Check(**check) for row in found for check in row["checks"]]
    return [*judged, *(criteria.error_is_loud(row) for row in found if row["scenario"] == "unreadable")]


def _cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "-" if value is None else str(value)


def _heard(alerts: int, seconds: float | None) -> str:
    return f"{alerts} in {seconds:.2f} s" if seconds is not None else str(alerts)
