"""Which statements of a function's policy are ours, and which carry the existing rule."""

import json

import pytest
from theirs import EVENTS, RULE, allow

from lib.errors import NotAsWanted
from lib.values.permission_statements import carries, statements, value_of


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
