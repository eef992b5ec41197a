"""What functional tests add to the embedded account: moto's interpreter over it, and what its queues received."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rehearsal import clients, interpreter
from rehearsal.server import Account


@pytest.fixture(scope="session")
def moto(server: Account) -> Iterator[str]:
    """The endpoint of moto's interpreter over the embedded account. Give state machines names of your own."""
    with interpreter.moto_over(server) as endpoint:
        yield endpoint


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
