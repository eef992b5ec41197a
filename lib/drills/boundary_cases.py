"""The edges of the routing as drills: each threshold and both sides of it, unusable scores, odd texts. No AWS.

Every expected route is that of the table's words or written down here from the plan's, case by case; none is asked of
the definition, which is what they are held against. A threshold of the table cannot be without its edges.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from lib import routes
from lib.drills.scenarios import Scenario, outcome
from lib.routes import DECLINING, HIGHEST_RISK, SCORED, Route, Threshold
from lib.settings import Settings
from lib.values.alerts import Score

TEXT = "Synthetic text of {execution}, written by nobody."
PREVIEW = 200  # characters of a check-in that the processor passes on
LEFT_OUT = object()
CALM = "stable"  # a trajectory that raises no alert
FIELDS = {Score.RISK: "risk_score", Score.SENTIMENT: "score"}
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
        calm = {"risk_score": self.risk[Route.NONE], "score": self.score, "trajectory": CALM, "text": TEXT}
        result = {key: value for key, value in {**calm, **changed}.items() if value is not LEFT_OUT}
        title = ", ".join(f"{key} {value!r}" for key, value in result.items() if key != "text")
        return Scenario(name, title, {"checkinResult": result}, outcome(route))


def _usual(s: Settings) -> _Usual:
    risks = routes.RISKS[::-1]
    ends = [0, *(s.thresholds[threshold.placeholder] for threshold in risks), HIGHEST_RISK]
    levels = [Route.NONE, *(routes.of_placeholder(threshold.placeholder) for threshold in risks)]
    middle = {
        route.value: round((low + high) / 2, 2) for route, (low, high) in zip(levels, pairwise(ends), strict=True)
    }
    return _Usual(middle, round((max(s.sentiment_below, 0) + 1) / 2, 2))


def cases(settings: Settings) -> list[Scenario]:
    """Every boundary case under these thresholds, in the order of the table that shows them."""
    usual = _usual(settings)
    return [*_thresholds(settings, usual), *_unusable(usual), *_declining(usual), *_texts(usual)]


def threshold_sides(settings: Settings) -> list[Scenario]:
    """Of each threshold the two cases between which the route changes: at it, and on the side that differs from it."""
    usual, sides = _usual(settings), list[Scenario]()
    for threshold in routes.THRESHOLDS:
        at, *others = _edges(settings, usual, threshold)
        sides += [at, *(one for one in others if one.expect["route"] != at.expect["route"])]
    return sides


def without_contact(settings: Settings) -> Scenario:
    """A crisis of a user who has no contact: the topics still hear of it. The drill user's item must have none."""
    usual = _usual(settings)
    return usual.case("contact-missing", Route.CRISIS, risk_score=usual.risk[Route.CRISIS])


def _thresholds(s: Settings, usual: _Usual) -> list[Scenario]:
    return [
        *(case for threshold in routes.THRESHOLDS for case in _edges(s, usual, threshold)),
        usual.case("risk-lowest", Route.NONE, risk_score=0),
        usual.case("risk-highest", SCORED[0], risk_score=HIGHEST_RISK),
    ]


def _edges(s: Settings, usual: _Usual, threshold: Threshold) -> list[Scenario]:
    """The threshold itself and both sides of it, each with the route that the table's words give it."""
    value, risk = s.thresholds[threshold.placeholder], threshold.score is Score.RISK
    ends = [0, *(s.thresholds[one.placeholder] for one in routes.RISKS), HIGHEST_RISK] if risk else [-1, 1]
    above = min(end for end in ends if end > value)
    below = max((end for end in ends if end < value), default=value)
    sides = {"at": value, "just-above": _between(value, above), "just-below": _between(value, below)}
    # Of a route that asks for a declining trajectory, the edge is there only with one.
    declining = routes.of_placeholder(threshold.placeholder).row.declining
    changed: dict[str, Any] = {"trajectory": DECLINING} if declining else {}
    scenarios = list[Scenario]()
    for side, score in sides.items():
        scores = {
            Score.RISK: score if risk else usual.risk[Route.NONE],
            Score.SENTIMENT: usual.score if risk else score,
        }
        route = routes.decide_route(scores, changed.get("trajectory", CALM), s.thresholds)
        scenarios.append(usual.case(f"{threshold.name}-{side}", route, **{FIELDS[threshold.score]: score}, **changed))
    return scenarios


def _unusable(usual: _Usual) -> list[Scenario]:
    case, crisis, proactive = usual.case, usual.risk[Route.CRISIS], usual.risk[Route.PROACTIVE]
    return [
        case("risk-missing", Route.UNSCORED, risk_score=LEFT_OUT),
        case("risk-null", Route.UNSCORED, risk_score=None),
        case("risk-string", Route.UNSCORED, risk_score="98"),
        case("risk-nan", Route.UNSCORED, risk_score="NaN"),
        case("risk-infinity", Route.UNSCORED, risk_score="Infinity"),
        case("risk-boolean", Route.UNSCORED, risk_score=True),
        case("risk-list", Route.UNSCORED, risk_score=[98]),
        case("risk-negative", Route.UNSCORED, risk_score=-0.01),
        case("risk-over-highest", Route.UNSCORED, risk_score=100.01),
        case("risk-huge", Route.UNSCORED, risk_score=1e300),
        case("sentiment-missing", Route.UNSCORED, score=LEFT_OUT),
        case("sentiment-null", Route.UNSCORED, score=None),
        case("sentiment-string", Route.UNSCORED, score="-0.9"),
        case("sentiment-over-highest", Route.UNSCORED, score=1.01),
        case("sentiment-missing-in-crisis", Route.CRISIS, risk_score=crisis, score=LEFT_OUT),
        case("trajectory-missing", Route.NONE, risk_score=proactive, trajectory=LEFT_OUT),
        case("trajectory-null", Route.NONE, risk_score=proactive, trajectory=None),
        case("trajectory-unknown", Route.NONE, risk_score=proactive, trajectory="unknown"),
        case("trajectory-never-seen", Route.NONE, risk_score=proactive, trajectory="sideways"),
    ]


def _declining(usual: _Usual) -> list[Scenario]:
    return [
        usual.case(f"declining-{route}", route, risk_score=risk, trajectory=DECLINING)
        for route, risk in usual.risk.items()
    ]


def _texts(usual: _Usual) -> list[Scenario]:
    crisis = partial(usual.case, route=Route.CRISIS, risk_score=usual.risk[Route.CRISIS])
    odd = {
        **{f"text-{script}": f"{{execution}} {words}" for script, words in SCRIPTS.items()},
        "text-html": "{execution} <script>alert(1)</script> &amp; <b>bold</b>",
        "text-quotes": "{execution} \"double\" 'single' `back` \\ back\\slash {} ${x} $.userId\nsecond line\ttab",
    }
    lengths = {"text-longest": PREVIEW, "text-too-long": PREVIEW + 1}
    return [
        *(crisis(name, text=text) for name, text in odd.items()),
        *(replace(crisis(name), text_length=length) for name, length in lengths.items()),
        usual.case("text-missing", Route.HIGH, risk_score=usual.risk[Route.HIGH], text=LEFT_OUT),
        crisis("text-null", text=None),
    ]


def _between(value: float, end: float) -> float:
    """As near to a threshold as matters, towards `end`: a hundredth away, or half the way where that is nearer."""
    step = min(0.01, abs(end - value) / 2)
    return round(value + step if end > value else value - step, 6)
