"""JSON that somebody else wrote: one error for all that cannot be used of it, and what is read is safe to use."""

import json

import pytest

from lib.values.foreign import foreign_json

DEEP = "[" * 4096


@pytest.mark.parametrize("text", ["", "words", DEEP, DEEP + "]" * 4096, "[" * 101 + "]" * 101, b"[" * 101 + b"]" * 101])
def test_what_is_no_json_or_too_deep_is_one_error(text):
    with pytest.raises(ValueError, match=r".+"):
        foreign_json.loads(text)


def test_what_is_long_and_flat_is_read():
    rows = [{"number": number} for number in range(1000)]
    assert foreign_json.loads(json.dumps(rows)) == rows
    assert foreign_json.loads("[" * 100 + "]" * 100) != []


def test_objects_are_made_as_they_are_asked_for():
    assert foreign_json.loads('{"a": {"b": 1}}', lambda pairs: [key for key, _ in pairs]) == ["a"]


@pytest.mark.parametrize("text", ["[]", "7", "null", '"{}"'])
def test_an_object_is_one_and_nothing_else(text):
    assert foreign_json.object_of('{"a": 1}') == {"a": 1}
    with pytest.raises(ValueError, match="and no object"):
        foreign_json.object_of(text)


@pytest.mark.parametrize("value", [None, 7, ["a"], "\ud800"])
def test_a_text_can_be_written_down(value):
    assert foreign_json.text_of("Jané") == "Jané"
    with pytest.raises(ValueError, match=r".+"):
        foreign_json.text_of(value)


@pytest.mark.parametrize("text", ["1e999", "-1", "1e30", "1.5", "NaN", "true", "null", "[]", '"soon"', str(10**17)])
def test_a_moment_is_one_that_a_table_can_hold(text):
    assert foreign_json.milliseconds_of("1767225600000") == foreign_json.milliseconds_of(1767225600000.0)
    with pytest.raises(ValueError, match=r".+"):
        foreign_json.milliseconds_of(json.loads(text))
