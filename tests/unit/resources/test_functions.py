"""A function that somebody else is changing is asked again until the time is up; its policy may hold others' words."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from theirs import EVENTS, RULE, Fake, allow, live

from lib.aws import Identity, Live
from lib.aws_answers import answer
from lib.errors import NotAsWanted
from lib.phases import preflight
from lib.resources.resource_kinds import EnvironmentVariable, Permission
from lib.settings import load

FUNCTION = "Your6-CheckinProcessor"
INVOKE = {"Principal": "events.amazonaws.com", "Action": "lambda:InvokeFunction", "SourceArn": "arn:aws:events:x"}


class BusyFunction:
    """A Lambda client whose function refuses the first `times` changes, with one of Lambda's words for it."""

    exceptions = SimpleNamespace()

    def __init__(self, code, times):
        self.code, self.left, self.asked = code, times, 0
        self.variables, self.statements = {"THEIRS": "kept"}, []

    def _refuse_while_busy(self, operation):
        self.asked += 1
        if self.left:
            self.left -= 1
            raise ClientError({"Error": {"Code": self.code, "Message": "an update is in progress"}}, operation)

    def get_function_configuration(self, **_):
        held = {"Variables": dict(self.variables)}
        return {"Environment": held, "RevisionId": "r", "LastUpdateStatus": "Successful"}

    def update_function_configuration(self, Environment, **_):  # noqa: N803 - AWS's own names
        self._refuse_while_busy("UpdateFunctionConfiguration")
        self.variables = Environment["Variables"]

    def get_policy(self, **_):
        return {"Policy": json.dumps({"Statement": self.statements})}

    def add_permission(self, StatementId, Principal, Action, SourceArn, **_):  # noqa: N803
        self._refuse_while_busy("AddPermission")
        condition = {"ArnLike": {"AWS:SourceArn": SourceArn}}
        self.statements.append(
            {"Sid": StatementId, "Principal": {"Service": Principal}, "Action": Action, "Condition": condition}
        )


def connected(client):
    """A connection with that client, whose clock goes on only while somebody sleeps."""
    settings = load("local").model_copy(update={"verify_timeout_seconds": 300, "poll_seconds": 2})
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    clients = {"lambda": client}
    identity = Identity(settings.account_id, settings.region, "arn:aws:iam::000000000000:user/u", "")
    return Live(settings, identity, None, clients, sleep, lambda: now[0], single=clients), now


CODES = ["ResourceConflictException", "PreconditionFailedException"]


@pytest.mark.parametrize("code", CODES)
def test_a_variable_is_written_when_a_busy_function_is_free_again(code):
    busy = BusyFunction(code, times=100)
    live, now = connected(busy)
    EnvironmentVariable(live, FUNCTION, "OURS").write("ours")
    assert busy.variables == {"THEIRS": "kept", "OURS": "ours"}
    assert (busy.asked, now[0]) == (101, 200.0)


@pytest.mark.parametrize("code", CODES)
def test_a_function_that_stays_busy_is_given_up_when_the_time_is_up(code):
    live, now = connected(BusyFunction(code, times=10_000))
    with pytest.raises(NotAsWanted, match=rf"still under way after 300 s \({code}\), and nothing was written"):
        EnvironmentVariable(live, FUNCTION, "OURS").write("ours")
    assert 300 <= now[0] <= 304


@pytest.mark.parametrize(
    ("told", "slept", "says"),
    [
        ({"LastUpdateStatus": "InProgress"}, 300.0, r"update is InProgress \(no reason given\); expected Successful"),
        ({"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no role"}, 0.0, r"update is Failed \(no role\)"),
        ({}, 0.0, "holds no LastUpdateStatus; expected one, and nothing is concluded without it"),
    ],
    ids=["goes on", "failed", "not told"],
)
def test_a_variable_whose_update_is_not_told_to_have_succeeded_is_no_success(told, slept, says):
    class Updating(BusyFunction):
        def get_function_configuration(self, **_):
            whole = {"Environment": {"Variables": self.variables}, "RevisionId": "r", **told}
            return answer(whole, "GetFunctionConfiguration")

    live, now = connected(Updating("none", times=0))
    with pytest.raises(NotAsWanted, match=says):
        EnvironmentVariable(live, FUNCTION, "OURS").write("ours")
    assert now[0] == slept


def test_a_look_that_is_throttled_is_waited_over_until_the_update_is_told_to_have_succeeded():
    function, looks = BusyFunction("", times=0), []
    whole = function.get_function_configuration

    def throttled(**given):
        looks.append(given)
        if 1 < len(looks) <= 3:
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "GetFunctionConfiguration")
        return answer(whole(**given), "GetFunctionConfiguration")

    function.get_function_configuration = throttled
    live, now = connected(function)
    EnvironmentVariable(live, FUNCTION, "OURS").write("ours")
    assert (function.variables["OURS"], now[0], len(looks)) == ("ours", 4.0, 5)


def test_a_permission_is_added_when_a_busy_function_is_free_again():
    busy = BusyFunction("ResourceConflictException", times=100)
    live, now = connected(busy)
    Permission(live, FUNCTION, "Rule-invokes").write(INVOKE)
    assert ([statement["Sid"] for statement in busy.statements], now[0]) == (["Rule-invokes"], 200.0)


def test_a_permission_of_a_function_that_stays_busy_is_given_up_when_the_time_is_up():
    live, now = connected(BusyFunction("ResourceConflictException", times=10_000))
    with pytest.raises(NotAsWanted, match="still under way after 300 s"):
        Permission(live, FUNCTION, "Rule-invokes").write(INVOKE)
    assert now[0] >= 300


def test_what_is_no_sign_of_being_busy_is_not_asked_again():
    denied = BusyFunction("AccessDeniedException", times=1)
    live, _ = connected(denied)
    with pytest.raises(NotAsWanted, match="AccessDeniedException"):
        EnvironmentVariable(live, FUNCTION, "OURS").write("ours")
    assert denied.asked == 1


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
