"""SNS topics and subscriptions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.plans import UNKNOWN
from lib.errors import BadParameters, NotAsWanted
from lib.record import command_lines
from lib.resources.live_thing import LiveThing
from lib.settings import mask
from lib.values import subscriber_addresses
from lib.values.exact_json import document

# Stands in a record for the address in the parameters, which no record may hold.
FROM_PARAMETERS = "parameter ops_subscription_endpoint"
PENDING = ("PendingConfirmation", "pending confirmation")
# Whoever listens to drills, by a queue of this name, is nobody.
LISTENING = "Your6-Listening"
NO_FILTER = (None, "", "{}")
TAKES_RAW = ("sqs", "http", "https")
BY_MAIL = ("email", "email-json")
# Their owner has confirmed in person; unsubscribing throws that away.
CONFIRMED_BY_A_PERSON = (*BY_MAIL, "sms", "http", "https")
# Of the other protocols, SNS asks the owner to confirm.
NOTICED_BY = {
    "email": "its owner, who gets a confirmation mail when it is new",
    "sms": "its owner, from the first alert on",
    "sqs": "nobody until the workflow publishes; then whoever reads the queue",
}


@dataclass(frozen=True)
class Topic(LiveThing):
    """Value: `{"DisplayName": text}`. Other attributes of a topic that exists are left alone."""

    topic: str
    kind: ClassVar[str] = "topic"
    noticed: ClassVar[str] = "nobody until the workflow publishes to it"

    @property
    def arn(self) -> str:
        return self.live.settings.arn("sns", self.topic)

    def _read(self) -> dict[str, str] | None:
        with absent_is_none("NotFound", "NotFoundException"):
            attributes = self.live.client("sns").get_topic_attributes(TopicArn=self.arn)["Attributes"]
            return {"DisplayName": attributes.get("DisplayName", "")}
        return None

    def _write(self, value: dict[str, str] | None) -> None:
        sns = self.live.client("sns")
        if value is None:
            sns.delete_topic(TopicArn=self.arn)
            return
        if self._read() is None:
            sns.create_topic(Name=self.topic, Attributes=value)
            return
        for name, text in value.items():
            sns.set_topic_attributes(TopicArn=self.arn, AttributeName=name, AttributeValue=text)

    def _kept_because(self) -> str:
        """A topic with confirmed subscribers is kept: people rely on it, and would have to confirm again."""
        confirmed = [row for row in subscriptions(self.live, self.topic) if row["SubscriptionArn"] not in PENDING]
        return f"it has {len(confirmed)} confirmed subscribers" if confirmed else ""


@dataclass(frozen=True)
class Subscription(LiveThing):
    """Value: `{"dead_letter_queue": ARN or "", "raw": "true" or "false", "filter": FilterPolicy or ""}`.

    `endpoint` may be FROM_PARAMETERS. While a subscription waits for its owner, AWS does not tell its attributes, and
    the value holds UNKNOWN in their place.
    """

    topic: str
    protocol: str
    endpoint: str
    kind: ClassVar[str] = "subscription"
    in_parts: ClassVar[bool] = True

    @property
    def address(self) -> str:
        return self.live.settings.ops_subscription_endpoint if self.endpoint == FROM_PARAMETERS else self.endpoint

    @property
    def name(self) -> str:
        shown = (
            self.address.rsplit(":", 1)[-1]
            if self.protocol == subscriber_addresses.Protocol.SQS
            else mask(self.address)
        )
        return f"subscription {self.topic} -> {self.protocol} {shown}"

    @property
    def noticed(self) -> str:
        """Who notices depends on whom SNS asks to confirm."""
        return NOTICED_BY.get(self.protocol, "its owner, who is asked to confirm it when it is new")

    def _read(self) -> dict[str, str] | None:
        arn = self._arn()
        if arn is None:
            return None
        if arn in PENDING:
            return {"dead_letter_queue": UNKNOWN, "raw": UNKNOWN, "filter": UNKNOWN}
        attributes = self.live.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        return {
            "dead_letter_queue": _dead_letters(attributes),
            "raw": str(attributes.get("RawMessageDelivery", "false")).lower(),
            "filter": "" if attributes.get("FilterPolicy") in NO_FILTER else attributes["FilterPolicy"],
        }

    def _arn(self) -> str | None:
        """What SNS calls it; the one that is written as ours is, before another that means the same."""
        rows = [row for row in subscriptions(self.live, self.topic) if row["Protocol"] == self.protocol]
        meant = [row for row in rows if subscriber_addresses.same(self.protocol, self.address, row["Endpoint"])]
        ordered = sorted(meant, key=lambda row: row["Endpoint"] != self.address)
        return ordered[0]["SubscriptionArn"] if ordered else None

    def _write(self, value: dict[str, str] | None) -> None:
        sns, arn = self.live.client("sns"), self._arn()
        if value is None:
            self._unsubscribe(arn)
        elif arn is None:
            self._require_whole_address()
            sns.subscribe(
                TopicArn=self.live.settings.arn("sns", self.topic),
                Protocol=self.protocol,
                Endpoint=subscriber_addresses.as_dialled(self.protocol, self.address),
                Attributes=_attributes(value, self.protocol),
                ReturnSubscriptionArn=True,
            )
        else:
            live = _attributes(self._read() or value, self.protocol, empty=True)
            for name, text in _attributes(value, self.protocol, empty=True).items():
                if live[name] != text:  # an empty policy is not the same as none, so none is written for nothing
                    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=text)

    def _require_whole_address(self) -> None:
        if subscriber_addresses.hides_password(self.address):
            words = ["--protocol", self.protocol, "--notification-endpoint", command_lines.ITS_VARIABLE]
            topic = self.live.settings.arn("sns", self.topic)
            by_hand = command_lines.aws(self.live.settings, "sns", "subscribe", "--topic-arn", topic, *words)
            raise NotAsWanted(
                f"{self.name} is not there, and its password is hidden, so it cannot be made from the parameters; "
                f"subscribe the whole URL by hand, `{by_hand}`, then go on"
            )

    def _unsubscribe(self, arn: str | None) -> None:
        # A subscription that nobody confirmed cannot be removed; AWS drops it by itself after some days.
        if arn is not None and arn not in PENDING:
            self.live.client("sns").unsubscribe(SubscriptionArn=arn)

    def _kept_because(self) -> str:
        """What a person confirmed is kept; what nobody confirmed cannot be removed."""
        arn = self._arn()
        if arn in PENDING:
            return "it waits for its owner's confirmation; AWS lets nobody remove it and drops it by itself"
        if arn and self.protocol in CONFIRMED_BY_A_PERSON:
            return "its owner confirmed it, and would have to again"
        return ""


def subscriptions(live: Live, topic: str) -> list[dict[str, str]]:
    """The subscriptions of a topic as SNS lists them; none where there is no topic. Read-only."""
    return list(_subscriptions(live, topic))


def _subscriptions(live: Live, topic: str) -> Iterator[dict[str, str]]:
    pages = live.client("sns").get_paginator("list_subscriptions_by_topic")
    with absent_is_none("NotFound", "NotFoundException"):
        for page in pages.paginate(TopicArn=live.settings.arn("sns", topic)):
            # For a while SNS lists what somebody removed, under this name.
            yield from (row for row in page["Subscriptions"] if row["SubscriptionArn"] != "Deleted")


def served_by(live: Live, queue: str, topic: str = "") -> list[str]:
    """The subscriptions of a topic, the operations topic's unless named, whose dead-letter queue this is. Read-only."""
    topic, served = topic or live.settings.ops_topic_name, []
    for row in subscriptions(live, topic):
        if row["SubscriptionArn"] in PENDING:
            continue
        attributes = live.client("sns").get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])[
            "Attributes"
        ]
        if _dead_letters(attributes) == live.settings.queue_arn(queue):
            served.append(f"a {row['Protocol']} subscription of {topic}")
    return served


