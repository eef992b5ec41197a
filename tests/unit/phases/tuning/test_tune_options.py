"""What the command was told is what the notebook finds in the record."""

import pytest

from lib.errors import BadParameters
from lib.phases.tuning import tune_options
from lib.phases.tuning.tune_options import Choice, Engine, OutcomeTable
from lib.record.records import Record

ATHENA = Choice(Engine.ATHENA, "tuning", "s3://bucket/results/")
TABLE = OutcomeTable("reviewed-checkins", "outcome")


def test_what_was_told_last_counts_and_nothing_is_duckdb_and_no_table(tmp_path):
    record = Record(tmp_path, "run-1")
    assert tune_options.latest(record, Choice) == Choice(Engine.DUCKDB)
    assert tune_options.latest(record, OutcomeTable) == OutcomeTable()
    for choice, table in ((ATHENA, TABLE), (Choice(), OutcomeTable())):
        tune_options.keep(record, choice, table)
        assert tune_options.latest(record, Choice) == choice
        assert tune_options.latest(record, OutcomeTable) == table


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((Engine.ATHENA,), "expected the database of its table `checkins`"),
        ((Engine.ATHENA, "tuning", "bucket/results/"), "as s3://BUCKET/PREFIX/"),
        ((Engine.ATHENA, "tuning", "s3://bucket/results"), "as s3://BUCKET/PREFIX/"),
        ((Engine.DUCKDB, "tuning"), "expected them with --engine athena alone"),
    ],
)
def test_a_choice_that_is_not_whole_is_refused_in_a_sentence(words, said):
    with pytest.raises(BadParameters, match=said):
        Choice(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("reviewed-checkins", ""), ("", "outcome"), ("two words", "outcome"),
        ("arn:aws:dynamodb:us-east-1:1:table/t", "outcome"),
    ],
)  # fmt: skip
def test_half_a_table_and_another_account_s_are_refused_in_a_sentence(words):
    with pytest.raises(BadParameters, match=r"--outcome-attribute .*; expected the name of a table of this account"):
        OutcomeTable(*words)
