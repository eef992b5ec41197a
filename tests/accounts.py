"""The embedded account of a test: built anew, and looked at as a whole. Loopback only."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from waiting import until

from lib import settings as parameters
from lib.aws import Identity, Live
from lib.settings import Settings
from rehearsal.account import baseline, clients
from rehearsal.account import server as embedded
from rehearsal.account.server import Account
from rehearsal.account.snapshot import differences, settled_snapshot, snapshot

__all__ = [
    "NO_RETRIES",
    "SHORT_WAITS",
    "differences",
    "fresh",
    "nowhere",
    "processor_starts",
    "quiet",
    "settled_snapshot",
    "snapshot",
    "started_by_alias",
]

SHORT_WAITS = {
    "settle_seconds": 0.2, "verify_timeout_seconds": 10, "poll_seconds": 0.05, "listen_seconds": 0.7,
    "latency_drills": 2, "burst_drills": 4, "success_rate_margin": 0.25,
}  # fmt: skip
# Emptying the account ends a function that still runs. Its retry, a second later, would reach the next test's account.
NO_RETRIES = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "3600", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "3600"}


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
    arns = {run["stateMachineArn"] for run in found}
    until(
        lambda: not any(states.list_executions(stateMachineArn=a, statusFilter="RUNNING")["executions"] for a in arns)
    )
    if found:
        time.sleep(0.3)  # and their events reach the dispatcher


def started_by_alias(settings: Settings, alias: str) -> str:
    """Publish a version of the workflow, and let the processor start executions by an alias of it. Returns its ARN."""
    states = clients.client(settings.endpoint_url, "stepfunctions")
    version = states.publish_state_machine_version(stateMachineArn=settings.state_machine_arn)["stateMachineVersionArn"]
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    arn = str(states.create_state_machine_alias(name=alias, routingConfiguration=routing)["stateMachineAliasArn"])
    processor_starts(settings, arn)
    return arn


def processor_starts(settings: Settings, arn: str) -> None:
    """Tell the processor what to start."""
    functions, name = clients.client(settings.endpoint_url, "lambda"), settings.processor_function_name
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables["STATE_MACHINE_ARN"] = arn
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def nowhere(settings: Settings, **clients: Any) -> Live:
    """A connection to an account in which nothing exists but what these clients answer. Calls nothing."""
    identity = Identity(settings.account_id, settings.region, "nobody", "none")
    return Live(settings, identity, None, clients=_Nothing(clients))


class _Nothing(dict[str, Any]):
    """Every service answers every call that the thing is not there."""

    ABSENT: ClassVar[dict[str, str]] = {
        "describe_state_machine": "StateMachineDoesNotExist",
        "get_role": "NoSuchEntity",
        "get_topic_attributes": "NotFound",
    }

    def __contains__(self, service: object) -> bool:
        return True

    def __getitem__(self, service: str) -> Any:
        return self.get(service, self)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def absent(**_: Any) -> Any:
            code = self.ABSENT.get(operation, "ResourceNotFoundException")
            raise ClientError({"Error": {"Code": code, "Message": "not there"}}, operation)

        return absent

    def get_paginator(self, operation: str) -> Any:
        return type("Pages", (), {"paginate": staticmethod(getattr(self, operation))})
