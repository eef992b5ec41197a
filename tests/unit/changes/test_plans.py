"""What a plan says of itself: when two values are one, where they differ, and what becomes of what nobody can make."""

import json

import pytest
from fakes import FakeResource, World

from lib.changes.account import Use
from lib.changes.plans import (
    UNKNOWN,
    Change,
    Outcome,
    Plan,
    Result,
    differences,
    entry,
    fingerprint,
    half_done,
    row_digest,
    same,
)
from lib.changes.undo_plan import Unreadable
from lib.errors import Refused
from lib.record.change_rows import WriteState


def test_what_the_account_keeps_of_a_write_ends_in_32_digits():
    told = {"time": "T", "phase": "01", "kind": "thing", "name": "thing x", "identity": {"label": "x"}}
    digits = row_digest({**told, "state": "intended", "before": None, "after": 1})
    assert (len(digits), digits.strip("0123456789abcdef")) == (32, "")


@pytest.fixture
def thing():
    return World().thing("x")


@pytest.mark.parametrize(
    ("left", "right", "paths"),
    [
        (1, 1, []),
        (1, 2, [""]),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["b"]),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["a.b[1].c"]),
        ({"a": 1}, {"b": 1}, ["a", "b"]),
        ({"a": None}, {}, [""]),
        ({"x": {"a": None}}, {"x": {}}, ["x"]),
        ([1, 2], [1, 3], ["[1]"]),
        ([1], [1, 2], [""]),
        ([], [1], [""]),
        ({"a": [1]}, {"a": {"0": 1}}, ["a"]),
        ([1], {"a": 1}, [""]),
        ({"a": 1}, 1, [""]),
        ([1], 1, [""]),
        ((1, 2), [1, 3], ["[1]"]),
        ({"a": UNKNOWN}, {"a": 3}, []),
        ({2: "a", "b": 1}, {2: "b", "b": 1}, ["2"]),
    ],
)
def test_where_two_values_differ(left, right, paths):
    assert differences(left, right) == paths
    assert same(left, right) == (paths == [])


@pytest.mark.parametrize("live", [str(UNKNOWN), {"DisplayName": str(UNKNOWN)}, {"a": [{str(UNKNOWN): 1}]}])
def test_a_live_value_that_only_looks_unknown_is_never_taken_for_it(thing, live):
    with pytest.raises(Refused, match=r"holds the text '\(not readable yet\)'"):
        Change(thing, json.loads(json.dumps(live)), "after")
    for known in (UNKNOWN, {"a": [UNKNOWN]}):
        assert Change(thing, known, known).action == "none"
    assert Change(thing, "before", json.loads(json.dumps(live))).after == live  # a record tells it so


@pytest.mark.parametrize(
    ("left", "right"),
    [([1, 2], [1]), ([1], {"a": 1}), ({"a": 1}, [1]), ({}, []), ([], None), ({"a": 1}, {"a": 1, "b": 1}), ("1", 1)],
)
def test_values_of_another_shape_are_not_the_same(left, right):
    assert not same(left, right)
    assert not same(right, left)


def test_a_change_says_what_it_does_and_who_notices(thing):
    told = [Change(thing, before, after) for before, after in ((None, 1), (1, 2), (1, None), (1, 1), (None, None))]
    assert [change.action for change in told] == ["create", "update", "remove", "none", "none"]
    assert [change.noticed for change in told] == ["whoever looks"] * 3 + ["", ""]
    assert [change.undo for change in told] == [
        "remove, unless in use by then", "restore the value before", "restore the value before", "", "",
    ]  # fmt: skip


def test_an_undo_says_first_what_cannot_be_undone_then_whose_it_is_then_what_is_in_use(thing):
    more = {"doubt": "2 readers", "foreign": True}
    assert Change(thing, 1, 1, trouble="AccessDenied", **more).undo == "CANNOT BE UNDONE NOW: AccessDenied"
    assert Change(thing, 1, 1, **more).undo == ""
    assert Change(thing, 1, None, **more).undo.startswith("SOMEBODY ELSE CHANGED THIS SINCE THE RUN")
    assert Change(thing, 1, None, doubt="2 readers").undo == "kept if still so: 2 readers"


