"""Past check-ins routed by the live definition and by the new one, before anything is applied. Read-only; no text.

What the bucket recorded is routed, not what Step Functions ran: the executions are counted beside it, as a measure of
how much of the past this is.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from lib import routes
from lib.asl.answer_fields import ABSENT_CELL, is_words, merge_needs
from lib.asl.router import CANNOT_TELL, FAILED, Router
from lib.aws import Live
from lib.errors import BadParameters
from lib.phases.proofs import started_executions
from lib.phases.proofs.started_executions import Started
from lib.record.records import Record
from lib.telemetry import checkin_frames, checkins
from lib.telemetry.checkin_frames import CONTRACT
from lib.telemetry.checkin_reading import USUAL, Outlook, outlook
from lib.telemetry.checkins import Coverage
from lib.telemetry.route_moves import WORDS, Move
from lib.values import csv_text

COLUMNS = ["from", "to", "alert", "count", "share"]
NO_JSON = ("NaN", "Infinity", "-Infinity")  # as Python writes a number that is none, and JSON knows no such word
CHANGING = (Move.LOWER, Move.HIGHER, Move.OTHER)


@dataclass(frozen=True)
class Backtest:
    """What both definitions make of the recorded check-ins.

    `moves` has a row a pair of routes: from, to, alert (lower, unknown, higher, other, same), count, share of those
    read. `unheld` are fields that a definition decides by and the bucket does not hold; `taken` those that it only
    passes on, which are taken to be there. `trouble` says why nothing could be routed. `split` says what of the
    check-ins runs the definition of today, where not all of them do (`names.running_definition`). `first` is when the
    earliest of those read was recorded: the bucket may be younger than the time that is looked at. `no_json`: so many
    hold a score that is no JSON, and nobody can tell of them.
    """

    start: datetime
    end: datetime
    moves: pd.DataFrame
    coverage: Coverage
    started: Started
    unheld: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    trouble: str = ""
    split: str = ""
    first: datetime | None = None
    no_json: int = 0

    @property
    def routed(self) -> int:
        return int(self.moves["count"].sum())

    @property
    def changing(self) -> int:
        return self.counted(*CHANGING)

    @property
    def lower(self) -> pd.DataFrame:
        """Those that would get a lower alert than today."""
        return self.moves[self.moves["alert"] == Move.LOWER]

    def counted(self, *alerts: Move) -> int:
        return int(self.moves.loc[self.moves["alert"].isin(alerts), "count"].sum())

    @property
    def all_routed(self) -> bool:
        """Whether every recorded check-in has a route by both definitions, and runs the one of today."""
        every = self.coverage.complete and self.routed >= self.coverage.recorded and not self.counted(Move.UNKNOWN)
        return every and not self.split

    @property
    def part(self) -> str:
        """How much of what is recorded this is, where it is not all."""
        read = "" if self.coverage.complete else f"{self.coverage.read:,} of {self.coverage.recorded:,} read"
        return ", ".join(filter(None, [read, self.split and "today's definition is not that of all"]))


def reading_ahead(
    live: Live,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    record: Record | None = None,
    now: Callable[[], datetime] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outlook:
    """What there is to read of the last `backtest_days` days for these definitions, and how long it takes. Read-only.

    With a record, what is read is kept there by day, and what it holds already is not read again.
    """
    end = now() if now else datetime.now(UTC)
    fields = [router.fields for router in _routers(old, new) if isinstance(router, Router)]
    return outlook(
        live, end - timedelta(days=live.settings.backtest_days), end, record, merge_needs(USUAL, *fields), clock
    )


def _routers(*definitions: Mapping[str, Any]) -> list[Router | str]:
    """A router each, or why there is none."""
    routers = list[Router | str]()
    for definition in definitions:
        try:
            routers.append(Router(definition))
        except BadParameters as error:
            routers.append(f"a definition cannot be followed here: {error}")
    return routers


def run(ahead: Outlook, old: Mapping[str, Any], new: Mapping[str, Any], split: str = "") -> Backtest:
    """Read what there is, within its time, and route it by both definitions. Read-only.

    `split`: what of the check-ins does not run the old one, in words; "" where all do.
    """
    history = checkins.history(ahead)
    coverage, cells = history.attrs["coverage"], checkin_frames.cells(history)
    mine = fields_held(cells)
    routers = _routers(old, new)
    trouble = next((router for router in routers if isinstance(router, str)), "")
    moves = pd.DataFrame(columns=COLUMNS)
    if history.empty:
        trouble = f"no check-in is recorded in that time, or none could be read{coverage.bound(0)}"
    if not trouble:
        try:
            before, after = (routes_of(router, cells[mine]) for router in routers if isinstance(router, Router))
            moves = count_moves(before, after)
        except BadParameters as error:
            trouble = f"a definition cannot be followed here: {error}"
    started = started_executions.count_started(ahead.live, ahead.start, ahead.end)
    unheld, taken = _beside([router for router in routers if isinstance(router, Router)], mine)
    first = None if history.empty else history["time"].min().to_pydatetime()
    broken = int(_no_json(cells[mine]).sum())
    return Backtest(ahead.start, ahead.end, moves, coverage, started, unheld, taken, trouble, split, first, broken)


def routes_of(router: Router, cells: pd.DataFrame) -> pd.Series:
    """The route of each check-in. Of an answer that is no JSON nobody can tell: AWS may fail its execution."""
    return router.routes(cells).mask(_no_json(cells), CANNOT_TELL)


def _no_json(cells: pd.DataFrame) -> pd.Series:
    """Of each check-in, whether the processor's answer was no JSON, as far as what is kept of it shows."""
    return cells.isin(NO_JSON).any(axis=1)


