"""Accounts in which somebody was before us: what is theirs is untouched, field by field, or the plan refuses itself.

Each is planned, applied and rolled back without a kernel. What the account holds afterwards is compared as a whole.
"""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from accounts import differences, snapshot
from click.testing import CliRunner

from lib.aws import connect
from lib.changes import engine, loss_guard
from lib.cli import change_commands, resume, runner
from lib.definitions import loader, marked_sections
from lib.errors import Refused
from lib.phases import preflight, rollback
from lib.record import records, run_index
from lib.record.records import LOG, Record, Run
from lib.resources import connected_run, desired, functions
from lib.resources.existing import baseline_pieces
from lib.resources.monitoring.logs_and_widgets import Widgets
from lib.settings import Settings
from rehearsal.account import clients

INBOX, OTHER_INBOX = "Rehearsal-OperationsInbox", "Rehearsal-TrustedContactInbox"
STANDARD_RULE = "Your6-LowSentimentRule"
TAGS = {"owner": "somebody", "größe": "schön ✓"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def everything(account: Settings) -> dict[tuple[str, ...], Any]:
    """Every field of everything that somebody could miss, by its path."""

    def aws(service: str) -> Any:
        return clients.client(account.endpoint_url, service, account.region)

    found: dict[tuple[str, ...], Any] = {}
    for part in (_topics, _subscriptions, _queues, _functions, _roles, _rules, _machines, _logs, _dashboards, _users):
        for name, value in part(aws, account):
            found |= flat(value, (name,))
    folder = account.path(account.docs_dir)
    return found | {("document", file.name): file.read_bytes() for file in sorted(folder.glob("*"))}


def flat(value: Any, path: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """A value's leaves by their path; a list's elements by what names them."""
    if isinstance(value, str) and value[:1] == "{":
        return flat(json.loads(value), path)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        value = {_label(row, at): row for at, row in enumerate(value)}
    if isinstance(value, dict):
        return {found: leaf for key, inner in value.items() for found, leaf in flat(inner, (*path, str(key))).items()}
    return {} if value == [] else {path: value}


def _label(row: dict[str, Any], at: int) -> str:
    named = (row.get(key) for key in ("Sid", "Id", "Key", "PolicyName"))
    title = row.get("properties", {}).get("title") if isinstance(row.get("properties"), dict) else None
    return str(next((name for name in (*named, title) if name), at))


def without(row: dict[str, Any], *moving: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("ResponseMetadata", *moving)}


def _topics(aws, account):
    for topic in aws("sns").list_topics()["Topics"]:
        arn = topic["TopicArn"]
        attributes = aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        counts = [key for key in attributes if key.startswith("Subscriptions")]
        yield f"topic {arn.rsplit(':', 1)[-1]}", without(attributes, *counts)
        yield f"tags of {arn}", aws("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]


def _subscriptions(aws, account):
    for row in aws("sns").list_subscriptions()["Subscriptions"]:
        found = aws("sns").get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])["Attributes"]
        # An empty one says the same as none.
        shown = {key: value for key, value in found.items() if value not in ("", "{}")}
        yield f"subscription {row['TopicArn'].rsplit(':', 1)[-1]} -> {row['Endpoint'].rsplit(':', 1)[-1]}", shown


def _queues(aws, account):
    for url in aws("sqs").list_queues().get("QueueUrls", []):
        found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        shown = {key: value for key, value in without(found, "LastModifiedTimestamp").items() if value}
        yield f"queue {url.rsplit('/', 1)[-1]}", shown
        yield f"tags of {url}", aws("sqs").list_queue_tags(QueueUrl=url).get("Tags", {})


def _functions(aws, account):
    for row in aws("lambda").list_functions()["Functions"]:
        name = row["FunctionName"]
        found = aws("lambda").get_function_configuration(FunctionName=name)
        moving = [key for key in found if key.startswith(("Last", "State", "RevisionId"))]
        yield f"function {name}", without(found, *moving)
        yield f"tags of {name}", aws("lambda").list_tags(Resource=row["FunctionArn"])["Tags"]
        yield f"permissions of {name}", json.loads(aws("lambda").get_policy(FunctionName=name)["Policy"])["Statement"]


def _roles(aws, account):
    iam = aws("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            yield f"policy {policy} of {name}", iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        yield f"attached to {name}", iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        yield f"tags of {name}", iam.list_role_tags(RoleName=name)["Tags"]


def _rules(aws, account):
    for row in aws("events").list_rules()["Rules"]:
        found = aws("events").describe_rule(Name=row["Name"])
        yield f"rule {row['Name']}", {"Description": "", **without(found)}
        yield f"targets of {row['Name']}", aws("events").list_targets_by_rule(Rule=row["Name"])["Targets"]
        yield f"tags of {row['Arn']}", aws("events").list_tags_for_resource(ResourceARN=row["Arn"])["Tags"]


def _machines(aws, account):
    states, arn = aws("stepfunctions"), account.state_machine_arn
    found = states.describe_state_machine(stateMachineArn=arn)
    logging = found.get("loggingConfiguration") or {"level": "OFF", "includeExecutionData": False}
    moving = ("revisionId", "updateDate", "loggingConfiguration")
    yield "workflow", {**without(found, *moving), "loggingConfiguration": logging}
    yield "tags of the workflow", {row["key"]: row["value"] for row in _machine_tags(states, arn)}


def _machine_tags(states, arn):
    return states.list_tags_for_resource(resourceArn=arn)["tags"]


def _logs(aws, account):
    for row in aws("logs").describe_log_groups()["logGroups"]:
        yield (
            f"log group {row['logGroupName']}",
            {"retentionInDays": 0, **without(row, "storedBytes", "metricFilterCount")},
        )
        yield (
            f"tags of {row['logGroupName']}",
            aws("logs").list_tags_log_group(logGroupName=row["logGroupName"])["tags"],
        )


def _dashboards(aws, account):
    for row in aws("cloudwatch").list_dashboards()["DashboardEntries"]:
        body = aws("cloudwatch").get_dashboard(DashboardName=row["DashboardName"])["DashboardBody"]
        yield f"dashboard {row['DashboardName']}", json.loads(body)


def _users(aws, account):
    for item in aws("dynamodb").scan(TableName=account.table_name)["Items"]:
        yield f"user {item['userId']['S']}", item


# What the change is there to replace: the workflow's definition, its switched-off log, our sections of two documents.
OURS = (
    ("workflow", "definition"),
    ("workflow", "loggingConfiguration", "level"),
    ("document", "README.md"),
    ("document", "CLAUDE.md"),
)


def touched(before, now) -> set[tuple[str, ...]]:
    """What was there before and is not, or is otherwise, now; apart from what the change is there to replace."""
    changed = {path for path, value in before.items() if now.get(path) != value}
    return {path for path in changed if not any(path[: len(ours)] == ours for ours in OURS)}


def applied(account: Settings, **more: Any) -> tuple[Settings, Record]:
    """Refuse as `runbook apply` does before it begins, then make what every phase wants."""
    chosen = account.model_copy(update={"mode": "apply", **more})
    record = records.open_run(chosen)
    live = connect(chosen)
    loss_guard.require_no_loss(runner.plan_all(live), connected_run.of(live, record))
    for number, wanted in desired.PHASES.items():
        outcome = engine.carry_out(engine.plan(number, wanted(live)), connected_run.of(live, record))
        failed = [check for check in engine.verify(outcome, Run(chosen, record)) if check.status == "failed"]
        assert failed == []
    assert not any(plan.pending for plan in runner.plan_all(live))
    return chosen, record


def rolled_back(settings: Settings, record: Record) -> None:
    live = connect(settings)
    undo = rollback.plan(connected_run.of(live, record))
    assert not any(change.foreign for change in undo.changes)
    states = engine.roll_back(undo, connected_run.of(live, record)).states
    assert set(states) <= {"applied", "nothing to do"}


def our_rule(account):
    return next(rule for rule in loader.rules() if rule["name"] == "Your6-HighRiskRule")


def put_rule(client, account, **more):
    rule = our_rule(account)
    given = {"EventPattern": json.dumps(rule["pattern"]), "State": "ENABLED", "Description": rule["description"]}
    return client("events").put_rule(Name=rule["name"], **{**given, **more})["RuleArn"]


def policy_of(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(sid, action="s3:GetObject"):
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"}


def ops_topic(client, account, **attributes):
    return client("sns").create_topic(Name=account.ops_topic_name, Attributes=attributes)["TopicArn"]


# Baselines that lose nothing.


def as_it_usually_is(client, account):
    """The baseline itself."""


def more_variables(client, account):
    function = account.processor_function_name
    held = client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    theirs = {"EMPTY": "", "UNICODE": "größe ✓ 日本語", "SECRET": 'a=b;"c"\n', "OPS_SNS_TOPIC": "nearly ours"}
    client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": {**held, **theirs}})


def our_variable_is_empty(client, account):
    function = account.processor_function_name
    held = client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    variables = {**held, "OPS_SNS_TOPIC_ARN": ""}
    client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def more_policies(client, account):
    iam, role = client("iam"), account.execution_role_name
    for name in ("Theirs", f"{account.execution_policy_name}2"):
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy_of(statement("Theirs")))
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def our_policy_in_part(client, account):
    ours = desired.policy(connect(account))["Statement"]
    iam = client("iam")
    iam.put_role_policy(
        RoleName=account.execution_role_name,
        PolicyName=account.execution_policy_name,
        PolicyDocument=policy_of(*ours[:2]),
    )


def more_targets(client, account):
    put_rule(client, account)
    arn = account.queue_arn(OTHER_INBOX)
    client("events").put_targets(Rule=our_rule(account)["name"], Targets=[{"Id": "theirs", "Arn": arn, "Input": "{}"}])
    client("events").put_targets(Rule=STANDARD_RULE, Targets=[{"Id": "theirs", "Arn": arn}])


def more_permissions(client, account):
    client("lambda").add_permission(
        FunctionName=account.dispatcher_function_name,
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="111111111111",
    )


def a_function_url(client, account):
    """What Lambda adds for a function URL, and what else AddPermission takes."""
    everybody = {"Principal": "*", "FunctionUrlAuthType": "NONE"}
    theirs = {
        "FunctionURLAllowPublicAccess": {"Action": "lambda:InvokeFunctionUrl", **everybody},
        "FunctionURLInvokeAllowPublicAccess": {"Principal": "*", "InvokedViaFunctionUrl": True},
        "organisation": {"Principal": "*", "PrincipalOrgID": "o-a1b2c3d4e5"},
        "skill": {"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.x"},
        "bucket": {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::x", "SourceAccount": "111111111111"},
        "any-rule": {"Principal": "events.amazonaws.com"},
    }
    for sid, more in theirs.items():
        client("lambda").add_permission(
            FunctionName=account.dispatcher_function_name,
            StatementId=sid,
            **{"Action": "lambda:InvokeFunction", **more},
        )


def tags_everywhere(client, account):
    states, sns, sqs, logs = client("stepfunctions"), client("sns"), client("sqs"), client("logs")
    rows = [{"key": key, "value": value} for key, value in TAGS.items()]
    states.tag_resource(resourceArn=account.state_machine_arn, tags=rows)
    for function in (account.processor_arn, account.dispatcher_arn):
        client("lambda").tag_resource(Resource=function, Tags=TAGS)
    client("iam").tag_role(RoleName=account.execution_role_name, Tags=PAIRS)
    for topic in (account.alert_topic_arn, ops_topic(client, account)):
        sns.tag_resource(ResourceArn=topic, Tags=PAIRS)
    attributes = {"MessageRetentionPeriod": desired.FOURTEEN_DAYS}
    sqs.create_queue(QueueName=account.ops_dead_letter_queue_name, Attributes=attributes, tags=TAGS)
    client("events").tag_resource(ResourceARN=put_rule(client, account), Tags=PAIRS)
    logs.create_log_group(logGroupName=account.log_group_name, tags=TAGS)
    logs.put_retention_policy(logGroupName=account.log_group_name, retentionInDays=account.log_retention_days)


def topic_with_other_settings(client, account):
    arn = ops_topic(client, account, KmsMasterKeyId="alias/aws/sns")
    delivery = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 7}}}
    theirs = {"Policy": policy_of(statement("Theirs", "sns:Publish")), "DeliveryPolicy": json.dumps(delivery)}
    for name, value in theirs.items():
        client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def subscribed_already(client, account):
    sns, arn = client("sns"), ops_topic(client, account)
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=account.ops_subscription_endpoint)
    theirs = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"theirs": ["yes"]})}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=account.queue_arn(OTHER_INBOX), Attributes=theirs)
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="somebody@example.com")


