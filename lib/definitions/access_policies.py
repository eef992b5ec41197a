"""What an operator, and who only reads, must be allowed: our two policies, filled for an environment. No AWS.

Nothing in them is deployed. Whoever gives out permissions in the account takes them from here.
"""

from enum import StrEnum
from typing import Any

from lib.definitions import loader, templates
from lib.settings import Settings
from lib.values.name_limits import GUARDS, candidate_of
from lib.values.subscriber_addresses import Protocol


class Whose(StrEnum):
    """Whose permissions a policy holds."""

    OPERATOR = "operator"  # applies, resumes, rolls back, restores, drills, watches, reviews
    READER = "reader"  # plans and reviews


def access_policy(settings: Settings, whose: Whose) -> dict[str, Any]:
    """The policy for this environment. Raises BadParameters for any placeholder without a value.

    A statement about what these parameters do not name, such as a record's store, is left out.
    """
    name = f"policies/{whose}.json"
    filled = templates.fill(loader.template(name), _values(settings), name=name)
    named = [_of_what_is_named(statement) for statement in filled["Statement"]]
    return {**filled, "Statement": [statement for statement in named if statement["Resource"]]}


def _of_what_is_named(statement: dict[str, Any]) -> dict[str, Any]:
    resource = statement["Resource"]
    named = [one for one in (resource if isinstance(resource, list) else [resource]) if one]
    return {**statement, "Resource": named[0] if len(named) == 1 else named}


def _values(settings: Settings) -> dict[str, templates.Value]:
    """What the placeholders stand for; "" for what these parameters do not name."""
    s, bucket = settings, settings.record_store.removeprefix("s3://").partition("/")[0]
    records = f"{settings.record_store.removeprefix('s3://')}/{settings.environment}/*"
    at_s3 = f"arn:{s.partition}:s3:::"
    paged = s.ops_subscription_endpoint if s.ops_subscription_protocol == Protocol.SQS else ""
    return {
        "Partition": s.partition,
        "Region": s.region,
        "AccountId": s.account_id,
        "StateMachineName": s.state_machine_name,
        "CandidateName": candidate_of(s.state_machine_name),
        "ExecutionRoleName": s.execution_role_name,
        "ProcessorFunctionName": s.processor_function_name,
        "DispatcherFunctionName": s.dispatcher_function_name,
        "TableName": s.table_name,
        "CheckinBucketName": s.checkin_bucket_name,
        "AlertTopicName": s.alert_topic_name,
        "OpsTopicName": s.ops_topic_name,
        "OpsDeadLetterQueueName": s.ops_dead_letter_queue_name,
        "EventsDeadLetterQueueName": s.events_dead_letter_queue_name,
        "DashboardName": s.dashboard_name,
        "LogGroupName": s.log_group_name,
        "DrillUserId": s.drill_user_id,
        "LockParameter": s.lock_name.removeprefix("/"),
        "GuardsFolder": GUARDS.removeprefix("/"),
        "PagedQueueArn": paged,
        "SecondAlarmAction": s.second_alarm_action,
        "RecordStoreArn": f"{at_s3}{bucket}" if bucket else "",
        "RecordArns": f"{at_s3}{records}" if bucket else "",
    }
