"""The change at a glance: what the eight small charts show, out of what a review has read. Calls nothing."""

from collections.abc import Sequence
from datetime import timedelta
from math import isnan

import pandas as pd

from lib.checks import WORST_FIRST, Check, Status
from lib.drills import latency
from lib.phases.review import delivery_tables
from lib.phases.review.reading import Reading
from lib.phases.review.sparklines import NOTHING, Sparkline, at_middles, in_parts, longest, parts
from lib.routes import Route, Unrouted
from lib.telemetry import outcomes
from lib.telemetry.deliveries import counts, reconciliation
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.execution_status import Ending, When, Who
from lib.telemetry.metrics import PERCENTILES
from lib.telemetry.streams import log_columns
from lib.values.check_registry import Id
from lib.values.numbers import say_number, say_roughly

HALF, _, _ = PERCENTILES
AN_HOUR = timedelta(hours=1)
FUNCTIONS = "Do functions fail?"


def sparklines(read: Reading, limit_seconds: float) -> list[Sparkline]:
    """The eight, in the order in which somebody asks; a verdict is that of the check below which says it in full, and
    of whether check-ins succeed the worst of two: the share of all of them hides an hour in which all failed."""
    answers = {one.id: one for one in (*read.undisturbed, *read.alerts)}
    succeed = (answers[Id.SUCCESS_RATE], answers[Id.NO_WORSE_PART])
    first, last = pd.Timestamp(read.window.start), pd.Timestamp(read.window.end)
    return [
        _success(read, min(succeed, key=lambda one: WORST_FIRST.index(one.status)), first, last),
        _speed(read, answers[Id.AS_FAST], limit_seconds),
        _route(read, Route.CRISIS, "How many crises?", answers[Id.AS_FORECAST], "far more or fewer than forecast"),
        _latency(read, answers[Id.REAL_LATENCY], limit_seconds),
        _lost(read, answers[Id.RECONCILED]),
        _delivered(read, answers[Id.UNDELIVERED]),
        _errors(read),
        _route(read, Route.UNSCORED, "How many could nobody score?", answers[Id.UNSCORED_SHARE], "any at all"),
    ]


def _success(read: Reading, check: Check, first: pd.Timestamp, last: pd.Timestamp) -> Sparkline:
    """What is compared lies weeks before, or right before: it stands beside the time after the change."""
    seen = read.seen[(read.seen["who"] == Who.CHECKINS) & (read.seen["outcome"] != Ending.RUNNING)]
    inside, doubted = seen["started"].between(first, last), seen["outcome"] == Ending.DOUBT
    earlier = seen[~inside & (seen["when"] == When.BEFORE)]
    compared = pd.Timestamp((read.window.compared or (read.window.start,))[0])
    edges = parts(first, last, _begin(read))
    beside = earlier.assign(started=earlier["started"] + (_begin(read) - compared))
    return Sparkline(
        "Do check-ins succeed?",
        "% of check-ins",
        _shares(seen[inside & ~doubted], edges),
        _rate(read.split, When.BEFORE),
        _rate(read.split, When.AFTER),
        check.status,
        "a step or a dip",
        period=longest(edges),
        beside=_shares(beside[beside["started"] >= _begin(read)], edges),
        beside_is=f"dotted: the time from {compared:%Y-%m-%d %H:%M} on",
        apart=tuple(seen.loc[inside & doubted, "started"]),
        apart_is="IN DOUBT",
    )


def _shares(ended: pd.DataFrame, edges: list[pd.Timestamp]) -> pd.DataFrame:
    return in_parts(ended["started"], edges, (ended["outcome"] == Ending.SUCCEEDED) * 100.0)


def _rate(split: pd.DataFrame, when: When) -> str:
    tally = outcomes.tally(split, when)
    mine = split[(split["who"] == Who.CHECKINS) & (split["when"] == when)]
    said = [str(tally)] if tally.of else []
    said += [f"{doubt:,} IN DOUBT"] if (doubt := int(mine["in doubt"].sum())) else []
    return ", ".join(said) or NOTHING


def _speed(read: Reading, check: Check, limit: float) -> Sparkline:
    points = read.timed[read.timed["metric"] == HALF][["time", "value"]].assign(
        value=lambda frame: frame["value"] / 1000
    )
    period = _period(read.timed)
    # A period in which the change came is of neither side.
    sides = [points[points["time"] + period <= _begin(read)], points[points["time"] >= _begin(read)]]
    before, after = (f"{say_number(part['value'].median())} s" if len(part) else NOTHING for part in sides)
    first, last = pd.Timestamp(read.window.start), pd.Timestamp(read.window.end)
    placed = points.assign(time=at_middles(points["time"], period, first, last))
    return Sparkline(
        "How long do executions take?", "s, half of them", placed, before, after, check.status, "a step up", limit,
        period,
    )  # fmt: skip


def _period(frame: pd.DataFrame) -> timedelta:
    return timedelta(seconds=float(frame.attrs["period_seconds"]))


def _begin(read: Reading) -> pd.Timestamp:
    return pd.Timestamp(read.deliveries.begin)


