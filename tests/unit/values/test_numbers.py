"""No number is said in powers of ten."""

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
