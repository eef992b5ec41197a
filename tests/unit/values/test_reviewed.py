"""A table of costs is whole, or it is refused in words."""

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
