"""Plan, apply, verify, undo and roll back, over things that live in a dictionary."""

import json

import pytest
from fakes import World, in_plan_mode, run_of, said, states

from lib.changes import approval, engine
from lib.changes import undo_plan as undo_plans
from lib.changes.engine import LOG
from lib.changes.plan_data import plan_data
from lib.changes.plans import UNKNOWN, Change, Plan, Wanted, same
from lib.changes.undo_plan import plan as undo_plan
from lib.errors import NotAsWanted, Refused
from lib.record import records
from lib.record.records import Run
from lib.settings import load
from lib.values import exact_json

TO_GO = {"extra": "to go"}


def test_a_plan_says_what_would_be_done_and_does_nothing(world, wanted):
    plan = engine.plan("01", wanted)
    assert [change.action for change in plan.changes] == ["create", "update", "none", "remove"]
    assert [change.resource.label for change in plan.pending] == ["new", "old", "extra"]
    assert world.writes == []


def test_a_plan_says_how_each_change_would_be_undone(wanted):
    undo = [change.undo for change in engine.plan("01", wanted).changes]
    assert undo == ["remove, unless in use by then", "restore the value before", "", "restore the value before"]


def test_what_an_undo_leaves_behind_is_said_in_the_plan(world):
    class Versioned(type(world.thing("x"))):
        stays = "versions stay"

    change = Change(Versioned(world, "old"), 1, 2)
    assert change.undo == "restore the value before; versions stay"


def test_apply_writes_the_differences_in_order(world, wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    assert world.writes == [("new", "born"), ("old", {"size": 2}), ("extra", None)]
    assert outcome.states == ("applied", "applied", "nothing to do", "applied")
    assert outcome.applied == 3


def test_a_second_plan_is_empty(wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), wanted[0].resource.world.run(settings, record))
    assert engine.plan("01", wanted).pending == ()


def test_plan_mode_writes_nothing_at_all(world, wanted, settings, record):
    outcome = engine.carry_out(engine.plan("01", wanted), world.run(in_plan_mode(settings), record))
    assert outcome.states == ("planned", "planned", "nothing to do", "planned")
    assert world.writes == []
    assert [path.name for path in record.folder.iterdir()] == [records.MANIFEST]


def test_the_undo_record_is_on_disk_before_each_write(world, wanted, settings, record):
    seen = []
    world.at_write = lambda label: seen.append((label, json.loads((record.folder / LOG).read_text().splitlines()[-1])))
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    assert [(label, row["state"], row["before"], row["after"]) for label, row in seen] == [
        ("new", "intended", None, "born"),
        ("old", "intended", {"size": 1}, {"size": 2}),
        ("extra", "intended", "to go", None),
    ]


def test_each_write_is_recorded_as_intended_then_applied(wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), wanted[0].resource.world.run(settings, record))
    assert states(record, "new") == ["intended", "applied"]
    assert states(record, "equal") == []


def test_a_failing_write_is_recorded_and_stops_the_phase(world, wanted, settings, record):
    world.refuses = {"old"}
    with pytest.raises(NotAsWanted, match="AWS refused old"):
        engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    assert states(record, "old") == ["intended", "failed", "not applied"]
    assert record.rows(LOG)[-2]["why"] == "AWS refused old"
    assert states(record, "extra") == []
    assert world.live["extra"] == "to go"


def test_what_a_kill_left_intended_can_be_undone(world, wanted, settings, record):
    def die(label):
        if label == "extra":
            raise KeyboardInterrupt

    world.at_write = die
    with pytest.raises(KeyboardInterrupt):
        engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    world.at_write = lambda label: None
    assert states(record, "extra") == ["intended"]
    undo = undo_plan(record.rows(LOG), world.reopen)
    engine.roll_back(undo, world.run(settings, record))
    assert world.live == {"old": {"size": 1}, "equal": "as wanted", "extra": "to go"}


def test_a_change_between_plan_and_write_is_refused(world, wanted, settings, record):
    plan = engine.plan("01", wanted)
    world.live["old"] = {"size": 7}
    with pytest.raises(Refused, match="thing old changed after it was planned"):
        engine.carry_out(plan, world.run(settings, record))
    assert world.live["old"] == {"size": 7}
    assert states(record, "old") == []


