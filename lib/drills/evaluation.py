"""Judges drills by what their subscribers received. Pure: reads what a session brought, calls nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from lib import routes
from lib.checks import Check, Status, failed
from lib.definitions import loader
from lib.drills.channels import Channel
from lib.drills.drill_runner import Drill, Session
from lib.drills.subscribers import Received
from lib.routes import Told
from lib.settings import Settings
from lib.values.check_ids import Id
from lib.values.exact_json import parts_of
from lib.values.modes import Gap

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
PIECE, SHORTEST = 20, 8  # characters of a check-in that tell it; a shorter text is looked for as a whole
# What the workflow takes for granted of a result that lacks a field.
ASSUMED = {"risk_score": None, "score": None, "trajectory": "unknown", "text": ""}


def judge(drill: Drill, settings: Settings, revision: str) -> list[Check]:
    """Every check of one drill: status, route, alerts at the subscribers, events, rules, content, item, latency.

    `revision` is that of the live workflow.
    """
    expect = drill.scenario.expect
    checks = [
        _equal(drill, Id.DRILL_STATUS, drill.execution.status, expect["status"]),
        _equal(drill, Id.DRILL_ROUTE, drill.execution.output.get("route"), expect["route"]),
        _equal(drill, Id.DRILL_CONTACT, len(drill.heard(Channel.TRUSTED)), expect["trusted_alerts"]),
        _equal(drill, Id.DRILL_OPERATIONS, len(drill.heard(Channel.OPERATIONS)), expect["operations_alerts"]),
        _equal(drill, Id.DRILL_EVENTS, drill.events, expect["events"]),
        _equal(drill, Id.DRILL_RULES, drill.rules, rules_of(expect["events"])),
        _content(drill, settings),
        _recorded(drill),
        _within(drill, settings.alert_limit_seconds),
        _marked(drill),
        _wordless(drill),
        _current(drill, settings, revision),
    ]
    return [check for check in checks if check is not None]


def _answer(drill: Drill, which: Id, good: bool, found: str, expected: str) -> Check:
    scenario, status = drill.scenario.name, Status.PASSED if good else Status.FAILED
    return Check(which, f"{scenario}: {ASKED[which]}", status, found, expected, scenario)


def fit_for_people(drill: Drill) -> list[Check]:
    """Whether what people got of a drill was marked, and held no word of its check-in."""
    return [check for check in (_marked(drill), _wordless(drill)) if check is not None]


def strays(session: Session) -> Check:
    """Whether anything arrived that says it is a drill's and is of none that was run."""
    found = sorted({message.channel for message in session.strays})
    said = f"{len(session.strays)} on {', '.join(found)}" if found else "none"
    return Check(Id.NO_STRAY, "no stray alert", Status.FAILED if found else Status.PASSED, said, "none")


def cleared(session: Session) -> Check:
    """Whether everything that listened is gone again."""
    status = Status.FAILED if session.left else Status.PASSED
    return Check(Id.CLEARED, "listeners removed", status, session.left or "all", "all")


def interventions(session: Session, group: str) -> Check:
    """Whether the crises of a group that ran at once were all counted on the drill user's item."""
    expected = sum(bool(drill.scenario.expect["intervention_recorded"]) for drill in session.of(group))
    found = session.counted.get(group, 0)
    name, status = f"{group}: interventions recorded", Status.PASSED if found == expected else Status.FAILED
    return Check(Id.DRILLS_COUNTED, name, status, str(found), f"{expected}", group)


def whole(drill: Drill, checks: Sequence[Check]) -> Check:
    """All checks of a drill as one: what failed of it, or what came of it."""
    bad = failed(checks)
    said = "; ".join(f"{ASKED[c.id]}: found {c.found}, expected {c.expected}" for c in bad)
    route = drill.execution.output.get("route") or drill.execution.status
    name = f"{drill.group}: {drill.scenario.name}"
    status = Status.FAILED if bad else Status.PASSED
    return Check(Id.DRILL_WHOLE, name, status, said or f"{route}, {_told(drill)}", _expected(drill), name)


def _told(drill: Drill) -> str:
    trusted, operations = drill.heard(Channel.TRUSTED), drill.heard(Channel.OPERATIONS)
    return f"{len(trusted)} to the trusted contact, {len(operations)} to operations"


def _expected(drill: Drill) -> str:
    expect = drill.scenario.expect
    told = f"{expect['trusted_alerts']} to the trusted contact, {expect['operations_alerts']} to operations"
    return f"{expect['route']}, {told}"


def rules_of(events: Sequence[str] | None) -> list[str] | None:
    """The rules of phase 04 that carry these events; the existing path's rule is not among them.

    Raises BadParameters for an event that is no route's.
    """
    if events is None:
        return None
    carried = {kind: rule["name"] for rule in loader.rules() for kind in rule["pattern"]["detail-type"]}
    theirs = [event for event in events if routes.of_detail_type(event).row.alert != routes.STANDARD_ALERT]
    return sorted(carried[event] for event in theirs)


def alerts_due(drill: Drill) -> bool:
    """Whether an alert must come of it."""
    expect = drill.scenario.expect
    return bool((expect["trusted_alerts"] or 0) + (expect["operations_alerts"] or 0))


def slowest(drill: Drill) -> float | None:
    """Seconds until the last alert that came."""
    found = [seconds for to in Told if (seconds := drill.latency(to)) is not None]
    return max(found) if found else None


