"""Phase 05: runs the drills where the mode allows, and turns them into evidence and tables. `evaluation` judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lib.aws import Live
from lib.changes import engine
from lib.changes.plans import Wanted
from lib.checks import Check, Status, failures, status_in
from lib.drills import boundary_cases, drill_runner, evaluation, latency, scenarios
from lib.drills.drill_progress import Observer
from lib.drills.drill_session import Group, Session
from lib.drills.scenarios import Scenario
from lib.phases import success_criteria
from lib.phases.proofs import way_in
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import traffic_entries
from lib.resources.existing.traffic_entries import Entries
from lib.resources.resource_kinds import DrillUser
from lib.routes import Route
from lib.settings import Settings
from lib.telemetry.execution_status import ExecutionStatus
from lib.telemetry.libraries import pandas as pd
from lib.values import check_registry
from lib.values.check_registry import Id
from lib.values.modes import Mode

PLANNED, LOW, BOUNDARIES, NO_CONTACT = "scenarios", "low sentiment", "boundaries", "no contact"
DIRECT, PROCESSOR, BURST = "crisis drills", "crisis drills through the processor", "crisis drills at once"
AT_ONCE = 8  # boundary drills that run beside each other
EVIDENCE = {
    PLANNED: "evidence/scenarios.json",
    BOUNDARIES: "evidence/boundaries.json",
    DIRECT: "evidence/crisis_drills.json",
}
TIMED = (DIRECT, PROCESSOR, BURST)
KEPT = {PLANNED: (PLANNED, LOW), BOUNDARIES: (BOUNDARIES, NO_CONTACT), DIRECT: TIMED}
Row = Mapping[str, Any]


def in_place(live: Live) -> list[Check]:
    """Whether AWS still holds what phases 01 to 04 want, one check a phase: what no drill can show. Read-only."""
    known = traffic_entries.read(live)
    return [_in_place(live, number, known) for number in ("01", "02", "04", "03")]


def _in_place(live: Live, number: str, known: Entries) -> Check:
    wanted = desired.PHASES[number](live, known)
    pending = [change.resource.name for change in engine.plan(number, wanted).pending]
    status = status_in(live.settings.mode, not pending)
    found = f"not as wanted: {', '.join(pending)}" if pending else "everything as wanted"
    return Check(
        check_registry.of(f"in-place.{number}"), f"phase {number} is in place", status, found, "everything as wanted"
    )


def groups(live: Live) -> list[Group]:
    """Everything that is drilled, in order."""
    s = live.settings
    crisis = next(case for case in scenarios.load() if case.expect["route"] == Route.CRISIS)
    contactless = {key: value for key, value in desired.drill_user().items() if key != "trustedContact"}
    user = Wanted(DrillUser(live, s.table_name, s.drill_user_id), contactless)
    return [
        Group(PLANNED, [*scenarios.load(), scenarios.ordinary(), scenarios.unreadable()]),
        Group(LOW, [scenarios.low()]),
        Group(BOUNDARIES, boundary_cases.cases(s), AT_ONCE),
        Group(NO_CONTACT, [boundary_cases.without_contact(s)], meanwhile=(user,)),
        Group(DIRECT, [crisis] * s.latency_drills),
        Group(PROCESSOR, [scenarios.crisis_in_words()] * s.latency_drills),
        Group(BURST, [crisis] * s.burst_drills, s.burst_drills),
    ]


def expectations(cases: Sequence[Scenario]) -> list[dict[str, Any]]:
    """What each scenario must lead to, as a table."""
    shown = ("route", "trusted_alerts", "operations_alerts", "events", "intervention_recorded", "status")
    return [
        {"scenario": case.name, "what": case.title, **{key.replace("_", " "): _cell(case.expect[key]) for key in shown}}
        for case in cases
    ]


def alerts_to_come(chosen: Sequence[Group]) -> list[dict[str, object]]:
    """How many alerts people will get, a group and in all: who subscribes to a topic gets each of them."""
    rows: list[dict[str, Any]] = [
        {
            "series": group.name,
            "drills": len(group.cases),
            "drills at once": group.at_once,
            "alerts to the trusted contact": sum(case.expect["trusted_alerts"] or 0 for case in group.cases),
            "alerts to operations": sum(case.expect["operations_alerts"] or 0 for case in group.cases),
        }
        for group in chosen
    ]
    summed = ("drills", "alerts to the trusted contact", "alerts to operations")
    every = {column: sum(row[column] for row in rows) for column in summed}
    return [*rows, {"series": "all", **every}]


def run(run: ConnectedRun, chosen: Sequence[Group], observer: Observer | None = None) -> Session:
    """The drills in apply mode, of which an `observer` is told; in plan mode nothing is started, and there are none."""
    return drill_runner.run(run, chosen, observer=observer) if run.settings.mode == Mode.APPLY else Session()


def rows(run: ConnectedRun, session: Session) -> list[dict[str, Any]]:
    """Every drill as plain data, its checks with it, kept as evidence. Holds no check-in text."""
    revision = way_in.revision(run.live)
    drilled = [evaluation.row(drill, run.settings, revision) for drill in session.drills]
    for kept, names in KEPT.items():
        if mine := [row for row in drilled if row["group"] in names]:
            run.record.keep_json(EVIDENCE[kept], mine)
    return drilled


def of(drilled: Sequence[Row], *names: str) -> list[Row]:
    """The rows of some groups."""
    return [row for row in drilled if row["group"] in names]


def results(drilled: Sequence[Row]) -> list[dict[str, Any]]:
    """What each planned scenario led to, as a table."""
    return [
        {
            "scenario": row["scenario"],
            "verdict": success_criteria.verdict(row),
            "status": row["status"],
            "route": _cell(row["route"]),
            "alerts to the trusted contact": _heard(row["trusted_alerts"], row["trusted_seconds"]),
            "alerts to operations": _heard(row["operations_alerts"], row["operations_seconds"]),
            "events": _cell(row["events"]),
            "interventions": row["interventions"],
        }
        for row in of(drilled, PLANNED)
    ]


def paths(drilled: Sequence[Row]) -> list[dict[str, str]]:
    """The states that each planned scenario entered, in order, or why nobody can tell."""
    return [
        {"scenario": row["scenario"], "path": " > ".join(row["path"]) or row["unread"].get("path", "")}
        for row in of(drilled, PLANNED)
    ]


def edges(drilled: Sequence[Row]) -> list[dict[str, Any]]:
    """Every boundary case: expected and given route, expected and received alerts, latency; failed ones first."""
    return [
        {
            "case": row["scenario"],
            "verdict": success_criteria.verdict(row),
            "given": row["title"],
            "route expected": row["expected_route"],
            "route": _cell(row["route"]),
            "alerts to the trusted contact": f"{row['trusted_alerts']} of {row['expected_trusted_alerts']}",
            "alerts to operations": f"{row['operations_alerts']} of {row['expected_operations_alerts']}",
            "slowest": _seconds(row),
        }
        for row in sorted(of(drilled, BOUNDARIES, NO_CONTACT), key=success_criteria.good)
    ]


def latency_table(drilled: Sequence[Row]) -> pd.DataFrame:
    """The alerts of the crisis drills; see `latency.measurements`."""
    return latency.measurements(drilled, TIMED)


def checks(session: Session, drilled: Sequence[Row], chosen: Sequence[Group], settings: Settings) -> list[Check]:
    """Every check of the planned scenarios, one a boundary case, those of the crisis drills, and no stray alert.

    `chosen` are the groups that had to run. In plan mode the one answer that nothing did.
    """
    if settings.mode != Mode.APPLY:
        return [Check(Id.DRILLS_RAN, "drills", Status.NOT_APPLIED, "plan mode", "every scenario")]
    planned, numbers = of(drilled, PLANNED), {group.name: len(group.cases) for group in chosen}
    lacking = {name: number for name, number in numbers.items() if len(of(drilled, name)) != number}
    said = ", ".join(f"{name}: {len(of(drilled, name))} of {number}" for name, number in lacking.items())
    ran = Status.FAILED if lacking or not numbers else Status.PASSED
    return [
        Check(Id.DRILLS_RAN, "every drill ran", ran, said or f"{len(drilled)}", "every one"),
        *(Check.from_row(check) for row in planned for check in row["checks"]),
        *(success_criteria.error_is_loud(row) for row in planned if row["scenario"] == check_registry.UNREADABLE),
        *(Check.from_row(row["verdict"]) for row in of(drilled, BOUNDARIES, NO_CONTACT)),
        *(_low(row) for row in of(drilled, LOW)),
        *(evaluation.interventions(session, group) for group in (BOUNDARIES, BURST) if group in numbers),
        *_of_crises(drilled, {name: number for name, number in numbers.items() if name in TIMED}, settings),
        evaluation.strays(session),
        evaluation.clearance(session),
    ]


def _low(row: Row) -> Check:
    """The existing path from the processor to people; where the processor calls the text something else, no answer."""
    verdict = Check.from_row(row["verdict"])
    if row["status"] == ExecutionStatus.SUCCEEDED and row["route"] not in (row["expected_route"], Route.UNSCORED):
        return replace(
            verdict, status=Status.NOT_EXERCISED, found=f"the processor sent the text on route {row['route']}"
        )
    return verdict


def _of_crises(drilled: Sequence[Row], numbers: Mapping[str, int], settings: Settings) -> list[Check]:
    """Every crisis drill as one check a group, beside whether alerts arrived, and in time."""
    whole = []
    for group, number in numbers.items():
        verdicts = [Check.from_row(row["verdict"]) for row in of(drilled, group)]
        bad, unknown = failures(verdicts), [one for one in verdicts if one.status == Status.CANNOT_TELL]
        why = f"; such as {(bad or unknown)[0].found}" if bad or unknown else ""
        good = len(verdicts) - len(bad) - len(unknown)
        short = Status.CANNOT_TELL if good + len(unknown) == number else Status.FAILED
        status, said = Status.PASSED if good == number else short, f"{good} of {number}{why}"
        whole.append(Check(Id.CRISES_WHOLE, f"{group}: as expected", status, said, f"{number} of {number}", group))
    return [*whole, *latency.checks(latency_table(drilled), numbers, settings.alert_limit_seconds)]


def _seconds(row: Row) -> str:
    known = [row[key] for key in ("trusted_seconds", "operations_seconds") if row[key] is not None]
    return "LOST" if latency.topics_lost(row) else f"{max(known):.2f} s" if known else ""


def _cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "-" if value is None else str(value)


def _heard(alerts: int, seconds: float | None) -> str:
    return f"{alerts} in {seconds:.2f} s" if seconds is not None else str(alerts)
