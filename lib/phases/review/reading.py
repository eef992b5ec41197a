"""All that a review reads of its window, once, so that each table, chart and answer speaks of the same. Read-only.

What is read is kept as evidence; what is made of it stands in the modules beside this one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pandas as pd

from lib.checks import Check
from lib.phases import post_implementation_review as review
from lib.phases.review import delivered, delivery_checks, forecast, long_enough
from lib.phases.review.delivered import Deliveries
from lib.phases.review.forecast import Forecast
from lib.phases.review.request import Now, this_moment
from lib.resources.connected_run import ConnectedRun
from lib.telemetry import continuity, metrics, outcomes, workflow_log
from lib.telemetry.deliveries import task_attempts
from lib.telemetry.execution_status import When
from lib.telemetry.review_window import Window
from lib.telemetry.streams import log_coverage
from lib.values import csv_text


@dataclass(frozen=True)
class Reading:
    """What happened in the window.

    `counted` and `timed` are CloudWatch's, `seen` the list of executions, `split` the table of it, `kinds` the ways in
    which check-ins failed; `routes` are the workflow's log, `attempts` at tasks those that failed since the change,
    `drills` the alerts of this run's drills. `undisturbed` and `alerts` are the answers on check-ins and on alerts.
    """

    window: Window
    counted: pd.DataFrame
    timed: pd.DataFrame
    seen: pd.DataFrame
    split: pd.DataFrame
    kinds: pd.DataFrame
    routes: pd.DataFrame
    attempts: pd.DataFrame
    drills: pd.DataFrame
    deliveries: Deliveries
    forecast: Forecast | None
    undisturbed: list[Check]
    alerts: list[Check]

    @property
    def days(self) -> float:
        """How long the time after the change is that is looked at."""
        return (self.window.end - self.deliveries.begin).total_seconds() / 86_400

    @property
    def took(self) -> pd.DataFrame:
        """How long the executions took (`outcomes.durations`)."""
        return outcomes.durations(self.seen)

    @property
    def routes_since(self) -> pd.DataFrame:
        """Of the log what is of the time after the change."""
        return delivery_checks.taken_since(self.deliveries, self.routes)


Progress = Callable[[str, int], None]  # what is read, and how much of it was so far
SOURCES = "evidence/review_sources.json"


def of_window(
    run: ConnectedRun, window: Window, now: Now = this_moment, progress: Progress = lambda what, count: None
) -> Reading:
    """Read it, and keep what was read, from where, and by how many calls.

    `now` is the wall clock, by which metrics are late; `progress` is told of each page.
    """
    live, s = run.live, run.settings
    period = metrics.readable_period(window.start, window.end, now(), s.metric_period_seconds)
    counted = metrics.executions(live, window.start, window.end, period)
    timed = metrics.execution_time(live, window.start, window.end, period)
    seen = continuity.outcomes_of(live, window, now(), partial(progress, "executions"))
    kinds = continuity.kinds_of_failure(live, seen)
    first = min(window.start, window.after or window.start)
    log = workflow_log.read(live, first, window.end, partial(progress, "lines of the workflow's log"), now())
    log.attrs["missing"] = _missing(log, seen, window, now())
    routes, drills = workflow_log.routes(log, window.change_at), review.drill_alerts(run.record)
    attempts = task_attempts.read(live, delivered.since_change(window, log))
    attempts.attrs["cut"] = "; ".join(filter(None, [attempts.attrs["cut"], log.attrs["missing"]]))
    deliveries, said = delivered.read(run, window, log, now()), forecast.of_run(run.record)
    undisturbed = continuity.checkins_undisturbed(seen, kinds, s)
    alerts = [long_enough.check(window), *delivery_checks.checks(deliveries, routes, s.alert_limit_seconds)]
    alerts.append(forecast.check(said, delivery_checks.taken_since(deliveries, routes), deliveries.log_gaps))
    for name, frame in (
        ("executions", counted),
        ("execution_time", timed),
        ("routes", routes),
        ("alert_latency", drills),
        ("retries", attempts),
    ):
        run.record.keep_text(f"evidence/{name}.csv", csv_text.of_frame(frame))
    run.record.keep_json(SOURCES, {"check-ins": seen.attrs["source"], "routes and alerts": log.attrs["source"]})
    return Reading(
        window, counted, timed, seen, outcomes.table(seen), kinds, routes, attempts, drills, deliveries, said,
        *(review.pending_answers(run.record, answers, s.mode) for answers in (undisturbed, alerts)),
    )  # fmt: skip


def _missing(log: pd.DataFrame, seen: pd.DataFrame, window: Window, now: datetime) -> str:
    """Of which executions since the change the log tells nothing, in words; "" where it tells of all."""
    if window.after is None or log.attrs.get("note"):
        return ""
    after, last = seen[seen["when"] == When.AFTER], min(window.end, now - log_coverage.LATE)
    return log_coverage.of_executions(log, after, window.after + log_coverage.EARLY, last).said