def queue_with_other_statements(client, account):
    name = account.ops_dead_letter_queue_name
    theirs = {**statement("Theirs", "sqs:ReceiveMessage"), "Principal": {"AWS": "111111111111"}}
    nameless = {"Effect": "Deny", "Principal": "*", "Action": "sqs:DeleteQueue", "Resource": account.queue_arn(name)}
    document = json.dumps({"Version": "2008-10-17", "Id": "theirs", "Statement": [theirs, nameless]})
    attributes = {"MessageRetentionPeriod": desired.FOURTEEN_DAYS, "VisibilityTimeout": "77", "Policy": document}
    client("sqs").create_queue(QueueName=name, Attributes=attributes)


def dashboard_with_more(client, account):
    cloudwatch, name = client("cloudwatch"), account.dashboard_name
    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    text = {"type": "text", "x": 3, "y": 9, "width": 4, "height": 2, "properties": {"markdown": "# Phase 3: theirs"}}
    more = {"start": "-PT3H", "periodOverride": "inherit", "widgets": [*body["widgets"], text]}
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(more))


def dashboard_in_somebodys_hand(client, account):
    body = """{ "widgets":[ {"type":"text","x":0.0,"width":6.00,"properties":null},{"type":"text"} ,
      {"type":"text","properties":{"title":7,"markdown":"\\u00e9"}},
      {"type":"text", "properties":{"markdown":"Phase 3: x"}},
      {"type":"metric","type":"text","properties":{"yAxis":{"left":{"max":1e30,"min":123456789012345678901234.50}}}}]
    ,"start": "-PT3H" }"""
    client("cloudwatch").put_dashboard(DashboardName=account.dashboard_name, DashboardBody=body)


