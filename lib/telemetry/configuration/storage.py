"""What AWS holds of the users' table, the bucket of check-ins, the drill user, the log group and the dashboard.

Read-only.
"""

import fnmatch
from collections.abc import Mapping
from functools import cache
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.plans import Value
from lib.resources import desired
from lib.resources.resource_kinds import DrillUser, Widgets
from lib.telemetry.configuration import callers
from lib.telemetry.configuration.facts import Sense
from lib.telemetry.configuration.readings import Reading, only, statements

NO_TABLE = ("ResourceNotFoundException",)
OF_ITS_KEYS = ("KeySchema", "SSEDescription")
OF_A_TABLE = ("DeletionProtectionEnabled", "OnDemandThroughput")
# On its way to, or from: what moves by itself while somebody's one change is carried out.
SETTLED = {"UPDATING": "ACTIVE", "ENABLING": "ENABLED", "DISABLING": "DISABLED"}
UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
# Of a bucket: no such bucket, or none of what was asked for.
NO_BUCKET = ("NoSuchBucket", "404", "NotFound")
NOTIFIED = {
    "TopicConfigurations": "TopicArn", "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}  # fmt: skip


def table(live: Live, name: str) -> list[Reading]:
    """Its key attributes, what it is encrypted with, who may not use it, what it can bear, what it deletes."""
    dynamodb = live.client("dynamodb")

    @cache
    def described() -> Mapping[str, Any]:
        with absent_is_none(*NO_TABLE):
            return dict(dynamodb.describe_table(TableName=name)["Table"])
        return {}

    def policy() -> Value:
        arn = live.settings.arn("dynamodb", f"table/{name}")
        with absent_is_none("PolicyNotFoundException", *NO_TABLE):
            return statements(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])
        return None

    def expiry() -> Value:
        with absent_is_none(*NO_TABLE):
            answer = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            return {**only(answer, ("AttributeName",)), "status": _settled(answer["TimeToLiveStatus"])}
        return None

    def state() -> Value:
        about = described()
        return about and {**only(about, OF_A_TABLE), "status": _settled(about["TableStatus"]), "billed": _billed(about)}

    return [
        Reading("keys", Sense.WHOLE, lambda: only(described(), OF_ITS_KEYS) if described() else None),
        Reading("policy", Sense.STATEMENTS, policy),
        Reading("state and billing", Sense.WHOLE, state),
        Reading("provisioned capacity", Sense.WHOLE, lambda: _capacity(live, name, described())),
        Reading("items that expire", Sense.WHOLE, expiry),
    ]


def _settled(status: str) -> str:
    return SETTLED.get(status, status)


def _billed(table: Mapping[str, Any]) -> str:
    """AWS says nothing of a table that was never billed on demand."""
    return str(table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))


def _capacity(live: Live, name: str, table: Mapping[str, Any]) -> Value:
    """What was reserved for it; where that is scaled, its bounds, since what it is just now moves by itself."""
    if not table or _billed(table) != "PROVISIONED":
        return None
    asked = {"ServiceNamespace": "dynamodb", "ResourceIds": [f"table/{name}"]}
    pages = live.client("application-autoscaling").get_paginator("describe_scalable_targets").paginate(**asked)
    rows = [row for page in pages for row in page["ScalableTargets"]]
    bounds = {row["ScalableDimension"]: only(row, ("MinCapacity", "MaxCapacity", "SuspendedState")) for row in rows}
    scaled = {unit for unit in UNITS if any(unit in dimension for dimension in bounds)}
    return {**bounds, **{unit: table["ProvisionedThroughput"][unit] for unit in UNITS if unit not in scaled}}


