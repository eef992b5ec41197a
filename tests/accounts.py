"""The embedded account of a test: built anew, and looked at as a whole. Loopback only."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lib import settings as parameters
from lib.settings import Settings
from rehearsal import baseline, clients
from rehearsal import server as embedded
from rehearsal.server import Account

SHORT_WAITS = {"settle_seconds": 0.2, "verify_timeout_seconds": 10, "poll_seconds": 0.05, "listen_seconds": 0.7}
# Emptying the account ends a function that still runs. Its retry, a second later, would reach the next test's account.
NO_RETRIES = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "3600", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "3600"}
QUIET_SECONDS = 10.0


def fresh(server: Account, folder: Path) -> Settings:
    """Empty the account, build the baseline, and return the parameters that name it."""
    quiet(server)
    embedded.reset(server.endpoint)
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    settings = parameters.load("local", {"endpoint_url": server.endpoint, **folders, **SHORT_WAITS})
    baseline.build(settings)
    baseline.application(settings)
    return settings


def quiet(server: Account) -> None:
    """Let the executions of the test before come to their end: they would go on in the emptied account."""
    states = clients.client(server.endpoint, "stepfunctions")
    machines = [machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"]]
    found = [run for arn in machines for run in states.list_executions(stateMachineArn=arn)["executions"]]
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        arns = {run["stateMachineArn"] for run in found}
        if not any(states.list_executions(stateMachineArn=a, statusFilter="RUNNING")["executions"] for a in arns):
            break
        time.sleep(0.05)
    if found:
        time.sleep(0.3)  # and their events reach the dispatcher


def snapshot(settings: Settings) -> dict[str, Any]:
    """Everything in the account and in the application's checkout, by name, not only what the plan knows of."""
    return {f"{kind} {name}": value for kind, name, value in _everything(settings)}


def settled(settings: Settings) -> dict[str, Any]:
    """A snapshot once nothing moves any more: alerts of the last executions are still under way for a moment."""
    before, deadline = snapshot(settings), time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.4)
        now = snapshot(settings)
        if now == before:
            break
        before = now
    return before


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The names of what came, went or changed between two snapshots."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _everything(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    def aws(service: str) -> Any:
        return clients.client(settings.endpoint_url, service, settings.region)

    for part in (_roles, _queues, _topics, _functions, _rules, _table, _bucket, _logs, _dashboards, _machines):
        yield from part(aws, settings)
    for file in sorted(settings.path(settings.docs_dir).glob("*")):
        yield "document", file.name, hashlib.sha256(file.read_bytes()).hexdigest()


Aws = Callable[[str], Any]
Rows = Iterator[tuple[str, str, Any]]


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
        yield "rule", rule["Name"], [json.loads(rule["EventPattern"]), rule["State"]]
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
        level = logging.get("level", "OFF")
        value = [json.loads(found["definition"]), found["roleArn"], level, logging.get("destinations") or []]
        yield "state machine", row["name"], value
        versions = states.list_state_machine_versions(stateMachineArn=row["stateMachineArn"])["stateMachineVersions"]
        yield "versions of", row["name"], [version["stateMachineVersionArn"] for version in versions]
        runs = states.get_paginator("list_executions").paginate(stateMachineArn=row["stateMachineArn"])
        yield "executions of", row["name"], sorted(run["name"] for page in runs for run in page["executions"])
