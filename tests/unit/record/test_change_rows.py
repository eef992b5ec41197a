"""A row of the log of changes whose state nobody knows, as it is read."""

import pytest
from written_rows import told

from lib.record import change_rows
from lib.record.change_rows import WriteState


def test_a_long_state_that_nobody_knows_is_cut():
    (row,) = [change_rows.from_row({**one, "state": "x" * 999}) for one in told("a", 1, 2)[:1]]
    assert f"({'x' * 40!r})" in row["trouble"]


@pytest.mark.parametrize("state", sorted(set(WriteState) - {*change_rows.UNFINISHED, *change_rows.ENDED}))
def test_what_only_an_outcome_or_a_reader_says_is_no_state_of_a_row(state):
    assert change_rows.from_row({**told("a", 1, 2)[0], "state": str(state)})["state"] == WriteState.UNREADABLE
