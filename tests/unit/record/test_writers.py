"""Whether anybody else writes to a record: also where two ask at once, each of whom writes."""

import multiprocessing
import os

import pytest

from lib.record import writers

TIMES = 2_000
processes = multiprocessing.get_context("fork")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "local" / "r1"
    place.mkdir(parents=True)
    yield place
    writers.leave(place)


@pytest.fixture
def another(folder):
    """Another process that writes to the same record, and goes on by what it is told: its end of a pipe."""
    ours, theirs = processes.Pipe()

    def write():
        writers.join(folder)
        theirs.send("joined")
        while (told := theirs.recv()) != "end":
            theirs.send([writers.others(folder) for _ in range(told)])
        os._exit(0)

    child = processes.Process(target=write)
    child.start()
    assert ours.recv() == "joined"
    yield ours
    ours.send("end")
    child.join()


def test_two_that_ask_at_once_see_each_other_each_time(folder, another):
    writers.join(folder)
    another.send(TIMES)
    assert [writers.others(folder) for _ in range(TIMES)] == [True] * TIMES
    assert another.recv() == [True] * TIMES


def test_whoever_does_not_write_sees_the_one_who_does_and_is_seen_by_nobody(folder, another):
    assert writers.others(folder)
    another.send(1)
    assert another.recv() == [False]


def test_alone_nobody_else_writes_however_often_it_is_asked(folder):
    assert not writers.others(folder)
    writers.join(folder)
    assert not any(writers.others(folder) for _ in range(3))
    assert writers.has_joined(folder)


def test_who_has_ended_writes_no_more(folder):
    child = processes.Process(target=lambda: (writers.join(folder), os._exit(0)))
    child.start()
    child.join()
    assert not writers.others(folder)
