"""The route by a definition, ours and the one before, and what it refuses to guess. No AWS."""

import copy
import json
import math
from typing import Any

import hypothesis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import settings
from lib.asl import payload_templates, router
from lib.asl.payload_templates import FailsExecution, MissingVariable
from lib.asl.router import Router
from lib.definitions import templates
from lib.errors import BadParameters
from rehearsal.account.baseline import definition as baseline

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)
OLD = baseline(LOCAL)
NEW_ROUTER, OLD_ROUTER = Router(PLAIN), Router(OLD)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-200, max_value=200)
ANYTHING = st.none() | st.booleans() | st.text() | NUMBERS | st.lists(st.integers(), max_size=2)


def decide(risk: object = 10, score: object = 0.5, trajectory: object = "stable") -> str:
    return NEW_ROUTER.route({"risk_score": risk, "score": score, "trajectory": trajectory})


def plainly(risk: object, score: object, trajectory: object) -> str:
    """The routing of the plan, written a second time and plainly."""
    if isinstance(risk, bool) or not isinstance(risk, int | float) or not 0 <= risk <= 100:
        return "unscored"
    felt = isinstance(score, int | float) and not isinstance(score, bool)
    if risk > 95:
        return "crisis"
    if risk > 85:
        return "high"
    if risk > 50 or (felt and score < -0.6):
        return "standard"
    if not felt or not -1 <= score <= 1:
        return "unscored"
    return "proactive" if trajectory == "declining" and risk > 30 else "none"


@pytest.mark.parametrize(
    ("fields", "route"),
    [
        ({"risk": 95}, "high"),
        ({"risk": 95.01}, "crisis"),
        ({"risk": 85}, "standard"),
        ({"risk": 85.01}, "high"),
        ({"risk": 50}, "none"),
        ({"risk": 50.01}, "standard"),
        ({"score": -0.6}, "none"),
        ({"score": -0.61}, "standard"),
        ({"risk": 30, "trajectory": "declining"}, "none"),
        ({"risk": 30.01, "trajectory": "declining"}, "proactive"),
        ({"risk": 100}, "crisis"),
        ({"risk": 100.01}, "unscored"),
        ({"risk": -0.01, "score": -0.9}, "unscored"),
        ({"risk": True}, "unscored"),
        ({"risk": "98"}, "unscored"),
        ({"risk": None}, "unscored"),
        ({"risk": math.nan}, "unscored"),
        ({"score": -1}, "standard"),
        ({"score": -5}, "standard"),
        ({"score": 1}, "none"),
        ({"score": 1.01}, "unscored"),
        ({"score": 5}, "unscored"),
        ({"score": None}, "unscored"),
        ({"score": "-0.9"}, "unscored"),
        ({"score": True}, "unscored"),
        ({"score": math.nan}, "unscored"),
        ({"risk": 0, "score": None}, "unscored"),
        ({"risk": 40, "score": None, "trajectory": "declining"}, "unscored"),
        ({"risk": 40, "score": 1.01, "trajectory": "declining"}, "unscored"),
        ({"risk": 50.01, "score": None}, "standard"),
        ({"risk": 85.01, "score": None}, "high"),
        ({"risk": 95.01, "score": 5}, "crisis"),
    ],
)
def test_each_side_of_each_threshold(fields: dict, route: str) -> None:
    assert decide(**fields) == route


def test_whatever_is_missing_is_never_no_risk() -> None:
    assert NEW_ROUTER.route({}) == "unscored"
    assert NEW_ROUTER.route({"score": 0.9, "trajectory": "improving"}) == "unscored"
    assert NEW_ROUTER.route({"risk_score": 0, "trajectory": "stable"}) == "unscored"
    assert NEW_ROUTER.route({"risk_score": 40, "trajectory": "declining"}) == "unscored"
    assert NEW_ROUTER.route({"risk_score": 60}) == "standard"


@given(ANYTHING, ANYTHING, ANYTHING | st.just("declining"))
def test_the_definition_decides_as_the_plan_says(risk: object, score: object, trajectory: object) -> None:
    assert decide(risk, score, trajectory) == plainly(risk, score, trajectory)


@given(ANYTHING, ANYTHING, ANYTHING | st.just("declining"))
def test_no_risk_is_only_said_with_a_usable_score_and_sentiment(
    risk: object, score: object, trajectory: object
) -> None:
    if decide(risk, score, trajectory) in ("none", "proactive"):
        assert 0 <= risk <= 100 and -1 <= score <= 1  # type: ignore[operator]


@given(NUMBERS, st.floats(0, 50), st.floats(-1, 1), st.sampled_from(["stable", "declining"]))
def test_more_risk_never_means_less_alarm(risk: float, more: float, score: float, trajectory: str) -> None:
    order = ["none", "proactive", "standard", "high", "crisis", "unscored"]
    if 0 <= risk <= 100 and risk + more <= 100:
        assert order.index(decide(risk, score, trajectory)) <= order.index(decide(risk + more, score, trajectory))


RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "risk_score": ANYTHING | st.sampled_from([0, 30, 50, 85, 95, 100, 95.01, 1e300]),
        "score": ANYTHING | st.sampled_from([-1, -0.6, 1, -0.61]),
        "trajectory": ANYTHING | st.just("declining"),
        "text": st.none() | st.text(max_size=5) | st.integers(),
    },
)


@given(RESULTS | st.none() | st.text(max_size=3) | st.lists(st.integers(), max_size=1))
def test_what_is_remembered_is_what_a_walk_of_its_own_says(result: Any) -> None:
    for remembering in (NEW_ROUTER, OLD_ROUTER):
        try:
            alone = router.route_of(remembering.way(result))  # a way is walked anew each time
        except FailsExecution:
            with pytest.raises(FailsExecution):
                remembering.route(result)
        else:
            assert remembering.route(result) == alone


FIELDS = ["risk_score", "score", "trajectory"]
CELLS = (
    ANYTHING
    | st.just(payload_templates.ABSENT)
    | st.sampled_from([0, -0.0, 30, 50, 85, 95, 100, -0.6, -1, 1, 150, -5, 95.01, 1e300, -1e300, 10**400, True, False])
    | st.sampled_from([math.nan, math.inf, -math.inf, "declining", "97", [], {}])
)


def forgetful(known: Router) -> Router:
    """A router by the same definition that has walked nothing yet."""
    fresh = copy.copy(known)
    fresh.known = {}
    return fresh


