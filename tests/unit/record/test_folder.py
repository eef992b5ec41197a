"""The folder of a run and its store: written whole or not at all, nothing overwritten, no row lost."""

import json
import os
import threading
from pathlib import Path

import pytest

from lib.checks import Check
from lib.errors import Unrecorded
from lib.record import files, records, sealing
from lib.record.records import MANIFEST, Record
from lib.values.check_registry import Id

LOG = "changes.jsonl"


def test_rows_come_back_as_they_were_added(record):
    rows = [{"n": 1, "text": "two\nlines"}, {"n": 2, "text": "ü\u2028next\u0085line\u2029"}, {"n": 3}]
    for row in rows:
        record.append(LOG, row)
    assert record.rows(LOG) == rows
    assert record.rows("never-written.jsonl") == []


def test_a_row_is_on_disk_when_append_returns(record, monkeypatch):
    record.append(LOG, {"n": 1})
    flushed = on_disk(monkeypatch)
    record.append(LOG, {"n": 2})
    assert flushed == [(LOG, (record.folder / LOG).stat().st_size)]


def on_disk(monkeypatch):
    """What is brought to disk from here on: the name of each file and folder, and how long it was."""
    flushed, real = [], os.fsync

    def fsync(descriptor):
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        draft = name.startswith(files.DRAFT)
        flushed.append((files.DRAFT, files.DRAFT) if draft else (name, os.fstat(descriptor).st_size))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return flushed


def test_a_new_file_and_a_new_folder_have_their_names_on_disk_as_well(record, monkeypatch, tmp_path):
    """A power cut may take the name of a file whose content is on disk: the undo record of a write would be gone."""
    flushed = on_disk(monkeypatch)
    for act, parents in {
        "a log": (lambda: record.append("new.jsonl", {}), [record.folder]),
        "a file": (lambda: record.write_bytes("new.txt", b"x"), [record.folder]),
        "a file once": (lambda: files.make_once(tmp_path / "once", b"x"), [tmp_path]),
        "folders": (lambda: files.make_folder(tmp_path / "a" / "b"), [tmp_path, tmp_path / "a"]),
    }.values():
        flushed.clear()
        act()
        assert [name for name, _ in flushed if name in {one.name for one in parents}] == [one.name for one in parents]


def test_what_is_sealed_is_on_disk_before_its_seal(record, monkeypatch):
    """The calls and what another program wrote are flushed by nobody; of a cut, honest one a rollback was refused."""
    record.log_call({"n": 1})
    (record.folder / "evidence").mkdir()
    (record.folder / "evidence" / "chart.png").write_bytes(b"x")
    (record.folder / "03_x.ipynb").write_text("{}")
    flushed = on_disk(monkeypatch)
    sealing.seal(record, closing=False)
    before = {name for name, _ in flushed[: flushed.index((files.DRAFT, files.DRAFT))]}
    assert {"calls.jsonl", "chart.png", "03_x.ipynb", "evidence", record.folder.name} <= before
    flushed.clear()
    sealing.seal(record, closing=False)
    assert flushed == []  # what is sealed already costs nothing


@pytest.mark.parametrize("room", [5, 0])
def test_of_a_call_that_found_no_room_the_next_one_stands_on_a_line_of_its_own(room, record, monkeypatch):
    record.log_call({"n": 1})
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:room]))
    record.log_call({"n": 2})
    monkeypatch.setattr(os, "write", real)
    record.log_call({"n": 3})
    assert record.rows("calls.jsonl") == [{"n": 1}, {"n": 3}]


@pytest.mark.parametrize("cut", [b'{"n": 2, "te', b'{"n": 2, "text": "\xc3', b"\xe2\x80", b"[1, 2]", b"{", b"null"])
def test_a_line_that_a_kill_cut_is_skipped_and_the_next_one_starts_anew(cut, record):
    record.append(LOG, {"n": 1})
    with (record.folder / LOG).open("ab") as file:
        file.write(cut)
    assert record.rows(LOG) == [{"n": 1}]
    record.append(LOG, {"n": 3})
    assert record.rows(LOG) == [{"n": 1}, {"n": 3}]


def test_the_name_of_an_attempt_is_chosen_while_nobody_else_writes(record, monkeypatch):
    """Two commands that chose the same name would edit each other's evidence, and the record would be altered."""
    chosen = []

    def choose(self, name):
        descriptor = os.open(record.folder, os.O_RDONLY)
        chosen.append(files.lock(descriptor, at_once=True))
        os.close(descriptor)
        return record.folder / name

    monkeypatch.setattr(Record, "new_path", choose)
    record.keep_text("evidence/a.csv", "x")
    assert chosen == [False]


def test_a_whole_file_replaces_the_one_before_and_leaves_no_draft(record):
    record.write_json("run.json", {"verdict": "failed"})
    record.write_json("run.json", {"verdict": "succeeded"})
    assert record.read_json("run.json") == {"verdict": "succeeded"}
    assert sorted(path.name for path in record.folder.iterdir()) == [MANIFEST, "run.json"]


