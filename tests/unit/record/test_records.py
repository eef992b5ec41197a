"""The record of a run: written whole or not at all, nothing overwritten, every edit found."""

import json
import os
import re
import threading
from datetime import UTC, datetime

import pytest

from lib.checks import Check
from lib.errors import BadParameters, NotAsWanted, Unrecorded
from lib.record import records, run_index
from lib.record.records import MANIFEST, Record, Run
from lib.settings import load
from lib.values import run_names
from lib.values.check_registry import Id

LOG = "changes.jsonl"


@pytest.fixture
def settings(tmp_path):
    return load("local", {"outputs_dir": str(tmp_path)})


@pytest.fixture
def record(settings):
    return records.open_run(settings)


@pytest.fixture
def sealed(record):
    record.append(LOG, {"n": 1})
    record.write_text("evidence/a.txt", "a")
    record.write_text("evidence/b.txt", "b")
    records.seal(record)
    assert records.unsealed_differences(record.folder) == []
    return record.folder


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


def test_an_unknown_run_is_refused_with_the_latest_ones(settings, record):
    assert run_index.find_run(settings, record.run_id) == record
    with pytest.raises(BadParameters, match=f"no run 'r0' of environment local; the latest are: {record.run_id}"):
        run_index.find_run(settings, "r0")


def test_where_no_run_took_place_that_is_said(settings):
    with pytest.raises(BadParameters, match="the latest are: none yet"):
        run_index.find_run(settings, "")
    assert run_index.runs(settings) == []


def test_runs_are_listed_oldest_first(settings):
    for run_id in ("20260102T000000Z-aaaa", "20260101T000000Z-ffff"):
        records.open_run(settings.model_copy(update={"run_id": run_id}))
    assert run_index.runs(settings) == ["20260101T000000Z-ffff", "20260102T000000Z-aaaa"]


def test_rows_come_back_as_they_were_added(record):
    rows = [{"n": 1, "text": "two\nlines"}, {"n": 2, "text": "ü\u2028next\u0085line\u2029"}, {"n": 3}]
    for row in rows:
        record.append(LOG, row)
    assert record.rows(LOG) == rows
    assert record.rows("never-written.jsonl") == []


def test_a_row_is_on_disk_when_append_returns(record, monkeypatch):
    flushed = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (flushed.append(os.fstat(descriptor).st_size), real(descriptor))
    )
    record.append(LOG, {"n": 1})
    assert flushed == [(record.folder / LOG).stat().st_size]


@pytest.mark.parametrize("cut", [b'{"n": 2, "te', b'{"n": 2, "text": "\xc3', b"\xe2\x80", b"[1, 2]", b"{", b"null"])
def test_a_line_that_a_kill_cut_is_skipped_and_the_next_one_starts_anew(cut, record):
    record.append(LOG, {"n": 1})
    with (record.folder / LOG).open("ab") as file:
        file.write(cut)
    assert record.rows(LOG) == [{"n": 1}]
    record.append(LOG, {"n": 3})
    assert record.rows(LOG) == [{"n": 1}, {"n": 3}]


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


def test_an_edited_file_is_found(sealed):
    (sealed / "evidence/a.txt").write_text("A")
    assert records.unsealed_differences(sealed) == ["evidence/a.txt: edited"]


def test_a_missing_file_is_found(sealed):
    (sealed / "evidence/b.txt").unlink()
    assert records.unsealed_differences(sealed) == ["evidence/b.txt: missing"]


@pytest.mark.parametrize("name", ["evidence/c.txt", "extra.json", f"evidence/{MANIFEST}"])
def test_an_added_file_is_found(name, sealed):
    (sealed / name).write_text("x")
    assert records.unsealed_differences(sealed) == [f"{name}: not in the manifest"]


def test_a_renamed_file_is_found_twice(sealed):
    (sealed / "evidence/a.txt").rename(sealed / "evidence/z.txt")
    assert records.unsealed_differences(sealed) == ["evidence/a.txt: missing", "evidence/z.txt: not in the manifest"]


def edit_manifest(folder, edit):
    path = folder / MANIFEST
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))


BROKEN = "MANIFEST.json: the chain does not close"


def test_a_row_taken_out_of_the_middle_of_the_manifest_is_found(sealed):
    (sealed / "evidence/a.txt").unlink()
    edit_manifest(sealed, lambda data: data["seals"][1]["files"].pop(0))
    assert records.unsealed_differences(sealed) == [BROKEN]


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data["seals"].reverse(),
        lambda data: data["seals"].pop(0),
        lambda data: data["seals"][0].update(chain="0" * 64),
        lambda data: data["seals"][0].pop("chain"),
        lambda data: data["seals"][-1].update(more="than there was"),
        lambda data: data.update(account="111111111111"),
    ],
)
def test_a_chain_that_does_not_close_is_found(edit, sealed):
    edit_manifest(sealed, edit)
    assert BROKEN in records.unsealed_differences(sealed)


