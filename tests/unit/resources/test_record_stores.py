"""The store of an environment's records: which runs it holds, and what is said where it cannot be used."""

from types import SimpleNamespace

import pytest
from buckets import RUN

from lib.errors import Altered, BadParameters, Unreachable
from lib.record.records import LOG
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
