"""Every intrinsic function of the language is known, and answers or fails in a sentence."""

import pytest

from lib.asl import intrinsics, payload_templates
from lib.errors import BadParameters

DATA = {"list": [1, 2, 3], "mixed": [1, "1", True, 1, {"a": 1}, {"a": 1}], "one": {"a": {"a1": 1}, "b": 2},
        "two": {"a": {"a3": 1}, "c": 3}, "text": "x", "number": 1.5}  # fmt: skip


def test_every_function_of_the_language_is_known_or_draws_lots() -> None:
    assert {name.removeprefix("States.") for name in (*intrinsics.INTRINSICS, *intrinsics.DRAWN)} == {
        "Array", "ArrayPartition", "ArrayContains", "ArrayRange", "ArrayGetItem", "ArrayLength", "ArrayUnique",
        "Base64Encode", "Base64Decode", "Hash", "JsonMerge", "JsonToString", "StringToJson", "MathAdd", "MathRandom",
        "UUID", "StringSplit", "Format",
    }  # fmt: skip


@pytest.mark.parametrize("name", intrinsics.INTRINSICS)
@pytest.mark.parametrize(
    "arguments", ["", "$.list", "$.text", "null, null", "1, 2, 3", "$.one, $.two, true", "$.x, 'MD5'"]
)
def test_a_function_given_anything_answers_or_fails_in_a_sentence(name: str, arguments: str) -> None:
    try:
        payload_templates.expression(f"{name}({arguments})")({**DATA, "x": [None]}, {})
    except BadParameters as error:
        assert len(str(error)) > 10
