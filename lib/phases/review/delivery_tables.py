"""What a review shows of alerts' way to people, as tables: what is worst first, and what is missing said. No AWS.

A sum of the time before the change is shown for as long a time as that after it.
"""

from datetime import timedelta
from math import isnan
from typing import Any

import pandas as pd

from lib.checks import Status
from lib.phases.review.delivered import Deliveries
from lib.telemetry.deliveries.reconciliation import UNTOLD, Compared
from lib.telemetry.deliveries.sources import SUM, Metric, Thing
from lib.telemetry.execution_status import Count
from lib.telemetry.metrics import THROTTLED
from lib.values.numbers import first_of, say_count, say_roughly

NO_DATA = "no datapoint"
# What nobody may see after the change, by the thing that is its: an alert that even a dead-letter queue did not take,
# or that lies in one. More of the second kind than before is for a person to look at.
LOSSES = {
    (Thing.RULE, Metric.FAILED_INVOCATIONS), (Thing.RULE, Metric.RULE_DEAD), (Thing.RULE, Metric.RULE_LOST),
    (Thing.FUNCTION, Metric.FUNCTION_LOST), (Thing.FUNCTION, Metric.FUNCTION_DROPPED),
    (Thing.TOPIC, Metric.FAILED), (Thing.TOPIC, Metric.TOPIC_DEAD), (Thing.TOPIC, Metric.TOPIC_LOST),
}  # fmt: skip
# SNS counts what goes straight to phones for the whole account: one of these may be another application's.
ANYBODYS = {(Thing.PHONES, Metric.FAILED)}
WORRYING = {
    (Thing.RULE, Metric.RULE_THROTTLED), (Thing.RULE, Metric.RULE_RETRIED), (Thing.FUNCTION, Metric.ERRORS),
    (Thing.FUNCTION, Metric.THROTTLES), (Thing.WORKFLOW, Count.TIMED_OUT), (Thing.WORKFLOW, Count.ABORTED),
    (Thing.WORKFLOW, THROTTLED), (Thing.QUEUE, Metric.VISIBLE),
}  # fmt: skip
JUDGED = {Compared.LOST: Status.FAILED, Compared.CANNOT_TELL: Status.CANNOT_TELL, Compared.LATE: Status.CANNOT_TELL,
          Compared.MORE: Status.WAITING, Compared.EQUAL: Status.PASSED}  # fmt: skip
MOST_NAMED = 20  # executions that a row names; how many more there are is said


def path_rows(seen: Deliveries) -> list[dict[str, Any]]:
    """Each place that alerts come by, with how many were sent and counted, and what differs: the worst first."""
    rows = []
    for (place, name), part in seen.compared.groupby(["place", "name"], sort=False):
        states = [Compared(state) for state in part["state"]]
        worst = min(states, key=list(Compared).index)
        known = part["counted"].dropna()
        rows.append(
            {
                "what": f"{place}: {name}",
                "status": JUDGED[worst],
                "routes": part["routes"].iloc[0] or "no alert of them",
                "check-ins": int(part["check-ins"].sum()),
                "drills": int(part["drills"].sum()),
                "counted": say_count(known.sum()) if len(known) else NO_DATA,
                "lost": _lost(part),
                "said": f"{worst} in {states.count(worst)} of {len(states)} hours",
            }
        )
    return rows


def _lost(part: pd.DataFrame) -> int | str:
    """How many of a place's alerts are lost, as far as anybody can tell."""
    lost = int(part.loc[part["state"] == Compared.LOST.value, "missing"].sum())
    if not part["state"].isin([state.value for state in UNTOLD]).any():
        return lost
    return f"at least {lost}" if lost else str(Status.CANNOT_TELL)


