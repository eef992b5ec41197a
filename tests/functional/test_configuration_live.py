"""The live configuration is read as named facts: whatever changes in the account is named, with what rests on it.

One account, in which one thing after the other is changed; each test compares with what was there just before.
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from accounts import fresh
from botocore.exceptions import ClientError

from lib import routes
from lib.aws import connect
from lib.aws_answers import absent_is_none
from lib.changes import engine
from lib.changes.plans import Wanted
from lib.drills import subscribers
from lib.errors import Refused
from lib.phases import validity
from lib.record import records
from lib.record.run_phases import DOCUMENTATION
from lib.resources import connected_run, desired, resource_kinds
from lib.resources.live_thing import LiveThing
from lib.telemetry.configuration import live_configuration
from lib.telemetry.configuration.facts import Meaning, compare_facts

FAILED, TOLD, CANNOT_TELL = Meaning.FAILED, Meaning.TOLD, Meaning.CANNOT_TELL
DENIAL = {"Sid": "Hush", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
MORE = {"Sid": "More", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Resource": "*"}


@pytest.fixture(scope="module")
def live(server, tmp_path_factory):
    """What phases 01 to 04 make, in an account of this module's own."""
    account = fresh(server, tmp_path_factory.mktemp("configuration")).model_copy(update={"mode": "apply"})
    record, found = records.open_run(account), connect(account)
    for number in ("01", "02", "04", "03"):
        engine.carry_out(engine.plan(number, desired.PHASES[number](found)), connected_run.of(found, record))
    return found


def seen(live, change: Callable[[], Any], read: list[Any] | None = None) -> dict[str, tuple[Meaning, str]]:
    """What a read names after a change, by fact, with what it means and the criteria that rest on it.

    The newest of those that were `read` is the account as it stands before the change; with none, it is read.
    """
    before = read[-1] if read else live_configuration.read(live)
    assert before.unreadable == []
    change()
    after = live_configuration.read(live)
    if read is not None:
        read.append(after)
    rows = compare_facts(before.facts, after.facts)
    return {row.name: (row.meaning, row.criteria) for row in reversed(rows)}  # of several of one fact, the worst


