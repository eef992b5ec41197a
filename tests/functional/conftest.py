"""The embedded account for functional tests: one server a worker, emptied and built anew for whoever asks.

`account` is new for each test; `module_account` lasts for a module. A module uses one of them, never both: each empties
the server.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib import settings as parameters
from lib.settings import Settings
from rehearsal import baseline, clients, interpreter
from rehearsal import server as embedded
from rehearsal.server import Account

SHORT_WAITS = {"settle_seconds": 0.2, "verify_timeout_seconds": 10, "poll_seconds": 0.05, "listen_seconds": 0.7}


# Emptying the account ends a function that still runs. Its retry, a second later, would reach the next test's account.
NO_RETRIES = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "3600", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "3600"}
QUIET_SECONDS = 10.0


@pytest.fixture(scope="session")
def server() -> Iterator[Account]:
    """A running embedded account; what is in it is anybody's."""
    with embedded.running(options=NO_RETRIES) as account:
        yield account


@pytest.fixture(scope="session")
def moto(server: Account) -> Iterator[str]:
    """The endpoint of moto's interpreter over the embedded account. Give state machines names of your own."""
    with interpreter.moto_over(server) as endpoint:
        yield endpoint


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


@pytest.fixture
def account(server: Account, tmp_path: Path) -> Settings:
    """The parameters of a newly built baseline, for one test."""
    return fresh(server, tmp_path)


@pytest.fixture(scope="module")
def module_account(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The parameters of a baseline that a whole module shares."""
    return fresh(server, tmp_path_factory.mktemp("module"))


@pytest.fixture
def client(server: Account) -> Callable[[str], Any]:
    """`client("sqs")`: a client of the embedded account."""
    return lambda service: clients.client(server.endpoint, service)


@pytest.fixture
def received(server: Account) -> Callable[..., list[dict[str, Any]]]:
    """`received(queue, count=1, within=5)`: the messages that reach a queue, removed from it, each as parsed JSON."""

    def wait(queue: str, count: int = 1, within: float = 5.0) -> list[dict[str, Any]]:
        sqs = clients.client(server.endpoint, "sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + within
        while len(found) < count and time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                "Messages", []
            ):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found

    return wait
