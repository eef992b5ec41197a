"""Whether the change disturbed what was there: executions across it, the old alert's event, how often all goes well.

Runs one drill on the definition before, where the mode allows; else read-only.
"""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from lib import approval, drills, executions, judging, names, scenarios
from lib.aws import Live, readable
from lib.checks import Check, require
from lib.drills import Drill, Group
from lib.phases import entry
from lib.plans import Outcome, Plan
from lib.records import Record
from lib.resources import Workflow, WorkflowAlias, entries
from lib.resources.users import item_of
from lib.resources.workflow import value_of
from lib.settings import Settings
from lib.states import walk
from lib.telemetry import outcomes, pauses, shifts, success_rate
from lib.telemetry.success_rate import SHORTEST, Tally, Verdict
from lib.thresholds import DECISION

EVENT_BEFORE = "evidence/low_sentiment_before.json"
CROSSING = "evidence/crossing.json"
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
SAME_EVENT = "existing low-sentiment path: the same event, field by field"
ACROSS = "executions across the update finish on their old definition"
RATE = "success rate of check-ins before and after"
NO_WORSE_PART = "no part of the time since the change is worse"
NO_NEW_KIND = "no new kind of failure since the change"
NOT_UPDATED = "the workflow was not updated just now"
MARGIN_SECONDS = 1.0  # before the update: an execution that began later than this may be on either definition
ASKED = 500  # executions that are looked at one by one; what is beyond is said
BACK = timedelta(hours=1)  # before the update: of what began earlier, only what still runs is looked at
NOT_LOOKED_AT = "not looked at"


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
    of the update may be on either. Waits for those that still run, but for no one that has hung for an hour: a
    definition without a limit may leave some for a year. How one ends is no matter of the update.
    """
    expected = "all of them"
    if live.settings.mode == "plan":
        return [Check(ACROSS, "not applied", "plan mode", expected)]
    states, moment = _states_before(live, outcome), updated_at(live)
    if not states:
        return [Check(ACROSS, "not exercised here", NOT_UPDATED, expected)]
    running, cut = _running_at(live, moment) if moment else ([], "")
    deadline = time.monotonic() + live.settings.verify_timeout_seconds
    rows = [_across(live, row, states, deadline - time.monotonic()) for row in running[:ASKED]]
    kept = [{**row, "started": row["started"].astimezone(UTC).isoformat()} for row in rows]
    updated = moment.isoformat() if moment else None
    record.keep_json(CROSSING, {"updated": updated, "running": len(running), "executions": kept})
    if not rows:
        return [Check(ACROSS, "not exercised here", "no execution was running when the update came", expected)]
    wrong = [row for row in rows if row["strange"]]
    going = [row for row in rows if row["status"] == executions.NEVER_ENDS]
    waiting = [row for row in going if moment and row["started"] >= moment - BACK]
    cut = f"only the newest {ASKED} were looked at" if len(running) > ASKED else cut
    found = f"{len(rows) - len(wrong)} of {len(running)}"
    if wrong:
        first = wrong[0]
        found += f"; {first['execution']}: {first['status']}, new states: {', '.join(first['strange']) or 'none'}"
    found += f"; {len(waiting)} still run" if waiting else ""
    found += f"; {len(going) - len(waiting)} that began over an hour before still run" if going != waiting else ""
    status = "failed" if wrong else "waiting" if waiting else "cannot tell" if cut else "passed"
    return [Check(ACROSS, status, f"{found}; {cut}" if cut else found, expected)]


def _states_before(live: Live, outcome: Outcome) -> set[str]:
    """The states of what check-ins ran before: of the workflow, and of the versions that an alias named."""
    pairs = zip(outcome.plan.changes, outcome.states, strict=True)
    changed = [change for change, state in pairs if state == "applied"]
    old = [change.before["definition"] for change in changed if change.resource.kind == Workflow.kind]
    routes = [r for change in changed if change.resource.kind == WorkflowAlias.kind for r in change.before["routes"]]
    for route in routes:
        held = entries.run_by(live, f"{live.settings.state_machine_arn}:{route['version']}")
        old += [value_of(one)["definition"] for one in held]
    return {state.name for definition in old for state in walk(definition)}


def _running_at(live: Live, moment: datetime) -> tuple[list[dict[str, Any]], str]:
    """The executions that had begun well before and had not ended, newest first, and what of them was not read.

    Those that began within the hour before, and whatever began earlier and runs still.
    """
    listed, settled = executions.listed(live, moment - BACK), moment - timedelta(seconds=MARGIN_SECONDS)
    still = executions.recent(live, executions.MOST, executions.NEVER_ENDS)
    rows = {row["name"]: row for row in (*listed.rows, *still)}.values()
    running = [r for r in rows if r["started"] < settled and (not r["stopped"] or r["stopped"] > moment)]
    return sorted(running, key=lambda row: row["started"], reverse=True), listed.cut


def updated_at(live: Live) -> datetime | None:
    """When what real traffic starts began to run the workflow's newest version (UTC); None where it does not yet."""
    return entry.newest_since(live)


