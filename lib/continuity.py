"""Whether the change disturbed what was there: executions across it, the old alert's event, how often all goes well.

Runs one drill on the definition before, where the mode allows; else read-only.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from lib import approval, drills, executions, judging, rates, scenarios
from lib.aws import Live, readable
from lib.checks import Check, require
from lib.drills import Drill, Group
from lib.plans import Outcome, Plan
from lib.records import Record
from lib.resources import Workflow
from lib.resources.users import item_of
from lib.resources.workflow import description, value_of, versions
from lib.states import walk
from lib.thresholds import DECISION

EVENT_BEFORE = "evidence/low_sentiment_before.json"
CROSSING = "evidence/crossing.json"
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
SAME_EVENT = "existing low-sentiment path: the same event, field by field"
ACROSS = "executions across the update finish on their old definition"
RATE = "success rate of check-ins before and after"
UPDATED = (Workflow.kind, "applied")
MOST = 20_000
NOT_UPDATED = "the workflow was not updated just now"
MARGIN_SECONDS = 1.0  # before the update: an execution that began later than this may be on either definition
ASKED = 500  # executions that are looked at one by one


def event_before(live: Live, record: Record, plan: Plan) -> list[dict[str, str]]:
    """Let the definition before raise its alert once more, for the drill user, and keep the shape of its event.

    Only in apply mode, for an approved plan, while another definition than ours is live, and where the drill user is
    there: its contact is operations. Returns the event as a table. Raises NotAsWanted where its alert was unmarked or
    quoted the check-in, since the drills of phase 05 would be, too.
    """
    if live.settings.mode == "plan" or DECISION in _live_states(live) or not _drill_user(live):
        return []
    approval.require(plan, live.settings, record)
    (drill,) = drills.run(live, record, [Group("low sentiment before", [scenarios.low()])], "03", gated=False).drills
    require(record.checked("03", judging.fit_for_people(drill)))
    shape = event_shape(drill, live.settings.drill_user_id)
    record.keep_json(EVENT_BEFORE, shape)
    return spoken(shape)


def event_shape(drill: Drill, user: str) -> dict[str, Any] | None:
    """The Low Sentiment Alert's event without any word of the check-in: each field by its type and what it equals.

    None where the drill raised no such event: its processor did not find the text low.
    """
    found = [m.body for m in drill.heard("events") if m.body.get("detail-type") == "Low Sentiment Alert"]
    if len(found) != 1:
        return None
    event = found[0]
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


def spoken(shape: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The event's fields as a table."""
    return [{"field": name, "is": str(kind)} for name, kind in (shape or {}).items()]


def same_event(live: Live, record: Record, found: Sequence[Drill]) -> list[Check]:
    """Whether the existing path sends the same event as before the update, field by field. `found`: its drill now."""
    return [_same_event(live, record, found)]


def _same_event(live: Live, record: Record, found: Sequence[Drill]) -> Check:
    expected = "each field as before"
    if live.settings.mode == "plan":
        return Check(SAME_EVENT, "not applied", "plan mode", expected)
    before = record.latest(EVENT_BEFORE)
    after = event_shape(found[0], live.settings.drill_user_id) if len(found) == 1 else None
    if before is None:
        why = "this run has no event of the definition before: it was updated earlier, or its drill raised no alert"
        return Check(SAME_EVENT, "not exercised here", why, expected)
    if after is None:
        route = found[0].execution.output.get("route") if found else "no drill"
        return Check(SAME_EVENT, "failed", f"the same text raises no such event now (route {route})", expected)
    moved = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    said = [f"{name}: {before.get(name, 'was not there')} -> {after.get(name, 'is not there')}" for name in moved]
    return Check(
        SAME_EVENT, "failed" if moved else "passed", "; ".join(said) or f"{len(after)} fields as before", expected
    )