def test_an_undo_refuses_to_write_over_a_later_change(world, wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    undo = undo_plan(record.rows(LOG), world.reopen)
    world.live["old"] = {"size": 9}
    outcome = engine.roll_back(undo, world.run(settings, record))
    assert said(outcome)[1].startswith("failed: thing old changed after it was planned")
    assert (outcome.states[0], outcome.states[2]) == ("applied", "applied")
    assert world.live["old"] == {"size": 9}
    assert [check.status for check in engine.verify(outcome, Run(settings, record))] == ["passed", "failed", "passed"]


def test_a_known_difference_beside_an_unknown_one_is_planned():
    world = World({"waiting": {"queue": UNKNOWN, "raw": "false"}})
    assert engine.plan("01", world.wanted(waiting={"queue": "q", "raw": "true"})).pending


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        (1, True),
        (False, 0),
        (0, False),
        ([1], [True]),
        ({"a": 0}, {"a": False}),
        (None, False),
        ("1", 1),
        (1, 1.0),
        (exact_json.loads("3.0e2"), 300.0),
        (exact_json.loads("[1e400]"), [exact_json.loads("1e401")]),
    ],
)
def test_values_that_python_confuses_are_kept_apart(left, right):
    assert not same(left, right)


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), ((1, 2), [1, 2]), ({"a": (1,)}, {"a": [1]}), (None, None)])
def test_values_that_a_record_cannot_tell_apart_are_the_same(left, right):
    assert same(left, right)


def test_the_fingerprint_stays_the_same_for_the_same_plan(wanted):
    first, second = engine.plan("01", wanted), engine.plan("01", wanted)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint.startswith("plan-")
    assert len(first.fingerprint) == len("plan-") + 16


def test_the_fingerprint_changes_with_every_before_after_thing_and_phase(world):
    def of(phase="01", label="old", before=1, after=2):
        return Plan(phase, (Change(world.thing(label), before, after),)).fingerprint

    found = [of(), of(phase="02"), of(label="new"), of(before=True), of(before=None), of(after=3), of(after="2")]
    assert len(set(found)) == len(found)