def schedule_beside_the_pattern(client, account):
    described = client("events").describe_rule(Name=STANDARD_RULE)
    kept = {key: described[key] for key in ("Name", "EventPattern", "Description") if described.get(key)}
    client("events").put_rule(**kept, ScheduleExpression="rate(1 day)", State="ENABLED")


def log_kept_for_a_shorter_time(client, account):
    client("logs").create_log_group(logGroupName=account.log_group_name, kmsKeyId="arn:aws:kms:us-east-1:0:key/theirs")
    client("logs").put_retention_policy(logGroupName=account.log_group_name, retentionInDays=30)


def drill_user_with_more(client, account):
    item = {"userId": {"S": account.drill_user_id}, "note": {"S": "theirs"}, "crisisInterventionCount": {"N": "3"}}
    client("dynamodb").put_item(TableName=account.table_name, Item=item)


NOTHING_LOST = [
    as_it_usually_is, more_variables, our_variable_is_empty, more_policies, our_policy_in_part, more_targets,
    more_permissions, a_function_url, schedule_beside_the_pattern, dashboard_in_somebodys_hand, tags_everywhere,
    topic_with_other_settings, subscribed_already, queue_with_other_statements,
    dashboard_with_more, log_kept_for_a_shorter_time, drill_user_with_more,
]  # fmt: skip
# Ours, but empty before: what fills it is no loss.
FILLED = {
    our_variable_is_empty: {("function Your6-CheckinProcessor", "Environment", "Variables", "OPS_SNS_TOPIC_ARN")},
    tags_everywhere: {("topic Your6-OperationsAlerts", "DisplayName")},
    topic_with_other_settings: {("topic Your6-OperationsAlerts", "DisplayName")},
    subscribed_already: {("topic Your6-OperationsAlerts", "DisplayName")},
    log_kept_for_a_shorter_time: {
        ("log group /aws/vendedlogs/states/Your6-CheckinWorkflow", "retentionInDays"),
    },
}


