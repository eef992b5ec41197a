"""In which places something differs from what was approved, and what the run did since its plan."""

from datetime import UTC, datetime, timedelta

import pytest
from approvals import begun, needing_approval, planned
from fakes import World

from lib import settings as parameters
from lib.changes import approval, drift, engine
from lib.changes.plans import Change
from lib.record import records
from lib.record.records import LOG
from lib.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return needing_approval(tmp_path)


@pytest.mark.parametrize(("count", "named"), [(1, "a0"), (3, "a0, a1, a2"), (4, "a0, a1, a2"), (9, "a0, a1, a2")])
def test_of_a_thing_that_differs_in_many_places_the_first_three_are_named(count, named):
    then, now = ({f"a{number}": value for number in range(count)} for value in "xy")
    told = {"name": "thing x", "phase": "01", "before": None}
    found = drift.find_drift([{**told, "after": then}], [Change(World().thing("x"), None, now)], [])
    assert found == [f"thing x ({named})"]


@pytest.mark.parametrize("time", ["1999-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_what_the_run_wrote_since_its_plan_is_counted_whatever_the_clock_says(settings, wanted, time):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = records.open_run(parameters.with_changes(asked, run_id="r1"))
    record.append(LOG, {"time": time, "name": "before", "state": "intended"})
    begun(asked, plan, run_id="r1")
    record.append(LOG, {"time": time, "name": "since", "state": "intended"})
    saved = record.read_json(approval.PLAN)
    assert [row["name"] for row in drift.rows_since(record, saved)] == ["since"]


@pytest.mark.parametrize(("late", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_of_a_plan_that_an_earlier_version_kept_the_time_tells_what_came_since_also_in_the_same_moment(
    settings, late, count
):
    record = records.open_run(settings)
    made = datetime(2026, 1, 1, tzinfo=UTC)
    record.append(LOG, {"time": (made + timedelta(milliseconds=late)).isoformat(), "name": "x", "state": "intended"})
    assert len(drift.rows_since(record, {"made": made.isoformat()})) == count
