"""Every kind of live thing on the embedded account: made, read back, changed, removed, nothing beside it touched."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from accounts import differences, snapshot
from botocore.exceptions import ClientError

from lib.aws import connect
from lib.changes import engine, undo_plan
from lib.changes.plans import UNKNOWN, Wanted
from lib.errors import NotAsWanted, Refused
from lib.phases.infrastructure import operations_reachable
from lib.record.records import LOG, Record
from lib.resources import connected_run
from lib.resources.existing.subscriptions import audience
from lib.resources.functions import environment_keys
from lib.resources.resource_kinds import (
    KINDS,
    Alarm,
    Candidate,
    DrillUser,
    EnvironmentVariable,
    InlinePolicy,
    LogGroup,
    MetricFilter,
    Permission,
    Queue,
    QueueStatement,
    Rule,
    Section,
    Subscription,
    Target,
    Topic,
    Widgets,
    Workflow,
    WorkflowAlias,
    reopen,
)
from lib.resources.roles import inline_policies
from lib.resources.rules import targets
from lib.resources.topics import FROM_PARAMETERS
from lib.resources.users import SYNTHETIC, item_of

STANDARD_RULE, STANDARD_POLICY = "Your6-LowSentimentRule", "Your6StepFunctionsPolicy"
INBOX = "Rehearsal-OperationsInbox"
FILTERED = "/aws/vendedlogs/states/filtered"


@pytest.fixture
def live(account):
    return connect(account)


@pytest.fixture
def topic(live):
    made = Topic(live, live.settings.ops_topic_name)
    made.write({"DisplayName": "Operations"})
    return made


@pytest.fixture
def queue(live):
    made = Queue(live, "Made")
    made.write({"MessageRetentionPeriod": "1209600"})
    return made


@pytest.fixture
def rule(live):
    made = Rule(live, "Made")
    made.write({"EventPattern": {"source": ["made"]}, "State": "ENABLED", "Description": ""})
    return made


def statement(live, queue, sid="Ours"):
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": live.settings.queue_arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": [live.settings.ops_topic_arn]}},
    }


def document(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": "*"}]}


def widget(title):
    return {"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": "", "title": title}}


def _queue(live):
    return Queue(live, "Made"), {"MessageRetentionPeriod": "3600"}, {"MessageRetentionPeriod": "1209600"}


def _queue_statement(live):
    value = statement(live, INBOX)
    return QueueStatement(live, INBOX, "Ours"), value, {**value, "Action": "sqs:*"}


def _topic(live):
    return Topic(live, "Made"), {"DisplayName": "One"}, {"DisplayName": "Two"}


def _subscription(live):
    dead = live.settings.queue_arn("Your6-AlertDLQ")
    thing = Subscription(live, live.settings.alert_topic_name, "sqs", live.settings.queue_arn(INBOX))
    return (
        thing,
        {"dead_letter_queue": dead, "raw": "false", "filter": ""},
        {"dead_letter_queue": "", "raw": "true", "filter": ""},
    )


def _environment(live):
    return EnvironmentVariable(live, live.settings.processor_function_name, "MADE"), "one", "two"


def _permission(live):
    value = {
        "Principal": "events.amazonaws.com",
        "Action": "lambda:InvokeFunction",
        "SourceArn": live.settings.rule_arn("Made"),
    }
    other = {**value, "SourceArn": live.settings.rule_arn("Other")}
    return Permission(live, live.settings.dispatcher_function_name, "made-invokes"), value, other


def _policy(live):
    return InlinePolicy(live, live.settings.execution_role_name, "Made"), document("sns:Publish"), document("sqs:*")


def _rule(live):
    value = {"EventPattern": {"source": ["made"]}, "State": "ENABLED", "Description": "made"}
    return Rule(live, "Made"), value, {"EventPattern": {"source": ["a", "b"]}, "State": "DISABLED", "Description": ""}


def _target(live):
    value = {
        "Arn": live.settings.dispatcher_arn,
        "RetryPolicy": {"MaximumRetryAttempts": 8, "MaximumEventAgeInSeconds": 3600},
        "DeadLetterConfig": {"Arn": live.settings.queue_arn("Your6-AlertDLQ")},
    }
    return Target(live, STANDARD_RULE, "made"), value, {"Arn": live.settings.queue_arn(INBOX)}


def _log_group(live):
    return LogGroup(live, "/aws/vendedlogs/states/made"), {"retentionInDays": 90}, {"retentionInDays": 0}


def _metric_filter(live):
    LogGroup(live, FILTERED).write({"retentionInDays": 1})
    transformed = {"metricName": "Made", "metricNamespace": "Made", "metricValue": "1"}
    value = {"filterPattern": '{ $.type = "made" }', "metricTransformations": [transformed]}
    other = {**value, "metricTransformations": [{**transformed, "dimensions": {"State": "$.details.name"}}]}
    return MetricFilter(live, FILTERED, "made"), value, other


def alarm_value(live, **other):
    return {
        "ActionsEnabled": True, "AlarmActions": [live.settings.ops_topic_arn], "AlarmDescription": "made",
        "ComparisonOperator": "GreaterThanThreshold", "DatapointsToAlarm": 1, "EvaluationPeriods": 1,
        "OKActions": [live.settings.ops_topic_arn], "Threshold": 0.0, "TreatMissingData": "notBreaching", **other,
    }  # fmt: skip


def of_one_metric(live, **other):
    metric = {"Namespace": "Made", "MetricName": "Made", "Dimensions": [{"Name": "Of", "Value": "ours"}]}
    return alarm_value(live, **metric, Period=60, Statistic="Sum", **other)


def _alarm(live):
    stats = [{"Metric": {"Namespace": "Made", "MetricName": n}, "Period": 60, "Stat": "Sum"} for n in ("One", "Two")]
    rows = [{"Id": f"m{at}", "MetricStat": stat, "ReturnData": False} for at, stat in enumerate(stats)]
    math = {"Id": "lost", "Expression": "FILL(m0, 0) - FILL(m1, 0)", "Label": "lost", "ReturnData": True}
    return Alarm(live, "Made"), of_one_metric(live), alarm_value(live, Metrics=[*rows, math])


def _widgets(live):
    return (
        Widgets(live, live.settings.dashboard_name, "Made:"),
        [widget("Made: a"), widget("Made: b")],
        [widget("Made: c")],
    )


def _drill_user(live):
    value = {"trustedContact": SYNTHETIC, "alertThreshold": 0, "drill": True}
    return DrillUser(live, live.settings.table_name, "drill-made"), value, {**value, "alertThreshold": -0.5}


def _section(live):
    return Section(live, "README.md", "made"), "One line.", "Another\n\n- line"


MADE = [
    _queue, _queue_statement, _topic, _subscription, _environment, _permission, _policy, _rule, _target, _log_group,
    _metric_filter, _alarm, _widgets, _drill_user, _section,
]  # fmt: skip


def surroundings(live):
    """All that the baseline holds, as it would be missed."""
    s, client = live.settings, live.client
    queues = client("sqs").list_queues()["QueueUrls"]
    functions = (s.processor_function_name, s.dispatcher_function_name)
    read = client("lambda").get_function_configuration
    rules = client("events").list_rules()["Rules"]
    topics = client("sns").list_topics()["Topics"]
    return {
        "queues": {
            url: client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes")
            for url in queues
        },
        "subscriptions": sorted(row["SubscriptionArn"] for row in client("sns").list_subscriptions()["Subscriptions"]),
        "topics": {
            t["TopicArn"]: client("sns").get_topic_attributes(**t)["Attributes"].get("DisplayName") for t in topics
        },
        "environments": [read(FunctionName=name)["Environment"]["Variables"] for name in functions],
        "permissions": client("lambda").get_policy(FunctionName=s.dispatcher_function_name)["Policy"],
        "policies": inline_policies(live, s.execution_role_name),
        "rules": {found["Name"]: (found["State"], targets(live, found["Name"])) for found in rules},
        "logs": {
            g["logGroupName"]: g.get("retentionInDays") for g in client("logs").describe_log_groups()["logGroups"]
        },
        "filters": client("logs").describe_metric_filters()["metricFilters"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboard": json.loads(client("cloudwatch").get_dashboard(DashboardName=s.dashboard_name)["DashboardBody"]),
        "users": sorted(item["userId"]["S"] for item in client("dynamodb").scan(TableName=s.table_name)["Items"]),
        "documents": {path.name: path.read_bytes() for path in s.path(s.docs_dir).glob("*.md")},
        "workflow": Workflow(live, s.state_machine_name).read(),
    }


def assert_only_one_kind_differs(now, before):
    changed = [key for key in before if now[key] != before[key]]
    assert len(changed) == 1, f"these changed: {changed}"


def test_every_kind_is_tried_here(live):
    assert {type(made(live)[0]) for made in MADE} | {Workflow, WorkflowAlias, Candidate} == set(KINDS.values())


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__.strip("_"))
def test_a_thing_is_made_read_changed_and_removed_and_nothing_else(made, live):
    thing, value, other = made(live)
    before = surroundings(live)
    assert thing.read() is None
    thing.write(value)
    assert thing.read() == value
    assert_only_one_kind_differs(surroundings(live), before)
    thing.write(value)
    assert thing.read() == value
    thing.write(other)
    assert thing.read() == other
    assert_only_one_kind_differs(surroundings(live), before)
    thing.write(None)
    assert thing.read() is None
    assert surroundings(live) == before


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__.strip("_"))
def test_a_thing_is_found_again_from_its_record(made, live):
    thing, _, _ = made(live)
    kept = json.loads(json.dumps({"kind": thing.kind, "identity": thing.identity}))
    assert reopen(live, **kept) == thing


def test_the_workflow_is_updated_with_a_version_and_put_back(live, client):
    workflow = Workflow(live, live.settings.state_machine_name)
    before, around = workflow.read(), surroundings(live)
    newer = {**before, "definition": {"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}}
    workflow.write(newer)
    assert workflow.read() == newer
    assert_only_one_kind_differs(surroundings(live), around)
    workflow.write(before)
    assert workflow.read() == before
    versions = client("stepfunctions").list_state_machine_versions(stateMachineArn=workflow.arn)["stateMachineVersions"]
    assert len(versions) == 2


def test_an_undo_restores_the_text_of_a_definition_however_it_was_laid_out(live, client, tmp_path):
    workflow = Workflow(live, live.settings.state_machine_name)
    text = json.dumps(workflow.read()["definition"], indent=7, sort_keys=True)
    client("stepfunctions").update_state_machine(stateMachineArn=workflow.arn, definition=text)
    wanted = {**workflow.read(), "definition": {"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}}
    settings = live.settings.model_copy(update={"mode": "apply", "approval": "none", "may_replace": 99})
    record = Record(tmp_path, "run")
    run = replace(connected_run.of(live, record), settings=settings)
    engine.carry_out(engine.plan("03", [Wanted(workflow, wanted)]), run)
    assert workflow.read() == wanted
    back = undo_plan.plan(record.rows(LOG), lambda kind, identity: workflow)
    engine.roll_back(back, run)
    assert client("stepfunctions").describe_state_machine(stateMachineArn=workflow.arn)["definition"] == text


def test_the_workflow_keeps_its_logging(live):
    workflow = Workflow(live, live.settings.state_machine_name)
    LogGroup(live, live.settings.log_group_name).write({"retentionInDays": 1})
    where = {"cloudWatchLogsLogGroup": {"logGroupArn": live.settings.log_group_arn}}
    logging = {"level": "ALL", "includeExecutionData": False, "destinations": [where]}
    wanted = {**workflow.read(), "loggingConfiguration": logging}
    workflow.write(wanted)
    assert workflow.read() == wanted


def test_the_workflow_is_never_removed(live):
    workflow = Workflow(live, live.settings.state_machine_name)
    with pytest.raises(Refused, match="never removed"):
        workflow.write(None)
    assert workflow.read() is not None


def test_a_workflow_that_is_not_there_reads_as_none(live):
    assert Workflow(live, "Nothing").read() is None


def test_a_queues_other_statements_stay_as_they_are(live, queue, client):
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="Made")["QueueUrl"]
    others = [statement(live, "Made", sid) for sid in ("First", "Second")]
    foreign = {"Version": "2008-10-17", "Id": "theirs", "Statement": others}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(foreign)})
    ours = QueueStatement(live, "Made", "Ours")
    ours.write(statement(live, "Made"))
    ours.write(None)
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(kept) == foreign


def test_a_policy_with_one_statement_and_no_list_is_understood_and_given_back_to_the_byte(live, queue, client):
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="Made")["QueueUrl"]
    alone = json.dumps({"Version": "2012-10-17", "Statement": statement(live, "Made", "Theirs")}, indent=3)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": alone})
    ours = QueueStatement(live, "Made", "Ours")
    assert ours.read() is None
    ours.write(statement(live, "Made"))
    assert QueueStatement(live, "Made", "Theirs").read() == statement(live, "Made", "Theirs")
    ours.write(None)
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"] == alone


def test_a_queues_other_attributes_stay_as_they_are(live, queue, client):
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="Made")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    queue.write({"MessageRetentionPeriod": "3600"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] == {
        "VisibilityTimeout": "77"
    }


def test_the_dashboards_other_settings_stay_as_they_are(live, client):
    cloudwatch, name = client("cloudwatch"), live.settings.dashboard_name
    body = {"start": "-PT3H", "periodOverride": "inherit", "widgets": [widget("Theirs"), {"type": "text"}]}
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
    ours = Widgets(live, name, "Made:")
    ours.write([widget("Made: a")])
    ours.write(None)
    assert json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]) == body


def test_a_dashboard_that_was_not_there_is_made_and_taken_away(live):
    ours = Widgets(live, "New", "Made:")
    assert ours.read() is None
    ours.write([widget("Made: a")])
    assert ours.read() == [widget("Made: a")]
    ours.write(None)
    assert ours.read() is None


def test_what_the_workflow_adds_to_the_drill_user_stays(live, client):
    user, value, other = _drill_user(live)
    user.write(value)
    client("dynamodb").update_item(
        TableName=live.settings.table_name,
        Key={"userId": {"S": "drill-made"}},
        UpdateExpression="SET crisisInterventionCount = :n",
        ExpressionAttributeValues={":n": {"N": "3"}},
    )
    user.write(other)
    assert item_of(live, live.settings.table_name, "drill-made") == {
        "userId": "drill-made", **other, "crisisInterventionCount": 3,
    }  # fmt: skip


@pytest.mark.parametrize("value", [None, {"trustedContact": {}, "alertThreshold": 0, "drill": True}])
def test_a_person_is_never_written_as_a_drill_user(value, live, client):
    table = live.settings.table_name
    person = client("dynamodb").scan(TableName=table, Limit=1)["Items"][0]["userId"]["S"]
    before = item_of(live, table, person)
    with pytest.raises(Refused, match="is not a drill user"):
        DrillUser(live, table, person).write(value)
    assert item_of(live, table, person) == before


def test_the_environments_values_are_never_told(live):
    keys = environment_keys(live, live.settings.processor_function_name)
    assert keys == ["DYNAMODB_TABLE", "S3_BUCKET", "SNS_TOPIC_ARN", "STATE_MACHINE_ARN"]


class Meanwhile:
    """A Lambda client at whose first update somebody else is faster."""

    def __init__(self, client, act):
        self.client, self.act, self.updates = client, act, 0

    def __getattr__(self, name):
        return getattr(self.client, name)

    def update_function_configuration(self, **given):
        self.updates += 1
        if self.updates == 1:
            self.act(self.client)
        return self.client.update_function_configuration(**given)


def setting(function, **more):
    def act(client):
        held = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=function, Environment={"Variables": {**held, **more}})

    return act


def test_a_variable_set_by_somebody_else_meanwhile_is_merged(live):
    function = live.settings.processor_function_name
    before = live.client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    live.clients["lambda"] = live.single["lambda"] = Meanwhile(
        live.client("lambda"), setting(function, THEIRS="theirs")
    )
    EnvironmentVariable(live, function, "OURS").write("ours")
    now = live.client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    assert now == {**before, "THEIRS": "theirs", "OURS": "ours"}
    assert live.client("lambda").updates == 2


def test_a_function_that_somebody_keeps_changing_is_given_up(live):
    function = live.settings.processor_function_name

    class Always(Meanwhile):
        def update_function_configuration(self, **given):
            self.act(self.client)
            return self.client.update_function_configuration(**given)

    live.clients["lambda"] = live.single["lambda"] = Always(live.client("lambda"), setting(function, THEIRS="theirs"))
    hurried = replace(live, clock=iter(range(0, 100, 4)).__next__, sleep=lambda seconds: None)
    with pytest.raises(NotAsWanted, match=r"somebody else's update was still under way after 10 s \(Precondition"):
        EnvironmentVariable(hurried, function, "OURS").write("ours")
    assert "OURS" not in environment_keys(live, function)


def test_a_variable_lost_after_the_write_is_told_by_name_only(live):
    function = live.settings.processor_function_name

    class Losing(Meanwhile):
        def update_function_configuration(self, **given):
            answer = self.client.update_function_configuration(**given)
            held = {key: value for key, value in given["Environment"]["Variables"].items() if key != "S3_BUCKET"}
            self.client.update_function_configuration(FunctionName=function, Environment={"Variables": held})
            return answer

    live.clients["lambda"] = live.single["lambda"] = Losing(live.client("lambda"), None)
    with pytest.raises(
        NotAsWanted, match=r"other environment variables changed during the write \(S3_BUCKET\)"
    ) as caught:
        EnvironmentVariable(live, function, "OURS").write("ours")
    assert live.settings.checkin_bucket_name not in str(caught.value)


@pytest.mark.parametrize("kind", [EnvironmentVariable, Permission])
def test_on_a_function_that_is_not_there_nothing_is_found(kind, live):
    assert kind(live, "Nothing", "x").read() is None


def test_what_aws_refuses_is_told_with_the_things_name(live):
    with pytest.raises(NotAsWanted, match="AWS refused while writing environment variable Nothing / X"):
        EnvironmentVariable(live, "Nothing", "X").write("x")


def test_an_empty_queue_can_go(queue):
    assert queue.kept_because() == ""


def test_a_queue_with_messages_is_kept(queue, client):
    sqs = client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="Made")["QueueUrl"], MessageBody="a page")
    assert queue.kept_because() == "it holds 1 messages"


def test_a_queue_whose_message_is_being_read_is_kept(queue, client):
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="Made")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a page")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    assert queue.kept_because() == "it holds 1 messages"


def test_a_queue_with_messages_keeps_them_as_long_as_it_does_now(queue, client):
    sqs, before = client("sqs"), {"MessageRetentionPeriod": "345600"}
    assert queue.kept_because(before) == ""
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="Made")["QueueUrl"], MessageBody="a page")
    assert queue.kept_because(before).startswith("it holds 1 messages, and would keep them for 345600 s")


def test_a_dead_letter_queue_in_use_is_kept_with_its_statement(live, topic, queue):
    value = {"dead_letter_queue": live.settings.queue_arn("Made"), "raw": "false", "filter": ""}
    Subscription(live, topic.topic, "sqs", live.settings.queue_arn(INBOX)).write(value)
    assert queue.kept_because() == "it is the dead-letter queue of a sqs subscription of Your6-OperationsAlerts"
    assert QueueStatement(live, "Made", "Ours").kept_because().startswith("its queue is the dead-letter queue of")


def test_a_topic_without_subscribers_can_go(topic):
    assert topic.kept_because() == ""


def test_a_topic_with_confirmed_subscribers_is_kept(live, topic):
    Subscription(live, topic.topic, "sqs", live.settings.queue_arn(INBOX)).write(
        {"dead_letter_queue": "", "raw": "false", "filter": ""}
    )
    assert topic.kept_because() == "it has 1 confirmed subscribers"


def test_a_queues_subscription_can_go(live, topic):
    thing = Subscription(live, topic.topic, "sqs", live.settings.queue_arn(INBOX))
    thing.write({"dead_letter_queue": "", "raw": "false", "filter": ""})
    assert thing.kept_because() == ""


def test_what_a_person_confirmed_is_kept_and_not_shown(live, topic):
    thing = Subscription(live, topic.topic, "email", "somebody@example.com")
    thing.write({"dead_letter_queue": "", "raw": "false", "filter": ""})
    assert thing.kept_because() == "its owner confirmed it, and would have to again"
    assert thing.name == "subscription Your6-OperationsAlerts -> email s***@example.com"


class Waiting:
    """SNS whose one subscription waits for its owner, as AWS lists it."""

    def __init__(self, endpoint):
        self.row = {"Protocol": "email", "Endpoint": endpoint, "SubscriptionArn": "PendingConfirmation"}

    def get_paginator(self, operation):
        return self

    def paginate(self, **_):
        return [{"Subscriptions": [self.row]}]


def test_what_nobody_confirmed_yet_cannot_be_read_nor_removed(live):
    live.clients["sns"] = live.single["sns"] = Waiting("somebody@example.com")
    thing = Subscription(live, live.settings.ops_topic_name, "email", "somebody@example.com")
    assert thing.read() == {"dead_letter_queue": UNKNOWN, "raw": UNKNOWN, "filter": UNKNOWN}
    assert thing.kept_because().startswith("it waits for its owner's confirmation")
    thing.write(None)
    assert Topic(live, live.settings.ops_topic_name).kept_because() == ""


def test_the_address_of_the_parameters_is_in_no_identity(live):
    person = replace(
        live, settings=live.settings.model_copy(update={"ops_subscription_endpoint": "somebody@example.com"})
    )
    thing = Subscription(person, live.settings.ops_topic_name, "email", FROM_PARAMETERS)
    assert thing.address == "somebody@example.com"
    assert "somebody" not in json.dumps([thing.identity, thing.name])


def test_a_log_group_with_streams_is_kept(live, client):
    group, value, _ = _log_group(live)
    group.write(value)
    assert group.kept_because() == ""
    client("logs").create_log_stream(logGroupName=group.group, logStreamName="states")
    assert group.kept_because() == "it holds the workflow's log"


def test_a_log_group_whose_name_only_begins_alike_is_another(live):
    LogGroup(live, "/aws/vendedlogs/states/made-longer").write({"retentionInDays": 1})
    assert LogGroup(live, "/aws/vendedlogs/states/made").read() is None


def test_a_rule_with_somebodys_target_is_kept_and_names_it(live, rule):
    assert rule.kept_because() == ""
    Target(live, "Made", "theirs").write({"Arn": live.settings.queue_arn(INBOX)})
    assert rule.kept_because() == "it has targets that this plan did not make: theirs"


def test_why_a_thing_is_kept_is_asked_in_readable_words(live):
    with pytest.raises(NotAsWanted, match="AWS refused while reading what holds log group /nothing"):
        LogGroup(live, "/nothing").kept_because()


class Refusing:
    """EventBridge that answers 200 and says in the body that it did nothing."""

    def put_targets(self, **_):
        return {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "Quota", "ErrorMessage": "too many"}]}

    remove_targets = put_targets


@pytest.mark.parametrize("value", [None, {"Arn": "arn"}])
def test_a_refusal_inside_an_answer_is_found(value, live):
    live.clients["events"] = live.single["events"] = Refusing()
    with pytest.raises(NotAsWanted, match="EventBridge refused rule target Made / ours: Quota too many"):
        Target(live, "Made", "ours").write(value)


def test_a_permission_that_a_retried_call_made_already_is_no_error(live):
    permission, value, _ = _permission(live)
    permission.write(value)

    class Retried(Meanwhile):
        blind = 1

        def get_policy(self, **given):
            # The first answer was lost, so our first look was before it.
            self.blind -= 1
            return {"Policy": '{"Statement": []}'} if self.blind == 0 else self.client.get_policy(**given)

    live.clients["lambda"] = live.single["lambda"] = Retried(live.client("lambda"), None)
    permission.write(value)
    assert permission.read() == value


def test_a_permission_for_an_account_is_understood(live, client):
    client("lambda").add_permission(
        FunctionName=live.settings.dispatcher_function_name,
        StatementId="made-invokes",
        Action="lambda:InvokeFunction",
        Principal="111111111111",
    )
    found = _permission(live)[0].read()
    assert found["Action"] == "lambda:InvokeFunction"
    assert "SourceArn" not in found


class Answering:
    """A client that gives one operation's answer its own way, and counts what is written."""

    def __init__(self, client, **answers):
        self.client, self.answers, self.written = client, answers, []

    def __getattr__(self, operation):
        if operation.startswith(("update_", "put_", "create_")):
            self.written.append(operation)
        return self.answers.get(operation) or getattr(self.client, operation)


