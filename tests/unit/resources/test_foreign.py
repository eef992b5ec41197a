"""What is somebody else's in an account: passed over, kept to the byte, and no reason to stop. Fakes, no AWS."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from lib import routes
from lib.aws import Identity, Live
from lib.aws_answers import answer
from lib.errors import NotAsWanted
from lib.phases import preflight
from lib.phases.proofs import dashboard_metrics
from lib.resources.existing import baseline_pieces
from lib.resources.resource_kinds import Permission, QueueStatement, Rule, Subscription, Widgets
from lib.settings import load
from lib.values.exact_json import dumps, loads
from lib.values.permission_statements import carries, statements, value_of

LOCAL = load("local").model_copy(update={"verify_timeout_seconds": 0, "poll_seconds": 0})
RULE = LOCAL.rule_arn(routes.LOW_SENTIMENT_RULE)
EVENTS = {"Service": "events.amazonaws.com"}


class Fake:
    """A client whose operations answer what they are given, and that keeps what it is asked to write."""

    def __init__(self, **answers):
        self.answers, self.written = answers, []

    def __getattr__(self, operation):
        def call(**given):
            if operation.startswith(("put_", "set_", "add_", "remove_", "delete_")):
                self.written.append((operation, given))
            found = self.answers.get(operation, {})
            if isinstance(found, Exception):
                raise found
            return answer(found, operation)

        return call

    def get_paginator(self, operation):
        return type("Pages", (), {"paginate": lambda _, **given: [getattr(self, operation)(**given)]})()


def live(**clients):
    return Live(LOCAL, Identity("0", "us-east-1", "me", ""), None, clients, single=clients)


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "Op")


# Statements of a function's policy.


def allow(**more):
    return {
        "Sid": "ours",
        "Effect": "Allow",
        "Principal": EVENTS,
        "Action": "lambda:InvokeFunction",
        "Resource": "x",
        **more,
    }


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


def test_a_lone_statement_may_be_ours():
    assert value_of(*statements(json.dumps({"Statement": allow()}), "f"))["Action"] == "lambda:InvokeFunction"


@pytest.mark.parametrize(
    ("condition", "parameters"),
    [
        ({"ArnLike": {"AWS:SourceArn": "a"}}, {"SourceArn": "a"}),
        ({"StringEquals": {"AWS:SourceAccount": "1"}}, {"SourceAccount": "1"}),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {"PrincipalOrgID": "o-1"}),
        ({"StringEquals": {"lambda:EventSourceToken": "t"}}, {"EventSourceToken": "t"}),
        ({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}, {"FunctionUrlAuthType": "NONE"}),
        ({"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}, {"InvokedViaFunctionUrl": True}),
        ({"Bool": {"lambda:InvokedViaFunctionUrl": "false"}}, {"InvokedViaFunctionUrl": False}),
        (None, {}),
    ],
)  # fmt: skip
def test_every_condition_that_addpermission_makes_is_read_as_its_parameter(condition, parameters):
    found = value_of(allow(**({"Condition": condition} if condition else {})))
    assert {key: found[key] for key in found if key not in ("Principal", "Action")} == parameters


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"Effect": "Deny"}, "Effect Deny"), ({"Action": ["a"]}, r"Action \['a'\]"), ({"NotAction": "a"}, "NotAction"),
        ({"Principal": {"AWS": ["1", "2"]}}, "Principal"), ({"Principal": {"AWS": "1", "Service": "a"}}, "Principal"),
        ({"Principal": None, "NotPrincipal": "*"}, "NotPrincipal"), ({"Condition": "x"}, "the condition on"),
        ({"Condition": {"StringLike": {"AWS:SourceArn": "a*"}}}, r"condition on AWS:SourceArn \(StringLike\)"),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": ["a", "b"]}}}, "condition on AWS:SourceArn"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "1.2.3.4"}}}, "condition on aws:SourceIp"),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "a", "aws:sourcearn": "b"}}}, "condition on aws:sourcearn"),
    ],
)  # fmt: skip
def test_what_is_ours_and_odd_is_one_sentence_that_closes_nobodys_way_in(more, said):
    with pytest.raises(NotAsWanted, match=f"permission ours has .*{said}.*add it under another Sid first") as refused:
        value_of(allow(**more))
    assert "Remove it" not in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "carried"),
    [
        (allow(), True), (allow(Principal="*"), True), (allow(Principal={"Service": [*EVENTS.values(), "a"]}), True),
        (allow(Condition={"ArnLike": {"aws:SourceArn": [RULE, "other"]}}), True),
        (allow(Condition={"ArnLike": {"aws:SourceArn": RULE.rpartition("/")[0] + "/*"}}), True),
        (allow(Condition={"ArnLike": {"aws:SourceArn": RULE + "2"}}), False),
        (allow(Action=["lambda:*"]), True), (allow(Action=["x", "lambda:Invoke*"], Effect="Deny"), True),
        (allow(Principal="*", Action="lambda:InvokeFunctionUrl"), False),
        (allow(Principal="*", Condition={"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}), False),
        (allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (allow(Condition={"StringEquals": {"AWS:SourceAccount": "000000000000"}}), True),
        (allow(Principal={"AWS": "1"}), False), (allow(Principal={"Service": "s3.amazonaws.com"}), False), ({}, False),
    ],
)  # fmt: skip
def test_which_statements_carry_the_existing_rule(statement, carried):
    assert carries(statement, RULE) == carried


# Pieces of the baseline as a real account ordinarily has them.


def rule(state="ENABLED", *arns):
    found = [{"Id": str(at), "Arn": arn} for at, arn in enumerate(arns)]
    return Fake(describe_rule={"State": state}, list_targets_by_rule={"Targets": found})


def status(name, **clients):
    (check,) = [
        check
        for check in baseline_pieces.pieces(replace(live(), clients=Clients(clients)))
        if check.name.startswith(name)
    ]
    return check.status, check.found


class Clients(dict):
    """These, and one that answers nothing for every other service."""

    def __contains__(self, service):
        return True

    def __missing__(self, service):
        return Fake()


OURS, OTHER = LOCAL.dispatcher_arn, "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/archive"


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (rule("ENABLED", OURS), ("passed", "ENABLED, to the dispatcher")),
        (rule("ENABLED", OTHER, OURS, OTHER), ("passed", "ENABLED, to the dispatcher; 2 other targets")),
        (rule("ENABLED", f"{OURS}:live", OTHER), ("passed", "ENABLED, to the dispatcher; 1 other target")),
        (rule("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", OURS), ("passed", "ENABLED, to the dispatcher")),
        (rule("DISABLED", OURS), ("failed", "DISABLED, to the dispatcher")),
        (rule("ENABLED"), ("failed", "ENABLED, and not to Your6-AlertDispatcher")),
        (rule("ENABLED", OTHER, f"{OURS}2"), ("failed", "ENABLED, and not to Your6-AlertDispatcher; 2 other targets")),
    ],
)
def test_the_existing_rule_may_reach_others_as_well(events, found):
    assert status("rule", events=events) == found


@pytest.mark.parametrize(
    ("state", "expected"), [("Active", "passed"), ("Inactive", "waiting"), ("Failed", "failed"), ("Pending", "failed")]
)
def test_a_function_that_sleeps_is_no_pass_and_stops_nothing(state, expected):
    client = Fake(get_function_configuration={"State": state})
    assert status("function Your6-AlertDispatcher", **{"lambda": client})[0] == expected


@pytest.mark.parametrize(
    ("table", "keys", "expected"),
    [("ACTIVE", ["userId"], "passed"), ("UPDATING", ["userId"], "passed"), ("CREATING", ["userId"], "failed"),
     ("DELETING", ["userId"], "failed"), ("ARCHIVED", ["userId"], "failed"), ("ACTIVE", ["userId", "at"], "failed")],
)  # fmt: skip
def test_a_table_that_is_updated_serves(table, keys, expected):
    found = {"TableStatus": table, "KeySchema": [{"AttributeName": key} for key in keys]}
    assert status("table", dynamodb=Fake(describe_table={"Table": found}))[0] == expected


@pytest.mark.parametrize(("code", "expected"), [("403", "cannot tell"), ("404", "failed"), ("301", "failed")])
def test_a_bucket_that_this_caller_may_not_look_at_is_neither_there_nor_missing(code, expected):
    assert status("bucket", s3=Fake(head_bucket=refusal(code)))[0] == expected


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


def test_a_widget_that_somebody_titled_as_ours_needs_no_metrics():
    titled = [
        {"type": "text", "properties": {"title": "Phase 3: theirs", "markdown": "x"}},
        {"properties": {"title": "Phase 3: x", "metrics": None}},
        {"properties": {"title": "Phase 3: x", "metrics": [[{"expression": "m1"}], ["odd"], "x", ["AWS/X", "M", "D"]]}},
        {"properties": {"title": "Phase 3: x", "metrics": [["Your6/AI", "Latency", {"stat": "p99"}]]}},
    ]
    now = datetime.now(UTC)
    seen = {"MetricDataResults": [{"Id": "q0", "Timestamps": [now], "Values": [1.0], "StatusCode": "Complete"}]}
    cloudwatch = Fake(get_dashboard={"DashboardBody": json.dumps({"widgets": titled})}, get_metric_data=seen)
    window = SimpleNamespace(start=now - timedelta(minutes=1))
    assert dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window) == {"Your6/AI Latency": True}
