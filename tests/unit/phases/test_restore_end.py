"""What a restore does once check-ins are back: the lock that it takes away, and what the account keeps of it."""

import json

import pytest
from botocore.exceptions import ConnectTimeoutError
from machines import OPERATOR, connected, says

from lib.errors import Unanswered
from lib.phases import restore_end, restore_plan
from lib.resources import connected_run
from lib.resources.run_lock import Lock


@pytest.fixture
def settings(settings):
    """Those of a command that looks once: what AWS does not hold at once fails, and no test waits."""
    return settings.model_copy(update={"verify_timeout_seconds": 0})


def test_where_the_account_does_not_answer_both_that_it_keeps_are_said(live, run, monkeypatch):
    def late(seconds, ask, doing):
        raise Unanswered(f"no whole answer while {doing}")

    monkeypatch.setattr(restore_end, "answer_within", late)
    restored, undone = restore_end.keep(
        connected_run.of(live, run), restore_plan.plan_restore(connected_run.of(live, run))
    )
    assert "keeping what was restored" in restored
    assert f"does not keep that run {run.run_id} is undone" in undone
    assert "keeping that it is undone" in undone


# The lock of a run that still writes


class Parameters:
    """Parameter store with one lock in it, or what else is `held`."""

    def __init__(self, held="", **row):
        lock = Lock("t", "run-1", OPERATOR, "another machine", 1, "boot 1", "12:00", 600, 0)
        self.held = held or json.dumps({**lock.to_row(), **row})

    def get_parameter(self, **_):
        if isinstance(self.held, Exception):
            raise self.held
        if not self.held:
            raise says("ParameterNotFound")
        return {"Parameter": {"Value": self.held, "Version": 1}}

    def delete_parameter(self, **_):
        self.held = ""


def test_a_lock_in_force_is_taken_away_so_that_nobody_writes_the_new_definition_again(settings):
    store = Parameters()
    said = restore_end.take_lock_away(connected(settings, ssm=store))
    assert said == "the lock of run run-1 was taken away, so that it cannot write the new definition again"
    assert store.held == ""
    assert restore_end.take_lock_away(connected(settings, ssm=store)) == ""


@pytest.mark.parametrize(
    "held", [says("AccessDeniedException"), ConnectTimeoutError(endpoint_url="x"), "something else", '{"format": 99}']
)
def test_a_lock_that_cannot_be_read_or_taken_away_is_said_and_is_no_error(held, settings):
    store = Parameters(held)
    said = restore_end.take_lock_away(connected(settings, ssm=store))
    assert said.startswith("a run may still hold the lock, and would write the new definition again: ")
    assert store.held == held
