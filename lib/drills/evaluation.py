"""Judges drills by what their subscribers received. Pure: reads what a session brought, calls nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from lib import routes
from lib.checks import Check, Status, failures
from lib.definitions import loader
from lib.drills.alert_content import ASKED, answer, content_check, mark_check, wordless_check
from lib.drills.channels import Channel
from lib.drills.drill_session import Drill, Session
from lib.settings import Settings
from lib.values.alerts import Told, lost_to
from lib.values.check_registry import Id
from lib.values.modes import Gap

UNREAD = "could not be read"


def judge(drill: Drill, settings: Settings, revision: str | None) -> list[Check]:
    """Every check of one drill: status, route, alerts at the subscribers, events, rules, content, item, latency.

    `revision` is that of the live workflow, None where it cannot be read.
    """
    expect = drill.scenario.expect
    checks = [
        _equal(drill, Id.DRILL_STATUS, drill.execution.status, expect["status"]),
        _equal(drill, Id.DRILL_ROUTE, drill.execution.output.get("route"), expect["route"]),
        _equal(drill, Id.DRILL_CONTACT, len(drill.heard(Channel.TRUSTED)), expect["trusted_alerts"]),
        _equal(drill, Id.DRILL_OPERATIONS, len(drill.heard(Channel.OPERATIONS)), expect["operations_alerts"]),
        _equal(drill, Id.DRILL_EVENTS, drill.events, expect["events"]),
        _equal(drill, Id.DRILL_RULES, drill.rules, rules_of(expect["events"])),
        content_check(drill, settings),
        _recorded(drill),
        _within(drill, settings.alert_limit_seconds),
        mark_check(drill),
        wordless_check(drill),
        _current(drill, settings, revision),
    ]
    return [check for check in checks if check is not None]


def fit_for_people(drill: Drill) -> list[Check]:
    """Whether what people got of a drill was marked, and held no word of its check-in."""
    return [check for check in (mark_check(drill), wordless_check(drill)) if check is not None]


def strays(session: Session) -> Check:
    """Whether anything arrived that says it is a drill's and is of none that was run; of no drill nobody listened."""
    if not session.drills:
        return Check(Id.NO_STRAY, "no stray alert", Status.CANNOT_TELL, "no drill ran, so that nobody listened", "none")
    channels = sorted({message.channel for message in session.strays})
    said = f"{len(session.strays)} on {', '.join(channels)}" if channels else "none"
    return Check(Id.NO_STRAY, "no stray alert", Status.FAILED if channels else Status.PASSED, said, "none")


def clearance(session: Session) -> Check:
    """Whether everything that listened is gone again."""
    status = Status.FAILED if session.left else Status.PASSED
    return Check(Id.CLEARED, "listeners removed", status, session.left or "all", "all")


def interventions(session: Session, group: str) -> Check:
    """Whether the crises of a group that ran at once were all counted on the drill user's item."""
    expected = sum(bool(drill.scenario.expect["intervention_recorded"]) for drill in session.of(group))
    name, counted = f"{group}: interventions recorded", session.counted.get(group)
    if counted is None:
        return Check(Id.DRILLS_COUNTED, name, Status.CANNOT_TELL, UNREAD, f"{expected}", group)
    status = Status.PASSED if counted == expected else Status.FAILED
    return Check(Id.DRILLS_COUNTED, name, status, str(counted), f"{expected}", group)


def summary(drill: Drill, checks: Sequence[Check]) -> Check:
    """All checks of a drill as one: what failed of it, or what came of it and what of it nobody can tell."""
    bad = failures(checks)
    said = "; ".join(f"{ASKED[c.id]}: found {c.found}, expected {c.expected}" for c in bad)
    route = drill.execution.output.get("route") or drill.execution.status
    name = f"{drill.group}: {drill.scenario.name}"
    unknown = [check for check in checks if check.status == Status.CANNOT_TELL]
    status = Status.FAILED if bad else Status.CANNOT_TELL if unknown else Status.PASSED
    came = "; ".join([f"{route}, {_told(drill)}", *(f"{ASKED[check.id]}: {check.found}" for check in unknown)])
    return Check(Id.DRILL_WHOLE, name, status, said or came, _expected(drill), name)


