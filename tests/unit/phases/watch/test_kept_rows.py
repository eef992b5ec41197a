"""A row of a watch that cannot be read is said, and is never a pass; what a watch writes can always be read."""

from datetime import timedelta

import pytest
from simulated import Account, Time, watch

from lib.checks import Status
from lib.errors import NotAsWanted
from lib.phases.watch import kept_rows, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.journal import Journal
from lib.phases.watch.kept_rows import LOG


def quiet(record):
    return watch(record, Time(), Account())


def test_whatever_a_watch_writes_can_be_read(record):
    time = Time()
    time.at[time.wall + timedelta(minutes=20)] = lambda one: one.suspend(timedelta(minutes=30))
    rows = watch(record, time, Account())
    assert kept_rows.of_record(record) == rows == record.rows(LOG)
    assert {Kind.BEGUN, Kind.CHECKPOINT, Kind.GAP, Kind.ENDED} <= {row["row"] for row in rows}


MISSING = [
    ("watch begun", "since"), ("watch begun", "for_seconds"), ("watch begun", "every_seconds"), ("checkpoint", "time"),
    ("checkpoint", "answers"), ("watch ended", "why"), ("watch ended", "row"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "key"), MISSING)
@pytest.mark.parametrize("value", [None, "nothing", [[]], True, {"a": 1}])
def test_a_row_without_what_is_read_of_its_kind_is_none(kind, key, value, record):
    row = next(one for one in reversed(quiet(record)) if one["row"] == kind)
    assert kept_rows.is_readable(row)
    assert not kept_rows.is_readable({name: one for name, one in row.items() if name != key})
    if (key, value) not in [("why", "nothing")]:
        assert not kept_rows.is_readable({**row, key: value})


@pytest.mark.parametrize(
    "answered",
    [
        {}, {"error": None}, {"until": "soon"}, {"until": "2026-01-01T00:00:00"}, {"checks": [{}]}, {"counts": []},
        {"checks": [{"name": "a", "status": "odd", "found": "", "expected": ""}]},
    ],
)  # fmt: skip
def test_nor_is_a_checkpoint_one_of_whose_answers_is_none(answered, record):
    row = next(one for one in quiet(record) if one["row"] == Kind.CHECKPOINT)
    first = {**row["answers"][0], **answered} if answered else {}
    assert not kept_rows.is_readable({**row, "answers": [first]})


@pytest.mark.parametrize("row", [{}, {"row": "checkpoint"}, {"row": "another"}, {"row": "gap", "time": "now"}], ids=str)
def test_one_that_cannot_be_read_is_said_and_is_no_pass_wherever_it_stands(row, record):
    rows = quiet(record)
    assert summary.table(record)[-1]["status"] == Status.PASSED
    for place in (1, len(rows)):
        (record.folder / LOG).unlink()
        record.append_all(LOG, [*rows[:place], row, *rows[place:]])
        assert f"1 {summary.NOT_READ}" in summary.said_of(record)
        assert summary.table(record)[-1]["status"] == Status.WAITING
        with pytest.raises(NotAsWanted, match="CANNOT BE READ"):
            summary.require_quiet(kept_rows.of_record(record))
    assert Journal.of(record, print).rows == []  # what is over is over


def test_where_the_beginning_of_a_watch_cannot_be_read_nobody_can_tell_who_watched(record):
    rows = quiet(record)
    (record.folder / LOG).unlink()
    record.append_all(LOG, [{}, *rows[1:]])
    assert summary.of_run(record) is None
    assert summary.said_of(record) == f"1 {summary.NOT_READ}"
    assert [one["status"] for one in summary.table(record)] == [Status.CANNOT_TELL]