def policy(*statements: dict[str, Any], action: str) -> str:
    rows = [{**row, "Action": action} for row in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": rows})


def test_nothing_is_named_where_nothing_changed_and_every_fact_is_plain_and_named_once(live):
    found = live_configuration.read(live)
    assert compare_facts(found.facts, live_configuration.read(live).facts) == []
    names = [fact.name for fact in found.facts]
    assert len(set(names)) == len(names)
    assert all(fact.criteria and set(fact.criteria) <= set("12345") for fact in found.facts)
    assert json.loads(json.dumps([vars(fact) for fact in found.facts])) == [vars(fact) for fact in found.facts]


def planned(live):
    return [item for number, wanted in desired.PHASES.items() if number != DOCUMENTATION for item in wanted(live)]


def subject_of(thing):
    if thing.kind in live_configuration.OF_THE_PLAN:
        kind, field = live_configuration.OF_THE_PLAN[thing.kind]
        return f"{kind} {thing.identity[field]}"
    return f"{thing.kind} {' / '.join(thing.identity.values())}"


def test_every_live_thing_of_the_plan_is_read(live):
    names = {fact.name.rpartition(": ")[0] for fact in live_configuration.read(live).facts}
    assert [item.resource.name for item in planned(live) if subject_of(item.resource) not in names] == []
    assert live_configuration.OF_THE_PLAN.keys() <= resource_kinds.KINDS.keys()


def other_value(item: Any) -> Any:
    """Another value of the same shape that AWS takes, of each kind that the plan makes; one of a new kind is missing
    here, and so this test fails until somebody says how its change is seen."""
    value = json.loads(json.dumps(item.value))
    return {
        "topic": lambda: {"DisplayName": "another"},
        "queue": lambda: {"MessageRetentionPeriod": "60"},
        "queue policy": lambda: None,
        "subscription": lambda: {**value, "filter": '{"route": ["never"]}'},
        "environment variable": lambda: "arn:aws:sns:us-east-1:000000000000:Your6-TrustedContactAlerts",
        "drill user": lambda: {**value, "alertThreshold": 1},
        "role policy": lambda: None,
        "log group": lambda: {"retentionInDays": 1},
        "metric filter": lambda: {**value, "filterPattern": "another"},
        "alarm": lambda: {**value, "ActionsEnabled": False},
        "state machine": lambda: {**value, "definition": {**value["definition"], "TimeoutSeconds": 1}},
        "dashboard widgets": lambda: value[:-1],
        "function permission": lambda: None,
        "rule": lambda: {**value, "State": "DISABLED"},
        "rule target": lambda: None,
    }[item.resource.kind]()


def test_whatever_of_the_plan_changes_is_named(live):
    """Also of a thing that is added to the plan tomorrow."""
    things, unseen = planned(live), []
    # Alarms are alike, and read by one call: the first and the last stand for those between.
    alarms = [item for item in things if item.resource.kind == "alarm"]
    before = live_configuration.read(live)
    for item in (item for item in things if item not in alarms[1:-1]):
        subject = f"{subject_of(item.resource)}: "
        for value in (other_value(item), item.value):
            item.resource.write(value)
            after = live_configuration.read(live)
            if not any(row.name.startswith(subject) for row in compare_facts(before.facts, after.facts)):
                unseen.append((item.resource.name, value))
            before = after
    assert (before.unreadable, unseen) == ([], [])


@dataclass(frozen=True)
class Strange(LiveThing):
    """A kind of thing that the plan does not have yet."""

    parameter: str
    kind: ClassVar[str] = "parameter"
    noticed: ClassVar[str] = "nobody"

    def _read(self) -> Any:
        with absent_is_none("ParameterNotFound"):
            return self.live.client("ssm").get_parameter(Name=self.parameter)["Parameter"]["Value"]
        return None

    def _write(self, value: Any) -> None:
        self.live.client("ssm").put_parameter(Name=self.parameter, Value=value, Type="String", Overwrite=True)


def test_a_thing_that_is_added_to_the_plan_is_read_without_a_word_here(live, monkeypatch):
    thing = Strange(live, "/your6/strange")
    monkeypatch.setitem(desired.PHASES, "04", lambda of, _: [*desired.event_rules(of), Wanted(thing, "a")])
    assert seen(live, lambda: thing.write("a")) == {"parameter /your6/strange: value": (FAILED, "123")}


def test_a_phase_that_cannot_be_planned_is_a_fact_and_stops_nobody(live, monkeypatch):
    def refused(of, _):
        raise Refused("the workflow has another role")

    before = live_configuration.read(live)
    monkeypatch.setitem(desired.PHASES, "02", refused)
    (row,) = compare_facts(before.facts, live_configuration.read(live).facts)
    assert (row.name, row.meaning) == ("plan of phase 02: can be made", CANNOT_TELL)
    assert "the workflow has another role" in row.said


def aws(live):
    return live.client


def another_threshold(live):
    states, arn = aws(live)("stepfunctions"), live.settings.state_machine_arn
    text = states.describe_state_machine(stateMachineArn=arn)["definition"]
    assert "95" in text
    states.update_state_machine(stateMachineArn=arn, definition=text.replace("95", "99.9"), publish=True)


def the_same_definition_again(live):
    states, arn = aws(live)("stepfunctions"), live.settings.state_machine_arn
    text = states.describe_state_machine(stateMachineArn=arn)["definition"]
    states.update_state_machine(stateMachineArn=arn, definition=text)


def role_of_the_workflow(live, name):
    arn = live.settings.arn("iam", f"role/{name}")
    aws(live)("stepfunctions").update_state_machine(stateMachineArn=live.settings.state_machine_arn, roleArn=arn)


def no_log(live):
    aws(live)("stepfunctions").update_state_machine(
        stateMachineArn=live.settings.state_machine_arn, loggingConfiguration={"level": "OFF"}
    )


def newest_version(live):
    rows = aws(live)("stepfunctions").list_state_machine_versions(stateMachineArn=live.settings.state_machine_arn)
    return [row["stateMachineVersionArn"] for row in rows["stateMachineVersions"]]


def an_alias(live):
    routing = [{"stateMachineVersionArn": newest_version(live)[0], "weight": 100}]
    aws(live)("stepfunctions").create_state_machine_alias(name="live", routingConfiguration=routing)


def an_alias_moved(live):
    routing = [{"stateMachineVersionArn": newest_version(live)[-1], "weight": 100}]
    arn = f"{live.settings.state_machine_arn}:live"
    aws(live)("stepfunctions").update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=routing)


def put_rule(name, **more):
    def change(live):
        found = aws(live)("events").describe_rule(Name=name)
        kept = {key: found[key] for key in ("EventPattern", "State", "Description") if found.get(key)}
        aws(live)("events").put_rule(Name=name, **{**kept, **more})

    return change


def put_target(name, target):
    return lambda live: aws(live)("events").put_targets(Rule=name, Targets=[target(live)])


def without_retries(live):
    return {"Id": "AlertDispatcherTarget", "Arn": live.settings.dispatcher_arn}


def a_second(live):
    return {"Id": "Archive", "Arn": live.settings.queue_arn("Rehearsal-OperationsInbox")}


def a_listener(live):
    return {"Id": f"{subscribers.PREFIX}-events-x", "Arn": live.settings.queue_arn("Rehearsal-OperationsInbox")}


def another_account_may_put(live):
    aws(live)("events").put_permission(Action="events:PutEvents", Principal="111111111111", StatementId="theirs")


def no_other_account_may_put(live):
    aws(live)("events").remove_permission(StatementId="theirs")


def topic_policy(*statements):
    def change(live):
        sns, arn = aws(live)("sns"), live.settings.ops_topic_arn
        found = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        text = json.dumps({**found, "Statement": [*found["Statement"], *statements]})
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)

    return change


