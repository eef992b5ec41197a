"""Whether whoever must send to a topic or a queue may use the key that encrypts it. Read-only.

EventBridge, SNS and CloudWatch say nothing when they may not: the alert is gone. AWS's own keys (`alias/aws/sqs`,
`alias/aws/sns`) let no service in, and their policies cannot be changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.definitions import loader
from lib.errors import NotAsWanted
from lib.phases.proofs import key_use
from lib.phases.proofs.key_use import may, row, short
from lib.resources.existing import names
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.resources.existing.encryption import USES, key_named, queue_key, topic_key
from lib.resources.existing.subscriptions import LISTENING, dead_letters_of, listens_to_drills, with_attributes
from lib.resources.monitoring import alarm_listing
from lib.resources.rules import targets
from lib.routes import LOW_SENTIMENT_RULE
from lib.values.check_registry import Id
from lib.values.subscriber_addresses import Protocol

SNS, EVENTS, CLOUDWATCH, LAMBDA = "sns.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com", "lambda"
NO_KEY = "no key of KMS"
MAY = may(USES)
OWN_KEY = "AWS's own key lets no service in and cannot be changed: take a key of your own"
OR_SQS = f"{OWN_KEY}, or SQS's own encryption (SqsManagedSseEnabled)"


@dataclass(frozen=True)
class Sender:
    """Who sends to a queue: a service, for these topics or rules. `LAMBDA` sends by a function's role."""

    queue: str
    service: str
    sources: tuple[str, ...] = ()


def existing_destinations(live: Live) -> list[Check]:
    """Phase 00: every topic and queue that is there and that alerts pass, or end in when they cannot be delivered."""
    s = live.settings
    queues = [Sender(s.queue_arn(name), LAMBDA) for name in DEAD_LETTER_QUEUES]
    queues += _of_topic(live, s.alert_topic_arn, s.alert_topic_name)
    queues += _of_topic(live, s.ops_topic_arn, s.ops_topic_name)
    queues += _of_rule(live, LOW_SENTIMENT_RULE)
    planned = _queues(live, [*_planned_for_operations(live), *_planned_for_events(live)])
    there = {one.key: one for one in planned if one.status != Status.NOT_APPLIED}
    there |= {one.key: one for one in _queues(live, queues)}
    return [
        *_topic(live, s.alert_topic_name),
        *_topic(live, s.ops_topic_name),
        *there.values(),
        *key_use.of_roles(live),
    ]


def operations(live: Live) -> list[Check]:
    """Phase 01: the operations topic, its dead-letter queue, and the queue that is paged, where it is one."""
    s = live.settings
    queues = [*_planned_for_operations(live), *_of_topic(live, s.ops_topic_arn, s.ops_topic_name)]
    rows = _topic(live, s.ops_topic_name)
    return [*(rows or [_not_there(Id.KEY_OF_TOPIC, f"topic {s.ops_topic_name}")]), *_queues(live, queues)]


def events(live: Live) -> list[Check]:
    """Phase 04: the dead-letter queue of the new rules, and those of their targets that are there already."""
    more = [sender for rule in loader.rules() for sender in _of_rule(live, rule["name"])]
    return _queues(live, [*_planned_for_events(live), *more])


def _planned_for_operations(live: Live) -> list[Sender]:
    s = live.settings
    paged = [s.ops_subscription_endpoint] if s.ops_subscription_protocol == Protocol.SQS else []
    return [Sender(arn, SNS, (s.ops_topic_arn,)) for arn in (s.queue_arn(s.ops_dead_letter_queue_name), *paged)]


def _planned_for_events(live: Live) -> list[Sender]:
    s = live.settings
    sources = tuple(s.rule_arn(rule["name"]) for rule in loader.rules())
    return [Sender(s.queue_arn(s.events_dead_letter_queue_name), EVENTS, sources)]


def _of_topic(live: Live, arn: str, name: str) -> Iterator[Sender]:
    """The queues that a topic sends to: its subscribers, and the dead-letter queues of all of them."""
    with readable(f"listing the subscribers of {name}"):
        for one, attributes in with_attributes(live, name):
            if one["Protocol"] == Protocol.SQS and not listens_to_drills(one):
                yield Sender(one["Endpoint"], SNS, (arn,))
            if queue := dead_letters_of(attributes):
                yield Sender(queue, SNS, (arn,))


