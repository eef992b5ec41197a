"""What listens to drills hears all that people would, once each, and keeps nothing that it did not bring itself."""

import json
from types import SimpleNamespace

import pytest
from machines import connected
from subscribers import Queues, alert

from lib.definitions import loader
from lib.drills import subscribers
from lib.drills.subscribers import PREFIX, QUEUES
from lib.errors import NotAsWanted

SESSION = "ab12-20260101T120000Z-0000"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"alert_limit_seconds": 10, "listen_seconds": 5, "poll_seconds": 2})


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def live(settings, queues):
    """Each poll of an empty queue takes a second of a clock that nobody waits for."""
    found = connected(settings, sqs=queues)
    queues.clock = found.clock
    return found


def heard(live, expected=lambda heard: False):
    found = []
    subscribers.collect(live, SESSION, found, expected)
    return found


# What is set up


def test_each_topic_and_the_events_have_a_queue_that_takes_messages_of_nobody_else(live, settings):
    wanted = {item.resource.name: item.value for item in subscribers.listeners(live, SESSION)}
    policies = [value for name, value in wanted.items() if name.startswith("queue policy")]
    sources = [value["Condition"]["ArnEquals"]["aws:SourceArn"] for value in policies]
    rules = [settings.rule_arn(rule["name"]) for rule in loader.rules()]
    assert sources[0] == [settings.arn("sns", settings.alert_topic_name)]
    assert sources[1] == [settings.ops_topic_arn]
    assert sources[2] == [settings.rule_arn(subscribers.queue_name(SESSION, "events")), *rules]
    assert [value["Principal"]["Service"].split(".")[0] for value in policies] == ["sns", "sns", "events"]
    assert {value["Action"] for value in policies} == {"sqs:SendMessage"}
    assert {value["Resource"] for value in policies} == {
        settings.queue_arn(subscribers.queue_name(SESSION, channel)) for channel in QUEUES
    }


def test_of_the_events_only_the_drill_users_come_to_us(live, settings):
    (rule,) = (item for item in subscribers.listeners(live, SESSION) if item.resource.kind == "rule")
    assert rule.value["EventPattern"] == {
        "source": [{"prefix": "your6.checkin"}],
        "detail": {"userId": [settings.drill_user_id]},
    }
    assert rule.value["State"] == "ENABLED"


def test_behind_each_rule_of_phase_04_a_target_hears_that_it_passed_and_no_word_of_it(live):
    targets = [item for item in subscribers.listeners(live, SESSION) if item.resource.kind == "rule target"]
    behind = {item.resource.rule: item.value for item in targets if "InputTransformer" in item.value}
    assert set(behind) == {rule["name"] for rule in loader.rules()}
    for rule, value in behind.items():
        told = value["InputTransformer"]
        assert told["InputPathsMap"] == subscribers.TAKEN
        assert told["InputTemplate"].startswith(f'{{"rule": "{rule}", ')
        assert "textPreview" not in str(told) and "userId" not in str(told)
        assert all(f"<{name}>" in told["InputTemplate"] for name in told["InputPathsMap"])


def test_what_feeds_a_queue_is_set_up_after_it_so_that_it_is_taken_away_before(live):
    order = [item.resource.kind for item in subscribers.listeners(live, SESSION)]
    assert order.index("queue") < order.index("queue policy") < order.index("subscription")
    assert order.index("rule") < order.index("rule target")
    assert len(order) == 11 + len(loader.rules()) - 1


@pytest.mark.parametrize("channel", QUEUES)
def test_a_queues_name_is_one_that_sqs_and_a_rule_both_take(channel):
    name = subscribers.queue_name("ab12-a.run.of." + "x" * 60, channel)
    assert (len(name), "." in name) == (64, False)
    assert name.startswith(f"{PREFIX}-{channel}-ab12-a-run-of-")
    assert subscribers.queue_name(SESSION, channel) == f"{PREFIX}-{channel}-{SESSION}"


# What a killed drill left


def paged(**listed):
    """A client that lists these pages."""
    return SimpleNamespace(get_paginator=lambda operation: SimpleNamespace(paginate=listed[operation]))