def a_key(live):
    key = aws(live)("kms").create_key()["KeyMetadata"]["KeyId"]
    aws(live)("sns").set_topic_attributes(
        TopicArn=live.settings.alert_topic_arn, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def key_of(live):
    found = aws(live)("sns").get_topic_attributes(TopicArn=live.settings.alert_topic_arn)["Attributes"]
    return found["KmsMasterKeyId"]


def subscriber_of(live, topic, number=0):
    rows = aws(live)("sns").list_subscriptions_by_topic(TopicArn=live.settings.arn("sns", topic))["Subscriptions"]
    return rows[number]["SubscriptionArn"]


def another_subscriber(live):
    queue = live.settings.queue_arn("Your6-CheckinDLQ")
    aws(live)("sns").subscribe(TopicArn=live.settings.ops_topic_arn, Protocol="sqs", Endpoint=queue)


def listeners_come(live):
    for item in subscribers.listeners(live, "ffff-run"):
        item.resource.write(item.value)


def a_filter(live):
    arn = subscriber_of(live, live.settings.ops_topic_name)
    aws(live)("sns").set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"route": ["never"]}'
    )


def no_subscriber(live):
    aws(live)("sns").unsubscribe(SubscriptionArn=subscriber_of(live, live.settings.ops_topic_name))


def queue_attributes(name, **attributes):
    def change(live):
        url = aws(live)("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        aws(live)("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)

    return change


def configured(name, **more):
    return lambda live: aws(live)("lambda").update_function_configuration(FunctionName=name, **more)


def another_secret(live):
    name = live.settings.processor_function_name
    found = aws(live)("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    configured(name, Environment={"Variables": {**found, "S3_BUCKET": "elsewhere"}})(live)


def without_a_variable(live):
    name = live.settings.dispatcher_function_name
    configured(name, Environment={"Variables": {"DYNAMODB_TABLE": "your6-users"}})(live)


def other_code(live):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        package.writestr("alert_dispatcher.py", "def lambda_handler(event, context):\n    return None\n")
    name = live.settings.dispatcher_function_name
    aws(live)("lambda").update_function_code(FunctionName=name, ZipFile=held.getvalue())


def permission(statement):
    def change(live):
        aws(live)("lambda").add_permission(
            FunctionName=live.settings.dispatcher_function_name, StatementId=statement, Action="lambda:InvokeFunction",
            Principal="states.amazonaws.com",
        )  # fmt: skip

    return change


def a_function_alias(live):
    name = live.settings.processor_function_name
    version = aws(live)("lambda").publish_version(FunctionName=name)["Version"]
    aws(live)("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion=version)


def inline(role, document):
    return lambda live: aws(live)("iam").put_role_policy(RoleName=role, PolicyName="Theirs", PolicyDocument=document)


def managed(live, *statements):
    document = policy(*statements, action="sns:*")
    name = f"Managed{len(aws(live)('iam').list_policies(Scope='Local')['Policies'])}"
    return aws(live)("iam").create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]


def attached(live):
    arn = managed(live, {"Effect": "Allow", "Resource": "*"})
    aws(live)("iam").attach_role_policy(RoleName=live.settings.execution_role_name, PolicyArn=arn)


def attached_policy_denies(live):
    iam, role = aws(live)("iam"), live.settings.execution_role_name
    arn = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"][0]["PolicyArn"]
    document = policy({"Effect": "Deny", "Resource": "*"}, action="events:*")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def a_boundary(live):
    arn = managed(live, {"Effect": "Allow", "Resource": "*"})
    aws(live)("iam").put_role_permissions_boundary(RoleName=live.settings.execution_role_name, PermissionsBoundary=arn)


def table_denies(live):
    document = policy(DENIAL, action="dynamodb:UpdateItem")
    aws(live)("dynamodb").put_resource_policy(ResourceArn=live.settings.table_arn, Policy=document)


def a_contact(live):
    s = live.settings
    aws(live)("dynamodb").update_item(
        TableName=s.table_name, Key={"userId": {"S": s.drill_user_id}},
        UpdateExpression="SET trustedContact = :c",
        ExpressionAttributeValues={":c": {"M": {"phone": {"S": "+15550100"}}}},
    )  # fmt: skip


def a_crisis_is_counted(live):
    s = live.settings
    aws(live)("dynamodb").update_item(
        TableName=s.table_name, Key={"userId": {"S": s.drill_user_id}},
        UpdateExpression="ADD crisisInterventionCount :n", ExpressionAttributeValues={":n": {"N": "1"}},
    )  # fmt: skip


def bucket(operation, **given):
    return lambda live: getattr(aws(live)("s3"), operation)(Bucket=live.settings.checkin_bucket_name, **given)


def bucket_denies(live):
    objects = f"arn:aws:s3:::{live.settings.checkin_bucket_name}/*"
    bucket("put_bucket_policy", Policy=policy({**DENIAL, "Resource": objects}, action="*"))(live)


def a_missing_key(live):
    missing = live.settings.arn("kms", "key/00000000-0000-0000-0000-000000000000")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": missing}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    bucket("put_bucket_encryption", ServerSideEncryptionConfiguration=rules)(live)


def check_ins_expire(live):
    rules = [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
    bucket("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": rules})(live)


def notified(function=""):
    """Each object that is made, told to a queue of somebody's, or to a function as well."""

    def change(live):
        made = {"Events": ["s3:ObjectCreated:*"]}
        queue = {"Id": "q", "QueueArn": live.settings.queue_arn("Rehearsal-OperationsInbox"), **made}
        arn = live.settings.arn("lambda", f"function:{function}")
        ours = {"LambdaFunctionConfigurations": [{"Id": "f", "LambdaFunctionArn": arn, **made}]}
        wanted = {"QueueConfigurations": [queue], **(ours if function else {})}
        bucket("put_bucket_notification_configuration", NotificationConfiguration=wanted)(live)

    return change


def no_bucket(live):
    s3, name = aws(live)("s3"), live.settings.checkin_bucket_name
    for row in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=row["Key"])
    s3.delete_bucket(Bucket=name)


