"""Rollbacks of runs that did a part each: what carries the alerts of a workflow that is live stays."""

from dataclasses import replace

import pytest
from accounts import differences, snapshot

from lib.aws import connect
from lib.changes import engine
from lib.phases import rollback
from lib.record import records
from lib.record.change_rows import WriteState
from lib.resources import connected_run, desired
from lib.settings import with_changes

GUARDS = "parameter "  # what the account keeps that the undo was begun


@pytest.fixture
def runs(account):
    """The connection, the record of a run that made what carries alerts, and that of one that deployed the workflow."""
    live = connect(with_changes(account, mode="apply", settle_seconds=0))
    made = [records.open_run(live.settings) for _ in range(2)]
    for record, numbers in zip(made, (("01", "02", "04"), ("03",)), strict=True):
        for number in numbers:
            engine.carry_out(engine.plan(number, desired.PHASES[number](live)), connected_run.of(live, record))
    return live, *made


def rolled_back(live, record):
    return engine.roll_back(rollback.plan(connected_run.of(live, record)), connected_run.of(live, record))


def test_what_carries_the_alerts_of_a_workflow_that_another_run_deployed_stays_until_that_is_undone(account, runs):
    live, carriers, workflow = runs
    before = snapshot(account)
    outcome = rolled_back(live, carriers)
    assert outcome.states[0] == WriteState.FAILED
    assert "which another run deployed: roll that run back first" in outcome.results[0].why
    assert set(outcome.states[1:]) == {WriteState.NOT_TRIED}
    assert {name for name in differences(before, snapshot(account)) if not name.startswith(GUARDS)} == set()
    for deployed in (workflow, carriers):
        assert not {WriteState.FAILED, WriteState.NOT_TRIED} & set(rolled_back(live, deployed).states)
    assert not any(live.settings.ops_topic_name in name for name in snapshot(account))


def test_where_what_runs_cannot_be_read_it_stays_as_well(runs, monkeypatch):
    live, carriers, _ = runs
    silent = replace(live, settings=with_changes(live.settings, state_machine_name="Your6-CheckinWorkflow"))
    monkeypatch.setattr(
        rollback.traffic_entries, "read", lambda live: (_ for _ in ()).throw(rollback.RunbookError("denied"))
    )
    (first, *_) = rollback.plan(connected_run.of(silent, carriers)).changes
    assert (first.resource.others_rely, "cannot be read: denied" in first.trouble) == (True, True)


def test_a_part_that_carries_nothing_is_undone_whatever_runs(account, runs):
    live, _, workflow = runs
    engine.carry_out(engine.plan("06", desired.PHASES["06"](live)), connected_run.of(live, workflow))
    only = replace(live, settings=with_changes(live.settings, rollback_to_phase="06"))
    found = rollback.plan(connected_run.of(only, workflow))
    assert found.changes
    assert not any(change.trouble for change in found.changes)