def fields_held(cells: pd.DataFrame) -> list[str]:
    """The fields that the bucket holds: one that no object has says nothing of the answers, but for the scores."""
    return [field for field in cells if field in CONTRACT or (cells[field] != ABSENT_CELL).any()]


def _beside(routers: Sequence[Router], mine: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fields that the bucket does not hold: those that decide, and those that are only passed on."""
    decisive = {field for router in routers for field in router.fields.decisive}
    passed = {field for router in routers for field in (*router.fields.passed, *router.fields.compared)}
    passed = {field for field in passed if field not in mine or is_words(field)} - decisive
    return tuple(sorted(decisive - set(mine))), tuple(sorted(passed))


def count_moves(before: Sequence[str] | pd.Series, after: Sequence[str] | pd.Series) -> pd.DataFrame:
    """A row a pair of routes, those that change first, and among them a lower alert before all."""
    pairs = pd.DataFrame({"from": list(before), "to": list(after)}, dtype=object)
    moves = pairs.value_counts(sort=False).rename("count").reset_index()
    moves["alert"] = [_alert(old, new).value for old, new in zip(moves["from"], moves["to"], strict=True)]
    moves["share"] = moves["count"] / max(len(pairs), 1)
    order = moves["alert"].map({alert: at for at, alert in enumerate(Move)})
    moves = moves.assign(order=order).sort_values(["order", "count"], ascending=[True, False], ignore_index=True)
    return moves[COLUMNS]


def _alert(old: str, new: str) -> Move:
    """Whether the new route is a higher or lower alert; `other` is another route of the same level."""
    if CANNOT_TELL in (old, new):
        return Move.UNKNOWN
    if old == new:
        return Move.SAME
    if new == FAILED:
        return Move.LOWER  # an execution that AWS fails tells nobody
    before, after = routes.level(old), routes.level(new)
    return Move.HIGHER if after > before else Move.LOWER if after < before else Move.OTHER


def totals(backtest: Backtest) -> list[dict[str, str]]:
    """What was read and routed, and how much of the past it is, as a table."""
    count, coverage = backtest.started.count, backtest.coverage
    rows = {
        "from (UTC)": f"{backtest.start:%Y-%m-%d %H:%M}",
        "until (UTC)": f"{backtest.end:%Y-%m-%d %H:%M}",
        "check-ins recorded": f"{coverage.recorded:,}" + ("" if coverage.whole else ", and more that were not listed"),
        "of them read": f"{coverage.read:,}",
        "check-ins read and routed": f"{backtest.routed:,}",
        "of them changing route": f"{backtest.changing:,}",
        "of them to a LOWER alert than today": f"{backtest.counted(Move.LOWER):,}",
        "of them nobody can tell": f"{backtest.counted(Move.UNKNOWN):,}",
        "objects that could not be read": f"{coverage.unreadable:,}",
        "executions": f"{'nobody knows' if count is None else f'{count:,}'}: {backtest.started.source}",
        "decided by, and not held by the bucket": ", ".join(backtest.unheld) or "nothing",
        "passed on, not held by the bucket, and taken to be there": ", ".join(backtest.taken) or "nothing",
    }
    rows |= {"today's definition": backtest.split} if backtest.split else {}
    return [{"what": what, "count": count} for what, count in rows.items()]


def table(backtest: Backtest) -> pd.DataFrame:
    """The moves as a table for people; a lower alert first, and loud."""
    alert = backtest.moves["alert"].map(WORDS.__getitem__)
    shown = backtest.moves.assign(share=backtest.moves["share"].map("{:.1%}".format), alert=alert)
    return shown.rename(columns={"from": "today", "to": "new", "count": "check-ins", "share": "share of check-ins"})


def keep(record: Record, backtest: Backtest) -> None:
    """Keep the moves and the totals as evidence."""
    record.keep_text("evidence/backtest.csv", csv_text.of_frame(backtest.moves))
    record.keep_json(
        "evidence/backtest.json",
        {
            "start": backtest.start.isoformat(),
            "end": backtest.end.isoformat(),
            "first": backtest.first.isoformat() if backtest.first else None,
            "routed": backtest.routed,
            "changing": backtest.changing,
            "lower": backtest.counted(Move.LOWER),
            "unknown": backtest.counted(Move.UNKNOWN),
            "split": backtest.split,
            "recorded": backtest.coverage.recorded,
            "read": backtest.coverage.read,
            "least_share_of_a_day": backtest.coverage.share,
            "listed_to_the_end": backtest.coverage.whole,
            "lower_at_most_95_percent_sure": backtest.coverage.most(backtest.counted(Move.LOWER)),
            "unreadable": backtest.coverage.unreadable,
            "unreadable_by_reason": dict(backtest.coverage.reasons),
            "executions": backtest.started.count,
            "executions_source": backtest.started.source,
            "decided_by_but_not_held": list(backtest.unheld),
            "taken_to_be_there": list(backtest.taken),
            "trouble": backtest.trouble,
        },
    )
