"""A run's folder and its store brought together: whose log goes on, what is added to it, and what is copied."""

import json
from types import SimpleNamespace

import pytest
from buckets import RUN, a_run, in_store, row, run_says
from hypothesis import given
from hypothesis import strategies as st

from lib.record import records, sealing
from lib.record.records import LOG, MANIFEST, VERDICT, Record, Run
from lib.record.stored import run_copies, sync
from lib.settings import load


@pytest.mark.parametrize(
    ("ours", "theirs", "added"),
    [
        (b"", b"", b""),
        (b'{"n": 1}\n', b'{"n": 1}\n', b""),
        (b'{"n": 1}\n', b'{"n": 1}\n{"n": 1}\n', b'{"n": 1}\n'),
        (b'{"n": 1}\n{"n": 1}\n', b'{"n": 1}\n', b""),
        (b'{"n": 1}\n{"cut', b'{"n": 1}\n{"n": 2}\n{"cu', b'\n{"n": 2}\n'),
        (b"", b'{"n": 1}', b'{"n": 1}\n'),
    ],
)
def test_two_logs_make_one_with_every_row_of_either_as_often_as_it_was_written(ours, theirs, added):
    assert sync.union(ours, theirs) == added


def test_what_another_machine_replaced_is_not_taken_for_stored(s3, ours, theirs):
    a_run(ours)
    theirs.again()
    (theirs.folder / "01_x.by-hand.ipynb").write_text("by the other")
    sealing.seal(theirs.record)
    sync.synchronise(ours.record, ours.shelf)
    sealing.seal(ours.record)
    assert in_store(s3, "01_x.by-hand.ipynb") == ours.file("01_x.by-hand.ipynb")


def test_what_this_machine_still_writes_another_one_does_not_close(ours, theirs):
    """A command that was refused there closed the record: what came here besides was then taken for somebody's edit."""
    record = a_run(ours)
    theirs.again()
    sealing.seal(theirs.record)
    record.log_call({"time": "T2", "operation": "B"})
    sync.synchronise(record, ours.shelf)  # as the kernel of the next phase does
    record.write_json(VERDICT, {"run_id": RUN, "verdict": "running", "ended": "T2"})
    assert records.verify(Run(load("local"), record)).wrong == ()
    sealing.seal(record)
    assert records.unsealed_differences(ours.folder) == []


def test_only_what_tells_of_a_run_is_copied(s3, ours, tmp_path):
    a_run(ours).keep_json("plan.json", {})
    ours.record.keep_json("plan.json", {})
    copy = Record(tmp_path / "copy", RUN)
    run_copies.copy_telling(copy, ours.shelf, ours.shelf.stored())
    assert {path.name for path in copy.folder.rglob("*")} == {
        LOG,
        VERDICT,
        MANIFEST,
        "plan.json",
        "plan.attempt-2.json",
    }


@given(
    shared=st.lists(st.integers(0, 9), max_size=5),
    more=st.tuples(st.lists(st.integers(0, 9), max_size=4), st.lists(st.integers(0, 9), max_size=4)),
    cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)),
)
def test_the_side_that_is_further_is_found_wherever_a_log_is_cut(shared, more, cuts):
    def log(rows, cut):
        data = b"".join(json.dumps(row(str(n))).encode() + b"\n" for n in rows)
        return data[: max(0, len(data) - cut)]

    ours, theirs = log([*shared, *more[0]], cuts[0]), log([*shared, *more[1]], cuts[1])
    side = sync.further(ours, theirs, "")
    assert (side == "neither") == (ours == theirs)
    assert (side == "ours") == (ours != theirs and ours.startswith(theirs))
    lost = [found for found in sync.own_rows(ours, theirs) if side == "theirs" and theirs.startswith(ours)]
    assert all(json.dumps(found).encode() in theirs for found in lost)


def test_what_is_copied_of_a_run_that_goes_on_meanwhile_is_as_it_was_sealed(s3, ours, tmp_path):
    record = a_run(ours)
    copy, listed = Record(tmp_path / "copy" / RUN, RUN), ours.shelf.stored()
    told, read = iter(["T2", "T3", "T4"]), ours.shelf.read

    def slowly(name):
        record.append(LOG, row(name))
        run_says(record, next(told, "T9"), closing=False)
        return read(name)

    shelf = SimpleNamespace(read=slowly)
    run_copies.copy_telling(copy, shelf, listed)
    assert records.alterations(Run(load("local"), copy)) == []
