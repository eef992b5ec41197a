"""Real crises: how long until their alerts were sent; and the routes of real check-ins against the backtest's forecast.

From the workflow's own log, which holds no word of a check-in. Drills are left out. Read-only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from lib import routes as table
from lib.aws import Live
from lib.checks import Check, Status
from lib.errors import RunbookError
from lib.phases.review import forecast
from lib.phases.watch.checkpoint import Reading, Span
from lib.phases.watch.failures import BACK, ERROR_A_LOOK, NAMED, PART, SILENT_FROM
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.routes import Route
from lib.telemetry import executions, workflow_log
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.libraries import scipy
from lib.telemetry.streams import log_columns, log_coverage
from lib.values.check_registry import Id
from lib.values.numbers import first_of

BUSIER = 1.5  # times the forecast: at this, a route that is twice as busy is surely called, one by chance seldom
# Routes are counted once the log holds them; a crisis is looked for at once, and again for as long as it may come late.
SETTLED = timedelta(minutes=2)
STARTED, SUCCEEDED = "ExecutionStarted", "ExecutionSucceeded"  # types of the log's events
NO_FORECAST = "this run holds no backtest, so nothing was forecast"


def alerts(run: ConnectedRun, span: Span) -> Reading:
    """The answers from one read of the log. Raises RunbookError where the log names a route that nobody knows."""
    log = workflow_log.read(run.live, span.since - BACK, span.until)
    whole, log.attrs["missing"] = _whole(run.live, log, span)
    taken = workflow_log.routes(log)
    real = taken[~taken["drill"].astype(bool)]
    lacking = log_columns.unseen(log)
    counts, parts = _counted(real, span), [_counted(real, part) for part in span.parts(PART)]
    limit = run.settings.alert_limit_seconds
    crises, without_names = _crises(log, real[real["route"] == Route.CRISIS], span, limit, lacking)
    routes = _routes(run.record, parts, [*span.earlier, counts], lacking)
    return Reading([crises, routes, whole], counts, {crises.key: without_names} if without_names else {})


def _whole(live: Live, log: pd.DataFrame, span: Span) -> tuple[Check, str]:
    """Whether the log tells of each execution that Step Functions lists, drills too; and what it does not, in words."""
    name, expected = "watch: the workflow's log", "each execution that is listed, minutes later"
    first = max((span.watched_since or span.since) + log_coverage.EARLY, span.since - log_coverage.LATE)
    try:
        listed = executions.list_executions(live, first)
    except RunbookError as error:  # what the log does tell is judged all the same
        doubt = f"what else it lacks nobody can tell: {error}"
        return Check(Id.WATCH_LOG, name, Status.CANNOT_TELL, str(error), expected), doubt
    began = pd.DataFrame([(row["arn"], row["started"]) for row in listed.rows], columns=["arn", "started"])
    began["started"] = pd.to_datetime(began["started"], utc=True)
    covered = log_coverage.of_executions(log, began, first, span.until - log_coverage.LATE)
    silent, open_yet = covered.missing >= SILENT_FROM, covered.missing or listed.cut or not covered.of
    status = Status.FAILED if silent else Status.CANNOT_TELL if open_yet else Status.PASSED
    each = f"it tells of each of {covered.of} executions that began" if covered.of else "no execution to look for in it"
    said = "; ".join(filter(None, [covered.said or each, str(log.attrs.get("note", "")), listed.cut]))
    return Check(Id.WATCH_LOG, name, status, said, expected), covered.said


def _counted(real: pd.DataFrame, span: Span) -> dict[str, int]:
    """How many took each route in this time, each counted in one checkpoint alone."""
    first, last = (pd.Timestamp(moment - SETTLED) for moment in (span.since, span.until))
    mine = real[(real["time"] > first) & (real["time"] <= last)]
    return {route: int(count) for route, count in Counter(mine["route"]).items()}


def _crises(log: pd.DataFrame, crises: pd.DataFrame, span: Span, limit: float, lacking: str) -> tuple[Check, str]:
    """From the start of a crisis to the end of its execution, by which its alerts had been sent; open ones so far.

    And what was found without the names of executions, where it holds any.
    """
    name, expected = "watch: real crises alert in time", f"every alert sent within {limit:g} s of the start"
    slow, seconds = list[tuple[str, str]](), list[float]()
    for arn in crises["execution"]:
        mine = log[log["execution"] == arn]
        ended = mine[mine["name"].isin(workflow_log.ENDS)]
        if len(ended) and ended["time"].iloc[-1] <= pd.Timestamp(span.counted_since):
            continue  # an earlier checkpoint told of it
        began = mine.loc[mine["name"] == STARTED, "time"].min()
        until = ended["time"].iloc[-1] if len(ended) else pd.Timestamp(span.until)
        took = (until - began).total_seconds()  # not a number where the start was not read
        seconds.append(took)
        lost = len(ended) and ended["name"].iloc[-1] != SUCCEEDED
        if lost or not took <= limit:
            slow.append((arn.rpartition(":")[2], _so_far(took, ended)))
    if slow:
        named, unnamed = (
            f"{len(slow)} of {len(seconds)}: {first_of(one, NAMED)}"
            for one in ([" ".join(each) for each in slow], [became for _, became in slow])
        )
        return Check(Id.WATCH_CRISES, name, Status.FAILED, named, expected), unnamed
    if lacking or not seconds:
        said = lacking or "no real crisis in this time, so that there was none to time"
        return Check(Id.WATCH_CRISES, name, Status.CANNOT_TELL, said, expected), ""
    said = f"{len(seconds)}, the slowest {max(seconds):.1f} s"
    return Check(Id.WATCH_CRISES, name, Status.PASSED, said, expected), ""


def _so_far(took: float, ended: pd.DataFrame) -> str:
    how = ended["name"].iloc[-1].removeprefix("Execution").lower() if len(ended) else "still runs"
    return f"{how} after {took:.0f} s" if took == took else f"{how}, and began over an hour before"


def _routes(
    record: Record, parts: Sequence[Mapping[str, int]], counted: Sequence[Mapping[str, int]], lacking: str
) -> Check:
    """The shares of the routes against those of the backtest: in each part of the newest time, in it, in all of it."""
    name, expected = "watch: routes as busy as forecast", f"no route {BUSIER:g} times as busy as the backtest's share"
    expected_of = forecast.route_counts(record)
    if not expected_of:
        return Check(Id.WATCH_ROUTES, name, Status.CANNOT_TELL, NO_FORECAST, expected)
    whole = sum((Counter(counts) for counts in counted), Counter[str]())
    busy = [
        said
        for counts in (*parts, counted[-1], whole)
        for route in Route
        for said in _busier(route, counts, expected_of)
    ]
    of = f"{whole.total()} check-ins since the watch began"
    if busy:
        return Check(Id.WATCH_ROUTES, name, Status.FAILED, f"{'; '.join(dict.fromkeys(busy))}; {of}", expected)
    if lacking or not whole:
        return Check(Id.WATCH_ROUTES, name, Status.CANNOT_TELL, lacking or "no check-in took a route yet", expected)
    shares = ", ".join(f"{route} {whole[route]}" for route in table.in_order(whole) if whole[route])
    return Check(Id.WATCH_ROUTES, name, Status.PASSED, f"{of}: {shares}", expected)


def _busier(route: Route, counts: Mapping[str, int], routed: Mapping[str, int]) -> list[str]:
    """What is said of a route that is busier than forecast by more than chance brings; nothing of any other.

    Shares are compared, not numbers: these follow the hour of the day. A route that the backtest never saw has the
    share of one more that it did not see.
    """
    seen, of, total = counts.get(route, 0), sum(counts.values()), sum(routed.values())
    share = (routed.get(route, 0) + 1) / (total + 1)
    by_chance = float(scipy.stats.binom.sf(seen - 1, of, share)) if seen else 1.0
    if route is Route.NONE or seen < BUSIER * share * of or by_chance >= ERROR_A_LOOK:
        return []
    return [f"{route}: {seen} of {of} check-ins, where the forecast is about {share * of:.1f}"]
