"""The boundary cases: every edge is there, under any thresholds, and the expected route is the plan's. No AWS."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.drills import boundary_cases
from lib.drills.scenarios import outcome
from lib.settings import load

LOCAL = load("local")
CASES = {case.name: case for case in boundary_cases.cases(LOCAL)}
THRESHOLDS = {"crisis": 95, "high": 85, "moderate": 50, "proactive": 30}


def result(name):
    return CASES[name].given["checkinResult"]


@pytest.mark.parametrize(("name", "value"), THRESHOLDS.items())
def test_each_threshold_has_its_value_and_both_sides_of_it(name, value):
    found = [result(f"{name}-{side}")["risk_score"] for side in ("just-below", "at", "just-above")]
    assert found == [value - 0.01, value, value + 0.01]


def test_the_sentiment_has_its_value_and_both_sides_of_it():
    found = [result(f"sentiment-{side}")["score"] for side in ("just-below", "at", "just-above")]
    assert found == [-0.61, -0.6, -0.59]


@pytest.mark.parametrize("changed", [{}, {"high_risk_above": 94.995}, {"proactive_risk_above": 0}])
def test_the_two_sides_of_a_threshold_are_the_cases_between_which_the_route_changes(changed):
    sides = [(case.name, case.expect["route"]) for case in boundary_cases.threshold_sides(load("local", changed))]
    assert len(sides) == 10
    for (at, before), (beside, after) in zip(sides[::2], sides[1::2], strict=True):
        assert at.endswith("-at") and beside.startswith(at.removesuffix("at")) and before != after


def test_what_is_missing_is_missing_and_what_is_null_is_null():
    for field, name in (("risk_score", "risk"), ("score", "sentiment"), ("trajectory", "trajectory"), ("text", "text")):
        assert field not in result(f"{name}-missing")
        assert result(f"{name}-null")[field] is None


def test_a_declining_user_is_there_at_every_level():
    for route in ("none", "proactive", "standard", "high", "crisis"):
        case = CASES[f"declining-{route}"]
        assert (case.given["checkinResult"]["trajectory"], case.expect["route"]) == ("declining", route)


def test_texts_have_the_lengths_that_they_are_named_for():
    name = "drill-text-longest-abcdefabcdef-012345"
    for case, length in (("text-longest", 200), ("text-too-long", 201)):
        text = CASES[case].input(name)["checkinResult"]["text"]
        assert len(text) == length
        assert name in text


def test_every_text_names_its_execution_so_that_its_alert_is_found():
    for case in CASES.values():
        text = case.input("drill-x-y-012345")["checkinResult"].get("text")
        named = isinstance(text, str) and "drill-x-y-012345" in text
        # An alert of these names its execution by itself.
        assert named or case.expect["events"] in (["Immediate Intervention Required"], ["Crisis Protocol Alert"]), case


def test_names_are_fit_for_an_execution_and_no_name_is_used_twice():
    assert len(CASES) == len(boundary_cases.cases(LOCAL))
    assert all(len(f"drill-{name}-123456789012-012345") <= 80 for name in CASES)


def plainly(checkin, t):
    """The routing of the plan, written a second time and plainly."""
    risk, score = checkin.get("risk_score"), checkin.get("score")
    usable = isinstance(risk, int | float) and not isinstance(risk, bool) and 0 <= risk <= 100
    felt = isinstance(score, int | float) and not isinstance(score, bool)
    if not usable:
        return "unscored"
    if risk > t.crisis_risk_above:
        return "crisis"
    if risk > t.high_risk_above:
        return "high"
    if risk > t.moderate_risk_above or (felt and score < t.sentiment_below):
        return "standard"
    if not felt or not -1 <= score <= 1:
        return "unscored"
    return "proactive" if checkin.get("trajectory") == "declining" and risk > t.proactive_risk_above else "none"


@given(
    st.lists(st.integers(min_value=0, max_value=99), min_size=4, max_size=4, unique=True),
    st.integers(min_value=-9, max_value=9),
)
def test_under_any_thresholds_the_expected_route_is_the_plans(levels, tenths):
    proactive, moderate, high, crisis = sorted(levels)
    numbers = {
        "crisis_risk_above": crisis, "high_risk_above": high, "moderate_risk_above": moderate,
        "proactive_risk_above": proactive, "sentiment_below": tenths / 10,
    }  # fmt: skip
    given_thresholds = LOCAL.model_copy(update=numbers)
    for case in boundary_cases.cases(given_thresholds):
        assert case.expect["route"] == plainly(case.given["checkinResult"], given_thresholds), case.name


def test_what_comes_of_a_case_is_what_its_route_leads_to():
    for case in [*CASES.values(), boundary_cases.without_contact(LOCAL)]:
        assert case.expect == outcome(case.expect["route"])
        json.dumps(case.given, allow_nan=False)
