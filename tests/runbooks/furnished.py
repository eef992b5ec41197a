"""An embedded account that has what few accounts have, so that a run asks AWS for all that it may ever ask for."""

import json

from accounts import started_by_alias

from lib.settings import Settings
from rehearsal.account import clients
from rehearsal.account.baseline import OPERATIONS_INBOX

TOPICS = {"Service": "sns.amazonaws.com"}
STARTED = "prod"  # the alias of the workflow by which check-ins start it
LIVE = "live"  # the alias by which the workflow calls the processor


def furnish(settings: Settings) -> None:
    """Aliases, a key, an attached policy, a schedule, APIs, a topic and a log group that are there already."""
    for part in (_aliases, _policy, _starters, _things_of_ours, _key):
        part(settings)


def _client(settings: Settings, service: str):
    return clients.client(settings.endpoint_url, service)


def _document(action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _aliases(settings: Settings) -> None:
    """The workflow calls the processor by an alias, and check-ins start the workflow by one."""
    functions, states = _client(settings, "lambda"), _client(settings, "stepfunctions")
    name, machine = settings.processor_function_name, settings.state_machine_arn
    held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    wanted = {**held, "OPS_SNS_TOPIC_ARN": settings.ops_topic_arn}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": wanted})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": held})
    functions.create_alias(FunctionName=name, Name=LIVE, FunctionVersion=version)
    text = states.describe_state_machine(stateMachineArn=machine)["definition"]
    text = text.replace(f'"{settings.processor_arn}"', f'"{settings.processor_arn}:{LIVE}"')
    states.update_state_machine(stateMachineArn=machine, definition=text)
    _client(settings, "iam").put_role_policy(
        RoleName=settings.execution_role_name,
        PolicyName="CallsTheAlias",
        PolicyDocument=_document("lambda:InvokeFunction", f"{settings.processor_arn}:{LIVE}"),
    )
    started_by_alias(settings, STARTED)


def remove_alias(settings: Settings) -> None:
    """Somebody removes the alias by which check-ins start the workflow."""
    arn = f"{settings.state_machine_arn}:{STARTED}"
    _client(settings, "stepfunctions").delete_state_machine_alias(stateMachineAliasArn=arn)


def _policy(settings: Settings) -> None:
    """One attached to the workflow's role."""
    iam = _client(settings, "iam")
    made = iam.create_policy(PolicyName="Attached", PolicyDocument=_document("xray:PutTraceSegments", "*"))
    iam.attach_role_policy(RoleName=settings.execution_role_name, PolicyArn=made["Policy"]["Arn"])


def _starters(settings: Settings) -> None:
    """What may start the workflow, and is asked whether it does."""
    role = settings.arn("iam", f"role/{settings.execution_role_name}")
    universal = f"arn:{settings.partition}:scheduler:::aws-sdk:sfn:startExecution"
    _client(settings, "scheduler").create_schedule(
        Name="Nightly",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        State="DISABLED",
        Target={"Arn": universal, "RoleArn": role, "Input": json.dumps({"StateMachineArn": "arn:of:another"})},
    )
    _client(settings, "apigateway").create_rest_api(name="Another")
    _client(settings, "apigatewayv2").create_api(Name="Another", ProtocolType="HTTP")


def _things_of_ours(settings: Settings) -> None:
    """A topic, its subscriber and a log group that are there, and not as the plan wants them."""
    sns = _client(settings, "sns")
    sns.create_topic(Name=settings.ops_topic_name, Attributes={"DisplayName": "Somebody's"})
    protocol, endpoint = settings.ops_subscription_protocol, settings.ops_subscription_endpoint
    sns.subscribe(TopicArn=settings.ops_topic_arn, Protocol=protocol, Endpoint=endpoint)
    _client(settings, "logs").create_log_group(logGroupName=settings.log_group_name)


def _key(settings: Settings) -> None:
    """The trusted contacts' topic and the queue that is paged are encrypted by keys of the account's own."""
    topic, queue = _made_key(settings, "*"), _made_key(settings, TOPICS, {"AWS": settings.arn("iam", "root")})
    _client(settings, "sns").set_topic_attributes(
        TopicArn=settings.alert_topic_arn, AttributeName="KmsMasterKeyId", AttributeValue=topic
    )
    sqs = _client(settings, "sqs")
    url = sqs.get_queue_url(QueueName=OPERATIONS_INBOX)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": queue})


def _made_key(settings: Settings, *let_in: str | dict[str, str]) -> str:
    whole = [{"Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"} for who in let_in]
    policy = json.dumps({"Version": "2012-10-17", "Statement": whole})
    return str(_client(settings, "kms").create_key(Policy=policy)["KeyMetadata"]["KeyId"])
