"""What the review's charts answer in words: before and after, check-ins and drills apart. Pure pandas, no AWS."""

from datetime import datetime
from math import isinf

import pandas as pd

from lib import routes
from lib.display.charts.style import duration_words
from lib.drills import latency
from lib.routes import Route, Unrouted, is_drill
from lib.telemetry import exact_tests
from lib.telemetry.exact_tests import percent
from lib.telemetry.execution_status import When, Who
from lib.telemetry.streams import log_columns
from lib.values.check_registry import UNREADABLE
from lib.values.numbers import plural

FEWEST_FOR_P99 = 100  # of fewer, the p99 is the slowest one


def success_of_all(frame: pd.DataFrame, change_at: datetime | None) -> str:
    """How many executions succeeded as CloudWatch counts, which cannot tell check-ins from drills."""

    def words(row: pd.Series) -> str:
        prefix = "" if row["when"] == When.ALL else f"{row['when']}: "
        if not row["finished"]:
            return f"{prefix}none finished"
        return f"{prefix}{row['succeeded']:,.0f} of {row['finished']:,.0f} succeeded ({_interval(row)})"

    rows = exact_tests.success_rate(frame, change_at)
    *first, last = [words(row) for _, row in rows.iterrows()]
    between = " · " if len(first) < 2 else " ·\n"  # three do not fit into one line
    return (
        between.join([" · ".join(first), last] if first else [last]) + ", 95 % interval; check-ins and drills together"
    )


def success_apart(counted: pd.DataFrame) -> str:
    """Of check-ins and of drills, how many succeeded before and after. `counted`: `outcomes.table`."""

    def words(row: pd.Series) -> str:
        said = f"{row['who']}{'' if row['when'] == When.ALL else ' ' + row['when']}: "
        sure = f" ({_interval(row)})" if row["who"] == Who.CHECKINS else ""
        said += f"{row['succeeded']:,} of {row['finished']:,} succeeded{sure}" if row["finished"] else "none finished"
        said += f", {row['too long']:,} ran too long" if row["too long"] else ""
        said += f", {row['in doubt']:,} IN DOUBT" if row["in doubt"] else ""
        return said + (f", {row['still running']:,} still run" if row["still running"] else "")

    checkins, drills = (" · ".join(words(row) for _, row in counted[counted["who"] == who].iterrows()) for who in Who)
    return f"{checkins}, 95 % interval\n{drills} (the bars hold both: CloudWatch cannot tell them apart)"


def _interval(row: pd.Series) -> str:
    return f"{percent(row['low'])} to {percent(row['high'])}"


def like_with_like(took: pd.DataFrame) -> str:
    """Percentiles of the same number of check-ins before and after: of more, the slowest is slower by chance alone.

    `took`: `outcomes.durations`. One that still runs after the limit is infinitely slow, as a lost alert is.
    """
    mine = took[took["who"] == Who.CHECKINS]
    whens = (When.ALL,) if set(mine["when"]) == {When.ALL} else (When.BEFORE, When.AFTER)
    sides = {when: mine.loc[mine["when"] == when, "seconds"] for when in whens}
    number = min(len(side) for side in sides.values())
    if all(side.empty for side in sides.values()):
        return "no check-in has ended in this window: nothing to compare"
    if not number:
        lacking = " and ".join(when for when, side in sides.items() if side.empty)
        return f"no check-in has ended {lacking} the change in this window: nothing to compare"
    shares = (0.5, 0.95, 0.99) if number >= FEWEST_FOR_P99 else (0.5, 0.95)
    said = [f"{when}: {_percentiles(side.tail(number), shares)}" for when, side in sides.items()]
    failed = took.attrs.get("failed", 0)
    return (
        f"{' · '.join(said)}; of the newest {plural(number, 'check-in')}{' each' if len(said) > 1 else ''}, no drills"
        + (f", {failed:,} failed left out" if failed else "")
    )


def _percentiles(seconds: pd.Series, shares: tuple[float, ...]) -> str:
    values = [(share, latency.percentile(seconds, share)) for share in shares]
    said = ", ".join(
        f"p{share * 100:.0f} {'NEVER' if isinf(value) else duration_words(value)}" for share, value in values
    )
    stuck = int(seconds.map(isinf).sum())
    return f"{said} ({stuck:,} STILL RUN)" if stuck else said


def medians(seconds: pd.DataFrame, change_at: datetime | None) -> str:
    """The median of the periods' p99s: the highest of more periods would be higher by chance alone."""

    def middle(rows: pd.DataFrame) -> str:
        p99s = rows.loc[rows["metric"] == "p99", "value"]
        return f"{duration_words(p99s.median())} of {plural(len(p99s), 'period')}" if len(p99s) else "no datapoints"

    if change_at is None:
        return f"median p99: {middle(seconds)}"
    later = seconds["time"] >= pd.Timestamp(change_at)
    return f"median p99 before: {middle(seconds[~later])} · after: {middle(seconds[later])}"


def alert_counts(frame: pd.DataFrame, drills: pd.Series) -> str:
    """How many check-ins raised an alert and how many drills, apart, and how many reached no route; and what of the log
    could not be read, or is not in it. A drilled crisis is a crisis drill, and one that fails on purpose is named."""

    def words(part: pd.DataFrame, who: str, crisis: str) -> str:
        if part.empty:
            return f"no {who}"
        routes.require_known(part["route"])
        counted = part["route"].value_counts()
        crises, lost = int(counted.get(Route.CRISIS, 0)), part.loc[part["route"] == Unrouted.NO_ROUTE, "execution"]
        meant = sum(is_drill(str(arn).rsplit(":", 1)[-1], UNREADABLE) for arn in lost)
        nowhere = len(lost) - meant
        alerts = int(sum(counted.get(route, 0) for route in routes.ALERTING))
        said = f"{alerts:,} of {plural(len(part), who)} raised an alert, {crises:,} of them {crisis}"
        said += f", {meant:,} failed on purpose ({UNREADABLE})" if meant else ""
        return said + (f", {nowhere:,} REACHED NO ROUTE" if nowhere else "")

    running = int(frame.attrs.get("open", 0))
    said = [words(frame[~drills], "check-in", "crises"), words(frame[drills], "drill", "crisis drills")]
    said += [f"{running:,} under way without a route yet"] if running else []
    said += [log_columns.unread(frame), *(str(frame.attrs.get(key, "")) for key in ("cut", "missing"))]
    return " · ".join(filter(None, said))
