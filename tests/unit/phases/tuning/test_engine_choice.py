"""What the command was told to count by is what the notebook finds in the record."""

import pytest

from lib.errors import BadParameters
from lib.phases.tuning import engine_choice
from lib.phases.tuning.engine_choice import Choice, Engine
from lib.record.records import Record

WHOLE = Choice(Engine.ATHENA, "tuning", "s3://bucket/results/")


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path, "run-1")


def test_without_a_choice_it_is_duckdb(record):
    assert engine_choice.latest(record) == Choice(Engine.DUCKDB)


def test_the_last_choice_counts(record):
    engine_choice.keep(record, WHOLE)
    assert engine_choice.latest(record) == WHOLE
    engine_choice.keep(record, Choice())
    assert engine_choice.latest(record) == Choice()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(Engine.ATHENA), "expected the database of its table `checkins`"),
        (Choice(Engine.ATHENA, "tuning", "bucket/results/"), "as s3://BUCKET/PREFIX/"),
        (Choice(Engine.ATHENA, "tuning", "s3://bucket/results"), "as s3://BUCKET/PREFIX/"),
        (Choice(Engine.DUCKDB, "tuning"), "expected them with --engine athena alone"),
    ],
)
def test_a_choice_that_is_not_whole_is_refused_in_a_sentence(choice, said):
    with pytest.raises(BadParameters, match=said):
        engine_choice.require_whole(choice)
    assert engine_choice.require_whole(WHOLE) is WHOLE
