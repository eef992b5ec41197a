"""What functional tests add to the embedded account: moto's interpreter over it, and what its queues received."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waiting import until

from rehearsal.account import clients
from rehearsal.account.server import Account
from rehearsal.single_failures import second_interpreter


@pytest.fixture(scope="session")
def moto(server: Account) -> Iterator[str]:
    """The endpoint of moto's interpreter over the embedded account. Give state machines names of your own."""
    with second_interpreter.moto_over(server) as endpoint:
        yield endpoint


@pytest.fixture
def received(server: Account) -> Callable[..., list[dict[str, Any]]]:
    """`received(queue)`: the first messages that reach a queue, removed from it, each as parsed JSON."""

    def wait(queue: str) -> list[dict[str, Any]]:
        sqs = clients.client(server.endpoint, "sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = until(lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    return wait
