"""A write that AWS puts off or does not answer, a lock that is lost, an undo of which one thing fails; no AWS."""

import pytest
from fakes import FakeResource, World, full, said, states

from lib.changes import engine
from lib.changes.engine import LOG
from lib.changes.plan_data import plan_data
from lib.changes.undo_plan import plan as undo_plan
from lib.changes.verification import verify
from lib.changes.writer import WAITS, WAITS_FOR_NAME
from lib.cli import resume
from lib.errors import NameHeld, NotAsWanted, Refused, Superseded, Throttled, Unanswered, Unrecorded
from lib.record.records import Run
from lib.settings import load


class Trouble(World):
    """A world in which the next writes go wrong: each of `ahead` is an error, with whether it was carried out."""

    def __init__(self, *ahead, live=None):
        super().__init__(live=live or {})
        self.ahead, self.tries, self.waited = list(ahead), 0, []

    def thing(self, label):
        return Troubled(self, label)

    def reopen(self, kind, identity):
        return Troubled(self, **identity)


class Troubled(FakeResource):
    def write(self, value):
        self.world.tries += 1
        error, done = self.world.ahead.pop(0) if self.world.ahead else (None, True)
        if done:
            super().write(value)
        if error:
            raise error


def carried_out(world, settings, record, **wanted):
    return engine.carry_out(
        engine.plan("01", world.wanted(**wanted)), world.run(settings, record), sleep=world.waited.append
    )


def test_a_throttled_write_is_tried_again_after_a_wait(settings, record):
    world = Trouble((Throttled("slow down"), False), (Throttled("slow down"), False))
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert (world.tries, world.live) == (3, {"new": 1})
    assert [0.5 * wait <= waited <= wait for wait, waited in zip(WAITS, world.waited, strict=False)] == [True, True]
    assert states(record) == ["intended", "put off", "put off", "applied"]


def test_the_waits_grow_from_half_a_second_to_four_each_between_half_and_the_whole_of_it(settings, record):
    for number in range(10):
        world = Trouble(*[(Throttled("slow down"), False)] * 4)
        carried_out(world, settings, record, **{f"new{number}": 1})
        assert [low <= waited <= 2 * low for low, waited in zip((0.25, 0.5, 1, 2), world.waited, strict=True)] == [
            True
        ] * 4


def test_a_write_without_an_answer_that_was_carried_out_is_not_repeated(settings, record):
    world = Trouble((Unanswered("timeout"), True))
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert (world.tries, world.waited) == (1, [])
    assert states(record) == ["intended", "unknown", "applied"]


def test_a_write_that_was_carried_out_before_a_look_at_it_was_throttled_is_nobody_elses(settings, record):
    # What Lambda, or the removal of a workflow, waits for is asked within the write.
    world = Trouble((Throttled("asked too often whether it is done"), True))
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert (world.tries, world.live) == (1, {"new": 1})
    assert states(record) == ["intended", "put off", "applied"]


def test_a_write_without_an_answer_that_was_not_carried_out_is_repeated(settings, record):
    world = Trouble((Unanswered("timeout"), False))
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert (world.tries, len(world.waited)) == (2, 1)


@pytest.mark.parametrize("kind", [Throttled, Unanswered])
def test_trying_again_has_an_end(kind, settings, record):
    world = Trouble(*[(kind("no"), False)] * 50)
    with pytest.raises(kind):
        carried_out(world, settings, record, new=1)
    assert world.tries == len(WAITS) + 1
    assert states(record)[-2:] == ["failed", "not applied"]
    assert world.live == {}


def test_a_name_that_aws_keeps_for_a_minute_after_its_removal_is_waited_for(settings, record):
    world = Trouble(*[(NameHeld("wait 60 seconds"), False)] * len((*WAITS, *WAITS_FOR_NAME)))
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert sum(wait / 2 for wait in (*WAITS, *WAITS_FOR_NAME)) > 60
    bounds = zip((*WAITS, *WAITS_FOR_NAME), world.waited, strict=True)
    assert all(wait / 2 <= waited <= wait for wait, waited in bounds)
    assert states(record) == ["intended", *["put off"] * len(world.waited), "applied"]


