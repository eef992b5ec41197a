"""What an undo makes of a record's rows: whose value it finds, to which one it goes back, and what it only says."""

from types import SimpleNamespace

import pytest
from fakes import FakeResource, World

from lib.changes import engine, undo_plan
from lib.changes.plans import Change, entry
from lib.changes.undo_plan import UNFINISHED
from lib.errors import NotAsWanted, Refused
from lib.record.records import LOG


@pytest.fixture
def world() -> World:
    return World()


def rows(world, *told, label="x", temporary=False, undoes=False):
    """The rows of one thing: for each `(before, after, *states)` one row a state."""
    found = []
    for before, after, *states in told:
        change = Change(world.thing(label), before, after, temporary=temporary)
        found += [entry("02", change, state, undoes) for state in states]
    return found


def planned(world, *told):
    return undo_plan.plan([row for each in told for row in each], world.reopen).changes


def in_parts(monkeypatch):
    monkeypatch.setattr(FakeResource, "in_parts", True)


def test_somebody_elses_later_value_is_foreign_also_of_what_is_written_in_parts(world, settings, record, monkeypatch):
    in_parts(monkeypatch)
    engine.carry_out(engine.plan("01", world.wanted(x="ours")), world.run(settings, record))
    world.live["x"] = "theirs"
    found = undo_plan.plan(record.rows(LOG), world.reopen)
    assert [change.foreign for change in found.changes] == [True]
    refusing = settings.model_copy(update={"rollback_foreign": "refuse"})
    with pytest.raises(Refused, match="somebody else changed thing x since run"):
        engine.roll_back(found, world.run(refusing, record))
    assert world.live == {"x": "theirs"}


@pytest.mark.parametrize("state", UNFINISHED)
def test_what_a_write_in_parts_left_that_is_not_known_to_have_ended_is_the_runs(state, world, monkeypatch):
    in_parts(monkeypatch)
    world.live["x"] = "half"
    (found,) = planned(world, rows(world, ("before", "after", "intended", state)))
    assert (found.foreign, found.after) == (False, "before")


@pytest.mark.parametrize("state", ["applied", "not applied", "verified"])
def test_once_a_write_in_parts_has_ended_a_third_value_is_somebody_elses(state, world, monkeypatch):
    in_parts(monkeypatch)
    world.live["x"] = "third"
    (found,) = planned(world, rows(world, ("before", "after", "intended", state)))
    assert found.foreign


def test_the_states_after_which_nobody_knows_are_these():
    assert UNFINISHED == ("intended", "unknown", "put off", "failed", "half done")


@pytest.mark.parametrize("state", ["intended", "unknown", "put off", "failed", "half done"])
def test_a_write_of_which_the_record_tells_no_end_is_asked_after(state, world):
    told = rows(world, ("a", "b", "intended", "applied"), ("b", "c", state)) + rows(world, (1, 2, "applied"), label="y")
    assert [(row["name"], row["after"]) for row in undo_plan.unfinished_writes(told)] == [("thing x", "c")]


def test_the_same_thing_whose_names_stand_in_another_order_is_one_thing(world):
    told = rows(world, ("a", "b", "intended", "applied")) + rows(world, ("b", "c", "intended"))
    for row, identity in zip(told, [{"p": "1", "q": "2"}] * 2 + [{"q": "2", "p": "1"}], strict=True):
        row["identity"] = identity
    assert [row["after"] for row in undo_plan.unfinished_writes(told)] == ["c"]
    (found,) = undo_plan.plan(told, lambda kind, identity: FakeResource(world, "x")).changes
    assert found.after == "a"


def test_what_was_so_for_a_while_within_a_run_does_not_hide_what_it_was_before_the_run(world):
    world.live["x"] = "d"
    (found,) = planned(
        world,
        rows(world, ("a", "b", "intended", "applied")),
        rows(world, ("b", "c", "intended", "applied"), temporary=True),
        rows(world, ("c", "b", "intended", "applied"), temporary=True, undoes=True),
        rows(world, ("b", "d", "intended", "applied")),
    )
    assert (found.after, found.foreign, found.temporary) == ("a", False, False)