def differing_hours(seen: Deliveries) -> list[dict[str, Any]]:
    """Each hour in which not all was counted that was sent, or not yet, with its executions."""
    rows = seen.compared[seen.compared["state"].isin([state.value for state in (Compared.LOST, *UNTOLD)])]
    return [
        {
            "what": f"{row.place}: {row.name}",
            "status": JUDGED[Compared(row.state)],
            "hour (UTC)": f"{row.hour:%Y-%m-%d %H:%M}",
            "sent": f"{row.sent} alerts",
            "counted": NO_DATA if isnan(row.counted) else say_count(row.counted),
            "missing": _missing(row),
            "executions to look at": first_of(row.executions, MOST_NAMED),
        }
        for row in rows.itertuples(index=False)
    ]


def _missing(row: Any) -> str:  # noqa: ANN401 - a row of a frame
    """Where the log does not show that they went this way, those without a count are the most that may be missing."""
    if pd.isna(row.missing):
        return row.state
    return f"{'' if row.state == Compared.LOST else 'at most '}{row.missing} alerts"


def counted_rows(seen: Deliveries) -> list[dict[str, Any]]:
    """Each thing's counts after the change and before it, failures first; what has no datapoint says so."""
    before = None if seen.before is None else seen.before["value"].tolist()
    longer = scale(seen)
    rows = []
    for at, row in enumerate(seen.after.itertuples(index=False)):
        earlier = float("nan") if before is None else before[at] * (longer if row.statistic == SUM else 1)
        if isnan(row.value) and isnan(earlier):
            continue
        status = _judged(row, earlier)
        said = f"{row.metric} {row.statistic}".removesuffix(f" {SUM}")
        rows.append({"what": f"{row.thing} {row.name}", "status": status, "metric": said,
                     "after": _value(row.value), "before": _value(earlier)})  # fmt: skip
    return rows


def scale(seen: Deliveries) -> float:
    """By what a sum of the time before is multiplied, to be of as long a time as that after."""
    if seen.window.compared is None:
        return 1.0
    first, last = seen.window.compared
    return (seen.window.end - seen.begin) / max(last - first, timedelta(seconds=1))


def _judged(row: Any, earlier: float) -> Status:  # noqa: ANN401 - a row of a frame
    key = (Thing(row.thing), row.metric)
    if isnan(row.value):
        return Status.CANNOT_TELL
    if key in LOSSES:
        return Status.FAILED if row.value > 0 else Status.PASSED
    if key in ANYBODYS:
        return Status.WAITING if row.value > 0 else Status.PASSED
    if key in WORRYING and row.value > (0 if isnan(earlier) else earlier):
        return Status.WAITING
    return Status.PASSED


def _value(value: float) -> str:
    return NO_DATA if isnan(value) else say_count(value)


def _silent(seen: Deliveries) -> int:
    """How many metrics have no datapoint, neither before nor after: most are published only once they happen."""
    return len(seen.after) - len(counted_rows(seen))


def dead_letter_rows(seen: Deliveries) -> list[dict[str, Any]]:
    """Each dead-letter queue as it is now; of a message, no word."""
    return [
        {
            "what": one.queue,
            "status": Status.CANNOT_TELL if one.count is None else Status.WAITING if one.count else Status.PASSED,
            "messages now": "no such queue" if one.count is None else f"{one.count}",
            "oldest": "no datapoint of an age" if one.oldest_seconds is None else say_roughly(one.oldest_seconds),
            "from": ", ".join(one.sources) or "nothing that is known here",
        }
        for one in seen.letters
    ]


def notes(seen: Deliveries) -> list[str]:
    """What a table of counts does not say: silence, who subscribes by which protocol, and attempts that failed."""
    silence = "neither before nor after: most have one only once it happens"
    said = [f"{_silent(seen)} of {len(seen.after)} metrics have no datapoint, {silence}"]
    said += [f"{topic} tells {who}; its counts are of all of them together" for topic, who in seen.protocols.items()]
    attempts = seen.failed_attempts.rename(columns={"count": "attempts"})
    for row in attempts.itertuples(index=False):
        whose = f"{row.executions} {'drills' if row.drill else 'check-ins'}"
        said.append(f"{row.attempts} attempts of {whose} ended in {row.kind}, and were tried again or caught")
    return said