def test_a_name_that_aws_keeps_for_longer_is_an_error(settings, record):
    world = Trouble(*[(NameHeld("wait 60 seconds"), False)] * 50)
    with pytest.raises(NameHeld):
        carried_out(world, settings, record, new=1)
    assert world.tries == len((*WAITS, *WAITS_FOR_NAME)) + 1
    assert world.live == {}


def test_what_aws_shows_late_and_refuses_the_second_time_was_carried_out(settings, record):
    world = Trouble((Unanswered("timeout"), True), (NotAsWanted("it exists already"), False))
    world.late = {"new": 1}
    assert carried_out(world, settings, record, new=1).states == ("applied",)
    assert (world.tries, world.live) == (2, {"new": 1})
    assert states(record) == ["intended", "unknown", "applied"]


def test_what_is_refused_the_second_time_and_is_not_there_failed(settings, record):
    world = Trouble((Unanswered("timeout"), False), (NotAsWanted("no right to"), False))
    with pytest.raises(NotAsWanted, match="no right to"):
        carried_out(world, settings, record, new=1)
    assert states(record) == ["intended", "unknown", "failed", "not applied"]


def test_any_other_error_is_not_tried_again(settings, record):
    world = Trouble((NotAsWanted("AccessDenied"), False))
    with pytest.raises(NotAsWanted):
        carried_out(world, settings, record, new=1)
    assert world.tries == 1


def test_without_the_lock_nothing_is_written(settings, record):
    world = World()

    def lost():
        raise Superseded("another run may write now")

    world.still_ours = lost
    with pytest.raises(Superseded):
        engine.carry_out(engine.plan("01", world.wanted(new=1)), world.run(settings, record))
    assert (world.writes, record.rows(LOG)) == ([], [])


def test_a_lock_that_is_lost_in_the_middle_stops_before_the_next_write(settings, record):
    world = World()

    def lost_after_one():
        if world.writes:
            raise Superseded("another run may write now")

    world.still_ours = lost_after_one
    with pytest.raises(Superseded):
        engine.carry_out(engine.plan("01", world.wanted(a=1, b=2, c=3)), world.run(settings, record))
    assert world.writes == [("a", 1)]


def test_the_lock_is_the_runs_own(settings, record):
    world = World()
    engine.carry_out(engine.plan("01", world.wanted(a=1)), world.run(settings, record))
    assert world.holders == [record.run_id]


def test_what_cannot_be_recorded_is_not_written(settings, record, monkeypatch):
    world = World()
    full(monkeypatch)
    with pytest.raises(Unrecorded, match=f"No space left on device.*resume run {record.run_id}"):
        engine.carry_out(engine.plan("01", world.wanted(new=1)), world.run(settings, record))
    assert world.writes == []


@pytest.mark.parametrize(
    ("left", "found", "state"),
    [(1, "carried out", "applied"), (None, "not carried out", "not applied"), ("half", "half done", "half done")],
)
def test_a_write_whose_end_is_not_recorded_is_read_back(left, found, state, settings, record, monkeypatch):
    monkeypatch.setattr(FakeResource, "in_parts", True)
    world = World()

    def die(label):
        raise KeyboardInterrupt

    world.at_write = die
    with pytest.raises(KeyboardInterrupt):
        engine.carry_out(engine.plan("01", world.wanted(new=1)), world.run(settings, record))
    world.live = {} if left is None else {"new": left}
    assert states(record) == ["intended"]
    rows = resume.settle_unfinished(world.run(settings, record), world.reopen)
    assert [row["what"] for row in rows] == ["thing new"]
    assert rows[0]["found"].startswith(found)
    assert states(record)[-1] == state
    again = resume.settle_unfinished(world.run(settings, record), world.reopen)
    assert bool(again) == (state == "half done")