def crossing(live: Live, record: Record, outcome: Outcome) -> list[Check]:
    """Whether the executions that were running when the update came ended on the definition that they began with.

    An execution tells by the states it entered; which revision it ran on, AWS alone says. One that began at the moment
    of the update may be on either. Waits for those that still run. How one ends is no matter of the update.
    """
    expected = "all of them"
    if live.settings.mode == "plan":
        return [Check(ACROSS, "not applied", "plan mode", expected)]
    pairs = zip(outcome.plan.changes, outcome.states, strict=True)
    old = [change.before["definition"] for change, state in pairs if (change.resource.kind, state) == UPDATED]
    if not old:
        return [Check(ACROSS, "not exercised here", NOT_UPDATED, expected)]
    names, moment = {state.name for state in walk(old[0])}, updated_at(live)
    rows = [_across(live, name, names) for name in _running_at(live, moment)] if moment else []
    record.keep_json(CROSSING, {"updated": moment.isoformat() if moment else None, "executions": rows})
    if not rows:
        return [Check(ACROSS, "not exercised here", "no execution was running when the update came", expected)]
    wrong = [row for row in rows if row["strange"]]
    waiting = [row for row in rows if row["status"] == executions.NEVER_ENDS]
    found = f"{len(rows) - len(wrong)} of {len(rows)}"
    if wrong:
        first = wrong[0]
        found += f"; {first['execution']}: {first['status']}, new states: {', '.join(first['strange']) or 'none'}"
    found += f"; {len(waiting)} still run" if waiting else ""
    return [Check(ACROSS, "failed" if wrong else "waiting" if waiting else "passed", found, expected)]


def _running_at(live: Live, moment: datetime) -> list[str]:
    """The executions that had begun well before, and had not ended. None runs longer than the workflow's limit."""
    found = executions.since(live, moment - timedelta(hours=1), MOST)
    settled = moment - timedelta(seconds=MARGIN_SECONDS)
    running = [r["name"] for r in found if r["started"] < settled and (not r["stopped"] or r["stopped"] > moment)]
    return running[:ASKED]


def updated_at(live: Live) -> datetime | None:
    """When the workflow's newest version was published (UTC)."""
    with readable("listing the workflow's versions"):
        newest = versions(live, live.settings.state_machine_arn)[:1]
        found = description(live, newest[0]) if newest else None
    return found["creationDate"].astimezone(UTC) if found else None


def _across(live: Live, name: str, old: set[str]) -> dict[str, Any]:
    arn = live.settings.arn("states", f"execution:{live.settings.state_machine_name}:{name}")
    ended = executions.finished(live, arn, live.settings.verify_timeout_seconds, with_output=False)
    strange = [state for state in executions.path(live, arn) if state not in old]
    return {"execution": name, "status": ended.status, "strange": strange}


def success(live: Live, start: datetime, change_at: datetime | None) -> pd.DataFrame:
    """Finished check-ins before and after: when, succeeded, finished, rate, low, high (95 %, 0..1). Drills left out."""
    found = [row for row in executions.since(live, start, MOST) if not row["name"].startswith("drill-")]
    ended = [row for row in found if row["stopped"]]
    rows = []
    for when in ("before", "after"):
        mine = [row for row in ended if change_at and (row["started"] < change_at) == (when == "before")]
        good = sum(row["status"] == "SUCCEEDED" for row in mine)
        share = good / len(mine) if mine else float("nan")
        rows.append((when, good, len(mine), share, *rates.wilson(good, len(mine))))
    return pd.DataFrame(rows, columns=["when", "succeeded", "finished", "rate", "low", "high"])


def same_rate(table: pd.DataFrame) -> Check:
    """Whether check-ins succeed as often as before, as far as their number can tell: the intervals must meet."""
    before, after = (table[table["when"] == when].iloc[0] for when in ("before", "after"))
    expected = "not below the 95 % interval before"
    if not before["finished"] or not after["finished"]:
        lacking = "before" if not before["finished"] else "after"
        return Check(RATE, "not exercised here", f"no check-in finished {lacking} the change", expected)
    said = "; ".join(
        f"{row['when']} {row['succeeded']:.0f} of {row['finished']:.0f} ({row['low']:.1%} to {row['high']:.1%})"
        for row in (before, after)
    )
    return Check(RATE, "failed" if after["high"] < before["low"] else "passed", said, expected)


def _drill_user(live: Live) -> bool:
    with readable("reading the drill user"):
        item = item_of(live, live.settings.table_name, live.settings.drill_user_id)
    return bool(item and item.get("drill") is True)


def _live_states(live: Live) -> set[str]:
    with readable("reading the workflow"):
        found = description(live, live.settings.state_machine_arn)
    return {state.name for state in walk(value_of(found)["definition"])} if found else set()
