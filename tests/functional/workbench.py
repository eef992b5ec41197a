"""A bench to run the definition on. It has its own topics, queues, table and processor, so that it disturbs nothing."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from waiting import until

from lib.definitions import templates
from lib.drills.channels import Channel
from lib.settings import Settings
from lib.telemetry.execution_status import ExecutionStatus
from rehearsal.account import baseline
from rehearsal.account.clients import client

PROCESSOR = """
import json, time

def lambda_handler(event, context):
    time.sleep(event.get("slow", 0))
    if event.get("fail"):
        raise RuntimeError("the model said no to: " + event["text"])
    return {"risk_score": 60, "text": json.dumps(event)} if event.get("echo") else event["give"]
"""
SECRET = "zebra umbrella marmalade"
AT_ONCE = 12
CHANNELS = ("contacts", Channel.OPERATIONS, Channel.EVENTS)


@dataclass(frozen=True)
class Case:
    """One execution: its input, whether it is named as a drill, and the definition if it is not the plain one."""

    given: Any
    drill: bool = False
    definition: dict[str, Any] | None = None


@dataclass(frozen=True)
class Result:
    """What one execution did: how it ended, and what its subscribers received."""

    status: str
    error: str
    output: dict[str, Any]
    contacts: list[dict[str, Any]]
    operations: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def told(self) -> tuple[int, int, list[str]]:
        """Messages to the contacts' topic, messages to operations, events."""
        return len(self.contacts), len(self.operations), [event["detail-type"] for event in self.events]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [*self.contacts, *self.operations]