@pytest.mark.parametrize("in_parts", [True, False])
def test_what_a_cut_write_left_half_done_is_ours_to_undo(in_parts, settings, record, monkeypatch):
    monkeypatch.setattr(FakeResource, "in_parts", in_parts)
    world = World({"new": "before"})
    world.at_write = lambda label: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.carry_out(engine.plan("01", world.wanted(new="after")), world.run(settings, record))
    world.at_write, world.live = lambda label: None, {"new": "half"}
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert [change.foreign for change in undo.changes] == [not in_parts]  # no single call leaves a third value
    if in_parts:
        assert engine.roll_back(undo, world.run(settings, record)).states == ("applied",)
        assert world.live == {"new": "before"}


@pytest.mark.parametrize("error", [Throttled("slow down"), Unanswered("timeout")])
def test_what_somebody_else_wrote_while_aws_owed_an_answer_is_left_alone(error, settings, record):
    world = Trouble((error, False), live={"new": "before"})
    world.waited = None

    def theirs(label):
        return Theirs(world, label)

    class Theirs(Troubled):
        def write(self, value):
            try:
                super().write(value)
            finally:
                self.world.live["new"] = "theirs"

    world.thing = theirs
    with pytest.raises(Refused, match="somebody else changed thing new while AWS owed an answer"):
        engine.carry_out(engine.plan("01", world.wanted(new="after")), world.run(settings, record))
    assert world.live == {"new": "theirs"}


def test_what_somebody_else_wrote_after_a_write_that_failed_is_foreign(settings, record):
    world = World({"a": "before"}, refuses={"a"})
    with pytest.raises(NotAsWanted):
        engine.carry_out(engine.plan("01", world.wanted(a="after")), world.run(settings, record))
    world.live["a"] = "theirs"
    assert [change.foreign for change in undo_plan(record.rows(LOG), world.reopen).changes] == [True]


def test_one_thing_that_cannot_be_read_keeps_no_other_from_being_undone(settings, record):
    world = World({"a": 0, "b": 0})
    engine.carry_out(engine.plan("01", world.wanted(a=1, b=1)), world.run(settings, record))

    class Unreadable(FakeResource):
        def read(self):
            raise NotAsWanted("there is no checkout here")

    world.reopen = lambda kind, identity: (Unreadable if identity["label"] == "b" else FakeResource)(world, **identity)
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert undo.changes[0].undo == "CANNOT BE UNDONE NOW: there is no checkout here"
    outcome = engine.roll_back(undo, world.run(settings, record))
    assert said(outcome) == ("failed: there is no checkout here", "applied")
    assert [check.status for check in verify(outcome, Run(settings, record))] == ["failed", "passed"]
    assert world.live == {"a": 0, "b": 1}


def test_what_the_others_carry_is_restored_first_whatever_was_repaired_last(settings, record):
    world = World({"workflow": "old"})
    world.thing = lambda label: (First if label == "workflow" else FakeResource)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    for wanted in ({"workflow": "new"}, {"rule": "repaired"}):
        engine.carry_out(engine.plan("01", world.wanted(**wanted)), world.run(settings, record))
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert [change.resource.label for change in undo.changes] == ["workflow", "rule"]


def test_what_went_with_what_it_stands_on_is_undone_before_it_after_both_were_made_again(settings, record):
    world = World()
    both = world.wanted(queue=1, statement=1)
    engine.carry_out(engine.plan("01", both), world.run(settings, record))
    world.refuses = {"statement"}
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    world.live.pop("statement")  # it lay in the queue, which is gone
    world.refuses = set()
    engine.carry_out(engine.plan("01", both), world.run(settings, record))
    undo = undo_plan(record.rows(LOG), world.reopen)
    assert [(change.resource.label, change.after) for change in undo.changes] == [("statement", None), ("queue", None)]


@pytest.mark.parametrize("killed", [False, True])
def test_what_was_so_for_a_while_within_the_run_changes_nothing_of_its_undo(settings, record, killed):
    world = World()
    engine.carry_out(engine.plan("01", world.wanted(user="whole")), world.run(settings, record))
    for _ in range(2):
        with engine.temporary_things(world.wanted(user="without contact"), "05", world.run(settings, record)):
            rows = record.rows(LOG)
            live = dict(world.live)
    if killed:  # within the block: the record and the account are as they were there
        world.live = live
    undo = undo_plan(rows if killed else record.rows(LOG), world.reopen)
    assert [(change.before, change.after, change.foreign) for change in undo.changes] == [
        ("without contact" if killed else "whole", None, False)
    ]
    assert engine.roll_back(undo, world.run(settings, record)).states == ("applied",)
    assert world.live == {}


