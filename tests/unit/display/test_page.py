"""A table as text is laid out as pandas lays it out, and on a page no colour covers words."""

import re

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lib.display import page
from lib.display.marks import Judged

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


def test_the_colour_of_a_word_covers_no_line_below_it():
    """Its padding is no part of a line's height; a long outcome has several lines."""
    html = page.grid(["outcome"], [[Judged("applied: this run applied it at 02:41 UTC; nothing was written now")]]).html
    padding = int(re.search(r"padding: (\d+)px", html)[1])
    height = float(re.search(r"nowrap; line-height: ([\d.]+)", html)[1])
    assert 13 * height >= 13 * 1.2 + 2 * padding  # as tall as JupyterLab's letters of 13 px
