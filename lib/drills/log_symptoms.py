"""What one line of a log is a symptom of. Pure: a line is looked at and never kept, as it may hold a check-in's words.

Of an error its class is told, and of an event of the workflow its type: neither is anybody's word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.telemetry.execution_status import UNNAMED, error_class
from lib.values.foreign import foreign_json


class Symptom(StrEnum):
    """What may be wrong, the worst first; the last two are ordinary, and counted all the same."""

    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    THROTTLE = "throttle"
    ERROR = "error line"
    CAUGHT = "failure that was caught or tried again"
    COLD_START = "cold start"


ORDINARY = (Symptom.CAUGHT, Symptom.COLD_START)


@dataclass(frozen=True)
class Seen:
    """A symptom, and the class or type by which it is counted."""

    symptom: Symptom
    name: str


# The class of an error, as languages and Lambda itself form its name: a function may print any other word there.
NAME = (
    r"(?:(?:Runtime|Sandbox|Extension|Function)\.[A-Z][A-Za-z]{1,40}|(?:[A-Za-z_][A-Za-z0-9_]{0,40}\.){0,6}"
    r"[A-Za-z0-9_]{0,60}(?:Error|Exception|Fault|Timeout|Warning|Interrupt|Exit|StopIteration))"
)
# Lambda's own lines stand at the beginning of theirs, behind a time and an id at the most.
HEAD = r"^(?:\S+\s+){0,3}?"
LINES = {
    Symptom.OUT_OF_MEMORY: re.compile(HEAD + r"(?:Error: )?.*?(?:Runtime\.OutOfMemory|signal: killed)"),
    Symptom.TIMEOUT: re.compile(HEAD + r"Task timed out after [\d.]+ seconds"),
    Symptom.THROTTLE: re.compile(
        r"^\[ERROR\].{0,200}?(?:Throttling(?:Exception)?|TooManyRequestsException|Rate exceeded)"
    ),
    Symptom.ERROR: re.compile(
        rf"^\[ERROR\](?: (?P<name>{NAME})(?=: |\s*$|\s*\n))?"
        r"|^RequestId: \S+ Error: (?P<exit>Runtime\.[A-Za-z]{1,40}|Runtime exited)"
    ),
    Symptom.COLD_START: re.compile(r"^REPORT .*\bInit Duration: "),
}
BEGINS_PLATFORM = ("RequestId:", "REPORT", "Error:")
THROTTLED = re.compile(r"Throttl|TooManyRequests|Rate exceeded|ProvisionedThroughput", re.IGNORECASE)
MEMORY = re.compile(r"Runtime\.OutOfMemory|signal: killed")
CLASS = re.compile(NAME)  # in its usual form alone, by a line that a function may have printed itself
ENDED_WELL = "ExecutionSucceeded"
# How Step Functions calls an event, by its end.
ENDED = {"ExecutionFailed": Symptom.ERROR, "ExecutionAborted": Symptom.ERROR, "ExecutionTimedOut": Symptom.TIMEOUT}


def of_function(line: str) -> Seen | None:
    """What a line of a function's log is a symptom of, in Lambda's text format or its JSON; None of most."""
    if line.startswith("{"):
        return _of_json(foreign_json.object_or_empty(line))
    for symptom, pattern in LINES.items():
        # What a function prints itself may hold anybody's words: of a killed process, Lambda's own lines alone tell.
        if symptom is Symptom.OUT_OF_MEMORY and not line.startswith(BEGINS_PLATFORM):
            continue
        if match := pattern.search(line):
            groups = match.groupdict()
            return Seen(symptom, groups.get("name") or groups.get("exit") or symptom.value)
    return None


@dataclass(frozen=True)
class Event:
    """A line of the workflow's log: of which execution (its ARN, "" of what is no event), whether it is its end, and
    what it is a symptom of."""

    execution: str
    ends: bool
    seen: Seen | None


def of_workflow(line: str) -> Event:
    """What a line of the workflow's log tells."""
    event = foreign_json.object_or_empty(line)
    kind, execution = str(event.get("type") or ""), str(event.get("execution_arn") or "")
    details = event.get("details")
    error = error_class(details.get("error") if isinstance(details, Mapping) else None)
    if kind in ENDED:
        return Event(execution, True, Seen(ENDED[kind], error if error != UNNAMED else kind))
    if not kind.endswith(("Failed", "TimedOut")):
        return Event(execution, kind == ENDED_WELL, None)
    symptom = Symptom.THROTTLE if THROTTLED.search(error) else Symptom.CAUGHT
    return Event(execution, False, Seen(symptom, f"{kind} {error}" if error != UNNAMED else kind))


def _of_json(event: Mapping[str, Any]) -> Seen | None:
    record, kind = event.get("record"), str(event.get("type") or "")
    if kind.startswith("platform.") and isinstance(record, Mapping):
        return _of_platform(record)
    if str(event.get("level") or "").upper() not in ("ERROR", "FATAL", "CRITICAL"):
        return None
    name = error_class(event.get("errorType"), CLASS)
    if MEMORY.search(name):
        return Seen(Symptom.OUT_OF_MEMORY, name)
    return Seen(Symptom.THROTTLE if THROTTLED.search(name) else Symptom.ERROR, name)


def _of_platform(record: Mapping[str, Any]) -> Seen | None:
    status, name = str(record.get("status") or ""), error_class(record.get("errorType"), CLASS)
    if MEMORY.search(name):
        return Seen(Symptom.OUT_OF_MEMORY, name)
    if status == "timeout":
        return Seen(Symptom.TIMEOUT, "Task timed out")
    if status in ("error", "failure"):
        return Seen(Symptom.ERROR, name)
    metrics = record.get("metrics")
    cold = isinstance(metrics, Mapping) and "initDurationMs" in metrics
    return Seen(Symptom.COLD_START, Symptom.COLD_START.value) if cold else None
