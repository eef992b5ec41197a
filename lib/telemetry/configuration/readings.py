"""What a thing of AWS is read for, aspect by aspect, and what is kept of an answer. Pure: no AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lib.changes.plans import Value
from lib.telemetry.configuration.facts import Sense
from lib.values import exact_json


@dataclass(frozen=True)
class Reading:
    """One aspect of a thing. `criteria` where others rest on it than on the thing; `also` those that do besides."""

    aspect: str
    sense: Sense
    read: Callable[[], Value]
    criteria: str = ""
    also: str = ""


def parse_document(text: Any) -> Value:  # noqa: ANN401
    return exact_json.parse_foreign(text, "what AWS holds there") if text else None


def only(answer: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: answer.get(key) for key in keys}


def leave_out(answer: Mapping[str, Any], beginnings: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if not key.startswith(beginnings)}


def statements(policy: Any, name: str = "") -> Value:  # noqa: ANN401 - a document, or its text
    """Each statement with the policy that it stands in and that one's version, which decides what variables mean."""
    if not policy:
        return None
    document = exact_json.document(policy, "a policy") if isinstance(policy, str) else policy
    stated = document.get("Statement", [])
    rows = stated if isinstance(stated, list) else [stated]
    return [{"policy": name, "version": document.get("Version", ""), "statement": row} for row in rows]