def table(**given):
    return lambda live: aws(live)("dynamodb").update_table(TableName=live.settings.table_name, **given)


def items_expire(live):
    # An attribute that no item has: the embedded account looks once a minute for what expired, and removes it.
    wanted = {"Enabled": True, "AttributeName": "expires"}
    aws(live)("dynamodb").update_time_to_live(TableName=live.settings.table_name, TimeToLiveSpecification=wanted)


def a_rule_of_others(pattern, *targets, bus="default"):
    def change(live):
        events = aws(live)("events")
        if bus not in [row["Name"] for row in events.list_event_buses()["EventBuses"]]:
            events.create_event_bus(Name=bus)
        events.put_rule(Name="Theirs", EventPattern=json.dumps(pattern), State="ENABLED", EventBusName=bus)
        rows = [{"Id": str(at), "Arn": live.settings.arn(*target)} for at, target in enumerate(targets)]
        events.put_targets(Rule="Theirs", Targets=rows, EventBusName=bus)

    return change


def the_dispatcher_again(live):
    return {"Id": "Again", "Arn": live.settings.dispatcher_arn}


def the_dispatcher_subscribes(live):
    s = live.settings
    aws(live)("sns").subscribe(TopicArn=s.alert_topic_arn, Protocol="lambda", Endpoint=s.dispatcher_arn)


def fed(function, queue):
    return lambda live: aws(live)("lambda").create_event_source_mapping(
        FunctionName=function, EventSourceArn=live.settings.queue_arn(queue)
    )


def no_longer_fed(live):
    lam = aws(live)("lambda")
    (row,) = lam.list_event_source_mappings(FunctionName=live.settings.processor_function_name)["EventSourceMappings"]
    lam.update_event_source_mapping(UUID=row["UUID"], Enabled=False)


def a_pipe(live):
    s = live.settings
    aws(live)("pipes").create_pipe(
        Name="again", Source=s.queue_arn("Your6-AlertDLQ"), Target=s.dispatcher_arn,
        RoleArn=s.arn("iam", "role/Your6-LambdaExecutionRole"),
    )  # fmt: skip


def the_account_lets_no_log_in(live):
    text = policy({**DENIAL, "Principal": {"Service": "delivery.logs.amazonaws.com"}}, action="logs:PutLogEvents")
    aws(live)("logs").put_resource_policy(policyName="quiet", policyDocument=text)


def logs_of(live, count):
    """As AWS does by itself where somebody lets another workflow write a log."""
    groups = [f"log-group:{name}:log-stream:*" for name in (live.settings.log_group_name, "/aws/vendedlogs/other")]
    arns = [live.settings.arn("logs", group) for group in groups]
    row = {"Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Resource": arns[:count]}
    text = policy(row, action="logs:PutLogEvents")
    aws(live)("logs").put_resource_policy(policyName="AWSLogDeliveryWrite20150319", policyDocument=text)


MACHINE, PROCESSOR = "state machine Your6-CheckinWorkflow", "function Your6-CheckinProcessor"
DISPATCHER, ROLE = "function Your6-AlertDispatcher", "role Your6-StepFunctionsRole"
OPS, TRUSTED = "topic Your6-OperationsAlerts", "topic Your6-TrustedContactAlerts"
CRISIS, LOW, HIGH = (f"rule Your6-{name}Rule" for name in ("CrisisProtocol", "LowSentiment", "HighRisk"))
BUS, BUCKET, TABLE = "event bus default", "bucket your6-checkins-000000000000", "table your6-users"
LOG = "log group /aws/vendedlogs/states/Your6-CheckinWorkflow"
MISSING = "key arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"
AGAIN, OTHERS = "others' rules that send our events to what alerts pass", "others' rules that could take our events"
TO_THE_DISPATCHER = ("lambda", "function:Your6-AlertDispatcher")
ANEW = {f"{MACHINE}: revision": (FAILED, "1234")}
PUBLISHED = {**ANEW, f"{MACHINE}: newest version": (FAILED, "1234")}


def updated(function):
    return {f"{function}: last update": (CANNOT_TELL, "123")}