def test_a_file_and_its_row_edited_together_are_found(sealed):
    (sealed / "evidence/a.txt").write_text("b")
    _, of_a, of_b, *_ = json.loads((sealed / MANIFEST).read_text())["seals"]
    assert [seal["files"][0]["path"] for seal in (of_a, of_b)] == ["evidence/a.txt", "evidence/b.txt"]
    edit_manifest(sealed, lambda data: data["seals"][1]["files"][0].update(sha256=of_b["files"][0]["sha256"]))
    assert records.unsealed_differences(sealed) == [BROKEN]


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"files": [1]}', '{"files": [{}]}', "\udcff"])
def test_a_file_that_is_no_manifest_of_ours_is_refused(text, sealed):
    (sealed / MANIFEST).write_text(text, errors="surrogateescape")
    with pytest.raises(NotAsWanted, match="is not a manifest this runbook wrote"):
        records.unsealed_differences(sealed)


def test_a_folder_that_was_never_sealed_is_refused(record):
    (record.folder / MANIFEST).unlink()
    with pytest.raises(BadParameters, match=r"holds no MANIFEST\.json; expected the folder of a finished run"):
        records.unsealed_differences(record.folder)


def test_sealing_again_adds_what_came_while_it_was_open(settings, sealed):
    records.open_to_write(Run(settings, Record(sealed, sealed.name)))
    (sealed / "later.txt").write_text("x")
    records.seal(Record(sealed, sealed.name))
    assert records.unsealed_differences(sealed) == []


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
    records.seal(record)
    assert [name for name, _ in record.store.puts] == ["backup/a.json", "chart.png", MANIFEST, "run.json", MANIFEST]
    assert records.unsealed_differences(record.folder) == []


def test_where_the_store_fails_this_machines_record_is_complete_and_sealed(record):
    record = stored(record, fails=(LOG, MANIFEST))
    with pytest.raises(Unrecorded):
        record.append(LOG, {"n": 1})
    with pytest.raises(Unrecorded):
        records.seal(record)
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


def copied(settings, run_id, rows, verdict=None):
    """What the store told of a run."""
    folder = settings.path(settings.outputs_dir) / "local" / run_names.COPIES / run_id
    folder.mkdir(parents=True)
    copy = Record(folder, run_id)
    for row in rows:
        copy.append(LOG, row)
    if verdict:
        copy.write_json("run.json", verdict)
    return copy


def test_a_copy_is_no_run_of_this_machine_and_counts_among_all(settings, record):
    copy = copied(settings, "zz", [{"n": 1}])
    assert run_index.runs(settings) == [record.run_id]
    assert run_index.copies(settings) == [copy]
    assert run_index.all_records(settings) == [record, copy]
    with pytest.raises(BadParameters, match=r"the latest are: .*, zz"):
        run_index.find_run(settings, "zz")


@pytest.mark.parametrize(
    ("here", "there", "later"),
    [
        ((1, "T1"), (2, "T1"), "copy"),
        ((1, "T1"), (1, "T2"), "copy"),
        ((2, "T1"), (1, "T2"), "here"),
        ((1, "T1"), (1, "T1"), "here"),
        ((1, "T2"), (1, "T1"), "here"),
    ],
)
def test_of_a_run_the_side_that_wrote_last_tells(settings, record, here, there, later):
    for _ in range(here[0]):
        record.append(LOG, {})
    record.write_json("run.json", {"ended": here[1]})
    copy = copied(settings, record.run_id, [{}] * there[0], {"ended": there[1]})
    assert [found.folder for found in run_index.latest_of_each(run_index.all_records(settings))] == [
        {"copy": copy, "here": record}[later].folder
    ]


# What is decided by what runs left


def sealed_run(settings, where, run_id, row):
    """A run that ended, in the folder of this machine's runs or of the store's copies."""
    folder = settings.runs_folder / where / run_id
    folder.mkdir(parents=True)
    made = Record(folder, run_id)
    records.open_to_write(Run(settings, made))
    made.append(LOG, row)
    made.write_json("plan.json", {"fingerprint": "plan-1", "mode": "apply", "changes": []})
    records.seal(made)
    return made


@pytest.mark.parametrize("where", ["", run_names.COPIES])
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [(LOG, b"first", b"other"), ("plan.json", b"plan-1", b"plan-2"), (MANIFEST, b"closed", b"opened")],
)
def test_of_what_was_altered_nothing_is_decided_wherever_it_lies(where, name, old, new, settings):
    kept, edited = (sealed_run(settings, where, run_id, {"after": "first"}) for run_id in ("r1", "r2"))
    assert run_index.as_sealed(settings) == [kept, edited]
    (edited.folder / name).write_bytes((edited.folder / name).read_bytes().replace(old, new, 1))
    assert run_index.as_sealed(settings) == [kept]
    assert run_index.all_records(settings) == [kept, edited]  # it is told of all the same


@pytest.mark.parametrize("where", ["", run_names.COPIES])
def test_of_one_of_a_newer_version_nothing_is_decided_and_it_keeps_no_other_back(where, settings):
    kept, newer = (sealed_run(settings, where, run_id, {"after": "first"}) for run_id in ("r1", "r2"))
    text = (newer.folder / MANIFEST).read_text()
    (newer.folder / MANIFEST).write_text(text.replace('"format": 2', '"format": 9', 1))
    assert run_index.as_sealed(settings) == [kept]


def test_a_copy_that_was_altered_hides_no_record_of_this_machine(settings):
    here = sealed_run(settings, "", "r1", {"after": "first"})
    there = sealed_run(settings, run_names.COPIES, "r1", {"after": "first"})
    with (there.folder / LOG).open("a") as file:
        file.write(json.dumps({"after": "forged"}) + "\n")
    assert run_index.latest_of_each(run_index.as_sealed(settings)) == [here]
