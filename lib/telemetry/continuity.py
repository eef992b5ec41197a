"""Whether the change disturbed what was there: the executions across it, and how often all goes well. Read-only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from lib.asl.states import walk
from lib.aws import Live
from lib.changes.plans import Outcome
from lib.checks import Check, Status
from lib.record.change_rows import WriteState
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import names, traffic_entries
from lib.resources.existing.known_executions import if_known
from lib.resources.resource_kinds import Workflow, WorkflowAlias
from lib.resources.workflow import value_of
from lib.settings import Settings
from lib.telemetry import cutover, executions, outcomes, pace, success_rate
from lib.telemetry.exact_tests import Tally
from lib.telemetry.execution_status import Ending, ExecutionStatus, When, Who
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import Cutover, Window
from lib.telemetry.success_rate import SHORTEST, Decision
from lib.values.check_registry import Id
from lib.values.modes import Mode

CROSSING = "evidence/crossing.json"
ACROSS = "executions across the update finish on their old definition"
RATE = "success rate of check-ins before and after"
NO_WORSE_PART = "no part of the time since the change is worse"
NO_NEW_KIND = "no new kind of failure since the change"
NONE_RUNNING = "no execution was running when the update came"
NOT_UPDATED = "the workflow was not updated just now"
MOMENT_UNKNOWN = (
    "the workflow was updated, and nothing tells when: what check-ins start does not run its newest version"
)
MARGIN_SECONDS = 1.0  # before the update: an execution that began later than this may be on either definition
ASKED = 500  # executions that are looked at one by one; what is beyond is said
BACK = timedelta(hours=1)  # before the update: of what began earlier, only what still runs is looked at
NOT_LOOKED_AT = "not looked at"


def executions_across(run: ConnectedRun, outcome: Outcome) -> list[Check]:
    """Whether the executions that were running when the update came ended on the definition that they began with.

    An execution tells by the states it entered: of one that entered only what both definitions have, nobody can tell,
    nor of one that began at the moment of the update. Waits for those that still run, but for none that has hung for an
    hour. How one ends is no matter of the update.
    """
    live, expected = run.live, "all of them"
    if live.settings.mode != Mode.APPLY:
        return [Check(Id.ACROSS, ACROSS, Status.NOT_APPLIED, "plan mode", expected)]
    (old, new), moment = _states(live, outcome), updated_at(live)
    if not old:
        return [Check(Id.ACROSS, ACROSS, Status.NOT_EXERCISED, NOT_UPDATED, expected)]
    if moment is None:
        return [Check(Id.ACROSS, ACROSS, Status.CANNOT_TELL, MOMENT_UNKNOWN, expected)]
    running, cut = _running_at(live, moment)
    deadline = live.clock() + live.settings.verify_timeout_seconds
    rows = [_across(live, row, old, new, deadline - live.clock()) for row in running[:ASKED]]
    kept = [{**row, "started": row["started"].astimezone(UTC).isoformat()} for row in rows]
    run.record.keep_json(CROSSING, {"updated": moment.isoformat(), "running": len(running), "executions": kept})
    if not rows:
        return [Check(Id.ACROSS, ACROSS, Status.NOT_EXERCISED, NONE_RUNNING, expected)]
    wrong = [row for row in rows if row["strange"]]
    going = [row for row in rows if row["status"] == ExecutionStatus.RUNNING]
    waiting = [row for row in going if row["started"] >= moment - BACK]
    silent = sum(not row["strange"] and not row["own"] and row not in going for row in rows)
    cuts = [f"only the newest {ASKED} were looked at" if len(running) > ASKED else cut]
    cut = "; ".join(filter(None, [*cuts, f"{silent} entered only states that both have" if silent else ""]))
    found = f"{len(rows) - len(wrong) - silent} of {len(running)}"
    if wrong:
        found += f"; {wrong[0]['execution']}: {wrong[0]['status']}, new states: {', '.join(wrong[0]['strange'])}"
    found += f"; {len(waiting)} still run" if waiting else ""
    found += f"; {len(going) - len(waiting)} that began over an hour before still run" if going != waiting else ""
    status = Status.FAILED if wrong else Status.WAITING if waiting else Status.CANNOT_TELL if cut else Status.PASSED
    return [Check(Id.ACROSS, ACROSS, status, f"{found}; {cut}" if cut else found, expected)]


def _states(live: Live, outcome: Outcome) -> tuple[set[str], set[str]]:
    """The states of what check-ins ran before, of the workflow or the versions that an alias named; and of what now."""
    changed = [result.change for result in outcome.results if result.state == WriteState.APPLIED]
    machines = [change for change in changed if change.resource.kind == Workflow.kind]
    old = [change.before["definition"] for change in machines]
    routes = [r for change in changed if change.resource.kind == WorkflowAlias.kind for r in change.before["routes"]]
    for route in routes:
        held = traffic_entries.run_by(live, f"{live.settings.state_machine_arn}:{route['version']}")
        old += [value_of(one)["definition"] for one in held]
    new = [change.after["definition"] for change in machines] or (names.running_definitions(live) if old else [])
    return {state.name for one in old for state in walk(one)}, {state.name for one in new for state in walk(one)}


def _running_at(live: Live, moment: datetime) -> tuple[list[dict[str, Any]], str]:
    """The executions that had begun well before and had not ended, newest first, and what of them was not read: those
    that began within the hour before, and whatever began earlier and runs still."""
    listed, settled = executions.list_executions(live, moment - BACK), moment - timedelta(seconds=MARGIN_SECONDS)
    still = executions.recent(live, executions.MOST_LISTED, ExecutionStatus.RUNNING)
    rows = {row["name"]: row for row in (*listed.rows, *still)}.values()
    running = [r for r in rows if r["started"] < settled and (not r["stopped"] or r["stopped"] > moment)]
    return sorted(running, key=lambda row: row["started"], reverse=True), listed.cut


def updated_at(live: Live) -> datetime | None:
    """When what real traffic starts began to run the workflow's newest version (UTC); None where it does not yet."""
    return change.at if (change := cutover.read(live)) else None


