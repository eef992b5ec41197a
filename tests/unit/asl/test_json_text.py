"""What plain data would not hold stays the text that it is, and no file of ours says a key twice."""

import json
from typing import Any

import pytest

from lib.asl import json_text
from lib.definitions import loader
from lib.errors import BadParameters

LOSSY = {
    "a key twice": '{"a": 1, "b": {"c": 1, "c": 2}}',
    "a long number": '{"a": 0.12345678901234567890}',
    "a number too large": '{"a": 1e999}',
    "no number": '{"a": NaN}',
    "half a character": '{"a": "\\ud83e"}',
    "a list": "[1]",
    "no JSON": "{",
    "too deep": '{"a":' * 120 + "1" + "}" * 120,
    "a number of too many digits": '{"a": ' + "1" * 5000 + "}",
}


@pytest.mark.parametrize("name", LOSSY)
def test_what_plain_data_would_not_hold_stays_the_text_that_it_is(name: str) -> None:
    text = LOSSY[name]
    assert json_text.to_text(json_text.preserve(text)) == json_text.preserve(text) == text
    assert json_text.trouble(text)
    json.dumps(json_text.to_look_at(text), ensure_ascii=False).encode()
    if name != "a list":
        with pytest.raises(BadParameters, match=r"rules\.json"):
            json_text.parse_ours(text, "rules.json")


@pytest.mark.parametrize(
    "text", ['{"a": 1.50, "b": -0, "c": 1e2, "d": "\\ud83e\\udde1", "e": [1, 12345678901234567890]}', "{}"]
)
def test_what_plain_data_holds_is_plain_data(text: str) -> None:
    assert json_text.preserve(text) == json.loads(text) == json_text.parse_ours(text, "a file")
    assert json_text.trouble(text) == []


@pytest.mark.parametrize("path", sorted(loader.FOLDER.rglob("*.json")), ids=lambda path: path.name)
def test_no_file_of_ours_says_a_key_twice(path: Any) -> None:
    assert json_text.parse_ours(path.read_text(encoding="utf-8"), path.name) is not None