def test_a_value_of_a_while_that_a_kill_left_is_the_runs_and_goes_back_to_before_the_run(world):
    world.live["x"] = "c"
    (found,) = planned(
        world,
        rows(world, ("a", "b", "intended", "applied")),
        rows(world, ("b", "c", "intended", "applied"), temporary=True),
    )
    assert (found.after, found.foreign, found.temporary) == ("a", False, False)


def test_what_is_made_for_a_while_after_the_same_thing_was_undone_goes_although_it_is_in_use(world):
    world.live["x"], world.in_use["x"] = "c", "it holds 3 messages"
    (found,) = planned(
        world,
        rows(world, (None, "b", "intended", "applied")),
        rows(world, ("b", None, "intended", "applied"), undoes=True),
        rows(world, (None, "c", "intended", "applied"), temporary=True),
    )
    assert (found.action, found.temporary, found.doubt) == ("remove", True, "")


def test_of_what_was_so_for_a_while_twice_the_second_time_counts_from_its_own_before(world):
    world.live["x"] = "second"
    (found,) = planned(
        world,
        rows(world, ("a", "first", "intended"), temporary=True),
        rows(world, ("first", "a", "intended", "applied"), temporary=True, undoes=True),
        rows(world, ("theirs", "second", "intended"), temporary=True),
    )
    assert (found.after, found.foreign) == ("theirs", False)


def test_what_was_so_for_a_while_and_is_gone_is_not_mentioned(world):
    assert planned(world, rows(world, (None, "a", "intended", "applied"), temporary=True)) == ()


def test_what_lasts_is_mentioned_also_where_nothing_is_left_to_undo(world):
    world.live["x"] = "a"
    assert [one.action for one in planned(world, rows(world, ("a", "b", "intended", "applied")))] == ["none"]


@pytest.mark.parametrize(("live", "foreign"), [("b", True), ("a", False), ("c", True)])
def test_what_was_undone_and_is_there_again_was_put_there_by_somebody_else(live, foreign, world):
    """By another run with an approval of its own, for instance."""
    world.live["x"] = live
    done = rows(world, ("a", "b", "intended", "applied"))
    (found,) = planned(world, done, rows(world, ("b", "a", "intended", "applied"), undoes=True))
    assert found.foreign is foreign
    (found,) = planned(world, done, rows(world, ("b", "a", "intended", "failed"), undoes=True))
    assert found.foreign is (live == "c")


def test_what_was_written_anew_after_an_undo_goes_back_to_what_it_was_then(world):
    world.live["x"] = "c"
    (found,) = planned(
        world,
        rows(world, ("a", "b", "intended", "applied")),
        rows(world, ("b", "a", "intended", "applied"), undoes=True),
        rows(world, ("theirs", "c", "intended", "applied")),
    )
    assert found.after == "theirs"


@pytest.mark.parametrize("state", ["intended", "failed", "not applied"])
def test_an_undo_that_was_not_applied_is_none(state, world):
    world.live["x"] = "c"
    (found,) = planned(
        world,
        rows(world, ("a", "b", "intended", "applied")),
        rows(world, ("b", "a", "intended", state), undoes=True),
        rows(world, ("b", "c", "intended", "applied")),
    )
    assert found.after == "a"


def test_what_was_made_again_after_it_had_gone_is_undone_before_what_it_stands_on(world):
    world.live.update(x="x", y="y")
    found = planned(
        world,
        rows(world, (None, "x", "intended", "applied"), label="x"),
        rows(world, (None, "y", "intended", "applied"), label="y"),
        rows(world, (None, "x", "intended", "applied"), label="x"),
    )
    assert [one.resource.label for one in found] == ["x", "y"]
    changed = planned(
        world,
        rows(world, (None, "x", "intended", "applied"), label="x"),
        rows(world, (None, "y", "intended", "applied"), label="y"),
        rows(world, ("x", "z", "intended", "applied"), label="x"),
    )
    assert [one.resource.label for one in changed] == ["y", "x"]


