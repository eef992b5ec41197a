"""A row of a watch that cannot be read is said, and is never a pass; what a watch writes can always be read."""

import copy
import functools
import operator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from simulated import Account, Time, answer, watch

from lib.checks import Status
from lib.errors import NotAsWanted
from lib.phases.watch import checkpoint_rows, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked, Reading
from lib.phases.watch.checkpoint_journal import Journal, covered_until, earlier_counts, latest_watch, lies_ahead
from lib.phases.watch.checkpoint_rows import LOG


def quiet(record):
    return quiet_by(record, Time())


def quiet_by(record, time):
    return watch(record, time, Account())


def test_whatever_a_watch_writes_can_be_read(record):
    time = Time()
    time.at[time.wall + timedelta(minutes=20)] = lambda one: one.suspend(timedelta(minutes=30))
    rows = watch(record, time, Account())
    assert checkpoint_rows.of_record(record) == rows == record.rows(LOG)
    assert {Kind.BEGUN, Kind.CHECKPOINT, Kind.GAP, Kind.ENDED} <= {row["row"] for row in rows}


MISSING = [
    ("watch begun", "since"), ("watch begun", "for_seconds"), ("watch begun", "every_seconds"), ("checkpoint", "time"),
    ("checkpoint", "answers"), ("watch ended", "why"), ("watch ended", "row"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "key"), MISSING)
@pytest.mark.parametrize("value", [None, "nothing", [[]], True, {"a": 1}])
def test_a_row_without_what_is_read_of_its_kind_is_none(kind, key, value, record):
    row = next(one for one in reversed(quiet(record)) if one["row"] == kind)
    assert checkpoint_rows.is_readable(row)
    assert not checkpoint_rows.is_readable({name: one for name, one in row.items() if name != key})
    if (key, value) not in [("why", "nothing")]:
        assert not checkpoint_rows.is_readable({**row, key: value})


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
    assert not checkpoint_rows.is_readable({**row, "answers": [first]})


NOW = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
STRANGE = [
    None, True, 0, -1, 59, 1e7, 1e300, 10**30, 1.5, "", "x", [], {}, ["x"], {"x": 1}, "2026-11-28T12:00:00",
    "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00",
]  # fmt: skip


def members(value, place=()):
    """Where each member of a row stands, at any depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*place, key)
        yield from members(one, (*place, key))


def read_all(record, now):
    """All that is made of a watch's rows: what a status and a review say, and what a watch that goes on asks."""
    watched = summary.of_run(record)
    summary.said_of(record), summary.table(record), watched and watched.to_row()
    with suppress(NotAsWanted):
        summary.require_quiet(checkpoint_rows.of_record(record))
    rows = latest_watch(checkpoint_rows.of_record(record))
    for asked in (Asked.FAILURES, Asked.ALARMS) if rows else ():
        lies_ahead(rows, now), covered_until(rows, asked, now), earlier_counts(rows, asked)


def test_whatever_stands_in_a_row_nothing_that_reads_it_ends(record):
    time = Time()
    time.at[time.wall + timedelta(minutes=20)] = lambda one: one.suspend(timedelta(minutes=30))
    failed = Reading([answer(Asked.ALARMS, Status.FAILED)], {"a": 1}, {answer(Asked.ALARMS).key: "1"})
    rows = watch(record, time, Account(lambda asked, span: failed))
    clock = {"row": "clock", "time": rows[-1]["time"], "back_seconds": 60, "why": "put back"}
    rows = [*{row["row"]: row for row in rows}.values(), clock]
    for at, row in enumerate(rows):
        for *before, last in members(row):
            for strange in STRANGE:
                changed = copy.deepcopy(rows)
                functools.reduce(operator.getitem, before, changed[at])[last] = strange
                kept = SimpleNamespace(rows=lambda log, changed=changed: changed)
                for now in (NOW, NOW - timedelta(days=9)):
                    read_all(kept, now)


def test_a_watch_whose_last_row_cannot_be_read_is_gone_on_with(record):
    time = Time()

    def stop(one):
        raise KeyboardInterrupt

    time.at[time.wall + timedelta(minutes=20)] = stop
    with pytest.raises(KeyboardInterrupt):
        quiet_by(record, time)
    record.append(LOG, {"row": "checkpoint", "time": "soon"})
    assert Kind.RESUMED in {row["row"] for row in quiet_by(record, time)}
    assert f"1 {summary.NOT_READ}" in summary.said_of(record)


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
            summary.require_quiet(checkpoint_rows.of_record(record))
    assert Journal.of(record, print).rows == []  # what is over is over


def test_where_the_beginning_of_a_watch_cannot_be_read_nobody_can_tell_who_watched(record):
    rows = quiet(record)
    (record.folder / LOG).unlink()
    record.append_all(LOG, [{}, *rows[1:]])
    assert summary.of_run(record) is None
    assert summary.said_of(record) == f"1 {summary.NOT_READ}"
    assert [one["status"] for one in summary.table(record)] == [Status.CANNOT_TELL]
