"""Routes over time beside the forecast: of people alone, in step with how many came, and none where none was made."""

from datetime import UTC, datetime, timedelta
from math import isnan

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import num2date

from lib.display.charts import route_use_chart, style
from lib.phases.review import route_use
from lib.phases.review.forecast import Forecast

START = datetime(2026, 3, 28, 20, tzinfo=UTC)
SAID = Forecast({"crisis": 10, "none": 990}, 1000, 10.0, 1000)
DAY = timedelta(days=1)


def routed(*rows):
    """Check-ins as (hours after the start, route, how many); drills by the route `drill`."""
    table = [
        (pd.Timestamp(START + timedelta(hours=hours)), "crisis" if route == "drill" else route, route == "drill")
        for hours, route, count in rows
        for _ in range(count)
    ]
    return pd.DataFrame(table, columns=["time", "route", "drill"]).astype({"time": "datetime64[ns, UTC]"})


def use(frame, forecast=SAID, length=DAY):
    return route_use.of_window(frame, forecast, (START, START + length))


def part(found, route, hour):
    mine = found.parts[(found.parts["route"] == route)]
    return mine[mine["time"] == pd.Timestamp(START + timedelta(hours=hour))].iloc[0]


def test_a_part_is_held_against_the_forecasts_share_of_those_who_came_in_it():
    found = use(routed((0.5, "none", 196), (0.5, "crisis", 4), (5.5, "none", 20)))
    assert found.width == timedelta(hours=1)
    first = part(found, "crisis", 0)
    assert (first["count"], first["of"], first["expected"]) == (4, 200, 2.0)
    assert (first["low"], first["high"]) == (0, 6)
    assert part(found, "crisis", 5)["expected"] == pytest.approx(0.2)
    assert part(found, "crisis", 9)["of"] == 0


def test_chance_alone_leaves_about_one_part_in_twenty_outside_and_twice_as_many_leave_most():
    rng = np.random.default_rng(7)
    usual = [(n + 0.5, "crisis", int(rng.binomial(5000, 0.01))) for n in range(24)]
    usual += [(n + 0.5, "none", 5000 - count) for n, (_, _, count) in enumerate(usual)]
    wide = Forecast({"crisis": 10_000, "none": 990_000}, 1_000_000, 10.0, 1_000_000)
    assert sum(_outside(use(routed(*usual), wide), "crisis")) <= 4
    twice = [(n + 0.5, "crisis", 100) for n in range(24)] + [(n + 0.5, "none", 4900) for n in range(24)]
    found = use(routed(*twice), wide)
    assert sum(_outside(found, "crisis")) == 24
    assert "crisis in 24" in style.describe(route_use_chart.use_of_routes(found))


def _outside(found, route):
    mine = found.parts[found.parts["route"] == route]
    return (mine["count"] < mine["low"]) | (mine["count"] > mine["high"])


def test_a_run_without_a_forecast_draws_none_and_says_so():
    found = use(routed((1, "none", 5)), None)
    assert all(isnan(value) for value in found.parts["expected"])
    figure = route_use_chart.use_of_routes(found)
    assert "NO FORECAST: phase 03 made no forecast in this run" in style.describe(figure)
    assert {line.get_linestyle() for axes in figure.axes for line in axes.lines} <= {"-", "None"}
    assert [axes.collections for axes in figure.axes if len(axes.collections)] == []


def test_a_part_without_any_check_in_is_a_gap_and_drills_are_nobody():
    found = use(routed((1.5, "none", 5), (1.5, "drill", 9), (20.5, "none", 1)))
    assert found.parts["count"].sum() == 6
    lane = route_use_chart.use_of_routes(found).axes[-1]
    drawn = next(line for line in lane.lines if line.get_linestyle() == "-").get_ydata()
    assert np.isnan(drawn[5]) and drawn[1] == 5
    assert "No datapoints: the workflow's log shows no check-in" in style.describe(
        route_use_chart.use_of_routes(use(routed((1, "drill", 3))))
    )


def test_the_band_is_drawn_of_every_part_with_a_check_in_and_of_no_other():
    found = use(routed((1.5, "none", 50), (2.5, "none", 50), (3.5, "none", 60), (9.5, "none", 70)))
    lane = route_use_chart.use_of_routes(found).axes[-1]
    begun = [pd.Timestamp(START + timedelta(hours=hour)) for hour in (1, 2, 3, 9)]
    assert [num2date(bar.get_x()) for bar in lane.patches] == begun
    assert {round(bar.get_width() * 24, 3) for bar in lane.patches} == {1.0}
    none = found.parts[(found.parts["route"] == "none") & (found.parts["of"] > 0)]
    assert [bar.get_y() for bar in lane.patches] == list(none["low"])
    assert [bar.get_y() + bar.get_height() for bar in lane.patches] == list(none["high"])


def test_parts_that_nobody_came_in_are_not_counted_among_those_within_the_band():
    found = use(routed(*((hour + 0.5, "none", 50) for hour in range(7))))
    said = style.describe(route_use_chart.use_of_routes(found))
    assert "none of 7 parts outside (by chance 1 in 20), 17 more without a check-in." in said
    whole = use(routed(*((hour + 0.5, "none", 50) for hour in range(24))))
    assert "without a check-in" not in style.describe(route_use_chart.use_of_routes(whole))


@pytest.mark.parametrize("forecast", [SAID, None])
@pytest.mark.parametrize("count", [0, 9])
@pytest.mark.parametrize(
    ("why", "what", "said"),
    [
        ("cut", "the log group keeps 1 day", "the log group keeps 1 day"),
        ("note", "the log group does not exist", "the log group does not exist"),
        ("unreadable", 3, "3 lines of the log could not be read"),
    ],
)
def test_what_of_the_log_could_not_be_looked_at_is_said(forecast, count, why, what, said):
    frame = routed((1.5, "none", count))
    frame.attrs[why] = what
    assert said in style.describe(route_use_chart.use_of_routes(use(frame, forecast)))


@pytest.mark.parametrize(("days", "parts"), [(0.002, 3), (1, 24), (3, 24), (30, 30), (3650, 41), (40_000, 48)])
def test_any_length_has_as_many_parts_as_can_be_seen(days, parts):
    length = timedelta(days=days)
    found = use(routed((days * 12, "none", 3)), length=length)
    assert found.parts["time"].nunique() == parts <= route_use.MOST_PARTS
    assert (found.parts["time"].min(), found.end) == (pd.Timestamp(START), pd.Timestamp(START + length))
    assert style.png(route_use_chart.use_of_routes(found), 40)
