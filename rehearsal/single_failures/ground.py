"""The ground on which the workflow's tasks are broken: an account of its own with two interpreters, and its drills.

The account is as the plan leaves it: topics, subscriptions, rules and their targets; beside it stand a function that
fails on order, and moto's interpreter behind its gate. Loopback only; everything is gone afterwards.
"""

import contextlib
import json
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib import settings as parameters
from lib.aws import connect
from lib.changes import engine
from lib.record import records
from lib.resources import connected_run, desired
from lib.routes import DRILL_PREFIX
from lib.settings import Settings
from lib.telemetry.execution_status import ExecutionStatus
from lib.wait import Patience, until
from rehearsal.account import baseline, server
from rehearsal.account.clients import client
from rehearsal.account.packages import function_package
from rehearsal.single_failures import refusing_proxy, second_interpreter
from rehearsal.single_failures.definition_mutations import Definition, by_name, by_stand_in

MINISTACK, MOTO = "ministack", "moto"
INTERPRETERS = (MINISTACK, MOTO)
SABOTEUR = "Rehearsal-Saboteur"
SOURCE = baseline.HERE / "functions" / "saboteur.py"
PHASES = ("01", "04")
CONTACT, OPERATIONS = "contact", "operations"
INBOXES = {CONTACT: baseline.TRUSTED_INBOX, OPERATIONS: baseline.OPERATIONS_INBOX}
# A function's retries come seconds later: they would reach the drills of the next failure.
OPTIONS = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "3600", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "3600"}
DEADLINE_SECONDS = 60.0
POLL_SECONDS = 1.5  # looking costs the interpreters as much as a task
LISTEN_SECONDS = 0.3


@dataclass(frozen=True)
class Alert:
    """One message at a subscriber: whose, when (seconds since the epoch, by SQS), and all it said."""

    whom: str
    at: float
    raw: str


@dataclass(frozen=True)
class Drill:
    """An execution: its name, when it began (seconds since the epoch), how it ended, and every event of its history."""

    name: str
    began: float
    status: str
    error: str
    arn: str = ""
    history: Sequence[Mapping[str, Any]] = ()


@dataclass
class Ground:
    """An account with two interpreters; `endpoints` are those that run state machines, by interpreter."""

    settings: Settings
    endpoints: Mapping[str, str]
    alerts: list[Alert] = field(default_factory=list)
    machines: dict[tuple[str, str], str] = field(default_factory=dict)
    one_at_a_time: Mapping[str, threading.Lock] = field(
        default_factory=lambda: {where: threading.Lock() for where in INTERPRETERS}
    )

    def aws(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients have no type
        return client(self.settings.endpoint_url, service, self.settings.region)

    def states(self, where: str) -> Any:  # noqa: ANN401
        return client(self.endpoints[where], "stepfunctions", self.settings.region)

    def broken(self, where: str, definition: Mapping[str, Any], tasks: Mapping[str, str]) -> Definition:
        """A copy of the definition in which these tasks (name -> fault) fail, as this interpreter can be made to."""
        if where == MOTO:
            return by_name(definition, tasks)
        return by_stand_in(definition, tasks, self.settings.arn("lambda", f"function:{SABOTEUR}"))

    def drill(self, where: str, definition: Mapping[str, Any], given: Mapping[str, Any]) -> Drill:
        """Run one execution to its end, or until the deadline; then its status is RUNNING."""
        name = f"{DRILL_PREFIX}silence-{where}-{secrets.token_hex(3)}"
        states, machine = self.states(where), self._machine(where, json.dumps(definition))
        text, began = json.dumps(given).replace("{execution}", name), time.time()
        arn = states.start_execution(stateMachineArn=machine, name=name, input=text)["executionArn"]
        execution = until(
            lambda: states.describe_execution(executionArn=arn),
            lambda now: now["status"] != ExecutionStatus.RUNNING,
            Patience(DEADLINE_SECONDS, POLL_SECONDS),
        ).seen
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        history = [event for page in pages for event in page["events"]]
        return Drill(name, began, execution["status"], execution.get("error", ""), arn, history)

    def _machine(self, where: str, definition: str) -> str:
        with self.one_at_a_time[where]:
            if (where, definition) not in self.machines:
                made = self.states(where).create_state_machine(
                    name=f"Rehearsal-{secrets.token_hex(4)}",
                    definition=definition,
                    roleArn=baseline.execution_role_arn(self.settings),
                )
                self.machines[where, definition] = str(made["stateMachineArn"])
            return self.machines[where, definition]

    def listen(self, seconds: float) -> list[Alert]:
        """Everything that was received so far; returns when nothing new came for so many seconds."""
        while new := until(self._new, bool, Patience(seconds, LISTEN_SECONDS)):
            self.alerts += new.seen
        return self.alerts

    def _new(self) -> list[Alert]:
        return [alert for whom, queue in INBOXES.items() for alert in self._received(whom, queue)]

    def _received(self, whom: str, queue: str) -> list[Alert]:
        sqs, url = self.aws("sqs"), f"{self.settings.endpoint_url}/{self.settings.account_id}/{queue}"
        asked = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["SentTimestamp"]}
        messages = sqs.receive_message(QueueUrl=url, **asked).get("Messages", [])
        gone = [{"Id": str(place), "ReceiptHandle": m["ReceiptHandle"]} for place, m in enumerate(messages)]
        if gone:
            sqs.delete_message_batch(QueueUrl=url, Entries=gone)
        return [Alert(whom, int(m["Attributes"]["SentTimestamp"]) / 1000, m["Body"]) for m in messages]


