"""What an open record holds besides what its run wrote is acted on by nobody; what the run wrote is undone. No AWS."""

import json
import shutil
from pathlib import Path

import pytest
from fakes import FakeResource, World

from lib.changes import engine, loss_guard, plans, provenance, undo_plan
from lib.changes.plans import Change, Plan, Wanted, entry
from lib.cli import resume
from lib.errors import NotAsWanted, Refused, Unreachable
from lib.phases import rollback
from lib.record import change_rows, records, sealing, writers
from lib.record.records import LOG, MANIFEST, VERDICT, Record, Run
from lib.record.seals import manifest
from lib.settings import check, load
from lib.values.exact_json import Laid

NOT_KEPT = "the account does not keep that run"


@pytest.fixture
def world(settings, record):
    """What a run left that wrote `a` and `b`; `theirs` it never touched, and another run wrote `other`."""
    found = World({"a": {"x": 1}, "b": 1, "theirs": 9})
    other = records.open_run(settings)
    engine.carry_out(engine.plan("01", found.wanted(other=5)), found.run(settings, other))
    found.of_another = other.rows(LOG)
    engine.carry_out(engine.plan("01", found.wanted(a={"x": 2}, b=2)), found.run(settings, record))
    return found


BEFORE = {"a": {"x": 1}, "b": 1, "theirs": 9, "other": 5}


def row(label, before, after, **more):
    told = entry("01", Change(World().thing(label), before, after), "applied")
    return [{**told, "state": state, **more} for state in ("intended", "applied")]


def added(record, *rows):
    record.append_all(LOG, rows)


def altered(record, label, **changed):
    """Every row of a thing says something else than the run wrote there."""
    rows = [one | changed if one["identity"] == {"label": label} else one for one in record.rows(LOG)]
    (record.folder / LOG).unlink()
    added(record, *rows)


def laundered(settings, record):
    """The next command seals what it finds, and so does the one after it."""
    sealing.seal(record)
    records.open_to_write(Run(settings, record))
    assert records.alterations(Run(settings, record), whole=True) == []


def rolled_back(world, settings, record):
    plan = undo_plan.plan(provenance.believe_rows(record, world), world.reopen)
    outcome = engine.roll_back(plan, world.run(settings, record))
    return {result.change.resource.name: result.said for result in outcome.results}


