"""The keys of check-ins within a window are all found, and in few calls."""

from datetime import UTC, datetime

import pytest
from checkin_buckets import DAY, END, GOOD, Bucket, many, named, of
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.telemetry.checkin_listing import list_keys


@pytest.mark.parametrize(("users", "most"), [(1, 3), (5, 8), (50, 21)])
def test_the_years_before_cost_a_call_a_user_and_never_more_than_listing_all(users: int, most: int) -> None:
    now = many(users, 10, 100)
    bucket = Bucket(now | many(users, 1000, 20, END - 100 * DAY), page=1000)
    found = list_keys(of(bucket), END - 31 * DAY, END)
    assert {key.name for key in found.keys} == set(now)
    assert found.calls == bucket.listed <= min(most, 21)


def test_a_listing_of_many_users_is_shared_out() -> None:
    now = many(100, 5, 500)
    bucket = Bucket(now | many(100, 50, 5000, END - 100 * DAY), page=1000)
    found = list_keys(of(bucket), END - 30 * DAY, END)
    assert sorted(key.name for key in found.keys) == sorted(now)
    assert found.whole and found.calls == bucket.listed
    assert 32 < bucket.listed < 100 + 32


def test_what_came_after_the_window_is_not_listed_either() -> None:
    then = many(3, 10, 10, END - 400 * DAY)
    bucket = Bucket(then | many(3, 300, 100), page=1000)
    found = list_keys(of(bucket), END - 450 * DAY, END - 400 * DAY)
    assert {key.name for key in found.keys} == set(then)
    assert found.calls < 10


IDS = st.text(st.sampled_from("ab/1~é😀"), min_size=1, max_size=4).filter(lambda name: "/20" not in f"/{name}")
MOMENTS = st.datetimes(datetime(2019, 1, 1), datetime(2031, 1, 1))


@settings(deadline=None)
@given(st.sets(st.tuples(IDS, MOMENTS), max_size=40), st.integers(1, 5), st.integers(0, 40))
def test_the_listing_finds_what_looking_at_every_key_finds(
    keys: set[tuple[str, datetime]], page: int, alone: int
) -> None:
    start, end = datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    names = {named(user, moment.replace(tzinfo=UTC)): moment.replace(tzinfo=UTC) for user, moment in keys}
    bucket = Bucket(dict.fromkeys(names, GOOD), page)
    found = list_keys(of(bucket), start, end, alone=alone)
    assert found.calls == bucket.listed
    assert sorted(key.name for key in found.keys) == sorted(n for n, moment in names.items() if start <= moment < end)
    if alone > len(names) // page:
        assert bucket.listed <= len(names) // page + 1
