"""The two policies: all that this code may call and nothing else, on as little as the parameters name."""

import json
import re
from collections import defaultdict
from functools import cache

import botocore.session
import pytest
from botocore import xform_name

from lib import settings as parameters
from lib.definitions import loader
from lib.definitions.access_policies import Whose, access_policy
from lib.resources.existing.subscriptions import LISTENING
from lib.settings import ROOT
from lib.telemetry.history import athena, outcome_items
from lib.telemetry.metrics import OURS
from rehearsal.account import iam_actions

STORE = "s3://records-of-ours/phase3"
ENVIRONMENTS = ("local", "staging", "prod")
# Blanks do not count: of a managed policy, and of all policies in a role.
MOST_MANAGED, MOST_IN_A_ROLE = 6_144, 10_240
SERVICES = (
    "apigateway", "apigatewayv2", "application-autoscaling", "athena", "cloudwatch", "dynamodb", "events", "iam", "kms",
    "lambda",
    "logs", "pipes", "s3", "scheduler", "sns", "sqs", "ssm", "stepfunctions", "sts",
)  # fmt: skip
# A name that operations of several services have: of which of them it is, where lib says it.
OF_SEVERAL = {
    "add_permission": ("lambda",), "get_policy": ("iam", "lambda"), "get_query_results": ("athena",),
    "get_resource_policy": ("dynamodb",),
    "list_aliases": ("lambda",), "list_tags_for_resource": ("events", "logs", "sns", "stepfunctions"),
    "remove_permission": ("lambda",),
}  # fmt: skip
SCAN = ("dynamodb", "Scan")
# A word of lib's own that is an operation's name as well.
NO_CALL = {"list_commands", "query", "sign", "verify"}
# AWS knows no resource of these: a statement about them says "*" or nothing.
WITHOUT_RESOURCE = {
    "application-autoscaling:DescribeScalableTargets", "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics", "cloudwatch:PutMetricData", "events:ListEventBuses", "events:ListRuleNamesByTarget",
    "events:ListRules",
    "events:TestEventPattern", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "pipes:ListPipes", "scheduler:ListSchedules", "sns:GetSubscriptionAttributes",
    "sns:SetSubscriptionAttributes", "sns:Unsubscribe", "sqs:ListQueues", "states:ListStateMachines",
    "states:TestState", "states:ValidateStateMachineDefinition",
}  # fmt: skip
READS = re.compile(r"[a-z0-9-]+:(Get|GET|List|Describe|Filter)\w*")

everybody = pytest.mark.parametrize("whose", Whose)


@cache
def given(environment="local", **other):
    return parameters.load(environment, other)


def statements(whose, environment="local", store=STORE):
    return access_policy(given(environment, record_store=store), whose)["Statement"]


def listed(value):
    return value if isinstance(value, list) else [value]


def actions(whose):
    return {action for one in statements(whose) for action in one["Action"]}


@cache
def operations():
    """Every operation of these services by the name that boto3 gives it: (service, operation)."""
    session, found = botocore.session.get_session(), defaultdict(list)
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            found[xform_name(operation)].append((service, operation))
    return found


def called(text):
    """The operations that a source names, as a method or to be asked for by its name."""
    for word in {*re.findall(r"""(?:\.|["'])([a-z][a-z0-9_]+)\b""", text)} - NO_CALL:
        whole = operations().get(word, [])
        assert len(whole) < 2 or word in OF_SEVERAL, f"{word} is of {whole}; say in OF_SEVERAL which lib calls"
        yield from (one for one in whole if one[0] in OF_SEVERAL.get(word, SERVICES))


def analysts(one):
    """Whether a call is asked by who tunes thresholds alone, and so is in neither policy."""
    return one[0] == "athena" or one == SCAN


def called_by_lib():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py")]
    return {one for text in sources for one in called(text)}


def test_every_call_that_lib_can_make_is_in_the_operators_policy_and_nothing_besides():
    others = [one for one in called_by_lib() if not analysts(one)]
    needed = {action for one in others for action in iam_actions.of_operation(*one)}
    assert needed == actions(Whose.OPERATOR)


def test_what_only_an_analyst_needs_is_said_where_it_is_refused_and_in_the_docs():
    asked = {iam_actions.of_operation(*one)[0] for one in called_by_lib() if analysts(one)}
    assert len(asked) == 5
    needs = f"{athena.NEEDS}, {outcome_items.NEEDS}"
    text = (ROOT / "docs" / "analyse.md").read_text(encoding="utf-8")
    assert [one for one in asked if one not in needs or one.rpartition(":")[2] not in text] == []


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('live.client("sqs").purge_queue(QueueUrl=url)', "sqs:PurgeQueue"),
        ('asked("get_bucket_acl")', "s3:GetBucketAcl"),
    ],
)
def test_a_call_that_no_policy_allows_is_found(text, action):
    (one,) = called(text)
    assert iam_actions.of_operation(*one) == (action,)
    assert action not in actions(Whose.OPERATOR)