def _told(drill: Drill) -> str:
    trusted, operations = drill.heard(Channel.TRUSTED), drill.heard(Channel.OPERATIONS)
    return f"{len(trusted)} to the trusted contact, {len(operations)} to operations"


def _expected(drill: Drill) -> str:
    expect = drill.scenario.expect
    alerts = f"{expect['trusted_alerts']} to the trusted contact, {expect['operations_alerts']} to operations"
    return f"{expect['route']}, {alerts}"


def rules_of(events: Sequence[str] | None) -> list[str] | None:
    """The rules of phase 04 that carry these events; the existing path's rule is not among them.

    Raises BadParameters for an event that is no route's.
    """
    if events is None:
        return None
    carried = {kind: rule["name"] for rule in loader.rules() for kind in rule["pattern"]["detail-type"]}
    theirs = [event for event in events if routes.of_detail_type(event).row.alert != routes.STANDARD_ALERT]
    return sorted(carried[event] for event in theirs)


def _alerts_due(drill: Drill) -> bool:
    """Whether an alert must come of it."""
    expect = drill.scenario.expect
    return bool((expect["trusted_alerts"] or 0) + (expect["operations_alerts"] or 0))


def _slowest(drill: Drill) -> float | None:
    """Seconds until the last alert that came."""
    times = [seconds for to in Told if (seconds := drill.latency(to)) is not None]
    return max(times) if times else None


def _equal(drill: Drill, which: Id, value: Any, expected: Any) -> Check | None:  # noqa: ANN401
    if expected is None:
        return None
    same = type(value) is type(expected) and value == expected
    return answer(drill, which, same, str(value), str(expected))


def _recorded(drill: Drill) -> Check | None:
    expected = int(drill.scenario.expect["intervention_recorded"])
    if why := drill.unread.get("interventions"):
        return _unknown(drill, Id.DRILL_INTERVENTION, why, str(expected))
    if drill.interventions is None:
        return None
    return _equal(drill, Id.DRILL_INTERVENTION, drill.interventions, expected)


def _within(drill: Drill, limit: float) -> Check | None:
    """An alert that is lost is infinitely late, however fast the others were."""
    if not _alerts_due(drill):
        return None
    expect = drill.scenario.expect
    gone = lost_to(lambda to: expect[f"{to}_alerts"], lambda to: len(drill.heard(to)))
    seconds = _slowest(drill)
    found = "nothing received" if seconds is None else f"{seconds:.2f} s"
    found += f", LOST to {' and '.join(gone)}" if gone and seconds is not None else ""
    passed = seconds is not None and seconds < limit and not gone
    return answer(drill, Id.DRILL_IN_TIME, passed, found, f"under {limit:g} s")


def _current(drill: Drill, settings: Settings, revision: str | None) -> Check | None:
    why = drill.unread.get("revision", "")
    if drill.revision is None and not why:
        return None
    if why or revision is None:
        check = _unknown(drill, Id.DRILL_REVISION, why or f"{drill.revision}", revision or f"the live one; {UNREAD}")
    else:
        check = answer(drill, Id.DRILL_REVISION, drill.revision == revision, drill.revision or "unknown", revision)
    if Gap.EXECUTION_REVISION in settings.not_exercised_here:
        return replace(check, status=Status.NOT_EXERCISED, found="this environment does not say")
    return check


def _unknown(drill: Drill, which: Id, why: str, expected: str) -> Check:
    """What AWS refused to tell of a drill, while what was heard of it is judged."""
    return replace(answer(drill, which, True, why, expected), status=Status.CANNOT_TELL)


def row(drill: Drill, settings: Settings, revision: str | None) -> dict[str, Any]:
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
        "unread": dict(drill.unread),
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
        "verdict": summary(drill, checks).to_row(),
    }
