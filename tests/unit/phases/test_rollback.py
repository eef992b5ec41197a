"""What is read before and after an undo: what the run changed, what would go back, and what became of each."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from fakes import World
from machines import StepFunctions, connected, described, kept

from lib.changes import engine
from lib.changes.plans import Change, Outcome, Result, entry
from lib.errors import BadParameters, NotAsWanted
from lib.phases import rollback
from lib.record.change_rows import WriteState
from lib.record.records import LOG
from lib.record.run_phases import NOTEBOOKS
from lib.resources import connected_run
from lib.resources.resource_kinds import Workflow, WorkflowAlias

RUNS_AFTER_03 = ("03", "05", "06", "07", "08")


def rows(world, label, *states, phase="01", before=None, after=1, undoes=False, temporary=False):
    """What the log holds of one write, as far as it came."""
    change = Change(world.thing(label), before, after, temporary=temporary)
    return [entry(phase, change, state, undoes) for state in states or ("intended", "applied")]


def outcome(*pairs):
    """An undo that took these things out of the account, and what became of each."""
    results = [Result(Change(thing, "now", "before"), *state_and_why) for thing, *state_and_why in pairs]
    return Outcome("90", tuple(results), "run-1", undoes=True)


# What the run changed


def test_of_each_thing_the_latest_state_is_shown_in_the_order_of_the_run():
    world = World()
    told = [
        *rows(world, "a"),
        *rows(world, "b", "intended", "unknown", phase="03", before=1, after=2),
        *rows(world, "a", "verified"),
    ]
    assert rollback.latest_rows(told) == [
        {"phase": "01", "what": "thing a", "action": "create", "state": "verified"},
        {"phase": "03", "what": "thing b", "action": "update", "state": "unknown"},
    ]


def test_what_was_so_for_a_while_stands_apart_and_what_an_undo_wrote_is_no_change_of_the_run():
    world = World()
    told = [
        *rows(world, "a"),
        *rows(world, "a", phase="05", before=1, after=2, temporary=True),
        *rows(world, "a", phase="90", before=1, after=None, undoes=True),
    ]
    shown = [(row["action"], row["phase"], row["state"]) for row in rollback.latest_rows(told)]
    assert shown == [("create", "01", "applied"), ("update, for a while", "05", "applied")]
    assert rollback.latest_rows([]) == []


# How much of it is undone


def test_without_a_phase_everything_is_undone():
    told = rows(World(), "a")
    assert rollback.rows_from_phase(told, "") == told


@pytest.mark.parametrize("word", ["3", "90", "state machine"])
def test_a_phase_that_there_is_not_undoes_nothing_and_is_refused_with_those_that_there_are(word):
    with pytest.raises(BadParameters, match=f"rollback_to_phase {word!r}: expected one of 00, 01, 02, 04, 03, 05"):
        rollback.rows_from_phase(rows(World(), "a"), word)


@pytest.mark.parametrize("phase", NOTEBOOKS)
def test_to_phase_03_undoes_it_and_what_runs_after_it_and_keeps_the_rules_which_run_before(phase):
    told = rows(World(), "a", phase=phase)
    assert rollback.rows_from_phase(told, "03") == (told if phase in RUNS_AFTER_03 else [])


def test_an_undos_rows_go_with_what_they_undo_and_count_for_no_phase_of_their_own():
    world = World()
    kept = [*rows(world, "kept", phase="01"), *rows(world, "kept", phase="90", after=None, undoes=True)]
    undone = [*rows(world, "gone", phase="03"), *rows(world, "gone", phase="90", after=None, undoes=True)]
    assert rollback.rows_from_phase([*kept, *undone], "03") == undone


def test_what_a_crash_left_behind_is_cleared_away_whatever_phase_is_asked_for_and_takes_no_lasting_thing_with_it():
    world = World()
    lasting = rows(world, "a", phase="01")
    temporary = rows(world, "a", phase="02", before=1, after=2, temporary=True)
    assert rollback.rows_from_phase([*lasting, *temporary], "08") == temporary


# The plan of an undo


@pytest.fixture
def aws(settings):
    arn = settings.state_machine_arn
    held = {arn: described("after"), f"{arn}:1": described("before"), f"{arn}:2": described("after")}
    return StepFunctions(arn, held, {"live": {f"{arn}:2": 100}})


@pytest.fixture
def live(settings, aws):
    return connected(settings, stepfunctions=aws)


def moved(live, aws, record):
    """The rows of a run that wrote the workflow in phase 03 and then moved its alias, which it did in phase 04 here."""
    machine, alias = (
        Workflow(live, live.settings.state_machine_name),
        WorkflowAlias(live, live.settings.state_machine_name, "live"),
    )
    after, routed = machine.read(), alias.read()
    aws.held[aws.arn], aws.aliases["live"] = aws.held[f"{aws.arn}:1"], {f"{aws.arn}:1": 100}
    told = [("03", Change(machine, machine.read(), after)), ("04", Change(alias, alias.read(), routed))]
    aws.held[aws.arn], aws.aliases["live"] = aws.held[f"{aws.arn}:2"], {f"{aws.arn}:2": 100}
    for phase, change in told:
        for state in ("intended", "applied"):
            record.append(LOG, entry(phase, change, state))
    kept(live, record)


def test_an_undo_is_planned_against_the_live_account_last_change_first(live, aws, record):
    moved(live, aws, record)
    found = rollback.plan(connected_run.of(live, record))
    assert [(change.resource.kind, change.action) for change in found.changes] == [
        ("workflow alias", "update"),
        ("state machine", "update"),
    ]
    assert not any(change.foreign or change.trouble for change in found.changes)
    assert aws.wrote == []


def test_what_somebody_else_wrote_since_is_said_before_anything_is_lost(live, aws, record):
    moved(live, aws, record)
    aws.held[aws.arn] = described("somebody's")
    assert {
        change.resource.kind: change.foreign for change in rollback.plan(connected_run.of(live, record)).changes
    } == {
        "workflow alias": False,
        "state machine": True,
    }


def test_an_undo_goes_back_to_the_phase_that_the_parameters_name(live, aws, record):
    moved(live, aws, record)
    only = replace(live, settings=live.settings.model_copy(update={"rollback_to_phase": "03"}))
    assert [change.resource.kind for change in rollback.plan(connected_run.of(only, record)).changes] == [
        "state machine"
    ]


def test_a_kind_that_this_version_does_not_know_is_said_and_keeps_no_other_from_its_undo(live, aws, record):
    moved(live, aws, record)
    for row in record.rows(LOG)[:2]:
        record.append(LOG, {**row, "kind": "lake", "name": "lake"})
    kept(live, record)
    found = rollback.plan(connected_run.of(live, record))
    assert [(change.resource.name, bool(change.trouble)) for change in found.changes if change.trouble] == [
        ("lake", True)
    ]
    assert len(found.changes) == 3


def test_writes_that_were_announced_and_that_no_row_tells_are_counted(live, aws, record):
    moved(live, aws, record)
    assert rollback.untold(connected_run.of(live, record)) == []
    rows = record.rows(LOG)
    (record.folder / LOG).unlink()
    record.append_all(LOG, rows[:2])
    (said,) = rollback.untold(connected_run.of(live, record))
    assert said["outcome"].startswith("1 of which no row of changes.jsonl tells: the run never came to them, or rows")


def test_where_the_account_does_not_say_what_was_announced_that_is_said(live, aws, record):
    moved(live, aws, record)
    (said,) = rollback.untold(replace(connected_run.of(live, record), guards=SimpleNamespace(wrote=deaf)))
    assert said["outcome"] == "cannot tell whether changes.jsonl holds them all: no answer"


def deaf(run_id):
    raise NotAsWanted("no answer")


# What carries the alerts of a workflow that another run deployed


@pytest.fixture
def runs(monkeypatch):
    """`runs("after")`: what is live; an error is what reading it comes to."""

    def given(what):
        def read(live):
            if isinstance(what, Exception):
                raise what
            return SimpleNamespace(machine="m", arn="m:live")

        monkeypatch.setattr(rollback.traffic_entries, "read", read)
        states = {rollback.GATE if what == "sends" else "A": {"Type": "Pass", "End": True}}
        monkeypatch.setattr(rollback.traffic_entries, "run_by", lambda live, arn: [{}])
        monkeypatch.setattr(rollback, "value_of", lambda found: {"definition": {"States": states}})

    return given


def undone(live, record, monkeypatch, live_value="made", **row):
    world = World({"rule": live_value} if live_value else {})
    monkeypatch.setattr(rollback.resource_kinds, "reopen", lambda live, kind, identity: world.reopen(kind, identity))
    record.append_all(LOG, rows(world, "rule", **{"phase": "04", "after": "made", **row}))
    kept(live, record)
    return rollback.plan(connected_run.of(live, record)).changes


@pytest.mark.parametrize("phase", rollback.CARRYING)
def test_what_it_takes_for_a_live_workflows_alerts_stays_and_the_way_is_named(phase, live, record, runs, monkeypatch):
    runs("sends")
    first, rule = undone(live, record, monkeypatch, phase=phase)
    assert "which another run deployed: roll that run back first" in first.trouble
    assert (first.resource.others_rely, first.resource.kind, rule.action) == (True, "state machine", "remove")


def test_where_what_is_live_cannot_be_read_it_stays_as_well(live, record, runs, monkeypatch):
    runs(NotAsWanted("denied"))
    first, _ = undone(live, record, monkeypatch)
    assert first.trouble == "what runs now, and may need it, cannot be read: denied"


def test_where_the_workflow_of_before_is_live_it_goes(live, record, runs, monkeypatch):
    runs("before")
    assert [change.action for change in undone(live, record, monkeypatch)] == ["remove"]


@pytest.mark.parametrize("row", [{"phase": "06"}, {"temporary": True}])
def test_what_carries_no_alert_goes_whatever_is_live(row, live, record, runs, monkeypatch):
    runs("sends")
    assert [change.trouble for change in undone(live, record, monkeypatch, **row)] == [""]


def test_where_nothing_is_left_to_take_away_nobody_is_asked_what_is_live(live, record, runs, monkeypatch):
    runs(NotAsWanted("denied"))
    assert [change.action for change in undone(live, record, monkeypatch, live_value=None)] == ["none"]


# What became of each


def test_the_ledger_says_of_each_thing_what_became_of_it_and_what_it_holds_now():
    world = World()
    states = [
        (WriteState.APPLIED,), (WriteState.NOTHING_TO_DO,), (WriteState.PLANNED,), (WriteState.KEPT, "it is in use"),
        (WriteState.FAILED, "AWS refused"), (WriteState.NOT_TRIED, "first"),
    ]  # fmt: skip
    told = rollback.ledger(outcome(*((world.thing(str(at)), *state) for at, state in enumerate(states))))
    assert told == [
        {"what": "thing 0", "outcome": "undone", "value": "before"},
        {"what": "thing 1", "outcome": "is as recorded already", "value": "before"},
        {"what": "thing 2", "outcome": "planned", "value": "before"},
        {"what": "thing 3", "outcome": "kept: it is in use", "value": "now"},
        {"what": "thing 4", "outcome": "failed: AWS refused", "value": "now"},
        {"what": "thing 5", "outcome": "not tried: first", "value": "now"},
    ]


class Staying(type(World().thing("a"))):
    """One of those that leave something behind on purpose."""

    stays = "published versions stay"


def test_what_an_undone_thing_leaves_behind_stands_beside_it_and_among_what_is_kept():
    world = World()
    done = WriteState.APPLIED
    found = outcome((Staying(world, "a"), done), (world.thing("b"), done), (world.thing("c"), WriteState.KEPT, "used"))
    assert rollback.ledger(found)[0]["outcome"] == "undone; published versions stay"
    assert rollback.what_stays(found) == [
        {"what": "thing c", "why": "used"},
        {"what": "thing a", "why": "published versions stay"},
    ]


def test_where_everything_went_back_nothing_is_kept():
    assert rollback.what_stays(outcome((World().thing("a"), WriteState.APPLIED))) == []


def test_a_long_value_is_cut_and_one_that_is_gone_is_said_in_the_ledger():
    world = World()
    undone = (Change(world.thing("a"), "now", "x" * 999), Change(world.thing("b"), "now", None))
    shown = rollback.ledger(Outcome("90", tuple(Result(change, WriteState.APPLIED) for change in undone), "run-1"))
    assert [row["value"] for row in shown] == ["x" * 40 + "... (999 characters)", "does not exist"]


def test_what_was_undone_of_a_part_is_undone_and_the_rest_stays(settings, record):
    world = World({"first": 0, "second": 0})
    engine.carry_out(engine.plan("01", world.wanted(first=1)), world.run(settings, record))
    engine.carry_out(engine.plan("03", world.wanted(second=1)), world.run(settings, record))
    chosen = rollback.rows_from_phase(record.changes(), "03")
    engine.roll_back(engine.undo_plan.plan(chosen, world.reopen), world.run(settings, record))
    assert world.live == {"first": 1, "second": 0}
    assert [row["what"] for row in rollback.latest_rows(record.rows(LOG))] == ["thing first", "thing second"]