class Bench:
    """Runs the definition on one interpreter; `interpreter` is the endpoint that runs state machines."""

    def __init__(self, settings: Settings, interpreter: str, mark: str) -> None:
        names = {"alert_topic_name": "Contacts", "ops_topic_name": "Operations", "table_name": "users"}
        own = {key: f"{mark}-{name}" for key, name in {**names, "processor_function_name": "Processor"}.items()}
        self.settings = settings.model_copy(update=own)
        self.mark, self.interpreter = mark, interpreter
        self.plain = patient(templates.definition(self.settings))
        self.machines, self.urls = dict[str, str](), dict[str, str]()
        self._build()

    def aws(self, service: str) -> Any:
        endpoint = self.interpreter if service == "stepfunctions" else self.settings.endpoint_url
        return client(endpoint, service, self.settings.region)

    def _build(self) -> None:
        s = self.settings
        for channel in CHANNELS:
            self.urls[channel] = self.aws("sqs").create_queue(QueueName=f"{self.mark}-{channel}")["QueueUrl"]
        for channel, topic in (("contacts", s.alert_topic_name), (Channel.OPERATIONS, s.ops_topic_name)):
            arn = self.aws("sns").create_topic(Name=topic)["TopicArn"]
            self.aws("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=s.queue_arn(f"{self.mark}-{channel}"))
        pattern = json.dumps({"source": [{"prefix": "your6.checkin"}]})
        rule, target = f"{self.mark}-listens", {"Id": "queue", "Arn": s.queue_arn(f"{self.mark}-events")}
        self.aws("events").put_rule(Name=rule, EventPattern=pattern, State="ENABLED")
        self.aws("events").put_targets(Rule=rule, Targets=[target])
        self.aws("dynamodb").create_table(
            TableName=s.table_name,
            KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.aws("lambda").create_function(
            FunctionName=s.processor_function_name,
            Runtime="python3.11",
            Role=baseline.execution_role_arn(s),
            Handler="index.lambda_handler",
            Timeout=900,
            Code={"ZipFile": _package(PROCESSOR)},
        )

    def user(self, user_id: str) -> None:
        self.aws("dynamodb").put_item(TableName=self.settings.table_name, Item={"userId": {"S": user_id}})

    def interventions(self, user_id: str) -> int | None:
        """How many were recorded; None for a user that is not there."""
        key = {"userId": {"S": user_id}}
        item = self.aws("dynamodb").get_item(TableName=self.settings.table_name, Key=key).get("Item")
        return int(item.get("crisisInterventionCount", {"N": "0"})["N"]) if item else None

    def run(self, cases: dict[str, Case]) -> dict[str, Result]:
        """Run all cases, some at once; an input without a userId gets one of its own."""
        arns, ended = dict[str, str](), dict[str, tuple[str, str, dict[str, Any]]]()
        names = list(cases)
        for wave in (names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE)):
            arns |= {name: self._start(name, cases[name]) for name in wave}
            ended |= {name: self._ended(arns[name]) for name in wave}
        heard = {channel: self._drain(channel) for channel in CHANNELS}
        return {
            name: Result(
                *ended[name], *([m for m in heard[channel] if _is_about(m, arn, name)] for channel in CHANNELS)
            )
            for name, arn in arns.items()
        }

    def _start(self, name: str, case: Case) -> str:
        given = case.given
        if isinstance(given, dict) and "userId" not in given:
            given = {"userId": self.settings.drill_user_id if case.drill else user_of(name), **given}
        answer = self.aws("stepfunctions").start_execution(
            stateMachineArn=self._machine(json.dumps(case.definition or self.plain)),
            name=f"drill-{name}" if case.drill else f"real-{name}",
            input=json.dumps(given),
        )
        return str(answer["executionArn"])

    def _machine(self, definition: str) -> str:
        if definition not in self.machines:
            name, role = f"{self.mark}-{len(self.machines)}", baseline.execution_role_arn(self.settings)
            made = self.aws("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
            self.machines[definition] = str(made["stateMachineArn"])
        return self.machines[definition]

    def _ended(self, arn: str) -> tuple[str, str, dict[str, Any]]:
        found = ended(self.aws("stepfunctions"), arn)
        output = (
            json.loads(found["output"]) if found["status"] == ExecutionStatus.SUCCEEDED else {"cause": found["cause"]}
        )
        return found["status"], found.get("error", ""), output

    def _drain(self, channel: str) -> list[dict[str, Any]]:
        heard, empty = list[dict[str, Any]](), 0
        while empty < 2:
            answer = self.aws("sqs").receive_message(QueueUrl=self.urls[channel], MaxNumberOfMessages=10)
            found = answer.get("Messages", [])
            empty = 0 if found else empty + 1
            for message in found:
                self.aws("sqs").delete_message(QueueUrl=self.urls[channel], ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                heard.append(body if channel == Channel.EVENTS else {**body, "Message": json.loads(body["Message"])})
        return heard


def patient(definition: Any) -> Any:
    """A copy whose states may take ten minutes each: that this machine is busy is no fault of theirs."""
    if isinstance(definition, dict):
        return {key: 600 if key == "TimeoutSeconds" else patient(value) for key, value in definition.items()}
    return [patient(value) for value in definition] if isinstance(definition, list) else definition


def ended(states: Any, arn: str) -> dict[str, Any]:
    """What is told of an execution once it has ended."""

    def look() -> dict[str, Any]:
        found = states.describe_execution(executionArn=arn)
        return {} if found["status"] == ExecutionStatus.RUNNING else dict(found)

    return until(look)


def user_of(case: str) -> str:
    return f"user-of-{case}"


def _is_about(message: dict[str, Any], arn: str, case: str) -> bool:
    said = message.get("Message") or message.get("detail") or {}
    named = said.get("execution") or said.get("executionArn")
    if named:
        return bool(named == arn)
    # The standard alert names no execution: it is the only one of its user, or it quotes what the drill was given.
    return said.get("userId") == user_of(case) or case in str(said.get("textPreview")).split()


def broken(definition: dict[str, Any], *names: str) -> dict[str, Any]:
    """A copy in which these tasks cannot do what they do: the topic or table is not there, the events are refused."""
    copied: dict[str, Any] = json.loads(json.dumps(definition))
    bodies = dict(_bodies(copied))
    for name in names:
        given = bodies[name]["Parameters"]
        for key in {"TopicArn", "TableName"} & given.keys():
            given[key] += "-gone"
        if (
            "Entries" in given
        ):  # the embedded account takes events for a bus that is not there, but never eleven at once
            given["Entries"] *= 11
    return copied


def _bodies(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in machine["States"].items():
        yield name, body
        for branch in body.get("Branches", []):
            yield from _bodies(branch)


def _package(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("index.py", source)
    return buffer.getvalue()