@pytest.mark.parametrize("hostile", NOTHING_LOST, ids=lambda hostile: hostile.__name__)
def test_what_is_not_ours_is_untouched_through_apply_and_rollback(hostile, account, client):
    comes_through([hostile], account, client)


def test_all_of_what_is_not_ours_at_once_is_untouched_through_apply_and_rollback(account, client):
    # A dashboard is either of two, and what has tags is made with nothing else of its own.
    chosen = [one for one in NOTHING_LOST if one not in (dashboard_in_somebodys_hand, tags_everywhere)]
    comes_through(chosen, account, client)


def comes_through(hostiles, account, client):
    for hostile in hostiles:
        hostile(client, account)
    before, whole = everything(account), snapshot(account)
    texts, baseline = documents_of(client, account), preflight.baseline(connect(account))
    assert [check for check in baseline_pieces.pieces(connect(account)) if check.status != "passed"] == []
    settings, record = applied(account)
    assert touched(before, everything(account)) == set().union(*(FILLED.get(hostile, set()) for hostile in hostiles))
    assert preflight.baseline(connect(account)) == baseline
    rolled_back(settings, record)
    assert everything(account) == before
    assert documents_of(client, account) == texts
    assert differences(whole, snapshot(account)) - set_empty(whole) == {f"versions of {account.state_machine_name}"}


