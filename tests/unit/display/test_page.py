"""A table as text is laid out as pandas lays it out."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lib.display import page

WORDS = st.text("ab\\", max_size=6)  # pandas would take the blanks around a column's name away


@given(st.lists(st.tuples(WORDS, WORDS, st.text("a b", max_size=6)), min_size=1, max_size=5))
def test_a_table_is_laid_out_as_pandas_does_it(columns):
    frame = pd.DataFrame(zip(*(values for _, *values in columns), strict=True), dtype=object)
    frame.columns = pd.Index([name for name, *_ in columns], dtype=object)
    assert page.laid_out(columns) == frame.to_string(index=False, justify="left")


def test_wide_signs_take_the_room_that_a_terminal_gives_them():
    lines = page.laid_out([["name", "漢字", "ab"], ["次", "x", "yyy"]]).split("\n")
    assert lines == ["name 次 ", "漢字   x", "  ab yyy"]
    assert len({cell_len(line) for line in lines}) == 1


def test_a_large_number_in_a_table_has_all_its_digits():
    assert (page.words_of(1234567.0), page.words_of(0.5)) == ("1234567", "0.5")
