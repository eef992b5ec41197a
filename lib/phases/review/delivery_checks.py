"""What a review says of alerts' way to people, as checks: nothing passes for want of a count. Calls nothing."""

from math import inf, isinf, isnan

import pandas as pd

from lib.checks import Check, Status
from lib.drills import latency
from lib.phases.review.delivered import Deliveries
from lib.phases.review.delivery_tables import ANYBODYS, LOSSES, MOST_NAMED
from lib.routes import BY_LEVEL, Route, Unrouted
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.alert_log import Way
from lib.telemetry.deliveries.reconciliation import LATE, Compared
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.exact_tests import wilson
from lib.values.check_registry import Id
from lib.values.numbers import first_of, say_count

RECONCILED = "every alert of the workflow was counted behind it, per route and hour"
UNDELIVERED = "no alert failed, was dropped or lies in a dead-letter queue"
IN_TIME = "real crisis alerts were accepted in time"
UNSCORED = "check-ins that nobody could score"
# Of real check-ins, so many may take route unscored before that is an incident: one in a hundred. Each of them tells
# operations besides; of a processor whose model fails, nearly all do, and of one that works, next to none.
MOST_UNSCORED = 0.01
# What has a datapoint wherever anything was carried at all: by these a failure that is missing is none.
ALIVE = {Thing.RULE: [Metric.TRIGGERED], Thing.FUNCTION: [Metric.INVOCATIONS], Thing.TOPIC: [Metric.DELIVERED]}


def checks(seen: Deliveries, routes: pd.DataFrame, limit_seconds: float) -> list[Check]:
    """Each question of the alerts since the change. `routes` is `workflow_log.routes`."""
    return [
        alerts_reconciled(seen),
        failures_on_the_way(seen),
        in_time(seen, limit_seconds),
        scores_lacking(taken_since(seen, routes), seen.log_gaps),
    ]


def taken_since(seen: Deliveries, routes: pd.DataFrame) -> pd.DataFrame:
    """Of the workflow's log what is of the time after the change."""
    return routes[routes["time"].between(pd.Timestamp(seen.begin), pd.Timestamp(seen.window.end))]


def alerts_reconciled(seen: Deliveries) -> Check:
    """Alerts of the log = matched by the rule = dispatcher invoked = delivered. A difference is a failure."""
    rows, expected = seen.compared, "each alert at each place behind it"
    lost, unknown, late = (
        rows[rows["state"] == state.value] for state in (Compared.LOST, Compared.CANNOT_TELL, Compared.LATE)
    )
    drills = int(seen.alerts["drill"].sum())
    said = f"{len(seen.alerts) - drills} alerts of check-ins and {drills} of drills since the change"
    if len(lost):
        return Check(Id.RECONCILED, RECONCILED, Status.FAILED, f"{said}; LOST: {_lost(lost)}", expected)
    doubts = [seen.log_gaps] if seen.log_gaps else []
    doubts += ["no alert was sent, so nothing shows that one would arrive"] if seen.alerts.empty else []
    doubts += [f"nobody can tell of {_places(unknown)}"] if len(unknown) else []
    doubts += _unsent(seen)
    doubts += [f"not counted yet, metrics are minutes late: {_places(late)}"] if len(late) else []
    more = rows[rows["state"] == Compared.MORE.value]
    said += f"; counted more than was sent: {_places(more)}" if len(more) else ""
    status = Status.CANNOT_TELL if doubts else Status.PASSED
    return Check(Id.RECONCILED, RECONCILED, status, "; ".join([said, *doubts]), expected)


def _unsent(seen: Deliveries) -> list[str]:
    """Whose route was decided a while ago, and of whom the log shows neither an alert nor an end."""
    alerts = seen.alerts
    mine = alerts[(alerts["way"] == Way.OPEN) & (alerts["sent"] < pd.Timestamp(seen.window.end - LATE))]
    named = _named(mine)
    return [f"{len(mine)} took a route and have sent no alert yet: {named}"] if len(mine) else []


def _named(alerts: pd.DataFrame) -> str:
    return first_of([str(arn).rsplit(":", 1)[-1] for arn in alerts["execution"]], MOST_NAMED)


