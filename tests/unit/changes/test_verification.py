"""Whether live things hold what was wanted, in the end: read until they do, or time is up."""

import json

import pytest
from fakes import World, in_plan_mode, states

from lib.changes import engine
from lib.changes.engine import LOG
from lib.changes.plans import UNKNOWN
from lib.checks import Check, require
from lib.errors import NotAsWanted
from lib.record.records import Run
from lib.values.check_registry import Id

TO_GO = {"extra": "to go"}


def test_verify_passes_what_is_as_wanted(wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), wanted[0].resource.world.run(settings, record))
    assert {check.status for check in engine.verify(outcome, Run(settings, record))} == {"passed"}
    assert states(record, "new") == ["intended", "applied", "verified"]


def test_verify_waits_for_what_settles_late(world, wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    world.late["new"] = 3
    patient = settings.model_copy(update={"verify_timeout_seconds": 30})
    assert engine.verify(outcome, Run(patient, record))[0] == Check(
        Id.AS_WANTED, "thing new", "passed", "as wanted", "born", "thing new"
    )
    assert world.late["new"] == 0


def test_verify_fails_with_what_was_found_and_expected(world, wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    del world.live["new"]
    check = engine.verify(outcome, Run(settings, record))[0]
    assert check == Check(Id.AS_WANTED, "thing new", "failed", "does not exist", "born", "thing new")
    assert record.rows(LOG)[-3]["status"] == "failed"
    with pytest.raises(NotAsWanted, match="thing new: found does not exist, expected born"):
        require([check])


def test_verify_in_plan_mode_says_what_is_not_applied(wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), wanted[0].resource.world.run(in_plan_mode(settings), record))
    checks = engine.verify(outcome, Run(in_plan_mode(settings), record))
    assert [check.status for check in checks] == ["not applied", "not applied", "passed", "not applied"]
    require(checks)


@pytest.mark.parametrize("live", [UNKNOWN, {"queue": UNKNOWN}, {"deep": {"queue": UNKNOWN}}, {"many": [UNKNOWN]}])
def test_what_cannot_be_read_is_not_exercised_and_never_passed(live, settings, record):
    readable = json.loads(json.dumps(live).replace(UNKNOWN, "value"))
    world = World({"waiting": live})
    plan = engine.plan("01", world.wanted(waiting=readable))
    assert plan.pending == ()
    outcome = engine.carry_out(plan, world.run(settings, record))
    assert [check.status for check in engine.verify(outcome, Run(settings, record))] == ["not exercised here"]
