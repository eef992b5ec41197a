"""The plan's validation checklist (5.2) and its five success criteria, decided from evidence. Calls nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from lib.checks import Check

Row = Mapping[str, Any]
FEWEST_CRISES = 5  # the plan's own, and at least one of each series

# By the criterion's number: the files of the record that it was decided from.
EVIDENCE = {
    "1": ("evidence/scenarios.json", "evidence/boundaries.json", "05_validation.ipynb"),
    "2": ("evidence/crisis_drills.json", "evidence/crisis_latency.csv", "05_validation.ipynb"),
    "3": (
        "evidence/baseline.json",
        "evidence/crossing.json",
        "evidence/low_sentiment_before.json",
        "evidence/success_rate.csv",
    ),
    "4": ("evidence/executions.csv",),
    "5": ("evidence/dashboard_metrics.json",),
}
CHECKLIST = {
    "All paths execute correctly": (": status", ": route"),
    "Crisis alerts reach operations team": ("crisis: alerts to operations", "operations subscribers"),
    "DynamoDB updates for crisis interventions": (": intervention recorded",),
    "EventBridge events published correctly": (": events",),
    "Error handling works as expected": ("unreadable:",),
}


def checklist(checks: Sequence[Check]) -> list[Check]:
    """The plan's five points, each from the checks that carry it; a point that no check carries has failed.

    A point is only `passed` when all of them are: one that waits or was not exercised makes it so.
    """
    return [
        _point(point, [c for c in checks if any(word in c.name for word in words)])
        for point, words in CHECKLIST.items()
    ]


def _point(name: str, carried: Sequence[Check]) -> Check:
    failed = [check.name for check in carried if check.status == "failed"]
    open_ones = [check for check in carried if check.status not in ("passed", "failed")]
    found = f"{sum(c.status == 'passed' for c in carried)} of {len(carried)} checks passed"
    if failed or not carried:
        return Check(name, "failed", f"{found}; failed: {', '.join(failed) or 'no check ran'}", "all")
    status = open_ones[0].status if open_ones else "passed"
    still = "; ".join(f"{check.name}: {check.status}" for check in open_ones)
    return Check(name, status, f"{found}; {still}" if still else found, "all")


def error_is_loud(row: Mapping[str, Any]) -> Check:
    """A check-in that cannot be scored fails visibly or takes route unscored; either way operations is told."""
    visible = row["status"] == "FAILED" or row["route"] == "unscored"
    told = row["operations_alerts"] >= 1
    found = f"{row['status']}, route {row['route']}, {row['operations_alerts']} alerts to operations"
    expected = "FAILED or route unscored, and operations told"
    return Check("unreadable: visible and told", "passed" if visible and told else "failed", found, expected)


def good(row: Mapping[str, Any]) -> bool:
    """Whether a drill's checks let it pass: something passed, and nothing failed. What this environment cannot answer
    (`not exercised here`) is listed on its own and carries nothing."""
    statuses = [check["status"] for check in row["checks"]]
    return "passed" in statuses and all(status in ("passed", "not exercised here") for status in statuses)


def scenarios_pass(
    rows: Iterable[Mapping[str, Any]], planned: Sequence[str], edges: Sequence[Row], others: Sequence[Check]
) -> Check:
    """Criterion 1: each of the plan's scenarios ran, and so did its boundary cases, and no check of any failed.

    Nor did any of `others`, which are all that the validation checked beside them.
    """
    passed = {row["scenario"] for row in rows if good(row)}
    count, within = sum(name in passed for name in planned), sum(good(row) for row in edges)
    failed = [check.name for check in others if check.status == "failed"]
    whole = planned and edges and others and not failed and (count, within) == (len(planned), len(edges))
    found = f"{count} of {len(planned)} scenarios passed, {within} of {len(edges)} boundary cases"
    found += f", {sum(check.status == 'passed' for check in others)} of {len(others)} checks"
    found += f"; failed: {', '.join(failed)}" if failed else ""
    return Check("1 All test scenarios pass", "passed" if whole else "failed", found, "all that can be answered here")


def crisis_in_time(rows: Iterable[Mapping[str, Any]], limit: float) -> Check:
    """Criterion 2: the alerts of every drill that had to be a crisis were received on both topics within the limit.

    Not only the plan's one: without those that were timed by the dozen, it has failed.
    """
    crises = [row for row in rows if row["expected_route"] == "crisis"]
    if len(crises) < FEWEST_CRISES:
        return Check(
            "2 Crisis alerts delivered in time", "failed", f"{len(crises)} crisis drills", f"at least {FEWEST_CRISES}"
        )
    times = [row[key] for row in crises for key in ("trusted_seconds", "operations_seconds")]
    missing = sum(seconds is None for seconds in times)
    name, expected = "2 Crisis alerts delivered in time", f"under {limit:g} s"
    if missing or not times:
        return Check(name, "failed", f"{missing} alerts not received" if times else "no crisis drill", expected)
    found = f"slowest of {len(times)} alerts {max(times):.2f} s"
    return Check(name, "passed" if max(times) < limit else "failed", found, expected)


def undisturbed(
    ordinary: Mapping[str, Any] | None, before: Mapping[str, Any], now: Mapping[str, Any], others: Sequence[Check]
) -> Check:
    """Criterion 3: an ordinary check-in completes, what existed is as it was, and each of `others` passed.

    It is no better than the worst of them: one that was not exercised makes it so.
    """
    changed = [name for name in before if before[name] != now.get(name)]
    broken = ordinary is None or not good(ordinary)
    words = [*(["the ordinary check-in did not complete"] if broken else []), *(f"{name} changed" for name in changed)]
    if not before:
        words.append("preflight recorded nothing to compare with")
    words += [f"{check.name}: {check.found}" for check in others if check.status == "failed"]
    name, expected = "3 No disruption to existing workflows", "nothing disturbed"
    if words:
        return Check(name, "failed", "; ".join(words), expected)
    unanswered = [check for check in others if check.status != "passed"]
    said = [f"{check.name}: {check.found if check in unanswered else 'passed'}" for check in others]
    found = "; ".join(["ordinary check-in completed", f"{', '.join(before)} unchanged", *said])
    return Check(name, unanswered[0].status if unanswered else "passed", found, expected)


def successful_executions(frame: pd.DataFrame) -> Check:
    """Criterion 4: CloudWatch counts successful executions after the change. No datapoint is not zero."""
    counted = (
        frame.loc[frame["metric"] == "ExecutionsSucceeded", "value"] if not frame.empty else pd.Series(dtype=float)
    )
    counted = counted.dropna()
    found = "no datapoint" if counted.empty else f"{counted.sum():g} succeeded since the change"
    passed = not counted.empty and counted.sum() > 0
    return Check("4 CloudWatch shows successful executions", "passed" if passed else "failed", found, "at least one")


def metrics_visible(shown: Mapping[str, bool]) -> Check:
    """Criterion 5: every metric of the dashboard's Phase 3 widgets has a datapoint. `shown`: metric -> has one."""
    dark = [name for name, seen in shown.items() if not seen]
    found = f"{len(shown) - len(dark)} of {len(shown)} metrics have datapoints" + (
        f"; without: {', '.join(dark)}" if dark else ""
    )
    passed = bool(shown) and not dark
    return Check("5 New metrics visible in dashboard", "passed" if passed else "failed", found, "all")