def bucket(live: Live, name: str) -> list[Reading]:
    """Whether it is there, who may not use it, what it encrypts with, what it deletes, and whom it notifies.

    Without it, or its key, the processor cannot keep a check-in, and scores none.
    """
    s3 = live.client("s3")

    def asked(operation: str, *absent: str) -> dict[str, Any]:
        with absent_is_none(*NO_BUCKET, *absent):
            answer = getattr(s3, operation)(Bucket=name)
            return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        return {}

    def there() -> Value:
        with absent_is_none(*NO_BUCKET):
            s3.head_bucket(Bucket=name)
            return True
        return None

    notified = cache(lambda: _notified(asked("get_bucket_notification_configuration")))
    return [
        Reading("is there", Sense.WHOLE, there),
        Reading("policy", Sense.STATEMENTS, lambda: statements(
            asked("get_bucket_policy", "NoSuchBucketPolicy").get("Policy"))),
        Reading("default encryption", Sense.WHOLE, lambda: asked(
            "get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")),
        Reading("objects that expire", Sense.WHOLE, lambda: asked(
            "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration").get("Rules"), criteria="3"),
        Reading("ownership of objects", Sense.WHOLE, lambda: asked(
            "get_bucket_ownership_controls", "OwnershipControlsNotFoundError").get("OwnershipControls")),
        Reading("notifications", Sense.MEMBERS, notified),
        Reading("notifications that alerts pass", Sense.WHOLE, lambda: callers.alert_senders(live, notified())),
        Reading("versioning", Sense.NOTE, lambda: asked("get_bucket_versioning").get("Status")),
    ]  # fmt: skip


def _notified(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By id, of each whom it tells and of what."""
    rows = [(row, row[field]) for kind, field in NOTIFIED.items() for row in answer.get(kind, [])]
    by_id = {str(row.get("Id", arn)): {"Arn": arn, **only(row, ("Events", "Filter"))} for row, arn in rows}
    return {**by_id, **({"EventBridge": {}} if "EventBridgeConfiguration" in answer else {})}


def drill_user(live: Live, name: str) -> list[Reading]:
    """Whether each field is as the plan makes it; what it is otherwise may be a person's, and stays where it is."""

    def fields() -> Value:
        live_item, wanted = DrillUser(live, live.settings.table_name, name).read(), desired.drill_user()
        said = {True: "as the plan makes it", False: "another value"}
        return live_item and {key: said[item == wanted.get(key)] for key, item in live_item.items()}

    return [Reading("item", Sense.WHOLE, fields)]


def log_group(live: Live, name: str) -> list[Reading]:
    """How long it keeps what it holds, under which key, and who may not write to it by a policy of the account."""
    logs = live.client("logs")

    def described() -> Value:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        groups = [group for page in pages for group in page["logGroups"] if group["logGroupName"] == name]
        return only(groups[0], ("retentionInDays", "kmsKeyId", "logGroupClass")) if groups else None

    def policies() -> Value:
        streams = live.settings.arn("logs", f"log-group:{name}:log-stream:any")
        pages = logs.get_paginator("describe_resource_policies").paginate()
        documents = [row for page in pages for row in page["resourcePolicies"]]
        rows = [one for row in documents for one in statements(row["policyDocument"], row["policyName"]) or []]
        return [mine for one in rows if (mine := _of_this_group(one, streams)) is not None]

    return [Reading("settings", Sense.WHOLE, described), Reading("policies of the account", Sense.STATEMENTS, policies)]


def _of_this_group(row: Mapping[str, Any], streams: str) -> Value:
    """A statement as far as it speaks of this group; None where it does not.

    AWS itself adds other groups to the statement that lets it deliver logs.
    """
    statement = row["statement"]
    if not isinstance(statement, Mapping) or "Resource" not in statement:
        return dict(row)
    given = statement["Resource"]
    mine = [one for one in (given if isinstance(given, list) else [given]) if _covers(str(one), streams)]
    return {**row, "statement": {**statement, "Resource": mine}} if mine else None


def _covers(resource: str, streams: str) -> bool:
    """Whether a resource of a policy names the group, or streams in it."""
    group = streams.partition(":log-stream:")[0]
    return any(fnmatch.fnmatchcase(one, resource.replace("[", "[[]")) for one in (streams, group, f"{group}:*"))


def dashboard(live: Live, name: str) -> list[Reading]:
    """Our widgets."""
    widgets = Widgets(live, name, desired.WIDGET_PREFIX)
    return [Reading("Phase 3 widgets", Sense.WHOLE, widgets.read)]