def _across(live: Live, row: Mapping[str, Any], old: set[str], patience: float) -> dict[str, Any]:
    ended = executions.finished(live, row["arn"], patience, with_output=False)
    strange = [state for state in executions.path(live, row["arn"]) if state not in old]
    return {"execution": row["name"], "started": row["started"], "status": ended.status, "strange": strange}


def seen(live: Live, start: datetime, end: datetime, change_at: datetime | None) -> pd.DataFrame:
    """What became of every execution since `start`, as `outcomes.told` says.

    `attrs["cut"]` names what was not read, `attrs["end"]` is until when.
    """
    listed = executions.listed(live, start)
    frame = outcomes.told(listed.rows, end, live.settings.long_execution_seconds, change_at)
    frame.attrs |= {"cut": listed.cut, "end": end}
    return frame


def undisturbed(frame: pd.DataFrame, kinds: pd.DataFrame, settings: Settings) -> list[Check]:
    """Whether real check-ins succeed as before: on the whole, in every part since, in how they fail; as fast, still.

    `frame` is what `seen` returns, and `kinds` what `kinds_of_failure` does. Nothing passes on a list that was cut.
    """
    counted = outcomes.table(frame)
    after, limit = outcomes.tally(counted, "after"), settings.long_execution_seconds
    margin, error = settings.success_rate_margin, settings.success_rate_error
    found = [same_rate(counted, margin, error), _no_worse_part(frame, counted, settings)]
    found += [no_new_kind(kinds, after.of, outcomes.doubted(counted)), shifts.as_fast(frame, limit)]
    found.append(pauses.still_come(frame, frame.attrs["end"], limit))
    return [outcomes.of_all(check, frame) for check in found]


def same_rate(counted: pd.DataFrame, margin: float, error: float) -> Check:
    """Whether real check-ins succeed as often as before, as far as their number can tell. Drills are left out.

    `counted` is `outcomes.table`. What began just now is not counted yet, and what runs too long has failed; of what is
    in doubt the answer holds however it ends, or is `cannot tell`.
    """
    before = outcomes.tally(counted, "before")

    def decided(good: Sequence[bool]) -> Verdict:
        return success_rate.compare(before, Tally.of_each(good), margin, error)

    verdict = success_rate.either_way(decided, outcomes.ended_well(counted))
    mine = counted[counted["who"] == outcomes.CHECKINS].set_index("when")
    said = "".join(
        f"; {when} the change {mine.loc[when, 'too long']} ran too long"
        for when in ("before", "after")
        if when in mine.index and mine.loc[when, "too long"]
    )
    expected = f"shown to be less than {margin:.1%} lower, but for an error of {error:.0%}"
    return Check(RATE, verdict.status, verdict.why + said + outcomes.in_words(counted), expected)


