"""Answers of AWS by botocore's own clients, without a network: a member that is missing is one sentence."""

import copy
import pickle

import pytest
from botocore.awsrequest import AWSResponse

from lib.answers import Answer, answer
from lib.aws import _client, _session
from lib.errors import NotAsWanted
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
