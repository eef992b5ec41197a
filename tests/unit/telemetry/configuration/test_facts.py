"""What differs between two reads of a live system, and what each difference means. No AWS."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.telemetry.configuration.facts import Fact, Meaning, Sense, compare_facts, from_plain

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def fact(value, sense=Sense.WHOLE, **more):
    return Fact("rule R: state", "12", sense, value, **more)


def statement(effect="Allow", sid="S", **more):
    return {"policy": "P", "version": "2012-10-17", "statement": {"Sid": sid, "Effect": effect, **more}}


def meanings(before, now):
    return [row.meaning for row in compare_facts([before], [now])]


@settings(deadline=None)  # a busy machine is no fault of the comparison
@given(PLAIN)
def test_what_is_read_twice_alike_differs_in_nothing_also_out_of_a_record(value):
    before = fact(value)
    (kept,) = from_plain(json.loads(json.dumps([vars(before)])))
    assert kept == before
    assert compare_facts([kept], [before]) == []


@settings(deadline=None)  # a busy machine is no fault of the comparison
@given(PLAIN, PLAIN)
def test_any_other_value_is_named_with_its_criteria(value, other):
    found = compare_facts([fact(value)], [fact(other)])
    same = json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert bool(found) is not same
    assert {(row.name, row.criteria, row.meaning) for row in found} <= {("rule R: state", "12", Meaning.FAILED)}


def test_a_difference_says_where_and_both_values():
    old, new = ({"States": {"Choice": [{"NumericGreaterThan": number}]}} for number in (95, 99.9))
    (row,) = compare_facts([fact(old)], [fact(new)])
    assert row.sentence == "rule R: state: States.Choice[0].NumericGreaterThan 95 -> 99.9"


def test_many_places_are_counted_and_not_left_out_without_a_word():
    (row,) = compare_facts([fact(dict.fromkeys("abcdef", 1))], [fact(dict.fromkeys("abcdef", 2))])
    assert row.said == "a 1 -> 2, b 1 -> 2, c 1 -> 2 and 3 more places"


def test_of_a_long_text_the_part_that_differs_is_said_and_not_its_first_words():
    long = "every check-in is scored, and routed to one of six routes, of which two are crises. " * 9
    (row,) = compare_facts([fact({"text": f"{long}above 95 {long}"})], [fact({"text": f"{long}above 90 {long}"})])
    was, now = row.said.split(" -> ")
    assert was.startswith("text ...") and "above 95" in was and "above 90" in now and len(row.said) < 250


def test_a_statement_that_became_another_says_what_differs_in_it():
    old, new = statement(Action="sns:*"), statement(Action="sns:Publish")
    lost, also = compare_facts([fact([old], Sense.STATEMENTS)], [fact([new], Sense.STATEMENTS)])
    assert lost.said == "lost P S as it was, statement.Action sns:* -> sns:Publish"
    assert also.said.startswith("also P S, {")


def test_a_text_that_says_the_same_in_another_way_says_where_it_was_written_otherwise():
    (row,) = compare_facts([fact('{"a": 1}')], [fact('{"a":1}')])
    assert row.said == '{"a": 1} -> {"a":1}'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 1}, [Meaning.TOLD]),
        ({"a": 1, "b": 1}, {"a": 1}, [Meaning.FAILED]),
        ({"a": 1}, {"a": 2}, [Meaning.FAILED]),
        ({"a": 1}, {"b": 1}, [Meaning.FAILED, Meaning.TOLD]),
        ({"a": 1}, None, [Meaning.FAILED]),
        (None, {"a": 1}, [Meaning.TOLD]),
    ],
)
def test_a_member_that_is_lost_or_changed_is_a_change_and_one_more_takes_nothing_away(old, new, expected):
    assert meanings(fact(old, Sense.MEMBERS), fact(new, Sense.MEMBERS)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [statement()], [Meaning.TOLD]),
        ([], [statement("Deny")], [Meaning.FAILED]),
        ([], [statement(None)], [Meaning.FAILED]),
        ([statement()], [], [Meaning.FAILED]),
        ([statement()], None, [Meaning.FAILED]),
        ([statement("Deny")], [], [Meaning.FAILED]),
        ([statement(Action="sns:*")], [statement(Action="sns:Publish")], [Meaning.FAILED, Meaning.TOLD]),
        ([statement(sid="A"), statement(sid="B")], [statement(sid="B"), statement(sid="A")], []),
        ([statement(), statement()], [statement()], [Meaning.FAILED]),
        ([{**statement(), "version": "2008-10-17"}], [statement()], [Meaning.FAILED, Meaning.TOLD]),
    ],
)
def test_a_policy_loses_by_what_went_and_by_what_forbids(old, new, expected):
    assert meanings(fact(old, Sense.STATEMENTS), fact(new, Sense.STATEMENTS)) == expected


def test_that_something_changed_which_is_not_read_is_no_agreement_and_no_failure():
    (row,) = compare_facts([fact("monday", Sense.UNSEEN)], [fact("tuesday", Sense.UNSEEN)])
    assert (row.meaning, row.changed) == (Meaning.CANNOT_TELL, True)
    assert "a value that is never read" in row.said


def test_a_note_decides_nothing():
    assert meanings(fact(1, Sense.NOTE), fact(2, Sense.NOTE)) == [Meaning.TOLD]


@pytest.mark.parametrize("when", ["then", "now", "both"])
def test_what_could_not_be_read_is_never_unchanged(when):
    old = fact(1, unreadable="AccessDenied" if when != "now" else "")
    new = fact(1, unreadable="AccessDenied" if when != "then" else "")
    (row,) = compare_facts([old], [new])
    assert (row.meaning, row.changed) == (Meaning.CANNOT_TELL, False)
    assert row.said == f"could not be read {'now' if when == 'now' else 'then'}: AccessDenied"


@pytest.mark.parametrize(("found", "meaning"), [(False, Meaning.CANNOT_TELL), (True, Meaning.TOLD)])
def test_a_fact_that_only_one_read_knows_is_no_agreement_unless_something_else_named_it(found, meaning):
    for before, now in (([fact(1, found=found)], []), ([], [fact(1, found=found)])):
        assert [row.meaning for row in compare_facts(before, now)] == [meaning]


def test_the_worst_comes_first():
    old = {"a": 1, "b": 1}
    rows = compare_facts(
        [fact(1, Sense.NOTE), Fact("x", "1", Sense.MEMBERS, old), Fact("y", "1", Sense.UNSEEN, 1)],
        [fact(2, Sense.NOTE), Fact("x", "1", Sense.MEMBERS, {"a": 1}), Fact("y", "1", Sense.UNSEEN, 2)],
    )
    assert [row.meaning for row in rows] == [Meaning.FAILED, Meaning.CANNOT_TELL, Meaning.TOLD]
