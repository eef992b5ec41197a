"""One pass over Parquet files by pandas or Polars, as somebody would write it, in a process of its own: for the bench.

Imports nothing of ours: it runs where these two are installed (`make bench`). Bins by each grid's own doubles, as ours.
"""

import json
import resource
import sys
import time
from pathlib import Path


def by_pandas(files: list[str], risks: list[float], sentiments: list[float]) -> int:
    """How many bins there are, once every file is in memory."""
    import numpy as np
    import pandas as pd

    columns = ["risk", "sentiment", "declining"]
    parts = [pd.read_parquet(file, columns=columns).assign(day=n) for n, file in enumerate(files)]
    every = pd.concat(parts, ignore_index=True)
    bins = {
        "risk": np.searchsorted(risks, every["risk"], "left"),
        "sentiment": np.searchsorted(sentiments, every["sentiment"], "right"),
        "declining": every["declining"],
        "day": every["day"],
    }
    return len(pd.DataFrame(bins).groupby(list(bins)).size())


def by_polars(files: list[str], risks: list[float], sentiments: list[float]) -> int:
    """The same, by its engine for more than memory holds."""
    import polars as pl

    def place(column: str, edges: list[float], side: str) -> "pl.Expr":
        return pl.lit(pl.Series(edges)).search_sorted(pl.col(column), side=side).alias(column)

    bins = [place("risk", risks, "left"), place("sentiment", sentiments, "right"), "declining", "day"]
    return pl.scan_parquet(files, hive_partitioning=True).group_by(bins).len().collect(engine="streaming").height


def masks(files: list[str], risks: list[float], sentiments: list[float]) -> float:
    """Seconds for the cost of one combination of thresholds by masks over every row in pandas."""
    import pandas as pd

    every = pd.concat(
        [pd.read_parquet(f, columns=["risk", "sentiment", "declining"]) for f in files], ignore_index=True
    )
    began, tries = time.perf_counter(), 3
    for at in range(tries):
        crisis = every["risk"] > 95 - at
        high = ~crisis & (every["risk"] > 85)
        standard = ~crisis & ~high & ((every["risk"] > 50) | (every["sentiment"] < -0.6))
        proactive = ~crisis & ~high & ~standard & (every["risk"] > 30) & every["declining"]
        sum(int(one.sum()) * price for one, price in ((crisis, 4), (high, 3), (standard, 2), (proactive, 1)))
    return (time.perf_counter() - began) / tries


if __name__ == "__main__":
    how, folder, grid = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    listed = sorted(str(file) for file in folder.glob("day=*/*.parquet"))
    start = time.perf_counter()
    found = {"pandas": by_pandas, "polars": by_polars, "masks": masks}[how](listed, *grid)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - start, "found": found, "mb": memory}))
