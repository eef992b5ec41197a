"""The embedded account as a whole, by name: not only what the plan knows of. Read-only, loopback only."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from lib.errors import NotAsWanted
from lib.resources.account_guards import PLACE
from lib.settings import Settings
from lib.wait import FOR_EVER, Patience, until
from rehearsal.account import clients

LOOK_SECONDS, STILL_LOOKS = 0.2, 3
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
# What the account keeps of every run, and no rollback takes away: under which lock, how it was begun, what it wrote,
# and that it was undone.
KEPT_OF_EVERY_RUN = re.compile(rf"{PLACE}/[^/]+/(lock|(wrote|begun|undone)/.+)")
# Until its owner has confirmed it, AWS tells nothing of a subscription.
PENDING = ("PendingConfirmation", "pending confirmation")
Aws = Callable[[str], Any]
Rows = Iterator[tuple[str, str, Any]]


def snapshot(settings: Settings) -> dict[str, Any]:
    """Everything in the account and in the application's checkout, by name, not only what the plan knows of.

    Raises NotAsWanted for two things of one name: the loss of one of them would not be seen.
    """
    things: dict[str, Any] = {}
    for kind, name, value in _everything(settings):
        if f"{kind} {name}" in things:
            raise NotAsWanted(f"two things are called {kind} {name}; expected a name of its own for each")
        things[f"{kind} {name}"] = value
    return things


def settled_snapshot(settings: Settings) -> dict[str, Any]:
    """A snapshot once no execution runs and nothing moves any more, however long that takes.

    Alerts of the last executions are still under way for a moment, of which the embedded account tells nothing.
    """
    last, still = snapshot(settings), -1  # the look that comes at once proves nothing

    def looks_alike() -> int:
        nonlocal last, still
        now = snapshot(settings)
        still = still + 1 if now == last and not _running(settings) else 0
        last = now
        return still

    until(looks_alike, lambda still: still == STILL_LOOKS, Patience(FOR_EVER, LOOK_SECONDS))
    return last


def _running(settings: Settings) -> bool:
    states = clients.client(settings.endpoint_url, "stepfunctions", settings.region)
    machines = [row["stateMachineArn"] for row in _all(states, "list_state_machines", "stateMachines")]
    return any(
        _all(states, "list_executions", "executions", stateMachineArn=one, statusFilter="RUNNING") for one in machines
    )


def differences(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
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
        _alarms,
        _machines,
        _aliases,
        _parameters,
    ):
        yield from part(aws, settings)
    folder = settings.path(settings.docs_dir)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield "document", file.relative_to(folder).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()


def _all(client: Any, operation: str, key: str, **asked: Any) -> list[Any]:  # noqa: ANN401
    """Whatever a call lists, from all its pages."""
    return [row for page in client.get_paginator(operation).paginate(**asked) for row in page.get(key, [])]


def _roles(aws: Aws, settings: Settings) -> Rows:
    iam = aws("iam")
    for row in _all(iam, "list_roles", "Roles"):
        name = row["RoleName"]
        for policy in _all(iam, "list_role_policies", "PolicyNames", RoleName=name):
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            yield "policy", f"{name}/{policy}", document
        attached = _all(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        trusted = [row["AssumeRolePolicyDocument"], row.get("MaxSessionDuration"), row.get("PermissionsBoundary")]
        yield "role", name, [*trusted, attached, _tags(iam.list_role_tags(RoleName=name)["Tags"])]


def _queues(aws: Aws, settings: Settings) -> Rows:
    sqs = aws("sqs")
    for url in _all(sqs, "list_queues", "QueueUrls"):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
        name = url.rsplit("/", 1)[-1]
        yield "queue", name, {key: value for key, value in _without(attributes, *MOVING).items() if value}
        yield "tags of queue", name, sqs.list_queue_tags(QueueUrl=url).get("Tags", {})


def _topics(aws: Aws, settings: Settings) -> Rows:
    sns = aws("sns")
    for topic in _all(sns, "list_topics", "Topics"):
        arn, name = topic["TopicArn"], topic["TopicArn"].rsplit(":", 1)[-1]
        yield "topic", name, _without(sns.get_topic_attributes(TopicArn=arn)["Attributes"], *MOVING)
        yield "tags of topic", name, _tags(sns.list_tags_for_resource(ResourceArn=arn)["Tags"])
    for row in _all(sns, "list_subscriptions", "Subscriptions"):
        name = f"{row['TopicArn'].rsplit(':', 1)[-1]} -> {row['Protocol']} {row['Endpoint']}"
        if row["SubscriptionArn"] in PENDING:
            yield "subscription", name, "waits for its owner's confirmation"
            continue
        attributes = sns.get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])["Attributes"]
        # Made again, it has another ARN and is the same one all the same.
        yield "subscription", name, {key: attributes.get(key) for key in SUBSCRIPTION}


def _functions(aws: Aws, settings: Settings) -> Rows:
    functions = aws("lambda")
    for row in _all(functions, "list_functions", "Functions"):
        name = row["FunctionName"]
        yield "code of", name, row["CodeSha256"]
        yield "environment of", name, row.get("Environment", {}).get("Variables", {})
        configuration = functions.get_function_configuration(FunctionName=name)
        yield "function", name, _without(configuration, "ResponseMetadata", "Environment", *MOVING)
        yield "tags of function", name, functions.list_tags(Resource=row["FunctionArn"])["Tags"]
        for alias in _all(functions, "list_aliases", "Aliases", FunctionName=name):
            yield "function alias", f"{name}:{alias['Name']}", _without(alias, *MOVING)
        # The embedded account gives the statements of aliases as well, each of which has Sids of its own.
        for statement in json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]:
            yield "permission", f"{statement['Resource'].partition(':function:')[2]}/{statement['Sid']}", statement


def _rules(aws: Aws, settings: Settings) -> Rows:
    events = aws("events")
    for rule in _all(events, "list_rules", "Rules"):
        name, more = rule["Name"], [rule.get(key, "") for key in ("RoleArn", "ScheduleExpression", "EventBusName")]
        pattern = json.loads(rule.get("EventPattern") or "{}")
        yield "rule", name, [pattern, rule["State"], rule.get("Description", ""), *more]
        yield "targets of", name, _all(events, "list_targets_by_rule", "Targets", Rule=name)
        yield "tags of rule", name, _tags(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])


def _tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row.get("Key", row.get("key", "")): row.get("Value", row.get("value", "")) for row in rows}


def _without(members: dict[str, Any], *moving: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if not key.startswith(moving)}


def _table(aws: Aws, settings: Settings) -> Rows:
    for item in _all(aws("dynamodb"), "scan", "Items", TableName=settings.table_name):
        yield "user", item["userId"]["S"], item


def _bucket(aws: Aws, settings: Settings) -> Rows:
    for item in _all(aws("s3"), "list_objects_v2", "Contents", Bucket=settings.checkin_bucket_name):
        yield "object", item["Key"], [item["Size"], item["ETag"]]


def _logs(aws: Aws, settings: Settings) -> Rows:
    for group in _all(aws("logs"), "describe_log_groups", "logGroups"):
        name = group["logGroupName"]
        yield "log group", name, [group.get("retentionInDays"), group.get("kmsKeyId"), group.get("logGroupClass")]
        yield "tags of log group", name, aws("logs").list_tags_log_group(logGroupName=name)["tags"]
    for row in _all(aws("logs"), "describe_metric_filters", "metricFilters"):
        counted = [row["filterPattern"], row["metricTransformations"]]
        yield "metric filter", f"{row['logGroupName']}/{row['filterName']}", counted


def _alarms(aws: Aws, settings: Settings) -> Rows:
    """Their configuration and tags; AWS itself decides in which state they are."""
    cloudwatch, moment = aws("cloudwatch"), "AlarmConfigurationUpdatedTimestamp"
    for key in ("MetricAlarms", "CompositeAlarms"):
        kinds = [key.removesuffix("s")]
        for row in _all(cloudwatch, "describe_alarms", key, AlarmTypes=kinds):
            kept = {name: value for name, value in row.items() if not name.startswith("State") and name != moment}
            tags = _tags(cloudwatch.list_tags_for_resource(ResourceARN=row["AlarmArn"])["Tags"])
            yield "alarm", row["AlarmName"], [kept, tags]


def _dashboards(aws: Aws, settings: Settings) -> Rows:
    for row in _all(aws("cloudwatch"), "list_dashboards", "DashboardEntries"):
        yield (
            "dashboard",
            row["DashboardName"],
            aws("cloudwatch").get_dashboard(DashboardName=row["DashboardName"])["DashboardBody"],
        )


def _machines(aws: Aws, settings: Settings) -> Rows:
    states = aws("stepfunctions")
    for row in _all(states, "list_state_machines", "stateMachines"):
        machine = states.describe_state_machine(stateMachineArn=row["stateMachineArn"])
        logging = machine.get("loggingConfiguration", {})
        log = [
            logging.get("level", "OFF"),
            logging.get("destinations") or [],
            logging.get("includeExecutionData", False),
        ]
        more = [machine.get(key) for key in ("type", "status", "tracingConfiguration", "encryptionConfiguration")]
        yield "state machine", row["name"], [machine["definition"], machine["roleArn"], *log, *more]
        tags = states.list_tags_for_resource(resourceArn=row["stateMachineArn"])["tags"]
        yield "tags of state machine", row["name"], _tags(tags)
        versions = states.list_state_machine_versions(stateMachineArn=row["stateMachineArn"])["stateMachineVersions"]
        yield "versions of", row["name"], [version["stateMachineVersionArn"] for version in versions]
        runs = _all(states, "list_executions", "executions", stateMachineArn=row["stateMachineArn"])
        yield "executions of", row["name"], sorted(run["name"] for run in runs)


def _aliases(aws: Aws, settings: Settings) -> Rows:
    """Of every workflow: which version each of its aliases runs, with which weight. Check-ins may come by them."""
    states = aws("stepfunctions")
    for row in _all(states, "list_state_machines", "stateMachines"):
        listed = states.list_state_machine_aliases(stateMachineArn=row["stateMachineArn"], maxResults=1000)
        if listed.get("nextToken"):
            raise NotAsWanted(f"{row['name']} has more than 1000 aliases, and the rest was not looked at")
        for arn in (alias["stateMachineAliasArn"] for alias in listed["stateMachineAliases"]):
            described = states.describe_state_machine_alias(stateMachineAliasArn=arn)
            routes = {one["stateMachineVersionArn"]: one["weight"] for one in described["routingConfiguration"]}
            yield "workflow alias", f"{row['name']} / {described['name']}", [routes, described.get("description", "")]


def _parameters(aws: Aws, settings: Settings) -> Rows:
    """Among them the lock of a run; who holds it changes, that it is held tells."""
    for row in _all(aws("ssm"), "describe_parameters", "Parameters"):
        if KEPT_OF_EVERY_RUN.fullmatch(row["Name"]):
            continue
        held = settings.lock_name == row["Name"]
        value = "" if held else aws("ssm").get_parameter(Name=row["Name"])["Parameter"]["Value"]
        yield "parameter", row["Name"], [row["Type"], value]