CHANGES = {
    "a threshold": (another_threshold, {f"{MACHINE}: definition": (FAILED, "1234"), **PUBLISHED}),
    "a revision of the same definition": (the_same_definition_again, ANEW),
    "the workflow's logging": (no_log, {f"{MACHINE}: logging": (FAILED, "1"), **ANEW}),
    "an alias that comes": (an_alias, {f"{MACHINE}: aliases": (TOLD, "1234")}),
    "an alias that moves": (an_alias_moved, {f"{MACHINE}: aliases": (FAILED, "1234")}),
    "a crisis rule disabled": (
        put_rule("Your6-CrisisProtocolRule", State="DISABLED"), {f"{CRISIS}: state and pattern": (FAILED, "12")}
    ),
    "a rule's pattern": (
        put_rule("Your6-HighRiskRule", EventPattern='{"source": ["x"]}'), {f"{HIGH}: state and pattern": (FAILED, "1")}
    ),
    "the existing rule's description": (
        put_rule("Your6-LowSentimentRule", Description="x"), {f"{LOW}: state and pattern": (FAILED, "13")}
    ),
    "a target's retries": (
        put_target("Your6-CrisisProtocolRule", without_retries), {f"{CRISIS}: targets": (FAILED, "12")}
    ),
    "a target that comes": (put_target("Your6-LowSentimentRule", a_second), {f"{LOW}: targets": (TOLD, "13")}),
    "a target that listens": (put_target("Your6-CrisisProtocolRule", a_listener), {}),
    "listeners": (listeners_come, {}),
    "a bus that allows": (another_account_may_put, {"event bus default: policy": (TOLD, "123")}),
    "a bus that allows no more": (no_other_account_may_put, {"event bus default: policy": (FAILED, "123")}),
    "a topic that denies": (topic_policy({**DENIAL, "Action": "sns:Publish"}), {f"{OPS}: policy": (FAILED, "12")}),
    "a topic that allows": (topic_policy({**MORE, "Action": "sns:Publish"}), {f"{OPS}: policy": (TOLD, "12")}),
    "a topic's name to people": (
        lambda live: aws(live)("sns").set_topic_attributes(
            TopicArn=live.settings.ops_topic_arn, AttributeName="DisplayName", AttributeValue="x"),
        {f"{OPS}: display name": (FAILED, "1")},
    ),
    "a subscriber that comes": (another_subscriber, {f"{OPS}: confirmed subscribers": (TOLD, "12")}),
    "a subscriber's filter": (a_filter, {f"{OPS}: confirmed subscribers": (FAILED, "12")}),
    "a subscriber that goes": (no_subscriber, {f"{OPS}: confirmed subscribers": (FAILED, "12")}),
    "a dead-letter queue's policy": (
        queue_attributes("Your6-OperationsAlertsDLQ", Policy=policy(DENIAL, action="sqs:*")),
        {"queue Your6-OperationsAlertsDLQ: policy": (FAILED, "12")},
    ),
    "a function's dead-letter queue": (
        queue_attributes("Your6-AlertDLQ", KmsMasterKeyId="alias/aws/sqs"),
        {"queue Your6-AlertDLQ: key and delivery": (FAILED, "13")},
    ),
    "how a queue is read": (
        queue_attributes("Your6-AlertDLQ", VisibilityTimeout="77"),
        {"queue Your6-AlertDLQ: other attributes": (TOLD, "13")},
    ),
    "a subscriber's own queue": (
        queue_attributes("Rehearsal-TrustedContactInbox", Policy=policy(DENIAL, action="sqs:*")),
        {"queue Rehearsal-TrustedContactInbox: policy": (FAILED, "123")},
    ),
    "a timeout": (
        configured("Your6-AlertDispatcher", Timeout=1),
        {f"{DISPATCHER}: configuration": (FAILED, "123"), **updated(DISPATCHER)},
    ),
    "a handler": (
        configured("Your6-CheckinProcessor", Handler="other.handler"),
        {f"{PROCESSOR}: configuration": (FAILED, "123"), **updated(PROCESSOR)},
    ),
    "a variable's value": (another_secret, updated(PROCESSOR)),
    "a variable that goes": (
        without_a_variable, {f"{DISPATCHER}: environment variables": (FAILED, "123"), **updated(DISPATCHER)}
    ),
    "a function's code": (other_code, {f"{DISPATCHER}: code": (FAILED, "123"), **updated(DISPATCHER)}),
    "a function that may not run": (
        lambda live: aws(live)("lambda").put_function_concurrency(
            FunctionName="Your6-AlertDispatcher", ReservedConcurrentExecutions=0),
        {f"{DISPATCHER}: reserved concurrency": (FAILED, "123")},
    ),
    "events that are not tried again": (
        lambda live: aws(live)("lambda").put_function_event_invoke_config(
            FunctionName="Your6-AlertDispatcher", MaximumRetryAttempts=0),
        {f"{DISPATCHER}: events that fail": (FAILED, "123")},
    ),
    "a permission that comes": (permission("theirs"), {f"{DISPATCHER}: permissions": (TOLD, "123")}),
    "a permission that goes": (
        lambda live: aws(live)("lambda").remove_permission(
            FunctionName="Your6-AlertDispatcher", StatementId="AllowLowSentimentRule"),
        {f"{DISPATCHER}: permissions": (FAILED, "123")},
    ),
    "a function's alias": (
        a_function_alias,
        {f"{PROCESSOR}: aliases": (TOLD, "123"), "way in Your6-CheckinWorkflow: started by": (TOLD, "1234")},
    ),
    "a role's policy that denies": (
        inline("Your6-StepFunctionsRole", policy({"Effect": "Deny", "Resource": "*"}, action="sns:*")),
        {f"{ROLE}: policies": (FAILED, "123")},
    ),
    "a policy of the functions' role that denies": (
        inline("Your6-LambdaExecutionRole", policy({"Effect": "Deny", "Resource": "*"}, action="sns:*")),
        {"role Your6-LambdaExecutionRole: policies": (FAILED, "123")},
    ),
    "a role's policy that goes": (
        lambda live: aws(live)("iam").delete_role_policy(
            RoleName=live.settings.execution_role_name, PolicyName="Your6StepFunctionsPolicy"),
        {f"{ROLE}: policies": (FAILED, "123")},
    ),
    "a policy attached": (attached, {f"{ROLE}: policies": (TOLD, "123")}),
    "an attached policy's new version": (attached_policy_denies, {f"{ROLE}: policies": (FAILED, "123")}),
    "a permissions boundary": (a_boundary, {f"{ROLE}: permissions boundary": (FAILED, "123")}),
    "whom a role trusts": (
        lambda live: aws(live)("iam").update_assume_role_policy(
            RoleName=live.settings.execution_role_name, PolicyDocument=policy(DENIAL, action="sts:AssumeRole")),
        {f"{ROLE}: who may take it on": (FAILED, "123")},
    ),
    "a table that denies": (table_denies, {"table your6-users: policy": (FAILED, "12")}),
    "the drill user's contact": (a_contact, {"drill user drill-operations: item": (FAILED, "12")}),
    "an intervention that is counted": (a_crisis_is_counted, {}),
    "a widget": (
        lambda live: aws(live)("cloudwatch").put_dashboard(
            DashboardName=live.settings.dashboard_name, DashboardBody='{"widgets": []}'),
        {"dashboard Your6-AI-Monitoring: Phase 3 widgets": (FAILED, "5")},
    ),
    "the log's retention": (
        lambda live: aws(live)("logs").put_retention_policy(
            logGroupName=live.settings.log_group_name, retentionInDays=1),
        {"log group /aws/vendedlogs/states/Your6-CheckinWorkflow: settings": (FAILED, "1")},
    ),
    "an account that lets no log in": (the_account_lets_no_log_in, {f"{LOG}: policies of the account": (FAILED, "1")}),
    "our logs": (lambda live: logs_of(live, 1), {f"{LOG}: policies of the account": (TOLD, "1")}),
    "our logs and others'": (lambda live: logs_of(live, 2), {}),
    "a rule of others that takes a crisis to the dispatcher": (
        a_rule_of_others({"source": ["your6.checkin.crisis"]}, TO_THE_DISPATCHER),
        {f"{BUS}: {AGAIN}": (FAILED, "123"), f"{BUS}: {OTHERS}": (TOLD, "123")},
    ),
    "a rule of others that lets it go": (
        lambda live: aws(live)("events").disable_rule(Name="Theirs"),
        {f"{BUS}: {AGAIN}": (FAILED, "123"), f"{BUS}: {OTHERS}": (TOLD, "123")},
    ),
    "a rule of others that takes what begins so to people": (
        a_rule_of_others({"source": [{"prefix": "your6."}]}, ("sns", "Your6-TrustedContactAlerts"), bus="theirs"),
        {f"{BUS}: {AGAIN}": (FAILED, "123"), f"{BUS}: {OTHERS}": (TOLD, "123")},
    ),
    "a rule of others that keeps our events": (
        a_rule_of_others({"source": [{"prefix": "your6."}]}, ("logs", "log-group:/theirs"), bus="kept"),
        {f"{BUS}: {OTHERS}": (TOLD, "123")},
    ),
    "a rule of others that takes nothing of ours": (
        a_rule_of_others({"source": ["aws.ec2"]}, TO_THE_DISPATCHER, bus="ec2"), {}
    ),
    "a target that tells the dispatcher again": (
        put_target("Your6-CrisisProtocolRule", the_dispatcher_again),
        {f"{CRISIS}: targets": (TOLD, "12"), f"{CRISIS}: targets that alerts pass": (FAILED, "12")},
    ),
    "the dispatcher as a subscriber": (
        the_dispatcher_subscribes,
        {
            f"{TRUSTED}: confirmed subscribers": (TOLD, "123"),
            f"{TRUSTED}: subscribers that alerts pass": (FAILED, "123"),
        },
    ),
    "a queue that feeds the dispatcher": (
        fed("Your6-AlertDispatcher", "Your6-AlertDLQ"), {f"{DISPATCHER}: event source mappings": (FAILED, "123")}
    ),
    "a queue that feeds the processor": (
        fed("Your6-CheckinProcessor", "Your6-CheckinDLQ"), {f"{PROCESSOR}: event source mappings": (FAILED, "123")}
    ),
    "a queue that feeds the processor no more": (
        no_longer_fed, {f"{PROCESSOR}: event source mappings": (FAILED, "123")}
    ),
    "a pipe to the dispatcher": (a_pipe, {f"{DISPATCHER}: pipes": (FAILED, "123")}),
    "a URL": (
        lambda live: aws(live)("lambda").create_function_url_config(
            FunctionName="Your6-AlertDispatcher", AuthType="AWS_IAM"),
        {f"{DISPATCHER}: URLs": (TOLD, "123")},
    ),
    "a URL for everybody": (
        lambda live: aws(live)("lambda").update_function_url_config(
            FunctionName="Your6-AlertDispatcher", AuthType="NONE"),
        {f"{DISPATCHER}: URLs": (FAILED, "123")},
    ),
    "items that expire": (items_expire, {f"{TABLE}: items that expire": (FAILED, "12")}),
    "a table that may be deleted": (
        table(DeletionProtectionEnabled=True), {f"{TABLE}: state and billing": (FAILED, "12")}
    ),
    "a bucket that denies": (bucket_denies, {f"{BUCKET}: policy": (FAILED, "123")}),
    "a bucket's key that is missing": (a_missing_key, {
        f"{BUCKET}: default encryption": (FAILED, "123"), f"{MISSING}: state": (TOLD, "123"),
        f"{MISSING}: policy": (TOLD, "123"),
    }),
    "a bucket with its own encryption": (bucket("delete_bucket_encryption"), {
        f"{BUCKET}: default encryption": (FAILED, "123"), f"{MISSING}: state": (TOLD, "123"),
        f"{MISSING}: policy": (TOLD, "123"),
    }),
    "check-ins that expire": (check_ins_expire, {f"{BUCKET}: objects that expire": (FAILED, "3")}),
    "a bucket that notifies somebody": (notified(), {f"{BUCKET}: notifications": (TOLD, "123")}),
    "a bucket that notifies the processor": (
        notified("Your6-CheckinProcessor"),
        {f"{BUCKET}: notifications": (TOLD, "123"), f"{BUCKET}: notifications that alerts pass": (FAILED, "123")},
    ),
    "a bucket's versions": (
        bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"}),
        {f"{BUCKET}: versioning": (TOLD, "123")},
    ),
}  # fmt: skip