def test_every_recorded_call_of_the_sample_is_allowed():
    lines = (ROOT / "outputs" / "sample" / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {(row["service"], row["operation"]) for row in map(json.loads, lines)}
    assert len(rows) > 80
    assert {action for row in rows for action in iam_actions.of_operation(*row)} <= actions(Whose.OPERATOR)


def test_every_exception_of_the_table_is_an_operation_that_lib_calls():
    assert set(iam_actions.OTHERWISE) <= called_by_lib()
    assert set(iam_actions.PREFIXES) <= {service for service, _ in called_by_lib()}


@everybody
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_filled_for_every_environment_and_aws_takes_it(environment, whose):
    policy = access_policy(given(environment, record_store=STORE), whose)
    text = json.dumps(policy, separators=(",", ":"))
    assert "${" not in text and '""' not in text
    assert len(text) <= (MOST_MANAGED if whose is Whose.READER else MOST_IN_A_ROLE)
    sids = [one["Sid"] for one in policy["Statement"]]
    assert len(set(sids)) == len(sids) and all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    assert {one["Effect"] for one in policy["Statement"]} == {"Allow"}
    account = given(environment).account_id
    arns = {arn for one in policy["Statement"] for arn in listed(one["Resource"])} - {"*"}
    apart = (":s3:::", ":apigateway:", ":iam::*:policy/")
    assert [arn for arn in arns if f":{account}:" not in arn and not any(one in arn for one in apart)] == []


@everybody
def test_no_action_is_a_pattern_and_only_what_has_no_resource_has_all(whose):
    assert [action for action in actions(whose) if "*" in action] == []
    wide = {action for one in statements(whose) if one["Resource"] == "*" for action in one["Action"]}
    assert wide <= WITHOUT_RESOURCE
    narrow = {action for one in statements(whose) if one["Resource"] != "*" for action in one["Action"]}
    assert narrow & WITHOUT_RESOURCE == set()


@everybody
def test_no_action_is_given_twice_on_one_thing(whose):
    pairs = [(action, arn) for one in statements(whose) for action in one["Action"] for arn in listed(one["Resource"])]
    assert len(pairs) == len(set(pairs))


def test_the_reader_writes_nothing_but_its_record_and_may_nothing_that_the_operator_may_not():
    pairs = {
        whose: {
            (action, arn) for one in statements(whose) for action in one["Action"] for arn in listed(one["Resource"])
        }
        for whose in Whose
    }
    assert pairs[Whose.READER] < pairs[Whose.OPERATOR]
    writes = {pair for pair in pairs[Whose.READER] if not READS.fullmatch(pair[0])}
    assert writes == {("s3:PutObject", "arn:aws:s3:::records-of-ours/phase3/local/*")}
    assert not any(arn.startswith(f"arn:aws:s3:::{given().checkin_bucket_name}/") for _, arn in pairs[Whose.READER])


@everybody
def test_without_a_store_nothing_is_said_of_one(whose):
    kept = {one["Sid"] for one in statements(whose)} - {one["Sid"] for one in statements(whose, store="")}
    assert kept == {"ListTheRecords", "KeepTheRecords"}


def test_a_queue_of_another_account_that_is_paged_may_be_looked_at():
    theirs = "arn:aws:sqs:us-east-1:222222222222:Their-Inbox"
    policy = access_policy(given(ops_subscription_endpoint=theirs), Whose.READER)
    queues = next(one for one in policy["Statement"] if one["Sid"] == "ReadQueues")
    assert theirs in queues["Resource"]
    mailed = access_policy(given("prod"), Whose.READER)
    assert "@" not in json.dumps(mailed)


def test_what_they_name_outright_is_what_lib_calls_so():
    every = {arn.rpartition("/")[2] for one in statements(Whose.OPERATOR) for arn in listed(one["Resource"])}
    assert {rule["name"] for rule in loader.rules()} < every
    assert f"{LISTENING}-*" in every
    conditions = {one["Sid"]: one["Condition"] for one in statements(Whose.OPERATOR) if "Condition" in one}
    assert conditions["CountDrills"] == {"StringEquals": {"cloudwatch:namespace": OURS}}
    assert conditions["KeepTheDrillUser"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [given().drill_user_id]}
    }
    assert conditions["AddToTheGuards"] == {"StringNotEquals": {"ssm:Overwrite": "true"}}
    assert conditions["LeaveTheWorkflowItsRole"] == {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
