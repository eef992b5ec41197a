"""Exact tests and limits of one and of two proportions. Pure arithmetic, no AWS.

The test is the exact unconditional one for a difference with a margin: outcomes are ordered by Farrington and Manning's
score statistic (Statist. Med. 9, 1990), and the p-value is the largest over the unknown common level (Chan, Statist.
Med. 17, 1998), which is looked for within a confidence interval of it (Berger and Boos, J. Am. Stat. Assoc. 89, 1994).
With the margin 0 it is Barnard's test. The largest value lies on the boundary of the null hypothesis, since the
outcomes that count as more extreme are closed towards "better now, worse before" (Roehmel and Mansmann, Biom. J. 41,
1999); it is looked for on a grid that is refined once. One proportion alone has Clopper and Pearson's limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite, nan, sqrt
from statistics import NormalDist
from typing import Any

from lib.errors import BadParameters
from lib.telemetry.execution_status import Count, When
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.libraries import scipy

ENDINGS = (Count.SUCCEEDED, Count.FAILED, Count.TIMED_OUT, Count.ABORTED)
Z_95 = 1.959963984540054
LEVEL = 0.95


OUTSIDE = 1e-11  # how likely the true level lies outside of the interval that is searched; it is added to the p-value
TAIL = 1e-14  # of the outcomes before, the part at each end that is left out; it is added to the p-value as well
GRID = 121
Numbers = Any  # numpy arrays of floats


@dataclass(frozen=True)
class Tally:
    """So many of so many succeeded."""

    succeeded: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.succeeded <= self.of:
            raise BadParameters(f"{self.succeeded} successes of {self.of}; expected between 0 and the total")

    @property
    def share(self) -> float:
        """The share that succeeded; nan of none."""
        return self.succeeded / self.of if self.of else nan

    @classmethod
    def of_each(cls, good: Sequence[bool]) -> Tally:
        """Counted from whether each of them succeeded."""
        return cls(sum(good), len(good))

    def __str__(self) -> str:
        return f"{self.succeeded:,} of {self.of:,}" + (f" ({percent(self.share)})" if self.of else "")


def proven_share(tally: Tally, error: float) -> float:
    """The share that this number proves: the true one is at least this, but for `error` (Clopper and Pearson).

    20 of 20 prove 0.861 at an error of 0.05. Nothing proves nothing: 0.
    """
    if not tally.succeeded:
        return 0.0
    # What scipy.stats.beta.ppf is, without the half second that scipy.stats takes to load.
    return float(scipy.special.betaincinv(tally.succeeded, tally.of - tally.succeeded + 1, error))


def possible(tally: Tally, error: float) -> float:
    """The highest share that this number leaves possible, but for `error` (Clopper and Pearson)."""
    return 1 - proven_share(Tally(tally.of - tally.succeeded, tally.of), error)


def p_value(this: Tally, other: Tally, margin: float = 0.0) -> float:
    """How likely `this` looks so good against `other` although its true share is lower by `margin` or more.

    Small: it is shown that this > other - margin. A negative margin: that this > other by more than so much.
    """
    if not this.of or not other.of:
        return 1.0
    low, high = max(margin, 0.0, proven_share(other, OUTSIDE / 2)), possible(other, OUTSIDE / 2)
    if low > high:  # what was seen of the other leaves no room for a share that is lower by so much
        return OUTSIDE
    least = int(scipy.stats.binom.ppf(TAIL, other.of, low))
    seen = np.arange(max(0, least - 1), int(scipy.stats.binom.isf(TAIL, other.of, high)) + 2).clip(max=other.of)
    seen = np.union1d(seen, [other.succeeded])
    first = _extreme(this, other, margin, seen)
    levels = np.linspace(low, high, GRID)
    chances = _likely(levels, seen, first, this.of, other.of, margin)
    best = int(np.argmax(chances))
    near = np.linspace(levels[max(best - 1, 0)], levels[min(best + 1, GRID - 1)], GRID)
    worst = max(chances[best], _likely(near, seen, first, this.of, other.of, margin).max())
    return float(min(1.0, worst + OUTSIDE + 2 * TAIL))


def _extreme(this: Tally, other: Tally, margin: float, seen: Numbers) -> Numbers:
    """Of each number of successes of the other, the least of this that looks as good as what was seen, or better."""
    least = _score(np.array([this.succeeded]), this.of, np.array([other.succeeded]), other.of, margin)[0] - 1e-9
    low, high = np.zeros(len(seen)), np.full(len(seen), this.of + 1.0)  # this.of + 1: none does
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        enough = _score(middle, this.of, seen, other.of, margin) >= least
        going = low < high
        high, low = np.where(going & enough, middle, high), np.where(going & ~enough, middle + 1, low)
    # Closed towards fewer successes of the other, which is what makes the boundary the worst case.
    return np.minimum.accumulate(high[::-1])[::-1]


def _likely(levels: Numbers, seen: Numbers, first: Numbers, of: int, other_of: int, margin: float) -> Numbers:
    """At each true share of the other, how likely an outcome at least as extreme is."""
    share = np.clip(levels - margin, 0.0, 1.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = scipy.special.betainc(np.maximum(first, 1.0), np.maximum(of - first + 1, 1e-300), share)
    tail = np.where(first <= 0, 1.0, np.where(first > of, 0.0, tail))
    return (scipy.stats.binom.pmf(seen, other_of, levels[:, None]) * tail).sum(axis=1)


def _score(x: Numbers, n: int, y: Numbers, m: int, margin: float) -> Numbers:
    """Farrington and Manning's statistic of x of n against y of m, at a true difference of -margin."""
    lower, total, both = -margin, n + m, x + y
    b = ((n + 2 * m) * lower - total - both) / total
    c = ((m * lower - total - 2 * y) * lower + both) / total
    d = y * lower * (1 - lower) / total
    v = b**3 / 27 - b * c / 6 + d / 2
    u = np.where(v < 0, -1.0, 1.0) * np.sqrt(np.maximum(b**2 / 9 - c / 3, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = (np.pi + np.arccos(np.clip(np.where(u == 0, 0.0, v / u**3), -1, 1))) / 3
        level = np.clip(2 * u * np.cos(angle) - b / 3, max(0.0, margin), min(1.0, 1.0 + margin))
        here = level + lower
        spread = np.sqrt(np.maximum(here * (1 - here) / n + level * (1 - level) / m, 0.0))
        far = x / n - y / m - lower
        return np.where(
            spread > 1e-15, far / np.maximum(spread, 1e-15), np.where(np.abs(far) < 1e-12, 0.0, np.sign(far) * inf)
        )


def percent(share: float) -> str:
    """As many digits as tell 99.9 % from 100 %."""
    return f"{share:.1%}" if isfinite(share) and (share in (0, 1) or 0.0005 < share < 0.9995) else f"{share:.4%}"


def joint_z(of: int) -> float:
    """How wide so many 95 % intervals are that hold together (Bonferroni), as `wilson` takes it."""
    return NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * of))


