"""The embedded account as a whole, by name: not only what the plan knows of. Read-only, loopback only."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from lib.account_guards import PLACE
from lib.settings import Settings
from rehearsal import clients

QUIET_SECONDS = 10.0
# What begins so says when and how often, not how a thing is set; how many messages wait stays.
MOVING = (
    "Created", "Last", "State", "RevisionId", "Subscriptions", "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)  # fmt: skip
SUBSCRIPTION = (
    "Protocol",
    "RawMessageDelivery",
    "RedrivePolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "DeliveryPolicy",
)
# What the account keeps of whoever writes, and no rollback takes away: the lock's name, and what each run wrote.
KEPT_OF_EVERY_RUN = re.compile(rf"{PLACE}/[^/]+/(lock|wrote/.+)")
Aws = Callable[[str], Any]
Rows = Iterator[tuple[str, str, Any]]


def snapshot(settings: Settings) -> dict[str, Any]:
    """Everything in the account and in the application's checkout, by name, not only what the plan knows of."""
    return {f"{kind} {name}": value for kind, name, value in _everything(settings)}


def settled(settings: Settings, sleep: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """A snapshot once nothing moves any more: alerts of the last executions are still under way for a moment."""
    before, deadline = snapshot(settings), time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        sleep(0.4)
        now = snapshot(settings)
        if now == before:
            break
        before = now
    return before


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The names of what came, went or changed between two snapshots."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _everything(settings: Settings) -> Rows:
    def aws(service: str) -> Any:  # noqa: ANN401 - boto3 clients have no type
        return clients.client(settings.endpoint_url, service, settings.region)

    for part in (
        _roles,
        _queues,
        _topics,
        _functions,
        _rules,
        _table,
        _bucket,
        _logs,
        _dashboards,
        _machines,
        _parameters,
    ):
        yield from part(aws, settings)
    for file in sorted(settings.path(settings.docs_dir).glob("*")):
        yield "document", file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def _roles(aws: Aws, settings: Settings) -> Rows:
    iam = aws("iam")
    for row in iam.list_roles()["Roles"]:
        name = row["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            yield "policy", f"{name}/{policy}", document
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        trusted = [row["AssumeRolePolicyDocument"], row.get("MaxSessionDuration"), row.get("PermissionsBoundary")]
        yield "role", name, [*trusted, attached, _tags(iam.list_role_tags(RoleName=name)["Tags"])]


def _queues(aws: Aws, settings: Settings) -> Rows:
    sqs = aws("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
        name = url.rsplit("/", 1)[-1]
        yield "queue", name, {key: value for key, value in _without(found, *MOVING).items() if value}
        yield "tags of queue", name, sqs.list_queue_tags(QueueUrl=url).get("Tags", {})


def _topics(aws: Aws, settings: Settings) -> Rows:
    sns = aws("sns")
    for topic in sns.list_topics()["Topics"]:
        arn, name = topic["TopicArn"], topic["TopicArn"].rsplit(":", 1)[-1]
        yield "topic", name, _without(sns.get_topic_attributes(TopicArn=arn)["Attributes"], *MOVING)
        yield "tags of topic", name, _tags(sns.list_tags_for_resource(ResourceArn=arn)["Tags"])
    for row in sns.list_subscriptions()["Subscriptions"]:
        found = sns.get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])["Attributes"]
        name = f"{row['TopicArn'].rsplit(':', 1)[-1]} -> {row['Endpoint'].rsplit(':', 1)[-1]}"
        # Made again, it has another ARN and is the same one all the same.
        yield "subscription", name, {key: found.get(key) for key in SUBSCRIPTION}


def _functions(aws: Aws, settings: Settings) -> Rows:
    functions = aws("lambda")
    for row in functions.list_functions()["Functions"]:
        name = row["FunctionName"]
        yield "code of", name, row["CodeSha256"]
        yield "environment of", name, row["Environment"]["Variables"]
        found = functions.get_function_configuration(FunctionName=name)
        yield "function", name, _without(found, "ResponseMetadata", "Environment", *MOVING)
        yield "tags of function", name, functions.list_tags(Resource=row["FunctionArn"])["Tags"]
        for statement in json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]:
            yield "permission", f"{name}/{statement['Sid']}", statement


def _rules(aws: Aws, settings: Settings) -> Rows:
    events = aws("events")
    for rule in events.list_rules()["Rules"]:
        name, more = rule["Name"], [rule.get(key, "") for key in ("RoleArn", "ScheduleExpression", "EventBusName")]
        pattern = json.loads(rule.get("EventPattern") or "{}")
        yield "rule", name, [pattern, rule["State"], rule.get("Description", ""), *more]
        yield "targets of", name, events.list_targets_by_rule(Rule=name)["Targets"]
        yield "tags of rule", name, _tags(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])


def _tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row.get("Key", row.get("key", "")): row.get("Value", row.get("value", "")) for row in rows}


def _without(found: dict[str, Any], *moving: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if not key.startswith(moving)}


def _table(aws: Aws, settings: Settings) -> Rows:
    for item in aws("dynamodb").scan(TableName=settings.table_name)["Items"]:
        yield "user", item["userId"]["S"], item


def _bucket(aws: Aws, settings: Settings) -> Rows:
    for page in aws("s3").get_paginator("list_objects_v2").paginate(Bucket=settings.checkin_bucket_name):
        for item in page.get("Contents", []):
            yield "object", item["Key"], item["Size"]


def _logs(aws: Aws, settings: Settings) -> Rows:
    for group in aws("logs").describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        yield "log group", name, [group.get("retentionInDays"), group.get("kmsKeyId"), group.get("logGroupClass")]
        yield "tags of log group", name, aws("logs").list_tags_log_group(logGroupName=name)["tags"]


def _dashboards(aws: Aws, settings: Settings) -> Rows:
    for row in aws("cloudwatch").list_dashboards()["DashboardEntries"]:
        body = aws("cloudwatch").get_dashboard(DashboardName=row["DashboardName"])["DashboardBody"]
        yield "dashboard", row["DashboardName"], json.loads(body)


def _machines(aws: Aws, settings: Settings) -> Rows:
    states = aws("stepfunctions")
    for row in states.list_state_machines()["stateMachines"]:
        found = states.describe_state_machine(stateMachineArn=row["stateMachineArn"])
        logging = found.get("loggingConfiguration", {})
        log = [
            logging.get("level", "OFF"),
            logging.get("destinations") or [],
            logging.get("includeExecutionData", False),
        ]
        more = [found.get(key) for key in ("type", "status", "tracingConfiguration", "encryptionConfiguration")]
        yield "state machine", row["name"], [json.loads(found["definition"]), found["roleArn"], *log, *more]
        tags = states.list_tags_for_resource(resourceArn=row["stateMachineArn"])["tags"]
        yield "tags of state machine", row["name"], _tags(tags)
        versions = states.list_state_machine_versions(stateMachineArn=row["stateMachineArn"])["stateMachineVersions"]
        yield "versions of", row["name"], [version["stateMachineVersionArn"] for version in versions]
        runs = states.get_paginator("list_executions").paginate(stateMachineArn=row["stateMachineArn"])
        yield "executions of", row["name"], sorted(run["name"] for page in runs for run in page["executions"])


def _parameters(aws: Aws, settings: Settings) -> Rows:
    """Among them the lock of a run; who holds it changes, that it is held tells."""
    for page in aws("ssm").get_paginator("describe_parameters").paginate():
        for row in page["Parameters"]:
            if not KEPT_OF_EVERY_RUN.fullmatch(row["Name"]):
                yield "parameter", row["Name"], row["Type"]
