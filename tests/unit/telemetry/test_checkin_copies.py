"""What was kept of the check-ins that were read: a day file that is not as it was written is one sentence."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lib.errors import BadParameters
from lib.record.records import Record
from lib.telemetry.checkin_copies import Copies
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.checkin_listing import Key

DAY = date(2026, 1, 1)
READ = {"mark": Answer("user", datetime(2026, 1, 1, 12, tzinfo=UTC), ("42.5", '"stable"'), "crisis")}


@pytest.fixture
def copies(tmp_path):
    found = Copies(Record(tmp_path, "run"), {"risk_score": (), "trajectory": ("stable",)})
    found.keep(DAY, READ)
    return found


def test_what_was_kept_is_found_again(copies):
    assert copies.of([DAY]) == READ


def test_a_copy_of_before_routes_were_kept_says_none(copies, tmp_path):
    path = tmp_path / "evidence/checkins/2026-01-01.csv"
    head, row = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{head.removesuffix(',route taken')}\n{row.removesuffix(',crisis')}\n", encoding="utf-8")
    assert copies.of([DAY])["mark"].taken == ""


@pytest.mark.parametrize(
    ("there", "damaged"),
    [
        (b"42.5", b"42..5"),
        (b"42.5", b"hello"),
        (b"42.5", b"4\x002"),
        (b"42.5", b"\xff\xfe"),
        (b"+00:00", b""),
        (b"2026-01-01T12", b"noon"),
        (b",42.5", b""),
        (b",crisis", b",zebra"),
    ],
)
def test_a_damaged_day_is_one_sentence(copies, tmp_path, there, damaged):
    path = tmp_path / "evidence/checkins/2026-01-01.csv"
    assert there in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(there, damaged))
    with pytest.raises(BadParameters, match=r"2026-01-01\.csv of the record is not as it was written; begin a new run"):
        copies.of([DAY])


def test_whoever_has_a_record_and_a_list_of_users_finds_nobody_in_it_without_the_key(tmp_path):
    record = Record(tmp_path, "run")
    ours, others = Copies(record, {}, b"k" * 32), Copies(record, {}, b"j" * 32)
    assert ours.user("veteran-7") == Copies(record, {}, b"k" * 32).user("veteran-7") != others.user("veteran-7")
    assert ours.user("veteran-7") != Copies(Record(tmp_path, "other"), {}, b"k" * 32).user("veteran-7")
    assert Copies(None, {}).user("veteran-7") == "veteran-7"


def test_whoever_may_list_the_bucket_finds_no_object_in_a_record_without_the_key(tmp_path):
    record, key = Record(tmp_path, "run"), Key("veteran-7/2026/01/01/1.json", "veteran-7", DAY, None, '"etag"')
    mark = Copies(record, {}, b"k" * 32).mark(key)
    assert mark == Copies(record, {}, b"k" * 32).mark(key) and len(mark) == 16
    assert mark != Copies(record, {}, b"j" * 32).mark(key)
    assert mark != Copies(record, {}, b"k" * 32).mark(replace(key, etag='"another"'))
    unkeyed = hashlib.sha256(f"run {key.name} {key.etag}".encode()).hexdigest()
    assert mark != unkeyed[:16]
