"""No number is said in powers of ten, and a length of time in a unit that fits it."""

from datetime import timedelta

import pytest

from lib.values import numbers


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0.0, "0"),
        (0.5, "0.5"),
        (1.234, "1.23"),
        (99.9, "99.9"),
        (1234.5, "1,234"),
        (-12345.0, "-12,345"),
        (1e9, "1,000,000,000"),
    ],
)
def test_a_number_is_said_whole_from_a_hundred_on(number, said):
    assert numbers.say_number(number) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0.25, "0.25"), (1234.5, "1234.5"), (1234567.0, "1234567"), (-2e6, "-2000000"), (3.0, "3")]
)
def test_a_number_in_full_has_all_its_digits_before_the_point(number, said):
    assert numbers.in_full(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (999_999, "999,999"), (1_234_567.0, "1,234,567"), (1.5, "1.5"), (0.0123456, "0.0123456")],
)
def test_a_count_is_said_to_the_last_one(number, said):
    assert numbers.say_count(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (0.0844, "84 ms"), (1.94, "1.94 s"), (60, "60 s"), (600, "10 min"), (7_199, "120 min"),
        (7_200, "2 h"), (86_400, "24 h"), (172_800, "2 days"), (2_500_000, "28.9 days"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_said_in_a_unit_of_which_there_are_two(seconds, said):
    assert numbers.say_roughly(seconds) == numbers.say_roughly(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (0, "0 s"), (59.6, "1 min 0 s"), (104, "1 min 44 s"), (7_384.2, "2 h 3 min")]
)
def test_a_length_of_time_exactly_is_to_the_second(seconds, said):
    assert numbers.say_exactly(seconds) == said


def test_of_many_names_the_first_are_said_and_how_many_more_there_are():
    assert numbers.first_of(["a", "b"], 2) == "a, b"
    assert numbers.first_of([*"abc"] * 500, 2, "; ") == "a; b and 1,498 more"
    assert [numbers.plural(count, "line") for count in (0, 1, 1_200)] == ["0 lines", "1 line", "1,200 lines"]
