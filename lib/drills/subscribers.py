"""Temporary subscribers that receive what people would: one queue a topic, and one behind each rule and for the events.

They exist only while a validation listens; `engine.temporary_things` records them, and removes them also on failure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lib import routes
from lib.aws import Live
from lib.aws_answers import readable
from lib.changes.plans import Wanted
from lib.definitions import loader
from lib.drills.channels import Channel
from lib.drills.drill_session import Received
from lib.resources import desired
from lib.resources.existing.subscriptions import LISTENING, subscriptions
from lib.resources.live_thing import LiveThing
from lib.resources.resource_kinds import Queue, Rule, Subscription, Target
from lib.resources.rules import targets
from lib.values.alerts import Told
from lib.values.foreign import foreign_json
from lib.values.subscriber_addresses import Protocol
from lib.wait import until

PREFIX = LISTENING
QUEUES = (*Told, Channel.EVENTS)
# Of an event that passes a rule, only this reaches our queue: real people's events pass it as well.
TAKEN = {"event": "$.id", "execution": "$.detail.executionArn", "drill": "$.detail.drill"}


def listeners(live: Live, session: str) -> list[Wanted]:
    """The queues, their policies and what feeds them, for one validation, which `session` names."""
    s = live.settings
    topics = {Told.CONTACT: s.alert_topic_name, Told.OPERATIONS: s.ops_topic_name}
    wanted: list[Wanted] = []
    for channel, topic in topics.items():
        queue = queue_name(session, channel)
        wanted += queue_of(live, queue, "sns.amazonaws.com", [s.arn("sns", topic)])
        subscription = Subscription(live, topic, str(Protocol.SQS), s.queue_arn(queue))
        wanted.append(Wanted(subscription, {"dead_letter_queue": "", "raw": "false", "filter": ""}))
    events, rules = queue_name(session, Channel.EVENTS), [rule["name"] for rule in loader.rules()]
    # Real people's previews must not gather in a queue of ours.
    pattern = {"source": [{"prefix": routes.SOURCE}], "detail": {"userId": [s.drill_user_id]}}
    value = {"EventPattern": pattern, "State": "ENABLED", "Description": "Temporary: validation listens to the alerts"}
    return [
        *wanted,
        *queue_of(live, events, "events.amazonaws.com", [s.rule_arn(rule) for rule in (events, *rules)]),
        Wanted(Rule(live, events), value),
        Wanted(Target(live, events, "listener"), {"Arn": s.queue_arn(events)}),
        *(Wanted(Target(live, rule, events), _behind(rule, s.queue_arn(events))) for rule in rules),
    ]


def left_behind(live: Live) -> list[LiveThing]:
    """Every listener that a killed drill left in the account, whoever ran it, in the order to remove them. Read-only.

    Only one run at a time listens; so what is there before it begins is nobody's any more.
    """
    s, sqs, events = live.settings, live.client("sqs"), live.client("events")
    with readable("looking for listeners that were left behind"):
        ends = [
            (topic, row["Endpoint"])
            for topic in dict.fromkeys((s.alert_topic_name, s.ops_topic_name, *_second(live)))
            for row in subscriptions(live, topic)
            if f":{PREFIX}-" in row["Endpoint"]
        ]
        rules = [row["Name"] for page in _pages(events, "list_rules", NamePrefix=f"{PREFIX}-") for row in page["Rules"]]
        fed = [rule["name"] for rule in loader.rules()]
        ours = [
            (rule, name)
            for rule in [*rules, *fed]
            for name in targets(live, rule)
            if rule in rules or name.startswith(f"{PREFIX}-")
        ]
        # Without a size of its pages, SQS names a thousand queues and not that there are more.
        queues = _pages(sqs, "list_queues", QueueNamePrefix=f"{PREFIX}-", PaginationConfig={"PageSize": 1000})
        urls = [url for page in queues for url in page.get("QueueUrls", [])]
    return [
        *(Subscription(live, topic, str(Protocol.SQS), end) for topic, end in ends),
        *(Target(live, rule, name) for rule, name in ours),
        *(Rule(live, rule) for rule in rules),
        *(Queue(live, url.rsplit("/", 1)[-1]) for url in urls),
    ]


def _second(live: Live) -> list[str]:
    """The topic that alarms about the operations topic tell, by name, where it is this account's."""
    here, second = live.settings.arn("sns", ""), live.settings.second_alarm_action
    return [second.removeprefix(here)] if second.startswith(here) else []