@hypothesis.settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS | st.just("declining")), max_size=12))
def test_many_at_once_take_the_routes_that_each_takes_alone(rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(
        [["" if value is payload_templates.ABSENT else json.dumps(value) for value in row] for row in rows],
        columns=FIELDS,
    )
    for together in (NEW_ROUTER, OLD_ROUTER):
        alone = [
            forgetful(together).route_or_failure(
                {"text": ""} | {f: v for f, v in zip(FIELDS, row, strict=True) if v is not payload_templates.ABSENT}
            )
            for row in rows
        ]
        assert together.routes(frame).tolist() == alone


def test_many_at_once_share_their_walks() -> None:
    frame = pd.DataFrame({"risk_score": [json.dumps(n / 300) for n in range(30_000)], "score": "0.1", "trajectory": ""})
    fresh = Router(PLAIN)
    counted = fresh.routes(frame).value_counts()
    assert counted.to_dict() == {"none": 15001, "standard": 10500, "high": 3000, "crisis": 1499}
    assert len(fresh.known) < 20


@pytest.mark.parametrize(
    ("cells", "route"),
    [
        ({"risk_score": "?", "score": "0.1", "trajectory": '"stable"'}, "cannot tell"),
        ({"risk_score": "99", "score": "?", "trajectory": "?"}, "crisis"),
        ({"risk_score": "99"}, "crisis"),
        ({"risk_score": "20", "score": "0.1", "trajectory": "?"}, "none"),
        ({"risk_score": "40", "score": "0.1", "trajectory": "?"}, "cannot tell"),
        ({"score": "-0.9"}, "cannot tell"),
        ({}, "cannot tell"),
    ],
)
def test_what_nobody_knows_decides_nothing_unless_it_does_not_matter(cells: dict[str, str], route: str) -> None:
    frame = pd.DataFrame([cells]) if cells else pd.DataFrame(index=[0])
    assert NEW_ROUTER.routes(frame).tolist() == [route]


def test_the_definition_before_has_one_alert() -> None:
    told = {"text": "synthetic"}
    assert OLD_ROUTER.route({"score": -0.61, "risk_score": 99, **told}) == "standard"
    assert OLD_ROUTER.route({"score": -0.6, "risk_score": 99, **told}) == "none"
    assert OLD_ROUTER.route({"score": None, **told}) == "none"
    for broken in ({}, {"score": -0.9}):  # its output needs a score, and its alert a text: AWS fails the execution
        with pytest.raises(MissingVariable):
            OLD_ROUTER.route(broken)


def test_an_old_failure_has_a_word_of_its_own() -> None:
    failing = json.loads(json.dumps(OLD))
    failing["States"]["CheckSentiment"]["Default"] = "NotifyFailure"
    assert Router(failing).route({"score": 0.1, "text": ""}) == "failed"
    way = Router(failing).way({"score": 0.1, "text": ""})
    assert (way.error, way.names("topic")) == ("CheckinProcessingFailed", (LOCAL.alert_topic_arn,))


def test_the_way_says_what_is_sent_and_where_it_went() -> None:
    way = NEW_ROUTER.way({"risk_score": 98, "score": 0.1, "trajectory": "stable", "text": "synthetic"})
    assert way.names("event") == ("Crisis Protocol Alert",)
    assert way.names("topic") == (LOCAL.ops_topic_arn,)
    assert way.names("item") == (LOCAL.table_name,)
    assert "CrisisProtocol / RecordIntervention" in way.states
    assert way.states[-1] == "CheckinComplete"


def test_an_alert_straight_to_a_topic_is_no_silence() -> None:
    direct = changed(OLD, "TriggerAlert", Resource="arn:aws:states:::sns:publish", Parameters={"TopicArn": "any"})
    assert Router(direct).route({"score": -0.9, "text": ""}) == "message"


def test_a_function_behind_the_invoke_integration_scores_as_well() -> None:
    invoked = changed(
        OLD,
        "ProcessCheckin",
        Resource="arn:aws:states:::lambda:invoke",
        Parameters={"FunctionName": LOCAL.processor_arn, "Payload.$": "$"},
        ResultSelector={"score.$": "$.Payload.score", "text.$": "$.Payload.text"},
    )
    assert Router(invoked).route({"score": -0.9, "text": ""}) == "standard"


def changed(definition: dict[str, Any], state: str, **fields: Any) -> dict[str, Any]:
    other = copy.deepcopy(definition)
    other["States"][state].update(fields)
    return other


@pytest.mark.parametrize(
    ("state", "fields", "named"),
    [
        ("CheckinComplete", {"Type": "Map"}, "CheckinComplete is a Map state"),
        ("CheckinComplete", {"Assign": {"a": 1}}, "CheckinComplete has Assign"),
        ("CheckinComplete", {"Parameters": {"a.$": "States.UUID()"}}, "States.UUID"),
        ("CheckinComplete", {"Parameters": {"a.$": "$.a[?(@.b)]"}}, "not known here"),
        ("CheckinComplete", {"Parameters": {"a.$": "States.Format('{}', $.a"}}, "does not end"),
        ("TriggerAlert", {"Resource": "arn:aws:states:::sqs:sendMessage"}, "sqs:sendMessage"),
        ("TriggerAlert", {"Resource": LOCAL.dispatcher_arn}, "2 functions"),
        ("ProcessCheckin", {"Resource": "arn:aws:states:::sns:publish"}, "0 functions"),
        ("CheckSentiment", {"Choices": [{"Variable": "$.a", "StringSounds": "b", "Next": "A"}]}, "StringSounds"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(state: str, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(BadParameters, match=named):
        Router(changed(OLD, state, **fields))


def test_a_definition_in_another_language_is_refused() -> None:
    with pytest.raises(BadParameters, match="JSONata"):
        Router({**OLD, "QueryLanguage": "JSONata"})


def test_an_event_that_nothing_carries_and_a_word_that_is_no_route_are_refused() -> None:
    other = copy.deepcopy(OLD)
    other["States"]["TriggerAlert"]["Parameters"]["Entries"][0]["DetailType"] = "Something Else"
    with pytest.raises(BadParameters, match="Something Else"):
        Router(other).route({"score": -0.9, "text": ""})
    worded = changed(OLD, "CheckinComplete", Parameters={"route": "urgent"})
    with pytest.raises(BadParameters, match="urgent"):
        Router(worded).route({"score": 0.9, "text": ""})


def test_a_circle_is_refused() -> None:
    with pytest.raises(BadParameters, match="circle"):
        Router(changed(OLD, "CheckSentiment", Default="ProcessCheckin")).route({"score": 0.9, "text": ""})


def test_tens_of_thousands_are_walked_as_some_hundreds() -> None:
    results = [
        {"risk_score": number / 300, "score": (number % 21 - 10) / 10, "trajectory": "stable", "text": ""}
        for number in range(30_000)
    ]
    fresh = Router(PLAIN)
    for result in results:
        fresh.route(result)
    assert len(fresh.known) < 300


@pytest.mark.parametrize(
    ("score", "route"), [(1e-5, "none"), (-1e-5, "none"), (-0.0, "none"), (1e22, "unscored"), (-1e-300, "none")]
)
def test_a_number_that_nobody_knows_how_aws_writes_is_routed_as_its_neighbours(score: float, route: str) -> None:
    checkin = {"risk_score": 40, "score": score, "trajectory": "stable", "text": ""}
    definition = copy.deepcopy(PLAIN)
    scored = definition["States"]["ProcessCheckin"]
    said = {"Parameters": {"of.$": "States.Format('{}', $.checkinResult)"}, "ResultPath": "$.said"}
    definition["States"]["Say"] = {"Type": "Pass", **said, "Next": scored["Next"]}
    scored["Next"] = "Say"
    assert NEW_ROUTER.route(checkin) == Router(definition).route(checkin) == route
