"""A list found in a JSON object's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.values.exact_json import loads
from lib.values.foreign.json_members import members


def ours(value):
    return isinstance(value, dict) and value.get("ours") is True


SPACES = st.sampled_from(["", " ", "\n  ", "\t"])


THEIRS = st.sampled_from(
    ['{"a":1.0,"a":2}', "3.0e2", "null", '"x, ]"', "[ [ ] ,{}]", '{"ours":1}', "123456789012345678901234.50"]
)


@given(
    st.lists(st.tuples(SPACES, THEIRS, SPACES), max_size=4),
    st.lists(st.lists(st.integers(), max_size=2), max_size=3),
    SPACES,
)
def test_others_elements_keep_every_byte_whatever_becomes_of_ours(theirs, rounds, space):
    inside = ",".join(f"{before}{text}{after}" for before, text, after in theirs)
    text = before = f'{{{space}"x":1.50 ,"list":{space}[{inside}]{space},"y" : {{"list":[1]}} }}'
    for numbers in [*rounds, []]:
        wanted = [{"ours": True, "n": number} for number in numbers]
        text = members(text, "list").replaced(ours, wanted)
        assert [value for value in loads(text)["list"] if ours(value)] == wanted
        assert members(text, "list").replaced(ours, wanted) == text
    assert text == before


LONE = ['{"Sid":"x" , "n":1.0}', '{ "a":1,"a":2 }', "{}"]


HEADS = ['"Version":"2008-10-17",', '"Id" : "\\u00e9\\/",\n', ""]


@given(SPACES, st.sampled_from(HEADS), SPACES, st.sampled_from(LONE), SPACES, st.sampled_from(["", ', "y":1e2']))
@pytest.mark.parametrize("form", ["lone", "list", "none"])
def test_ours_put_in_and_taken_out_leave_every_byte_of_a_lone_one_and_of_no_list(
    form, one, head, two, lone, three, tail
):
    inside = f"[{two}{lone}{three}]" if form == "list" else lone
    text = f'{{{one}{head}"Statement"{two}:{three}{inside}{two}{tail}{one}}}'
    if form == "none":
        text = f'{{{one}{head}"z":{two}{lone}{tail}{three}}}'
    mine = [{"ours": True, "n": 1}]
    once = members(text, "Statement", lone=True).replaced(ours, mine)
    assert [value for value in loads(once)["Statement"] if ours(value)] == mine
    again = members(once, "Statement", lone=True).replaced(ours, [{"ours": True, "n": 2}])
    assert members(again, "Statement", lone=True).replaced(ours, []) == text


@pytest.mark.parametrize(
    ("since", "left"),
    [
        ('{"Statement": [ \t{"a": 1}, {"b": 2}, {"ours": true}]}', '{"Statement": [ \t{"a": 1}, {"b": 2}]}'),
        ('{"Statement":\t[{"ours": true}, {"b": 2}], "x": 1}', '{"Statement":\t[{"b": 2}], "x": 1}'),
        ('{"Statement": [{"a": 1}, {"ours": true}]}', '{"Statement": [{"a": 1}]}'),  # of an earlier version
    ],
)
def test_what_somebody_put_beside_ours_since_stays_in_its_list(since, left):
    assert members(since, "Statement", lone=True).replaced(ours, []) == left


def test_ours_are_replaced_where_they_stood():
    text = '{"l": [1, {"ours": true}, 2]}'
    assert members(text, "l").replaced(ours, [{"ours": True, "n": 1}]) == '{"l": [1, {"ours": true, "n": 1}, 2]}'


@pytest.mark.parametrize(
    "text", ["[]", "null", "", '{"l": {}}', '{"l": 1}', '{"l": [], "l": []}', '{"l": [}', '{"l": []} x', "{1: 2}"]
)
def test_a_text_without_such_a_list_is_no_such_text(text):
    with pytest.raises(ValueError):
        members(text, "l")