def documents_of(client, account) -> dict[str, str]:
    """What others wrote as one text, to the byte."""
    return {
        "permissions": client("lambda").get_policy(FunctionName=account.dispatcher_function_name)["Policy"],
        "dashboard": client("cloudwatch").get_dashboard(DashboardName=account.dashboard_name)["DashboardBody"],
        "item": repr(
            client("dynamodb")
            .get_item(TableName=account.table_name, Key={"userId": {"S": account.drill_user_id}})
            .get("Item")
        ),
        "rule": client("events").describe_rule(Name=STANDARD_RULE)["EventPattern"],
    }


def set_empty(whole: dict[str, Any]) -> set[str]:
    """Subscriptions of the operations topic: to take an attribute of theirs away leaves an empty one."""
    return {name for name in whole if name.startswith("subscription Your6-OperationsAlerts")}


# Baselines that would lose something: how much, and what.


def our_policy_with_more(client, account):
    ours = desired.policy(connect(account))["Statement"]
    theirs = [statement("Theirs"), statement("Others", "s3:PutObject")]
    client("iam").put_role_policy(
        RoleName=account.execution_role_name,
        PolicyName=account.execution_policy_name,
        PolicyDocument=policy_of(*ours, *theirs),
    )
    name = f"{account.execution_role_name} / {account.execution_policy_name}"
    return 2, f"role policy {name} Statement .*Theirs", f"policy {account.execution_policy_name} of"


def other_logging(client, account):
    states, group = client("stepfunctions"), "/aws/vendedlogs/states/theirs"
    client("logs").create_log_group(logGroupName=group)
    where = {"cloudWatchLogsLogGroup": {"logGroupArn": account.arn("logs", f"log-group:{group}:*")}}
    logging = {"level": "ERROR", "includeExecutionData": True, "destinations": [where]}
    states.update_state_machine(stateMachineArn=account.state_machine_arn, loggingConfiguration=logging)
    return 3, r"state machine Your6-CheckinWorkflow loggingConfiguration\.level \('ERROR' -> 'ALL'\)", "workflow"


def paused_rule(client, account):
    put_rule(client, account, State="DISABLED")
    return 1, r"rule Your6-HighRiskRule State \('DISABLED' -> 'ENABLED'\)", "rule Your6-HighRiskRule"


def other_pattern(client, account):
    pattern = {"source": ["theirs"], "detail": {"a": ["b"]}}
    put_rule(client, account, EventPattern=json.dumps(pattern), Description="theirs")
    return 4, r"rule Your6-HighRiskRule EventPattern\.source \(\[\"theirs\"\] -> ", "rule Your6-HighRiskRule"


def other_target(client, account):
    put_rule(client, account)
    theirs = {"Arn": account.queue_arn(OTHER_INBOX), "Input": "theirs", "RetryPolicy": {"MaximumRetryAttempts": 1}}
    target = {"Id": our_rule(account)["targetId"], **theirs}
    client("events").put_targets(Rule=our_rule(account)["name"], Targets=[target])
    return (
        3,
        r"rule target Your6-HighRiskRule / AlertDispatcherTarget Input \('theirs' -> nothing\)",
        "targets of Your6-HighRiskRule",
    )


