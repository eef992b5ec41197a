"""Stand-in for Your6-CheckinProcessor, for the rehearsal account only. It is no model of anybody's state of mind.

It scores a check-in by a short list of phrases, so that a given text always gets the same, explainable score in the
shape that the real function returns. It records the check-in in the bucket, without the text.
"""

import functools
import json
import math
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

# phrase -> (how much it alone raises the risk, 0..1; how much it weighs against a good mood)
SIGNS = {
    "kill myself": (0.93, 4.0),
    "end my life": (0.93, 4.0),
    "goodbye to everyone": (0.62, 2.5),
    "have a plan": (0.71, 1.5),
    "no way out": (0.66, 2.5),
    "better off without me": (0.78, 3.0),
    "can't go on": (0.685, 3.0),
    "hopeless": (0.42, 2.5),
    "worthless": (0.38, 2.5),
    "nightmares": (0.19, 0.8),
    "drinking": (0.235, 0.7),
    "panic": (0.215, 1.0),
    "alone": (0.165, 0.8),
    "miserable": (0.14, 2.0),
    "awful": (0.115, 1.8),
    "hate": (0.125, 1.5),
    "angry": (0.095, 0.9),
    "can't sleep": (0.155, 0.7),
    "numb": (0.205, 1.0),
    "tired": (0.055, 0.4),
    "stressed": (0.085, 0.6),
    "worried": (0.07, 0.5),
}
# phrase -> (share of the risk that it takes away, 0..1; how much it speaks for a good mood)
COMFORTS = {
    "grateful": (0.22, 1.5),
    "happy": (0.2, 1.5),
    "good": (0.1, 1.0),
    "calm": (0.15, 1.0),
    "family": (0.08, 0.6),
    "friends": (0.08, 0.6),
    "slept well": (0.12, 1.0),
    "walk": (0.05, 0.5),
    "looking forward": (0.2, 1.2),
    "proud": (0.12, 1.2),
    "okay": (0.04, 0.4),
}
DECLINING = ("getting worse", "worse every", "going downhill", "slipping", "harder each day")
IMPROVING = ("getting better", "better lately", "improving", "easier each day", "turned a corner")
UNSURE = ("hard to say", "don't know how")
# A check-in that says so takes its time, so that an execution is under way whenever the workflow changes.
LONG, LONG_SECONDS = "a long story", 4.0
ALERT_SENTIMENT_BELOW = -0.6
ALERT_RISK_ABOVE = 50
USER = re.compile(r"[A-Za-z0-9_.@-]{1,128}")


def score(text: str) -> dict[str, Any]:
    """Risk 0..100, sentiment -1..1 and trajectory of a text: from the text alone, the same every time.

    Each sign counts once, as an independent chance; comforts take away a share of what is left.
    """
    plain = " ".join(text.lower().replace("’", "'").split())
    signs = [weights for phrase, weights in SIGNS.items() if _says(plain, phrase)]
    comforts = [weights for phrase, weights in COMFORTS.items() if _says(plain, phrase)]
    risk = (1 - math.prod(1 - chance for chance, _ in signs)) * math.prod(1 - share for share, _ in comforts)
    against, speaking_for = sum(weight for _, weight in signs), sum(weight for _, weight in comforts)
    sentiment = (speaking_for - against) / (speaking_for + against + 0.5)
    return {"risk_score": round(100 * risk, 1), "score": round(sentiment, 3), "trajectory": _trajectory(plain)}


def _says(plain: str, phrase: str) -> bool:
    return re.search(rf"(?<!not )(?<!never )\b{re.escape(phrase)}\b", plain) is not None


def _trajectory(plain: str) -> str:
    for word, phrases in (("declining", DECLINING), ("improving", IMPROVING), ("unknown", UNSURE)):
        if any(phrase in plain for phrase in phrases):
            return word
    return "stable"


def mood(score: float) -> str:
    """The word for a sentiment."""
    return "negative" if score < -0.2 else "positive" if score > 0.2 else "neutral"


def assess(event: dict[str, Any]) -> dict[str, Any]:
    """What the function returns for `{"userId", "text"}`. Raises ValueError when either is missing."""
    user, text = event.get("userId"), event.get("text")
    if not isinstance(user, str) or not USER.fullmatch(user):
        raise ValueError("check-in without a usable userId")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("check-in without text")
    scores = score(text)
    low, high = scores["score"] < ALERT_SENTIMENT_BELOW, scores["risk_score"] > ALERT_RISK_ABOVE
    return {
        "userId": user,
        **scores,
        "sentiment": mood(scores["score"]),
        "text": text[:200],
        "alertTriggered": low or high,
        "aiMetadata": {
            "phase3_enhanced": True,
            "ensemble_used": True,
            "fallback_used": False,
            "model": "rehearsal-stand-in",
        },
    }


def recorded_checkin(result: dict[str, Any], given: str | None) -> tuple[str, dict[str, Any]]:
    """Key and content of the recorded check-in: the result without the text. Raises ValueError for a bad timestamp."""
    moment = datetime.fromisoformat(given) if given else datetime.now(UTC)
    stamp = given or moment.isoformat(timespec="milliseconds")
    kept = {name: value for name, value in result.items() if name != "text"}
    return f"{result['userId']}/{moment:%Y/%m/%d}/{stamp}.json", {**kept, "timestamp": stamp}


@functools.cache
def _s3() -> Any:  # noqa: ANN401 - boto3 clients have no type
    import boto3  # here, so that scoring alone needs no AWS

    return boto3.client("s3")


def lambda_handler(
    event: dict[str, Any], context: object, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Score one check-in and record it."""
    result = assess(event)
    if LONG in result["text"]:
        sleep(LONG_SECONDS)
    key, content = recorded_checkin(result, event.get("timestamp"))
    body = json.dumps(content).encode()
    _s3().put_object(Bucket=os.environ["S3_BUCKET"], Key=key, Body=body, ContentType="application/json")
    return result
