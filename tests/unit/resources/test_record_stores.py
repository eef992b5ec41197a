"""The store of an environment's records: which runs it holds, and what is said where it cannot be used."""

from types import SimpleNamespace

import pytest
from buckets import RUN, FakeS3

from lib.errors import Altered, BadParameters, Unreachable
from lib.phases import session
from lib.record.records import LOG
from lib.record.stored import run_copies
from lib.resources import record_stores
from lib.resources.record_stores import Shelves, opening_store
from lib.settings import load


@pytest.fixture
def settings(tmp_path):
    return load("local", {"mode": "apply", "outputs_dir": str(tmp_path), "may_replace": 9})


def test_the_runs_of_an_environment_are_listed_and_what_is_none_is_left_out(s3):
    for key in (f"p/local/{RUN}/{LOG}", f"p/local/{RUN}/a/b", "p/local/note.txt", "p/local/../x", "p/prod/r1/run.json"):
        s3.objects[key] = b""
    live = SimpleNamespace(client=lambda service: s3, settings=load("local"))
    found = Shelves(live, "bucket", "p/local/").runs()
    assert {run_id: set(files) for run_id, files in found.items()} == {RUN: {LOG, "a/b"}}


@pytest.mark.parametrize(("code", "kind"), [("NoSuchBucket", BadParameters), ("AccessDenied", BadParameters)])
def test_a_store_that_cannot_be_used_is_a_wrong_parameter_before_anything_is_written(code, kind, s3, ours):
    s3.code = code
    expected = f"record_store {ours.shelf.where} cannot be used .*{code}.*Nothing was written"
    with pytest.raises(kind, match=expected), opening_store(ours.shelf.where, load("local")):
        ours.again()


def test_a_store_that_was_altered_names_the_way_that_does_without_it(settings):
    way = r"edited\. In an emergency, go by this machine's records alone.*`runbook status local .*record_store="
    with pytest.raises(Altered, match=way), opening_store("s3://bucket/p", settings):
        raise Altered("run.json: edited")


def test_a_store_that_does_not_answer_is_unreachable_before_anything_is_written(s3, ours):
    s3.down = True
    with pytest.raises(Unreachable, match="does not answer"), opening_store(ours.shelf.where, load("local")):
        ours.again()


OTHER = "20250101T000000Z-0001"
COPIED = ("plan.json", "changes.jsonl", "run.json", "MANIFEST.json")


class Counting(FakeS3):
    """An S3 that holds three runs, and tells what was asked of it."""

    def __init__(self, kms):
        super().__init__(kms)
        self.read, self.listed = [], []
        for run in (OTHER, "20250102T000000Z-0002", RUN):
            for name in COPIED:
                self.objects[f"p/local/{run}/{name}"] = b"{}"

    def get_object(self, Bucket, Key):  # noqa: N803 - AWS's own names
        self.read.append(Key)
        return super().get_object(Bucket, Key)

    def _pages(self, Bucket, Prefix):  # noqa: N803
        self.listed.append(Prefix)
        return super()._pages(Bucket, Prefix)


@pytest.fixture(params=[False, True], ids=["MD5", "KMS"])
def stored(request, settings, monkeypatch):
    s3 = Counting(request.param)
    live = SimpleNamespace(client=lambda service: s3, settings=settings)
    monkeypatch.setattr(record_stores, "shelves", lambda *_: Shelves(live, "bucket", "p/local/"))
    return s3


@pytest.fixture
def in_store(settings):
    return settings.model_copy(update={"record_store": "s3://bucket/p", "run_id": RUN})


def test_what_did_not_change_is_copied_once_whatever_its_etag_is(stored, in_store):
    record_stores.copy_others(in_store)
    assert len(stored.read) == 3 * len(COPIED)
    stored.read.clear()
    record_stores.copy_others(in_store)
    assert stored.read == []
    stored.objects[f"p/local/{OTHER}/plan.json"] = b"[1]"
    record_stores.copy_others(in_store)
    assert stored.read == [f"p/local/{OTHER}/plan.json"]


@pytest.mark.parametrize("becomes", ["edited", "removed"])
def test_a_copy_that_is_not_what_was_copied_is_copied_again(stored, in_store, becomes):
    record_stores.copy_others(in_store)
    copy = in_store.runs_folder / ".stored" / OTHER / "plan.json"
    copy.write_text("edited") if becomes == "edited" else copy.unlink()
    stored.read.clear()
    record_stores.copy_others(in_store)
    assert stored.read == [f"p/local/{OTHER}/plan.json"] and copy.read_bytes() == b"{}"


def test_what_nobody_can_read_of_what_was_copied_costs_another_look_and_no_more(stored, in_store):
    record_stores.copy_others(in_store)
    (in_store.runs_folder / ".stored" / run_copies.ETAGS / f"{OTHER}.json").write_text("[")
    record_stores.copy_others(in_store)
    assert run_copies.what_is_missing(in_store) == ""


def test_one_run_that_the_store_refuses_keeps_nobody_from_the_others_and_is_told_of(stored, in_store):
    stored.refuses.add(f"p/local/{OTHER}/plan.json")
    assert record_stores.copy_others(in_store) == [OTHER, "20250102T000000Z-0002", RUN]
    said = run_copies.what_is_missing(in_store)
    assert said.startswith("1 of the runs in s3://bucket/p could not be copied") and f"{OTHER} (AWS refused" in said
    assert (in_store.runs_folder / ".stored" / RUN / "plan.json").is_file()
    stored.refuses.clear()
    record_stores.copy_others(in_store)
    assert run_copies.what_is_missing(in_store) == ""


def test_of_many_that_it_refuses_some_are_named(stored, in_store):
    run_copies.keep_missing(in_store, {f"r{number}": "no" for number in range(5)})
    assert "r0 (no); r1 (no); r2 (no) and 2 more" in run_copies.what_is_missing(in_store)
    without = in_store.model_copy(update={"record_store": ""})
    assert run_copies.what_is_missing(without) == ""


def test_a_store_that_stops_answering_is_told_at_once(stored, in_store):
    stored.answers = 5
    with pytest.raises(Unreachable, match="does not answer"):
        record_stores.copy_others(in_store)


def test_for_an_undo_the_store_is_asked_of_that_run_alone(stored, in_store, monkeypatch):
    monkeypatch.setattr(session, "attach", lambda run, *_: run)
    assert session.reopen_with(in_store, alone=True).record.run_id == RUN
    assert stored.listed == [f"p/local/{RUN}/"] and stored.read == []
    # One that nobody has is refused with the latest that there are.
    unknown = in_store.model_copy(update={"run_id": "20260101T000000Z-none"})
    with pytest.raises(BadParameters, match=f"no run .*{OTHER}"):
        session.reopen_with(unknown, alone=True)


def test_an_undo_of_a_run_that_only_this_machine_has_asks_the_store_for_no_other(stored, in_store, monkeypatch):
    monkeypatch.setattr(session, "attach", lambda run, *_: run)
    here = in_store.model_copy(update={"run_id": "20260101T000000Z-here"})
    here.run_folder.mkdir(parents=True)
    assert session.reopen_with(here, alone=True).record.run_id == here.run_id
    assert stored.listed == [f"p/local/{here.run_id}/"] and stored.read == []
