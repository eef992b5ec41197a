"""Which runs an environment has, here and as copies, and whose word counts of what they left."""

import json

import pytest

from lib.errors import BadParameters
from lib.record import records, run_index, sealing
from lib.record.records import MANIFEST, Record, Run
from lib.settings import load
from lib.values import run_names

LOG = "changes.jsonl"


@pytest.fixture
def settings(tmp_path):
    return load("local", {"outputs_dir": str(tmp_path)})


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


def test_a_folder_that_no_run_can_have_made_is_none_and_hides_no_other(settings, record):
    for name in ("odd folder", "new\nline"):
        (settings.runs_folder / name).mkdir()
    assert run_index.runs(settings) == [record.run_id]
    assert [one.run_id for one in run_index.all_records(settings)] == [record.run_id]
    assert {path.name for path in run_index.no_runs(settings)} == {"odd folder", "new\nline"}


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
    sealing.seal(made)
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
