"""What CloudWatch is told of drills, and which of them keep the alarm `no-drill` quiet. No AWS."""

import pytest
from drilled import STARTED, drill
from machines import connected

from lib.checks import Check
from lib.drills import evaluation, publication, scenarios
from lib.drills.scenarios import Scenario, outcome
from lib.errors import NotAsWanted
from lib.settings import load
from lib.telemetry import metrics
from lib.telemetry.execution_status import Execution
from lib.values.check_registry import Id

LOCAL = load("local").model_copy(update={"not_exercised_here": []})
WAITING = Check(Id.DRILL_LOGS, "log of the dispatcher", "waiting", "/g holds nothing of it", "no error", "dispatcher")
UNREAD = Check(Id.DRILL_LOGS, "log of the workflow", "cannot tell", "cannot be read: denied", "no error", "workflow")
REACHES_NOBODY = Check(Id.OPERATIONS_SUBSCRIBERS, "operations subscribers", "failed", "none", "at least one")


def drilled(route="crisis", **changed):
    """A drill as it is recorded, and its checks."""
    one = drill(route, **changed)
    row = evaluation.row(one, LOCAL, "r1")
    return row, [Check.from_row(check) for check in row["checks"]]


def quiet():
    case = next(case for case in scenarios.load() if case.name == "normal")
    ended = Execution("e", "SUCCEEDED", STARTED, STARTED, {"route": "none"}, "")
    return drilled(messages=[], scenario=case, given={}, execution=ended, interventions=0)


def test_a_crisis_that_reached_both_topics_counts():
    assert publication.why_uncounted(*drilled()) == ""


def test_a_drill_that_alerts_nobody_passes_and_shows_nothing_of_who_is_reached():
    row, checks = quiet()
    assert {check.status for check in checks} == {"passed"}
    assert (
        publication.why_uncounted(row, checks)
        == "normal is no crisis, and shows of no crisis that it reaches both topics"
    )


@pytest.mark.parametrize("route", ["high", "unscored"])
def test_nor_does_an_alert_of_another_route(route):
    other = Scenario(route, "", {}, outcome(route))
    row, checks = drilled(route="high", scenario=other)
    assert publication.why_uncounted(row, checks).startswith(f"{route} is no crisis")


@pytest.mark.parametrize(
    ("messages", "more", "why"),
    [
        ([], [], "no alert that was due came on the topic of trusted and operations"),
        (drill().heard("trusted"), [], "no alert that was due came on the topic of operations"),
        (None, [REACHES_NOBODY], "the drill has not passed, but is: failed"),
        (None, [UNREAD], "the drill has not passed, but is: cannot tell"),
        (None, [WAITING], "it waits for log of the dispatcher: /g holds nothing of it"),
    ],
)
def test_a_crisis_that_is_lost_failed_or_open_does_not_count_and_why_is_said(messages, more, why):
    row, checks = drilled(messages=messages)
    assert publication.why_uncounted(row, [*checks, *more]) == why


def test_what_is_published_is_said_and_what_is_refused_is_a_row_of_its_own(monkeypatch):
    row, _ = drilled(messages=drill().heard("trusted"))
    live = connected(LOCAL)
    monkeypatch.setattr(metrics, "publish_drill", lambda live, rows: len(rows))
    (check,) = publication.latencies(live, [row])
    assert (check.status, check.found) == ("passed", "2 alerts, 1 of them lost")
    assert publication.latencies(live, []) == []

    def throttled(*_):
        raise NotAsWanted("AWS refused while recording drill latencies: Rate exceeded")

    monkeypatch.setattr(metrics, "publish_drill", throttled)
    monkeypatch.setattr(metrics, "publish_passed", throttled)
    for check in (*publication.latencies(live, [row]), publication.people_reached(live)):
        assert (check.status, check.id) == ("cannot tell", "drills.published")
        assert check.found.endswith("Rate exceeded")
