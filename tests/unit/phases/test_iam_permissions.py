"""Our own reading of policies: what it allows, and that doubt is read as "no"."""

import json

import pytest
from accounts import nowhere

from lib.checks import Check
from lib.phases.iam_permissions import LOGGING, Need, checks, comparison, is_allowed, needs
from lib.settings import load
from lib.values.check_registry import Id

TOPIC = "arn:aws:sns:us-east-1:000000000000:Alerts"
PUBLISH = Need("sns:Publish", TOPIC, "nobody is told")
PUT = Need(
    "events:PutEvents",
    "arn:aws:events:us-east-1:000000000000:event-bus/default",
    "",
    (("events:source", "your6.checkin.crisis"),),
)


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action="sns:Publish", resource=TOPIC, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="sns:Publish", resource=TOPIC, **more):
    return allow(action, resource, **more) | {"Effect": "Deny"}


def when(operator, key, value):
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "action", ["sns:Publish", "SNS:publish", "sns:Pub*", "sns:*", "*", "sns:Publis?", ["s3:Get", "sns:Publish"]]
)
@pytest.mark.parametrize("resource", [TOPIC, "*", "arn:aws:sns:*:*:Alert?", ["arn:aws:sns:x", TOPIC]])
def test_what_matches_is_allowed(action, resource):
    assert is_allowed([policy(allow(action, resource))], PUBLISH)


@pytest.mark.parametrize("action", ["sns:Publis", "sns:PublishBatch", "sns", "sqs:*", "sns:?", []])
def test_another_action_is_not_allowed(action):
    assert not is_allowed([policy(allow(action))], PUBLISH)


@pytest.mark.parametrize(
    "resource", [TOPIC.lower(), TOPIC[:-1], TOPIC + "2", "arn:aws:sns:us-east-1:000000000000:[A]lerts", []]
)
def test_another_resource_is_not_allowed(resource):
    assert not is_allowed([policy(allow(resource=resource))], PUBLISH)


def test_a_bracket_means_itself():
    assert is_allowed([policy(allow(resource="a[1]*"))], Need("sns:Publish", "a[1]b", ""))


def test_nothing_is_allowed_by_nothing():
    assert not is_allowed([], PUBLISH)
    assert not is_allowed([policy()], PUBLISH)


def test_one_statement_needs_no_list_around_it():
    assert is_allowed([{"Statement": allow()}], PUBLISH)


@pytest.mark.parametrize("order", [1, -1])
def test_a_deny_wins_wherever_it_stands(order):
    assert not is_allowed([policy(*[allow(), deny("sns:*", "*")][::order])], PUBLISH)
    assert not is_allowed([policy(allow()), policy(deny())][::order], PUBLISH)


def test_a_deny_of_something_else_does_not_matter():
    assert is_allowed([policy(allow(), deny("sns:DeleteTopic"), deny(resource=TOPIC + "2"))], PUBLISH)


@pytest.mark.parametrize(
    ("operator", "pattern", "expected"),
    [
        ("StringLike", "your6.checkin*", True),
        ("StringLike", "your6.checkin.crisi?", True),
        ("StringLike", ["other", "your6.*"], True),
        ("StringLike", "your6.checkin", False),
        ("StringEquals", "your6.checkin.crisis", True),
        ("StringEquals", "your6.checkin*", False),
        ("StringEquals", ["your6.checkin", "your6.checkin.crisis"], True),
    ],
)
def test_a_condition_decides(operator, pattern, expected):
    statement = allow("events:PutEvents", "*", **when(operator, "events:source", pattern))
    assert is_allowed([policy(statement)], PUT) is expected


def test_the_name_of_a_condition_key_has_no_case():
    assert is_allowed([policy(allow("events:PutEvents", "*", **when("StringLike", "Events:Source", "your6.*")))], PUT)


def test_every_condition_must_hold():
    both = {"Condition": {"StringLike": {"events:source": "your6.*"}, "StringEquals": {"events:source": "other"}}}
    assert not is_allowed([policy(allow("events:PutEvents", "*", **both))], PUT)


@pytest.mark.parametrize(
    "condition", [when("StringLike", "aws:PrincipalTag/team", "*"), when("NumericLessThan", "events:source", "5")]
)
def test_a_condition_that_cannot_be_read_is_never_taken_for_permission(condition):
    assert not is_allowed([policy(allow("events:PutEvents", "*", **condition))], PUT)
    assert not is_allowed([policy(allow("*", "*"), deny("*", "*", **condition))], PUT)


