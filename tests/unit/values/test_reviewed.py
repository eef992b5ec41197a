"""A table of costs is whole, or it is refused in words."""

from datetime import datetime, timedelta

import pytest

from lib.errors import BadParameters
from lib.routes import Route
from lib.settings import load, with_changes
from lib.values import reviewed

COSTS = load("local").outcome_costs


def test_there_is_a_cost_for_each_level_of_an_alert():
    assert {route.row.level for route in Route} == set(range(reviewed.LEVELS))


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ({}, "has the rows none; expected one of each of none, moderate, high, crisis"),
        ({**COSTS, "worse": [0] * 5}, "has the rows none, moderate, high, crisis, worse"),
        ({**COSTS, "high": [1, 2]}, "of which high does not have 5 numbers from 0"),
        ({**COSTS, "high": [1, 2, 3, 4, -1]}, "of which high does not have 5 numbers from 0"),
        ({**COSTS, "crisis": [1, 2, 3, 4, float("inf")]}, "of which crisis does not have 5 numbers from 0"),
        ({**COSTS, "crisis": [1, 2, 3, 4, 1e300]}, "of which crisis does not have 5 numbers from 0 to 1,000,000,000"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(costs, said):
    with pytest.raises(BadParameters, match="parameter outcome_costs: found ") as wrong:
        with_changes(load("local"), outcome_costs=costs)
    assert said in str(wrong.value)


@pytest.mark.parametrize("costs", [{**COSTS, "crisis": [1, 2, 3, 4, 10**400]}, {**COSTS, "none": [float("nan")] * 5}])
def test_what_no_double_holds_is_no_cost(costs):
    with pytest.raises(BadParameters, match="5 numbers from 0 to 1,000,000,000"):
        with_changes(load("local"), outcome_costs=costs)


@pytest.mark.parametrize("many", [float("inf"), 10**400, float("nan"), 0])
def test_a_budget_of_alerts_is_a_number(many):
    with pytest.raises(BadParameters, match=r"parameter alerts_a_day: found .*, input should be "):
        with_changes(load("local"), alerts_a_day=many)


@pytest.mark.parametrize(
    "said", ["2026-01-31+01:00", "2026-01-31-05:00", "20260131+0100", "2026-01-31-05", "2026-W05-6+01:00", "soon", ""]
)
def test_the_offset_of_a_day_is_never_taken_for_a_time_of_it(said):
    with pytest.raises(ValueError, match=r"a day with an offset|Invalid isoformat"):
        reviewed.iso_moment(said)


@pytest.mark.parametrize("said", ["2026-01-31", "20260131", "2026-W05-6", "2026-W05-6T00:00", "2026-01-31_00:00:00"])
def test_a_day_is_said_in_any_way_of_the_standard(said):
    assert reviewed.iso_moment(said) == datetime(2026, 1, 31)
    assert reviewed.iso_moment("2026-01-31T18:00-05:00").utcoffset() == timedelta(hours=-5)
