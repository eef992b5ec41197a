"""Phase 07 around its charts: the window, tables, and the success criteria from evidence and CloudWatch. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib.aws import Live
from lib.checks import WAITS_FOR, Check, Status, id_of, in_mode, key_of, phase_of
from lib.drills import broken_tasks as single_failures
from lib.drills import latency, scenarios
from lib.phases import preflight, validation, validity
from lib.phases import success_criteria as rules
from lib.phases.proofs import dashboard_metrics
from lib.phases.review import long_enough
from lib.phases.validity import Validity
from lib.record.folder import CHECKS
from lib.record.records import VALIDATED, Record
from lib.record.run_phases import NOTEBOOKS, REVIEW, VALIDATION
from lib.resources.connected_run import ConnectedRun
from lib.routes import in_order
from lib.telemetry import continuity, executions, outcomes
from lib.telemetry.cutover import points_since
from lib.telemetry.exact_tests import percent
from lib.telemetry.execution_status import Ending, When, Who
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import Window
from lib.values import csv_text
from lib.values.check_registry import Id, due
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

FAILURE = ("who", "started (UTC)", "execution", "status", "error")
SLOW = (Ending.TOO_LONG, Ending.DOUBT)
MOST = 50  # failures that are shown of check-ins, and as many of drills; the rest is counted


def success(counted: pd.DataFrame) -> pd.DataFrame:
    """A table of `outcomes.table` with percentages; where nothing finished, it says so."""
    names = ("rate", "low", "high")
    shares = {name: ["no data" if pd.isna(one) else percent(one) for one in counted[name]] for name in names}
    return counted.assign(**shares).rename(columns={"low": "95 % interval: from", "high": "to"})


def by_route(routes: pd.DataFrame) -> list[dict[str, Any]]:
    """How many check-ins took each route, or none; drills on their own, without a share. Raises on an unknown route."""
    real = routes.loc[~routes["drill"].astype(bool), "route"].value_counts()
    drills = routes.loc[routes["drill"].astype(bool), "route"].value_counts()
    return [
        {
            "route": route,
            "check-ins": int(real.get(route, 0)),
            "share of check-ins": percent(real.get(route, 0) / real.sum()) if real.sum() else "no check-in",
            "drills": int(drills.get(route, 0)),
        }
        for route in in_order(routes["route"])
        if real.get(route, 0) or drills.get(route, 0)
    ]


def failed_executions(seen: pd.DataFrame) -> pd.DataFrame:
    """What of the list of executions failed since the change or is in doubt."""
    return seen[(seen["when"] != When.BEFORE) & seen["outcome"].isin([Ending.FAILED, *SLOW])]


def failures(live: Live, seen: pd.DataFrame) -> list[dict[str, Any]]:
    """The `failed_executions`, check-ins before drills, newest first, with the error's name alone.

    Of each at most MOST rows; how many more there are is a row of its own, and so is what of the list was not read.
    """
    bad, rows = failed_executions(seen), []
    for who in Who:
        mine = bad[bad["who"] == who].iloc[::-1]
        rows += [_failure(live, row) for row in mine.head(MOST).itertuples(index=False)]
        if len(mine) > MOST:
            more = f"and {len(mine) - MOST:,} more; the newest {MOST} of {len(mine):,} are shown"
            rows.append(dict.fromkeys(FAILURE, "") | {"who": str(who), "execution": more})
    cut = str(seen.attrs.get("cut", ""))
    return [*rows, dict.fromkeys(FAILURE, "") | {"execution": cut}] if cut else rows


def _failure(live: Live, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of a frame
    status = f"{row.status} for {row.seconds:.0f} s" if row.outcome in SLOW else row.status
    error = "" if row.outcome in SLOW else executions.error_in_words(live, row.arn)
    return dict(zip(FAILURE, (row.who, f"{row.started:%Y-%m-%d %H:%M:%S}", row.name, status, error), strict=True))


def drill_alerts(record: Record) -> pd.DataFrame:
    """Every alert that this run's drills had to raise, lost ones (NaN) too: time, route, topic, seconds."""
    rows = [row for name in validation.EVIDENCE.values() for row in record.latest(name) or []]
    frame = latency.due(rows).rename(columns={"started": "time"})
    if not rows:
        frame.attrs["note"] = "This run validated nothing; give the run_id of the run that did."
    return frame


