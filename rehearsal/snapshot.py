"""The embedded account as a whole, by name: not only what the plan knows of. Read-only, loopback only."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from lib.settings import Settings
from rehearsal import clients

QUIET_SECONDS = 10.0
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
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            yield "policy", f"{role['RoleName']}/{policy}", document


def _queues(aws: Aws, settings: Settings) -> Rows:
    shown = ["Policy", "MessageRetentionPeriod", "ApproximateNumberOfMessages"]
    for url in aws("sqs").list_queues().get("QueueUrls", []):
        found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=shown).get("Attributes", {})
        yield "queue", url.rsplit("/", 1)[-1], {key: value for key, value in found.items() if value}


def _topics(aws: Aws, settings: Settings) -> Rows:
    for topic in aws("sns").list_topics()["Topics"]:
        name = topic["TopicArn"].rsplit(":", 1)[-1]
        yield "topic", name, aws("sns").get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["DisplayName"]
    for row in aws("sns").list_subscriptions()["Subscriptions"]:
        found = aws("sns").get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])["Attributes"]
        name = f"{row['TopicArn'].rsplit(':', 1)[-1]} -> {row['Endpoint'].rsplit(':', 1)[-1]}"
        yield "subscription", name, {key: found.get(key) for key in ("RedrivePolicy", "FilterPolicy", "Protocol")}


def _functions(aws: Aws, settings: Settings) -> Rows:
    for found in aws("lambda").list_functions()["Functions"]:
        name = found["FunctionName"]
        yield "code of", name, found["CodeSha256"]
        yield "environment of", name, found["Environment"]["Variables"]
        for statement in json.loads(aws("lambda").get_policy(FunctionName=name)["Policy"])["Statement"]:
            yield "permission", f"{name}/{statement['Sid']}", statement


def _rules(aws: Aws, settings: Settings) -> Rows:
    for rule in aws("events").list_rules()["Rules"]:
        yield "rule", rule["Name"], [json.loads(rule["EventPattern"]), rule["State"], rule.get("Description", "")]
        yield "targets of", rule["Name"], aws("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]


def _table(aws: Aws, settings: Settings) -> Rows:
    for item in aws("dynamodb").scan(TableName=settings.table_name)["Items"]:
        yield "user", item["userId"]["S"], item


def _bucket(aws: Aws, settings: Settings) -> Rows:
    for page in aws("s3").get_paginator("list_objects_v2").paginate(Bucket=settings.checkin_bucket_name):
        for item in page.get("Contents", []):
            yield "object", item["Key"], item["Size"]


def _logs(aws: Aws, settings: Settings) -> Rows:
    for group in aws("logs").describe_log_groups()["logGroups"]:
        yield "log group", group["logGroupName"], group.get("retentionInDays")


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
        value = [json.loads(found["definition"]), found["roleArn"], *log]
        yield "state machine", row["name"], value
        versions = states.list_state_machine_versions(stateMachineArn=row["stateMachineArn"])["stateMachineVersions"]
        yield "versions of", row["name"], [version["stateMachineVersionArn"] for version in versions]
        runs = states.get_paginator("list_executions").paginate(stateMachineArn=row["stateMachineArn"])
        yield "executions of", row["name"], sorted(run["name"] for page in runs for run in page["executions"])


def _parameters(aws: Aws, settings: Settings) -> Rows:
    """Among them the lock of a run; who holds it changes, that it is held tells."""
    for page in aws("ssm").get_paginator("describe_parameters").paginate():
        for row in page["Parameters"]:
            yield "parameter", row["Name"], row["Type"]
