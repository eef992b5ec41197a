"""The backtest's forecast against what check-ins did: what differs is for people, and too few tell nothing."""

from collections import Counter
from math import isnan
from random import Random

import pandas as pd
import pytest

from lib.phases.review import forecast
from lib.phases.review.forecast import Forecast
from lib.record.records import Record
from lib.routes import BY_LEVEL

SAID = Forecast({"crisis": 10, "none": 990}, 1000, 10.0, 2000)


def routed(**counts):
    rows = [(route, False) for route, count in counts.items() for _ in range(count)]
    return pd.DataFrame([*rows, ("crisis", True)], columns=["route", "drill"])


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({"crisis": 10, "none": 990}, "passed"),
        ({"crisis": 40, "none": 960}, "waiting"),
        ({"none": 1000}, "waiting"),
        ({"none": 30}, "cannot tell"),
        ({}, "cannot tell"),
    ],
)
def test_whether_it_was_so(counts, status):
    found = forecast.check(SAID, routed(**counts))
    assert found.status == status, found


def test_a_run_without_a_backtest_and_a_log_with_gaps_pass_nothing():
    assert forecast.check(None, routed(none=1000)).status == "cannot tell"
    assert forecast.check(SAID, routed(crisis=10, none=990), "not all was read").status == "cannot tell"


def test_a_difference_is_named_with_both_shares():
    assert "crisis 4.00% instead of 1.00%" in forecast.check(SAID, routed(crisis=40, none=960)).found


def test_the_interval_of_a_difference_is_newcombes():
    low, high = forecast.difference(56, 70, 48, 80)  # his own example (a): 0.0524 to 0.3339
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert all(isnan(side) for side in forecast.difference(0, 0, 1, 10))


def test_a_forecast_that_holds_is_off_in_one_review_of_twenty_and_not_in_one_of_four():
    """Of six intervals of 95 % each, one or another misses by chance in a quarter of all reviews."""
    said, random = Forecast(dict.fromkeys(BY_LEVEL, 10_000), 60_000, 10.0, 60_000), Random(7)
    off = by_themselves = 0
    for _ in range(400):
        seen = Counter(random.choices(BY_LEVEL, k=600))
        states = [forecast._state(said, route, seen[route], 600) for route in BY_LEVEL]
        sides = [forecast.difference(seen[route], 600, 10_000, 60_000) for route in BY_LEVEL]
        off += "waiting" in states
        by_themselves += any(low > 0 or high < 0 for low, high in sides)
    assert off / 400 < 0.08 < 0.2 < by_themselves / 400


def test_the_table_holds_shares_and_a_day_of_people_alone():
    rows = {row["what"]: row for row in forecast.rows(SAID, routed(crisis=10, none=990), 2.0)}
    assert (rows["route crisis"]["check-ins"], rows["route crisis"]["a day"]) == (10, "5")
    assert rows["route crisis"]["a day, forecast"] == "2"
    assert rows["route crisis"]["share, 95 % sure"] == "1.00% (0.54% to 1.83%)"


def test_it_is_read_from_the_runs_own_newest_backtest(tmp_path):
    record = Record(tmp_path, "20260329T120000Z-abcd")
    assert forecast.of_run(record) is None
    totals = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-11T00:00:00+00:00", "routed": 5, "recorded": 10}
    record.keep_text(forecast.MOVES, "from,to,alert,count,share\nnone,none,same,3,0.6\nnone,crisis,higher,2,0.4\n")
    record.keep_json(forecast.TOTALS, totals)
    found = forecast.of_run(record)
    assert (found.counts, found.of, found.days, found.a_day("crisis")) == ({"crisis": 2, "none": 3}, 5, 10.0, 0.4)


def test_of_a_bucket_that_is_younger_than_the_backtest_a_day_is_one_that_it_holds(tmp_path):
    """A bucket of three weeks, looked at over ninety days, said less than a quarter of the alerts of a day."""
    record = Record(tmp_path, "20260329T120000Z-abcd")
    totals = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-04-01T00:00:00+00:00", "routed": 42, "recorded": 42}
    record.keep_text(forecast.MOVES, "from,to,alert,count,share\nnone,crisis,higher,42,1\n")
    record.keep_json(forecast.TOTALS, {**totals, "first": "2026-03-11T00:00:00+00:00"})
    found = forecast.of_run(record)
    assert (found.days, found.a_day("crisis")) == (21.0, 2.0)