def _pages(client: Any, operation: str, **asked: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401 - boto3 has no types
    pages: Iterable[dict[str, Any]] = client.get_paginator(operation).paginate(**asked)
    return pages


def _behind(rule: str, queue_arn: str) -> dict[str, Any]:
    """A target that tells what passed the rule, and no word of it."""
    fields = ", ".join([f'"rule": "{rule}"', *(f'"{name}": <{name}>' for name in TAKEN)])
    return {"Arn": queue_arn, "InputTransformer": {"InputPathsMap": TAKEN, "InputTemplate": f"{{{fields}}}"}}


def queue_name(session: str, channel: str) -> str:
    """A queue's, and for the events also a rule's and a target's name, so without a dot and at most 64 characters."""
    return f"{PREFIX}-{channel}-{session}".replace(".", "-")[:64]


def collect(
    live: Live,
    session: str,
    heard: list[Received],
    expected: Callable[[Sequence[Received]], bool],
) -> None:
    """Receive from every queue into `heard` until `expected` holds or the alert limit has passed."""
    inboxes = _inboxes(live, session)
    until(
        lambda: _hear(live, inboxes, heard),
        lambda _: expected(heard),
        live.patience(live.settings.alert_limit_seconds, min(live.settings.poll_seconds, 1)),
        more=bool,
    )


def collect_strays(live: Live, session: str, heard: list[Received]) -> None:
    """Go on receiving into `heard` for `listen_seconds`: duplicates, late alerts, and what nobody expected."""
    patience = live.patience(live.settings.listen_seconds, min(live.settings.poll_seconds, 1))
    inboxes = _inboxes(live, session)
    # The whole time, whatever comes; and then what is there already.
    while until(lambda: _hear(live, inboxes, heard), lambda _: False, patience, more=bool).seen:
        patience = replace(patience, seconds=0)


def _inboxes(live: Live, session: str) -> dict[str, str]:
    """The URL of each listener's queue, by channel."""
    return {channel: url_of(live, queue_name(session, channel)) for channel in QUEUES}


def url_of(live: Live, queue: str) -> str:
    """Where a listener's queue is read. Asked for once a wait, not once a look."""
    with readable(f"looking for the listener {queue}"):
        return str(live.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"])


def _hear(live: Live, inboxes: Mapping[str, str], heard: list[Received]) -> list[Received]:
    """What is new, which `heard` then holds as well."""
    new = _new(heard, [message for channel, url in inboxes.items() for message in receive(live, url, channel)])
    heard += new
    return new


def _new(heard: Sequence[Received], received: Sequence[Received]) -> list[Received]:
    """Without those that SQS delivered again, as it may: what a subscriber gets twice has another id."""
    known = {message.message_id for message in heard}
    return [message for message in received if message.message_id not in known]


def receive(live: Live, url: str, channel: str) -> list[Received]:
    """What waits in a listener's queue, taken out of it."""
    sqs = live.client("sqs")
    with readable(f"receiving from the {channel} listener"):
        # Asked to wait, SQS looks at all of its servers; else it may miss what is there.
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["SentTimestamp"],
            WaitTimeSeconds=min(int(live.settings.poll_seconds), 20),
        )
        messages = answer.get("Messages", [])
        # What SQS does not delete comes again, is known by its id then, and goes with its queue.
        gone = [{"Id": str(place), "ReceiptHandle": one["ReceiptHandle"]} for place, one in enumerate(messages)]
        if gone:
            sqs.delete_message_batch(QueueUrl=url, Entries=gone)
    return [_message(channel, message) for message in messages]


def _message(channel: str, message: dict[str, Any]) -> Received:
    envelope = _parsed(message["Body"])
    body = envelope if channel == Channel.EVENTS else _parsed(str(envelope.get("Message", "")))
    return Received(
        channel=Channel.RULES
        if channel == Channel.EVENTS and "rule" in body and "detail-type" not in body
        else channel,
        at=int(message["Attributes"]["SentTimestamp"]) / 1000,
        subject=str(envelope.get("Subject") or ""),
        body=body,
        raw=message["Body"],
        message_id=message["MessageId"],
        topic=str(envelope.get("TopicArn") or ""),
    )


def _parsed(text: str) -> dict[str, Any]:
    """JSON as a mapping; anything else under `text`, since what a subscriber receives is not ours to reject."""
    try:
        return foreign_json.object_of(text)
    except ValueError:
        return {"text": text}


def queue_of(live: Live, queue: str, service: str, sources: list[str]) -> list[Wanted]:
    """A listener's queue, which takes what a service sends of these sources alone."""
    return desired.queue_fed_by(live, queue, service, sources, sid="AcceptForListening", kept_for="3600")
