"""The runs of an environment: what one is called, where its record lies, and that it is gone on with and sealed."""

import re
from datetime import UTC, datetime

import pytest

from lib.record import records, sealing
from lib.record.records import Record, Run
from lib.settings import load


@pytest.fixture
def settings(tmp_path):
    return load("local", {"outputs_dir": str(tmp_path)})


def test_a_run_id_is_a_utc_stamp_and_a_suffix_and_sorts_by_time():
    early, late = (records.new_run_id(datetime(2026, 1, day, 9, 5, 7, tzinfo=UTC)) for day in (2, 11))
    assert re.fullmatch(r"20260102T090507Z-[0-9a-f]{4}", early)
    assert early < late


def test_a_new_run_has_a_folder_of_its_own(settings, tmp_path):
    first, second = records.open_run(settings), records.open_run(settings)
    assert first.folder != second.folder
    assert first.folder == tmp_path / "local" / first.run_id


def test_a_named_run_is_opened_again(settings, record):
    again = records.open_run(settings.model_copy(update={"run_id": record.run_id}))
    assert again == record


def test_sealing_again_adds_what_came_while_it_was_open(settings, sealed):
    records.open_to_write(Run(settings, Record(sealed, sealed.name)))
    (sealed / "later.txt").write_text("x")
    sealing.seal(Record(sealed, sealed.name))
    assert records.unsealed_differences(sealed) == []
