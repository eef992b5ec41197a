"""For any live and any wanted values: apply then verify holds, a second plan is empty, rolling back restores."""

from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes import FakeResource, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.changes import engine, provenance
from lib.changes.engine import LOG
from lib.changes.plans import same
from lib.changes.undo_plan import plan as undo_plan
from lib.changes.writer import WAITS
from lib.cli import resume
from lib.errors import RunbookError, Throttled, Unanswered
from lib.record.records import Record, Run
from lib.settings import load
from lib.values.exact_json import dumps, in_order, loads

PARAMETERS = load("local", {"mode": "apply"}).model_copy(
    update={"poll_seconds": 0.001, "verify_timeout_seconds": 0.01, "may_replace": 100}
)
LABELS = st.sampled_from(["topic", "queue", "rule", "policy", "workflow"])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(["\u2028", "1", "1.0", "\x00"])
PLAIN = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # As somebody else writes numbers: of many digits, with an exponent, too large for Python.
    | st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True).map(loads)
    | WORDS,
    lambda inner: st.lists(st.none() | inner, max_size=3) | st.dictionaries(WORDS, st.none() | inner, max_size=3),
    max_leaves=8,
)
LIVE = st.dictionaries(LABELS, PLAIN, max_size=5)
WANTED = st.dictionaries(LABELS, st.none() | PLAIN, min_size=1, max_size=5)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@OFTEN
@given(LIVE, WANTED)
def test_apply_verifies_a_second_plan_is_empty_and_rollback_restores(live, wanted):
    world, before = World(deepcopy(live)), deepcopy(live)
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")
        outcome = engine.carry_out(engine.plan("01", world.wanted(**wanted)), world.run(PARAMETERS, record))
        assert all(check.status == "passed" for check in engine.verify(outcome, Run(PARAMETERS, record)))
        assert engine.plan("01", world.wanted(**wanted)).pending == ()
        undone = engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(PARAMETERS, record))
        assert all(check.status == "passed" for check in engine.verify(undone, Run(PARAMETERS, record)))
    assert dumps(in_order(world.live)) == dumps(in_order(before))


@OFTEN
@given(LIVE, WANTED, LABELS)
def test_whatever_write_fails_rollback_restores(live, wanted, broken):
    world, before = World(deepcopy(live), refuses={broken}), deepcopy(live)
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")
        try:
            engine.carry_out(engine.plan("01", world.wanted(**wanted)), world.run(PARAMETERS, record))
        except RunbookError:
            assert [row["state"] for row in record.rows(LOG)[-2:]] == ["failed", "not applied"]
        world.refuses.clear()
        engine.roll_back(undo_plan(record.rows(LOG), world.reopen), world.run(PARAMETERS, record))
    assert dumps(in_order(world.live)) == dumps(in_order(before))


class Killed(BaseException):
    """The process is gone in the middle of a write."""


class Shaken(World):
    """A world in which each write meets the next of these: throttled, unanswered or killed, before or after it."""

    def __init__(self, live, ahead):
        super().__init__(live)
        self.ahead = list(ahead)

    def thing(self, label):
        return ShakenThing(self, label)

    def reopen(self, kind, identity):
        return ShakenThing(self, **identity)


class ShakenThing(FakeResource):
    def write(self, value):
        trouble = self.world.ahead.pop(0) if self.world.ahead else ""
        if "before" not in trouble:
            super().write(value)
        for word, error in (("throttled", Throttled), ("unanswered", Unanswered), ("killed", Killed)):
            if word in trouble:
                raise error(trouble)


TROUBLES = st.lists(
    st.sampled_from(["", "", "throttled before", "unanswered before", "unanswered", "killed before", "killed"]),
    max_size=12,
)


def until_it_ends(step):
    """Run a step, and again after each time that it was killed."""
    while True:
        try:
            return step()
        except Killed:
            continue


@OFTEN
@given(LIVE, WANTED, TROUBLES, st.booleans())
def test_whatever_happens_to_a_write_going_on_ends_as_wanted_and_rolling_back_as_before(live, wanted, ahead, goes_on):
    world, before = Shaken(deepcopy(live), ahead), deepcopy(live)
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")

        def apply():
            resume.settle_unfinished(world.run(load("local"), record), world.reopen)
            plan = engine.plan("01", world.wanted(**wanted))
            return engine.carry_out(plan, world.run(PARAMETERS, record), sleep=lambda seconds: None)

        def roll_back():
            undo = undo_plan(provenance.believe_rows(record, world), world.reopen)
            return engine.roll_back(undo, world.run(PARAMETERS, record), sleep=lambda seconds: None)

        try:
            until_it_ends(apply) if goes_on else apply()
        except (Killed, RunbookError):
            assert not goes_on or len(ahead) > len(WAITS)
            world.ahead = [trouble for trouble in world.ahead if "killed" in trouble]
            if goes_on:
                until_it_ends(apply)
        if goes_on:
            assert engine.plan("01", world.wanted(**wanted)).pending == ()
        world.ahead = [trouble for trouble in world.ahead if trouble]
        undone = until_it_ends(roll_back)
        if "failed" in undone.states:  # more trouble than trying again is for
            world.ahead = []
            roll_back()
    assert dumps(in_order(world.live)) == dumps(in_order(before))


@OFTEN
@given(PLAIN, PLAIN)
def test_comparing_is_symmetric_and_a_fingerprint_follows_it(left, right):
    assert same(left, right) == same(right, left)
    plans = [engine.plan("01", World({"a": value}).wanted(a=None)).fingerprint for value in (left, right)]
    assert same(left, right) or plans[0] != plans[1]


@OFTEN
@given(st.lists(st.dictionaries(st.text(max_size=6), PLAIN, max_size=3), max_size=5), st.binary(max_size=12))
def test_a_log_gives_back_every_row_also_after_a_line_that_a_kill_cut(rows, cut):
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")
        (record.folder / LOG).write_bytes(b'{"half": "' + cut.replace(b"\n", b"").replace(b'"', b""))
        for row in rows:
            record.append(LOG, row)
        assert record.rows(LOG) == rows
