"""A value of a YAML file stands where it is read: none refers to another, however deep."""

import pytest

from lib.errors import BadParameters
from lib.values import yaml_text

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BOMB, 1), ("a: 1\nb: &name 2\n", 2), ("a: {b: [&name {c: 1}]}\n", 1), ("? &name a\n: 1\n", 1),
        ("a: 1\nb: *name\n", 2), ("base: &b {mode: plan}\nmore: {<<: *b, mode: apply}\n", 1),
    ],
)  # fmt: skip
def test_a_value_that_refers_to_another_is_refused_where_it_stands(text, line):
    with pytest.raises(
        BadParameters, match=rf"own\.yaml refers from one value to another by `&` or `\*` in line {line},"
    ):
        yaml_text.read(text, "own.yaml")


def test_the_signs_may_stand_in_a_text():
    assert yaml_text.read("a: 'x & *y'\nb: M&M\nc: 2*3\n", "own.yaml") == {"a": "x & *y", "b": "M&M", "c": "2*3"}