def test_variables_that_cannot_be_decrypted_are_not_taken_for_none(live):
    hidden = {"RevisionId": "r", "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}}
    function = live.settings.processor_function_name
    live.clients["lambda"] = live.single["lambda"] = Answering(
        live.client("lambda"), get_function_configuration=lambda **_: hidden
    )
    variable = EnvironmentVariable(live, function, "OPS_SNS_TOPIC_ARN")
    for doing in (variable.read, lambda: variable.write("arn")):
        with pytest.raises(NotAsWanted, match=r"cannot be read .AccessDeniedException.*kms:Decrypt"):
            doing()
    assert live.clients["lambda"].written == []


def test_a_filter_that_mutes_operations_is_found_and_taken_away(live, topic):
    wanted = {"dead_letter_queue": "", "raw": "false", "filter": ""}
    subscription = Subscription(live, topic.topic, "sqs", live.settings.queue_arn(INBOX))
    subscription.write({**wanted, "filter": '{"nope": ["x"]}'})
    assert json.loads(subscription.read()["filter"]) == {"nope": ["x"]}
    assert audience(live, topic.topic) == {"confirmed": 0, "filtered": 1, "waiting": 0}
    assert operations_reachable(live)[0].status == "waiting"
    subscription.write(wanted)
    assert subscription.read() == wanted
    assert operations_reachable(live)[0].status == "passed"


def test_a_subscription_that_somebody_removed_is_not_there(live, topic):
    gone = {"SubscriptionArn": "Deleted", "Protocol": "sqs", "Endpoint": live.settings.queue_arn(INBOX)}

    class Pages:
        def paginate(self, **_):
            return [{"Subscriptions": [gone]}]

    live.clients["sns"] = live.single["sns"] = Answering(live.client("sns"), get_paginator=lambda _: Pages())
    assert Subscription(live, topic.topic, "sqs", live.settings.queue_arn(INBOX)).read() is None
    assert topic.kept_because() == ""


WAITING = {"StartAt": "On", "States": {"On": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@pytest.fixture
def hanging(live):
    """Two executions that hang: one began with the live definition, one with another, which it was for a while."""
    states, arn = live.client("stepfunctions"), live.settings.state_machine_arn
    workflow = Workflow(live, live.settings.state_machine_name)
    value, begun = workflow.read(), {}
    for name, states_of in (("run's", {"Comment": "the run's"}), ("before", {"Comment": "as before"})):
        workflow.write({**value, "definition": {**WAITING, **states_of}})
        begun[name] = states.start_execution(stateMachineArn=arn, name=f"checkin-{uuid4()}")["executionArn"]
    yield begun
    for one in begun.values():
        states.stop_execution(executionArn=one)


def test_an_undo_of_the_workflow_waits_for_what_runs_on_the_runs_definition_and_for_nothing_older(live, hanging):
    """One that hangs since before the run would else keep the rules and topics of every undo for ever."""
    with pytest.raises(NotAsWanted, match="1 executions still run on another definition") as caught:
        Workflow(live, live.settings.state_machine_name).settle()
    assert hanging["run's"].rpartition(":")[2] in str(caught.value)
    live.client("stepfunctions").stop_execution(executionArn=hanging["run's"])
    Workflow(live, live.settings.state_machine_name).settle()


def test_of_what_nobody_can_tell_the_definition_an_undo_waits(live, hanging):
    def refused(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeStateMachine")

    live.clients["stepfunctions"] = live.single["stepfunctions"] = Answering(
        live.client("stepfunctions"), describe_state_machine_for_execution=refused
    )
    with pytest.raises(NotAsWanted, match="2 executions still run"):
        Workflow(live, live.settings.state_machine_name).settle()


def test_tracing_that_somebody_switched_on_is_left_alone(live):
    given, answer = {}, {"updateDate": datetime.now(UTC)}
    live.clients["stepfunctions"] = live.single["stepfunctions"] = Answering(
        live.client("stepfunctions"), update_state_machine=lambda **said: given.update(said) or answer
    )
    workflow = Workflow(live, live.settings.state_machine_name)
    workflow.write(workflow.read())
    assert sorted(given) == ["definition", "loggingConfiguration", "publish", "roleArn", "stateMachineArn"]


def test_a_drill_user_of_before_gets_back_only_what_it_had(live, client):
    had = {"userId": {"S": "drill-old"}, "drill": {"BOOL": True}, "note": {"S": "kept"}}
    client("dynamodb").put_item(TableName=live.settings.table_name, Item=had)
    user = DrillUser(live, live.settings.table_name, "drill-old")
    before = user.read()
    user.write({"trustedContact": SYNTHETIC, "alertThreshold": 0, "drill": True})
    user.write(before)
    assert item_of(live, live.settings.table_name, "drill-old") == {
        "userId": "drill-old",
        "drill": True,
        "note": "kept",
    }


def test_a_permission_that_could_not_be_put_back_is_not_taken_over(live):
    policy = {
        "Statement": [
            {
                "Sid": "made-invokes",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            }
        ]
    }
    live.clients["lambda"] = live.single["lambda"] = Answering(
        live.client("lambda"), get_policy=lambda **_: {"Policy": json.dumps(policy)}
    )
    with pytest.raises(NotAsWanted, match="condition on aws:SourceIp"):
        _permission(live)[0].read()


def removable(live):
    """Each kind that an undo may remove, of which none is there."""
    s, group = live.settings, "/aws/vendedlogs/states/none"
    return [
        Queue(live, "none"), QueueStatement(live, "none", "Ours"), Topic(live, "none"),
        Subscription(live, "none", "sqs", s.queue_arn("none")), Permission(live, s.dispatcher_function_name, "none"),
        InlinePolicy(live, s.execution_role_name, "none"), Rule(live, "none"), Target(live, "none", "none"),
        LogGroup(live, group), MetricFilter(live, group, "none"), Alarm(live, "none"), Widgets(live, "none", "Ours:"),
        Candidate(live, s.state_machine_name), DrillUser(live, s.table_name, s.drill_user_id),
    ]  # fmt: skip


def test_what_is_gone_already_is_removed_without_a_word(live):
    # AWS goes on listing a queue, a log group, a subscription for a minute after it was removed.
    before = snapshot(live.settings)
    things = removable(live)
    assert {one.kind for one in things} == {*KINDS} - {
        Workflow.kind,
        WorkflowAlias.kind,
        EnvironmentVariable.kind,
        Section.kind,
    }
    for thing in things:
        thing.write(None)
    assert differences(before, snapshot(live.settings)) == set()
