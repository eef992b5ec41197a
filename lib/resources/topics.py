"""SNS topics and subscriptions."""

import json
from dataclasses import dataclass
from typing import ClassVar

from lib.aws_answers import absent_is_none
from lib.changes.plans import UNKNOWN
from lib.errors import BadParameters, NotAsWanted
from lib.record import command_lines
from lib.resources.existing.subscriptions import (
    BY_MAIL,
    NO_FILTER,
    NO_TOPIC,
    NOT_TOLD,
    PENDING,
    attributes_of,
    dead_letters_of,
    subscriptions,
)
from lib.resources.live_thing import LiveThing
from lib.settings import mask
from lib.values import subscriber_addresses

# Stands in a record for the address in the parameters, which no record may hold.
FROM_PARAMETERS = "parameter ops_subscription_endpoint"
TAKES_RAW = ("sqs", "http", "https")
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
        with absent_is_none(*NO_TOPIC):
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

    `endpoint` may be FROM_PARAMETERS. While a subscription waits for its owner, and where another account made it, AWS
    does not tell its attributes, and the value holds UNKNOWN in their place.
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
        row = self._row()
        if row is None:
            return None
        with absent_is_none(*NO_TOPIC):  # it was removed just now
            attributes = NOT_TOLD if row["SubscriptionArn"] in PENDING else attributes_of(self.live, row)
            if attributes is NOT_TOLD:
                return {"dead_letter_queue": UNKNOWN, "raw": UNKNOWN, "filter": UNKNOWN}
            return {
                "dead_letter_queue": dead_letters_of(attributes),
                "raw": str(attributes.get("RawMessageDelivery", "false")).lower(),
                "filter": "" if attributes.get("FilterPolicy") in NO_FILTER else attributes["FilterPolicy"],
            }
        return None

    def _arn(self) -> str | None:
        row = self._row()
        return row["SubscriptionArn"] if row else None

    def _row(self) -> dict[str, str] | None:
        """As SNS lists it; the one that is written as ours is, before another that means the same."""
        rows = [row for row in subscriptions(self.live, self.topic) if row["Protocol"] == self.protocol]
        meant = [row for row in rows if subscriber_addresses.same(self.protocol, self.address, row["Endpoint"])]
        ordered = sorted(meant, key=lambda row: row["Endpoint"] != self.address)
        return ordered[0] if ordered else None

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
                    # SNS takes an attribute away that is set without a value, and refuses an empty one.
                    given = {"AttributeValue": text} if text else {}
                    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, **given)

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
