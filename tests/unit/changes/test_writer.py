"""The emergency path, which writes at once, and how long is waited before a write is tried again."""

import pytest
from fakes import World, full, states

from lib.changes import writer
from lib.changes.engine import LOG
from lib.changes.plans import Change, Result
from lib.changes.writer import in_two_tries
from lib.errors import NotAsWanted, Superseded, Unrecorded
from lib.record.change_rows import WriteState


def test_the_emergency_path_writes_at_once_without_lock_or_reading(settings, record):
    world = World({"a": "new"})
    world.still_ours = lambda: pytest.fail("nobody is asked")
    assert writer.restore_now(world.thing("a"), "old", record) == ""
    assert (world.live, world.holders) == ({"a": "old"}, [])
    assert states(record, "a") == ["intended", "applied"]


def test_the_emergency_path_tells_before_it_writes_what_it_is_about_to_write(settings, record):
    world, told = World({"a": "new"}), list[list[str]]()
    world.at_write = lambda label: told.append(states(record, "a"))
    world.refuses = {"a"}
    with pytest.raises(NotAsWanted):
        writer.restore_now(world.thing("a"), "old", record)
    assert told == [["intended"]]  # on disk when AWS was called, so that a kill during the call leaves a word of it
    assert states(record, "a") == ["intended"]  # and nothing says that it was carried out
    assert [row["undoes"] for row in record.rows(LOG)] == [True]


def test_a_full_disk_keeps_nobody_from_the_emergency_path(settings, record, monkeypatch):
    world = World({"a": "new"})
    full(monkeypatch)
    assert "No space left" in writer.restore_now(world.thing("a"), "old", record)
    assert world.live == {"a": "old"}


def test_each_wait_before_a_write_is_tried_again_is_twice_the_one_before():
    first, *rest = writer.WAITS
    assert (first, rest) == (0.5, [2 * wait for wait in writer.WAITS[:-1]])


class Tried:
    """What `restore` says of each thing, each time that it is asked: an error is raised."""

    def __init__(self, **says):
        self.says, self.asked = {name: list(answers) for name, answers in says.items()}, []

    def __call__(self, name):
        self.asked.append(name)
        said = self.says[name].pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def test_what_failed_is_tried_once_more_where_something_after_it_was_restored():
    failed = NotAsWanted("needs b")
    restore = Tried(a=[failed, "applied"], b=["applied"])
    assert in_two_tries(["a", "b"], restore) == ["applied", "applied"]
    assert restore.asked == ["a", "b", "a"]


def test_what_failed_is_not_tried_again_where_only_something_before_it_was_restored():
    failed = NotAsWanted("no")
    restore = Tried(a=["applied"], b=[failed])
    assert in_two_tries(["a", "b"], restore) == ["applied", failed]
    assert restore.asked == ["a", "b"]


def test_where_all_after_it_failed_as_well_nothing_is_tried_again():
    failed = NotAsWanted("no")
    restore = Tried(a=[failed], b=[failed])
    assert in_two_tries(["a", "b"], restore) == [failed, failed]
    assert restore.asked == ["a", "b"]


@pytest.mark.parametrize("error", [Superseded("lost"), Unrecorded("full")])
def test_nothing_more_is_tried_once_the_lock_or_the_record_is_lost(error):
    restore = Tried(a=["applied"], b=[error], c=["applied"])
    assert in_two_tries(["a", "b", "c"], restore, writer.OVER) == ["applied", error]
    assert restore.asked == ["a", "b"]
    again = Tried(a=[NotAsWanted("no"), error], b=[NotAsWanted("no"), "applied"], c=["applied"])
    found = in_two_tries(["a", "b", "c"], again, writer.OVER)
    assert found[0] is error
    assert again.asked == ["a", "b", "c", "a"]


def test_a_value_that_a_thing_cannot_take_is_a_failure_of_that_thing():
    world = World()
    found = writer.try_restoring(Tried(a=[KeyError("routes")]), "a")
    assert isinstance(found, NotAsWanted)
    assert "KeyError" in str(found)
    change = Change(world.thing("a"), 1, 2)
    assert writer.result_of(change, found) == Result(change, WriteState.FAILED, str(found))
    applied = Result(change, WriteState.APPLIED)
    assert writer.result_of(change, applied) is applied
