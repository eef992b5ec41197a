"""Temporary subscribers that receive what people would: one queue a topic, and one for the events behind them.

They exist only while a validation listens; `changes.temporarily` records them, and removes them also on failure.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lib.aws import Live, readable
from lib.plans import Wanted
from lib.resources import Queue, QueueStatement, Rule, Subscription, Target

PREFIX = "Your6-Listening"
CHANNELS = ("trusted", "operations", "events")


@dataclass(frozen=True)
class Received:
    """One message at a subscriber: where, when (seconds since the epoch, by SQS), and what it said."""

    channel: str
    at: float
    subject: str
    body: dict[str, Any]
    raw: str

    def is_about(self, execution_name: str) -> bool:
        """Whether the message carries this execution's name, which is the drill's correlation id."""
        return execution_name in self.raw


def listeners(live: Live, session: str) -> list[Wanted]:
    """The queues, their policies and what feeds them, for one validation, which `session` names."""
    s = live.settings
    topics = {"trusted": s.alert_topic_name, "operations": s.ops_topic_name}
    wanted: list[Wanted] = []
    for channel, topic in topics.items():
        queue = queue_name(session, channel)
        wanted += _queue(live, queue, "sns.amazonaws.com", s.arn("sns", topic))
        subscription = Subscription(live, topic, "sqs", s.queue_arn(queue))
        wanted.append(Wanted(subscription, {"dead_letter_queue": "", "raw": "false", "filter": ""}))
    events = queue_name(session, "events")
    # Real people's previews must not gather in a queue of ours.
    pattern = {"source": [{"prefix": "your6.checkin"}], "detail": {"userId": [s.drill_user_id]}}
    value = {"EventPattern": pattern, "State": "ENABLED", "Description": "Temporary: validation listens to the alerts"}
    return [
        *wanted,
        *_queue(live, events, "events.amazonaws.com", s.rule_arn(events)),
        Wanted(Rule(live, events), value),
        Wanted(Target(live, events, "listener"), {"Arn": s.queue_arn(events)}),
    ]


def queue_name(session: str, channel: str) -> str:
    """A queue's, and for the events also a rule's name, so without a dot and at most 64 characters."""
    return f"{PREFIX}-{channel}-{session}".replace(".", "-")[:64]


def collect(
    live: Live,
    session: str,
    expected: Callable[[Sequence[Received]], bool],
    sleep: Callable[[float], None] = time.sleep,
) -> list[Received]:
    """Receive from every channel until `expected` holds or the alert limit passes, then listen for strays.

    Returns everything that was received, also what nobody expected.
    """
    s, heard = live.settings, list[Received]()
    deadline = time.monotonic() + float(s.alert_limit_seconds)
    quiet_until: float | None = None
    while True:
        new = [message for channel in CHANNELS for message in _receive(live, session, channel)]
        heard += new
        now = time.monotonic()
        if quiet_until is None and (expected(heard) or now > deadline):
            quiet_until = now + float(s.listen_seconds)
        if quiet_until is not None and now > quiet_until and not new:
            return heard
        if not new:
            sleep(min(s.poll_seconds, 1))


def _receive(live: Live, session: str, channel: str) -> list[Received]:
    sqs = live.client("sqs")
    with readable(f"receiving from the {channel} listener"):
        url = sqs.get_queue_url(QueueName=queue_name(session, channel))["QueueUrl"]
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["SentTimestamp"]
        )
        found = answer.get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [_message(channel, message) for message in found]


def _message(channel: str, message: dict[str, Any]) -> Received:
    envelope = _parsed(message["Body"])
    body = envelope if channel == "events" else _parsed(str(envelope.get("Message", "")))
    return Received(
        channel=channel,
        at=int(message["Attributes"]["SentTimestamp"]) / 1000,
        subject=str(envelope.get("Subject") or ""),
        body=body,
        raw=message["Body"],
    )


def _parsed(text: str) -> dict[str, Any]:
    """JSON as a mapping; anything else under `text`, since what a subscriber receives is not ours to reject."""
    try:
        data = json.loads(text)
    except ValueError:
        return {"text": text}
    return data if isinstance(data, dict) else {"text": text}


def _queue(live: Live, queue: str, service: str, source: str) -> list[Wanted]:
    statement = {
        "Sid": "AcceptForListening",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": live.settings.queue_arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return [
        Wanted(Queue(live, queue), {"MessageRetentionPeriod": "3600"}),
        Wanted(QueueStatement(live, queue, "AcceptForListening"), statement),
    ]
