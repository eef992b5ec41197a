"""Filling templates, and showing a definition to people. No AWS."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import settings
from lib.asl.states import walk
from lib.definitions import templates
from lib.errors import BadParameters

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)


def changed(**states: dict) -> dict:
    """The definition with fields of its states replaced; `None` removes the state."""
    copied = json.loads(json.dumps(PLAIN))
    for name, fields in states.items():
        copied["States"][name] |= fields
    return copied


def test_a_placeholder_alone_becomes_the_typed_value() -> None:
    filled = templates.fill({"a": "${Limit}", "b": ["${Limit}", "x-${Limit}-${Name}"]}, {"Limit": 95.5, "Name": "n"})
    assert filled == {"a": 95.5, "b": [95.5, "x-95.5-n"]}


def test_everything_else_stays_as_it_is() -> None:
    template = {"a.$": "$$.State.EnteredTime", "b": "$.State $$ $ {x}", "c": None, "d": True, "e": 1.5}
    assert templates.fill(template, {}) == template


def test_a_filled_value_is_not_filled_again() -> None:
    assert templates.fill("${A}", {"A": "${B}"}) == "${B}"


@pytest.mark.parametrize("text", ["${Unknown}", "x ${Unknown} y", "${not closed", "${}", "${two words}", "${a-b}"])
def test_an_unfilled_or_malformed_placeholder_is_named(text: str) -> None:
    with pytest.raises(BadParameters, match=r"Unknown|not closed|\{\}|two words|a-b"):
        templates.fill({"deep": [{"in": text}]}, {"Known": 1})


def test_a_placeholder_in_a_key_counts() -> None:
    assert templates.fill({"${A}": 1}, {"A": "k"}) == {"k": 1}
    with pytest.raises(BadParameters, match="Unknown"):
        templates.fill({"${Unknown}": 1}, {})


def test_a_value_without_a_place_is_named() -> None:
    with pytest.raises(BadParameters, match="Lost"):
        templates.fill("${A}", {"A": 1, "Lost": 2}, all_used=True)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text().filter(lambda t: "${" not in t), st.lists))
def test_filling_json_without_placeholders_gives_it_back(value: object) -> None:
    assert templates.fill(value, {}) == value


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_the_definition_is_filled_for_every_environment(environment: str) -> None:
    chosen = settings.load(environment)
    found = templates.definition(chosen)
    text = json.dumps(found)
    assert "${" not in text and "$$.Execution.Id" in text
    assert found["States"]["ProcessCheckin"]["Resource"] == chosen.processor_arn
    assert found["States"]["EvaluateRisk"]["Choices"][0]["And"][-1]["NumericGreaterThan"] == 95


def test_the_policy_is_the_plans_and_what_logging_needs() -> None:
    policy = templates.policy(LOCAL)
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert len(statements) == len(policy["Statement"]) == 4
    assert statements["RecordCrisisInterventions"]["Resource"] == LOCAL.table_arn
    assert statements["SendAlertEvents"]["Condition"] == {"StringLike": {"events:source": "your6.checkin*"}}
    assert statements["TellPeople"]["Resource"] == [LOCAL.alert_topic_arn, LOCAL.ops_topic_arn]
    assert len(statements["KeepTheWorkflowLog"]["Action"]) == 8


def test_no_difference_shows_nothing() -> None:
    assert templates.diff(PLAIN, json.loads(json.dumps(PLAIN))) == ""
    assert {row["change"] for row in templates.state_changes(PLAIN, PLAIN)} == {"same"}


def test_a_difference_is_shown_by_state() -> None:
    new = changed(ProcessCheckin={"TimeoutSeconds": 60})
    new["TimeoutSeconds"] = 500
    del new["States"]["DropText"]
    new["States"]["Extra"] = {"Type": "Fail", "Error": "Extra"}
    new["States"]["CrisisProtocol"]["Branches"][1]["States"]["TellOperations"]["TimeoutSeconds"] = 3
    text = templates.diff(PLAIN, new)
    for line in ("--- ProcessCheckin before", '-  "TimeoutSeconds": 130', '+  "TimeoutSeconds": 60'):
        assert line in text.splitlines()
    assert "--- MarkDrill" not in text
    rows = {row["state"]: (row["change"], row["what"]) for row in templates.state_changes(PLAIN, new)}
    assert rows["(the workflow)"] == ("changed", "TimeoutSeconds")
    assert rows["ProcessCheckin"] == ("changed", "TimeoutSeconds")
    assert rows["CrisisProtocol / TellOperations"] == ("changed", "TimeoutSeconds")
    assert rows["CrisisProtocol"] == ("same", "")
    assert rows["DropText"] == ("removed", "Pass")
    assert rows["Extra"] == ("added", "Fail Extra")


def test_a_result_that_is_too_large_is_caught_by_its_name() -> None:
    named, rest = PLAIN["States"]["ProcessCheckin"]["Catch"]
    assert named["ErrorEquals"] == ["States.DataLimitExceeded"]  # on AWS States.ALL does not catch it
    assert named == {**rest, "ErrorEquals": named["ErrorEquals"]}


def test_the_picture_has_every_state_and_says_the_rules() -> None:
    picture = templates.mermaid(PLAIN)
    for state in walk(PLAIN):
        assert f"s_{state.name}" in picture
    assert picture.startswith("flowchart TD\n")
    assert picture.count("subgraph") == 4 and picture.count("\n  end") + picture.count("\n    end") == 4
    assert '"risk_score at most 100 and risk_score above 95"' in picture
    assert "(score below -0.6 or risk_score above 50)" in picture
    assert "risk_score at most 50 and score at least -1 and score at most 1" in picture
    assert 's_ProcessCheckin -. "on failure" .-> s_NoteNotProcessed' in picture
