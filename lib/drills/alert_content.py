"""What an alert of a drill says: its fields, its mark, and no word of the check-in. Pure."""

from collections.abc import Mapping
from typing import Any

from lib.checks import Check, Status
from lib.drills.channels import Channel
from lib.drills.drill_session import Drill, Received
from lib.settings import Settings
from lib.values.check_registry import Id
from lib.values.exact_json import parts_of

NEW_DETAIL = ("userId", "riskScore", "sentimentScore", "trajectory", "textPreview", "drill")
OLD_DETAIL = ("userId", "sentimentScore", "textPreview")
# What is asked of a drill, in words.
ASKED = {
    Id.DRILL_STATUS: "status",
    Id.DRILL_ROUTE: "route",
    Id.DRILL_CONTACT: "alerts to the trusted contact",
    Id.DRILL_OPERATIONS: "alerts to operations",
    Id.DRILL_EVENTS: "events",
    Id.DRILL_RULES: "behind its rule",
    Id.DRILL_CONTENT: "content",
    Id.DRILL_INTERVENTION: "intervention recorded",
    Id.DRILL_IN_TIME: "received in time",
    Id.DRILL_MARKED: "marked as a drill",
    Id.DRILL_WORDLESS: "no check-in text in an alert",
    Id.DRILL_REVISION: "ran on the live revision",
}
TOLD = ("userId", "riskScore", "sentimentScore", "drill")
PIECE, SHORTEST = 20, 8  # characters of a check-in that tell it; of one that has no such piece, the longest tells it
# What the workflow takes for granted of a result that lacks a field.
ASSUMED = {"risk_score": None, "score": None, "trajectory": "unknown", "text": ""}


def answer(drill: Drill, which: Id, good: bool, found: str, expected: str) -> Check:
    scenario, status = drill.scenario.name, Status.PASSED if good else Status.FAILED
    return Check(which, f"{scenario}: {ASKED[which]}", status, found, expected, scenario)


def content_check(drill: Drill, settings: Settings) -> Check | None:
    """Whether events and messages to operations say what the drill was given, to the letter."""
    result = drill.given.get("checkinResult")
    events = [m.body.get("detail", {}) for m in drill.heard(Channel.EVENTS)]
    messages = [m.body for m in drill.heard(Channel.OPERATIONS)]
    if result is None or not (events or messages):
        return None
    known = {**ASSUMED, **result}
    said = {
        "userId": settings.drill_user_id,
        "riskScore": known["risk_score"],
        "sentimentScore": known["score"],
        "trajectory": known["trajectory"],
        "textPreview": known["text"] if isinstance(known["text"], str) else "",
        "drill": True,
    }
    wrong = {key for event in events for key in _fields(event) if event.get(key) != said[key]}
    wrong |= {key for message in messages for key in TOLD if message.get(key) != said[key]}
    found = f"other than given: {', '.join(sorted(wrong))}" if wrong else "as given"
    return answer(drill, Id.DRILL_CONTENT, not wrong, found, "as given")


def _fields(event: Mapping[str, Any]) -> tuple[str, ...]:
    return NEW_DETAIL if "route" in event else OLD_DETAIL


def mark_check(drill: Drill) -> Check | None:
    if not drill.alerts:
        return None
    plain = [message.channel for message in drill.alerts if not message.subject.startswith("[DRILL]")]
    found = f"{len(drill.alerts) - len(plain)} of {len(drill.alerts)} say [DRILL]"
    return answer(drill, Id.DRILL_MARKED, not plain, found, "all")


def wordless_check(drill: Drill) -> Check | None:
    text = drill.given.get("checkinResult", {}).get("text") or drill.given.get("text")
    if not drill.alerts or not isinstance(text, str):
        return None
    leaks = [message.channel for message in drill.alerts if _quotes(message, text, drill.execution.name)]
    found = f"the text is in the alert to {', '.join(leaks)}" if leaks else "no text in any alert"
    return answer(drill, Id.DRILL_WORDLESS, not leaks, found, "none")


def _quotes(message: Received, text: str, name: str) -> bool:
    """Whether it holds a piece of the check-in's words; the execution's name among them is no word.

    A few signs are a whole sentence in some scripts. Of a text that has such pieces alone, one is looked for whole.
    """
    said = f"{message.raw}\n{_strings(message.body)}"
    pieces = [words for part in text.split(name) if _is_wordy(words := part.strip())]
    long = [words for words in pieces if len(words) >= SHORTEST]
    return any(
        words[at : at + PIECE] in said
        for words in long or sorted(pieces, key=len)[-1:]
        for at in range(max(1, len(words) - PIECE + 1))
    )


def _is_wordy(text: str) -> bool:
    """Whether it says anything: a letter, a digit or a picture. A full stop alone is in every message."""
    return any(character.isalnum() or not character.isascii() for character in text)


def _strings(value: Any) -> str:  # noqa: ANN401 - parsed JSON
    """Every text of a message, since in JSON a text looks different from what it says."""
    return "\n".join(part.value for part in parts_of(value) if isinstance(part.value, str))
