"""Where two values differ, as somebody reads it: each place, the part of a long text, and nobody's contact."""

import json

import pytest

from lib.telemetry.configuration import value_differences
from lib.telemetry.configuration.value_differences import differences
from lib.values import contacts

LONG = "every check-in is scored, and routed to one of six routes, of which two are crises. " * 9


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["b: 2 -> 3"]),
        ({"a": 1}, {"b": 2}, ["a: - 1", "b: + 2"]),  # what goes stands before what comes
        ({"a": None}, {}, ["a: - does not exist"]),
        ([1, 2, 3], [1, 3], ["[1]: - 2"]),
        (["x", "z"], ["x", "y", "z"], ["[1]: + y"]),
        ({"Statement": [{"Sid": "A", "x": 1}, {"Sid": "B"}]}, {"Statement": [{"Sid": "B"}, {"Sid": "A", "x": 2}]},
         ["Statement[A].x: 1 -> 2"]),
        ('{"Statement": [1], "b": 1}', '{"Statement": [1], "b": 2}', ["b: 1 -> 2"]),  # a policy is a text
        ("{not JSON 1", "{not JSON 2", ["all of it: {not JSON 1 -> {not JSON 2"]),
        (1, 1.0, ["all of it: 1 -> 1.0"]),
        ({"x": {}}, {"x": []}, ["x: {} -> []"]),
    ],
)  # fmt: skip
def test_each_place_that_differs_is_shown_and_no_other(before, after, said):
    assert [f"{one.place}: {one.said}" for one in differences(before, after)] == said


def test_of_a_long_text_the_part_that_differs_is_shown_and_not_its_first_words():
    (found,) = differences({"text": f"{LONG}above 95 {LONG}"}, {"text": f"{LONG}above 90 {LONG}"})
    was, would = found.said.split(" -> ")
    assert "above 95" in was and "above 90" in would
    assert len(found.said) < 200 and was.startswith("...") and was.endswith("...")


@pytest.mark.parametrize(("one", "other"), [("aXb", "aYb"), ("ab", "aab"), ("", "x"), ("same tail", "tail")])
def test_what_differs_of_two_texts_is_whole(one, other):
    before, after = value_differences.differing_part(f"{LONG}{one}{LONG}", f"{LONG}{other}{LONG}")
    assert before.strip(".") != after.strip(".")


def test_a_persons_contact_is_shown_nowhere_not_even_a_half_of_it():
    one, other = (f"{LONG} call +4917055501{end} " for end in ("00", "77"))
    (found,) = differences({"note": one}, {"note": other})
    assert "+49" not in found.said and "5501" not in found.said
    assert found.said == "a person's contact -> another one" or contacts.mask_text(found.said) == found.said
    assert "5501" not in json.dumps(found.to_row())
