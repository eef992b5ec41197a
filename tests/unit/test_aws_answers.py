"""Answers of AWS by botocore's own clients, without a network: a member that is missing is one sentence."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from lib.aws import _client, _session
from lib.aws_answers import Answer, answer, readable
from lib.errors import NotAsWanted, RunbookError, Unreachable
from lib.settings import load


@pytest.fixture
def client():
    """`client(service, answers...)`: a client of ours that gets these answers, one a call."""

    def made(service, *answers):
        settings = load("local")
        found, waiting = _client(_session(settings), settings, service, 1), list(answers)
        found.meta.events.register("before-call", lambda **_: (AWSResponse("", 200, {}, None), waiting.pop(0)))
        return found

    return made


def test_a_member_that_is_missing_is_one_sentence(client):
    with pytest.raises(NotAsWanted, match=r"^the answer to DescribeRule holds no State; expected one, and nothing is "):
        client("events", {"Name": "x"}).describe_rule(Name="x")["State"]


def test_a_nested_one_is_told_with_its_place(client):
    found = client("lambda", {"Environment": {"Variables": {}}}).get_function_configuration(FunctionName="x")
    with pytest.raises(NotAsWanted, match=r"the answer to GetFunctionConfiguration \(Environment\) holds no Error"):
        found["Environment"]["Error"]


def test_also_in_lists_and_pages(client):
    pages = client("events", {"Targets": [{"Id": "a"}], "NextToken": "t"}, {}).get_paginator("list_targets_by_rule")
    first, second = pages.paginate(Rule="x")
    with pytest.raises(NotAsWanted, match=r"ListTargetsByRule \(Targets\) holds no Arn"):
        first["Targets"][0]["Arn"]
    with pytest.raises(NotAsWanted, match="ListTargetsByRule holds no Targets"):
        second["Targets"]


def test_also_in_what_a_second_client_of_the_same_session_gets():
    settings = load("local")
    session = _session(settings)
    for service in ("events", "events", "sns"):
        assert "Answering" in [base.__name__ for base in type(_client(session, settings, service, 1)).__mro__]


def test_what_may_be_missing_may_be_asked_for():
    found = answer({"a": {"b": [1, {"c": None}]}}, "Op")
    assert (found.get("x"), found.get("x", 1), "x" in found, found["a"]["b"][0]) == (None, 1, False, 1)
    assert found == {"a": {"b": [1, {"c": None}]}}
    assert {**found, "x": 1}["x"] == 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_says_the_same(copied):
    found = copied(answer({"a": [{"b": 1}]}, "Op"))
    assert (found, type(found)) == ({"a": [{"b": 1}]}, Answer)
    with pytest.raises(NotAsWanted, match="Op holds no c"):
        found["c"]


SECRET = "zebra umbrella marmalade"
BODIES = {
    "a page": f"<html><body>{SECRET}</body></html>",
    "words": SECRET,
    "half of it": f'{{"name": "{SECRET}',
    "a text": f'"{SECRET}"',
    "a list": f'["{SECRET}"]',
    "a number": "17",
    "other shapes": f'{{"Rules": "{SECRET}", "StackEvents": 7, "executions": {{"{SECRET}": 1}}, "Topics": [1]}}',
    "no date": f'{{"executions": [{{"startDate": "{SECRET}", "name": "x"}}], "Rules": [7]}}',
    "other XML": f"<Ours><Secret>{SECRET}</Secret>",
    "a message that is none": f'{{"message": {{"{SECRET}": 1}}}}',
    "not UTF-8": SECRET.encode().decode() + "\xff",
}
CALLS = {
    "json 1.0": ("stepfunctions", "list_executions", {"stateMachineArn": "arn:aws:states:us-east-1:0:stateMachine:x"}),
    "json 1.1": ("events", "list_rules", {}),
    "query": ("sns", "list_topics", {}),
    "rest-json": ("lambda", "list_functions", {}),
    "rest-xml": ("s3", "list_objects_v2", {"Bucket": "bucket"}),
}


@pytest.fixture
def answered():
    """`answered(service, status, body)`: a client whose every request gets this body, read by botocore's parsers."""

    class Raw:
        def __init__(self, body):
            self.body = body

        def stream(self, **_):
            yield self.body

    def made(service, status, body):
        settings = load("local")
        found = _client(_session(settings), settings, service, 1)
        data = body.encode("latin-1")
        found.meta.events.register("before-send", lambda **_: AWSResponse("", status, {}, Raw(data)))
        return found

    return made


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("protocol", CALLS)
def test_a_body_that_cannot_be_read_stands_in_no_error(protocol, body, status, answered):
    service, operation, words = CALLS[protocol]
    client = answered(service, status, BODIES[body])
    said = ""
    try:
        with readable("asking"):
            found = getattr(client, operation)(**words)
            assert SECRET not in repr(found) or body in ("other shapes", "other XML")
    except RunbookError as error:
        chain = [error]
        while chain[-1].__cause__ or (chain[-1].__context__ and not chain[-1].__suppress_context__):
            chain.append(chain[-1].__cause__ or chain[-1].__context__)
        said = " ".join(map(str, chain))
    assert SECRET not in said
    if status == 200 and body in ("a page", "words", "half of it", "a text") and protocol != "rest-xml":
        assert "that cannot be read (" in said


def test_what_cannot_be_read_is_no_answer_and_never_an_empty_list(answered):
    said = r"no answer while asking \(an answer of status 200 that cannot be read \(24"
    with pytest.raises(Unreachable, match=said), readable("asking"):
        answered("events", 200, SECRET).list_rules()


def test_what_aws_says_of_an_error_is_still_told(answered):
    body = '{"__type": "ResourceNotFoundException", "message": "Rule x does not exist."}'
    with pytest.raises(NotAsWanted, match="Rule x does not exist"), readable("asking"):
        answered("events", 400, body).describe_rule(Name="x")


@pytest.mark.parametrize(
    ("code", "off", "advice"),
    [
        ("SignatureDoesNotMatch", 360, "the time of this machine's clock.*; set it$"),
        ("InvalidSignatureException", -360, "the time of this machine's clock.*; set it$"),
        ("RequestTimeTooSkewed", None, "the time of this machine's clock.*; set it$"),
        ("RequestExpired", None, "the time of this machine's clock.*; set it$"),
        ("SignatureDoesNotMatch", 240, "these credentials.*; log in again$"),
        ("ExpiredToken", None, "these credentials.*; log in again$"),
    ],
)
def test_a_clock_that_is_wrong_is_not_called_wrong_credentials(code, off, advice):
    headers = {} if off is None else {"date": format_datetime(datetime.now(UTC) + timedelta(seconds=off), usegmt=True)}
    refused = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPHeaders": headers}}
    with pytest.raises(Unreachable, match=f"AWS does not take {advice}"), readable("x"):
        raise ClientError(refused, "GetCallerIdentity")