def wilson(successes: float, total: float, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a proportion, of 95 % by itself; (nan, nan) when nothing was counted.

    It stays sensible where the textbook interval does not: 12 of 12 gives 0.76 to 1, not "exactly 1".
    """
    if not 0 <= successes <= total:
        raise BadParameters(f"{successes:g} successes of {total:g}; expected between 0 and the total")
    if total == 0:
        return nan, nan
    share, squared = successes / total, z**2
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = z * sqrt(share * (1 - share) / total + squared / (4 * total**2)) / (1 + squared / total)
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == total else middle + half
    return low, high


def success_rate(frame: pd.DataFrame, change_at: datetime | None = None) -> pd.DataFrame:
    """Finished executions before and after the change: when, succeeded, finished, rate, low, high (95 %, 0..1).

    `frame` is what `metrics.executions` returns. A datapoint covers its whole period, so one that began before the
    change and ended after it belongs to neither side and gets its own row. Nothing finished: rate is NaN, not 0 or 1.
    """
    ended = frame[frame["metric"].isin(ENDINGS)]
    side = _side(ended["time"], change_at, float(frame.attrs.get("period_seconds", 0)))
    rows = []
    for when in [When.ALL] if change_at is None else [When.BEFORE, When.ACROSS, When.AFTER]:
        here = ended[side == when]
        if when == When.ACROSS and here.empty:
            continue
        finished = float(here["value"].sum())
        succeeded = float(here.loc[here["metric"] == Count.SUCCEEDED, "value"].sum())
        rate = succeeded / finished if finished else nan
        rows.append((when.value, succeeded, finished, rate, *wilson(succeeded, finished)))
    return pd.DataFrame(rows, columns=["when", "succeeded", "finished", "rate", "low", "high"])


def _side(times: pd.Series, change_at: datetime | None, period_seconds: float) -> pd.Series:
    times = pd.to_datetime(times, utc=True)  # an empty frame may hold any type
    side = pd.Series(When.ALL.value, index=times.index, dtype=object)
    if change_at is not None:
        side[:] = When.ACROSS.value
        side[times + pd.Timedelta(seconds=period_seconds) <= pd.Timestamp(change_at)] = When.BEFORE.value
        side[times >= pd.Timestamp(change_at)] = When.AFTER.value
    return side