# Which change undoes or goes on with which other one.
AFTER = {
    "a bus that allows no more": "a bus that allows",
    "our logs and others'": "our logs",
    "a rule of others that lets it go": "a rule of others that takes a crisis to the dispatcher",
    "a queue that feeds the processor no more": "a queue that feeds the processor",
    "a URL for everybody": "a URL",
}


@pytest.fixture(scope="module")
def read() -> list[Any]:
    """What the changes before read, one after the other: nothing else happens between them."""
    return []


@pytest.fixture(scope="module")
def made() -> set[str]:
    """The changes that were made already."""
    return set()


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_is_named_with_what_it_means_and_what_rests_on_it(live, read, made, what):
    before = AFTER.get(what)
    if before and before not in made:  # where only some of the changes are tried
        CHANGES[before][0](live)
        read.clear()
    made.add(what)
    change, expected = CHANGES[what]
    assert seen(live, lambda: change(live), read) == expected


def test_a_table_that_bears_less_is_named_and_what_was_reserved_for_it_is_known_or_said_to_be_not(live):
    """The embedded account does not tell what scales a table, so its capacity is one that nobody can tell."""
    before = live_configuration.read(live)
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    table(BillingMode="PROVISIONED", ProvisionedThroughput=units)(live)
    rows = compare_facts(before.facts, live_configuration.read(live).facts)
    table(BillingMode="PAY_PER_REQUEST")(live)
    assert {row.name: row.meaning for row in rows} == {
        f"{TABLE}: state and billing": FAILED, f"{TABLE}: provisioned capacity": CANNOT_TELL,
    }  # fmt: skip


