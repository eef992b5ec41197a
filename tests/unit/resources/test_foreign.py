"""What is somebody else's in an account: passed over, kept to the byte, and no reason to stop. Fakes, no AWS."""

import json

import pytest
from theirs import EVENTS, RULE, Fake, allow, live

from lib.errors import NotAsWanted
from lib.phases import preflight
from lib.resources.resource_kinds import Permission, QueueStatement, Rule, Subscription, Widgets
from lib.values.exact_json import dumps, loads

# Statements of a function's policy.


FOREIGN = [
    {"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::1:root"]}, "NotAction": ["lambda:*"], "Resource": "*"},
    {"Sid": None, "Effect": "Allow", "Principal": "*", "Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
    {"Sid": "lists", "Effect": "Allow", "Principal": {"AWS": ["1", "2"], "Service": ["a", "b"]}, "Action": "lambda:*"},
    {
        "Sid": "conditions",
        "Effect": "Allow",
        "Principal": EVENTS,
        "Action": "x",
        "Condition": {"Null": {"a:b": ["true"]}},
    },
    {"Sid": "odd", "Principal": 7, "Condition": "none"},
    {"Sid": 7},
    {},
    "a text",
    None,
]


@pytest.mark.parametrize("theirs", [*FOREIGN, *([one] for one in FOREIGN)], ids=repr)
def test_whatever_others_allowed_or_denied_ours_is_read(theirs):
    theirs = theirs if isinstance(theirs, list) else [theirs]
    arn = {"ArnLike": {"AWS:SourceArn": RULE}}
    for policy in ({"Statement": [*theirs, allow(Condition=arn)]}, {"Statement": [allow(Condition=arn), *theirs]}):
        client = Fake(get_policy={"Policy": json.dumps(policy)})
        found = Permission(live(**{"lambda": client}), "f", "ours").read()
        assert found == {"Principal": "events.amazonaws.com", "Action": "lambda:InvokeFunction", "SourceArn": RULE}
        account = live(**{"lambda": client}, events=Fake(list_targets_by_rule={"Targets": []}))
        assert preflight._permissions(account)[-1 if policy["Statement"][0] in theirs else 0] == found
        Permission(live(**{"lambda": client}), "f", "ours").write(None)
        assert client.written == [("remove_permission", {"FunctionName": "f", "StatementId": "ours"})]


@pytest.mark.parametrize("policy", [{"Version": "2012-10-17"}, {"Statement": []}, {"Statement": {"Sid": "theirs"}}])
def test_a_policy_without_a_list_of_statements_holds_none_of_ours(policy):
    assert Permission(live(**{"lambda": Fake(get_policy={"Policy": json.dumps(policy)})}), "f", "ours").read() is None


# Lists inside somebody's text.


WIDGETS = [None, 7, "x", [], {}, {"properties": None}, {"properties": []}, {"properties": {"title": 7}},
           {"properties": {"title": None}}, {"type": "text", "properties": {"markdown": "Phase 3: x"}}]  # fmt: skip


@pytest.mark.parametrize("theirs", [*([one] for one in WIDGETS), WIDGETS], ids=repr)
def test_a_widget_of_any_shape_is_somebodys(theirs):
    body = json.dumps({"start": "x", "widgets": theirs}, indent=1)
    client = Fake(get_dashboard={"DashboardBody": body})
    thing = Widgets(live(cloudwatch=client), "d", "Phase 3:")
    assert thing.read() is None
    mine = {"properties": {"title": "Phase 3: a"}}
    thing.write([mine])
    written = client.written[0][1]["DashboardBody"]
    assert json.loads(written)["widgets"] == [*theirs, mine]
    assert written.replace(f", {dumps(mine)}", "") == body
    thing.write(None)
    assert len(client.written) == 1  # there is nothing of ours in what is live


@pytest.mark.parametrize(
    ("body", "said"), [("[]", "no JSON object"), ("{", "cannot be read"), ('{"widgets": 7}', "no list")]
)
def test_a_body_that_is_no_dashboard_is_one_sentence_and_left_alone(body, said):
    client = Fake(get_dashboard={"DashboardBody": body})
    with pytest.raises(NotAsWanted, match=f"the body of dashboard d .*{said}"):
        Widgets(live(cloudwatch=client), "d", "Phase 3:").write([{}])
    assert client.written == []


def test_a_dashboard_without_widgets_gets_ours_and_an_empty_one_of_somebodys_is_never_deleted():
    for body in ("{}", '{"widgets":[]}', '{"widgets": []}', '{"start": "x"}'):
        client = Fake(get_dashboard={"DashboardBody": body})
        thing = Widgets(live(cloudwatch=client), "d", "P")
        thing.write([{"properties": {"title": "P"}}])
        client.answers["get_dashboard"] = {"DashboardBody": client.written[-1][1]["DashboardBody"]}
        assert thing.read() == [{"properties": {"title": "P"}}]
        thing.write(None)
        assert [operation for operation, _ in client.written] == ["put_dashboard", "put_dashboard"]


# Other texts of somebody's.


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


@pytest.mark.parametrize("text", ["x", "[]", '"a"', "7"])
def test_a_redrive_policy_that_is_no_object_is_one_sentence(text):
    row = {"SubscriptionArn": "arn:aws:sns:x", "Protocol": "sqs", "Endpoint": "e"}
    sns = Fake(
        list_subscriptions_by_topic={"Subscriptions": [row]},
        get_subscription_attributes={"Attributes": {"RedrivePolicy": text}},
    )
    with pytest.raises(NotAsWanted, match="a subscription's RedrivePolicy is "):
        Subscription(live(sns=sns), "t", "sqs", "e").read()


@pytest.mark.parametrize(
    "text", ['{"a": [{"numeric": ["=", 3.0e2]}]}', '{"a": [1e400]}', '{"a": ["\u2028é"]}', '{"a": [1.10, 1, 1.0]}']
)
def test_a_rules_pattern_is_put_back_to_the_letter(text):
    events = Fake(describe_rule={"State": "ENABLED", "EventPattern": text})
    thing = Rule(live(events=events), "r")
    thing.write(loads(dumps(thing.read())))  # as a record gives it back
    assert events.written == [("put_rule", {"Name": "r", "State": "ENABLED", "Description": "", "EventPattern": text})]


def test_a_rule_with_a_schedule_alone_gets_no_pattern_when_it_is_put_back():
    events = Fake(describe_rule={"State": "DISABLED", "ScheduleExpression": "rate(1 day)"})
    thing = Rule(live(events=events), "r")
    thing.write(thing.read())
    given = {"Name": "r", "State": "DISABLED", "Description": "", "ScheduleExpression": "rate(1 day)"}
    assert events.written == [("put_rule", given)]