def other_permission(client, account):
    client("lambda").add_permission(
        FunctionName=account.dispatcher_function_name,
        StatementId="Your6-HighRiskRule-invokes",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )
    return 1, "function permission .*Your6-HighRiskRule-invokes SourceArn .nothing -> ", "permissions of"


def other_display_name(client, account):
    ops_topic(client, account, DisplayName="Somebody's")
    return (
        1,
        "topic Your6-OperationsAlerts DisplayName .\"Somebody's\" -> 'Your6 operations alerts'",
        "topic Your6-OperationsAlerts",
    )


def other_subscription(client, account):
    sns, arn = client("sns"), ops_topic(client, account)
    theirs = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"theirs": ["yes"]})}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=account.ops_subscription_endpoint, Attributes=theirs)
    return (
        2,
        r"subscription Your6-OperationsAlerts -> sqs Rehearsal-OperationsInbox raw \('true' -> 'false'\)",
        "subscription Your6-OperationsAlerts",
    )


def other_variable(client, account):
    function = account.processor_function_name
    held = client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    variables = {**held, "OPS_SNS_TOPIC_ARN": account.alert_topic_arn, "SECRET": "never told"}
    client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    return 1, "environment variable Your6-CheckinProcessor / OPS_SNS_TOPIC_ARN .*TrustedContactAlerts", "function"


def other_queue(client, account):
    name = account.events_dead_letter_queue_name
    theirs = {
        "Sid": "AcceptUndelivered",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": account.queue_arn(name),
    }
    attributes = {"MessageRetentionPeriod": "3600", "Policy": policy_of(theirs)}
    client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return 2, f"queue policy {name} / AcceptUndelivered Condition .nothing -> ", f"queue {name}"


def log_kept_for_a_longer_time(client, account):
    client("logs").create_log_group(logGroupName=account.log_group_name)
    client("logs").put_retention_policy(logGroupName=account.log_group_name, retentionInDays=365)
    return 1, "log group .* retentionInDays .365 -> 90", "log group"


def log_kept_for_ever(client, account):
    client("logs").create_log_group(logGroupName=account.log_group_name)
    return 1, "log group .* retentionInDays .0 -> 90", "log group"


def widget_with_our_title(client, account):
    cloudwatch, name = client("cloudwatch"), account.dashboard_name
    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    theirs = {"type": "text", "width": 4, "height": 2, "properties": {"markdown": "", "title": "Phase 3: theirs"}}
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": [*body["widgets"], theirs]}))
    return 1, "dashboard widgets .* .*Phase 3: theirs", "dashboard"


def section_with_our_marker(client, account):
    section = desired.documentation(connect(account))[0].resource
    marked_sections.write_section(section.path, section.section, "What somebody noted there.")
    return 1, "documentation section .* .'What somebody noted there.' -> ", "document"


def drill_user_with_other_numbers(client, account):
    item = {
        "userId": {"S": account.drill_user_id},
        "trustedContact": {"M": {"phone": {"S": ""}, "email": {"NULL": True}}},
        "alertThreshold": {"N": "-0.5123456789012345678901234567890123456"},
        "drill": {"N": "2"},
        "theirs": {"B": b"x"},
    }
    client("dynamodb").put_item(TableName=account.table_name, Item=item)
    return (
        2,
        r'drill user .* alertThreshold \({"DynamoDB": {"N": "-0.5123456789012345678901234567890123456"}} -> ',
        "user drill-",
    )


LOST = [
    our_policy_with_more, other_logging, paused_rule, other_pattern, other_target, other_permission,
    other_display_name, other_subscription, other_variable, other_queue, log_kept_for_a_longer_time, log_kept_for_ever,
    widget_with_our_title, section_with_our_marker, drill_user_with_other_numbers,
]  # fmt: skip


@pytest.mark.parametrize("hostile", LOST, ids=lambda hostile: hostile.__name__)
def test_a_plan_that_would_lose_something_refuses_itself_and_its_rollback_gives_it_back(hostile, account, client):
    is_refused_and_given_back([hostile], account, client)


def test_a_plan_that_would_lose_all_of_it_refuses_itself_and_its_rollback_gives_it_back(account, client):
    # A rule has one pattern and one state, and a log group is kept for one time.
    chosen = [one for one in LOST if one not in (other_pattern, other_target, log_kept_for_ever)]
    is_refused_and_given_back(chosen, account, client)