def test_a_bucket_that_is_gone_is_named(live):
    found = seen(live, lambda: no_bucket(live))
    assert found[f"{BUCKET}: is there"] == (FAILED, "123")
    aws(live)("s3").create_bucket(Bucket=live.settings.checkin_bucket_name)


def test_the_workflows_role_is_named_and_so_is_what_can_be_planned_no_more(live):
    """Its permissions would go to a role that it does not use any more, so two phases refuse to be planned."""
    role = f"{MACHINE}: role and type"
    kept = seen(live, lambda: role_of_the_workflow(live, "Your6-LambdaExecutionRole"))
    assert kept.pop(role) == (FAILED, "1234")
    refused = {name for name in kept if name.startswith("plan of phase")}
    assert {name.removeprefix("plan of phase ").partition(":")[0] for name in refused} == {"02", "03"}
    assert {kept[name][0] for name in refused} == {CANNOT_TELL}
    role_of_the_workflow(live, live.settings.execution_role_name)


def test_what_starts_the_workflow_is_named_when_it_starts_another_version_or_nothing(live):
    """The workflow itself is as it was, and yet no check-in comes to what was validated."""
    events, machine = aws(live)("events"), live.settings.state_machine_arn
    role = live.settings.arn("iam", f"role/{live.settings.execution_role_name}")

    def start(arn):
        events.put_targets(Rule="Checkins-Start", Targets=[{"Id": "1", "Arn": arn, "RoleArn": role}])

    events.put_rule(Name="Checkins-Start", ScheduleExpression="rate(1 hour)", State="ENABLED")
    way_in = f"way in {live.settings.state_machine_name}: started by"
    assert seen(live, lambda: start(machine))[way_in] == (TOLD, "1234")
    assert seen(live, lambda: start(newest_version(live)[-1]))[way_in] == (FAILED, "1234")
    assert seen(live, lambda: start(machine))[way_in] == (FAILED, "1234")
    assert seen(live, lambda: events.disable_rule(Name="Checkins-Start"))[way_in] == (FAILED, "1234")
    events.remove_targets(Rule="Checkins-Start", Ids=["1"])
    events.delete_rule(Name="Checkins-Start")


