"""What a share of the recorded check-ins can show of all of them. Pure arithmetic.

Of every day at least the share was read, chosen by a hash of the name, which knows nothing of the scores. Then of `all`
that are of some kind, fewer than so many among those read is at most as likely as with a binomial of `all` and the
share (Hoeffding 1956, for draws without replacement, day by day).
"""

from math import floor, log, log1p

import numpy as np

SURE = 0.95


def at_most_share(seen: int, read: int, recorded: int, share: float) -> int:
    """At most so many of all that are recorded are of a kind, 95 % sure, where `seen` of those `read` are.

    `share` is the smallest share that was read of any day. All read: it is what was seen.
    """
    if read >= recorded:
        return seen
    top = seen + recorded - read
    if share <= 0:
        return top
    if seen == 0:
        return min(top, floor(log(1 - SURE) / log1p(-share)))
    low, high = seen, top
    while low < high:  # the largest number at which so few seen are still likely enough
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _as_few(seen, middle, share) > 1 - SURE else (low, middle - 1)
    return low


def _as_few(seen: int, of: int, share: float) -> float:
    """How likely at most `seen` of `of` are read, each with this chance."""
    if seen >= of:
        return 1.0
    steps = np.arange(seen, dtype=float)
    ratios = np.log((of - steps) / (steps + 1)) + log(share) - log1p(-share)
    logs = of * log1p(-share) + np.concatenate([[0.0], np.cumsum(ratios)])
    return float(np.exp(logs).sum())
