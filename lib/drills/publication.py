"""What CloudWatch is told of drills that are recorded: how long alerts took, what was lost, that people are reached.

A metric that could not be written is an answer of its own, and takes no verdict of a drill with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lib.aws import Live
from lib.checks import Check, Status
from lib.drills import drill_log, latency
from lib.errors import RunbookError
from lib.routes import Route
from lib.telemetry import metrics
from lib.telemetry.libraries import pandas as pd
from lib.values.check_registry import Id

Row = Mapping[str, Any]
LATENCIES, PEOPLE_REACHED = "latencies", "people-reached"


def publish(live: Live, drilled: Sequence[Row]) -> int:
    """Publish to CloudWatch how long every drill's alerts took, and which were lost; returns of how many alerts.

    Raises NotAsWanted where CloudWatch does not take it.
    """
    known = latency.due(drilled)
    moment = known["started"] + pd.to_timedelta(known["seconds"].fillna(0), unit="s")
    seconds = [None if pd.isna(one) else float(one) for one in known["seconds"]]
    measured = zip(known["scenario"], known["route"], known["topic"], seconds, moment, strict=True)
    return metrics.publish_drill(live, [metrics.DrillLatency(*row) for row in measured])


def latencies(live: Live, drilled: Sequence[Row]) -> list[Check]:
    """`publish`, as a check: of how many alerts, and how many of them were lost. None of no drill."""
    if not drilled:
        return []

    def written() -> str:
        lost = int(latency.due(drilled)["seconds"].isna().sum())
        return f"{publish(live, drilled)} alerts, {lost} of them lost"

    return [_check(LATENCIES, "drill latencies in CloudWatch", "how long each alert took", written)]


def people_reached(live: Live) -> Check:
    """Quiet the alarm `no-drill`, as a check. Only for a drill of which `why_uncounted` says nothing."""

    def written() -> str:
        metrics.publish_passed(live)
        return "written: the alarm no-drill counts this drill"

    return _check(PEOPLE_REACHED, "the drill counts for the alarm no-drill", "written", written)


def why_uncounted(drill: Row, checks: Sequence[Check]) -> str:
    """Why the alarm `no-drill` takes no notice of a drill, "" where it does.

    It counts those that show that people are reached: a crisis whose alert was due and came on both topics, while
    nothing of it failed, is open or waits.
    """
    if drill["expected_route"] != Route.CRISIS:
        return f"{drill['scenario']} is no crisis, and shows of no crisis that it reaches both topics"
    times = {topic: latency.until_last(drill, topic) for topic in latency.TOPICS if drill[f"expected_{topic}_alerts"]}
    silent = [topic for topic in latency.TOPICS if times.get(topic) is None]
    if silent:
        return f"no alert that was due came on the topic of {' and '.join(silent)}"
    verdict = drill_log.verdict(checks)
    if verdict != Status.PASSED:
        return f"the drill has not passed, but is: {verdict}"
    waiting = [f"{check.name}: {check.found}" for check in checks if check.status == Status.WAITING]
    return f"it waits for {'; '.join(waiting)}" if waiting else ""


def _check(subject: str, name: str, expected: str, write: Callable[[], str]) -> Check:
    """What CloudWatch did not take may have come all the same: nobody can tell, and the drill is what it was."""
    try:
        status, said = Status.PASSED, write()
    except RunbookError as error:
        status, said = Status.CANNOT_TELL, str(error)
    return Check(Id.DRILLS_PUBLISHED, name, status, said, expected, subject)