def test_what_others_rely_on_is_restored_first_and_the_rest_last_change_first(world):
    class Carrying(FakeResource):
        others_rely = True

    def reopen(kind, identity):
        return (Carrying if identity["label"] == "x" else FakeResource)(world, **identity)

    told = [row for label in "xyz" for row in rows(world, ("a", "b", "intended", "applied"), label=label)]
    assert [one.resource.label for one in undo_plan.plan(told, reopen).changes] == ["x", "z", "y"]


def test_only_what_would_go_and_was_not_there_before_is_asked_whether_it_is_in_use(world):
    world.in_use["x"] = "it has 2 readers"
    made = rows(world, (None, "b", "intended", "applied"))
    assert planned(world, made)[0].doubt == ""  # gone already
    world.live["x"] = "b"
    assert planned(world, made)[0].doubt == "it has 2 readers"
    assert planned(world, rows(world, ("a", "b", "intended", "applied")))[0].doubt == ""


def unreadable(world, **more):
    (row,) = rows(world, ("b", "c", "intended"))
    return [{**row, "trouble": "it is of a newer version", **more}]


def test_a_thing_of_which_a_row_cannot_be_read_is_ours_only_where_it_holds_what_is_told(world):
    told = rows(world, ("a", "b", "intended", "applied")) + unreadable(world)
    world.live["x"] = "c"
    found, said = planned(world, told)
    assert (found.trouble, found.foreign) == ("whose value it holds cannot be told", False)
    assert said.trouble == "it is of a newer version"
    for value in ("a", "b"):
        world.live["x"] = value
        found, _ = planned(world, told)
        assert (found.trouble, found.foreign, found.after) == ("", False, "a")


def test_a_half_written_thing_of_which_another_row_cannot_be_read_is_still_undone(world, monkeypatch):
    in_parts(monkeypatch)
    world.live["x"] = "half"
    found, _ = planned(world, rows(world, ("a", "b", "intended")) + unreadable(world))
    assert (found.trouble, found.after) == ("", "a")


def test_a_row_that_cannot_be_read_is_said_by_its_name_and_touches_no_other_thing(world):
    world.live.update(x="x", y="b")
    found = planned(world, unreadable(world), rows(world, ("a", "b", "intended", "applied"), label="y"))
    assert [(one.resource.name, one.trouble, one.temporary) for one in found] == [
        ("thing y", "", False),
        ("thing x", "it is of a newer version", False),
    ]


def test_what_cannot_be_read_is_mentioned_also_where_it_was_only_for_a_while(world):
    (said,) = planned(world, unreadable(world, temporary=True))
    assert (said.trouble, said.temporary) == ("it is of a newer version", True)


def test_a_thing_that_aws_does_not_tell_is_said_with_why_and_whether_it_was_for_a_while(world):
    class Silent(FakeResource):
        def read(self):
            raise NotAsWanted("AccessDenied")

    for temporary in (True, False):
        told = rows(world, ("a", "b", "intended"), temporary=temporary)
        (found,) = undo_plan.plan(told, lambda kind, identity: Silent(world, **identity)).changes
        assert (found.trouble, found.temporary, found.after) == ("AccessDenied", temporary, "a")


@pytest.mark.parametrize(
    "error", [KeyError("k"), TypeError("t"), ValueError("v"), AttributeError("a"), IndexError("i")]
)
def test_a_value_of_another_shape_than_its_kind_has_is_said_of_that_thing_alone(error, world):
    def reopen(kind, identity):
        if identity["label"] == "x":
            raise error
        return FakeResource(world, **identity)

    told = [row for label in "xy" for row in rows(world, ("a", "b", "intended", "applied"), label=label)]
    found = undo_plan.plan(told, reopen).changes
    assert [(one.resource.name, bool(one.trouble)) for one in found] == [("thing y", False), ("thing x", True)]
    assert type(error).__name__ in found[1].trouble
    assert "what this version cannot use" in found[1].trouble