ADDED = {
    "a thing that the run never wrote": ("theirs", lambda world: row("theirs", 0, 9)),
    "one that is gone": ("new", lambda world: row("new", 0, None)),
    "one that was for a while": ("theirs", lambda world: row("theirs", None, 9, temporary=True)),
    "its own, as if for a while": ("a", lambda world: row("a", {"x": 1}, {"x": 2}, temporary=True)),
    "its own, with another value before": ("b", lambda world: row("b", 0, 2)),
    "its own, as if undone": ("b", lambda world: row("b", 2, 7, undoes=True)),
    "another thing, as if undone": ("theirs", lambda world: row("theirs", 9, 0, undoes=True)),
    "what another run wrote": ("other", lambda world: world.of_another),
    "a write that only failed": ("theirs", lambda world: row("theirs", 0, 9)[:1]),
    "a write that only ended": ("theirs", lambda world: row("theirs", 0, 9)[1:]),
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("what", ADDED)
def test_a_row_that_was_added_is_said_by_name_and_not_acted_on_and_the_runs_own_are_undone(
    what, sealed, world, settings, record
):
    label, made = ADDED[what]
    added(record, *made(world))
    if sealed:
        laundered(settings, record)
    world.writes.clear()
    plan = undo_plan.plan(provenance.believe_rows(record, world), world.reopen)
    said = [change.resource.name for change in plan.changes if NOT_KEPT in change.trouble]
    assert said == [f"thing {label}"]
    outcome = engine.roll_back(plan, world.run(settings, record))
    assert world.live == BEFORE
    assert sorted(label for label, _ in world.writes) == ["a", "b"]
    doubted = [one for one in outcome.results if one.why.startswith(f"{NOT_KEPT} {record.run_id} wrote this")]
    assert [one.state for one in doubted] == ["failed"]
    ledger = {found["what"]: found["outcome"] for found in rollback.ledger(outcome) if NOT_KEPT in found["outcome"]}
    assert list(ledger) == [f"thing {label}"]
    assert any(found.status == "failed" for found in engine.verify(outcome, Run(settings, record)))


@pytest.mark.parametrize("how", ["a", "b"])
def test_a_value_for_a_while_of_what_lasts_makes_nobodys_later_value_ours(how, world, settings, record):
    world.live["b"] = "theirs"
    added(record, *row("b", 2, "theirs", temporary=True, undoes=how == "b"))
    plan = undo_plan.plan(provenance.believe_rows(record, world), world.reopen)
    assert not any(change.resource.label == "b" for change in plan.changes if not change.trouble)


ALTERED = {
    "before": {"before": {"x": 666}},
    "laid": {"laid": {"x": "666"}},
    "phase": {"phase": "07"},
    "name": {"name": "thing theirs"},
    "format": {"format": 1},
    "for a while": {"temporary": True},
    "after": {"after": {"x": 3}},
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("what", ALTERED)
def test_a_row_that_was_altered_is_said_and_not_acted_on_and_the_others_are_undone(
    what, sealed, world, settings, record
):
    altered(record, "a", **ALTERED[what])
    if sealed:
        laundered(settings, record)
    found = rolled_back(world, settings, record)
    assert world.live == {**BEFORE, "a": {"x": 2}}
    assert found.pop("thing b") == "applied"
    assert all(NOT_KEPT in state for state in found.values()) and len(found) == 1


@pytest.mark.parametrize("sealed", [False, True])
def test_how_a_value_was_laid_out_is_believed_as_the_run_told_it_and_no_otherwise(sealed, settings, record):
    stood = {"definition": Laid({"x": 1}, '{ "x" : 1 }')}
    world = World({"w": stood})
    engine.carry_out(engine.plan("03", world.wanted(w={"definition": {"x": 2}})), world.run(settings, record))
    assert record.rows(LOG)[0]["laid"] == {"definition": '{ "x" : 1 }'}
    (change,) = undo_plan.plan(provenance.believe_rows(record, world), world.reopen).changes
    assert (change.after["definition"].text, change.trouble) == ('{ "x" : 1 }', "")
    altered(record, "w", laid={"definition": '{"x": 666}'})
    if sealed:
        laundered(settings, record)
    assert NOT_KEPT in rolled_back(world, settings, record)["thing w"]
    assert world.live["w"] == {"definition": {"x": 2}}


def test_where_its_first_row_was_altered_a_later_one_does_not_tell_what_was_before(world, settings, record):
    engine.carry_out(engine.plan("02", world.wanted(a={"x": 3})), world.run(settings, record))
    rows = record.rows(LOG)
    (record.folder / LOG).unlink()
    first = [one["identity"] == {"label": "a"} and one["phase"] == "01" for one in rows]
    added(record, *(one | ({"before": {"x": 0}} if mine else {}) for one, mine in zip(rows, first, strict=True)))
    changed = undo_plan.plan(provenance.believe_rows(record, world), world.reopen).changes
    assert [bool(change.trouble) for change in changed if change.resource.name == "thing a"] == [True, True]
    engine.roll_back(Plan("90", changed), world.run(settings, record))
    assert world.live == {**BEFORE, "a": {"x": 3}}


def test_an_undo_that_was_put_between_two_writes_hides_the_first_from_nobody(world, settings, record):
    added(record, *row("b", 2, 2, undoes=True))
    engine.carry_out(engine.plan("02", world.wanted(b=3)), world.run(settings, record))
    found = rolled_back(world, settings, record)
    assert world.live == BEFORE
    assert NOT_KEPT in found["thing b"]


def test_what_an_undo_left_alone_says_nothing(world, settings, record):
    for state in ("kept", "not tried"):
        added(record, row("b", 2, 7, undoes=True, state=state)[0])
    assert set(rolled_back(world, settings, record).values()) == {"applied"}
    assert world.live == BEFORE


def test_a_forged_row_takes_nothing_along_that_a_part_of_a_rollback_leaves(world, settings, record):
    engine.carry_out(engine.plan("03", world.wanted(late=1)), world.run(settings, record))
    added(record, *row("a", {"x": 0}, {"x": 2}, phase="03"))
    found = rollback.rows_from_phase(provenance.believe_rows(record, world), "03")
    assert {(one["name"], bool(one["trouble"])) for one in found} == {("thing late", False), ("thing a", True)}


class Relied(FakeResource):
    """One on which others rely, as the alerts do on the workflow."""

    others_rely = True


@pytest.mark.parametrize("how", ["altered", "hidden", "newer"])
def test_while_the_workflow_is_not_restored_what_carries_its_alerts_stays(how, settings, record):
    world = World({"workflow": 1})
    wanted = [Wanted(world.thing("rule"), 1), Wanted(Relied(world, "workflow"), 2)]
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    altered(record, "workflow", **({"format": 99} if how == "newer" else {"before": 666}))
    if how == "hidden":
        engine.carry_out(engine.plan("02", [Wanted(Relied(world, "workflow"), 3)]), world.run(settings, record))
    reopen = {"workflow": Relied, "rule": FakeResource}
    rows = provenance.believe_rows(record, world)
    plan = undo_plan.plan(rows, lambda kind, identity: reopen[identity["label"]](world, **identity))
    before = dict(world.live)
    states = engine.roll_back(plan, world.run(settings, record)).states
    assert set(states) == {"failed", "not tried"}
    assert world.live == before
    assert {one["trouble"] for one in provenance.believe_rows(record, world) if one["name"] == "thing rule"} == {""}


def test_a_forged_row_of_the_workflow_beside_the_runs_own_stops_nothing(settings, record):
    world = World({"workflow": 1})
    wanted = [Wanted(world.thing("rule"), 1), Wanted(Relied(world, "workflow"), 2)]
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    added(record, *row("workflow", 666, 2), *row("rule", 1, None, undoes=True))
    reopen = {"workflow": Relied, "rule": FakeResource}
    rows = provenance.believe_rows(record, world)
    plan = undo_plan.plan(rows, lambda kind, identity: reopen[identity["label"]](world, **identity))
    states = engine.roll_back(plan, world.run(settings, record)).states
    assert (world.live, states.count("applied"), len(states)) == ({"workflow": 1}, 2, 4)


def test_an_undo_that_nobody_knows_of_is_nothing_that_others_wait_for(settings, record):
    world = World({"rule": 1, "workflow": 1})
    engine.carry_out(engine.plan("01", world.wanted(rule=2)), world.run(settings, record))
    added(record, *row("workflow", 2, 1, undoes=True))
    reopen = {"workflow": Relied, "rule": FakeResource}
    rows = provenance.believe_rows(record, world)
    plan = undo_plan.plan(rows, lambda kind, identity: reopen[identity["label"]](world, **identity))
    engine.roll_back(plan, world.run(settings, record))
    assert world.live == {"rule": 1, "workflow": 1}


# What the run itself wrote, however it ended


@pytest.mark.parametrize("died", [0, 1, 2, 3])
def test_a_run_that_was_killed_at_any_write_is_undone_wholly(died, settings, record):
    world = World({"a": 1, "b": 1})

    def die(label):
        if len(world.writes) == died:
            raise KeyboardInterrupt

    world.at_write = die
    plan = engine.plan("01", world.wanted(a=2, b=2, c=2))
    try:
        engine.carry_out(plan, world.run(settings, record))
    except KeyboardInterrupt:
        assert died < 3
    world.at_write = lambda label: None
    assert all(NOT_KEPT not in state for state in rolled_back(world, settings, record).values())
    assert world.live == {"a": 1, "b": 1}
    assert set(rolled_back(world, settings, record).values()) <= {"nothing to do"}  # and once more


def test_one_that_was_killed_after_it_told_the_account_and_before_it_wrote_has_nothing_to_undo(settings, record):
    world = World()
    loss_guard.keep(engine.plan("01", world.wanted(a=1)), world.run(settings, record))
    assert (len(world.wrote(record.run_id)), provenance.believe_rows(record, world)) == (1, [])


def test_an_undo_that_the_run_made_is_believed_so_that_what_was_written_anew_counts_from_there(world, settings, record):
    rolled_back(world, settings, record)
    world.live["b"] = "theirs, since"
    engine.carry_out(engine.plan("01", world.wanted(b=2)), world.run(settings, record))
    rolled_back(world, settings, record)
    assert world.live == {**BEFORE, "b": "theirs, since"}


def test_what_was_read_back_from_aws_is_believed_with_how_it_was_laid_out(settings, record):
    world = World({"w": {"definition": Laid({"x": 1}, '{ "x" : 1 }')}})

    def die(label):
        raise KeyboardInterrupt

    world.at_write = die
    with pytest.raises(KeyboardInterrupt):
        engine.carry_out(engine.plan("03", world.wanted(w={"definition": {"x": 2}})), world.run(settings, record))
    assert [one["found"] for one in resume.settle_unfinished(world.run(settings, record), world.reopen)] == [
        "not carried out"
    ]
    assert [one["trouble"] for one in provenance.believe_rows(record, world)] == ["", ""]


def test_of_a_row_that_it_does_not_believe_a_resumption_says_that_nobody_can_tell(world, record):
    added(record, row("theirs", 0, 9)[0], row("b", 0, 9)[0])
    world.writes.clear()
    found = resume.settle_unfinished(world.run(load("local"), record), world.reopen)
    assert [one["what"] for one in found] == ["thing theirs", "thing b"]
    assert all(one["found"].startswith(f"cannot tell: {NOT_KEPT}") for one in found)
    assert [one["state"] for one in record.rows(LOG)][-2:] == ["intended", "intended"]


# What was there for a while


@pytest.fixture
def left(settings, record):
    """What a process left that was killed while something listened."""
    found = World({"theirs": 9, "user": "with contact"})
    with (
        pytest.raises(NotAsWanted),
        engine.temporary_things(found.wanted(ear=1, user="without"), "05", found.run(settings, record)),
    ):
        found.refuses = {"ear", "user"}
    found.refuses = set()
    return found


def test_the_account_is_told_of_it_and_of_its_removal_before_the_first_write_by_one_call(settings, record):
    world, told = World({"user": 1}), []
    keep = world.keep_written
    world.keep_written = lambda run_id, digests: told.append(len(world.writes)) or keep(run_id, digests)
    with engine.temporary_things(world.wanted(ear=1, mouth=2, user=2), "05", world.run(settings, record)):
        pass
    assert told == [0]
    assert [one["trouble"] for one in provenance.believe_rows(record, world)] == [""] * 12
    assert {one["undoes"] for one in record.rows(LOG)} == {True, False}


def test_where_it_cannot_be_told_nothing_listens(settings, record):
    world = World()

    def refuses(run_id, found):
        raise Refused("cannot be kept")

    world.keep_written = refuses
    with (
        pytest.raises(Refused, match="cannot be kept"),
        engine.temporary_things(world.wanted(ear=1), "05", world.run(settings, record)),
    ):
        pytest.fail("nothing should have been set up")
    assert (world.writes, record.rows(LOG)) == ([], [])


@pytest.mark.parametrize("sealed", [False, True])
def test_the_next_drill_removes_what_was_left_and_nothing_that_a_forged_row_names(sealed, left, settings, record):
    added(record, *row("theirs", None, 9, temporary=True), *row("user", None, "without", temporary=True))
    if sealed:
        laundered(settings, record)
    with pytest.raises(NotAsWanted, match=rf"could not be removed: thing theirs \({NOT_KEPT}.*thing user \({NOT_KEPT}"):
        engine.clear_left_behind(left.run(settings, record), left.reopen)
    assert left.live == {"theirs": 9, "user": "with contact"}


def test_a_rollback_removes_it_as_well(left, settings, record):
    assert set(rolled_back(left, settings, record).values()) == {"applied"}
    assert left.live == {"theirs": 9, "user": "with contact"}


def test_what_is_cleared_the_account_keeps_so_that_it_is_believed(left, record):
    assert engine.clear_left_behind(left.run(load("local"), record), left.reopen) == ["thing user", "thing ear"]
    left.live["other"] = 1
    assert engine.clear([left.thing("other")], left.run(load("local"), record)) == ["thing other"]
    assert {one["trouble"] for one in provenance.believe_rows(record, left)} == {""}
    asked = len(left.wrote(record.run_id))
    assert engine.clear_left_behind(left.run(load("local"), record), left.reopen) == []
    assert len(left.wrote(record.run_id)) == asked


# Where the account cannot be asked, and --unverified


def unaskable(world):
    def fails(*_):
        raise Unreachable("no answer")

    world.wrote = world.keep_written = fails


def test_where_the_account_cannot_be_asked_nothing_is_undone_and_the_way_in_an_emergency_is_named(
    world, settings, record
):
    unaskable(world)
    world.writes.clear()
    for what in (
        rolled_back,
        lambda world, settings, record: engine.clear_left_behind(world.run(settings, record), world.reopen),
    ):
        with pytest.raises(Refused, match=r"nobody can tell which rows .*no answer.*rollback take --unverified"):
            what(world, settings, record)
    assert world.writes == []


def test_unverified_rows_are_believed_as_they_are_and_the_account_is_not_needed(world, settings, record):
    added(record, *row("theirs", 0, 9))
    plan = undo_plan.plan(provenance.believe_rows(record, world), world.reopen)
    unaskable(world)
    world.writes.clear()
    with pytest.raises(Refused, match=r"could not be told what is to be undone, .*rollback takes --unverified"):
        engine.roll_back(plan, world.run(settings, record))
    assert world.writes == []
    with pytest.raises(Refused):
        rollback.rows(world.run(settings, record))
    writers.leave(record.folder)
    records.open_to_write(Run(settings, record), "rollback --unverified")
    with pytest.raises(Refused):  # of drills and resumptions nobody was told that
        provenance.believe_rows(record, world)
    plan = undo_plan.plan(rollback.rows(world.run(settings, record)), world.reopen)
    assert set(engine.roll_back(plan, world.run(settings, record)).states) == {"applied"}
    assert world.live == {**BEFORE, "theirs": 0}
    sealing.seal(record)
    assert any("used by rollback --unverified" in one for one in manifest.read(record.folder).said)
    records.open_to_write(Run(settings, record))
    with pytest.raises(Refused):
        rollback.rows(world.run(settings, record))  # the next command must be told again


def test_a_record_without_rows_asks_nothing(record):
    world = World()
    unaskable(world)
    assert provenance.believe_rows(record, world) == []


# Records of the first format, of which the account keeps nothing

FIRST = Path(__file__).parents[2] / "records_of_format_1" / "local"
RUN = "20261127T061252Z-347f"


@pytest.fixture
def first(tmp_path):
    """The record of a run of the first format that ended, and its parameters."""
    shutil.copytree(FIRST, tmp_path / "local")
    newer = load("local").model_dump()  # what that version did not know yet
    begun = json.loads((tmp_path / "local" / RUN / VERDICT).read_text())["parameters"]
    yield (
        check({**newer, **begun, "outputs_dir": str(tmp_path), "run_id": RUN}),
        Record(tmp_path / "local" / RUN, RUN),
    )
    writers.leave(tmp_path / "local" / RUN)


def troubled(record, world):
    return [one["name"] for one in provenance.believe_rows(record, world) if one["trouble"]]


@pytest.mark.parametrize("verdict", ["succeeded", "running"])
def test_of_the_first_format_nothing_is_believed_unless_it_is_told_to_be(verdict, first):
    """The account keeps nothing of it, so that one that somebody made up looks the same."""
    settings, record = first
    for path in (VERDICT, MANIFEST):
        text = (record.folder / path).read_text()
        ended = '"verdict": "succeeded",\n  "refused"'
        (record.folder / path).write_text(text.replace(ended, ended.replace("succeeded", verdict)))
    rows = len(record.rows(LOG))
    assert len(troubled(record, World())) == rows
    records.open_to_write(Run(settings, record))
    assert len(troubled(record, World())) == rows
    writers.leave(record.folder)
    records.open_to_write(Run(settings, record), "rollback --unverified")
    assert rollback.rows(World().run(settings, record)) == record.changes()


def test_what_the_first_format_tells_of_a_while_keeps_no_drill_from_being_run(first):
    """What it left behind is found by its name."""
    _, record = first
    temporary = [one for one in record.changes() if one["temporary"]]
    assert temporary
    assert engine.clear_left_behind(World().run(load("local"), record), World().reopen) == []
    added(record, *row("ear", None, "listens", temporary=True))
    with pytest.raises(NotAsWanted, match="the account does not keep that run"):
        engine.clear_left_behind(World().run(load("local"), record), World().reopen)


def test_what_a_row_says_of_a_write_is_in_its_digest_and_how_far_it_came_is_not():
    (intended, applied) = (change_rows.from_row(one) for one in row("a", {"x": 1}, {"x": 2}))
    assert plans.row_digest(intended) == plans.row_digest(
        {**applied, "time": "2026-01-01T00:00:00+00:00", "action": "x"}
    )
    others = [*ALTERED.values(), {"kind": "other"}, {"identity": {"label": "b"}}, {"undoes": True}]
    assert len({plans.row_digest({**intended, **one}) for one in [{}, *others]}) == len(others) + 1
    undone = {**intended, "undoes": True}
    assert plans.row_digest(undone) == plans.row_digest({**undone, "before": 5, "phase": "90"})
    others = [{"after": 1}, {"temporary": True}, {"kind": "x"}, {"identity": {"label": "b"}}, {"name": "x"}]
    assert len({plans.row_digest({**undone, **one}) for one in [{}, *others]}) == len(others) + 1