def test_a_file_that_cannot_be_written_leaves_the_one_before(record, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    record.write_text("run.json", "whole")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unrecorded, match=rf"No space left on device.*make room, then resume run {record.run_id}"):
        record.write_text("run.json", "the new one")
    assert {path.name: path.read_text() for path in record.folder.glob("r*")} == {"run.json": "whole"}
    assert sorted(path.name for path in record.folder.iterdir()) == [MANIFEST, "run.json"]


def test_what_is_not_there_reads_as_none(record):
    assert record.read_json("run.json") is None


def test_a_second_attempt_gets_a_name_of_its_own(record):
    for expected in ("01_x.ipynb", "01_x.attempt-2.ipynb", "01_x.attempt-3.ipynb"):
        path = record.new_path("01_x.ipynb")
        assert path.name == expected
        path.touch()


@pytest.mark.parametrize("odd", ["attempt-02", "attempt-x", "attempt-2.unstored", "attempt-1"])
def test_an_attempt_is_newer_than_whatever_number_somebody_gave_to_another(odd, record):
    record.keep_json("evidence/a.json", {"n": 1})
    for planted in (f"a.{odd}.json", "a.attempt-999.json"):
        (record.folder / "evidence" / planted).write_text('{"n": "planted"}')
    assert record.keep_json("evidence/a.json", {"n": 2}).name == "a.attempt-1000.json"
    assert record.latest("evidence/a.json") == {"n": 2}
    assert record.kept_as("evidence/a.json")[1:] == ["evidence/a.attempt-999.json", "evidence/a.attempt-1000.json"]
    (record.folder / "evidence/a.json").unlink()
    assert record.new_path("evidence/a.json").name == "a.attempt-1001.json"


def test_nothing_that_is_kept_is_overwritten(record):
    kept = [record.keep_text("evidence/definition.diff", text) for text in ("first", "second", "third")]
    assert [path.read_text() for path in kept] == ["first", "second", "third"]
    assert [path.name for path in kept] == ["definition.diff", "definition.attempt-2.diff", "definition.attempt-3.diff"]
    assert {path.parent for path in kept} == {record.folder / "evidence"}
    assert json.loads(record.keep_json("evidence/a.json", {"n": 1}).read_text()) == {"n": 1}


def test_checks_are_handed_on_and_recorded_with_their_phase(record):
    checks = [Check(Id.IN_PLACE_01, "a", "passed", "1", "1")]
    assert record.checked("05", checks) == checks
    (row,) = record.rows("checks.jsonl")
    assert row == {"phase": "05", "attempt": "", "time": row["time"], **vars(checks[0])}


class Kept:
    """A store that notes what it was given, and when."""

    def __init__(self, fails=()):
        self.puts, self.fails = [], fails

    def put(self, name, path):
        if name in self.fails:
            raise Unrecorded("the store does not answer")
        self.puts.append((name, path.read_text(encoding="utf-8")))

    def put_all(self, files):
        for name, path in files:
            self.put(name, path)


def stored(record, **more):
    return Record(record.folder, record.run_id, Kept(**more))


def test_a_row_is_in_the_store_when_append_returns_and_a_call_is_not(record):
    record = stored(record)
    record.append(LOG, {"n": 1})
    record.log_call({"operation": "X"})
    record.append(LOG, {"n": 2})
    assert record.store.puts == [(LOG, '{"n": 1}\n'), (LOG, '{"n": 1}\n{"n": 2}\n')]


def test_a_kept_file_goes_to_the_store_at_once_and_the_verdict_after_its_seal_which_closes_last(record):
    record = stored(record)
    record.write_json("run.json", {"verdict": "running"})
    record.keep_json("backup/a.json", {})
    assert [name for name, _ in record.store.puts] == ["backup/a.json"]
    record.store.puts.clear()
    (record.folder / "chart.png").write_bytes(b"x")
    sealing.seal(record)
    assert [name for name, _ in record.store.puts] == ["backup/a.json", "chart.png", MANIFEST, "run.json", MANIFEST]
    assert records.unsealed_differences(record.folder) == []


def test_where_the_store_fails_this_machines_record_is_complete_and_sealed(record):
    record = stored(record, fails=(LOG, MANIFEST))
    with pytest.raises(Unrecorded):
        record.append(LOG, {"n": 1})
    with pytest.raises(Unrecorded):
        sealing.seal(record)
    assert record.rows(LOG) == [{"n": 1}]
    assert records.unsealed_differences(record.folder) == []


def test_two_at_once_add_whole_lines(record):
    threads = [
        threading.Thread(target=lambda n=n: [record.append(LOG, {"n": n, "at": at}) for at in range(30)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(row["n"], row["at"]) for row in record.rows(LOG)]
    assert sorted(found) == [(n, at) for n in range(4) for at in range(30)]
