"""The plan's five success criteria as a review would decide them now, from reads made now. Keeps no evidence.

A watch asks a hundred times a day: what is computed on the way is not evidence a hundred times. The review at its end
keeps it.
"""

from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from lib.checks import Check, Status
from lib.phases import post_implementation_review as review
from lib.phases import validity
from lib.phases.review import asked_window
from lib.phases.watch.checkpoint import Reading, Span
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.telemetry import continuity, cutover, metrics
from lib.telemetry.review_window import NO_CHANGE, Window
from lib.values.check_registry import Id


class _Unkept(Record):
    """The same record to read, in which nothing is kept as evidence."""

    def keep_text(self, name: str, text: str) -> Path:
        """The path at which it would be; nothing is written."""
        return self.folder / name


def criteria(run: ConnectedRun, _span: Span) -> Reading:
    """Whether the change is live, and each criterion by the rules of the review, from the change on."""
    record = _Unkept(**{one.name: getattr(run.record, one.name) for one in fields(Record)})
    asking = replace(run, record=record)
    standing, window = validity.of_run(asking), asked_window.until_now(run)
    period = metrics.readable_period(window.start, window.end, window.end, run.settings.metric_period_seconds)
    counted = metrics.executions(run.live, window.start, window.end, period)
    seen = continuity.outcomes_of(run.live, window, window.end)
    kinds = continuity.kinds_of_failure(run.live, seen)
    answers = continuity.checkins_undisturbed(seen, kinds, run.settings)
    return Reading([still_runs(window), *review.criteria(asking, counted, window, seen, answers, standing)])


def still_runs(window: Window) -> Check:
    """Whether check-ins run what this run deployed: where they do not, most of what else breaks follows from that."""
    change, name, expected = window.change, "watch: what this run deployed is what runs", "no deployment or undo since"
    if change is None:
        return Check(Id.WATCH_RUNS, name, Status.CANNOT_TELL, NO_CHANGE, expected)
    said = f"since {change.at:%Y-%m-%d %H:%M:%S} UTC"
    if change.later:
        said = f"something else runs since {change.later:%Y-%m-%d %H:%M:%S} UTC: another deployment, or an undo"
    return Check(Id.WATCH_RUNS, name, Status.FAILED if change.later else Status.PASSED, said, expected)


def change_moment(run: ConnectedRun) -> datetime | None:
    """When check-ins began to run what this run deployed (UTC), None where they do not."""
    change = cutover.of_run(run)
    return change.latest if change else None