def test_the_fingerprint_does_not_know_the_order_of_keys(world):
    plans = [Plan("01", (Change(world.thing("old"), None, value),)) for value in ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    assert plans[0].fingerprint == plans[1].fingerprint


def test_the_fingerprint_knows_the_order_of_changes(world):
    one, two = Change(world.thing("one"), 1, 2), Change(world.thing("two"), 1, 2)
    assert Plan("01", (one, two)).fingerprint != Plan("01", (two, one)).fingerprint


def test_rolling_back_returns_everything_last_change_first(world, wanted, settings, record):
    before = dict(world.live)
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    world.writes.clear()
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live == before
    assert [label for label, _ in world.writes] == ["extra", "old", "new"]
    assert {check.status for check in engine.verify(outcome, Run(settings, record))} == {"passed"}


def test_rolling_back_twice_finds_nothing_to_do(world, wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    again = undo_plan(record.rows(LOG), world.reopen)
    assert again.pending == ()
    assert len(again.changes) == 3


def test_an_undo_is_not_undone(world, wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    undoing = [row for row in record.rows(LOG) if row["undoes"]]
    assert {row["state"] for row in undoing} == {"intended", "applied"}
    assert undo_plan(undoing, world.reopen).changes == ()


def test_a_thing_changed_twice_returns_to_its_first_value(world, settings, record):
    for size in (2, 3):
        engine.carry_out(engine.plan("01", world.wanted(old={"size": size})), world.run(settings, record))
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live["old"] == {"size": 1}


def test_rolling_back_in_plan_mode_writes_nothing(world, wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    written = list(world.writes)
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert set(engine.roll_back(undo, world.run(in_plan_mode(settings), record)).states) == {"planned"}
    assert world.writes == written


def test_what_is_in_use_by_then_is_kept_and_says_why(world, wanted, settings, record):
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    world.in_use["new"] = "it has 2 readers"
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert undo.changes[-1].undo == "kept if still so: it has 2 readers"
    outcome = engine.roll_back(undo, world.run(settings, record))
    assert said(outcome)[-1] == "kept: it has 2 readers"
    assert world.live["new"] == "born"
    assert record.rows(LOG)[-1]["why"] == "it has 2 readers"
    assert engine.verify(outcome, Run(settings, record))[-1].status == "passed"


def test_what_the_undo_itself_set_free_is_removed(world, settings, record):
    engine.carry_out(engine.plan("01", world.wanted(topic="t", subscription="s")), world.run(settings, record))
    world.in_use["topic"] = "it has a subscriber"
    undo = undo_plan(record.rows(LOG), world.reopen)
    world.at_write = lambda label: world.in_use.clear()
    assert engine.roll_back(undo, world.run(settings, record)).states == ("applied", "applied")
    assert "topic" not in world.live


def test_what_the_value_before_would_lose_is_kept_and_says_why(world, settings, record):
    engine.carry_out(engine.plan("01", world.wanted(old={"size": 2})), world.run(settings, record))
    world.holds_more["old"] = "it holds 3 messages"
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert undo.changes[-1].undo == "kept if still so: it holds 3 messages"
    outcome = engine.roll_back(undo, world.run(settings, record))
    assert (said(outcome), world.live["old"]) == (("kept: it holds 3 messages",), {"size": 2})
    assert engine.verify(outcome, Run(settings, record))[-1].status == "passed"
    world.holds_more.clear()
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live["old"] == {"size": 1}


def test_what_was_there_before_is_restored_although_in_use(world, settings, record):
    engine.carry_out(engine.plan("01", world.wanted(old={"size": 2})), world.run(settings, record))
    world.in_use["old"] = "it has readers"
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live["old"] == {"size": 1}


def test_temporary_things_are_there_inside_and_gone_after(world, record):
    with engine.temporary_things(world.wanted(ear="listens", mouth="speaks"), "05", world.run(load("local"), record)):
        assert world.live["ear"] == "listens"
    assert world.live.keys() == {"old", "equal", "extra"}
    assert world.writes[-2:] == [("mouth", None), ("ear", None)]


def test_temporary_things_are_gone_after_a_failure_and_the_failure_is_told(world, record):
    with (
        pytest.raises(ZeroDivisionError),
        engine.temporary_things(world.wanted(ear="listens"), "05", world.run(load("local"), record)),
    ):
        raise ZeroDivisionError
    assert "ear" not in world.live


def test_temporary_things_are_gone_when_one_could_not_be_made(world, record):
    world.refuses = {"mouth"}
    with (
        pytest.raises(NotAsWanted, match="AWS refused mouth"),
        engine.temporary_things(
            world.wanted(ear="listens", mouth="speaks", nose="smells"), "05", world.run(load("local"), record)
        ),
    ):
        pytest.fail("nothing may listen with half an ear")
    assert world.live.keys() == {"old", "equal", "extra"}


def test_one_temporary_thing_that_stays_keeps_no_other_and_is_named(world, record):
    with (
        pytest.raises(NotAsWanted, match=r"left behind.*thing mouth \(AWS refused mouth\)$"),
        engine.temporary_things(
            world.wanted(ear="listens", mouth="speaks", nose="smells"), "05", world.run(load("local"), record)
        ),
    ):
        world.refuses = {"mouth"}
    assert world.live.keys() == {"old", "equal", "extra", "mouth"}


def test_temporary_things_go_although_they_hold_something(world, record):
    world.in_use["ear"] = "it holds 3 messages"
    with engine.temporary_things(world.wanted(ear="listens"), "05", world.run(load("local"), record)):
        pass
    assert "ear" not in world.live


def test_temporary_things_that_a_kill_left_are_part_of_the_undo(world, settings, record):
    with engine.temporary_things(world.wanted(ear="listens"), "05", world.run(settings, record)):
        rows = record.rows(LOG)
        engine.roll_back(undo_plan(rows, world.reopen), world.run(settings, record))
        assert "ear" not in world.live


@pytest.fixture
def approving(settings, record):
    """`approving(plan)`: the settings of a run for which this plan was approved, and which was begun with it."""

    def approve(plan):
        people = {"approved_by": "bob", "change_ticket": "CHG-7"}
        asked = settings.model_copy(update={"approval": "required", **people})
        asked = asked.model_copy(
            update={"approved_plan": plan_data([plan], run_of(asked, record, plan))["fingerprint"]}
        )
        approval.keep_begun_plan([plan], run_of(asked, record, plan), "arn:aws:iam::000000000000:user/jane.doe")
        return asked

    return approve


def test_the_approved_plan_is_carried_out(world, wanted, record, approving):
    plan = engine.plan("01", wanted)
    assert engine.carry_out(plan, world.run(approving(plan), record)).applied == 3


def test_without_an_approved_plan_nothing_is_written(world, wanted, settings, record):
    asked = settings.model_copy(update={"approval": "required"})
    with pytest.raises(Refused, match="needs an approved plan, and this run has none"):
        engine.carry_out(engine.plan("01", wanted), world.run(asked, record))
    assert world.writes == []


def test_another_fingerprint_than_the_approved_one_is_refused(world, wanted, record, approving):
    plan = engine.plan("01", wanted)
    other = approving(plan).model_copy(update={"approved_plan": "plan-0123456789abcdef"})
    with pytest.raises(Refused, match=f"run {record.run_id} was not begun with plan-0123456789abcdef"):
        engine.carry_out(plan, world.run(other, record))
    assert world.writes == []


@pytest.mark.parametrize("label", ["new", "old", "equal", "extra"])
def test_what_drifted_since_the_approval_is_refused_by_name(label, world, wanted, record, approving):
    asked = approving(engine.plan("01", wanted))
    world.live[label] = "edited meanwhile"
    with pytest.raises(Refused, match=rf"changed since: thing {label}[ .]"):
        engine.carry_out(engine.plan("01", wanted), world.run(asked, record))
    assert world.writes == []


def test_another_wanted_value_than_the_approved_one_is_refused_by_name(world, record, approving):
    asked = approving(engine.plan("01", world.wanted(old={"size": 2}, new="born")))
    with pytest.raises(Refused, match=r"changed since: thing old \(size\)\."):
        engine.carry_out(engine.plan("01", world.wanted(old={"size": 3}, new="born")), world.run(asked, record))
    assert world.writes == []


def test_a_thing_that_was_not_approved_is_refused_by_name(world, wanted, record, approving):
    asked = approving(engine.plan("01", wanted))
    more = [*wanted, Wanted(world.thing("smuggled"), 1)]
    with pytest.raises(Refused, match=r"changed since: thing smuggled \(not in the approved plan\)\."):
        engine.carry_out(engine.plan("01", more), world.run(asked, record))


def test_what_the_run_itself_has_written_is_no_drift_so_that_it_can_go_on(world, wanted, record, approving):
    plan = engine.plan("01", wanted)
    asked = approving(plan)
    world.refuses = {"old"}
    with pytest.raises(NotAsWanted):
        engine.carry_out(plan, world.run(asked, record))
    world.refuses.clear()
    rest = engine.plan("01", wanted)
    assert [change.action for change in rest.changes] == ["none", "update", "none", "remove"]
    assert engine.carry_out(rest, world.run(asked, record)).applied == 2


def test_what_somebody_else_did_to_a_thing_that_the_run_wrote_is_refused(world, wanted, record, approving):
    plan = engine.plan("01", wanted)
    asked = approving(plan)
    engine.carry_out(plan, world.run(asked, record))
    world.live["new"] = "edited meanwhile"
    with pytest.raises(Refused, match=r"changed since: thing new\."):
        engine.carry_out(engine.plan("01", wanted), world.run(asked, record))


def test_a_plan_that_would_write_nothing_needs_no_approval(world, settings, record):
    asked = settings.model_copy(update={"approval": "required"})
    assert engine.carry_out(engine.plan("01", world.wanted(equal="as wanted")), world.run(asked, record)).applied == 0
    assert world.writes == []


def test_an_undo_says_which_values_somebody_else_changed(world, record, settings):
    engine.carry_out(engine.plan("01", world.wanted(new="ours")), world.run(settings, record))
    world.live["new"] = "theirs"
    found = undo_plan(record.rows(engine.LOG), world.reopen).changes[0]
    assert found.foreign
    assert found.undo.startswith("SOMEBODY ELSE CHANGED THIS")


def test_what_was_kept_and_is_gone_all_the_same_is_as_wanted(world, record, settings):
    engine.carry_out(engine.plan("01", world.wanted(new="ours")), world.run(settings, record))
    world.in_use["new"] = "it waits for its owner"
    outcome = engine.roll_back(undo_plan(record.rows(engine.LOG), world.reopen), world.run(settings, record))
    assert said(outcome) == ("kept: it waits for its owner",)
    del world.live["new"]
    assert [check.status for check in engine.verify(outcome, Run(settings, record))] == ["passed"]


def test_what_a_crash_left_behind_is_cleared_even_if_it_is_in_use(world, record):
    with (
        pytest.raises(NotAsWanted),
        engine.temporary_things(world.wanted(listener="queue"), "05", world.run(load("local"), record)),
    ):
        world.refuses.add("listener")
    world.refuses.clear()
    world.in_use["listener"] = "it holds 4 messages"
    assert engine.clear_left_behind(world.run(load("local"), record), world.reopen) == ["thing listener"]
    assert "listener" not in world.live
    assert engine.clear_left_behind(world.run(load("local"), record), world.reopen) == []


# The same plan carried out twice, as by hand


def carried_out_twice(settings, record, between=lambda world: None, **values):
    world = World({"a": 1, "b": 1})
    run, plan = world.run(settings, record), engine.plan("01", world.wanted(a=2, b=2))
    engine.carry_out(plan, run)
    world.writes.clear()
    between(world)
    return world, lambda: engine.carry_out(plan, run)


def test_a_plan_that_this_run_carried_out_is_not_carried_out_again_and_it_is_said_when(settings, record):
    world, again = carried_out_twice(settings, record)
    rows = len(record.rows(engine.LOG))
    outcome = again()
    assert (world.writes, outcome.states, len(record.rows(engine.LOG))) == ([], ("applied", "applied"), rows)
    moment = record.rows(engine.LOG)[1]["time"][11:16]
    assert outcome.results[0].said == f"applied: this run applied it at {moment} UTC; nothing was written now"
    assert [check.status for check in engine.verify(outcome, world.run(settings, record))] == ["passed", "passed"]


def test_what_is_left_of_such_a_plan_is_written(settings, record):
    world, again = carried_out_twice(settings, record, lambda world: world.live.update(b=1))
    assert (again().states, world.writes) == (("applied", "applied"), [("b", 2)])


def test_what_somebody_else_wrote_is_still_refused(settings, record):
    _, again = carried_out_twice(settings, record, lambda world: world.live.update(a=9))
    with pytest.raises(Refused, match="changed after it was planned"):
        again()


def test_what_another_run_or_nobodys_row_wrote_is_refused_as_well(settings, record):
    world, again = carried_out_twice(settings, record, lambda world: world.known.clear())
    with pytest.raises(Refused, match="changed after it was planned"):
        again()
    fresh = World({"a": 1})
    plan = engine.plan("01", fresh.wanted(a=2))
    fresh.live["a"] = 2  # as wanted, and not by this run
    with pytest.raises(Refused, match="changed after it was planned"):
        engine.carry_out(plan, fresh.run(settings, world.run(settings, record).record))


def test_each_change_of_such_a_plan_is_looked_at_on_its_own(settings, record):
    world, again = carried_out_twice(settings, record, lambda world: world.live.update(a=1))
    assert (again().states, world.writes) == (("applied", "applied"), [("a", 2)])
    run, plan = world.run(settings, record), engine.plan("01", world.wanted(a=2, b=3))
    engine.carry_out(plan, run)
    assert engine.carry_out(plan, run).states == ("nothing to do", "applied")


def test_neither_a_write_whose_end_nobody_told_nor_an_undo_is_taken_for_this_plans(settings, record):
    world, again = carried_out_twice(settings, record)
    rows = [row for row in record.rows(engine.LOG) if row["state"] == "intended"]
    (record.folder / engine.LOG).unlink()
    record.append_all(engine.LOG, rows)
    with pytest.raises(Refused, match="changed after it was planned"):
        again()
    run, back = world.run(settings, record), engine.plan("01", world.wanted(a=1))
    engine.roll_back(engine.plan("90", world.wanted(a=1)), run)
    with pytest.raises(Refused, match="changed after it was planned"):
        engine.carry_out(back, run)


@pytest.mark.parametrize("cut", ["write", "undo"])
def test_what_a_kill_left_open_and_an_undo_finds_as_recorded_is_left_no_more(cut, world, settings, record):
    """`status` went on saying of a run that was killed before a call, and rolled back, that it can be undone."""
    engine.carry_out(engine.plan("01", world.wanted(old={"size": 2})), world.run(settings, record))
    if cut == "undo":
        engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    kept = [json.dumps(row) for row in record.rows(LOG)[:-1]]  # how a call ended is what a kill takes
    (record.folder / LOG).write_text("".join(f"{row}\n" for row in kept), encoding="utf-8")
    world.live["old"] = {"size": 1}
    assert undo_plans.is_anything_left(record.rows(LOG))
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert outcome.states == ("nothing to do",)
    assert not undo_plans.is_anything_left(record.rows(LOG))
    assert undo_plans.unfinished_writes(record.rows(LOG)) == []
    # What the killed call does only now is the run's all the same; what was there and went is somebody else's.
    world.live["old"] = {"size": 2}
    assert [one.foreign for one in undo_plan(record.rows(LOG), world.reopen).changes] == [cut == "undo"]
