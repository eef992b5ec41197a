"""The edges of the routing as drills: each threshold and both sides of it, unusable scores, odd texts. No AWS.

Every expected route is written down here from the plan's words, case by case; none is asked of the definition.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lib.scenarios import Scenario, outcome
from lib.settings import Settings

TEXT = "Synthetic text of {execution}, written by nobody."
PREVIEW = 200  # characters of a check-in that the processor passes on
LEFT_OUT = object()
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


@dataclass(frozen=True)
class _Usual:
    """Scores in the middle of each level, and a mood that raises no alert, under an environment's thresholds."""

    risk: dict[str, float]
    score: float

    def case(self, name: str, route: str, **changed: Any) -> Scenario:  # noqa: ANN401 - also what no score should be
        """A calm check-in with what is changed of it; a field given as LEFT_OUT is missing."""
        calm = {"risk_score": self.risk["none"], "score": self.score, "trajectory": "stable", "text": TEXT}
        result = {key: value for key, value in {**calm, **changed}.items() if value is not LEFT_OUT}
        told = ", ".join(f"{key} {value!r}" for key, value in result.items() if key != "text")
        return Scenario(name, told, {"checkinResult": result}, outcome(route))


def _usual(s: Settings) -> _Usual:
    levels = {
        "none": (0, s.proactive_risk_above),
        "proactive": (s.proactive_risk_above, s.moderate_risk_above),
        "standard": (s.moderate_risk_above, s.high_risk_above),
        "high": (s.high_risk_above, s.crisis_risk_above),
        "crisis": (s.crisis_risk_above, 100),
    }
    middle = {route: round((low + high) / 2, 2) for route, (low, high) in levels.items()}
    return _Usual(middle, round((max(s.sentiment_below, 0) + 1) / 2, 2))


def cases(settings: Settings) -> list[Scenario]:
    """Every boundary case under these thresholds, in the order of the table that shows them."""
    usual = _usual(settings)
    return [*_thresholds(settings, usual.case), *_unusable(usual), *_declining(usual), *_texts(usual)]


def without_contact(settings: Settings) -> Scenario:
    """A crisis of a user who has no contact: the topics still hear of it. The drill user's item must have none."""
    usual = _usual(settings)
    return usual.case("contact-missing", "crisis", risk_score=usual.risk["crisis"])


def _thresholds(s: Settings, case: Callable[..., Scenario]) -> list[Scenario]:
    crisis, high, moderate = s.crisis_risk_above, s.high_risk_above, s.moderate_risk_above
    proactive, low = s.proactive_risk_above, s.sentiment_below
    return [
        case("crisis-at", "high", risk_score=crisis),
        case("crisis-just-above", "crisis", risk_score=_between(crisis, 100)),
        case("crisis-just-below", "high", risk_score=_between(crisis, high)),
        case("high-at", "standard", risk_score=high),
        case("high-just-above", "high", risk_score=_between(high, crisis)),
        case("high-just-below", "standard", risk_score=_between(high, moderate)),
        case("moderate-at", "none", risk_score=moderate),
        case("moderate-just-above", "standard", risk_score=_between(moderate, high)),
        case("moderate-just-below", "none", risk_score=_between(moderate, proactive)),
        case("sentiment-at", "none", score=low),
        case("sentiment-just-above", "none", score=_between(low, 1)),
        case("sentiment-just-below", "standard", score=_between(low, -1)),
        case("proactive-at", "none", risk_score=proactive, trajectory="declining"),
        case("proactive-just-above", "proactive", risk_score=_between(proactive, moderate), trajectory="declining"),
        case("proactive-just-below", "none", risk_score=_between(proactive, 0), trajectory="declining"),
        case("risk-lowest", "none", risk_score=0),
        case("risk-highest", "crisis", risk_score=100),
    ]


def _unusable(usual: _Usual) -> list[Scenario]:
    case, crisis, proactive = usual.case, usual.risk["crisis"], usual.risk["proactive"]
    return [
        case("risk-missing", "unscored", risk_score=LEFT_OUT),
        case("risk-null", "unscored", risk_score=None),
        case("risk-string", "unscored", risk_score="98"),
        case("risk-nan", "unscored", risk_score="NaN"),
        case("risk-infinity", "unscored", risk_score="Infinity"),
        case("risk-boolean", "unscored", risk_score=True),
        case("risk-list", "unscored", risk_score=[98]),
        case("risk-negative", "unscored", risk_score=-0.01),
        case("risk-over-highest", "unscored", risk_score=100.01),
        case("risk-huge", "unscored", risk_score=1e300),
        case("sentiment-missing", "unscored", score=LEFT_OUT),
        case("sentiment-null", "unscored", score=None),
        case("sentiment-string", "unscored", score="-0.9"),
        case("sentiment-over-highest", "unscored", score=1.01),
        case("sentiment-missing-in-crisis", "crisis", risk_score=crisis, score=LEFT_OUT),
        case("trajectory-missing", "none", risk_score=proactive, trajectory=LEFT_OUT),
        case("trajectory-null", "none", risk_score=proactive, trajectory=None),
        case("trajectory-unknown", "none", risk_score=proactive, trajectory="unknown"),
        case("trajectory-never-seen", "none", risk_score=proactive, trajectory="sideways"),
    ]


def _declining(usual: _Usual) -> list[Scenario]:
    return [
        usual.case(f"declining-{route}", route, risk_score=risk, trajectory="declining")
        for route, risk in usual.risk.items()
    ]


def _texts(usual: _Usual) -> list[Scenario]:
    crisis = partial(usual.case, route="crisis", risk_score=usual.risk["crisis"])
    odd = {
        **{f"text-{script}": f"{{execution}} {words}" for script, words in SCRIPTS.items()},
        "text-html": "{execution} <script>alert(1)</script> &amp; <b>bold</b>",
        "text-quotes": "{execution} \"double\" 'single' `back` \\ back\\slash {} ${x} $.userId\nsecond line\ttab",
    }
    lengths = {"text-longest": PREVIEW, "text-too-long": PREVIEW + 1}
    return [
        *(crisis(name, text=text) for name, text in odd.items()),
        *(replace(crisis(name), text_length=length) for name, length in lengths.items()),
        usual.case("text-missing", "high", risk_score=usual.risk["high"], text=LEFT_OUT),
        crisis("text-null", text=None),
    ]


def _between(value: float, end: float) -> float:
    """As near to a threshold as matters, towards `end`: a hundredth away, or half the way where that is nearer."""
    step = min(0.01, abs(end - value) / 2)
    return round(value + step if end > value else value - step, 6)
