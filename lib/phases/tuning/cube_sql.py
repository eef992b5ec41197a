"""The cube of counts as one SQL text, the same for DuckDB over Parquet and for Athena over the same files. No AWS.

A bin is the number of thresholds of the grid that a score lies above, each compared as the double that it is. Where
they are evenly spaced the place is guessed, and then compared with both neighbours: `floor` alone mis-bins what lies
next to one. Only what both engines read alike stands in the text: no function of one, and numbers as `1E0`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib import routes
from lib.phases.tuning.cube import Grid
from lib.telemetry.history.folder import CHECKINS, microseconds, quote

UNITS = (1, 100)  # of what a threshold is a whole number: points of risk, hundredths of sentiment
Outcomes = Sequence[tuple[int, str, float]]  # mark, outcome and weight of a check-in that somebody reviewed


@dataclass(frozen=True)
class _Lattice:
    """Evenly spaced thresholds `low / unit` to `high / unit`, and the others, each a comparison of its own."""

    unit: int
    low: int
    high: int
    others: tuple[float, ...]


def count_text(grid: Grid, start: datetime, end: datetime, outcomes: Outcomes) -> str:
    """One row for each bin that holds any check-in from `start` until before `end`.

    Columns: risk, sentiment, declining, day, outcome, count, weight. The table `checkins` has moment (BIGINT,
    microseconds since 1970), risk, sentiment (DOUBLE), declining, known (BOOLEAN), mark (BIGINT) and day (DATE).
    """
    risks, sentiments = _place("risk", ">", grid.risks), _place("sentiment", ">=", grid.sentiments)
    last = (end - timedelta(microseconds=1)).date()
    outcome, weight = ("COALESCE(r.outcome, '')", "SUM(COALESCE(r.weight, 0E0))") if outcomes else ("''", "0E0")
    joined = " LEFT JOIN reviewed r ON c.mark = r.mark" if outcomes else ""
    listed = ", ".join(f"({mark}, {quote(word)}, {_double(stands)})" for mark, word, stands in outcomes)
    reviewed = f"WITH reviewed (mark, outcome, weight) AS (VALUES {listed})\n" if outcomes else ""
    return f"""{reviewed}SELECT
  CASE WHEN risk >= 0E0 AND risk <= {routes.HIGHEST_RISK:d}E0 THEN {risks} ELSE {len(grid.risks) + 1} END AS risk,
  CASE WHEN sentiment <= 1E0 THEN {sentiments} ELSE {len(grid.sentiments) + 1} END AS sentiment,
  declining, day, {outcome} AS outcome, COUNT(*) AS "count", {weight} AS weight
FROM {CHECKINS} c{joined}
WHERE known AND day BETWEEN DATE '{start.date()}' AND DATE '{last}'
  AND moment >= {microseconds(start)} AND moment < {microseconds(end)}
GROUP BY 1, 2, 3, 4, 5"""


def _place(score: str, above: str, edges: Sequence[float]) -> str:
    """How many of the edges a score lies above, as SQL."""
    even = _lattice(edges)
    terms = [f"(CASE WHEN {score} {above} {_double(one)} THEN 1 ELSE 0 END)" for one in even.others]
    if even.high >= even.low:
        unit, low, number = f"{even.unit}E0", even.low, even.high - even.low + 1
        clipped = f"LEAST(GREATEST({score}, {_double((low - 1) / even.unit)}), {_double((even.high + 1) / even.unit)})"
        guess = f"FLOOR({clipped} * {unit})"
        beyond = f"(CASE WHEN {score} {above} ({guess} + 1E0) / {unit} THEN 1 ELSE 0 END)"
        short = f"(CASE WHEN {score} {above} {guess} / {unit} THEN 0 ELSE 1 END)"
        placed = f"CAST({guess} AS BIGINT) + {beyond} - {short} - ({low - 1})"
        terms.insert(0, f"LEAST(GREATEST({placed}, 0), {number})")
    return " + ".join(terms) or "0"


def _lattice(edges: Sequence[float]) -> _Lattice:
    """The longest even run of the edges. `k / unit` is the double nearest to it, as is that of its decimal text."""
    best = _Lattice(1, 0, -1, tuple(edges))
    for unit in UNITS:
        steps = sorted({round(edge * unit) for edge in edges if round(edge * unit) / unit == edge})
        for low, high in _runs(steps):
            if high - low > best.high - best.low:
                even = {step / unit for step in range(low, high + 1)}
                best = _Lattice(unit, low, high, tuple(edge for edge in edges if edge not in even))
    return best


def _runs(steps: Sequence[int]) -> list[tuple[int, int]]:
    """Where whole numbers in order follow each other without a gap: the first and the last of each run."""
    runs = list[tuple[int, int]]()
    for step in steps:
        runs = [*runs[:-1], (runs[-1][0], step)] if runs and runs[-1][1] == step - 1 else [*runs, (step, step)]
    return runs


def _double(number: float) -> str:
    """A double in SQL, to its last bit. Without an exponent it would be a decimal to both engines."""
    text = repr(float(number))
    return text.replace("e", "E") if "e" in text else f"{text}E0"
