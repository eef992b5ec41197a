"""What is said where there is nothing to undo, and whether an undo has to take a lock away."""

import pytest
from locks import Store, says, somebodys

from lib.aws import Identity, Live
from lib.cli import undo_commands
from lib.errors import BadParameters
from lib.record import records, sealing
from lib.record.records import Run
from lib.resources import run_lock
from lib.resources.lock_value import digest
from lib.settings import load


def test_a_run_whose_log_is_lost_did_not_change_nothing(tmp_path):
    chosen = load("local", {"outputs_dir": str(tmp_path)})
    record = records.open_run(chosen)
    (record.folder / "plan.json").write_text("{}")
    sealing.seal(record)
    (record.folder / "plan.json").unlink()
    assert isinstance(undo_commands.nothing_to_undo(Run(chosen, record)), BadParameters)
    record.append(records.LOG, {"n": 1})
    sealing.seal(record)
    (record.folder / records.LOG).unlink()
    assert f"({records.LOG}: missing)" in str(undo_commands.nothing_to_undo(Run(chosen, record)))
    (record.folder / records.MANIFEST).unlink()
    (record.folder / "plan.json").write_text("{}")
    assert f"({records.MANIFEST}: missing)" in str(undo_commands.nothing_to_undo(Run(chosen, record)))


@pytest.fixture
def store(monkeypatch):
    """The parameter store of the account that a command is connected to."""
    kept = Store()
    live = Live(load("local"), Identity("000000000000", "us-east-1", "jane", "AWS"), None, {"ssm": kept})
    monkeypatch.setattr(undo_commands, "connect", lambda chosen: live)
    return kept


def test_an_undo_is_told_to_take_away_the_lock_that_its_run_left_and_no_other(store):
    assert undo_commands.with_its_lock(load("local"), "r1") == []
    somebodys(store, run_id="r1")
    assert undo_commands.with_its_lock(load("local"), "r1") == ["--break-lock"]
    assert undo_commands.with_its_lock(load("local"), "r2") == []


def test_the_lock_that_this_command_gives_back_need_not_be_taken_away(store, monkeypatch):
    """`apply --resume` says what undoes its run before it has given its lock back."""
    somebodys(store, run_id="r1", token_sha256=digest("ours"))
    monkeypatch.setenv(run_lock.TOKEN, "ours")
    assert undo_commands.with_its_lock(load("local"), "r1") == []


def test_an_undo_takes_a_lock_away_where_nobody_can_tell_whose_it_is(store):
    def refuse(call):
        raise says("ExpiredTokenException")

    store.before = refuse
    assert undo_commands.with_its_lock(load("local"), "r1") == ["--break-lock"]