def test_only_what_is_applied_is_counted(thing):
    plan = Plan("01", (Change(thing, 1, 2), Change(thing, 2, 2), Change(thing, 3, 4)))
    states = (WriteState.APPLIED, WriteState.NOTHING_TO_DO, WriteState.KEPT)
    found = Outcome("01", tuple(map(Result, plan.changes, states)), "r1")
    assert (found.applied, found.states) == (1, states)
    assert [change.before for change in plan.pending] == [1, 3]
    assert (found.undoes, found.refusal) == (False, "")


def test_what_became_of_a_change_is_a_state_and_why(thing):
    change = Change(thing, 1, 2)
    assert Result(change, WriteState.KEPT, "in use").said == "kept: in use"
    assert Result(change, WriteState.NOTHING_TO_DO).said == "nothing to do"


class InParts(FakeResource):
    """One whose write takes several calls."""

    in_parts = True


def test_of_what_is_written_in_parts_a_third_value_may_be_a_half_written_one(thing):
    parts = InParts(World(), "x")
    assert half_done(parts, "third", "before", "after")
    assert not half_done(parts, "before", "before", "after")
    assert not half_done(parts, "after", "before", "after")
    assert not half_done(thing, "third", "before", "after")


@pytest.mark.parametrize(
    ("live", "before", "after", "ours"),
    [
        ({"days": 3653, "key": ""}, {"days": 30, "key": ""}, {"days": 90, "key": "k"}, False),
        ({"days": 90, "key": ""}, {"days": 30, "key": ""}, {"days": 90, "key": "k"}, True),
        ({"days": 0}, None, {"days": 90, "key": "k"}, True),
        ({"days": 7}, None, {"days": 90}, False),
        ({"days": 30}, {"days": 30, "key": "k"}, None, True),
        (None, {"days": 30}, {"days": 90}, True),
        ({"days": 30, "more": "theirs"}, {"days": 30}, {"days": 90}, False),
    ],
)
def test_a_half_written_value_has_each_field_as_before_as_after_or_empty(live, before, after, ours):
    assert half_done(InParts(World(), "x"), live, before, after) is ours


def test_what_this_version_cannot_make_is_said_and_neither_read_nor_written():
    gone = Unreadable("hologram", "hologram x", {"name": "x"})
    assert (gone.read(), gone.restorable("a"), gone.kept_because(), gone.stays, gone.noticed) == (
        UNKNOWN, UNKNOWN, "", "", "",
    )  # fmt: skip
    assert gone.others_rely is False  # nothing of the rest waits for it
    with pytest.raises(Refused, match="hologram x is nothing that this version can write"):
        gone.write("a")
    assert Change(gone, UNKNOWN, "a").action == "none"


def test_a_row_tells_when_how_far_and_what_for(thing):
    row = entry("02", Change(thing, 1, 2), "intended")
    assert (row["phase"], row["state"], row["undoes"], row["temporary"]) == ("02", "intended", False, False)
    assert (row["kind"], row["name"], row["identity"]) == ("thing", "thing x", {"label": "x"})
    assert (row["action"], row["before"], row["after"]) == ("update", 1, 2)
    assert "laid" not in row
    assert entry("02", Change(thing, 1, 2, temporary=True), "applied", True)["temporary"] is True
    assert len(row["time"].partition(".")[2].partition("+")[0]) == 3


def test_a_fingerprint_is_of_what_a_plan_was_made_from_too(thing):
    plan = Plan("01", (Change(thing, 1, 2),))
    found = {fingerprint([plan]), fingerprint([plan], {"mode": "a"}), fingerprint([plan], {"mode": "b"})}
    assert len(found) == 3
    assert plan.fingerprint == fingerprint([plan], {})
    assert all(len(one) == len("plan-") + 16 for one in found)


def test_plans_and_what_is_in_them_cannot_be_changed_after_they_were_reviewed(thing):
    plan = Plan("01", (Change(thing, 1, 2),))
    for frozen, name in (
        (plan, "changes"),
        (plan.changes[0], "after"),
        (Outcome("01", (), "r1"), "results"),
        (Result(plan.changes[0], WriteState.APPLIED), "state"),
        (Use("r1", "jane", "12:00"), "run_id"),
        (Unreadable("a", "b", {}), "called"),
    ):
        with pytest.raises(AttributeError):
            setattr(frozen, name, None)
