"""Which process of which machine holds a lock: by what the system tells, and without it."""

import os
from pathlib import Path

import pytest

from lib.values import processes

# What follows the name in /proc/PID/stat, up to the moment of the start; each number is another one.
STAT = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21"


@pytest.fixture
def system(tmp_path, monkeypatch) -> Path:
    """What /proc holds, in a folder of its own."""
    for folder in ("sys/kernel/random", "self/ns", str(os.getpid())):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("first-start\n")
    (tmp_path / "self/ns/pid").symlink_to("pid:[7]")
    (tmp_path / f"{os.getpid()}/stat").write_text(f"{os.getpid()} (python (3) x) {STAT}")
    monkeypatch.setattr(processes, "PROC", tmp_path)
    return tmp_path


@pytest.fixture
def silent(system, monkeypatch) -> None:
    """A system without /proc."""
    monkeypatch.setattr(processes, "PROC", system / "nothing")


def test_a_machine_that_was_started_again_and_another_container_of_it_are_others(system):
    assert processes.boot() == "first-start/pid:[7]"
    (system / "sys/kernel/random/boot_id").write_text("second-start\n")
    assert processes.boot() == "second-start/pid:[7]"
    (system / "self/ns/pid").unlink()
    (system / "self/ns/pid").symlink_to("pid:[8]")
    assert processes.boot() == "second-start/pid:[8]"


def test_a_process_is_known_by_the_boot_and_the_moment_of_its_start_whatever_it_is_called(system):
    assert processes.born(os.getpid()) == "first-start/pid:[7] 4711"


def test_one_that_has_ended_and_that_nobody_asked_about_yet_is_gone(system):
    (system / f"{os.getpid()}/stat").write_text(f"1 (python) {STAT.replace('S', 'Z', 1)}")
    assert processes.born(os.getpid()) == ""


def test_a_number_that_no_process_has_is_gone_also_where_the_system_tells_nothing(silent):
    assert processes.born(2**22 + 1) == ""


def test_where_the_system_tells_no_boot_there_is_none(silent):
    assert processes.boot() == ""


def test_where_the_system_tells_nothing_of_a_process_that_is_there_it_is_alive_and_not_another(silent):
    assert processes.born(os.getpid()) == " alive"
    assert processes.born(os.getppid()) == "alive"


def test_a_process_of_somebody_else_is_told_apart_like_ones_own(system, monkeypatch):
    def refuse(pid, signal):
        assert signal == 0  # it is only asked after
        raise PermissionError(pid)

    monkeypatch.setattr(os, "kill", refuse)
    (system / "12").mkdir()
    (system / "12/stat").write_text(f"12 (sshd) {STAT.replace('4711', '99')}")
    assert processes.born(12) == "first-start/pid:[7] 99"


def test_when_a_process_was_started_is_told_without_the_boot_and_of_none_that_nothing_tells(system):
    assert processes.start_time(os.getpid()) == "4711"
    assert processes.start_time(12) is None
    (system / f"{os.getpid()}/stat").write_text(f"1 (python) {STAT.replace('S', 'Z', 1)}")
    assert processes.start_time(os.getpid()) == ""


def test_the_processes_that_one_started_are_told_with_their_command_lines_whichever_thread_did_it(system):
    for thread, started in (("7", "8 9"), ("10", ""), ("11", "12")):
        (system / "7/task" / thread).mkdir(parents=True)
        (system / "7/task" / thread / "children").write_text(started)
    for child in (8, 9, 12):
        (system / str(child)).mkdir()
        (system / f"{child}/cmdline").write_text(f"python\0-m\0{child}\0")
    assert processes.children(7) == {child: f"python\0-m\0{child}\0" for child in (8, 9, 12)}


def test_somebody_elses_process_is_alive():
    assert processes.born(1) != ""
