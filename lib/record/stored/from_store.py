"""Which notebooks of a person's the store brought into a record, told apart from what was done on this machine. No AWS.

Their list lies beside the records of an environment, and is no part of any: what is foreign here is at home elsewhere.
"""

import hashlib
from pathlib import Path

from lib.record import files
from lib.record.folder import Record
from lib.record.seals.file_hashes import BY_HAND

BROUGHT = ".brought"


def take_file(record: Record, name: str, data: bytes) -> None:
    """Write a file of the store into a record. One that a person stepped through is noted before it is there."""
    if BY_HAND.fullmatch(name):
        place = _list_of(record)
        files.make_folder(place.parent)
        with files.open_to_append(place) as descriptor:
            files.add(descriptor, files.on_a_line_of_its_own(descriptor, f"{_digest(data)}\n".encode()))
    record.write_bytes(name, data)


def is_brought(record: Record, name: str) -> bool:
    """Whether a notebook is as the store brought it: nobody of this machine has saved it since."""
    place = _list_of(record)
    return place.is_file() and _digest(files.read(record.folder / name)) in files.read(place).decode().split("\n")


def _list_of(record: Record) -> Path:
    return record.folder.parent / BROUGHT / record.folder.name


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
