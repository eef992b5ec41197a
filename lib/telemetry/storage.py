"""What AWS holds of the users' table, the drill user, the workflow's log group and the dashboard. Read-only."""

from lib import desired
from lib.aws import Live, absent_is_none
from lib.plans import Value
from lib.resources import DrillUser, Widgets
from lib.telemetry.facts import Sense
from lib.telemetry.readings import Reading, only, statements


def table(live: Live, name: str) -> list[Reading]:
    """Its key attributes, what it is encrypted with, and who may not use it."""
    dynamodb = live.client("dynamodb")

    def described() -> Value:
        with absent_is_none("ResourceNotFoundException"):
            return only(dynamodb.describe_table(TableName=name)["Table"], ("KeySchema", "SSEDescription"))
        return None

    def policy() -> Value:
        arn = live.settings.arn("dynamodb", f"table/{name}")
        with absent_is_none("PolicyNotFoundException", "ResourceNotFoundException"):
            return statements(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])
        return None

    return [Reading("keys", Sense.WHOLE, described), Reading("policy", Sense.STATEMENTS, policy)]


def drill_user(live: Live, name: str) -> list[Reading]:
    """Whether each field is as the plan makes it; what it is otherwise may be a person's, and stays where it is."""

    def fields() -> Value:
        live_item, wanted = DrillUser(live, live.settings.table_name, name).read(), desired.drill_user()
        said = {True: "as the plan makes it", False: "another value"}
        return live_item and {key: said[item == wanted.get(key)] for key, item in live_item.items()}

    return [Reading("item", Sense.WHOLE, fields)]


def log_group(live: Live, name: str) -> list[Reading]:
    """How long it keeps what it holds, and under which key."""

    def described() -> Value:
        pages = live.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        found = [group for page in pages for group in page["logGroups"] if group["logGroupName"] == name]
        return only(found[0], ("retentionInDays", "kmsKeyId", "logGroupClass")) if found else None

    return [Reading("settings", Sense.WHOLE, described)]


def dashboard(live: Live, name: str) -> list[Reading]:
    """Our widgets."""
    widgets = Widgets(live, name, desired.WIDGET_PREFIX)
    return [Reading("Phase 3 widgets", Sense.WHOLE, widgets.read)]
