"""What a file holds against what was sealed of it, whatever the pieces in which it is read."""

from hashlib import sha256

import pytest

from lib.record import files, records, sealing
from lib.record.records import LOG
from lib.record.seals import file_hashes, manifest
from lib.record.seals.seal_chain import Claim


@pytest.mark.parametrize("name", ["evidence.bin", LOG])
def test_a_sum_is_that_of_the_whole_whatever_its_pieces(name, settings, monkeypatch):
    monkeypatch.setattr(file_hashes, "PIECE", 7)
    record = records.open_run(settings)
    (record.folder / name).write_bytes(b"0123456789\n" * 40)
    sealing.seal(record, closing=False)
    assert manifest.read(record.folder).claims[name] == [Claim(name, sha256(b"0123456789\n" * 40).hexdigest(), 440)]
    with (record.folder / name).open("ab") as file:
        file.write(b"more\n")
    expected = ("", "5 bytes more than were sealed") if name == LOG else ("edited", "")
    with files.open_to_read(record.folder / name) as file:
        assert file_hashes.agrees(name, file, manifest.read(record.folder).claims[name]) == expected
