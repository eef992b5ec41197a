"""What the record cannot hold exactly is refused before the first write, in one sentence that names the thing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fakes import World

from lib.changes import engine, writer
from lib.changes.engine import LOG
from lib.changes.plans import Change
from lib.changes.undo_plan import plan as undo_plan
from lib.errors import Refused
from lib.record.records import Record

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ODD = [MOMENT, Decimal("1.5"), b"x", {"a", "b"}, (1, 2), float("nan"), {1: "x"}, "half \ud800", [{"a": b""}]]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_an_odd_live_value_stops_the_plan_before_anything_is_written(value, settings, record):
    world = World({"last": {"inside": value}})
    with pytest.raises(Refused, match=r"^thing last, as it is: inside.*Nothing of it was written; expected plain JSON"):
        engine.carry_out(engine.plan("01", world.wanted(first=1, last=2)), world.run(settings, record))
    assert (world.writes, record.rows(LOG)) == ([], [])


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_so_does_an_odd_value_that_is_wanted(value, settings, record):
    world = World({"last": 1})
    with pytest.raises(Refused, match=r"^thing last, as it would be: inside"):
        engine.carry_out(engine.plan("01", world.wanted(first=1, last={"inside": value})), world.run(settings, record))
    with (
        pytest.raises(Refused, match=r"^thing last, as it would be: inside"),
        engine.temporary_things(world.wanted(first=1, last={"inside": value}), "05", world.run(settings, record)),
    ):
        raise AssertionError("nothing may be there")
    assert (world.writes, record.rows(LOG)) == ([], [])


def test_no_change_of_it_can_be_made_at_all():
    with pytest.raises(Refused, match="thing a, as it is: the whole value is a bytes"):
        Change(World().thing("a"), b"x", 1)


def test_an_odd_live_value_keeps_an_undo_from_nothing_else(settings, record):
    world = World({"a": 1, "b": 1})
    engine.carry_out(engine.plan("01", world.wanted(a=2, b=2, c=2)), world.run(settings, record))
    world.live["b"] = {"since": datetime.now(UTC)}
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert [change.resource.label for change in undo.changes if change.trouble] == ["b"]
    outcome = engine.roll_back(undo, world.run(settings, record))
    assert outcome.states == ("applied", "failed", "applied")
    assert "since is a datetime" in outcome.results[1].why
    assert (world.live["a"], "c" in world.live) == (1, False)


def test_the_emergency_path_writes_also_what_no_record_can_hold(settings, record, tmp_path):
    world = World({"a": "before"})
    assert writer.restore_now(world.thing("a"), "after", Record(tmp_path / "gone", "run")) != ""
    assert world.live == {"a": "after"}


def test_a_log_and_a_file_of_the_record_refuse_what_they_could_not_give_back(record):
    for value in ODD:
        with pytest.raises(Refused):
            record.append("checks.jsonl", {"value": value})
        with pytest.raises(Refused):
            record.keep_json("evidence/x.json", {"value": value})
    assert record.rows("checks.jsonl") == []
    assert not (record.folder / "evidence" / "x.json").exists()