def _lost(rows: pd.DataFrame) -> str:
    named = []
    for row in rows.itertuples(index=False):
        when = f"in the hour of {row.hour:%Y-%m-%d %H:%M} UTC"
        among = first_of(row.executions, MOST_NAMED)
        named.append(f"{row.missing} of {row.sent} not {row.place} {row.name} {when}, among {among}")
    return "; ".join(named)


def _places(rows: pd.DataFrame) -> str:
    return ", ".join(dict.fromkeys(f"{row.place} {row.name}" for row in rows.itertuples(index=False)))


def failures_on_the_way(seen: Deliveries) -> Check:
    """Whether anything of an alert's way failed since the change, and what lies in the dead-letter queues now."""
    summed, expected = seen.after, "none of each"
    bad, anybodys = (
        [
            f"{row.thing} {row.name} {row.metric}: {say_count(row.value)}"
            for row in summed.itertuples(index=False)
            if (Thing(row.thing), row.metric) in wanted and row.value > 0
        ]
        for wanted in (LOSSES, ANYBODYS)
    )
    anybodys = [f"{said} of the whole account: see whether one was the dispatcher's" for said in anybodys]
    held = [f"{one.queue} holds {one.count}" for one in seen.letters if one.count]
    emptied = _emptied(seen)
    unknown = [str(thing) for thing, alive in ALIVE.items() if not counts.has_any(seen.counted, thing, alive)]
    absent = [f"no queue {one.queue}" for one in seen.letters if one.count is None]
    if bad:
        said = "; ".join([*bad, *held, *emptied, *anybodys])
        return Check(Id.UNDELIVERED, UNDELIVERED, Status.FAILED, said, expected)
    if held or emptied or anybodys:
        here = [f"{'; '.join(held)} now: see since when, and whose they are"] if held else []
        none = [] if anybodys else ["no metric of a failure since the change"]
        said = "; ".join([*here, *emptied, *anybodys, *none])
        return Check(Id.UNDELIVERED, UNDELIVERED, Status.WAITING, said, expected)
    if unknown or absent:
        lacking = [f"CloudWatch has no datapoint of any {thing}" for thing in unknown]
        return Check(Id.UNDELIVERED, UNDELIVERED, Status.CANNOT_TELL, "; ".join([*lacking, *absent]), expected)
    said = "no failure has a datapoint, where what was carried has some"
    said += "; no dead-letter queue holds anything" if seen.letters else ""
    return Check(Id.UNDELIVERED, UNDELIVERED, Status.PASSED, said, expected)


def _emptied(seen: Deliveries) -> list[str]:
    """The queues in which something lay since the change, and nothing does now."""
    full = {one.queue for one in seen.letters if one.count}
    highest = seen.after[(seen.after["thing"] == Thing.QUEUE) & (seen.after["metric"] == Metric.VISIBLE)]
    held = highest[(highest["value"] > 0) & ~highest["name"].isin(full)]
    return [
        f"{row.name} held up to {say_count(row.value)}: see whose they were" for row in held.itertuples(index=False)
    ]


def in_time(seen: Deliveries, limit: float) -> Check:
    """Of real crises alone: from the execution's start until its last alert was accepted, by the workflow's own log."""
    mine = seen.alerts[(seen.alerts["route"] == Route.CRISIS) & ~seen.alerts["drill"]]
    expected = f"each within {limit:g} s, until EventBridge and SNS took it; what comes then only drills measure"
    known, refused = mine.dropna(subset=["seconds"]), mine[mine["refused"]]
    late, hung = known[known["seconds"] > limit], _overdue(seen, mine, limit)
    open_yet = len(mine) - len(known) - len(refused) - len(hung)

    def answer(status: Status, said: str) -> Check:
        return Check(Id.REAL_LATENCY, IN_TIME, status, said, expected)

    if mine.empty:
        return answer(
            Status.CANNOT_TELL, f"no real crisis since the change{'; ' + seen.log_gaps if seen.log_gaps else ''}"
        )
    said = (
        f"{len(known) - len(late)} of {len(mine)} in time, slowest {known['seconds'].max():.2f} s"
        if len(known)
        else f"none of {len(mine)} has a time in the log"
    )
    surely = {"LATE": late[~late["at_most"]], "NOT EVERY ALERT TAKEN": refused, "NO ALERT SENT YET": hung}
    if any(len(bad) for bad in surely.values()):
        named = [f"{word}: {_named(bad)}" for word, bad in surely.items() if len(bad)]
        return answer(Status.FAILED, "; ".join([said, *named]))
    doubt = len(late) + open_yet
    said += f"; of {doubt} the log does not show when their alerts were accepted" if doubt else ""
    said += f"; {seen.log_gaps}" if seen.log_gaps else ""
    return answer(Status.CANNOT_TELL if doubt or seen.log_gaps else Status.PASSED, said)