def is_refused_and_given_back(hostiles, account, client):
    counts, names, things = zip(*(hostile(client, account) for hostile in hostiles), strict=True)
    count = sum(counts)
    before, texts = everything(account), documents_of(client, account)
    with pytest.raises(Refused) as refused:
        applied(account, may_replace=count - 1)
    said = str(refused.value)
    assert re.match(f"this plan would replace {count} values? that no recorded run wrote: ", said), said
    assert all(re.search(named, said) for named in names), said
    assert f"expected at most {count - 1}." in said
    assert "never told" not in said
    assert everything(account) == before
    settings, record = applied(account, may_replace=count)
    emptied = {path for path in touched(before, everything(account)) if before[path] == ""}
    assert all(path[0].startswith(things) for path in touched(before, everything(account)) - emptied)
    rolled_back(settings, record)
    assert everything(account) == before
    assert documents_of(client, account) == texts
    # What was given back is not ours: the next run is refused as the first was.
    with pytest.raises(Refused, match=f"would replace {count} value"):
        applied(account)


def test_a_phase_stepped_by_hand_refuses_itself_too(account, client):
    paused_rule(client, account)
    settings = account.model_copy(update={"mode": "apply"})
    record, live = records.open_run(settings), connect(settings)
    before = everything(account)
    with pytest.raises(Refused, match="would replace 1 value"):
        engine.carry_out(engine.plan("04", desired.event_rules(live)), connected_run.of(live, record))
    assert everything(account) == before
    assert record.rows(LOG) == []
    planning = replace(connected_run.of(live, record), settings=account)
    planned = engine.carry_out(engine.plan("04", desired.event_rules(live)), planning)
    assert "rule Your6-HighRiskRule State ('DISABLED' -> 'ENABLED')" in planned.refusal


def test_with_other_thresholds_our_own_values_are_replaced_without_asking(account):
    applied(account)
    settings = account.model_copy(update={"crisis_risk_above": 97, "log_retention_days": 30})
    live = connect(settings)
    plans = runner.plan_all(live)
    assert {plan.phase for plan in plans if plan.pending} >= {"03", "06"}
    assert loss_guard.refusal(plans, connected_run.of(live, records.open_run(settings))) == ""
    assert loss_guard.losses(plans, loss_guard.Ours()) != []
    _, record = applied(settings)
    assert {row["name"] for row in record.rows(LOG)} >= {f"log group {account.log_group_name}"}


def test_a_rule_that_somebody_paused_since_our_run_is_not_woken(account, client):
    applied(account)
    client("events").disable_rule(Name="Your6-HighRiskRule")
    with pytest.raises(Refused, match=r"replace 1 value .*rule Your6-HighRiskRule State \('DISABLED' -> 'ENABLED'\)"):
        applied(account)


def test_a_rules_schedule_is_untouched(account, client):
    put_rule(client, account, ScheduleExpression="rate(1 day)", Description="")
    before = everything(account)
    settings, record = applied(account)
    assert touched(before, everything(account)) == {("rule Your6-HighRiskRule", "Description")}
    rolled_back(settings, record)
    assert everything(account) == before


def words(account: Settings, command: str, *more: str) -> list[str]:
    given = ("endpoint_url", "outputs_dir", "docs_dir")
    return [
        command,
        "local",
        *(["--yes"] if command == "apply" else []),
        *more,
        *(word for key in given for word in ("--set", f"{key}={getattr(account, key)}")),
    ]


def test_the_commands_refuse_with_exit_code_3_and_write_nothing(account, client):
    paused_rule(client, account)
    before = everything(account)
    planned = CliRunner().invoke(change_commands.main, words(account, "plan"))
    assert planned.exit_code == 3
    assert planned.stderr.startswith("Refused: this plan would replace 1 value that no recorded run wrote: ")
    assert "who notices" in planned.stdout
    assert "every check-in from now on" in " ".join(planned.stdout.split())
    assert "Plan: plan-" not in planned.stdout
    for more in ([], ["--only", "04"]):
        ended = CliRunner().invoke(change_commands.main, words(account, "apply", *more))
        assert (ended.exit_code, "would replace 1 value" in ended.stderr) == (3, True)
    found = [
        (record.read_json("run.json") or {"verdict": "planned"})["verdict"] for record in run_index.all_records(account)
    ]
    assert sorted(found) == ["planned", "refused", "refused"]
    assert [record.rows(LOG) for record in run_index.all_records(account)] == [[], [], []]
    assert everything(account) == before


