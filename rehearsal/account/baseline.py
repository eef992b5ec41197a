"""Builds the embedded account as the plan finds it. Creates what is missing; never changes what is there.

So it may run again at any time: what the runbook has changed since (the workflow, the environment) stays as it is.
The facts it builds from are those of the live system's public description; users and contacts are synthetic.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lib.routes import LOW_SENTIMENT_RULE, STANDARD_ALERT
from lib.settings import Settings
from rehearsal.account import policies, users
from rehearsal.account.clients import client
from rehearsal.account.packages import function_package

HERE = Path(__file__).resolve().parent
TRUSTED_INBOX = "Rehearsal-TrustedContactInbox"
OPERATIONS_INBOX = "Rehearsal-OperationsInbox"
CHECKIN_DLQ, ALERT_DLQ = "Your6-CheckinDLQ", "Your6-AlertDLQ"
STANDARD_TARGET = "AlertDispatcherTarget"
STANDARD_PERMISSION = "AllowLowSentimentRule"
LAMBDA_ROLE = "Your6-LambdaExecutionRole"
METRICS = ("Latency", "Errors", "FallbackUsage", "SentimentScore", "TokenUsage", "HighRiskFallback")
FOURTEEN_DAYS, LOG_DAYS = 14 * 24 * 3600, 30
ABSENT = {
    "NoSuchEntity",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "NotFound",
    "NotFoundException",
    "ResourceNotFound",
    "DashboardNotFoundError",
    "404",
    "NoSuchBucket",
}


def build(settings: Settings) -> None:
    """Create whatever of the baseline is missing. Raises Refused for an endpoint that is not on this machine."""
    for part in (_roles, _queues, _topic, _table, _bucket, _log_groups, _functions, _rule, _workflow, _dashboard):
        part(settings)


def application(settings: Settings) -> Path:
    """Copy the sample checkout to `docs_dir`, if there is none yet. Returns where it is."""
    place = settings.path(settings.docs_dir)
    place.mkdir(parents=True, exist_ok=True)
    for sample in sorted((HERE / "application").glob("*.md")):
        if not (place / sample.name).exists():
            shutil.copyfile(sample, place / sample.name)
    return place


def _missing(read: Callable[..., Any], **question: Any) -> bool:  # noqa: ANN401
    try:
        read(**question)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return True
        raise
    return False


def _client(settings: Settings, service: str) -> Any:  # noqa: ANN401
    return client(settings.endpoint_url, service, settings.region)


def _roles(settings: Settings) -> None:
    iam = _client(settings, "iam")
    roles = (
        (settings.execution_role_name, "states", "Your6StepFunctionsPolicy", policies.workflow(settings)),
        (LAMBDA_ROLE, "lambda", "Your6LambdaPolicy", policies.functions(settings)),
    )
    for role, service, policy, document in roles:
        if _missing(iam.get_role, RoleName=role):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(policies.trust(service)))
        if _missing(iam.get_role_policy, RoleName=role, PolicyName=policy):
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def _queues(settings: Settings) -> None:
    sqs = _client(settings, "sqs")
    wanted: dict[str, dict[str, str]] = {
        CHECKIN_DLQ: {"MessageRetentionPeriod": str(FOURTEEN_DAYS)},
        ALERT_DLQ: {"MessageRetentionPeriod": str(FOURTEEN_DAYS)},
        TRUSTED_INBOX: {"Policy": json.dumps(policies.inbox(settings, TRUSTED_INBOX, settings.alert_topic_arn))},
        OPERATIONS_INBOX: {"Policy": json.dumps(policies.inbox(settings, OPERATIONS_INBOX, settings.ops_topic_arn))},
    }
    for name, attributes in wanted.items():
        if _missing(sqs.get_queue_url, QueueName=name):
            sqs.create_queue(QueueName=name, Attributes=attributes)


def _topic(settings: Settings) -> None:
    sns, topic, inbox = _client(settings, "sns"), settings.alert_topic_arn, settings.queue_arn(TRUSTED_INBOX)
    if _missing(sns.get_topic_attributes, TopicArn=topic):
        sns.create_topic(Name=settings.alert_topic_name)
    subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    if inbox not in [row["Endpoint"] for row in subscribed]:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)


def _table(settings: Settings) -> None:
    dynamodb, name = _client(settings, "dynamodb"), settings.table_name
    if not _missing(dynamodb.describe_table, TableName=name):
        return
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in users.items()]})


def _bucket(settings: Settings) -> None:
    s3, name = _client(settings, "s3"), settings.checkin_bucket_name
    if _missing(s3.head_bucket, Bucket=name):
        s3.create_bucket(Bucket=name)


def _log_groups(settings: Settings) -> None:
    logs = _client(settings, "logs")
    for function in (settings.processor_function_name, settings.dispatcher_function_name):
        name = f"/aws/lambda/{function}"
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if name not in [group["logGroupName"] for group in groups]:
            logs.create_log_group(logGroupName=name)
            logs.put_retention_policy(logGroupName=name, retentionInDays=LOG_DAYS)


def _functions(settings: Settings) -> None:
    shared = {"DYNAMODB_TABLE": settings.table_name, "SNS_TOPIC_ARN": settings.alert_topic_arn}
    more = {"S3_BUCKET": settings.checkin_bucket_name, "STATE_MACHINE_ARN": settings.state_machine_arn}
    checkin, alert = settings.processor_function_name, settings.dispatcher_function_name
    _function(settings, checkin, "checkin_processor", (120, 512), CHECKIN_DLQ, {**shared, **more})
    _function(settings, alert, "alert_dispatcher", (60, 128), ALERT_DLQ, shared)


def _function(
    settings: Settings, name: str, module: str, size: tuple[int, int], queue: str, variables: dict[str, str]
) -> None:
    functions = _client(settings, "lambda")
    if not _missing(functions.get_function_configuration, FunctionName=name):
        return
    functions.create_function(
        FunctionName=name,
        Description="Rehearsal stand-in, Phase 3 shape",
        Runtime="python3.11",
        Role=settings.arn("iam", f"role/{LAMBDA_ROLE}"),
        Handler=f"{module}.lambda_handler",
        Code={"ZipFile": function_package(HERE / "functions" / f"{module}.py")},
        Timeout=size[0],
        MemorySize=size[1],
        DeadLetterConfig={"TargetArn": settings.queue_arn(queue)},
        Environment={"Variables": variables},
    )


def _rule(settings: Settings) -> None:
    events, functions = _client(settings, "events"), _client(settings, "lambda")
    name, dispatcher = LOW_SENTIMENT_RULE, settings.dispatcher_function_name
    if _missing(events.describe_rule, Name=name):
        pattern = {"source": [STANDARD_ALERT.source], "detail-type": [STANDARD_ALERT.detail_type]}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
    if not events.list_targets_by_rule(Rule=name)["Targets"]:
        events.put_targets(Rule=name, Targets=[{"Id": STANDARD_TARGET, "Arn": settings.dispatcher_arn}])
    # A function without permissions has no policy on AWS, and an empty one in the embedded account.
    held = [] if _missing(functions.get_policy, FunctionName=dispatcher) else _statements(functions, dispatcher)
    if STANDARD_PERMISSION not in held:
        functions.add_permission(
            FunctionName=dispatcher,
            StatementId=STANDARD_PERMISSION,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=settings.rule_arn(name),
        )


def _statements(functions: Any, name: str) -> list[str]:  # noqa: ANN401
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    return [statement["Sid"] for statement in policy["Statement"]]


def _workflow(settings: Settings) -> None:
    states = _client(settings, "stepfunctions")
    if not _missing(states.describe_state_machine, stateMachineArn=settings.state_machine_arn):
        return
    states.create_state_machine(
        name=settings.state_machine_name,
        definition=json.dumps(definition(settings), indent=2),
        roleArn=execution_role_arn(settings),
        type="STANDARD",
    )


def execution_role_arn(settings: Settings) -> str:
    """The ARN of the workflow's role as it is made here, without a path."""
    return settings.arn("iam", f"role/{settings.execution_role_name}")


def definition(settings: Settings) -> dict[str, Any]:
    """The workflow's definition before the plan."""
    names = {
        "${CheckinProcessorArn}": settings.processor_arn,
        "${AlertTopicArn}": settings.alert_topic_arn,
        "${Partition}": settings.partition,
    }
    text = (HERE / "baseline-definition.json").read_text(encoding="utf-8")
    for placeholder, value in names.items():
        text = text.replace(placeholder, value)
    return dict(json.loads(text))


def _dashboard(settings: Settings) -> None:
    cloudwatch = _client(settings, "cloudwatch")
    if not _missing(cloudwatch.get_dashboard, DashboardName=settings.dashboard_name):
        return
    widgets = [_widget(settings, metric, place) for place, metric in enumerate(METRICS)]
    body = json.dumps({"widgets": widgets})
    cloudwatch.put_dashboard(DashboardName=settings.dashboard_name, DashboardBody=body)


def _widget(settings: Settings, metric: str, place: int) -> dict[str, Any]:
    shown = {"title": metric, "region": settings.region, "metrics": [["Your6/AI", metric]], "period": 300}
    return {"type": "metric", "x": place % 3 * 8, "y": place // 3 * 6, "width": 8, "height": 6, "properties": shown}
