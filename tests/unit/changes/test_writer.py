"""The emergency path, which writes at once, and how long is waited before a write is tried again."""

import pytest
from fakes import World, full, states

from lib.changes import writer
from lib.changes.engine import LOG
from lib.errors import NotAsWanted


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
