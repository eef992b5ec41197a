"""An account whose executions are listed across a change, and what is answered of them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

from lib import settings as parameters
from lib.telemetry import continuity
from lib.telemetry.review_window import Cutover

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CHANGE = NOW - timedelta(minutes=30)
LOCAL = parameters.load("local")
ERRORS = {"FAILED": "CheckinProcessorFailed", "TIMED_OUT": "States.Timeout"}


def listed(*groups, failing=None):
    """A connection to an account with these executions: (prefix, status, how many, minutes ago, seconds it took).

    `failing`: the error's name by the prefix.
    """
    rows = [
        {
            "name": f"{prefix}{number}", "executionArn": f"arn:{prefix}{number}", "status": status,
            "startDate": NOW - timedelta(minutes=ago) + timedelta(milliseconds=number),
            "stopDate": None if took is None else NOW - timedelta(minutes=ago, seconds=-took),
        }
        for prefix, status, count, ago, took in groups
        for number in range(count)
    ]  # fmt: skip
    rows.sort(key=lambda row: row["startDate"], reverse=True)
    known = {row["name"]: row for row in rows}

    def describe_execution(executionArn):  # noqa: N803 - as botocore names it
        row = known[executionArn.rsplit(":", 1)[-1]]
        error = next(
            (e for p, e in (failing or {}).items() if row["name"].startswith(p)), ERRORS.get(row["status"], "")
        )
        return {**row, "error": error}

    def get_execution_history(executionArn, **_):  # noqa: N803
        return {"events": [{"executionFailedEventDetails": {"error": describe_execution(executionArn)["error"]}}]}

    pages = [{"executions": rows[at : at + 1000]} for at in range(0, len(rows), 1000)]
    paginator = SimpleNamespace(paginate=lambda **_: iter(pages))
    client = SimpleNamespace(get_paginator=lambda _: paginator, describe_execution=describe_execution,
                             get_execution_history=get_execution_history)  # fmt: skip
    return SimpleNamespace(settings=LOCAL, client=lambda _: client, clock=lambda: 0.0)


def answers(*groups, failing=None):
    """What is answered of these, by name: computed once, since a test may ask for its statuses and for its words."""
    return dict(_answered(groups, tuple((failing or {}).items())))


@cache
def _answered(groups, failing):
    live = listed(*groups, failing=dict(failing))
    seen = continuity.outcomes_since(live, NOW - timedelta(days=1), NOW, Cutover(CHANGE, CHANGE, CHANGE))
    checks = continuity.checkins_undisturbed(seen, continuity.kinds_of_failure(live, seen), LOCAL)
    return {check.name: check for check in checks}


GOOD = ("checkin-a", "SUCCEEDED", 1000, 60, 1)
