"""A record against what was sealed of it: every edit is found, and so is one of the manifest itself."""

import json

import pytest

from lib.errors import BadParameters, NotAsWanted
from lib.record import records, sealing
from lib.record.records import MANIFEST


def test_an_edited_file_is_found(sealed):
    (sealed / "evidence/a.txt").write_text("A")
    assert records.unsealed_differences(sealed) == ["evidence/a.txt: edited"]


def test_a_missing_file_is_found(sealed):
    (sealed / "evidence/b.txt").unlink()
    assert records.unsealed_differences(sealed) == ["evidence/b.txt: missing"]


def test_a_working_copy_that_is_gone_is_not_said_to_have_been_worked_on(record):
    name = "02_x.by-hand.ipynb"
    record.write_text(name, "a")
    sealing.seal(record)
    (record.folder / name).write_text("b")
    assert records.unsealed_differences(record.folder) == [f"{name}: worked on since it was sealed"]
    (record.folder / name).rename(record.folder / "mine.ipynb")
    other, gone = records.unsealed_differences(record.folder)
    assert (gone, other) == (f"{name}: renamed or removed since it was sealed", "mine.ipynb: not in the manifest")


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