def _no_worse_part(frame: pd.DataFrame, counted: pd.DataFrame, settings: Settings) -> Check:
    after, margin = outcomes.checkins_after(frame)["started"], settings.success_rate_margin
    before = outcomes.tally(counted, "before")

    def decided(good: Sequence[bool]) -> Verdict:
        verdict, part = success_rate.no_worse_part(good, before, margin, settings.success_rate_error)
        if part is None:
            return verdict
        first, last = (after.iloc[at] for at in (part.first, part.last))
        return Verdict(verdict.status, f"{verdict.why}; started {first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC")

    verdict = success_rate.either_way(decided, outcomes.ended_well(counted))
    return Check(NO_WORSE_PART, verdict.status, verdict.why, f"none shown to be over {margin:.1%} lower")


def kinds_of_failure(live: Live, frame: pd.DataFrame) -> pd.DataFrame:
    """In which ways real check-ins did not succeed: kind (status and error name), before, after, latest, such as.

    The error's name of the newest ASKED failed ones of each side is asked for, never its words.
    """
    bad = frame[(frame["who"] == outcomes.CHECKINS) & frame["outcome"].isin([outcomes.FAILED, outcomes.TOO_LONG])]
    asked = bad[bad["outcome"] == outcomes.FAILED].groupby("when").tail(ASKED)
    errors = {row.name: executions.describe(live, row.arn).error for row in asked.itertuples(index=False)}
    named = {row.name: f"{row.status} {errors[row.name]}".strip() for row in asked.itertuples(index=False)}
    limit = f"for over {live.settings.long_execution_seconds:g} s"
    unnamed = (bad["status"] + f" {limit}").where(bad["outcome"] == outcomes.TOO_LONG, NOT_LOOKED_AT)
    kind = [named.get(name, other) for name, other in zip(bad["name"], unnamed, strict=True)]
    rows = [
        (
            name,
            *(int((part["when"] == when).sum()) for when in ("before", "after")),
            *part.iloc[-1][["started", "name"]],
        )
        for name, part in bad.groupby(pd.Series(kind, index=bad.index, dtype=str), sort=True)
    ]
    return pd.DataFrame(rows, columns=["kind", "before", "after", "latest", "such as"])


def no_new_kind(kinds: pd.DataFrame, checkins: int, doubted: int = 0) -> Check:
    """Whether check-ins fail only as they did before the change; another kind waits for a person to look at it.

    `checkins`: how many are counted after the change. Of none, or with more than a few in doubt, nothing can be told.
    """
    expected = "each seen before the change as well"
    if not checkins:
        return Check(NO_NEW_KIND, "cannot tell", "no check-in counted after the change", expected)
    after = kinds[kinds["after"] > 0]
    new = after[(after["before"] == 0) & (after["kind"] != NOT_LOOKED_AT)]
    unknown = int(after.loc[after["kind"] == NOT_LOOKED_AT, "after"].sum())
    cut = f"; of {unknown:,} more the error was not looked at, only of the newest {ASKED}" if unknown else ""
    if len(new):
        said = "; ".join(f"{row.kind}: {row.after:,}, such as {row[-1]}" for row in new.itertuples(index=False))
        return Check(NO_NEW_KIND, "waiting", f"look at what is new: {said}{cut}", expected)
    said = f"{int(after['after'].sum()):,} of {checkins:,} did not succeed, in {len(after)} known ways{cut}"
    said += f"; how {doubted:,} in doubt end is not known" if doubted else ""
    return Check(NO_NEW_KIND, "cannot tell" if unknown or doubted > SHORTEST else "passed", said, expected)


def _drill_user(live: Live) -> bool:
    with readable("reading the drill user"):
        item = item_of(live, live.settings.table_name, live.settings.drill_user_id)
    return bool(item and item.get("drill") is True)


def _live_states(live: Live) -> set[str]:
    """The states of what real traffic runs."""
    return {state.name for definition in names.running_definitions(live) for state in walk(definition)}
