"""What a share of the recorded check-ins can show of all, against drawing them. No AWS."""

import random

import pytest

from lib.telemetry.checkin_shares import at_most_share


def test_all_that_was_read_is_what_was_seen() -> None:
    assert at_most_share(0, 100, 100, 1.0) == 0
    assert at_most_share(7, 100, 100, 1.0) == 7


def test_nothing_that_was_read_shows_nothing() -> None:
    assert at_most_share(0, 0, 500, 0.0) == 500
    assert at_most_share(2, 10, 500, 0.0) == 492


@pytest.mark.parametrize(
    ("seen", "read", "recorded", "share", "at_most"),
    [(0, 500, 1000, 0.5, 4), (0, 240_000, 900_000, 0.2666, 9), (0, 10, 1000, 0.01, 298), (0, 999, 1000, 0.9, 1)],
)
def test_none_among_those_read_bounds_all(seen: int, read: int, recorded: int, share: float, at_most: int) -> None:
    assert at_most_share(seen, read, recorded, share) == at_most
    assert (1 - share) ** at_most > 0.05 >= (1 - share) ** (at_most + 1) or at_most == recorded - read


def test_more_that_are_seen_may_be_more_of_all() -> None:
    bounds = [at_most_share(seen, 1000, 10_000, 0.1) for seen in range(0, 1000, 50)]
    assert bounds == sorted(set(bounds))
    assert all(bound >= 10 * seen for bound, seen in zip(bounds, range(0, 1000, 50), strict=True) if seen < 900)
    assert at_most_share(100_000, 300_000, 900_000, 0.33) < 310_000


@pytest.mark.parametrize("kind", [3, 12, 40])
def test_it_is_wrong_at_most_once_in_twenty(kind: int) -> None:
    """Days of different sizes, each read to at least the share; `kind` of all are of the kind that is looked for."""
    chance, sizes, share = random.Random(kind), [5, 17, 40, 90], 0.3
    reads = [-(-size * 3 // 10) for size in sizes]
    everything, wrong = sum(sizes), 0
    for _ in range(2000):
        marked = set(chance.sample(range(everything), kind))
        seen, first = 0, 0
        for size, read in zip(sizes, reads, strict=True):
            seen += len(marked & set(chance.sample(range(first, first + size), read)))
            first += size
        wrong += at_most_share(seen, sum(reads), everything, share) < kind
    assert wrong <= 2000 * 0.05 + 30
