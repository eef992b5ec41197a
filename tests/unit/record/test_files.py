"""Files and folders of a record on disk are nobody else's to read."""

import os
import stat

import pytest

from lib.record import files, records, sealing
from lib.record.records import LOG


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_files_are_600_and_folders_700_whatever_the_umask(umask, settings):
    before = os.umask(umask)
    try:
        record = records.open_run(settings)
        record.append(LOG, {})
        record.log_call({})
        record.keep_json("backup/a.json", {})
        record.write_bytes("evidence/deep/chart.png", b"x")
        files.make_folder(record.folder / "more")
        record.new_path("more/by hand.ipynb").write_text("by another program")
        sealing.seal(record)
    finally:
        os.umask(before)
    top = settings.path(settings.outputs_dir) / "local"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [top, *top.rglob("*")]}
    assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()
    assert (top / ".writing" / record.run_id).is_file()


def test_of_two_who_make_a_file_at_once_the_first_ones_stays_whole(tmp_path):
    place = tmp_path / "new" / "a"
    files.make_once(place, b"first")
    files.make_once(place, b"second, and longer")
    assert (files.read(place), [path.name for path in place.parent.iterdir()]) == (b"first", ["a"])
    assert place.stat().st_mode & 0o777 == 0o600