def _route(read: Reading, route: Route, question: str, check: Check, worry: str) -> Sparkline:
    """Of a log that was cut, what lies before its first line and after its last is a gap: nobody knows of it.

    A line that could not be read, or was never written, may be of any route and time: no zero is known then.
    """
    log, begin, end = read.routes_since, _begin(read), pd.Timestamp(read.window.end)
    cut, unread = str(log.attrs.get("cut", "")), bool(log.attrs.get("unreadable") or log.attrs.get("missing"))
    wanted = (route, Unrouted.NO_ROUTE) if route is Route.UNSCORED else (route,)  # neither was scored
    mine = log[log["route"].isin([str(one) for one in wanted]) & ~log["drill"].astype(bool)]
    edges = parts(begin, end, begin)
    points, period = in_parts(mine["time"], edges), longest(edges)
    if cut or log.empty:
        known = points["time"].between(log["time"].min() - period / 2, log["time"].max() + period / 2)
        points = points[known] if len(log) else points.head(0)
    points = points[points["value"] > 0] if unread else points
    forecast = f"{say_number(read.forecast.a_day(str(route)))} a day forecast" if read.forecast else "no forecast"
    whole = say_roughly(read.window.end - read.deliveries.begin)
    least = "at least " if unread else ""
    after = f"{least}{len(mine):,} in {f'a part of {whole}' if cut else whole}" if len(log) else NOTHING
    return Sparkline(
        question, "check-ins", points, forecast, after, check.status, worry, period=period,
        doubt=log_columns.unseen(log),
    )  # fmt: skip


def _latency(read: Reading, check: Check, limit: float) -> Sparkline:
    """Of crises alone, of which the verdict is; what nobody accepted has no time, and is no gap."""
    alerts = read.deliveries.alerts
    real = alerts[~alerts["drill"] & (alerts["route"] == Route.CRISIS)]
    known, refused = real.dropna(subset=["seconds"]), real[real["refused"]]
    points = known.rename(columns={"seconds": "value"})[["sent", "value"]].rename(columns={"sent": "time"})
    drills = read.drills[read.drills["route"] == Route.CRISIS]["seconds"]
    slowest, lost = latency.percentile(drills, 1), int(drills.isna().sum())
    before = f"{say_number(slowest)} s slowest drill" if len(drills) else "no drill"
    said = [f"{len(refused):,} of {len(real):,} accepted by NOBODY"] if len(refused) else []
    said += [f"{say_number(known['seconds'].max())} s slowest of {len(known):,}"] if len(known) else []
    untimed = len(real) - len(known) - len(refused)
    said += [f"{untimed:,} without a time"] if untimed else []
    return Sparkline(
        "How long until a real crisis is accepted?",
        "s",
        points,
        f"{lost:,} of {len(drills):,} drills' alerts LOST" if lost else before,
        ", ".join(said) or "no real crisis",
        check.status,
        "any is later",
        limit,
        apart=tuple(refused["sent"]),
        apart_is="accepted by NOBODY",
    )


def _lost(read: Reading, check: Check) -> Sparkline:
    first, last = _begin(read), pd.Timestamp(read.window.end)
    hours = reconciliation.missing_by_hour(read.deliveries.compared)
    hours = hours.assign(time=pd.to_datetime(hours["hour"], utc=True), value=hours["missing"].astype(float))
    hours = hours[hours["time"] < last]
    known, alerts = hours.dropna(subset=["value"]), len(read.deliveries.alerts)
    least = "at least " if known["value"].any() and (len(known) < len(hours) or hours["at_least"].any()) else ""
    missing = f"{least}{int(known['value'].sum()):,} missing"
    if len(known) < len(hours) and not known["value"].any():
        missing = f"cannot tell in {len(hours) - len(known):,} of {len(hours):,} hours"
    return Sparkline(
        "Was every alert carried on?",
        "missing in an hour",
        known.assign(time=at_middles(known["time"], AN_HOUR, first, last))[["time", "value"]],
        "not compared",
        f"{missing}, {alerts:,} alerts sent" if len(hours) else NOTHING,
        check.status,
        "any at all",
        period=AN_HOUR,
    )


def _delivered(read: Reading, check: Check) -> Sparkline:
    points = _over_time(read, Thing.TOPIC, (Metric.DELIVERED,))
    before, after = _sums(read, Thing.TOPIC, (Metric.DELIVERED,))
    return Sparkline(
        "Are notifications delivered?",
        "notifications",
        points,
        before,
        after,
        check.status,
        "none while alerts are sent",
        period=_period(read.deliveries.counted),
    )


def _errors(read: Reading) -> Sparkline:
    wanted = (Metric.ERRORS, Metric.THROTTLES)
    before, after = _sums(read, Thing.FUNCTION, wanted)
    rows = [
        row for row in delivery_tables.counted_rows(read.deliveries) if row["what"].startswith(f"{Thing.FUNCTION} ")
    ]
    states = [row["status"] for row in rows if row["metric"] in wanted]
    verdict = min(states, key=WORST_FIRST.index, default=Status.CANNOT_TELL)
    points = _over_time(read, Thing.FUNCTION, wanted)
    period = _period(read.deliveries.counted)
    return Sparkline(
        FUNCTIONS, "errors and throttles", points, before, after, verdict, "more than before", period=period
    )


def _over_time(read: Reading, thing: Thing, wanted: Sequence[Metric]) -> pd.DataFrame:
    counted = read.deliveries.counted
    mine = counted[(counted["thing"] == thing) & counted["metric"].isin([str(one) for one in wanted])]
    summed = mine.groupby("time", as_index=False)["value"].sum()
    first, last = _begin(read), pd.Timestamp(read.window.end)
    return summed.assign(time=at_middles(summed["time"], _period(counted), first, last))


def _sums(read: Reading, thing: Thing, wanted: Sequence[Metric]) -> tuple[str, str]:
    """Of as long a time before, and after."""
    frames = (read.deliveries.before, read.deliveries.after)
    scales = (delivery_tables.scale(read.deliveries), 1.0)
    said = []
    for frame, scale in zip(frames, scales, strict=True):
        values = [] if frame is None else [counts.total(frame, thing, one) for one in wanted]
        known = [value for value in values if not isnan(value)]
        said.append(say_number(sum(known) * scale) if known else delivery_tables.NO_DATA)
    return said[0], said[1]
