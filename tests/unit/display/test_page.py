"""A table as text is laid out as pandas lays it out."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from lib.display import page

WORDS = st.text("ab\\漢", max_size=6)  # pandas would take the blanks around a column's name away


@given(st.lists(st.tuples(WORDS, WORDS, st.text("a b", max_size=6)), min_size=1, max_size=5))
def test_a_table_is_laid_out_as_pandas_does_it(columns):
    frame = pd.DataFrame(zip(*(values for _, *values in columns), strict=True), dtype=object)
    frame.columns = pd.Index([name for name, *_ in columns], dtype=object)
    assert page.laid_out(columns) == frame.to_string(index=False, justify="left")