def test_a_deny_whose_condition_does_not_hold_denies_nothing():
    other = when("StringEquals", "events:source", "another.source")
    assert is_allowed([policy(allow("*", "*"), deny("*", "*", **other))], PUT)


TLS_ONLY = deny("*", "*", **when("Bool", "aws:SecureTransport", "false"))


@pytest.mark.parametrize(
    "condition",
    [
        when("Bool", "aws:SecureTransport", "false"),
        when("BoolIfExists", "aws:SecureTransport", False),
        when("StringEquals", "aws:securetransport", ["false"]),
        when("StringNotEquals", "aws:RequestedRegion", ["us-east-1", "eu-west-1"]),
        when("StringNotLike", "aws:RequestedRegion", "us-*"),
        when("Null", "aws:SecureTransport", "true"),
    ],
)
def test_an_ordinary_deny_of_what_is_not_ours_denies_nothing(condition):
    assert is_allowed([policy(allow()), policy(deny("*", "*", **condition))], PUBLISH) is True


@pytest.mark.parametrize(
    "condition",
    [
        when("Bool", "aws:SecureTransport", "true"),
        when("StringEquals", "aws:RequestedRegion", "us-east-1"),
        when("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
        when("Null", "aws:SecureTransport", "false"),
    ],
)
def test_a_deny_of_what_is_ours_denies(condition):
    assert is_allowed([policy(allow()), policy(deny("*", "*", **condition))], PUBLISH) is False


UNKNOWN = [
    when("StringNotEquals", "aws:PrincipalOrgID", "o-1"),
    when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    when("StringNotEquals", "aws:RequestedRegion", "${aws:PrincipalTag/region}"),
    when("ForAnyValue:StringLike", "aws:TagKeys", "x"),
    when("Null", "aws:PrincipalTag/x", "true"),
]


@pytest.mark.parametrize("condition", UNKNOWN)
def test_what_hangs_on_a_condition_that_is_not_known_is_neither_allowed_nor_denied(condition):
    assert is_allowed([policy(allow(), deny("*", "*", **condition))], PUBLISH) is None
    assert is_allowed([policy(allow(**condition))], PUBLISH) is None
    # Where it decides nothing, it is not asked.
    assert is_allowed([policy(deny("*", "*", **condition))], PUBLISH) is False
    assert is_allowed([policy(allow(), allow(**condition))], PUBLISH) is True
    assert is_allowed([policy(allow(), deny("*", "*", **condition), deny())], PUBLISH) is False


@pytest.mark.parametrize("rest", [{"NotAction": "iam:*", "Resource": "*"}, {"Action": "*", "NotResource": "arn:x"}])
def test_what_is_not_excepted_is_spoken_of(rest):
    assert is_allowed([policy({"Effect": "Allow", **rest})], PUBLISH)
    assert not is_allowed([policy(allow(), {"Effect": "Deny", **rest})], PUBLISH)


@pytest.mark.parametrize("rest", [{"NotAction": "SNS:*", "Resource": "*"}, {"Action": "*", "NotResource": TOPIC}])
def test_what_is_excepted_is_not(rest):
    assert not is_allowed([policy({"Effect": "Allow", **rest})], PUBLISH)
    assert is_allowed([policy(allow(), {"Effect": "Deny", **rest})], PUBLISH)


class Iam:
    """IAM with one role: its policies, and what the simulator says."""

    def __init__(self, policies, decision):
        self.policies, self.decision, self.missing, self.asked = policies, decision, [], []

    def get_paginator(self, operation):
        assert operation == "list_role_policies"
        return self

    def paginate(self, RoleName):  # noqa: N803
        return [{"PolicyNames": list(self.policies)}]

    def get_role_policy(self, RoleName, PolicyName):  # noqa: N803
        return {"PolicyDocument": self.policies[PolicyName]}

    def get_role(self, RoleName):  # noqa: N803
        return {"Role": {"Arn": f"arn:aws:iam::205930636302:role/service-role/{RoleName}"}}

    def simulate_principal_policy(self, **asked):
        self.asked.append(asked)
        return {"EvaluationResults": [{"EvalDecision": self.decision, "MissingContextValues": self.missing}]}


class PlainTopics:
    """An SNS client whose topics have no key."""

    def get_topic_attributes(self, **_):
        return {"Attributes": {}}


def live(environment, policies, decision="implicitDeny"):
    return nowhere(load(environment), iam=Iam(policies, decision), sns=PlainTopics())


def test_the_workflow_needs_its_four_services_and_the_log():
    found = {need.action for need in needs(live("local", {}))}
    assert found == {"lambda:InvokeFunction", "dynamodb:UpdateItem", "events:PutEvents", "sns:Publish", *LOGGING}


def test_what_only_our_reading_allows_is_never_passed():
    found = checks(live("local", {"all": policy(allow("*", "*"))}))
    assert {check.status for check in found} == {"not exercised here"}


def test_what_our_reading_misses_has_failed():
    found = checks(live("local", {}))
    assert {check.status for check in found} == {"failed"}
    assert any("operations is not told of a crisis" in check.expected for check in found)


@pytest.mark.parametrize(
    ("decision", "status"), [("allowed", "passed"), ("implicitDeny", "failed"), ("explicitDeny", "failed")]
)
def test_where_aws_can_simulate_its_answer_decides(decision, status):
    there = live("prod", {"all": policy(allow("*", "*"))}, decision)
    assert {check.status for check in checks(there)} == {status}


def test_a_role_that_denies_what_is_not_tls_fails_nothing_and_one_that_nobody_can_decide_is_no_pass():
    def statuses(*statements):
        return {check.status for check in checks(live("local", {"all": policy(allow("*", "*"), *statements)}))}

    assert statuses(TLS_ONLY) == {"not exercised here"}
    assert statuses(deny("*", "*", **UNKNOWN[0])) == {"cannot tell"}


def test_what_the_simulator_was_not_told_is_nobodys_to_tell():
    """An organisation's id, say: AWS takes it for another one, and denies."""
    there = live("prod", {"all": policy(allow("*", "*"))}, "explicitDeny")
    there.client("iam").missing = ["aws:PrincipalOrgID"]
    found = checks(there)
    assert {check.status for check in found} == {"cannot tell"}
    assert all("aws:PrincipalOrgID" in check.found for check in found)
    there.client("iam").decision = "implicitDeny"
    assert {check.status for check in checks(there)} == {"failed"}
    there.client("iam").policies = {"all": policy(allow("*", "*", **UNKNOWN[0]))}
    assert {check.status for check in checks(there)} == {"cannot tell"}


def test_what_the_simulator_allows_without_what_a_condition_asks_for_may_be_denied_all_the_same():
    there = live("prod", {"all": policy(allow("*", "*"), deny("*", "*", **UNKNOWN[0]))}, "allowed")
    there.client("iam").missing = ["aws:SourceVpc"]
    found = checks(there)
    assert {check.status for check in found} == {"cannot tell"}
    assert all("allowed (AWS simulator), without aws:SourceVpc" in check.found for check in found)
    there.client("iam").policies = {"all": policy(allow("*", "*"))}  # what is missing is asked for by nothing of ours
    assert {check.status for check in checks(there)} == {"passed"}


def test_the_simulator_is_told_the_source_of_an_event():
    there = live("prod", {}, "allowed")
    checks(there)
    assert {asked["PolicySourceArn"].rpartition(":")[2] for asked in there.client("iam").asked} == {
        "role/service-role/Your6-StepFunctionsRole"
    }
    contexts = [
        asked["ContextEntries"] for asked in there.client("iam").asked if asked["ActionNames"] == ["events:PutEvents"]
    ]
    assert [context[0]["ContextKeyValues"] for context in contexts] == [
        ["your6.checkin"], ["your6.checkin.crisis"], ["your6.checkin.highrisk"], ["your6.checkin.proactive"],
    ]  # fmt: skip


def test_before_and_after_stand_side_by_side():
    before, after = (
        [Check(Id.AS_WANTED, "p", "failed", "no", "allowed")],
        [Check(Id.AS_WANTED, "p", "passed", "yes", "allowed")],
    )
    row = {"permission": "p", "before": "no", "after": "yes", "status": "passed", "expected": "allowed"}
    assert comparison(before, after) == [row]
    assert json.dumps(row)
