"""The account as the plan finds it, and that building again changes nothing."""

import json

import pytest

from rehearsal.account import baseline


def test_is_as_the_plan_finds_it(account, client):
    states, functions = client("stepfunctions"), client("lambda")
    machine = states.describe_state_machine(stateMachineArn=account.state_machine_arn)
    assert machine["roleArn"] == baseline.execution_role_arn(account)
    assert list(json.loads(machine["definition"])["States"])[:2] == ["ProcessCheckin", "CheckSentiment"]
    assert "${" not in machine["definition"]
    assert [t["TopicArn"] for t in client("sns").list_topics()["Topics"]] == [account.alert_topic_arn]
    processor = functions.get_function_configuration(FunctionName=account.processor_function_name)
    assert (processor["Timeout"], processor["MemorySize"], processor["Runtime"]) == (120, 512, "python3.11")
    assert set(processor["Environment"]["Variables"]) == {
        "DYNAMODB_TABLE", "S3_BUCKET", "SNS_TOPIC_ARN", "STATE_MACHINE_ARN",
    }  # fmt: skip
    assert processor["DeadLetterConfig"]["TargetArn"] == account.queue_arn("Your6-CheckinDLQ")
    dispatcher = functions.get_function_configuration(FunctionName=account.dispatcher_function_name)
    assert (dispatcher["Timeout"], dispatcher["MemorySize"]) == (60, 128)
    assert dispatcher["DeadLetterConfig"]["TargetArn"] == account.queue_arn("Your6-AlertDLQ")
    policy = json.loads(functions.get_policy(FunctionName=account.dispatcher_function_name)["Policy"])
    assert policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"] == account.rule_arn("Your6-LowSentimentRule")
    targets = client("events").list_targets_by_rule(Rule="Your6-LowSentimentRule")["Targets"]
    assert targets == [{"Id": "AlertDispatcherTarget", "Arn": account.dispatcher_arn}]
    allowed = client("iam").get_role_policy(RoleName=account.execution_role_name, PolicyName="Your6StepFunctionsPolicy")
    assert [s["Action"] for s in allowed["PolicyDocument"]["Statement"]] == [["lambda:InvokeFunction"], ["sns:Publish"]]


def test_queues_users_logs_and_dashboard(account, client):
    sqs = client("sqs")
    names = {url.rsplit("/", 1)[1] for url in sqs.list_queues()["QueueUrls"]}
    assert names == {"Your6-CheckinDLQ", "Your6-AlertDLQ", "Rehearsal-TrustedContactInbox", "Rehearsal-OperationsInbox"}
    for queue in ("Your6-CheckinDLQ", "Your6-AlertDLQ"):
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
        assert kept == {"MessageRetentionPeriod": "1209600"}
    url = sqs.get_queue_url(QueueName="Rehearsal-OperationsInbox")["QueueUrl"]
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert policy["Statement"][0]["Condition"] == {"ArnEquals": {"aws:SourceArn": account.ops_topic_arn}}
    items = client("dynamodb").scan(TableName=account.table_name)["Items"]
    assert len(items) == 12
    assert account.drill_user_id not in [item["userId"]["S"] for item in items]
    groups = {g["logGroupName"]: g["retentionInDays"] for g in client("logs").describe_log_groups()["logGroups"]}
    assert groups == {f"/aws/lambda/{name}": 30 for name in ("Your6-CheckinProcessor", "Your6-AlertDispatcher")}
    body = json.loads(client("cloudwatch").get_dashboard(DashboardName=account.dashboard_name)["DashboardBody"])
    assert [w["properties"]["metrics"] for w in body["widgets"]] == [[["Your6/AI", m]] for m in baseline.METRICS]


def test_building_again_keeps_what_the_runbook_changed(account, client):
    states, functions, name = client("stepfunctions"), client("lambda"), account.processor_function_name
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    merged = {**before, "OPS_SNS_TOPIC_ARN": account.ops_topic_arn}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": merged})
    newer = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    states.update_state_machine(stateMachineArn=account.state_machine_arn, definition=newer)
    revision = functions.get_function_configuration(FunctionName=name)["RevisionId"]
    baseline.build(account)
    after = functions.get_function_configuration(FunctionName=name)
    assert (after["Environment"]["Variables"], after["RevisionId"]) == (merged, revision)
    assert states.describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"] == newer
    assert len(client("sns").list_subscriptions()["Subscriptions"]) == 1
    functions.get_policy(FunctionName=account.dispatcher_function_name)


def test_building_again_writes_nothing(account, client, monkeypatch):
    made = []
    real = baseline.client

    def watched(*given):
        found = real(*given)
        found.meta.events.register("before-call.*", lambda model, **_: made.append(model.name), unique_id="watch")
        return found

    monkeypatch.setattr(baseline, "client", watched)
    baseline.build(account)
    for service in ("iam", "sqs", "sns", "dynamodb", "s3", "logs", "lambda", "events", "stepfunctions", "cloudwatch"):
        client(service).meta.events.unregister("before-call.*", unique_id="watch")
    assert made
    assert [name for name in made if not name.startswith(("Get", "Describe", "List", "Head"))] == []


@pytest.mark.parametrize("name", ["README.md", "CLAUDE.md"])
def test_the_sample_checkout_is_copied_once(account, name):
    document = baseline.application(account) / name
    document.write_text("changed", encoding="utf-8")
    baseline.application(account)
    assert document.read_text(encoding="utf-8") == "changed"