def test_what_a_killed_drill_left_is_found_and_nothing_of_anybody_elses(live, settings):
    rule, ours = f"{PREFIX}-events-ab12", f"{PREFIX}-events-cd34"
    (fed, *_) = (one["name"] for one in loader.rules())
    topics = {
        settings.alert_topic_name: [f"arn:aws:sqs:us-east-1:0:{PREFIX}-trusted-ab12", "arn:aws:sqs:us-east-1:0:Theirs"],
        settings.ops_topic_name: ["pager@example.org", f"arn:aws:sqs:us-east-1:0:{PREFIX}Desk"],
    }
    by_rule = {rule: ["listener"], fed: ["dispatcher", ours, f"{PREFIX}Desk", f"For-{PREFIX}-events"]}

    def rows(TopicArn):  # noqa: N803 - AWS's own names
        ends = topics[TopicArn.rpartition(":")[2]]
        return [{"Subscriptions": [{"Protocol": "sqs", "Endpoint": end, "SubscriptionArn": end} for end in ends]}]

    clients = {
        "sns": paged(list_subscriptions_by_topic=rows),
        "events": paged(
            list_rules=lambda NamePrefix: [{"Rules": [{"Name": rule}]}],  # noqa: N803
            list_targets_by_rule=lambda Rule: [{"Targets": [{"Id": one} for one in by_rule.get(Rule, [])]}],  # noqa: N803
        ),
        "sqs": paged(list_queues=lambda **_: [{"QueueUrls": [f"https://sqs/0/{ours}"]}, {}]),
    }
    found = subscribers.left_behind(connected(settings, **clients))
    assert [(thing.kind, *thing.identity.values()) for thing in found] == [
        ("subscription", settings.alert_topic_name, "sqs", f"arn:aws:sqs:us-east-1:0:{PREFIX}-trusted-ab12"),
        ("rule target", rule, "listener"),
        ("rule target", fed, ours),
        ("rule", rule),
        ("queue", ours),
    ]


# What is heard, and how long


def test_listening_ends_as_soon_as_everything_expected_is_there(live, queues):
    queues.put("trusted", alert("one"), at=3)
    queues.put("operations", alert("one"), at=4)
    found = heard(live, lambda heard: len(heard) == 2)
    assert ([message.channel for message in found], live.clock()) == (["trusted", "operations"], 4)


def test_it_ends_when_the_alert_limit_has_passed_and_no_sooner(live, queues):
    queues.put("trusted", alert("late"), at=10)
    queues.put("trusted", alert("too late"), at=11)
    (found,) = heard(live)
    assert found.is_about("late") and live.clock() == 10


def test_while_messages_come_nobody_waits(live, queues):
    for number in range(25):
        queues.put("trusted", alert(f"drill-{number}"))
    assert (len(heard(live, lambda heard: len(heard) == 25)), live.clock()) == (25, 0)


def test_a_short_poll_is_as_short_as_the_parameters_say_and_sqs_is_never_asked_to_wait_too_long(live, queues, settings):
    heard(live, lambda heard: live.clock() >= 1)
    assert {asked["WaitTimeSeconds"] for asked in queues.received} == {2}
    assert {tuple(asked["MessageSystemAttributeNames"]) for asked in queues.received} == {("SentTimestamp",)}
    slow = connected(settings.model_copy(update={"poll_seconds": 60}), sqs=queues)
    subscribers.collect(slow, SESSION, [], lambda heard: slow.clock() >= 1)
    assert queues.received[-1]["WaitTimeSeconds"] == 20
    quick = connected(settings.model_copy(update={"poll_seconds": 0.25}), sqs=queues)
    subscribers.collect(quick, SESSION, [], lambda heard: quick.clock() > 0)
    assert (quick.clock(), queues.received[-1]["WaitTimeSeconds"]) == (0.25, 0)


def test_what_is_heard_is_added_to_what_was_heard_before(live, queues):
    found = heard(live, lambda heard: True)
    queues.put("trusted", alert("two"))
    subscribers.collect(live, SESSION, found, lambda heard: len(heard) == 1)
    assert [message.subject for message in found] == ["[DRILL] Your6"]