@pytest.mark.parametrize("error", [NotAsWanted("gone"), KeyError("gone")])
def test_on_what_cannot_be_made_again_nothing_relies(error, world):
    def reopen(kind, identity):
        raise error

    (row, _) = rows(world, ("a", "b", "intended", "applied"))
    assert undo_plan._relied_on(reopen, row) is False
    assert undo_plan._relied_on(lambda kind, identity: SimpleNamespace(others_rely=True), row) is True


@pytest.mark.parametrize(
    ("states", "more", "left"),
    [
        ([], [], False),
        (["intended"], [], True),
        (["intended", "applied"], [], True),
        (["intended", "not applied"], [], False),  # AWS holds the value before
        (["intended", "applied"], ["intended", "applied"], False),
        (["intended", "applied"], ["intended", "failed"], True),
        (["intended", "applied"], ["kept"], True),
        (["intended", "applied"], ["intended", "failed", "not applied"], True),  # AWS holds what the run wrote
        (["intended", "unknown"], ["intended", "failed", "not applied"], True),
        (["intended", "not applied"], ["intended", "failed", "not applied"], True),  # it was carried out after all
        (["intended", "not applied"], ["not tried"], False),
    ],
)
def test_something_is_left_until_an_undo_took_it_back(states, more, left, world):
    told = [*rows(world, (1, 2, *states)), *rows(world, (2, 1, *more), undoes=True)]
    assert undo_plan.is_anything_left(told) is left
    assert undo_plan.is_anything_left([*told, *rows(world, (1, 2, "intended"), label="y")]) is True
    unread = {"trouble": "no", "undoes": True, "kind": "thing", "identity": {}}
    assert undo_plan.is_anything_left([*told, unread]) is True


@pytest.mark.parametrize(
    ("undoes", "temporary", "state", "undone"),
    [
        (True, False, "applied", True), (False, False, "applied", False), (True, True, "applied", False),
        (True, False, "failed", False),
    ],
)  # fmt: skip
def test_a_run_was_undone_where_something_that_lasts_was_taken_back(undoes, temporary, state, undone, world):
    told = rows(world, (1, 2, state), undoes=undoes, temporary=temporary)
    assert undo_plan.was_undone(told) is undone
    assert undo_plan.was_undone([*told, *rows(world, (2, 1, "applied"), undoes=True)]) is True


@pytest.mark.parametrize("first", ["applied", "verified", "half done", "unknown"])
def test_that_a_second_write_was_not_applied_takes_nothing_of_the_first_back(first, world):
    told = rows(world, (1, 2, "intended", first), (2, 3, "intended", "failed", "not applied"))
    assert undo_plan.is_anything_left(told) is True
    undone = [*told, *rows(world, (2, 1, "intended", "applied"), undoes=True)]
    assert undo_plan.is_anything_left(undone) is False
    # And written anew after the undo, it counts from there.
    assert undo_plan.is_anything_left([*undone, *rows(world, (1, 2, "intended", "not applied"))]) is False


@pytest.mark.parametrize("undo", [("intended", "failed", "not applied"), ("not tried",), ("kept",)])
def test_an_undo_that_was_not_carried_out_leaves_the_end_of_the_write_before_it_open(undo, world, monkeypatch):
    in_parts(monkeypatch)
    world.live["x"] = "half"
    wrote = rows(world, ("before", "after", "intended", "failed"))
    told = [*wrote, *rows(world, ("half", "before", *undo), undoes=True)]
    assert [(row["after"], row["state"]) for row in undo_plan.unfinished_writes(told)] == [("after", "failed")]
    (found,) = planned(world, told)
    assert (found.foreign, found.after) == (False, "before")


def test_a_write_that_was_not_applied_tells_the_end_of_those_that_began_with_the_same_value(world):
    told = rows(world, (1, 2, "intended", "unknown"), (1, 2, "intended", "failed", "not applied"))
    assert undo_plan.unfinished_writes(told) == []
    assert undo_plan.is_anything_left(told) is False
