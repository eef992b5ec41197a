"""`make bench`: the pass over a history, and the search of all thresholds, beside pandas and Polars. Side by side.

Each pass is a process of its own, whose peak memory is that process's. It prints figures of this machine at this
moment, and judges none: no test rests on them.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pandas as pd

from lib import settings
from lib.definitions import templates
from lib.phases import threshold_tuning
from lib.phases.tuning import cube, cube_engine, exact_optimum
from lib.telemetry.history import spool
from lib.telemetry.review_window import Window

START, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 90
WINDOW = Window(START, START + timedelta(days=DAYS), None)
HERE = Path(__file__).parent
OTHERS = {"pandas": "pandas, by searchsorted and groupby", "polars": "Polars, lazily, its streaming engine"}
LOCAL = settings.load("local")
NOW = threshold_tuning.current(templates.definition(LOCAL), LOCAL)
GRID = cube.grid_around(NOW.thresholds)
BUDGET = 0.3  # of the check-ins, which binds: more raise an alert today
UNREVIEWED = pd.DataFrame(columns=["mark", "outcome", "weight"])


def make(folder: Path, rows: int) -> None:
    """So many check-ins over ninety days: scores in tenths and hundredths, a fifth declining, and marks."""
    if folder.exists():
        return
    span = DAYS * 86_400_000_000 // rows
    first = (START - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    connection = spool.connect()
    connection.execute(f"""
        COPY (SELECT {first} + n * {span}::BIGINT AS moment, (hash(n) // 2)::BIGINT AS mark,
            round(100 * random() * random(), 1) AS risk, round(random() + random() - 1, 2) AS sentiment,
            random() < 0.2 AS declining, true AS known,
            CAST(make_timestamp({first} + n * {span}::BIGINT) AS DATE) AS day
            FROM range({rows}) made(n))
        TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY day)
    """)


def ours(folder: Path) -> None:
    """In a process of its own: the pass, and then the optimum."""
    files = sorted(folder.glob("day=*/*.parquet"))
    start = time.perf_counter()
    counted = cube_engine.count_files(files, UNREVIEWED, GRID, WINDOW)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = counted.cells["count"].to_numpy(dtype=float)
    begun = time.perf_counter()
    cost = exact_optimum.add_up(counted, {route: count * route.row.level for route in exact_optimum.Route})
    summed = time.perf_counter() - begun
    ordered = exact_optimum.all_ordered(counted)
    alerts = exact_optimum.add_up(
        counted, {one: count * (one is not exact_optimum.Route.NONE) for one in exact_optimum.Route}
    )
    bounded = exact_optimum.add_budget(ordered, alerts, counted.checkins * BUDGET)
    times = {"best": _median(lambda: exact_optimum.best(cost, ordered))}
    times["bounded"] = _median(lambda: exact_optimum.best(cost, bounded))
    times["budget"] = _median(lambda: exact_optimum.add_budget(ordered, alerts, counted.checkins * BUDGET))
    found = {"found": len(counted.cells), "rows": counted.checkins, "summed": summed, **times}
    click.echo(json.dumps({"seconds": seconds, "mb": memory, **found}))


def _median(work: Callable[[], object], times: int = 21) -> float:
    """Seconds that it takes."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[times // 2]


def run(words: list[str]) -> dict[str, Any] | None:
    """What a child process says; None where it cannot, since something is not installed or memory was not enough."""
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else None


def bench(rows: int, folder: Path, python: str) -> None:
    """All of them over so many rows, a line each."""
    place = folder / str(rows)
    make(place, rows)
    size = sum(file.stat().st_size for file in place.glob("day=*/*.parquet")) / 2**20
    click.echo(f"\n{rows:,} check-ins, {size:,.0f} MB of Parquet in {len(list(place.glob('day=*')))} days")
    mine = run([sys.executable, __file__, "--child", str(place)])
    assert mine is not None and mine["rows"] == rows
    lines = {"DuckDB, the SQL text": mine}
    grid = json.dumps([GRID.risks, GRID.sentiments])
    for how, said in OTHERS.items():
        found = run([python, str(HERE / "bench_pass.py"), how, str(place), grid])
        lines[said] = found
        assert found is None or found["found"] == mine["found"], f"{how} has other bins"
    click.echo(f"  {'the pass':<42}{'seconds':>9}{'M rows/s':>10}{'peak MB':>10}{'bins':>12}")
    for said, found in lines.items():
        if found is None:
            click.echo(f"  {said:<42}{'not measured: not installed, or more memory than there is':>41}")
        else:
            rate = rows / found["seconds"] / 1e6
            click.echo(f"  {said:<42}{found['seconds']:>9.2f}{rate:>10.2f}{found['mb']:>10,.0f}{found['found']:>12,}")
    each = run([python, str(HERE / "bench_pass.py"), "masks", str(place), grid])
    whole = mine["best"] + mine["summed"]
    click.echo(
        f"  the best of {GRID.combinations:,} settings: {mine['best'] * 1e3:.2f} ms, with the sums {whole * 1e3:.0f} ms"
    )
    click.echo(
        f"  the best under a budget of alerts for {BUDGET:.0%}: {mine['bounded'] * 1e3:.2f} ms, and the budget itself "
        f"{mine['budget'] * 1e3:.2f} ms"
    )
    click.echo(f"  {'combinations/s, by prefix minima':<42}{GRID.combinations / whole:>14,.0f}")
    naive = f"{1 / each['found']:>14,.1f}" if each else f"{'not measured':>14}"
    click.echo(f"  {'combinations/s, by masks in pandas':<42}{naive}")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("rows", nargs="*", type=int, default=[1_000_000, 10_000_000])
    words.add_argument("--folder", type=Path, default=settings.ROOT / ".rehearsal" / "bench")
    words.add_argument("--python", default=sys.executable, help="which has pandas with pyarrow, and Polars")
    words.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.child:
        ours(given.child)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    for rows in given.rows:
        bench(rows, given.folder, given.python)


if __name__ == "__main__":
    main()