@contextlib.contextmanager
def ground(interpreters: Sequence[str] = INTERPRETERS) -> Iterator[Ground]:
    """A ground with these interpreters, ready for drills."""
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="failures-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        account = stack.enter_context(server.running_account(folder=folder / "server", options=OPTIONS))
        settings = _as_planned(account.endpoint, folder)
        endpoints = {MINISTACK: account.endpoint}
        if MOTO in interpreters:
            between = stack.enter_context(refusing_proxy.gate(account.endpoint))
            endpoints[MOTO] = stack.enter_context(second_interpreter.moto_over(between))
        yield Ground(settings, endpoints)


def _as_planned(endpoint: str, folder: Path) -> Settings:
    """The account as the plan leaves it, the workflow itself apart, and the function that fails on order."""
    given = {"endpoint_url": endpoint, "mode": "apply", "outputs_dir": str(folder / "outputs")}
    settings = parameters.load("local", {**given, "docs_dir": str(folder), "settle_seconds": 0.05})
    baseline.build(settings)
    record = records.open_run(settings)
    live = connect(settings, record.log_call)
    run = connected_run.of(live, record)
    for number in PHASES:
        engine.carry_out(engine.plan(number, desired.PHASES[number](live)), run)
    client(endpoint, "lambda", settings.region).create_function(
        FunctionName=SABOTEUR,
        Runtime="python3.11",
        Role=baseline.execution_role_arn(settings),
        Handler="saboteur.lambda_handler",
        Code={"ZipFile": function_package(SOURCE)},
        Timeout=60,
    )
    return settings


def alerts_of(alerts: Sequence[Alert], drill: Drill) -> list[Alert]:
    """Those that name this drill, the newest first."""
    exact = re.compile(rf"\b{re.escape(drill.name)}\b")
    return sorted((alert for alert in alerts if exact.search(alert.raw)), key=lambda alert: alert.at, reverse=True)


def about(alerts: Sequence[Alert], drill: Drill) -> dict[str, float]:
    """Who received an alert of this drill, and how many seconds after its start the first one came."""
    return {alert.whom: round(max(alert.at - drill.began, 0), 2) for alert in alerts_of(alerts, drill)}