def test_another_subscriber_than_the_runs_own_is_not_searched_for(settings, record):
    world = World()
    plan = engine.plan("01", world.wanted(a=1))
    record.keep_json("plan.json", plan_data([plan], world.run(settings, record)))
    engine.carry_out(plan, world.run(settings, record))
    other = settings.model_copy(update={"ops_subscription_endpoint": "arn:aws:sqs:us-east-1:000000000000:Another"})
    with pytest.raises(Refused, match="another ops_subscription_endpoint than run"):
        engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(other, record))
    assert world.live == {"a": 1}


def test_what_somebody_else_wrote_since_is_not_undone_unless_told(settings, record):
    world = World({"old": 1})
    engine.carry_out(engine.plan("01", world.wanted(old=2)), world.run(settings, record))
    world.live["old"] = "theirs"
    undo = undo_plan(record.rows(LOG), world.reopen)
    with pytest.raises(Refused, match=r"somebody else changed thing old since run .* --overwrite"):
        engine.roll_back(undo, world.run(settings, record))
    assert world.live == {"old": "theirs"}
    told = settings.model_copy(update={"rollback_foreign": "overwrite"})
    assert engine.roll_back(undo, world.run(told, record)).states == ("applied",)
    assert world.live == {"old": 1}


def test_one_thing_that_cannot_be_undone_keeps_no_other_from_it(settings, record):
    world = World({"a": 0, "b": 0, "c": 0})
    engine.carry_out(engine.plan("01", world.wanted(a=1, b=1, c=1)), world.run(settings, record))
    world.refuses = {"b"}
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert said(outcome) == ("applied", "failed: AWS refused b", "applied")
    assert world.live == {"a": 0, "b": 1, "c": 0}
    checks = verify(outcome, Run(settings, record))
    assert [check.status for check in checks] == ["passed", "failed", "passed"]
    assert checks[1].found == "1; failed: AWS refused b"


class First(FakeResource):
    """What the others carry: while it is not restored they must stay."""

    others_rely = True


def test_while_the_workflow_is_not_restored_what_it_needs_stays(settings, record):
    world = World({"workflow": "old"})
    world.thing = lambda label: (First if label == "workflow" else FakeResource)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    engine.carry_out(
        engine.plan("01", world.wanted(rule="carries", workflow="new", widgets="shown")), world.run(settings, record)
    )
    world.refuses = {"workflow"}
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    untried = "not tried: thing workflow comes first, and could not be restored"
    assert said(outcome) == ("failed: AWS refused workflow", untried, untried)
    assert world.live == {"workflow": "new", "rule": "carries", "widgets": "shown"}
    assert [check.status for check in verify(outcome, Run(settings, record))] == ["failed", "failed", "failed"]


def test_an_alias_that_is_not_restored_keeps_the_workflow_from_nothing_and_only_the_last_of_them_waits(
    settings, record
):
    world, waited = World({"workflow": "old", "alias": "v1"}), list[str]()

    class Carrying(First):
        def settle(self, restored=()):
            waited.append(self.label)

    world.thing = lambda label: (FakeResource if label == "rule" else Carrying)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    engine.carry_out(
        engine.plan("01", world.wanted(rule="carries", workflow="new", alias="v2")), world.run(settings, record)
    )
    assert waited == []
    world.refuses = {"alias"}
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    untried = "not tried: thing alias comes first, and could not be restored"
    assert said(outcome) == ("failed: AWS refused alias", "applied", untried)
    assert world.live == {"workflow": "old", "alias": "v2", "rule": "carries"}
    world.refuses, waited[:] = set(), []
    again = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert again.states == ("applied", "nothing to do", "applied")
    assert waited == ["workflow"]


