"""A subscriber in another account, as organisations have them: AWS tells its attributes to that account alone."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lib.aws import connect
from lib.changes import engine
from lib.changes.plans import Wanted
from lib.phases import infrastructure
from lib.phases.proofs import encryption
from lib.resources.existing import subscriptions
from lib.resources.queues import Queue
from lib.resources.topics import Subscription, Topic
from lib.settings import with_changes
from lib.telemetry.configuration import messaging
from lib.telemetry.configuration.facts import Sense

THEIRS = "111122223333"
PAGER = f"arn:aws:sqs:us-east-1:{THEIRS}:Pager"
VALUE = {"dead_letter_queue": "", "raw": "false", "filter": ""}


@pytest.fixture
def live(account):
    made = connect(account)
    Topic(made, account.ops_topic_name).write({"DisplayName": "Operations"})
    return made


@pytest.fixture
def theirs(live):
    """The subscription that another account made for its queue; this account lists it, and may not read it."""
    s = live.settings
    other = boto3.client(
        "sns", region_name=s.region, endpoint_url=s.endpoint_url, aws_access_key_id=THEIRS, aws_secret_access_key="x",
        config=Config(ignore_configured_endpoint_urls=True, proxies={}),
    )  # fmt: skip
    return other.subscribe(TopicArn=s.ops_topic_arn, Protocol="sqs", Endpoint=PAGER)["SubscriptionArn"]


def test_the_embedded_account_closes_it_as_aws_does(live, theirs):
    with pytest.raises(ClientError, match="AuthorizationError"):
        live.client("sns").get_subscription_attributes(SubscriptionArn=theirs)


@pytest.mark.usefixtures("theirs")
def test_it_keeps_nobody_from_hearing_of_the_others(live):
    s = live.settings
    Subscription(live, s.ops_topic_name, "sqs", s.queue_arn("Rehearsal-OperationsInbox")).write(VALUE)
    counted = subscriptions.audience(live, s.ops_topic_name)
    assert counted == {"confirmed": 1, "filtered": 0, "waiting": 0, "another account's": 1}
    assert infrastructure.operations_reachable(live)[0].status == "passed"
    assert subscriptions.served_by(live, s.ops_dead_letter_queue_name) == []
    assert subscriptions.ended_by_a_mail(live, s.ops_topic_name) == 0
    (check,) = [one for one in encryption.operations(live) if "Pager" in one.name]
    assert check.status == "cannot tell"


@pytest.mark.usefixtures("theirs")
def test_where_it_alone_is_paged_nobody_can_tell_and_nobody_is_stopped(live):
    required = with_changes(live.settings, approval="required", mode="apply", not_exercised_here=[])
    (check,) = infrastructure.operations_reachable(live.waiting(required), needed=True)
    assert check.status == "cannot tell"
    assert "another account's" in check.found
    assert "NOBODY" not in check.found


@pytest.mark.usefixtures("theirs")
def test_where_it_is_who_is_paged_by_the_parameters_it_is_left_as_it_is(live):
    thing = Subscription(live, live.settings.ops_topic_name, "sqs", PAGER)
    plan = engine.plan("01", [Wanted(thing, VALUE)])
    assert plan.pending == ()


@pytest.mark.usefixtures("theirs")
def test_an_undo_of_a_queue_is_not_kept_from_going_on(live):
    queue = Queue(live, live.settings.ops_dead_letter_queue_name)
    queue.write({"MessageRetentionPeriod": "1209600"})
    assert queue.kept_because() == ""


@pytest.mark.usefixtures("theirs")
def test_what_is_not_told_of_it_is_not_taken_for_no_filter(live):
    readings = messaging.topic(live, live.settings.ops_topic_name)
    (held,) = next(one for one in readings if one.sense == Sense.MEMBERS).read().values()
    assert held == {"Endpoint": PAGER, "Owner": THEIRS}