def _equal(drill: Drill, which: Id, found: Any, expected: Any) -> Check | None:  # noqa: ANN401
    if expected is None:
        return None
    same = type(found) is type(expected) and found == expected
    return _answer(drill, which, same, str(found), str(expected))


def _recorded(drill: Drill) -> Check | None:
    if drill.interventions is None:
        return None
    expected = int(drill.scenario.expect["intervention_recorded"])
    return _equal(drill, Id.DRILL_INTERVENTION, drill.interventions, expected)


def _content(drill: Drill, settings: Settings) -> Check | None:
    """Whether events and messages to operations say what the drill was given, to the letter."""
    result = drill.given.get("checkinResult")
    events = [m.body.get("detail", {}) for m in drill.heard(Channel.EVENTS)]
    told = [m.body for m in drill.heard(Channel.OPERATIONS)]
    if result is None or not (events or told):
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
    wrong |= {key for message in told for key in TOLD if message.get(key) != said[key]}
    found = f"other than given: {', '.join(sorted(wrong))}" if wrong else "as given"
    return _answer(drill, Id.DRILL_CONTENT, not wrong, found, "as given")


def _fields(event: Mapping[str, Any]) -> tuple[str, ...]:
    return NEW_DETAIL if "route" in event else OLD_DETAIL


def _within(drill: Drill, limit: float) -> Check | None:
    """An alert that is lost is infinitely late, however fast the others were."""
    if not alerts_due(drill):
        return None
    seconds, gone = slowest(drill), lost(drill)
    found = "nothing received" if seconds is None else f"{seconds:.2f} s"
    found += f", LOST to {' and '.join(gone)}" if gone and seconds is not None else ""
    passed = seconds is not None and seconds < limit and not gone
    return _answer(drill, Id.DRILL_IN_TIME, passed, found, f"under {limit:g} s")


def lost(drill: Drill) -> list[str]:
    """The topics of which an alert was due and did not come."""
    expect = drill.scenario.expect
    return [to for to in map(str, Told) if (expect[f"{to}_alerts"] or 0) > len(drill.heard(to))]


def _marked(drill: Drill) -> Check | None:
    if not drill.alerts:
        return None
    plain = [message.channel for message in drill.alerts if not message.subject.startswith("[DRILL]")]
    found = f"{len(drill.alerts) - len(plain)} of {len(drill.alerts)} say [DRILL]"
    return _answer(drill, Id.DRILL_MARKED, not plain, found, "all")


def _wordless(drill: Drill) -> Check | None:
    text = drill.given.get("checkinResult", {}).get("text") or drill.given.get("text")
    if not drill.alerts or not isinstance(text, str):
        return None
    leaks = [message.channel for message in drill.alerts if _quotes(message, text, drill.execution.name)]
    found = f"the text is in the alert to {', '.join(leaks)}" if leaks else "no text in any alert"
    return _answer(drill, Id.DRILL_WORDLESS, not leaks, found, "none")


def _quotes(message: Received, text: str, name: str) -> bool:
    """Whether it holds a piece of the check-in's words; the execution's name among them is no word."""
    said = f"{message.raw}\n{_strings(message.body)}"
    return any(
        words[at : at + PIECE] in said
        for words in text.split(name)
        for at in range(max(1, len(words) - PIECE + 1))
        if len(words.strip()) >= SHORTEST
    )


def _strings(value: Any) -> str:  # noqa: ANN401 - parsed JSON
    """Every text of a message, since in JSON a text looks different from what it says."""
    return "\n".join(part.value for part in parts_of(value) if isinstance(part.value, str))


def _current(drill: Drill, settings: Settings, revision: str) -> Check | None:
    if drill.revision is None:
        return None
    found = _answer(drill, Id.DRILL_REVISION, drill.revision == revision, drill.revision or "unknown", revision)
    if Gap.EXECUTION_REVISION in settings.not_exercised_here:
        return replace(found, status=Status.NOT_EXERCISED, found="this environment does not say")
    return found


def row(drill: Drill, settings: Settings, revision: str) -> dict[str, Any]:
    """A drill as plain data for the evidence; holds no check-in text."""
    checks = judge(drill, settings, revision)
    return {
        "group": drill.group,
        "scenario": drill.scenario.name,
        "title": drill.scenario.title,
        "execution": drill.execution.arn,
        "started": drill.execution.started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "status": drill.execution.status,
        "expected_route": drill.scenario.expect["route"],
        "route": drill.execution.output.get("route"),
        "risk": drill.execution.output.get("riskScore"),
        "path": drill.path,
        "trusted_alerts": len(drill.heard(Channel.TRUSTED)),
        "operations_alerts": len(drill.heard(Channel.OPERATIONS)),
        "expected_trusted_alerts": drill.scenario.expect["trusted_alerts"],
        "expected_operations_alerts": drill.scenario.expect["operations_alerts"],
        "events": drill.events,
        "rules": drill.rules,
        "interventions": drill.interventions,
        "trusted_seconds": drill.latency(Channel.TRUSTED),
        "operations_seconds": drill.latency(Channel.OPERATIONS),
        "revision": drill.revision,
        "checks": [check.to_row() for check in checks],
        "verdict": whole(drill, checks).to_row(),
    }
