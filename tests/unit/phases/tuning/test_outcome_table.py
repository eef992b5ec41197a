"""The table that the command named is the one that the notebook reads."""

import pytest

from lib.errors import BadParameters
from lib.phases.tuning import outcome_table
from lib.phases.tuning.outcome_table import OutcomeTable
from lib.record.records import Record

WHOLE = OutcomeTable("reviewed-checkins", "outcome")


def test_the_last_one_that_was_named_counts_also_where_it_is_none(tmp_path):
    record = Record(tmp_path, "run-1")
    assert outcome_table.latest(record) == OutcomeTable()
    for named in (WHOLE, OutcomeTable()):
        outcome_table.keep(record, named)
        assert outcome_table.latest(record) == named


@pytest.mark.parametrize(
    "named",
    [
        OutcomeTable("reviewed-checkins"), OutcomeTable(attribute="outcome"), OutcomeTable("two words", "outcome"),
        OutcomeTable("arn:aws:dynamodb:us-east-1:1:table/t", "outcome"),
    ],
)  # fmt: skip
def test_half_a_table_and_another_account_s_are_refused_in_a_sentence(named):
    with pytest.raises(BadParameters, match=r"--outcome-attribute .*; expected the name of a table of this account"):
        outcome_table.require_whole(named)
    assert outcome_table.require_whole(WHOLE) is WHOLE
