"""The existing low-sentiment alert: its event before the update and after it, field by field.

Runs one drill on the definition before, where the mode allows; else read-only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lib.asl.states import walk
from lib.aws import Live
from lib.aws_answers import readable
from lib.changes import approval
from lib.changes.plans import Plan
from lib.checks import Check, Status, require
from lib.definitions.loader import DECISION
from lib.drills import drill_runner, evaluation, scenarios
from lib.drills.channels import Channel
from lib.drills.drill_session import Drill, Group
from lib.record.records import Run
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import names
from lib.resources.users import item_of
from lib.routes import STANDARD_ALERT
from lib.values.check_registry import Id
from lib.values.modes import Mode

EVENT_BEFORE = "evidence/low_sentiment_before.json"
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
SAME_EVENT = "existing low-sentiment path: the same event, field by field"


def event_before(run: ConnectedRun, plan: Plan) -> list[dict[str, str]]:
    """Let the definition before raise its alert once more, for the drill user, and keep the shape of its event.

    Only in apply mode, for an approved plan, while another definition than ours is live, and where the drill user is
    there: its contact is operations. Returns the event as a table. Raises NotAsWanted where its alert was unmarked,
    quoted the check-in or named no execution, since the drills of phase 05 would be, too; and where a listener is left.
    """
    live, record = run.live, run.record
    if live.settings.mode != Mode.APPLY or DECISION in _live_states(live) or not _drill_user(live):
        return []
    approval.require(plan, run)
    session = drill_runner.run(run, [Group("low sentiment before", [scenarios.low()])], "03", gated=False)
    (drill,) = session.drills
    # What names no execution is nobody's alert to `fit_for_people`, and may be unmarked all the same.
    checks = [*evaluation.fit_for_people(drill), evaluation.strays(session), evaluation.clearance(session)]
    require(record.checked("03", checks))
    shape = event_shape(drill, live.settings.drill_user_id)
    record.keep_json(EVENT_BEFORE, shape)
    return _event_fields(shape)


def event_shape(drill: Drill, user: str) -> dict[str, Any] | None:
    """The Low Sentiment Alert's event without any word of the check-in: each field by its type and what it equals.

    None where the drill raised no such event: its processor did not find the text low.
    """
    bodies = [m.body for m in drill.heard(Channel.EVENTS) if m.body.get("detail-type") == STANDARD_ALERT.detail_type]
    if len(bodies) != 1:
        return None
    event = bodies[0]
    known = {
        "the drill user": user,
        "the check-in's text": drill.given["text"],
        "the processor's sentiment": drill.execution.output.get("sentimentScore"),
    }
    fields = {f"detail.{name}": _kind(value, known) for name, value in sorted(event["detail"].items())}
    return {"source": event["source"], "detail-type": event["detail-type"], **fields}


def _kind(value: Any, known: Mapping[str, Any]) -> str:  # noqa: ANN401 - a field of an event
    if isinstance(value, str) and ISO_8601.fullmatch(value):
        return "a time, ISO 8601 in UTC"
    same = [name for name, one in known.items() if value == one and isinstance(value, bool) == isinstance(one, bool)]
    return f"{type(value).__name__}, {same[0]}" if same else f"{type(value).__name__}, something else"


def _event_fields(shape: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The event's fields as a table."""
    return [{"field": name, "is": str(kind)} for name, kind in (shape or {}).items()]


def same_event(run: Run, drills: Sequence[Drill]) -> list[Check]:
    """Whether the existing path sends the same event as before the update, field by field. `drills`: its drill now."""
    return [_same_event(run, drills)]


def _same_event(run: Run, drills: Sequence[Drill]) -> Check:
    expected = "each field as before"
    if run.settings.mode != Mode.APPLY:
        return Check(Id.SAME_EVENT, SAME_EVENT, Status.NOT_APPLIED, "plan mode", expected)
    before = run.record.latest(EVENT_BEFORE)
    after = event_shape(drills[0], run.settings.drill_user_id) if len(drills) == 1 else None
    if before is None:
        why = "this run has no event of the definition before: it was updated earlier, or its drill raised no alert"
        return Check(Id.SAME_EVENT, SAME_EVENT, Status.NOT_EXERCISED, why, expected)
    if after is None:
        route = drills[0].execution.output.get("route") if drills else "no drill"
        return Check(
            Id.SAME_EVENT,
            SAME_EVENT,
            Status.FAILED,
            f"the same text raises no such event now (route {route})",
            expected,
        )
    moved = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    said = [f"{name}: {before.get(name, 'was not there')} -> {after.get(name, 'is not there')}" for name in moved]
    return Check(
        Id.SAME_EVENT,
        SAME_EVENT,
        Status.FAILED if moved else Status.PASSED,
        "; ".join(said) or f"{len(after)} fields as before",
        expected,
    )


def _drill_user(live: Live) -> bool:
    with readable("reading the drill user"):
        item = item_of(live, live.settings.table_name, live.settings.drill_user_id)
    return bool(item and item.get("drill") is True)


def _live_states(live: Live) -> set[str]:
    """The states of what real traffic runs."""
    return {state.name for definition in names.running_definitions(live) for state in walk(definition)}