@pytest.mark.parametrize(
    ("error", "tries"), [(NotAsWanted("AccessDenied"), ["a", "b"]), (Superseded("another run may write now"), ["a"])]
)
def test_of_two_that_fail_the_first_is_named_and_none_is_tried_once_the_lock_is_lost(settings, record, error, tries):
    world, tried = World(), list[str]()
    world.thing = lambda label: (FakeResource if label == "rule" else First)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    engine.carry_out(engine.plan("01", world.wanted(rule=1, b=1, a=1)), world.run(settings, record))

    def at_write(label):
        tried.append(label)
        raise error

    world.at_write = at_write
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    untried = "not tried: thing a comes first, and could not be restored"
    assert said(outcome) == (f"failed: {error}", f"failed: {error}" if len(tries) == 2 else untried, untried)
    assert tried == tries


def test_what_was_for_a_while_is_taken_away_by_an_undo_of_its_own(settings, record):
    """So that nothing takes the removal for a change of the run, and what follows waits until it is in force."""
    world, settled = World(), list[str]()

    class Settling(FakeResource):
        def settle(self, restored=()):
            settled.append(self.label)

    world.thing = lambda label: Settling(world, label)
    with engine.temporary_things(world.wanted(ear=1), "05", world.run(settings, record)):
        assert settled == []
    world.live["mouth"] = 1
    engine.clear([world.thing("mouth")], world.run(settings, record))
    assert settled == ["ear", "mouth"]
    told = [(row["name"], row["undoes"], row["temporary"]) for row in record.rows(LOG) if row["state"] == "applied"]
    assert told == [("thing ear", False, True), ("thing ear", True, True), ("thing mouth", True, True)]


@pytest.mark.parametrize("labels", [("c",), ("a", "b", "c")])
def test_where_what_the_others_carry_does_not_come_into_force_the_last_of_it_failed_and_the_others_stay(
    settings, record, labels
):
    world = World()

    class Carrying(First):
        def settle(self, restored=()):
            raise NotAsWanted(f"executions still run on {self.label}")

    world.thing = lambda label: (FakeResource if label == "rule" else Carrying)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    wanted = world.wanted(rule="carries", **dict.fromkeys(reversed(labels), 1))
    engine.carry_out(engine.plan("01", wanted), world.run(settings, record))
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert outcome.undoes
    assert said(outcome) == (
        *["applied"] * (len(labels) - 1),
        "failed: executions still run on c",
        "not tried: thing c comes first, and could not be restored",
    )
    assert world.live == {"rule": "carries"}


def test_what_can_only_be_restored_after_the_next_one_is_tried_again_and_only_then_the_rest_goes(settings, record):
    world, waited = World({"workflow": "old", "alias": "v1"}), list[str]()

    class Carrying(First):
        def settle(self, restored=()):
            waited.append(f"{self.label} with {[one.label for one in restored]} on {sorted(world.live.items())}")

    world.thing = lambda label: (FakeResource if label == "rule" else Carrying)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    engine.carry_out(
        engine.plan("01", world.wanted(rule="carries", workflow="new", alias="v2")), world.run(settings, record)
    )
    world.refuses, world.writes[:] = {"alias"}, []
    world.at_write = lambda label: world.refuses.discard("alias") if label == "workflow" else None
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert outcome.states == ("applied", "applied", "applied")
    assert world.writes == [("workflow", "old"), ("alias", "v1"), ("rule", None)]
    live = "[('alias', 'v1'), ('rule', 'carries'), ('workflow', 'old')]"
    assert waited == [f"workflow with ['alias', 'workflow'] on {live}"]
    told = [(row["name"], row["state"]) for row in record.rows(LOG) if row["undoes"]]
    assert [state for name, state in told if name == "thing alias"] == [
        "intended", "failed", "not applied", "intended", "applied",
    ]  # fmt: skip


