"""The stand-in functions, without AWS: what a text scores and what a trusted contact is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.account import traffic, users
from rehearsal.account.functions import alert_dispatcher as dispatcher
from rehearsal.account.functions import checkin_processor as processor

WORDS = st.sampled_from([*processor.SIGNS, *processor.COMFORTS, *processor.DECLINING, "today", "not", "and"])
TEXTS = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)


@given(TEXTS | st.text())
def test_any_text_scores_within_bounds_and_always_the_same(text):
    found = processor.score(text)
    assert 0 <= found["risk_score"] <= 100
    assert -1 <= found["score"] <= 1
    assert found["trajectory"] in {"improving", "stable", "declining", "unknown"}
    assert processor.score(text) == found


@given(TEXTS, st.sampled_from([*processor.SIGNS]))
def test_another_sign_never_lowers_the_risk(text, sign):
    assert processor.score(f"{text}. {sign}")["risk_score"] >= processor.score(text)["risk_score"]


def test_the_whole_range_is_reached():
    scores = [processor.score(c["text"]) for c in traffic.checkins(1, 2000)]
    risks = [found["risk_score"] for found in scores]
    for low, high in ((0, 1), (1, 30), (30, 50), (50, 85), (85, 95), (95, 100)):
        assert any(low <= risk <= high for risk in risks), (low, high)
    assert any(risk != int(risk) for risk in risks)
    assert any(s["trajectory"] == "declining" and s["risk_score"] > 30 and s["score"] >= -0.6 for s in scores)
    assert processor.score(" ".join(processor.SIGNS))["risk_score"] == 100
    assert min(s["score"] for s in scores) < -0.6 < 0.6 < max(s["score"] for s in scores)


def test_full_phase_3_shape():
    result = processor.assess({"userId": "user-001", "text": "I feel hopeless. " * 30})
    assert set(result) == {
        "userId", "risk_score", "score", "sentiment", "trajectory", "text", "alertTriggered", "aiMetadata",
    }  # fmt: skip
    assert len(result["text"]) == 200
    assert result["aiMetadata"]["phase3_enhanced"] is True
    assert result["alertTriggered"] is True


@pytest.mark.parametrize("phrase", ["not hopeless", "never alone"])
def test_a_denied_sign_does_not_count(phrase):
    assert processor.score(phrase)["risk_score"] == 0


@pytest.mark.parametrize(
    ("text", "trajectory"),
    [
        ("It is getting worse", "declining"),
        ("Better lately", "improving"),
        ("Hard to say", "unknown"),
        ("Fine", "stable"),
    ],
)
def test_trajectory_is_in_the_words(text, trajectory):
    assert processor.score(text)["trajectory"] == trajectory


@pytest.mark.parametrize(
    "event", [{}, {"userId": "u"}, {"text": "x"}, {"userId": "a/../b", "text": "x"}, {"userId": "u", "text": " "}]
)
def test_an_incomplete_checkin_is_refused(event):
    with pytest.raises(ValueError, match="check-in without"):
        processor.assess(event)


def test_what_is_recorded_has_no_text():
    result = processor.assess({"userId": "user-001", "text": "unmistakable words"})
    key, content = processor.recorded_checkin(result, "2026-03-04T05:06:07+00:00")
    assert key == "user-001/2026/03/04/2026-03-04T05:06:07+00:00.json"
    assert "unmistakable" not in json.dumps(content)
    assert content["timestamp"] == "2026-03-04T05:06:07+00:00"
    with pytest.raises(ValueError, match="isoformat"):
        processor.recorded_checkin(result, "yesterday")


def event(kind="Crisis Protocol Alert", **detail):
    told = {
        "userId": "user-001",
        "sentimentScore": -0.9,
        "textPreview": "unmistakable words",
        "timestamp": "t",
        **detail,
    }
    return {"detail-type": kind, "detail": told}


@pytest.mark.parametrize(("kind", "route"), [(kind, route) for kind, (route, _) in dispatcher.ALERTS.items()])
def test_each_alert_has_its_route_and_no_text(kind, route):
    told = dispatcher.message(event(kind), {"trustedContact": {"name": "Contact of user-001"}})
    assert (told["route"], told["alert"], told["contactName"]) == (route, kind, "Contact of user-001")
    assert told["drill"] is False
    assert "unmistakable" not in json.dumps(told) + dispatcher.subject(told)


def test_a_drill_is_told_by_the_event_or_by_the_user():
    for told in (dispatcher.message(event(drill=True), {}), dispatcher.message(event(), {"drill": True})):
        assert told["drill"] is True
        assert told["text"].startswith("[DRILL] ")
        assert dispatcher.subject(told).startswith("[DRILL] ")
    assert dispatcher.message(event(drill="true"), {"drill": 1})["drill"] is False


def test_a_subject_fits_sns():
    subject = dispatcher.subject({"drill": True, "route": "crisis", "userId": "ü\n" * 90})
    assert len(subject) == 100
    assert all(" " <= letter <= "~" for letter in subject)


def test_the_execution_is_taken_from_where_aws_puts_it():
    arn = "arn:aws:states:us-east-1:000000000000:execution:Your6-CheckinWorkflow:x"
    given_twice = {**event(executionArn="other"), "resources": [arn.replace("execution", "stateMachine"), arn]}
    assert dispatcher.execution_of(given_twice) == arn
    assert dispatcher.execution_of(event(executionArn="other")) == "other"
    assert dispatcher.execution_of(event()) == "unknown"


def test_an_unknown_user_still_alerts_and_an_unknown_event_fails():
    assert "unknown" in dispatcher.message(event(), None)["text"]
    with pytest.raises(ValueError, match="unknown detail-type 'Other'"):
        dispatcher.message(event("Other"), {})
    with pytest.raises(ValueError, match="without a userId"):
        dispatcher.message(event(userId=""), {})


def test_checkins_are_seeded_and_mostly_calm():
    assert traffic.checkins(3, 50) == traffic.checkins(3, 50)
    assert traffic.checkins(3, 50) != traffic.checkins(4, 50)
    risks = [processor.score(c["text"])["risk_score"] for c in traffic.checkins(3, 1000)]
    assert sum(risk <= 30 for risk in risks) > 700
    assert 0 < sum(risk > 95 for risk in risks) < 60
    assert {c["userId"] for c in traffic.checkins(3, 1000)} == set(users.ids())


def test_users_are_synthetic():
    for item in users.items():
        contact = item["trustedContact"]["M"]
        assert contact["phone"]["S"].startswith("+1555010")
        assert contact["email"]["S"].endswith("@example.com")
