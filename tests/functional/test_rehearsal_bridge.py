"""What AWS would publish about executions: each one once, and never a word of a check-in."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from waiting import FOR_EVER

from lib.settings import load
from rehearsal.account import baseline, bridge, child_processes, server, traffic


def log_to_group(account, client, level="ALL", data=False):
    client("logs").create_log_group(logGroupName=account.log_group_name)
    switch_on(account, client, level, data)


def switch_on(account, client, level, data):
    client("stepfunctions").update_state_machine(
        stateMachineArn=account.state_machine_arn,
        loggingConfiguration={
            "level": level,
            "includeExecutionData": data,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": account.log_group_arn}}],
        },
    )


def total(account, client, metric, statistic="Sum"):
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/States",
        MetricName=metric,
        Dimensions=[{"Name": "StateMachineArn", "Value": account.state_machine_arn}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points) if points else None


def lines(account, client):
    found = client("logs").filter_log_events(logGroupName=account.log_group_name, limit=10000)["events"]
    return [json.loads(line["message"]) for line in found]


def checkin(account, text="Hopeless and unmistakable, an awful day.", **more):
    arn = traffic._start(account.endpoint_url, account.state_machine_arn, {"userId": "user-001", "text": text, **more})
    return arn, traffic._finished(account, arn, FOR_EVER)


def test_metrics_and_logs_once_each(account, client):
    log_to_group(account, client)
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    bridge.prepare(account.endpoint_url, account.state_machine_arn)
    arn, _ = checkin(account)
    failed, status = checkin(account, timestamp="no time")
    assert status == "FAILED"
    assert bridge.drain(made, 1) == 4
    assert bridge.drain(made) == 0
    assert total(account, client, "ExecutionsStarted") == 2
    assert total(account, client, "ExecutionsSucceeded") == 1
    assert total(account, client, "ExecutionsFailed") == 1
    assert total(account, client, "ExecutionsTimedOut") is None, "what did not happen is a gap, not a 0"
    assert total(account, client, "ExecutionTime", "SampleCount") == 2
    described = client("stepfunctions").describe_execution(executionArn=arn)
    took = (described["stopDate"] - described["startDate"]).total_seconds() * 1000
    assert took <= total(account, client, "ExecutionTime", "Maximum") + 2
    found = lines(account, client)
    assert {line["execution_arn"] for line in found} == {arn, failed}
    ids = [(line["execution_arn"], line["id"]) for line in found]
    assert len(ids) == len(set(ids))
    assert "ProcessCheckin" in [line["details"].get("name") for line in found]
    assert "unmistakable" not in json.dumps(found)


def test_what_is_delivered_twice_is_published_once(account, client):
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    checkin(account)
    sqs = client("sqs")
    messages = sqs.receive_message(QueueUrl=made.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    for message in messages:
        assert "unmistakable" not in message["Body"]
        sqs.send_message(QueueUrl=made.queue_url, MessageBody=message["Body"])
    assert bridge.drain(made, 1) == len(messages) == 2
    assert total(account, client, "ExecutionsStarted") == 1


@pytest.mark.parametrize(("level", "data", "kinds"), [("OFF", False, set()), ("FATAL", False, {"ExecutionFailed"})])
def test_level_is_respected(account, client, level, data, kinds):
    log_to_group(account, client, level, data)
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    checkin(account, timestamp="no time")
    bridge.drain(made, 1)
    assert {line["type"] for line in lines(account, client)} == kinds


def test_execution_data_is_logged_only_where_it_is_asked_for(account, client):
    log_to_group(account, client, data=True)
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    checkin(account)
    bridge.drain(made, 1)
    assert "unmistakable" in json.dumps(lines(account, client))


def test_no_logging_and_a_missing_group_lose_only_the_log(account, client):
    made = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    checkin(account)
    assert bridge.drain(made, 1) == 2
    switch_on(account, client, "ALL", False)
    checkin(account)
    assert bridge.drain(made, 1) == 2
    assert total(account, client, "ExecutionsSucceeded") == 2


def test_as_a_process_it_drains_before_it_ends(account, client, tmp_path):
    log_to_group(account, client)
    with (
        bridge.running_bridge(tmp_path / "a bridge", account) as child,
        traffic.playing_checkins(tmp_path / "h", account, 0.5),
    ):
        outcome = traffic.play(account, 6, seed=5)
    assert not child_processes.alive(child)
    assert sum(len(arns) for arns in outcome.values()) == 6
    assert total(account, client, "ExecutionsStarted") > 6, "the background traffic counts as well"
    logged = {line["execution_arn"] for line in lines(account, client)}
    assert {arn for arns in outcome.values() for arn in arns} <= logged


def test_a_kept_bridge_is_stopped_with_the_account(tmp_path):
    kept = server.start_detached(tmp_path, preferred_port=0)
    try:
        settings = load("local", {"endpoint_url": kept.endpoint})
        baseline.build(settings)
        child = bridge.start_kept(tmp_path, settings)
        assert bridge.start_kept(tmp_path, settings).pid == child.pid
    finally:
        stopped = server.stop_kept(tmp_path)
    assert stopped == [child.pid, kept.pid]