@pytest.mark.parametrize(
    "collect",
    [
        lambda live, found: subscribers.collect(live, SESSION, found, lambda heard: False),
        lambda live, found: subscribers.collect_strays(live, SESSION, found),
    ],
)
def test_what_sqs_delivers_again_counts_once_and_what_a_person_gets_twice_counts_twice(collect, live, queues):
    queues.put("trusted", alert("one"), message_id="a")
    queues.put("trusted", alert("one"), at=2, message_id="a")
    queues.put("trusted", alert("one"), at=3, message_id="b")
    found = []
    collect(live, found)
    assert [message.message_id for message in found] == ["a", "b"]
    assert len(queues.deleted) == 3


def test_strays_are_listened_for_to_the_end_also_when_something_came_at_once(live, queues):
    queues.put("trusted", alert("at once"))
    queues.put("trusted", alert("at the end"), at=5)
    queues.put("trusted", alert("never heard"), at=6)
    found = []
    subscribers.collect_strays(live, SESSION, found)
    assert [message.is_about("at the end") for message in found] == [False, True]
    assert live.clock() == 5


def test_who_still_comes_when_the_time_is_up_is_heard_to_the_last(settings, queues):
    live = connected(settings, sqs=queues)
    queues.clock = live.clock
    for number in range(11):
        queues.put("trusted", alert(f"drill-{number}"), at=5)
    found = []
    subscribers.collect_strays(live, SESSION, found)
    assert len(found) == 11


def test_a_queue_that_cannot_be_read_is_no_silence(live, queues):
    queues.refused = "AccessDenied"
    with pytest.raises(NotAsWanted, match=r"AWS refused while receiving from the trusted listener: .*AccessDenied"):
        heard(live)


def test_what_is_received_is_taken_out_of_its_queue(live, queues):
    queues.put("operations", alert("one"), message_id="a")
    heard(live)
    assert queues.deleted == ["receipt of a"]


# What a message says


def test_of_an_alert_where_when_and_what_is_known(live, queues):
    queues.put("trusted", alert("drill-1", riskScore=98), sent=1767268800.25, message_id="a")
    (found,) = heard(live)
    assert (found.channel, found.at, found.subject, found.message_id) == (
        "trusted",
        1767268800.25,
        "[DRILL] Your6",
        "a",
    )
    assert (found.body["riskScore"], found.rule, found.is_about("drill-1")) == (98, "", True)


EVENT = {"detail-type": "Crisis Protocol Alert", "detail": {"rule": "x"}, "rule": "somebody's word"}
PASSED = {"rule": "Your6-CrisisProtocolRule", "event": "e", "execution": "drill-1", "drill": True}


@pytest.mark.parametrize(
    ("channel", "body", "heard_as", "rule"),
    [
        ("events", PASSED, "rules", "Your6-CrisisProtocolRule"),
        ("events", EVENT, "events", "somebody's word"),
        ("events", {"detail-type": "Crisis Protocol Alert"}, "events", ""),
        ("trusted", {"Message": json.dumps(PASSED)}, "trusted", "Your6-CrisisProtocolRule"),
    ],
)
def test_what_came_behind_a_rule_is_told_from_what_was_published(channel, body, heard_as, rule, live, queues):
    queues.put(channel, body)
    (found,) = heard(live)
    assert (found.channel, found.rule) == (heard_as, rule)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no JSON", {"text": ""}),
        ("[1]", {"text": ""}),
        ("[" * 100_000, {"text": ""}),
        ({"Subject": None}, {"text": ""}),
        ({"Message": "plain words"}, {"text": "plain words"}),
        ({"Message": '["a list"]'}, {"text": '["a list"]'}),
        ({"Message": None}, {"text": "None"}),
    ],
    ids=["text", "list", "deep", "empty", "words", "words in a list", "none"],
)
def test_whatever_else_comes_is_heard_and_breaks_nothing_off(body, said, live, queues):
    queues.put("trusted", body)
    queues.put("trusted", alert("drill-1"))
    found = heard(live)
    assert [found[0].body, found[0].subject] == [said, ""]
    assert found[1].is_about("drill-1")
