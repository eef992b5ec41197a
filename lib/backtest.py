"""Past check-ins routed by the live definition and by the new one, before anything is applied. Read-only; no text.

What the bucket recorded is routed, not what Step Functions ran: the executions are counted beside it, as a measure of
how much of the past this is.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from lib import checkins, executions
from lib.aws import Live
from lib.checks import Check
from lib.errors import BadParameters
from lib.payloads import FailsExecution
from lib.records import Record
from lib.router import FAILED, LEVELS, Router
from lib.tuning import results

COLUMNS = ["from", "to", "alert", "count", "share"]
COVERED = 0.8  # of the executions, so many must be among the recorded check-ins; some fail before they are recorded
MOST_EXECUTIONS = 20_000
DRILL = "drill-"


@dataclass(frozen=True)
class Backtest:
    """What both definitions make of the recorded check-ins.

    `moves` has a row a pair of routes: from, to, alert (higher, lower, same), count, share of all. `trouble` says why
    nothing could be routed.
    """

    start: datetime
    end: datetime
    moves: pd.DataFrame
    unreadable: int
    executions: int
    all_listed: bool
    trouble: str = ""

    @property
    def routed(self) -> int:
        return int(self.moves["count"].sum())

    @property
    def changing(self) -> int:
        return int(self.moves.loc[self.moves["from"] != self.moves["to"], "count"].sum())

    @property
    def lower(self) -> pd.DataFrame:
        """Those that would get a lower alert than today."""
        return self.moves[self.moves["alert"] == "lower"]


def run(
    live: Live, old: Mapping[str, Any], new: Mapping[str, Any], now: Callable[[], datetime] | None = None
) -> Backtest:
    """Route the check-ins of the last `backtest_days` days by both definitions. Read-only."""
    end = now() if now else datetime.now(UTC)
    start = end - timedelta(days=live.settings.backtest_days)
    history = checkins.recorded(live, start, end)
    listed = executions.since(live, start, MOST_EXECUTIONS)
    ordinary = sum(not row["name"].startswith(DRILL) for row in listed)
    moves, trouble = _moves(history, old, new)
    unreadable = int(history.attrs["unreadable"])
    return Backtest(start, end, moves, unreadable, ordinary, len(listed) < MOST_EXECUTIONS, trouble)


def _moves(history: pd.DataFrame, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[pd.DataFrame, str]:
    if history.empty:
        return pd.DataFrame(columns=COLUMNS), "no check-in is recorded in that time"
    try:
        before, after = (routes(definition, history) for definition in (old, new))
    except BadParameters as error:
        return pd.DataFrame(columns=COLUMNS), f"a definition cannot be followed here: {error}"
    return counted(before, after), ""


def routes(definition: Mapping[str, Any], history: pd.DataFrame) -> list[str]:
    """The route of every recorded check-in; `failed` where AWS would fail the execution."""
    router = Router(definition)
    return [_route(router, checkin) for checkin in results(history)]


def _route(router: Router, checkin: Mapping[str, Any]) -> str:
    try:
        return router.route(checkin)
    except FailsExecution:
        return FAILED


def counted(before: list[str], after: list[str]) -> pd.DataFrame:
    """A row a pair of routes, those that change first, and among them a lower alert before all."""
    pairs = Counter(zip(before, after, strict=True))
    rows = [
        {"from": old, "to": new, "alert": _alert(old, new), "count": count, "share": count / len(before)}
        for (old, new), count in pairs.items()
    ]
    order = ["lower", "higher", "other", "same"]
    rows.sort(key=lambda row: (order.index(str(row["alert"])), -float(str(row["count"]))))
    return pd.DataFrame(rows, columns=COLUMNS)


def _alert(old: str, new: str) -> str:
    """Whether the new route is a higher or lower alert; `other` is another route of the same level."""
    if old == new:
        return "same"
    if new == FAILED:
        return "lower"  # an execution that AWS fails tells nobody
    return "higher" if LEVELS[new] > LEVELS[old] else "lower" if LEVELS[new] < LEVELS[old] else "other"


def totals(found: Backtest) -> list[dict[str, Any]]:
    """What was read and routed, and how much of the past it is, as a table."""
    executed = f"{found.executions:,}" + ("" if found.all_listed else f" of the latest {MOST_EXECUTIONS:,}")
    return [
        {"what": "from (UTC)", "count": f"{found.start:%Y-%m-%d %H:%M}"},
        {"what": "until (UTC)", "count": f"{found.end:%Y-%m-%d %H:%M}"},
        {"what": "check-ins read and routed", "count": f"{found.routed:,}"},
        {"what": "of them changing route", "count": f"{found.changing:,}"},
        {"what": "of them to a LOWER alert than today", "count": f"{int(found.lower['count'].sum()):,}"},
        {"what": "objects that could not be read", "count": f"{found.unreadable:,}"},
        {"what": "executions that AWS lists, without drills", "count": executed},
    ]


def table(found: Backtest) -> pd.DataFrame:
    """The moves as a table for people; a lower alert first, and loud."""
    words = {"lower": "LOWER than today", "other": "another, of the same level", "higher": "higher", "same": "the same"}
    shown = found.moves.assign(share=found.moves["share"].map("{:.1%}".format), alert=found.moves["alert"].map(words))
    return shown.rename(columns={"from": "today", "to": "new", "count": "check-ins"})


def checks(found: Backtest) -> list[Check]:
    """Whether the past could be routed, whether all of it could be read, and whether anybody would hear less."""
    if found.trouble:
        expected = "every recorded check-in routed by both definitions"
        return [Check("backtest", "not exercised here", found.trouble, expected)]
    lower = int(found.lower["count"].sum())
    failing = int(found.moves.loc[(found.moves["to"] == FAILED) & (found.moves["from"] != FAILED), "count"].sum())
    whose = "; ".join(f"{row['count']} from {row['from']} to {row['to']}" for _, row in found.lower.iterrows())
    return [
        Check(
            "backtest: the new definition fails on no check-in",
            "failed" if failing else "passed",
            f"{failing:,} of {found.routed:,} would fail",
            "none",
        ),
        Check(
            "backtest: the bucket tells of every execution",
            "waiting" if found.routed < found.executions * COVERED else "passed",
            f"{found.routed:,} check-ins, {found.executions:,} executions",
            "about as many, or looked at by people",
        ),
        Check(
            "backtest: every recorded object is readable",
            "waiting" if found.unreadable else "passed",
            f"{found.unreadable:,} could not be read" + (", so nobody knows their route" if found.unreadable else ""),
            "0, or looked at by people",
        ),
        Check(
            "backtest: nobody would get a LOWER alert than today",
            "waiting" if lower else "passed",
            f"{lower:,} of {found.routed:,} would" + (f": {whose}. Somebody must have decided that" if whose else ""),
            "0, or decided by people",
        ),
    ]


def keep(record: Record, found: Backtest) -> None:
    """Keep the moves and the totals as evidence."""
    record.keep_text("evidence/backtest.csv", found.moves.to_csv(index=False))
    record.keep_json(
        "evidence/backtest.json",
        {
            "start": found.start.isoformat(),
            "end": found.end.isoformat(),
            "routed": found.routed,
            "changing": found.changing,
            "lower": int(found.lower["count"].sum()),
            "unreadable": found.unreadable,
            "executions": found.executions,
            "all_executions_listed": found.all_listed,
            "trouble": found.trouble,
        },
    )
