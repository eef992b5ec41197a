"""The cube of counts as one SQL text, the same for DuckDB over Parquet and for Athena over the same files. No AWS.

A bin is the number of thresholds of the grid that a score lies above, each compared as the double that it is. Where
they are evenly spaced the score is compared with the nearest alone: `floor` would mis-bin what lies next to one. Only
what both engines read alike stands in the text: no function of one, and numbers as `1E0`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from lib import routes
from lib.phases.tuning.cube import Grid
from lib.telemetry.history.folder import CHECKINS, microseconds, quote

MIDNIGHT = time()
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
    start, end = start.astimezone(UTC), end.astimezone(UTC)
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
WHERE known AND day BETWEEN DATE '{start.date()}' AND DATE '{last}'{_moments(start, end)}
GROUP BY 1, 2, 3, 4{", 5" if outcomes else ""}"""


def _moments(start: datetime, end: datetime) -> str:
    """What asks for a part of the first and of the last day; of whole ones no moment has to be read."""
    since = f" AND moment >= {microseconds(start)}" if start.time() != MIDNIGHT else ""
    return since + (f" AND moment < {microseconds(end)}" if end.time() != MIDNIGHT else "")


def _place(score: str, above: str, edges: Sequence[float]) -> str:
    """How many of the edges a score lies above, as SQL."""
    even = _lattice(edges)
    terms = [f"(CASE WHEN {score} {above} {_double(one)} THEN 1 ELSE 0 END)" for one in even.others]
    if even.high >= even.low:
        terms.insert(0, _even_place(score, above, even))
    return " + ".join(terms) or "0"


def _even_place(score: str, above: str, even: _Lattice) -> str:
    """How many of the evenly spaced ones it lies above.

    Whole ones need no comparison, as CEIL and FLOOR of a double are exact. Of others only the nearest can be mistaken:
    `score * unit` is wrong by far less than the half that lies between it and the next.
    """
    low, high, number = _double(even.low / even.unit), _double(even.high / even.unit), even.high - even.low + 1
    if even.unit == 1:
        inside = f"CAST({'CEIL' if above == '>' else 'FLOOR'}({score}) AS INTEGER) - ({even.low - (above != '>')})"
    else:
        nearest = f"FLOOR({score} * {even.unit}E0 + 5E-1)"
        passed = f"(CASE WHEN {score} {above} {nearest} / {even.unit}E0 THEN 1 ELSE 0 END)"
        inside = f"CAST({nearest} AS INTEGER) + {passed} - ({even.low})"
    return f"(CASE WHEN {score} < {low} THEN 0 WHEN {score} > {high} THEN {number} ELSE {inside} END)"


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