def _of_rule(live: Live, rule: str) -> list[Sender]:
    """The queues that a rule sends to: its targets, and the dead-letter queues of them."""
    with readable(f"listing the targets of {rule}"):
        rows = targets(live, rule).values()
    arns = [arn for target in rows for arn in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn", ""))]
    return [
        Sender(arn, EVENTS, (live.settings.rule_arn(rule),)) for arn in arns if ":sqs:" in arn and LISTENING not in arn
    ]


def _topic(live: Live, name: str) -> list[Check]:
    """A row for each that publishes to the topic; none where there is no such topic."""
    s, arn = live.settings, live.settings.arn("sns", name)
    what = f"key of topic {name}"
    try:
        given, role = topic_key(live, arn), names.role_arn(live)
    except NotAsWanted as error:
        return [
            _answer(
                Id.KEY_OF_TOPIC, what, Status.CANNOT_TELL, str(error), "no key, or one that whoever publishes may use"
            )
        ]
    if given is None:
        return []
    if not given:
        return [_answer(Id.KEY_OF_TOPIC, what, Status.PASSED, NO_KEY, "no key, or one that whoever publishes may use")]
    key = key_named(live, given)
    if key.of_aws:
        found = f"{given}: EventBridge and CloudWatch cannot publish to it"
        return [_answer(Id.KEY_OF_TOPIC, what, Status.FAILED, found, f"no key, or one of your own; {OWN_KEY}")]
    rows = [row(Id.KEY_OF_TOPIC, f"{what}, for {short(role)}", key, role, {})]
    try:
        for who, sources in _publishing(live, arn):
            context = {"aws:sourceaccount": (s.account_id,), "aws:sourcearn": sources}
            rows.append(row(Id.KEY_OF_TOPIC, f"{what}, for {who}", key, who, context))
    except NotAsWanted as error:
        services, expected = f"{what}, for services", f"whichever publishes to it {MAY}"
        rows.append(_answer(Id.KEY_OF_TOPIC, services, Status.CANNOT_TELL, str(error), expected))
    return rows


def _publishing(live: Live, topic: str) -> list[tuple[str, tuple[str, ...]]]:
    """The services that publish to a topic by what the account holds: a rule's target, an alarm's action."""
    events = live.client("events")
    with readable("looking for the rules that publish to a topic"):
        pages = events.get_paginator("list_rule_names_by_target").paginate(TargetArn=topic)
        rules = tuple(live.settings.rule_arn(rule) for page in pages for rule in page["RuleNames"])
    listed = alarm_listing.of_both_kinds(live, ActionPrefix=topic).values()
    alarms = tuple(row["AlarmArn"] for rows in listed for row in rows)
    return [(who, sources) for who, sources in ((EVENTS, rules), (CLOUDWATCH, alarms)) if sources]


def _queues(live: Live, senders: Sequence[Sender]) -> list[Check]:
    """A row for each queue and service; `not applied` where there is no such queue yet."""
    merged = dict[tuple[str, str], list[str]]()
    for sender in senders:
        merged.setdefault((sender.queue, sender.service), []).extend(sender.sources)
    return [_queue(live, Sender(*of, tuple(dict.fromkeys(sources)))) for of, sources in merged.items()]


def _queue(live: Live, sender: Sender) -> Check:
    s = live.settings
    region, account, name = sender.queue.split(":")[3:6]
    what = f"key of queue {name}, for {sender.service}"
    expected = f"no key, or {sender.service} {MAY}"
    if (region, account) != (s.region, s.account_id):
        return _answer(
            Id.KEY_OF_QUEUE,
            what,
            Status.CANNOT_TELL,
            f"it is account {account}'s, in {region}: its owner knows",
            expected,
        )
    try:
        given = queue_key(live, sender.queue)
    except NotAsWanted as error:
        return _answer(Id.KEY_OF_QUEUE, what, Status.CANNOT_TELL, str(error), expected)
    if given is None:
        return _not_there(Id.KEY_OF_QUEUE, f"queue {name}", f", for {sender.service}")
    if not given:
        return _answer(Id.KEY_OF_QUEUE, what, Status.PASSED, f"{NO_KEY}; SQS's own encryption asks for none", expected)
    key = key_named(live, given)
    if sender.service == LAMBDA:
        found = f"{given}; a function sends to it by its own role, whose rights are not read here"
        return _answer(Id.KEY_OF_QUEUE, what, Status.CANNOT_TELL, found, f"no key, or the function's role {MAY}")
    if key.of_aws:
        return _answer(
            Id.KEY_OF_QUEUE,
            what,
            Status.FAILED,
            f"{given}: {sender.service} cannot send to it",
            f"{expected}; {OR_SQS}",
        )
    context = {"aws:sourcearn": sender.sources, "aws:sourceaccount": (s.account_id,)}
    return row(Id.KEY_OF_QUEUE, what, key, sender.service, context)


def _answer(which: Id, what: str, status: Status, found: str, expected: str) -> Check:
    return Check(which, what, status, found, expected, what)


def _not_there(which: Id, name: str, who: str = "") -> Check:
    what, found = f"key of {name}{who}", f"there is no such {name.partition(' ')[0]}"
    return _answer(which, what, Status.NOT_APPLIED, found, "made by the plan, without a key")
