"""The edges of the routing as drills: each threshold and both sides of it, unusable scores, odd texts. No AWS.

Every expected route is written down here from the plan's words, case by case; none is asked of the definition.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lib.scenarios import Scenario
from lib.settings import Settings

TEXT = "Synthetic text of {execution}, written by nobody."
PREVIEW = 200  # characters of a check-in that the processor passes on
LEFT_OUT = object()
# What a route leads to: alerts to the trusted contact, alerts to operations, events.
OUTCOMES: dict[str, tuple[int, int, list[str]]] = {
    "none": (0, 0, []),
    "proactive": (1, 0, ["Proactive Outreach Recommended"]),
    "standard": (1, 0, ["Low Sentiment Alert"]),
    "high": (1, 0, ["Immediate Intervention Required"]),
    "crisis": (1, 1, ["Crisis Protocol Alert"]),
    "unscored": (1, 1, ["Low Sentiment Alert"]),
}
SCRIPTS = {
    "latin": "Schöne Grüße, ça va, mañana, İstanbul",
    "cyrillic": "Проверка связи",
    "arabic": "اختبار الاتصال",
    "hebrew": "בדיקת קשר",
    "devanagari": "संपर्क परीक्षण",
    "chinese": "联系测试",
    "japanese": "連絡テスト",
    "korean": "연락 시험",
    "thai": "ทดสอบการติดต่อ",
    "emoji": "🧡👩‍🚒🇺🇸",
}


def cases(settings: Settings) -> list[Scenario]:
    """Every boundary case under these thresholds, in the order of the table that shows them."""
    return [*_thresholds(settings), *_unusable(), *_declining(settings), *_texts()]


def without_contact() -> Scenario:
    """A crisis of a user who has no contact: the topics still hear of it. The drill user's item must have none."""
    return _case("contact-missing", "crisis", risk=98)


def outcome(route: str) -> dict[str, Any]:
    """What must come of a drill that takes this route."""
    trusted, operations, events = OUTCOMES[route]
    return {
        "route": route,
        "trusted_alerts": trusted,
        "operations_alerts": operations,
        "events": events,
        "status": "SUCCEEDED",
        "intervention_recorded": route == "crisis",
    }


def _thresholds(s: Settings) -> list[Scenario]:
    crisis, high, moderate = s.crisis_risk_above, s.high_risk_above, s.moderate_risk_above
    proactive, low = s.proactive_risk_above, s.sentiment_below
    return [
        _case("crisis-at", "high", risk=crisis),
        _case("crisis-just-above", "crisis", risk=_between(crisis, 100)),
        _case("crisis-just-below", "high", risk=_between(crisis, high)),
        _case("high-at", "standard", risk=high),
        _case("high-just-above", "high", risk=_between(high, crisis)),
        _case("high-just-below", "standard", risk=_between(high, moderate)),
        _case("moderate-at", "none", risk=moderate),
        _case("moderate-just-above", "standard", risk=_between(moderate, high)),
        _case("moderate-just-below", "none", risk=_between(moderate, proactive)),
        _case("sentiment-at", "none", score=low),
        _case("sentiment-just-above", "none", score=_between(low, 1)),
        _case("sentiment-just-below", "standard", score=_between(low, -1)),
        _case("proactive-at", "none", risk=proactive, trajectory="declining"),
        _case("proactive-just-above", "proactive", risk=_between(proactive, moderate), trajectory="declining"),
        _case("proactive-just-below", "none", risk=proactive / 2, trajectory="declining"),
        _case("risk-lowest", "none", risk=0),
        _case("risk-highest", "crisis", risk=100),
    ]


def _unusable() -> list[Scenario]:
    return [
        _case("risk-missing", "unscored", risk=LEFT_OUT),
        _case("risk-null", "unscored", risk=None),
        _case("risk-string", "unscored", risk="98"),
        _case("risk-nan", "unscored", risk="NaN"),
        _case("risk-infinity", "unscored", risk="Infinity"),
        _case("risk-boolean", "unscored", risk=True),
        _case("risk-list", "unscored", risk=[98]),
        _case("risk-negative", "unscored", risk=-0.01),
        _case("risk-over-highest", "unscored", risk=100.01),
        _case("risk-huge", "unscored", risk=1e300),
        _case("sentiment-missing", "unscored", score=LEFT_OUT),
        _case("sentiment-null", "unscored", score=None),
        _case("sentiment-string", "unscored", score="-0.9"),
        _case("sentiment-over-highest", "unscored", score=1.01),
        _case("sentiment-missing-in-crisis", "crisis", risk=98, score=LEFT_OUT),
        _case("trajectory-missing", "none", risk=40, trajectory=LEFT_OUT),
        _case("trajectory-null", "none", risk=40, trajectory=None),
        _case("trajectory-unknown", "none", risk=40, trajectory="unknown"),
        _case("trajectory-never-seen", "none", risk=40, trajectory="sideways"),
    ]


def _declining(s: Settings) -> list[Scenario]:
    between = {
        "none": s.proactive_risk_above / 2,
        "proactive": (s.proactive_risk_above + s.moderate_risk_above) / 2,
        "standard": (s.moderate_risk_above + s.high_risk_above) / 2,
        "high": (s.high_risk_above + s.crisis_risk_above) / 2,
        "crisis": (s.crisis_risk_above + 100) / 2,
    }
    return [_case(f"declining-{route}", route, risk=risk, trajectory="declining") for route, risk in between.items()]


def _texts() -> list[Scenario]:
    odd = {
        **{f"text-{script}": f"{{execution}} {words}" for script, words in SCRIPTS.items()},
        "text-html": "{execution} <script>alert(1)</script> &amp; <b>bold</b>",
        "text-quotes": "{execution} \"double\" 'single' `back` \\ back\\slash {} ${x} $.userId\nsecond line\ttab",
    }
    missing = [_case("text-missing", "high", risk=90, text=LEFT_OUT), _case("text-null", "crisis", risk=98, text=None)]
    lengths = {"text-longest": PREVIEW, "text-too-long": PREVIEW + 1}
    return [
        *(_case(name, "crisis", risk=98, text=text) for name, text in odd.items()),
        *(replace(_case(name, "crisis", risk=98), text_length=length) for name, length in lengths.items()),
        *missing,
    ]


def _between(value: float, end: float) -> float:
    """As near to a threshold as matters, towards `end`: a hundredth away, or half the way where that is nearer."""
    step = min(0.01, abs(end - value) / 2)
    return round(value + step if end > value else value - step, 6)


def _case(
    name: str,
    route: str,
    risk: Any = 10,  # noqa: ANN401 - also what no score should be
    score: Any = 0.4,  # noqa: ANN401
    trajectory: Any = "stable",  # noqa: ANN401
    text: Any = TEXT,  # noqa: ANN401
) -> Scenario:
    given: Mapping[str, Any] = {"risk_score": risk, "score": score, "trajectory": trajectory, "text": text}
    result = {key: value for key, value in given.items() if value is not LEFT_OUT}
    told = ", ".join(f"{key} {value!r}" for key, value in result.items() if key != "text")
    return Scenario(name, told, {"checkinResult": result}, outcome(route))
