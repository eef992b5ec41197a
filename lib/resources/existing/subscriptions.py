"""Who subscribes to a topic, as SNS tells it. Read-only, in botocore's errors, which whoever asks makes readable."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import absent_is_none, error_code
from lib.values.exact_json import document

NO_TOPIC = ("NotFound", "NotFoundException")  # nor a subscription
PENDING = ("PendingConfirmation", "pending confirmation")
REFUSED = ("AuthorizationError", "AuthorizationErrorException")
FOREIGN = "another account's"  # how a subscriber is counted of whom AWS tells nothing here
NOT_TOLD: Mapping[str, str] = MappingProxyType({})  # its attributes
# Whoever listens to drills, by a queue of this name, is nobody.
LISTENING = "Your6-Listening"
NO_FILTER = (None, "", "{}")
BY_MAIL = ("email", "email-json")


def subscriptions(live: Live, topic: str) -> list[dict[str, str]]:
    """The subscriptions of a topic as SNS lists them; none where there is no topic. Read-only."""
    return list(_subscriptions(live, topic))


def _subscriptions(live: Live, topic: str) -> Iterator[dict[str, str]]:
    pages = live.client("sns").get_paginator("list_subscriptions_by_topic")
    with absent_is_none(*NO_TOPIC):
        for page in pages.paginate(TopicArn=live.settings.arn("sns", topic)):
            # For a while SNS lists what somebody removed, under this name.
            yield from (row for row in page["Subscriptions"] if row["SubscriptionArn"] != "Deleted")


def with_attributes(
    live: Live, topic: str, of: Callable[[Mapping[str, str]], bool] = bool
) -> Iterator[tuple[dict[str, str], Mapping[str, str]]]:
    """Each subscription of a topic as SNS lists it, with its attributes: none while it waits for its owner,
    NOT_TOLD where another account made it. Read-only.

    Only of those `of` which this is true. One that was removed since it was listed is passed over.
    """
    for row in filter(of, subscriptions(live, topic)):
        with absent_is_none(*NO_TOPIC):
            yield row, {} if row["SubscriptionArn"] in PENDING else attributes_of(live, row)


def attributes_of(live: Live, row: Mapping[str, str]) -> Mapping[str, str]:
    """The attributes of a confirmed subscription; NOT_TOLD of what another account made, which alone may read it.

    Read-only.
    """
    try:
        answer = live.client("sns").get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])
        attributes: Mapping[str, str] = answer["Attributes"]
        return attributes
    except ClientError as error:
        if error_code(error) in REFUSED and row.get("Owner", live.settings.account_id) != live.settings.account_id:
            return NOT_TOLD
        raise


def listens_to_drills(row: Mapping[str, str]) -> bool:
    """Whether a subscription is a queue's that listens to drills, and so nobody's."""
    return f":{LISTENING}-" in row["Endpoint"]


def served_by(live: Live, queue: str, topic: str = "") -> list[str]:
    """The subscriptions of a topic, the operations topic's unless named, whose dead-letter queue this is. Read-only."""
    topic, arn = topic or live.settings.ops_topic_name, live.settings.queue_arn(queue)
    rows = [row for row, attributes in with_attributes(live, topic) if dead_letters_of(attributes) == arn]
    return [f"a {row['Protocol']} subscription of {topic}" for row in rows]


def dead_letters_of(attributes: Mapping[str, str]) -> str:
    """The ARN of a subscription's dead-letter queue, or ""."""
    held = attributes.get("RedrivePolicy") or "{}"
    return str(document(held, "a subscription's RedrivePolicy").get("deadLetterTargetArn", ""))


def audience(live: Live, topic: str) -> dict[str, int]:
    """Subscribers of a topic: `confirmed`, `filtered` (confirmed, but receives only what its filter lets through) and
    `waiting` for confirmation; FOREIGN, where there are any. A queue that listens to drills is no subscriber.

    Read-only.
    """
    counts = {"confirmed": 0, "filtered": 0, "waiting": 0}
    for row, attributes in with_attributes(live, topic, lambda row: not listens_to_drills(row)):
        unfiltered = "confirmed" if attributes.get("FilterPolicy") in NO_FILTER else "filtered"
        confirmed = FOREIGN if attributes is NOT_TOLD else unfiltered
        how = "waiting" if row["SubscriptionArn"] in PENDING else confirmed
        counts[how] = counts.get(how, 0) + 1
    return counts


def has_mail(live: Live, topic: str) -> bool:
    """Whether a topic has an e-mail subscription, also one that waits for its owner or is filtered. Read-only."""
    return any(row["Protocol"] in BY_MAIL for row in subscriptions(live, topic))


def ended_by_a_mail(live: Live, topic: str) -> int:
    """How many confirmed e-mail subscriptions whoever has one of their mails can end, by its link. Read-only.

    Of one that was confirmed with credentials AWS does not tell whether the link still ends it; it is not counted.
    """
    mailed = with_attributes(live, topic, lambda row: row["Protocol"] in BY_MAIL)
    return sum(str(one.get("ConfirmationWasAuthenticated", "")).lower() == "false" for _, one in mailed)