def _across(live: Live, row: Mapping[str, Any], old: set[str], new: set[str], patience: float) -> dict[str, Any]:
    ended = executions.wait_until_ended(live, row["arn"], patience, with_output=False)
    entered = executions.path(live, row["arn"])
    strange, own = [state for state in entered if state not in old], bool({*entered} - new)
    return {"execution": row["name"], "started": row["started"], "status": ended.status, "strange": strange, "own": own}


def outcomes_of(
    live: Live, window: Window, now: datetime, seen: Callable[[int], None] = lambda count: None
) -> pd.DataFrame:
    """What became of the executions of both times of a review; what AWS has forgotten by `now` is named as cut."""
    start = min(first for first, _ in window.spans)
    frame = outcomes_since(live, start, window.end, window.change, window.spans, seen, now)
    frame.attrs["cut"] = "; ".join(filter(None, [executions.forgotten(start, now), frame.attrs["cut"]]))
    return frame


def outcomes_since(
    live: Live,
    start: datetime,
    end: datetime,
    change: Cutover | None,
    spans: Sequence[tuple[datetime, datetime]] = (),
    seen: Callable[[int], None] = lambda count: None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """What became by `now`, or else `end`, of each execution since `start`, or of these times: `outcomes.outcome_rows`.

    `attrs["cut"]` names what was not read, and what nobody can call before or after the change; `attrs["end"]` is
    until when, `attrs["source"]` how many were listed for it, by how many calls. `seen` is told so at each page.
    """
    listed, long = executions.Walk(live, start, seen=seen), live.settings.long_execution_seconds
    moments = (change.earliest, change.latest, change.versions) if change else (None,)
    inside = (row for row in listed if not spans or any(a <= row["started"] <= b for a, b in spans))
    frame = outcomes.outcome_rows(inside, now or end, long, *moments)
    cut = "; ".join(filter(None, [listed.cut, outcomes.untold(frame, change.doubt) if change else ""]))
    source = f"{listed.count:,} executions, listed by Step Functions in {listed.calls:,} calls"
    frame.attrs |= {"cut": cut, "end": end, "source": source}
    return frame


def checkins_undisturbed(frame: pd.DataFrame, kinds: pd.DataFrame, settings: Settings) -> list[Check]:
    """Whether real check-ins succeed as before: on the whole, in every part since, in how they fail; as fast, still.

    `frame` is what `outcomes_since` returns, and `kinds` what `kinds_of_failure` does. On a cut list nothing passes.
    """
    counted = outcomes.table(frame)
    after, limit = outcomes.tally(counted, When.AFTER), settings.long_execution_seconds
    margin, error = settings.success_rate_margin, settings.success_rate_error
    checks = [_same_rate(counted, margin, error), _no_worse_part(frame, counted, settings)]
    checks += [_no_new_kind(kinds, after.of, outcomes.count_doubted(counted)), pace.as_fast(frame, limit)]
    checks.append(pace.still_come(frame, frame.attrs["end"], limit))
    return [outcomes.of_all(check, frame) for check in checks]


def _same_rate(counted: pd.DataFrame, margin: float, error: float) -> Check:
    """Whether real check-ins succeed as often as before, as far as their number can tell. Drills are left out.

    `counted` is `outcomes.table`. What began just now is not counted yet, and what runs too long has failed; of what is
    in doubt the answer holds however it ends, or is `cannot tell`.
    """
    before = outcomes.tally(counted, When.BEFORE)

    def decided(good: Sequence[bool]) -> Decision:
        return success_rate.compare(before, Tally.of_each(good), margin, error)

    verdict = success_rate.either_way(decided, outcomes.ended_well(counted))
    mine = counted[counted["who"] == Who.CHECKINS].set_index("when")
    said = "".join(
        f"; {when} the change {mine.loc[when, 'too long']} ran too long"
        for when in (When.BEFORE, When.AFTER)
        if when in mine.index and mine.loc[when, "too long"]
    )
    expected = f"shown to be less than {margin:.1%} lower, but for an error of {error:.0%}"
    return Check(Id.SUCCESS_RATE, RATE, verdict.status, verdict.why + said + outcomes.in_words(counted), expected)


def _no_worse_part(frame: pd.DataFrame, counted: pd.DataFrame, settings: Settings) -> Check:
    after, margin = outcomes.checkins_after(frame)["started"], settings.success_rate_margin
    before = outcomes.tally(counted, When.BEFORE)

    def decided(good: Sequence[bool]) -> Decision:
        verdict, part = success_rate.no_worse_part(good, before, margin, settings.success_rate_error)
        if part is None:
            return verdict
        first, last = (after.iloc[at] for at in (part.first, part.last))
        return Decision(verdict.status, f"{verdict.why}; started {first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC")

    verdict = success_rate.either_way(decided, outcomes.ended_well(counted))
    expected = f"none shown to be over {margin:.1%} lower"
    return Check(Id.NO_WORSE_PART, NO_WORSE_PART, verdict.status, verdict.why, expected)


def kinds_of_failure(live: Live, frame: pd.DataFrame) -> pd.DataFrame:
    """In which ways real check-ins did not succeed: kind (status and error name), before, after, latest, such as.

    The error's name of the newest ASKED failed ones of each side is asked for, if it is still known; never its words.
    """
    bad = frame[(frame["who"] == Who.CHECKINS) & frame["outcome"].isin([Ending.FAILED, Ending.TOO_LONG])]
    asked = bad[(bad["outcome"] == Ending.FAILED) & (bad["name"] != "")].groupby("when").tail(ASKED)
    said = [(row, if_known(partial(executions.error_of, live, row.arn))) for row in asked.itertuples(index=False)]
    named = {row.name: f"{row.status} {error}".strip() for row, error in said if error is not None}
    limit = f"for over {live.settings.long_execution_seconds:g} s"
    unnamed = (bad["status"] + f" {limit}").where(bad["outcome"] == Ending.TOO_LONG, NOT_LOOKED_AT)
    kind = [named.get(name, other) for name, other in zip(bad["name"], unnamed, strict=True)]
    rows = [
        (
            name,
            *(int((part["when"] == when).sum()) for when in (When.BEFORE, When.AFTER)),
            *part.iloc[-1][["started", "name"]],
        )
        for name, part in bad.groupby(pd.Series(kind, index=bad.index, dtype=str), sort=True)
    ]
    return pd.DataFrame(rows, columns=["kind", "before", "after", "latest", "such as"])


def _no_new_kind(kinds: pd.DataFrame, checkins: int, doubted: int = 0) -> Check:
    """Whether check-ins fail only as they did before the change; another kind waits for a person to look at it.

    `checkins`: how many are counted after the change. Of none, or with more than a few in doubt, nothing can be told.
    """
    expected = "each seen before the change as well"
    if not checkins:
        return Check(Id.NO_NEW_KIND, NO_NEW_KIND, Status.CANNOT_TELL, "no check-in counted after the change", expected)
    after = kinds[kinds["after"] > 0]
    new = after[(after["before"] == 0) & (after["kind"] != NOT_LOOKED_AT)]
    unknown = int(after.loc[after["kind"] == NOT_LOOKED_AT, "after"].sum())
    cut = f"; of {unknown:,} more the error was not looked at, only of the newest {ASKED}" if unknown else ""
    if len(new):
        said = "; ".join(f"{row.kind}: {row.after:,}, such as {row[-1]}" for row in new.itertuples(index=False))
        return Check(Id.NO_NEW_KIND, NO_NEW_KIND, Status.WAITING, f"look at what is new: {said}{cut}", expected)
    said = f"{int(after['after'].sum()):,} of {checkins:,} did not succeed, in {len(after)} known ways{cut}"
    said += f"; how {doubted:,} in doubt end is not known" if doubted else ""
    status = Status.CANNOT_TELL if unknown or doubted > SHORTEST else Status.PASSED
    return Check(Id.NO_NEW_KIND, NO_NEW_KIND, status, said, expected)
