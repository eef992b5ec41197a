"""Metrics and the workflow's log on the embedded account: what happened is what the frames and charts say."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from workbench import ended

from lib.aws import connect
from lib.definitions import templates
from lib.display.charts import alert_charts, style
from lib.errors import Unreachable
from lib.telemetry import continuity, exact_tests, executions, metrics, outcomes, workflow_log
from lib.telemetry.metrics import DrillLatency, Query
from lib.telemetry.review_window import Cutover
from rehearsal.account import bridge, traffic


def window():
    now = datetime.now(UTC)
    return now - timedelta(minutes=10), now + timedelta(minutes=1)


def put(client, settings, name, moment, value):
    client("cloudwatch").put_metric_data(
        Namespace="AWS/States",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "StateMachineArn", "Value": settings.state_machine_arn}],
                "Timestamp": moment,
                "Value": value,
            }
        ],
    )


def test_counts_and_percentiles_keep_their_gaps(account, client):
    live = connect(account)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=8)
    begin -= timedelta(seconds=begin.second % 10)
    for minute, values in ((0, (100, 200, 300)), (5, (4000,))):
        moment = begin + timedelta(minutes=minute)
        for value in values:
            put(client, account, "ExecutionTime", moment, value)
            put(client, account, "ExecutionsSucceeded", moment, 1)
    put(client, account, "ExecutionsFailed", begin + timedelta(minutes=5), 1)
    counted = metrics.executions(live, *window())
    rows = {(row.time, row.metric): row.value for row in counted.itertuples()}
    first, second = pd.Timestamp(begin), pd.Timestamp(begin + timedelta(minutes=5))
    assert rows == {
        (first, "ExecutionsSucceeded"): 3,
        (second, "ExecutionsSucceeded"): 1,
        (second, "ExecutionsFailed"): 1,
    }
    timed = metrics.execution_time(live, *window())
    assert set(timed["time"]) == {first, second}
    middle = timed[(timed["metric"] == "p50") & (timed["time"] == first)]["value"].iloc[0]
    assert 100 <= middle <= 300
    assert timed[timed["time"] == second]["value"].tolist() == [4000, 4000, 4000]
    table = exact_tests.success_rate(counted, begin + timedelta(minutes=2)).set_index("when")
    assert (table.loc["before", "rate"], table.loc["after", "rate"]) == (1, 0.5)


def test_an_account_without_datapoints_gives_charts_that_say_so(account):
    live, (start, end) = connect(account), window()
    assert metrics.executions(live, start, end).empty
    log = workflow_log.read(live, start, end)
    assert log.empty
    assert "phase 03 makes it" in log.attrs["note"]
    figure = alert_charts.alerts_by_route(workflow_log.routes(log), None)
    assert "No datapoints" in style.describe(figure)
    assert "does not exist" in style.describe(figure)


def test_published_drill_latency_reads_back_as_the_slowest_and_what_was_lost(account):
    live, now = connect(account), datetime.now(UTC)
    rows = [
        DrillLatency("crisis", "crisis", "trusted", 0.25, now),
        DrillLatency("crisis", "crisis", "trusted", 1.75, now),
        DrillLatency("crisis", "crisis", "operations", None, now),
        DrillLatency("high", "high", "trusted", 0.5, now),
    ]
    assert metrics.publish_drill(live, rows) == 4
    asked = [
        Query(f"{metric} {route} {topic}", metrics.OURS, metric, statistic, (("Route", route), ("Topic", topic)))
        for metric, statistic in ((metrics.DRILL_LATENCY, "Maximum"), (metrics.DRILL_LOST, "Sum"))
        for route, topic in (("crisis", "trusted"), ("crisis", "operations"), ("high", "trusted"))
    ]
    found = metrics.series(live, asked, *window(), 60)
    assert dict(zip(found["metric"], found["value"], strict=True)) == {
        "DrillAlertLatency crisis trusted": 1.75,
        "DrillAlertLatency high trusted": 0.5,
        "DrillAlertsLost crisis trusted": 0,
        "DrillAlertsLost crisis operations": 1,
        "DrillAlertsLost high trusted": 0,
    }


def test_routes_and_latency_of_executions_that_really_ran(account, client):
    client("sns").create_topic(Name=account.ops_topic_name)
    client("logs").create_log_group(logGroupName=account.log_group_name)
    client("stepfunctions").update_state_machine(
        stateMachineArn=account.state_machine_arn,
        definition=json.dumps(templates.definition(account)),
        loggingConfiguration={
            "level": "ALL",
            "includeExecutionData": False,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": account.log_group_arn}}],
        },
    )
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    expected = {}
    for risk, route in ((98, "crisis"), (90, "high"), (60, "standard"), (5, "none")):
        given = {"userId": account.drill_user_id, "checkinResult": {"risk_score": risk, "score": 0.1, "text": "x"}}
        answer = client("stepfunctions").start_execution(
            stateMachineArn=account.state_machine_arn, name=f"drill-{route}", input=json.dumps(given)
        )
        ended(client("stepfunctions"), answer["executionArn"])
        expected[answer["executionArn"]] = route
    calm = traffic._start(
        account.endpoint_url, account.state_machine_arn, {"userId": "user-001", "text": "Feeling good."}
    )
    assert ended(client("stepfunctions"), calm)["status"] == "SUCCEEDED"
    while bridge.drain(made, 1):
        pass
    live, (start, end) = connect(account), window()
    log = workflow_log.read(live, start, end)
    assert log.attrs["unreadable"] == 0
    found = workflow_log.routes(log)
    assert dict(zip(found["execution"], found["route"], strict=True)) == {**expected, calm: "none"}
    assert {row.execution for row in found.itertuples() if row.drill} == set(expected)
    seen = continuity.outcomes_since(live, start, end, Cutover(start, start, start))
    split = outcomes.table(seen).set_index(["who", "when"])["succeeded"]
    assert (split["check-ins", "after"], split["drills", "after"]) == (1, 4)
    assert [len(executions.recent(live, 10, status)) for status in ("SUCCEEDED", "FAILED")] == [5, 0]
    counted = metrics.executions(live, start, end)
    assert counted.groupby("metric")["value"].sum()["ExecutionsStarted"] == 5
    style.png(alert_charts.alerts_by_route(found, start))


def test_an_account_that_does_not_answer_is_said_in_one_sentence(account):
    live = connect(account)
    away = live.session.client("cloudwatch", endpoint_url="http://127.0.0.1:9")
    live.clients["cloudwatch"] = away
    with pytest.raises(Unreachable, match="no answer while reading CloudWatch metrics"):
        metrics.executions(live, *window())
