"""The plan's validation checklist (5.2) and its five success criteria, decided from evidence. Calls nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib.checks import WORST_FIRST, Check, Status, failures, in_mode, in_numbers, open_ones, still_open
from lib.drills import latency
from lib.routes import Route
from lib.telemetry import outcomes, success_rate
from lib.telemetry.exact_tests import Tally
from lib.telemetry.execution_status import ExecutionStatus, When, Who
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import counted_successes
from lib.telemetry.success_rate import Decision
from lib.values.check_registry import Id, Point
from lib.values.modes import Mode
from lib.values.numbers import say_count

Row = Mapping[str, Any]
MORE_THAN_HALF = 0.5
FEWEST_CRISES = 5  # the plan's own, and at least one of each series
BESIDE = (Id.UNCARRIED,)  # waits for operations to decide on an alert beside the crisis, and holds no criterion up
RULE_1 = (
    "each scenario and boundary case passes, and no check fails, is unknown or waits for a person; what only AWS can "
    "answer does not count, nor does what is beside a crisis"
)

# The files of the record that a criterion was decided from.
EVIDENCE = {
    Id.CRITERION_1: ("evidence/scenarios.json", "evidence/boundaries.json", "05_validation.ipynb"),
    Id.CRITERION_2: ("evidence/crisis_drills.json", "evidence/crisis_latency.csv", "05_validation.ipynb"),
    Id.CRITERION_3: (
        "evidence/baseline.json",
        "evidence/crossing.json",
        "evidence/low_sentiment_before.json",
        "evidence/success_rate.csv",
    ),
    Id.CRITERION_4: ("evidence/executions.csv", "evidence/success_rate.csv"),
    Id.CRITERION_5: ("evidence/dashboard_metrics.json",),
}


def checklist(checks: Sequence[Check], mode: Mode = Mode.APPLY) -> list[Check]:
    """The plan's five points, each from the checks that carry it; a point that no check carries has failed.

    A point is only `passed` when all of them are: one that waits or was not exercised makes it so.
    """
    points = [_point(point, [check for check in checks if _carries(check, point)]) for point in Point]
    return in_mode(points, mode)


def _carries(check: Check, point: Point) -> bool:
    """By its id; where that carries the point of one subject alone, by the subject as well."""
    return any(one is point and of in ("", check.subject) for one, of in check.id.registered.points)


def _point(point: Point, carried: Sequence[Check]) -> Check:
    bad = [check.name for check in failures(carried)]
    waiting = still_open(carried)
    found = in_numbers(carried)
    if bad or not carried:
        found = f"{found}; failed: {', '.join(bad) or 'no check ran'}"
        return Check(Id.CHECKLIST, point, Status.FAILED, found, "all", point)
    status = waiting[0].status if waiting else Status.PASSED
    return Check(Id.CHECKLIST, point, status, f"{found}; {open_ones(waiting)}" if waiting else found, "all", point)


def error_is_loud(row: Mapping[str, Any]) -> Check:
    """A check-in that cannot be scored fails visibly or takes route unscored; either way operations is told."""
    visible = row["status"] == ExecutionStatus.FAILED or row["route"] == Route.UNSCORED
    heard = row["operations_alerts"] >= 1
    found = f"{row['status']}, route {row['route']}, {row['operations_alerts']} alerts to operations"
    expected = "FAILED or route unscored, and operations told"
    status = Status.PASSED if visible and heard else Status.FAILED
    return Check(Id.ERROR_IS_LOUD, "unreadable: visible and told", status, found, expected)


def good(row: Mapping[str, Any]) -> bool:
    """Whether a drill's checks let it pass: something passed, and nothing failed. What this environment cannot answer
    (`not exercised here`) is listed on its own and carries nothing."""
    statuses = [check["status"] for check in row["checks"]]
    return Status.PASSED in statuses and all(one in (Status.PASSED, Status.NOT_EXERCISED) for one in statuses)


def verdict(row: Row) -> Status:
    """A drill as one word: failed also where nothing passed of it; what AWS refused to tell is no failure."""
    if good(row):
        return Status.PASSED
    statuses = {check["status"] for check in row["checks"]}
    unknown = statuses - {Status.PASSED, Status.NOT_EXERCISED} == {Status.CANNOT_TELL} and Status.PASSED in statuses
    return Status.CANNOT_TELL if unknown else Status.FAILED


def scenarios_pass(
    rows: Iterable[Mapping[str, Any]], planned: Sequence[str], edges: Sequence[Row], others: Sequence[Check]
) -> Check:
    """Criterion 1: each of the plan's scenarios ran, and so did its boundary cases, and no check of any failed.

    Nor did any of `others`, which are all that the validation checked beside them. The open ones among these are named,
    and RULE_1 says which of them hold it up.
    """
    said = {(row["scenario"], verdict(row)) for row in rows}
    passed = {name for name, status in said if status == Status.PASSED}
    unknown = {name for name, status in said if status == Status.CANNOT_TELL}
    count, within = sum(name in passed for name in planned), sum(good(row) for row in edges)
    bad = [check.name for check in failures(others)]
    lost = not set(planned) <= passed | unknown or any(verdict(row) == Status.FAILED for row in edges)
    whole = planned and edges and others and not bad and not lost
    found = f"{count} of {len(planned)} scenarios and {within} of {len(edges)} boundary cases passed"
    found += f"; checks: {in_numbers(others)}"
    found = f"failed: {', '.join(bad)}; {found}" if bad else found
    held_up_by = [check for check in others if _holds_up(check, "1")]
    holding = {check.status for check in held_up_by}
    if (count, within) != (len(planned), len(edges)):
        holding.add(Status.CANNOT_TELL)
    counts = "open" if holding else "open, and not counted"
    found += f"; {counts}: {named}" if (named := open_ones(others)) else ""
    found = f"held up by {open_ones(held_up_by)}; {found}" if held_up_by and not bad else found  # what decides, first
    held = Status.CANNOT_TELL if Status.CANNOT_TELL in holding else Status.WAITING if holding else Status.PASSED
    return Check(Id.CRITERION_1, "1 All test scenarios pass", held if whole else Status.FAILED, found, RULE_1)


def _holds_up(check: Check, criterion: str) -> bool:
    """Whether what is open keeps a criterion that rests on it from passing: each does but for RULE_1."""
    counts = check.status in (Status.CANNOT_TELL, Status.WAITING) and check.id not in BESIDE
    return counts if criterion == "1" else check.status != Status.PASSED


def under_criteria(check: Check) -> str:
    """The criteria that rest on an open check, and what it does to each."""
    numbers = check.id.registered.criteria.split()
    said = [f"{one}: {'holds it up' if _holds_up(check, one) else 'does not count'}" for one in numbers]
    return ", ".join(said) or "none"


def crisis_in_time(rows: Iterable[Mapping[str, Any]], limit: float) -> Check:
    """Criterion 2: the alerts of every drill that had to be a crisis were received on both topics within the limit.

    Not only the plan's one: without those that were timed by the dozen, it has failed.
    """
    crises = [row for row in rows if row["expected_route"] == Route.CRISIS]
    name, expected = "2 Crisis alerts delivered in time", f"under {limit:g} s, as drills measure it"
    if len(crises) < FEWEST_CRISES:
        few, needed = f"{len(crises)} crisis drills", f"at least {FEWEST_CRISES}"
        return Check(Id.CRITERION_2, name, Status.FAILED, few, needed)
    seconds = latency.due(crises)["seconds"]
    tally, lost = latency.in_time(seconds, limit), int(seconds.isna().sum())
    said = f"{lost} LOST, so infinitely late," if lost else f"slowest {seconds.max():.2f} s"
    whole = tally.of >= 2 * len(crises) and tally.succeeded == tally.of
    said = f"{said} of {tally.of} alerts of {len(crises)} crisis drills; {tally.succeeded} of {tally.of} in time"
    return Check(Id.CRITERION_2, name, Status.PASSED if whole else Status.FAILED, said, expected)


def nothing_disturbed(
    ordinary: Mapping[str, Any] | None, before: Mapping[str, Any], now: Mapping[str, Any], others: Sequence[Check]
) -> Check:
    """Criterion 3: an ordinary check-in completes, what existed is as it was, and each of `others` passed.

    It passes only where each of them does; else it is as the first that does not: one that was not exercised, say.
    """
    changed = [name for name in before if before[name] != now.get(name)]
    broken = ordinary is None or verdict(ordinary) == Status.FAILED
    words = [*(["the ordinary check-in did not complete"] if broken else []), *(f"{name} changed" for name in changed)]
    if not before:
        words.append("preflight recorded nothing to compare with")
    words += [f"{check.name}: {check.found}" for check in failures(others)]
    name, expected = "3 No disruption to existing workflows", "nothing disturbed"
    if words:
        return Check(Id.CRITERION_3, name, Status.FAILED, "; ".join(words), expected)
    unanswered = [check for check in others if check.status != Status.PASSED]
    said = [f"{check.name}: {check.found}" for check in unanswered]
    unknown = ordinary is not None and not good(ordinary)
    if unknown:
        said.insert(0, "of the ordinary check-in AWS refused to tell all")
    passed = [f"{check.name}: passed" for check in others if check.status == Status.PASSED]
    found = "; ".join([*said, "ordinary check-in completed", f"{', '.join(before)} unchanged", *passed])
    status = Status.CANNOT_TELL if unknown else unanswered[0].status if unanswered else Status.PASSED
    return Check(Id.CRITERION_3, name, status, found, expected)


def successful_executions(frame: pd.DataFrame, counted: pd.DataFrame, margin: float, error: float) -> Check:
    """Criterion 4: CloudWatch counts successes after the change, and real check-ins are what succeeded.

    `frame` are its datapoints since the change, `counted` is `outcomes.table` of the list of executions: CloudWatch
    cannot tell check-ins from drills, their names can. The share of check-ins must be shown to be that before less the
    margin (of none before: all, less the margin), and more than half; and no newest part may be shown to be worse. Of
    those in doubt it must hold however they end.
    """
    name, expected = "4 CloudWatch shows successful executions", "real check-ins, and nearly all of them"
    before, after = (outcomes.tally(counted, when) for when in (When.BEFORE, When.AFTER))
    drills, seen = outcomes.tally(counted, When.AFTER, Who.DRILLS), counted_successes(frame)
    counts = (
        f"{say_count(seen)} executions of both succeeded since the change, as CloudWatch counts"
        if seen is not None
        else ""
    )
    shown = counts or "no datapoint"
    said = f"{shown}; by the list of executions {after} check-ins and {drills} drills"
    if not seen or not after.succeeded:
        why = outcomes.in_words(counted) or ": no check-in yet, and drills are none"
        said += "" if after.of else why  # of a time without check-ins nobody can tell, whatever is counted in it
        return Check(Id.CRITERION_4, name, Status.FAILED if after.of else Status.CANNOT_TELL, said, expected)
    floor = MORE_THAN_HALF if before.of else 1 - margin

    def decided(good: Sequence[bool]) -> Decision:
        decisions = [success_rate.at_least(Tally.of_each(good), floor, error), success_rate.newest(good, floor, error)]
        if before.of:
            decisions.append(success_rate.compare(before, Tally.of_each(good), margin, error))
            decisions.append(success_rate.no_worse_part(good, before, margin, error)[0])
        return min(decisions, key=lambda verdict: WORST_FIRST.index(verdict.status))

    worst = success_rate.either_way(decided, outcomes.ended_well(counted))
    found = f"{worst.why}{outcomes.in_words(counted)}; {said}"
    return Check(Id.CRITERION_4, name, worst.status, found, expected)


def metrics_visible(shown: Mapping[str, bool], whole: bool) -> Check:
    """Criterion 5: every metric of the dashboard's Phase 3 widgets has a datapoint. `shown`: metric -> has one.

    `whole`: the time that is looked at begins with the change; of a later part, a metric may have none for good reason.
    """
    dark = [name for name, seen in shown.items() if not seen]
    found = f"{len(shown) - len(dark)} of {len(shown)} metrics have datapoints" + (
        f"; without: {', '.join(dark)}" if dark else ""
    )
    if dark and not whole:
        found += "; of a time that begins after the change nobody can tell: no drill may lie in it"
    status = Status.PASSED if shown and not dark else Status.FAILED if whole or not shown else Status.CANNOT_TELL
    return Check(Id.CRITERION_5, "5 New metrics visible in dashboard", status, found, "all")