def earlier(record: Record) -> list[Check]:
    """What criterion 3 rests on beside the check-ins: from phases 03 and 05 of this run."""
    rows = record.rows(CHECKS)
    return [latest_answer(rows, str(one)) for one in (Id.ACROSS, Id.SAME_EVENT)]


def validation_answers(record: Record) -> list[Check]:
    """Every answer of phase 05 in this run; of those to one question, the latest that is one.

    A question that is registered with the phase and that nobody answered has failed.
    """
    rows = [row for row in record.rows(CHECKS) if phase_of(row) == VALIDATION]
    known = {id_of(row) for row in rows}
    carrying = [row for row in rows if _carries(id_of(row), "1")]
    lacking = [one for one in due(VALIDATION, applies=True) if _carries(one, "1") and one not in known] if rows else []
    asked = dict.fromkeys(map(key_of, carrying))
    return [latest_answer(carrying, key) for key in asked] + [latest_answer(rows, str(one)) for one in lacking]


def _carries(which: Id, criterion: str) -> bool:
    """Whether the criterion rests on it; on what has no id, too, which an earlier version asked."""
    return which is Id.UNKNOWN or criterion in which.registered.criteria.split()


def latest_answer(rows: Iterable[Mapping[str, Any]], key: str) -> Check:
    """What a run's checks say of this question: the latest of a phase that did something, or else the latest at all.

    A phase that is only looked at again takes no answer away. `key`: the id of a check, with its subject where it has
    one (`checks.key_of`).
    """
    known = list(rows)
    mine = [row for row in known if key in (key_of(row), key_of(row).removesuffix(":"))]
    if mine:
        return Check.from_row(_deciding(mine))
    which, expected = id_of({"id": key.partition(":")[0]}), "an answer of phase 03 or 05 in this run"
    if any(id_of(row) is Id.UNKNOWN for row in known):
        why = "this run has answers without an id, of an earlier version, and none with this one; validate it again"
        return Check(which, key, Status.CANNOT_TELL, why, expected)
    return Check(which, key, Status.FAILED, "this run has no answer", expected)


