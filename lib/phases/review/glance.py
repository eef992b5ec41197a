"""The change at a glance: what the eight small charts show, out of what a review has read. Calls nothing."""

from collections.abc import Sequence
from math import isnan

import pandas as pd

from lib.checks import WORST_FIRST, Check, Status
from lib.phases.review import delivery_tables
from lib.phases.review.asked_window import words
from lib.phases.review.reading import Reading
from lib.phases.review.sparklines import NOTHING, Sparkline, in_buckets
from lib.routes import Route
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.execution_status import Ending, When, Who
from lib.telemetry.metrics import PERCENTILES
from lib.values.check_registry import Id

HALF, _, _ = PERCENTILES
FUNCTIONS = "Do functions fail?"


def sparklines(read: Reading, limit_seconds: float) -> list[Sparkline]:
    """The eight, in the order in which somebody asks; a verdict is that of the check below which says it in full."""
    answers = {one.id: one for one in (*read.undisturbed, *read.alerts)}
    first, last = pd.Timestamp(read.window.start), pd.Timestamp(read.window.end)
    return [
        _success(read, answers[Id.SUCCESS_RATE], first, last),
        _speed(read, answers[Id.AS_FAST], limit_seconds),
        _route(read, Route.CRISIS, "How many crises?", answers[Id.AS_FORECAST], "far more or fewer than forecast"),
        _latency(read, answers[Id.REAL_LATENCY], limit_seconds),
        _lost(read, answers[Id.RECONCILED]),
        _delivered(read, answers[Id.UNDELIVERED]),
        _errors(read),
        _route(read, Route.UNSCORED, "How many could nobody score?", answers[Id.UNSCORED_SHARE], "any at all"),
    ]


def _success(read: Reading, check: Check, first: pd.Timestamp, last: pd.Timestamp) -> Sparkline:
    """What is compared lies weeks before: it stands beside the same hours after the change."""
    seen = read.seen[(read.seen["who"] == Who.CHECKINS) & (read.seen["outcome"] != Ending.RUNNING)]
    inside = seen["started"].between(first, last)
    earlier = seen[~inside & (seen["when"] == When.BEFORE)]
    ahead = _begin(read) - pd.Timestamp((read.window.compared or (read.window.start,))[0])
    rates = {when: _rate(read.split, when) for when in (When.BEFORE, When.AFTER)}
    return Sparkline(
        "Do check-ins succeed?",
        "% of check-ins",
        _shares(seen[inside], first, last),
        rates[When.BEFORE],
        rates[When.AFTER],
        check.status,
        "a step down",
        beside=_shares(earlier.assign(started=earlier["started"] + ahead), _begin(read), last),
    )


def _shares(ended: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    return in_buckets(ended["started"], first, last, (ended["outcome"] == Ending.SUCCEEDED) * 100.0)


def _rate(split: pd.DataFrame, when: When) -> str:
    mine = split[(split["who"] == Who.CHECKINS) & (split["when"] == when)]["rate"].dropna()
    return f"{mine.iloc[0]:.1%}" if len(mine) else NOTHING


def _speed(read: Reading, check: Check, limit: float) -> Sparkline:
    points = read.timed[read.timed["metric"] == HALF][["time", "value"]].assign(
        value=lambda frame: frame["value"] / 1000
    )
    sides = [points[points["time"] < _begin(read)], points[points["time"] >= _begin(read)]]
    before, after = (f"{part['value'].median():.2g} s" if len(part) else NOTHING for part in sides)
    return Sparkline(
        "How long do executions take?", "s, half of them", points, before, after, check.status, "a step up", limit
    )


def _begin(read: Reading) -> pd.Timestamp:
    return pd.Timestamp(read.deliveries.begin)


def _route(read: Reading, route: Route, question: str, check: Check, worry: str) -> Sparkline:
    real = read.routes_since
    mine = real[(real["route"] == route) & ~real["drill"].astype(bool)]
    points = (
        in_buckets(mine["time"], _begin(read), pd.Timestamp(read.window.end))
        if len(real)
        else mine[["time"]].assign(value=0.0)
    )
    forecast = f"{read.forecast.a_day(str(route)):.3g} a day forecast" if read.forecast else "no forecast"
    after = f"{len(mine):,} in {words(read.window.end - read.deliveries.begin)}" if len(real) else NOTHING
    return Sparkline(question, "check-ins", points, forecast, after, check.status, worry)


def _latency(read: Reading, check: Check, limit: float) -> Sparkline:
    real = read.deliveries.alerts
    known = real[~real["drill"]].dropna(subset=["seconds"])
    points = known.rename(columns={"seconds": "value"})[["started", "value"]].rename(columns={"started": "time"})
    drilled = read.drills["seconds"].dropna() if len(read.drills) else pd.Series(dtype=float)
    before = f"{drilled.max():.2g} s slowest drill" if len(drilled) else "no drill"
    after = f"{known['seconds'].max():.2g} s slowest of {len(known):,}" if len(known) else "no real alert"
    return Sparkline(
        "How long until a real alert is accepted?",
        "s",
        points,
        before,
        after,
        check.status,
        "any is later",
        limit,
    )


def _lost(read: Reading, check: Check) -> Sparkline:
    rows = read.deliveries.compared
    points = rows.groupby("hour", as_index=False)["missing"].sum().rename(columns={"hour": "time", "missing": "value"})
    alerts = len(read.deliveries.alerts)
    after = f"{int(rows['missing'].sum())} missing, {alerts:,} alerts sent" if len(rows) else NOTHING
    return Sparkline(
        "Was every alert carried on?", "missing in an hour", points, "not compared", after, check.status, "any at all"
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
    return Sparkline(FUNCTIONS, "errors and throttles", points, before, after, verdict, "more than before")


def _over_time(read: Reading, thing: Thing, wanted: Sequence[Metric]) -> pd.DataFrame:
    counted = read.deliveries.counted
    mine = counted[(counted["thing"] == thing) & counted["metric"].isin([str(one) for one in wanted])]
    return mine.groupby("time", as_index=False)["value"].sum()


def _sums(read: Reading, thing: Thing, wanted: Sequence[Metric]) -> tuple[str, str]:
    """Of as long a time before, and after."""
    frames = (read.deliveries.before, read.deliveries.after)
    scales = (delivery_tables.scale(read.deliveries), 1.0)
    said = []
    for frame, scale in zip(frames, scales, strict=True):
        values = [] if frame is None else [counts.total(frame, thing, one) for one in wanted]
        known = [value for value in values if not isnan(value)]
        said.append(f"{sum(known) * scale:,.3g}" if known else delivery_tables.NO_DATA)
    return said[0], said[1]
