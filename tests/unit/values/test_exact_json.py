"""JSON to the letter: what is written is read back as it was, type for type, and anything else is refused."""

import copy
import json
import math
import pickle
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_json import JSON, LITERALS, WORDS, exactly

from lib.errors import NotAsWanted, Refused
from lib.values.exact_json import Number, Twice, digest, document, dumps, in_order, loads, map_parts, parts_of, require


@given(JSON)
def test_every_json_value_comes_back_as_it_was(value):
    assert exactly(loads(dumps(value)), value)
    require(value, "anything")


@given(LITERALS)
def test_a_number_is_written_as_it_stood(text):
    assert dumps(loads(text)) == text
    assert float(loads(text)) == float(text) or math.isinf(float(text))


@given(st.recursive(st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(WORDS, inner, max_size=3), max_leaves=10))  # fmt: skip
def test_what_python_writes_well_is_written_likewise(value):
    assert dumps(value) == json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}, "c": [{"d": [], "d": {}}]}', '{"": 1, "": -0}']
)
def test_a_key_that_stands_twice_is_kept(text):
    assert dumps(loads(text)) == text
    assert dumps(loads(dumps(in_order(loads(text))))) == dumps(in_order(loads(text)))
    for copied in (copy.deepcopy(loads(text)), pickle.loads(pickle.dumps(loads(text)))):
        assert dumps(copied) == text
    assert loads('{"a": 1, "a": 2}')["a"] == 2
    assert isinstance(loads('{"a": 1, "a": 2}'), Twice)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_number_is_copied_with_its_text(copied):
    found = copied(loads("3.0e2"))
    assert (found, repr(found), type(found)) == (300.0, "3.0e2", Number)


class Level(IntEnum):
    ONE = 1


class Word(StrEnum):
    ONE = "one"


def test_what_stands_for_a_plain_value_is_that_value():
    assert dumps([Level.ONE, Word.ONE, OrderedDict(a=1)]) == '[1, "one", {"a": 1}]'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (("a",), "a.0.b is a tuple"),
        ({"x"}, "a.0.b is a set"),
        (b"x", "a.0.b is a bytes"),
        (datetime(2026, 1, 1, tzinfo=UTC), "a.0.b is a datetime"),
        (Decimal("1.5"), "a.0.b is a Decimal"),
        (Path("x"), "a.0.b is a PosixPath"),
        (float("nan"), "a.0.b is the number nan"),
        (float("-inf"), "a.0.b is the number -inf"),
        ("\ud800", "a.0.b is a text with half a character"),
        ({"\udfff": 1}, "a.0.b has a key with half a character"),
        ({1: "x"}, "a.0.b has the key a int"),
        ({None: "x"}, "a.0.b has the key a NoneType"),
        ({True: "x"}, "a.0.b has the key a bool"),
        (object(), "a.0.b is a object"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(value, said):
    with pytest.raises(Refused, match=said):
        dumps({"a": [{"b": value}]})
    with pytest.raises(Refused, match=rf"^topic X, as it is: {said}.*\. Nothing of it was written; "):
        require({"a": [{"b": value}]}, "topic X, as it is")


def test_a_refusal_quotes_no_value():
    with pytest.raises(Refused) as refused:
        require({"contact": b"somebody's own words"}, "drill user")
    assert "somebody" not in str(refused.value)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "", "{", "1 2", '{"a": 1,}'])
def test_what_is_no_json_is_no_json(text):
    with pytest.raises(ValueError):
        loads(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is no JSON"), (None, "is no JSON"), ("{", "is no JSON"), ("[]", "a JSON list"), ('"{}"', "a JSON text"),
     ("null", "a JSON null"), ("7", "a JSON number"), ("true", "a JSON truth value")],
)  # fmt: skip
def test_a_document_is_an_object_or_one_sentence(text, said):
    with pytest.raises(NotAsWanted, match=f"the policy of X is {said.removeprefix('is ')}"):
        document(text, "the policy of X")
    assert document("{}", "it") == {}


def test_everything_in_a_value_is_told_in_order_with_the_keys_that_lead_to_it():
    value = {"a": [1, {"b": "x"}, ()], "c": None}
    assert [(part.keys, part.key, part.value) for part in parts_of(value)] == [
        ((), "", value),
        (("a",), "a", value["a"]),
        (("a", 0), "", 1),
        (("a", 1), "", {"b": "x"}),
        (("a", 1, "b"), "b", "x"),
        (("a", 2), "", ()),
        (("c",), "c", None),
    ]
    assert [part.value for part in parts_of("a text")] == ["a text"]


@given(JSON)
def test_each_part_lies_where_its_keys_lead(value):
    for part in parts_of(value):
        found = value
        for key in part.keys:
            found = found[key]
        assert found is part.value


def test_what_nests_very_deeply_is_walked_to_its_end():
    deep = "the innermost"
    for _ in range(10_000):
        deep = [deep]
    assert [*parts_of(deep)][-1].value == "the innermost"


@given(JSON)
def test_what_is_mapped_to_itself_is_the_same(value):
    assert exactly(map_parts(value, lambda key, plain: plain), value)


def test_each_plain_value_is_mapped_with_its_key_and_each_key_as_well():
    value = {"a": [1, {"b": "x"}], "c": None, "d": {}, "e": (2,)}
    told = map_parts(value, lambda key, plain: (key, plain), str.upper)
    assert told == {"A": [("", 1), {"B": ("b", "x")}], "C": ("c", None), "D": {}, "E": [("", 2)]}
    assert map_parts("x", lambda key, plain: (key, plain)) == ("", "x")


def test_a_key_that_is_there_twice_is_mapped_twice():
    found = map_parts(loads('{"a": 1, "a": 2}'), lambda key, plain: f"{key}{plain}", str.upper)
    assert (found, dumps(found)) == ({"A": "a2"}, '{"A": "a1", "A": "a2"}')


def test_a_digest_is_of_what_data_says_and_not_of_the_order_of_its_keys():
    assert digest({"a": 1, "b": [2, None]}) == digest({"b": [2, None], "a": 1})
    assert len({digest(one) for one in ({"a": 1}, {"a": True}, {"a": "1"}, {"a": [1]}, [], {})}) == 6
    assert len(digest([])) == 32