def _deciding(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((row for row in reversed(rows) if not _idle(row)), rows[-1])


def _idle(row: Mapping[str, Any]) -> bool:
    """Whether a phase only looked here: it may have found the very thing that an earlier one failed by."""
    return row["status"] == Status.NOT_APPLIED or row["found"] == continuity.NOT_UPDATED


def criteria(
    run: ConnectedRun,
    counted: pd.DataFrame,
    window: Window,
    seen: pd.DataFrame,
    answers: Sequence[Check],
    standing: Validity,
) -> list[Check]:
    """The plan's five success criteria. 1 to 3 from the evidence of this run, 4 and 5 from CloudWatch.

    `counted` is what CloudWatch counted, `seen` what the list of executions tells (`continuity.outcomes_since`), and
    `answers` whether its real check-ins went undisturbed (`continuity.checkins_undisturbed`): 3 and 4 rest on those.
    Each holds as far as what was validated is live: `standing` says what of it differs."""
    s, live, record, split = run.settings, run.live, run.record, outcomes.table(seen)
    judged = s.success_rate_margin, s.success_rate_error
    record.keep_text("evidence/success_rate.csv", csv_text.of_frame(split))
    kept = (validation.PLANNED, validation.BOUNDARIES, validation.DIRECT)
    rows, edges, crises = (record.latest(validation.EVIDENCE[name]) or [] for name in kept)
    before = record.latest("evidence/baseline.json") or {}
    ordinary = next((row for row in rows if row["scenario"] == scenarios.ORDINARY), None)
    planned = [scenario.name for scenario in scenarios.load()]
    shown = dashboard_metrics.with_datapoints(live, window)
    record.keep_json("evidence/dashboard_metrics.json", shown)
    decided = [
        rules.scenarios_pass(rows, planned, edges, [*validation_answers(record), *single_failures.checks(record)]),
        rules.crisis_in_time([*rows, *edges, *crises], s.alert_limit_seconds),
        rules.nothing_disturbed(ordinary, before, preflight.baseline(live), [*earlier(record), *answers]),
        outcomes.of_all(rules.successful_executions(points_since(counted, window), split, *judged), seen),
        rules.metrics_visible(shown, whole=window.from_change),
    ]
    decided = long_enough.without_early_passes(decided, window)
    return (
        validity.evidence_answers(standing, decided)
        if rows
        else pending_answers(record, decided, s.mode, Status.CANNOT_TELL)
    )


def pending_answers(record: Record, decided: Sequence[Check], mode: Mode, *more: Status) -> list[Check]:
    """Answers in plan mode without a validated run to review: nothing was applied that could have met them."""
    return list(decided) if record.latest(validation.EVIDENCE[validation.PLANNED]) else in_mode(decided, mode, *more)


def evidence(record: Record, decided: Iterable[Check]) -> list[dict[str, Any]]:
    """The criteria as plain data, each with the files of this record that it was decided from; the newest attempts."""
    return [
        {
            **check.to_row(),
            "evidence": [kept[-1] for name in (*rules.EVIDENCE[check.id], VALIDATED) if (kept := record.kept_as(name))],
        }
        for check in decided
    ]


def phases(record: Record) -> pd.DataFrame:
    """Phase, planned and taken minutes of this run, and what is said of one that has no time; NaN where there is none.

    Whoever asks is in the review, whatever an earlier attempt at it took.
    """
    table = [
        {
            "phase": row["notebook"],
            "planned": row["planned_minutes"],
            "taken": None if (said := _untimed(row)) else row["seconds"] / 60,
            "instead": said,
        }
        for row in (record.verdict() or {}).get("phases", [])
    ]
    columns = ["phase", "planned", "taken", "instead"]
    return pd.DataFrame(table, columns=columns).astype({"planned": float, "taken": float})


def _untimed(row: Mapping[str, Any]) -> str:
    """What is said of a phase that took no time yet; "" of one that did."""
    if row["notebook"] == NOTEBOOKS[REVIEW]:
        return "running: this phase"
    return {Verdict.NOT_RUN: "not run yet", Verdict.RUNNING: str(Verdict.RUNNING)}.get(row["verdict"], "")


def open_points(record: Record) -> list[dict[str, str]]:
    """Every answer of this run that is no pass and no failure: what it waits for, and whether it holds a criterion up.

    The latest of each question counts, whichever phase asked it last: what has passed since is open no more. What plan
    mode did not apply is no open point, nor is a point of the checklist: what is open under it stands here itself.
    """
    asked: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in record.rows(CHECKS):
        # Without an id only the words tell which question it was, and two phases may use the same.
        asked.setdefault(("" if id_of(row) else phase_of(row), key_of(row)), []).append(row)
    latest = [(phase_of(row), Check.from_row(row)) for row in map(_deciding, asked.values())]
    latest = [one for one in latest if one[1].status in WAITS_FOR and one[1].status != Status.NOT_APPLIED]
    latest.sort(key=lambda one: list(WAITS_FOR).index(one[1].status))  # what people can answer comes first
    return [
        {
            "phase": phase,
            "open": check.name,
            "status": check.status,
            "waits for": WAITS_FOR[check.status],
            "under criterion": rules.under_criteria(check),
            "found": check.found,
        }
        for phase, check in latest
        if check.id is not Id.CHECKLIST
    ]
