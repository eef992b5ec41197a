"""SQS as a listener sees it: messages that arrive at their time, some twice. No AWS."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from machines import says

Body = str | dict[str, Any]


@dataclass
class Queues:
    """Messages by channel, each with the second from which on it can be received. `clock` is that of the connection."""

    clock: Callable[[], float] = lambda: 0.0
    due: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    refused: str = ""

    def put(self, channel: str, body: Body, at: float = 0.0, message_id: str = "", sent: float = 1.0) -> None:
        """`sent`: when by SQS, in seconds."""
        number = message_id or f"m{len(self.due)}"
        told = {"MessageId": number, "ReceiptHandle": f"receipt of {number}", "Body": _text(body)}
        self.due.append((channel, at, {**told, "Attributes": {"SentTimestamp": str(int(sent * 1000))}}))

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - AWS's own names
        return {"QueueUrl": f"https://sqs/0/{QueueName}"}

    def receive_message(self, QueueUrl: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        if self.refused:
            raise says(self.refused)
        self.received.append(asked)
        channel = QueueUrl.split("-")[2]
        now = [row for row in self.due if row[0] == channel and row[1] <= self.clock()][: asked["MaxNumberOfMessages"]]
        self.due = [row for row in self.due if not any(row is one for one in now)]
        return {"Messages": [message for _, _, message in now]} if now else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> None:  # noqa: N803
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]


def alert(name: str, subject: str = "[DRILL] Your6", **more: Any) -> dict[str, Any]:
    """What SNS puts into a queue of an alert about this execution."""
    message = {"userId": "drill-operations", "drill": True, "execution": name, **more}
    return {"Type": "Notification", "Subject": subject, "Message": json.dumps(message)}


def _text(body: Body) -> str:
    return body if isinstance(body, str) else json.dumps(body)


@dataclass
class Mailing:
    """SNS's list of subscribers, by topic's name the protocols; with `attributes` of each of them."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    def get_paginator(self, operation: str) -> "Mailing":
        assert operation == "list_subscriptions_by_topic"
        return self

    def paginate(self, TopicArn: str) -> list[dict[str, Any]]:  # noqa: N803 - AWS's own names
        if self.refused:
            raise says(self.refused)
        name = TopicArn.rpartition(":")[2]
        rows = [
            {"SubscriptionArn": f"{TopicArn}:{number}", "Protocol": protocol, "Endpoint": f"{protocol} {number}"}
            for number, protocol in enumerate(self.topics.get(name, []))
        ]
        return [{"Subscriptions": rows}]

    def get_subscription_attributes(self, SubscriptionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Attributes": {"SubscriptionArn": SubscriptionArn, **self.attributes}}
