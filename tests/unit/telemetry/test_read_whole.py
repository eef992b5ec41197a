"""What AWS answers in pages is read whole, or it is said how much was not: first pages never stand for everything."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
from all_pages import Paged, live
from machines import says

from lib.drills import subscribers
from lib.phases import post_implementation_review, preflight
from lib.phases.proofs import dashboard_metrics
from lib.telemetry import executions, outcomes, review_window

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_listeners_that_were_left_behind_are_found_on_every_page():
    rules = [f"{subscribers.PREFIX}-events-{number}" for number in range(150)]
    queues = [f"https://sqs/0/{subscribers.PREFIX}-trusted-{number}" for number in range(1500)]
    events = Paged(
        list_rules=[{"Rules": [{"Name": name} for name in part]} for part in (rules[:100], rules[100:])],
        list_targets_by_rule=lambda Rule: [{"Targets": [{"Id": "listener"}] if Rule in rules else []}],  # noqa: N803
    )
    sqs = Paged(list_queues=[{"QueueUrls": queues[:1000]}, {"QueueUrls": queues[1000:]}])
    sns = Paged(list_subscriptions_by_topic=[{"Subscriptions": []}])
    found = subscribers.left_behind(live(events=events, sqs=sqs, sns=sns))
    counted = pd.Series([thing.kind for thing in found]).value_counts()
    assert (counted["rule"], counted["queue"]) == (150, 1500)


def executed(*statuses):
    """Newest first."""
    return [
        {
            "name": f"{status}-{number}",
            "executionArn": f"arn:{number}",
            "status": status,
            "startDate": NOW - timedelta(minutes=number),
        }
        for number, status in enumerate(statuses)
    ]


def account(rows, answers=None):
    def listed(statusFilter=None, **_):  # noqa: N803
        return [{"executions": [row for row in rows if statusFilter in (None, row["status"])]}]

    history = [{"events": [{"type": "other"}] * 100}, {"events": answers or []}]
    return Paged(list_executions=listed, get_execution_history=history)


def test_a_processor_is_known_by_its_latest_answers_however_many_failed_since(monkeypatch):
    monkeypatch.setattr(preflight, "_updated", lambda *_: NOW - timedelta(days=1))
    result = dict.fromkeys(preflight.PHASE_3_KEYS, 1)
    answer = [{"lambdaFunctionSucceededEventDetails": {"output": json.dumps(result)}}]
    rows = executed(*["RUNNING"] * 10, *["FAILED"] * 10, "SUCCEEDED")
    check = preflight.phase_3(live(stepfunctions=account(rows, answer)))
    assert check.status == "passed", "also with an answer on the history's second page"


@pytest.mark.parametrize(("number", "said"), [(200, "of the newest 200 executions"), (7, "of all 7 executions")])
def test_the_current_state_says_of_how_many_executions_and_counts_every_status(number, said):
    table = {"Table": {}}
    rows = executed(*["TIMED_OUT"] * number, *["SUCCEEDED"] * (300 if number == 200 else 0))
    clients = {"stepfunctions": account(rows), "dynamodb": SimpleNamespace(describe_table=lambda **_: table)}
    found = {row["what"]: row["count"] for row in preflight.counts(live(**clients), [])}
    assert found[f"{said} that have ended, 0 of them drills: TIMED_OUT"] == number
    assert [count for what, count in found.items() if what.startswith("users")] == [None], "unknown, and not 0"


def seen(*groups):
    """Executions after the change by (prefix, how many), all failed, one a second, the later group the newer."""
    names = [f"{prefix}{number}" for prefix, count in groups for number in range(count)]
    rows = [
        {
            "arn": f"arn:{name}",
            "name": name,
            "status": "FAILED",
            "started": NOW + timedelta(seconds=at),
            "stopped": NOW + timedelta(hours=1),
        }
        for at, name in enumerate(names)
    ]
    return outcomes.outcome_rows(rows, NOW + timedelta(hours=2), 10_000, NOW)


def ended(executionArn, includeExecutionData, **_):  # noqa: N803
    """How an execution ended, without a word of what went through it."""
    assert not includeExecutionData
    if executionArn == "arn:checkin-49":
        raise says("ExecutionDoesNotExist")
    return {"events": [{"type": "ExecutionFailed", "executionFailedEventDetails": {"error": "Broken"}}]}


def test_drills_that_failed_since_hide_no_failed_checkin_and_the_rest_is_counted():
    client = SimpleNamespace(get_execution_history=ended)
    rows = post_implementation_review.failures(live(stepfunctions=client), seen(("checkin-", 51), ("drill-", 2000)))
    assert [row["execution"] for row in rows[:2]] == ["checkin-50", "checkin-49"]
    assert rows[50]["execution"] == "and 1 more; the newest 50 of 51 are shown"
    assert rows[-1] == rows[-1] | {"who": "drills", "execution": "and 1,950 more; the newest 50 of 2,000 are shown"}
    assert rows[1]["error"] == executions.FORGOTTEN
    assert {row["error"] for row in rows[2:] if "more" not in row["execution"]} == {"Broken"}


def test_what_is_in_doubt_is_shown_with_how_long_it_runs():
    rows = [("before", "SUCCEEDED", -100, -99), ("stuck", "RUNNING", 10, None), ("slow", "SUCCEEDED", 5, 65)]
    listed = [
        {"arn": f"arn:{name}", "name": name, "status": status, "started": NOW + timedelta(seconds=start)}
        | {"stopped": None if end is None else NOW + timedelta(seconds=end)}
        for name, status, start, end in rows
    ]
    frame = outcomes.outcome_rows(listed, NOW + timedelta(seconds=130), 180, NOW)
    found = {row["execution"]: row["status"] for row in post_implementation_review.failures(live(), frame)}
    assert found == {"stuck": "RUNNING for 120 s", "slow": "SUCCEEDED for 60 s"}


def test_failures_of_a_list_that_was_cut_say_so():
    frame = seen()
    frame.attrs["cut"] = "only the newest 5 executions were read"
    assert (
        post_implementation_review.failures(live(), frame)[-1]["execution"] == "only the newest 5 executions were read"
    )


def test_every_metric_of_the_dashboard_is_looked_for_however_long_the_window(monkeypatch):
    row = ["AWS/States", "ExecutionTime", "StateMachineArn", "arn", {"stat": "p99"}]
    dark = ["Your6/Workflow", "DrillAlertLatency", "Route", "crisis", "Topic", "trusted"]
    widgets = [{"properties": {"metrics": [row, dark, ["AWS/States", "ExecutionsFailed", "StateMachineArn", "arn"]]}}]
    monkeypatch.setattr(dashboard_metrics, "Widgets", lambda *_: SimpleNamespace(read=lambda: widgets))
    point = {"Id": "q0", "Timestamps": [NOW], "Values": [3.0], "StatusCode": "Complete"}
    pages = [{"MetricDataResults": []}, {"MetricDataResults": [point]}]
    cloudwatch = Paged(get_metric_data=pages)
    window = review_window.Window(datetime.now(UTC) - timedelta(days=90), datetime.now(UTC), None)
    shown = dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window)
    assert shown == {"AWS/States ExecutionTime": True, "DrillAlertLatency crisis trusted": False}
    ((_, asked),) = cloudwatch.asked
    assert {query["MetricStat"]["Stat"] for query in asked["MetricDataQueries"]} == {"SampleCount"}


def test_of_two_metrics_that_differ_in_one_part_each_is_asked_for(monkeypatch):
    pairs = [
        [["Your6/AI", "Errors", "FunctionName", "A"], ["Your6/AI", "Errors", "FunctionName", "B"]],
        [["One", "Lost", "Route", "x", "Topic", "y"], ["Other", "Lost", "Route", "x", "Topic", "y"]],
        [["One", "Late", "Route", "x", "Topic", "y"], ["One", "Late", "Way", "x", "Topic", "y"]],
    ]
    twice = [["Your6/AI", "Latency", {"stat": "p50"}], ["Your6/AI", "Latency", {"stat": "p99"}]]
    widgets = [{"properties": {"metrics": rows}} for rows in (*pairs, twice)]
    monkeypatch.setattr(dashboard_metrics, "Widgets", lambda *_: SimpleNamespace(read=lambda: widgets))
    lit = [{"Id": f"q{n}", "Timestamps": [NOW], "Values": [3.0], "StatusCode": "Complete"} for n in (1, 3, 5, 6)]
    cloudwatch = Paged(get_metric_data=[{"MetricDataResults": lit}])
    window = review_window.Window(datetime.now(UTC) - timedelta(days=1), datetime.now(UTC), None)
    shown = dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window)
    assert shown == {**{str(row): at == 1 for pair in pairs for at, row in enumerate(pair)}, "Your6/AI Latency": True}