def test_after_a_second_try_that_somebody_else_ended_nothing_more_is_written(settings, record):
    world = World({"workflow": "old", "alias": "v1"})
    world.thing = lambda label: (FakeResource if label == "rule" else First)(world, label)
    world.reopen = lambda kind, identity: world.thing(**identity)
    engine.carry_out(
        engine.plan("01", world.wanted(rule="carries", workflow="new", alias="v2")), world.run(settings, record)
    )
    world.refuses, tries = {"alias"}, list[str]()

    def at_write(label):
        tries.append(label)
        if tries == ["alias", "workflow", "alias"]:
            raise Superseded("another run may write now")

    world.at_write = at_write
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert outcome.states == ("failed", "applied", "not tried")
    assert (tries, world.live["rule"]) == (["alias", "workflow", "alias"], "carries")


def test_an_undo_that_fails_although_the_value_is_back_is_still_a_failure(settings, record):
    class Unsettled(FakeResource):
        def settle(self, restored=()):
            raise NotAsWanted("executions still run on the definition before")

    world = World({"a": 0})
    world.reopen = lambda kind, identity: Unsettled(world, **identity)
    engine.carry_out(engine.plan("01", world.wanted(a=1)), world.run(settings, record))
    outcome = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live == {"a": 0}
    assert [check.status for check in verify(outcome, Run(settings, record))] == ["failed"]
    # And an undo that was cut short before it had waited waits when it is run again.
    again = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert said(again)[0].startswith("failed: executions still run")


def test_what_is_applied_anew_after_a_rollback_returns_to_the_value_of_then(settings, record):
    world = World({"a": "first"})
    engine.carry_out(engine.plan("01", world.wanted(a="ours")), world.run(settings, record))
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    world.live["a"] = "theirs, since"
    engine.carry_out(engine.plan("01", world.wanted(a="ours")), world.run(settings, record))
    engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(settings, record))
    assert world.live == {"a": "theirs, since"}


def test_before_a_validation_only_what_was_for_a_while_is_cleared_and_never_what_the_run_changed(settings, record):
    world = World({"kept": "before"})
    engine.carry_out(engine.plan("02", world.wanted(kept="ours", made="ours")), world.run(settings, record))
    with (
        pytest.raises(NotAsWanted, match="left behind"),
        engine.temporary_things(world.wanted(ear=1), "05", world.run(settings, record)),
    ):
        world.refuses = {"ear"}
    world.refuses = set()
    assert engine.clear_left_behind(world.run(settings, record), world.reopen) == ["thing ear"]
    assert world.live == {"kept": "ours", "made": "ours"}


def test_what_a_killed_process_left_is_removed_and_one_that_stays_keeps_no_other(settings, record):
    world = World({"ear": 1, "mouth": 1, "nose": 1}, refuses={"mouth"}, in_use={"ear": "it holds 3 messages"})
    with pytest.raises(
        NotAsWanted, match=r"could not be removed: thing mouth \(AWS refused mouth\)\. A rollback removes it$"
    ):
        engine.clear([world.thing(label) for label in ("ear", "mouth", "nose")], world.run(settings, record))
    assert world.live == {"mouth": 1}
    world.refuses = set()
    assert engine.clear([world.thing(label) for label in ("mouth", "nose")], world.run(settings, record)) == [
        "thing mouth",
        "thing nose",
    ]
    assert world.live == {}


@pytest.mark.parametrize("error", [Superseded("another run may write now"), Unrecorded("the disk is full")])
def test_clearing_ends_at_once_where_nothing_more_may_be_written(error, record):
    world = World({"ear": 1, "mouth": 1})

    def at_write(label):
        raise error

    world.at_write = at_write
    with pytest.raises(type(error)):
        engine.clear([world.thing("ear"), world.thing("mouth")], world.run(load("local"), record))
    assert [row["name"] for row in record.rows(LOG)].count("thing mouth") == 0


def test_what_is_gone_by_the_time_that_it_would_be_removed_is_removed(settings, record):
    world = World({"left": 1, "stays": 2})
    things = [world.thing(label) for label in ("left", "stays")]
    world.still_ours = lambda: world.live.pop("left", None)  # AWS listed it for a while
    reads = {"left": iter([1, None]), "stays": iter([2, 2])}
    for thing in things:
        thing.read = reads[thing.label].__next__
    assert engine.clear(things, world.run(settings, record)) == [thing.name for thing in things]
    assert world.writes == [("stays", None)]