def _overdue(seen: Deliveries, alerts: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Those that the log shows under way for longer than the limit, without an alert or an end. Of a log that lacks
    something, none: it may lack just that."""
    going = (alerts["way"] == Way.OPEN) & ~alerts["refused"] & alerts["seconds"].isna() & (not seen.log_gaps)
    return alerts[going & ((pd.Timestamp(seen.window.end) - alerts["started"]).dt.total_seconds() > limit)]


def scores_lacking(routes: pd.DataFrame, gaps: str = "") -> Check:
    """Whether many real check-ins came without a usable score, which is an incident; each one is for people to read."""
    every = routes[~routes["drill"].astype(bool)]
    real = every[every["route"] != Unrouted.NO_ROUTE]
    count, of, never = int((real["route"] == Route.UNSCORED).sum()), len(real), len(every) - len(real)
    low, high = wilson(count, of)
    expected = f"at most {MOST_UNSCORED:.0%} of check-ins, and none that nobody has read"
    if not of or isnan(low):
        none, status = f"no check-in took a route{_unrouted(never)}", Status.WAITING if never else Status.CANNOT_TELL
        return Check(Id.UNSCORED_SHARE, UNSCORED, status, "; ".join(filter(None, [none, gaps])), expected)
    said = f"{count:,} of {of:,} ({count / of:.2%}; 95 % sure: {low:.2%} to {high:.2%}){_unrouted(never)}"
    shown = Status.PASSED if high <= MOST_UNSCORED and not gaps else Status.CANNOT_TELL
    status = Status.FAILED if low > MOST_UNSCORED else Status.WAITING if count or never else shown
    return Check(Id.UNSCORED_SHARE, UNSCORED, status, f"{said}; {gaps}" if gaps else said, expected)


def _unrouted(count: int) -> str:
    """Those that ended before a route was decided were scored by nobody either."""
    return f"; {count:,} ended without a route" if count else ""


def latency_rows(seen: Deliveries, drills: pd.DataFrame, limit: float) -> list[dict[str, object]]:
    """How long real alerts took until they were accepted, by route, beside those of drills until they were received.

    `drills` is `post_implementation_review.drill_alerts`: a lost one is NaN there, and infinitely late. So is a real
    one that was refused; how many real ones have no time in the log is said.
    """
    rows = []
    for route in BY_LEVEL:
        real = seen.alerts[(seen.alerts["route"] == route) & ~seen.alerts["drill"]]
        drilled = drills[drills["route"] == route]["seconds"] if len(drills) else pd.Series(dtype=float)
        known = real["seconds"].mask(real["refused"], inf).dropna()
        notes = "; at most" if real["at_most"].any() else ""
        notes += f"; {len(real) - len(known):,} without a time" if len(known) < len(real) else ""
        rows.append(
            {
                "what": f"route {route}",
                "real alerts": len(real),
                "half of them, until accepted": _seconds(latency.percentile(known, 0.5)) + notes,
                "slowest": _seconds(latency.percentile(known, 1)) + notes,
                f"over {limit:g} s": int((known > limit).sum()),
                "drills' alerts": len(drilled),
                "half of those, until received": _seconds(latency.percentile(drilled, 0.5)),
                "lost of those": int(drilled.isna().sum()),
            }
        )
    return rows


def _seconds(value: float) -> str:
    return "no time" if isnan(value) else "NEVER" if isinf(value) else f"{value:.2f} s"