def _dead_letters(attributes: Mapping[str, str]) -> str:
    """The ARN of a subscription's dead-letter queue, or ""."""
    held = attributes.get("RedrivePolicy") or "{}"
    return str(document(held, "a subscription's RedrivePolicy").get("deadLetterTargetArn", ""))


def audience(live: Live, topic: str) -> dict[str, int]:
    """Subscribers of a topic: `confirmed`, `filtered` (confirmed, but receives only what its filter lets through) and
    `waiting` for confirmation. A queue that listens to drills is no subscriber. Read-only."""
    counts = {"confirmed": 0, "filtered": 0, "waiting": 0}
    for row in subscriptions(live, topic):
        if f":{LISTENING}-" in row["Endpoint"]:
            continue
        if row["SubscriptionArn"] in PENDING:
            counts["waiting"] += 1
            continue
        answer = live.client("sns").get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])
        counts["confirmed" if answer["Attributes"].get("FilterPolicy") in NO_FILTER else "filtered"] += 1
    return counts


def has_mail(live: Live, topic: str) -> bool:
    """Whether a topic has an e-mail subscription, also one that waits for its owner or is filtered. Read-only."""
    return any(row["Protocol"] in BY_MAIL for row in subscriptions(live, topic))


def ended_by_a_mail(live: Live, topic: str) -> int:
    """How many confirmed e-mail subscriptions whoever has one of their mails can end, by its link. Read-only.

    Of one that was confirmed with credentials AWS does not tell whether the link still ends it; it is not counted.
    """
    sns = live.client("sns")
    mailed = [row["SubscriptionArn"] for row in subscriptions(live, topic) if row["Protocol"] in BY_MAIL]
    every = [sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] for arn in mailed if arn not in PENDING]
    return sum(str(one.get("ConfirmationWasAuthenticated", "")).lower() == "false" for one in every)


def _attributes(value: dict[str, str], protocol: str, empty: bool = False) -> dict[str, str]:
    """The value as SNS takes it; with `empty`, also what takes an attribute away again."""
    missing = {"dead_letter_queue", "raw", "filter"} - value.keys()
    if missing:
        raise BadParameters(f"a subscription's value needs {', '.join(sorted(missing))}; found {sorted(value)}")
    queue = value["dead_letter_queue"]
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue}) if queue else ""}
    attributes["FilterPolicy"] = value["filter"] or ("{}" if empty else "")
    if protocol in TAKES_RAW:
        attributes["RawMessageDelivery"] = value["raw"]
    return {name: text for name, text in attributes.items() if text or (empty and name == "RedrivePolicy")}
