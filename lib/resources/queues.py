"""SQS queues, and single statements of their policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted
from lib.resources.existing.subscriptions import served_by
from lib.resources.live_thing import LiveThing
from lib.values.foreign.json_members import Members, members
from lib.wait import until

NO_POLICY = '{"Version": "2012-10-17", "Statement": []}'
COUNTED = [
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
]  # fmt: skip
NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


@dataclass(frozen=True)
class Queue(LiveThing):
    """Value: `{"MessageRetentionPeriod": seconds as text}`. Other attributes of a queue that exists are left alone."""

    queue: str
    kind: ClassVar[str] = "queue"
    noticed: ClassVar[str] = "nobody until an alert cannot be delivered"

    def _read(self) -> dict[str, str] | None:
        attributes = _queue_attributes(self, ["MessageRetentionPeriod"])
        return attributes and {"MessageRetentionPeriod": attributes["MessageRetentionPeriod"]}

    def _write(self, value: dict[str, str] | None) -> None:
        sqs = self.live.client("sqs")
        url = _queue_url(self)
        if value is None:
            if url is not None:
                sqs.delete_queue(QueueUrl=url)
        elif url is None:
            sqs.create_queue(QueueName=self.queue, Attributes=value)
        else:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=value)

    def _kept_because(self) -> str:
        """A queue with messages is kept: they are pages that nobody received."""
        held = messages(self.live, self.queue)
        if held:
            return f"it holds {held} messages"
        served = served_by(self.live, self.queue)
        return f"it is the dead-letter queue of {served[0]}" if served else ""

    def _not_so_because(self, wanted: dict[str, str]) -> str:
        """A shorter time to keep them deletes what lies there longer than that: pages that nobody received."""
        seconds, shorter = ((value or {}).get("MessageRetentionPeriod", "0") for value in (self._read(), wanted))
        held = messages(self.live, self.queue) if int(shorter) < int(seconds) else 0
        return f"it holds {held} messages, and would keep them for {shorter} s in place of {seconds}" if held else ""


def messages(live: Live, queue: str) -> int | None:
    """How many messages a queue holds, also those that nobody may take now; None where it is not there. Read-only."""
    attributes = _queue_attributes(Queue(live, queue), COUNTED)
    return None if attributes is None else sum(int(attributes[name]) for name in COUNTED)


@dataclass(frozen=True)
class QueueStatement(LiveThing):
    """One statement of a queue's policy, found by its Sid. Other statements are left alone."""

    queue: str
    sid: str
    kind: ClassVar[str] = "queue policy"
    noticed: ClassVar[str] = "nobody until an alert cannot be delivered"
    special: ClassVar[Mapping[Place, Field]] = {
        (): Field(
            missing_means_all=True,
            lived_on="somebody sends to the queue by it; give theirs a statement of another name first",
        )
    }

    def _read(self) -> dict[str, Any] | None:
        return next(filter(self._ours, self._statements().values), None)

    def _statements(self) -> Members:
        """A policy may hold one statement without a list around it, or none."""
        text = (_queue_attributes(self, ["Policy"]) or {}).get("Policy")
        return members(text or NO_POLICY, "Statement", lone=True)

    def _ours(self, statement: Any) -> bool:  # noqa: ANN401 - whatever somebody put there
        return isinstance(statement, dict) and statement.get("Sid") == self.sid

    def _write(self, value: dict[str, Any] | None) -> None:
        if value is None and _queue_url(self) is None:
            return  # it went with its queue
        text = self._statements().replaced(self._ours, [] if value is None else [value])
        policy = text if members(text, "Statement", lone=True).values else ""
        self.live.client("sqs").set_queue_attributes(QueueUrl=self._url(), Attributes={"Policy": policy})

    def _url(self) -> str:
        """The queue's URL; SQS may take a second to know a queue that was just made."""
        url = until(lambda: _queue_url(self), lambda url: url is not None, self.live.patience()).seen
        if url is None:
            raise NotAsWanted(f"there is no queue {self.queue} to give a policy to; expected it to be made first")
        return url

    def _kept_because(self) -> str:
        """The statement goes with the queue: as long as the queue is some subscription's, it must accept messages."""
        served = served_by(self.live, self.queue)
        return f"its queue is the dead-letter queue of {served[0]}" if served else ""


def _queue_url(thing: Queue | QueueStatement) -> str | None:
    """The queue's URL, or None where there is no such queue."""
    with absent_is_none(*NO_QUEUE):
        return str(thing.live.client("sqs").get_queue_url(QueueName=thing.queue)["QueueUrl"])
    return None


def _queue_attributes(thing: Queue | QueueStatement, names: list[str]) -> dict[str, str] | None:
    """Attributes of the queue, or None where there is no such queue."""
    url = _queue_url(thing)
    if url is None:
        return None
    with absent_is_none(*NO_QUEUE):
        return dict(
            thing.live.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names).get("Attributes", {})
        )
    return None