def test_a_persons_contact_under_the_drill_users_id_is_replaced_by_no_number_and_told_nowhere(account, client):
    contact = {"name": {"S": "Jane Roe"}, "phone": {"S": "+15550100123"}, "email": {"S": "jane.roe@example.org"}}
    item = {"userId": {"S": account.drill_user_id}, "trustedContact": {"M": contact}, "alertThreshold": {"N": "-0.5"}}
    client("dynamodb").put_item(TableName=account.table_name, Item=item)
    before = everything(account)
    for line in (["plan"], ["apply"], ["apply", "--only", "01"], ["drill"], ["status"]):
        ended = CliRunner().invoke(change_commands.main, [*words(account, *line), "--set", "may_replace=100"])
        assert not re.search("Jane|Roe|5550100123|jane.roe", ended.output)
        assert ended.exit_code == (0 if line == ["status"] else 3)
        if line[0] in ("plan", "apply"):
            assert "may be a person's contact; set drill_user_id to an id that nobody has" in ended.stderr
    kept = [path for path in account.runs_folder.rglob("*") if path.is_file()]
    assert len(kept) > 5
    assert [path for path in kept if re.search(rb"Jane|Roe|5550100123|jane.roe", path.read_bytes())] == []
    assert everything(account) == before


def test_the_phases_that_lose_nothing_may_begin(account, client):
    paused_rule(client, account)
    settings = account.model_copy(update={"mode": "apply"})
    record, live = records.open_run(settings), connect(settings)
    runner.begin_approved(connected_run.of(live, record), ["02"])
    with pytest.raises(Refused, match="would replace 1 value"):
        runner.begin_approved(connected_run.of(live, record), ["04"])


def test_going_on_with_a_run_is_refused_where_it_would_lose_something(account, client):
    settings = account.model_copy(update={"mode": "apply"})
    record, live = records.open_run(settings), connect(settings)
    runner.begin_approved(connected_run.of(live, record), ["04"])
    resume.begin_resumed(connected_run.of(live, record), ["04"])
    paused_rule(client, account)
    with pytest.raises(Refused, match="would replace 1 value"):
        resume.begin_resumed(connected_run.of(live, record), ["04"])


def test_without_the_guard_a_paused_rule_would_be_woken_and_these_tests_would_see_it(account, client, monkeypatch):
    paused_rule(client, account)
    before = everything(account)
    monkeypatch.setattr(loss_guard, "losses", lambda plans, ours: [])
    applied(account)
    assert touched(before, everything(account)) == {("rule Your6-HighRiskRule", "State")}


def test_without_the_merge_variables_would_be_lost_and_these_tests_would_see_it(account, client, monkeypatch):
    more_variables(client, account)
    before, whole = everything(account), functions._environment
    monkeypatch.setattr(functions, "_environment", lambda live, function: ({}, whole(live, function)[1]))
    live = connect(account)
    functions.EnvironmentVariable(live, account.processor_function_name, "OPS_SNS_TOPIC_ARN").write("ours")
    lost = {path[-1] for path in touched(before, everything(account))}
    assert lost == {"EMPTY", "UNICODE", "SECRET", "OPS_SNS_TOPIC", "DYNAMODB_TABLE", "S3_BUCKET", "SNS_TOPIC_ARN",
                    "STATE_MACHINE_ARN"}  # fmt: skip


def test_without_the_merge_widgets_would_be_lost_and_these_tests_would_see_it(account, client, monkeypatch):
    dashboard_with_more(client, account)
    before = everything(account)
    monkeypatch.setattr(Widgets, "_body", lambda self: "{}")
    (wanted,) = [item for item in desired.state_machine(connect(account)) if isinstance(item.resource, Widgets)]
    wanted.resource.write(wanted.value)
    lost = {path[1] for path in touched(before, everything(account))}
    assert lost == {"start", "periodOverride", "widgets"}
