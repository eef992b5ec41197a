"""Our statement in a queue's policy: what is others' is kept, and no policy is one sentence."""

import pytest
from theirs import Fake, live

from lib.errors import NotAsWanted
from lib.resources.queues import COUNTED
from lib.resources.resource_kinds import Queue, QueueStatement


@pytest.mark.parametrize(
    "policy", ['{"Statement": {"Sid": "a", "n": 1.0}}', '{"Id": "x"}', '{"Statement": ["odd", null, {"Sid": 7}]}', "{}"]
)
def test_a_queues_policy_of_any_shape_keeps_what_is_others(policy):
    sqs = Fake(get_queue_url={"QueueUrl": "u"}, get_queue_attributes={"Attributes": {"Policy": policy}})
    thing = QueueStatement(live(sqs=sqs), "q", "Ours")
    assert thing.read() is None
    thing.write({"Sid": "Ours"})
    sqs.answers["get_queue_attributes"] = {"Attributes": {"Policy": sqs.written[-1][1]["Attributes"]["Policy"]}}
    assert thing.read() == {"Sid": "Ours"}
    thing.write(None)
    assert sqs.written[-1][1]["Attributes"]["Policy"] == (policy if "Statement" in policy else "")


@pytest.mark.parametrize("policy", ["x", "[]", '{"Statement": 7}'])
def test_a_queues_policy_that_is_none_is_one_sentence(policy):
    sqs = Fake(get_queue_url={"QueueUrl": "u"}, get_queue_attributes={"Attributes": {"Policy": policy}})
    with pytest.raises(NotAsWanted, match="queue policy q / Ours holds what this version cannot read"):
        QueueStatement(live(sqs=sqs), "q", "Ours").read()


@pytest.mark.parametrize(
    ("live_for", "wanted", "held", "why"),
    [
        ("1209600", "345600", (1, 1, 1), "it holds 3 messages, and would keep them for 345600 s in place of 1209600"),
        ("1209600", "345600", (0, 0, 0), ""),
        ("345600", "1209600", (9, 0, 0), ""),
        ("345600", "345600", (9, 0, 0), ""),
    ],
    ids=["shorter, with dead letters", "shorter, empty", "longer", "the same"],
)
def test_a_queue_keeps_its_dead_letters_as_long_as_it_does_now(live_for, wanted, held, why):
    attributes = {"MessageRetentionPeriod": live_for, **dict(zip(COUNTED, map(str, held), strict=True))}
    sqs = Fake(get_queue_url={"QueueUrl": "u"}, get_queue_attributes={"Attributes": attributes})
    assert Queue(live(sqs=sqs), "q").kept_because({"MessageRetentionPeriod": wanted}) == why