def test_a_key_and_what_becomes_of_it(live):
    found = seen(live, lambda: a_key(live))
    assert found.pop(f"{TRUSTED}: key and delivery") == (FAILED, "123")
    assert {meaning for meaning, _ in found.values()} == {TOLD}  # the key itself, which now is named
    key = f"key {key_of(live)}"
    gone = json.dumps({"Version": "2012-10-17", "Statement": []})
    put = lambda: aws(live)("kms").put_key_policy(KeyId=key_of(live), PolicyName="default", Policy=gone)  # noqa: E731
    assert seen(live, put) == {f"{key}: policy": (FAILED, "123")}
    disable = lambda: aws(live)("kms").disable_key(KeyId=key_of(live))  # noqa: E731
    assert seen(live, disable) == {f"{key}: state": (FAILED, "123")}


def test_the_target_of_a_rule_is_read_as_what_it_names(live):
    """A rule that carries its event to a function's alias: that one's configuration is what runs."""
    target = {"Id": "AlertDispatcherTarget", "Arn": f"{live.settings.processor_arn}:live"}
    found = seen(live, lambda: put_target("Your6-ProactiveRule", lambda _: target)(live))
    assert found["rule Your6-ProactiveRule: targets"] == (FAILED, "1")
    assert (TOLD, "1") in {row for name, row in found.items() if name.startswith(f"{PROCESSOR}:live: ")}


def test_no_value_of_a_variable_no_address_and_nobodys_contact_is_read(live):
    sns, lam = aws(live)("sns"), aws(live)("lambda")
    sns.subscribe(TopicArn=live.settings.ops_topic_arn, Protocol="email", Endpoint="someone@example.com")
    name = live.settings.processor_function_name
    found = lam.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    lam.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**found, "MODEL_API_KEY": "sk-not-a-real-one"}}
    )
    a_contact(live)
    text = json.dumps([vars(fact) for fact in live_configuration.read(live).facts])
    assert "MODEL_API_KEY" in text
    assert [word for word in ("example.com", "sk-not-a-real-one", "elsewhere", "+15550100") if word in text] == []


def test_what_is_denied_is_a_fact_that_says_so_and_no_traceback(live, server):
    """A role that may read nothing but rules: everything else is `cannot tell`, and the rules are told."""
    whole = live_configuration.read(live)
    denied = replace(live, clients={**live.clients, **{one: Denying() for one in ("lambda", "iam", "sns", "sqs")}})
    found = live_configuration.read(denied)
    kinds = {fact.name.split(" ")[0] for fact in found.unreadable}
    assert kinds == {"function", "role", "topic", "queue", "plan"}  # the plan asks what topics' keys are, and more
    assert all("AccessDenied" in fact.unreadable for fact in found.unreadable)
    rows = compare_facts(whole.facts, found.facts)
    assert {row.meaning for row in rows if row.name.split(" ")[0] in kinds} <= {CANNOT_TELL, TOLD}
    assert {f"{CRISIS}: state and pattern", f"{CRISIS}: targets"} & {row.name for row in rows} == set()


class Denying:
    """A client that may call nothing."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object, **__: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, name)

        return refuse


def test_what_changes_between_the_first_drill_and_the_last_fails_the_validation(live):
    record = records.open_run(live.settings)
    begun = validity.begin_validation(connected_run.of(live, record))
    assert [check.status for check in validity.system_unchanged(live, validity.end(live, begun))] == ["passed"]
    put_rule("Your6-ProactiveRule", State="DISABLED")(live)
    (check,) = validity.system_unchanged(live, validity.end(live, begun))
    assert check.status == "failed"
    assert "rule Your6-ProactiveRule: state and pattern: State ENABLED -> DISABLED" in check.found
    assert record.latest(validity.BEGUN)["time"] == begun.time


def test_the_criteria_of_the_baseline_are_said_once(live):
    rests = {(one.kind, one.name): one.criteria for one in live_configuration.subjects(live)}
    assert rests["rule", routes.LOW_SENTIMENT_RULE] == "13"
    assert rests["rule", "Your6-CrisisProtocolRule"] == "12"
    assert rests["dashboard", live.settings.dashboard_name] == "5"
