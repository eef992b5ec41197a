"""The figures of the success criteria, each in a column of its own: value, limit, and how sure that is. Calls nothing.

A criterion is decided elsewhere, by its rule; here stands what a reviewer reads beside it, from the same evidence. Of
what is no sample there is no interval, and of what was not seen no value: both are said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lib.drills import latency, scenarios
from lib.phases import success_criteria, validation
from lib.phases.review import forecast
from lib.record.records import Run
from lib.routes import Route
from lib.telemetry import outcomes
from lib.telemetry.exact_tests import Tally, percent, proven_share, wilson
from lib.telemetry.execution_status import When
from lib.telemetry.libraries import pandas as pd
from lib.values.check_registry import Id

NOTHING, NO_SAMPLE = "no evidence", "none: each is looked at, so it is no sample"
TOO_FEW = "none: nothing to count on one side"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figures:
    """In words: what was seen, what it may be, and the interval in which the true value lies, 95 % sure."""

    value: str
    limit: str
    interval: str


def of_run(run: Run, split: pd.DataFrame) -> dict[Id, Figures]:
    """The figures of each criterion. `split` is `outcomes.table`; the rest is this run's own evidence."""
    record, settings = run.record, run.settings
    drilled = {name: record.latest(validation.EVIDENCE[name]) or [] for name in validation.EVIDENCE}
    rows, edges = drilled[validation.PLANNED], drilled[validation.BOUNDARIES]
    before, after = (outcomes.tally(split, when) for when in (When.BEFORE, When.AFTER))
    margin = settings.success_rate_margin
    return {
        Id.CRITERION_1: _scenarios(rows, edges),
        Id.CRITERION_2: _crises([row for some in drilled.values() for row in some], settings.alert_limit_seconds),
        Id.CRITERION_3: _difference(before, after, margin),
        Id.CRITERION_4: _share(before, after, margin),
        Id.CRITERION_5: _metrics(record.latest("evidence/dashboard_metrics.json") or {}),
    }


def add_figures(rows: Sequence[Row], figures: Mapping[Id, Figures]) -> list[dict[str, Any]]:
    """The criteria as plain data (`post_implementation_review.evidence`), each with its figures."""
    return [{**row, **asdict(figures[Id(row["id"])])} for row in rows]


def _scenarios(rows: Sequence[Row], edges: Sequence[Row]) -> Figures:
    planned = [scenario.name for scenario in scenarios.load()]
    passed = {row["scenario"] for row in rows if success_criteria.good(row)}
    count, within = sum(name in passed for name in planned), sum(map(success_criteria.good, edges))
    value = f"{count} of {len(planned)} scenarios, {within} of {len(edges)} boundary cases"
    return Figures(value if rows else NOTHING, "each of them", NO_SAMPLE)


def _crises(rows: Sequence[Row], limit: float) -> Figures:
    """By drills, as what is proved goes by them: the two alerts of one are late together."""
    crises = [row for row in rows if row["expected_route"] == Route.CRISIS]
    if not crises:
        return Figures(NOTHING, f"under {limit:g} s", NOTHING)
    alerts = [latency.due([row])["seconds"] for row in crises]
    seconds = pd.concat(alerts, ignore_index=True)
    lost, tally = int(seconds.isna().sum()), latency.in_time(seconds, limit)
    slowest = f"{lost} LOST" if lost else f"slowest {seconds.max():.2f} s"
    drills = Tally.of_each([bool(len(one)) and bool((one < limit).all()) for one in alerts])
    sure = 1 - latency.ERROR
    proved = f"{percent(proven_share(drills, latency.ERROR))} of crises or more, {sure:.0%} sure ({drills} drills)"
    return Figures(f"{slowest}; {tally} alerts in time", f"under {limit:g} s, each", proved)


def _difference(before: Tally, after: Tally, margin: float) -> Figures:
    value = f"{after} succeeded after, {before} before" if after.of or before.of else NOTHING
    limit = f"shown to be less than {percent(margin)} lower; nothing else disturbed"
    if not after.of or not before.of:
        return Figures(value, limit, TOO_FEW)
    low, high = forecast.difference(after.succeeded, after.of, before.succeeded, before.of)
    return Figures(value, limit, f"{low * 100:+.1f} to {high * 100:+.1f} points against before")


def _share(before: Tally, after: Tally, margin: float) -> Figures:
    least = success_criteria.MORE_THAN_HALF if before.of else 1 - margin
    limit = f"over {percent(least)}" + (f", and at most {percent(margin)} lower than before" if before.of else "")
    if not after.of:
        return Figures("no check-in yet", limit, TOO_FEW)
    low, high = wilson(after.succeeded, after.of)
    return Figures(f"{after} check-ins succeeded", limit, f"{percent(low)} to {percent(high)}")


def _metrics(shown: Mapping[str, bool]) -> Figures:
    value = f"{sum(shown.values())} of {len(shown)} metrics have a datapoint" if shown else NOTHING
    return Figures(value, "each of them", NO_SAMPLE)
