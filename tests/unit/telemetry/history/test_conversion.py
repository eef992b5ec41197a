"""What is converted is converted once, whole and without anybody's words; what is no check-in is kept aside."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import checkin_buckets
import duckdb
import pytest
from botocore.exceptions import ClientError
from checkin_buckets import GOOD, SECRET, Bucket, named

from lib.errors import BadParameters, Refused
from lib.telemetry import checkin_reading
from lib.telemetry.history import conversion, damage, folder, sources, spool
from lib.telemetry.history.folder import Aside, History, relation
from lib.telemetry.review_window import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=4)
KEYS = [named(f"user-{n % 5}", START + timedelta(hours=3 * n)) for n in range(20)]
DENIED = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / ".history")


def convert(history, objects, start=START, end=END):
    """The conversion of a bucket, and the keys that were read for it."""
    bucket, seen = Bucket(objects, page=1000), []
    done = conversion.convert_bucket(checkin_buckets.of(bucket), history, start, end, lambda *far: seen.append(far))
    return done, bucket.read


def rows(history, columns="*"):
    paths = history.files_of(START.date(), END.date())
    return spool.connect().execute(f"SELECT {columns} FROM {relation(paths)} ORDER BY moment").df() if paths else []


def test_every_check_in_is_a_row_of_its_day(history):
    done, _ = convert(history, dict.fromkeys(KEYS, GOOD))
    assert (done.new, done.before, done.aside, done.whole) == (20, 0, {}, True)
    kept = rows(history)
    assert len(kept) == 20 and kept["day"].nunique() == 3
    assert kept["risk"].eq(42.5).all() and kept["sentiment"].eq(-0.3).all() and kept["declining"].all()
    assert kept["mark"].nunique() == 20 and kept["person"].nunique() == 5


def test_no_word_and_no_name_of_anybody_is_kept(history):
    convert(history, dict.fromkeys(KEYS, GOOD) | {KEYS[0]: {**GOOD, "trajectory": SECRET, "score": SECRET}})
    said = rows(history).to_csv()
    assert "user-" not in said and not any(word in said for word in SECRET.split())
    for path in history.path.rglob("*.parquet"):
        assert b"user-1" not in path.read_bytes() and b"zebra" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_what_was_converted_is_not_read_again(history):
    convert(history, dict.fromkeys(KEYS[:12], GOOD))
    done, read = convert(history, dict.fromkeys(KEYS, GOOD))
    assert (done.new, done.before, sorted(read)) == (8, 12, sorted(KEYS[12:]))
    assert len(rows(history)) == 20


def test_an_object_that_was_replaced_is_read_again_and_counts_once(history):
    convert(history, dict.fromkeys(KEYS, GOOD))
    done, read = convert(history, dict.fromkeys(KEYS, GOOD) | {KEYS[3]: {**GOOD, "risk_score": 99}})
    assert (done.new, read) == (1, [KEYS[3]])
    assert sorted(rows(history)["risk"])[-2:] == [42.5, 99] and len(rows(history)) == 20


def test_after_a_kill_it_goes_on_where_the_last_days_were_written(history, monkeypatch):
    monkeypatch.setattr(conversion, "A_PART", 8)
    monkeypatch.setattr(conversion, "CHUNK", 4)
    killed = [0]

    def watch(done, every):
        killed[0] = done
        if done >= 12:
            raise KeyboardInterrupt

    bucket = Bucket(dict.fromkeys(KEYS, GOOD), page=1000)
    with pytest.raises(KeyboardInterrupt):
        conversion.convert_bucket(checkin_buckets.of(bucket), history, START, END, watch)
    assert killed == [12] and len(rows(history)) == 8
    assert list(history.path.glob(".spool-*")) == []
    done, read = convert(history, dict.fromkeys(KEYS, GOOD))
    assert (done.new, done.before, len(read)) == (12, 8, 12)
    assert len(rows(history)) == 20


def test_what_a_kill_left_half_written_is_cleared_away_and_counts_nowhere(history):
    convert(history, dict.fromkeys(KEYS, GOOD))
    day = history.day_file(START.date(), conversion.BUCKET).parent
    (day / ".draft-bucket.parquet").write_bytes(b"half")
    (history.path / ".spool-dead").write_bytes(b"half")
    assert len(rows(history)) == 20
    convert(history, dict.fromkeys(KEYS, GOOD))
    assert not (day / ".draft-bucket.parquet").exists() and not (history.path / ".spool-dead").exists()


def test_what_is_no_check_in_is_kept_aside_by_reason_and_only_what_may_mend_is_read_again(history):
    odd = {KEYS[0]: b"{", KEYS[1]: [], KEYS[2]: DENIED, "user-1/2026/01/02/notes.txt": GOOD}
    done, _ = convert(history, dict.fromkeys(KEYS, GOOD) | odd)
    reasons = {"not JSON": 1, "holds list, expected an object": 1, "not readable: AccessDenied": 1}
    assert done.aside == reasons | {"named like no check-in": 1}
    assert done.new == 17
    again, read = convert(history, dict.fromkeys(KEYS, GOOD) | odd | {KEYS[2]: GOOD})
    assert (again.new, read) == (1, [KEYS[2]])
    assert again.aside == {"not JSON": 1, "holds list, expected an object": 1, "named like no check-in": 1}
    assert (done.whole, again.whole) == (False, True)  # what may not be read is there all the same


def test_an_object_that_is_too_large_is_kept_aside_without_being_held_whole(history, monkeypatch):
    monkeypatch.setattr(checkin_reading, "MOST_BYTES", 200)
    large = json.dumps({**GOOD, "more": "x" * 200}).encode()
    done, _ = convert(history, dict.fromkeys(KEYS, GOOD) | {KEYS[0]: large})
    assert (done.new, done.aside, done.whole) == (19, {checkin_reading.TOO_LARGE: 1}, True)
    assert convert(history, dict.fromkeys(KEYS, GOOD) | {KEYS[0]: large})[1] == []


def test_what_is_kept_aside_runs_in_no_spreadsheet_and_is_known_again(history):
    kept = [
        Aside("=cmd|'/C calc'!A1/2026/01/31/x.json", 1, "not JSON"),
        Aside("'=1", -2, "not JSON"),
        Aside("a", 3, "@"),
    ]
    history.keep_aside("bucket", kept)
    lines = (history.path / folder.ASIDE / "bucket.csv").read_text(encoding="utf-8").splitlines()
    assert [line[:2] for line in lines] == ["'=", "''", "a,"] and lines[2] == "a,3,'@"
    assert history.aside("bucket") == kept
    odd = {"=1+1/2026/01/01/notes": GOOD, named("=user", START): b"{", KEYS[0]: GOOD}
    done, _ = convert(history, odd)
    assert (done.new, done.aside) == (1, {"not JSON": 1, "named like no check-in": 1})
    assert convert(history, odd)[1] == []


def test_a_moment_in_the_future_is_kept_aside(history):
    far = named("user-1", datetime(2999, 1, 1, tzinfo=UTC))
    done, _ = convert(history, {far: GOOD, KEYS[0]: GOOD}, end=datetime(2999, 2, 1, tzinfo=UTC))
    assert (done.new, done.aside) == (1, {spool.FUTURE: 1})


def test_two_conversions_at_once_are_refused(history, monkeypatch):
    monkeypatch.setattr(folder.files, "lock", lambda *_, **__: False)
    with pytest.raises(Refused, match="another conversion writes"):
        convert(history, {})


def export(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


LINES = [{**GOOD, "timestamp": (START + timedelta(hours=n)).isoformat()} for n in range(6)]


def test_an_exported_file_is_converted_once_and_again_only_when_it_changed(history, tmp_path):
    file = export(tmp_path / "a.jsonl", LINES)
    (first,) = conversion.convert_files(history, file, lambda *_: None)
    (second,) = conversion.convert_files(history, file, lambda *_: None)
    assert (first.new, first.before, second.new, second.before) == (6, 0, 0, 6)
    export(file, LINES[:4])
    (third,) = conversion.convert_files(history, file, lambda *_: None)
    assert third.new == 4 and len(rows(history)) == 4


def test_a_check_in_of_two_exports_and_of_the_bucket_counts_once(history, tmp_path):
    convert(history, {named("user-1", START): GOOD})
    folder = tmp_path / "exported"
    folder.mkdir()
    export(folder / "a.jsonl", LINES)
    export(folder / "b.jsonl", [*LINES, LINES[0]])
    first, second = conversion.convert_files(history, folder, lambda *_: None)
    assert (first.new, first.aside) == (5, {spool.TWICE: 1})
    assert (second.new, second.aside) == (0, {spool.TWICE: 7})
    assert len(rows(history)) == 6


def test_a_check_in_is_one_in_whichever_format_its_numbers_are_written(history, tmp_path):
    exported = tmp_path / "exported"
    exported.mkdir()
    export(exported / "a.jsonl", [{**line, "risk_score": 50} for line in LINES])
    export(exported / "b.jsonl", [{**line, "risk_score": 50.0} for line in LINES])
    export(exported / "c.jsonl", [{**line, "risk_score": "50"} for line in LINES])  # a text is no score
    first, second, third = conversion.convert_files(history, exported, lambda *_: None)
    assert (first.new, second.new, third.new) == (6, 0, 6)


def test_the_drill_user_of_an_export_is_nobody(history, tmp_path):
    lines = [*LINES, {**LINES[0], "userId": "drill-operations", "risk_score": 99}]
    (done,) = conversion.convert_files(
        replace(history, drill_user="drill-operations"), export(tmp_path / "a.jsonl", lines), lambda *_: None
    )
    assert (done.new, done.aside) == (6, {spool.DRILL: 1})


def test_check_ins_of_another_account_or_bucket_never_count_for_this_one(history):
    convert(replace(history, whose="bucket one of account 1"), dict.fromkeys(KEYS, GOOD))
    other = replace(history, whose="bucket one of account 2")
    with pytest.raises(Refused, match="is of bucket one of account 1, and the parameters say bucket one of account 2"):
        convert(other, dict.fromkeys(KEYS, GOOD))
    with pytest.raises(Refused, match="is of bucket one of account 1"):
        sources._covers(other, Window(START, END, None))


@pytest.mark.parametrize("key", [None, b"", b"x" * 100])
def test_without_the_key_of_before_nobody_becomes_two_people(history, key):
    convert(history, dict.fromkeys(KEYS[:10], GOOD))
    place = history.path / folder.KEY
    place.unlink()
    if key is not None:
        place.write_bytes(key)
    with pytest.raises(BadParameters, match=r"holds \d+ bytes, expected the 32 of the key by which people were conv"):
        convert(History(history.path), dict.fromkeys(KEYS, GOOD))
    assert place.exists() == (key is not None)


@pytest.mark.parametrize("changed", ["a.jsonl", "b.jsonl"])
def test_what_was_set_aside_as_a_second_time_counts_once_the_first_is_gone(history, tmp_path, changed):
    """Whichever file comes first: a crisis that is exported anew without one of them is in neither file else."""
    folder = tmp_path / "exported"
    folder.mkdir()
    both = ["a.jsonl", "b.jsonl"]
    order = both if changed == "a.jsonl" else [*reversed(both)]
    for name in order:  # who is converted first holds the row
        export(folder / name, LINES[:2])
        conversion.convert_files(history, folder, lambda *_: None)
    assert len(rows(history)) == 2
    export(folder / changed, LINES[1:3])
    conversion.convert_files(history, folder, lambda *_: None)
    assert len(rows(history)) == 3
    again = conversion.convert_files(history, folder, lambda *_: None)
    assert [one.new for one in again] == [0, 0]


def test_a_check_in_that_moved_from_one_export_into_another_is_in_one_of_them(history, tmp_path):
    """Where both changed, and the one that held it had something set aside itself: it was in neither without a word."""
    folder = tmp_path / "exported"
    folder.mkdir()
    export(folder / "a.jsonl", LINES[:1])
    export(folder / "b.jsonl", LINES[:2])
    conversion.convert_files(history, folder, lambda *_: None)
    export(folder / "a.jsonl", LINES[:2])
    export(folder / "b.jsonl", LINES[2:3])
    conversion.convert_files(history, folder, lambda *_: None)
    assert len(rows(history)) == 3 and conversion.stale(history) == []
    assert [one.new for one in conversion.convert_files(history, folder, lambda *_: None)] == [0, 0]


def test_an_export_that_changes_after_a_kill_takes_no_check_in_of_another_along(history, tmp_path, monkeypatch):
    folder = tmp_path / "exported"
    folder.mkdir()
    export(folder / "b.jsonl", LINES[:2])
    with monkeypatch.context() as killed:
        killed.setattr(History, "keep_source", _killed)
        with pytest.raises(KeyboardInterrupt):
            conversion.convert_files(history, folder, lambda *_: None)
    export(folder / "a.jsonl", LINES[:2])
    export(folder / "b.jsonl", LINES[2:3])
    conversion.convert_files(history, folder, lambda *_: None)
    assert len(rows(history)) == 3 and conversion.stale(history) == []


def test_an_export_that_is_what_it_was_after_a_kill_is_converted_again(history, tmp_path, monkeypatch):
    """Some of its days were written already by what it had become meanwhile."""
    file = export(tmp_path / "a.jsonl", LINES[:2])
    conversion.convert_files(history, file, lambda *_: None)
    with monkeypatch.context() as killed:
        killed.setattr(spool.Spool, "commit_whole", _half_written)
        with pytest.raises(KeyboardInterrupt):
            conversion.convert_files(history, export(file, LINES[2:4]), lambda *_: None)
    conversion.convert_files(history, export(file, LINES[:2]), lambda *_: None)
    assert len(rows(history)) == 2


def _half_written(one):
    for path in one.history.files_from(one.source):
        path.unlink()
    raise KeyboardInterrupt


def _killed(*_):
    raise KeyboardInterrupt


def test_an_export_that_held_the_second_of_it_and_was_not_given_again_is_said(history, tmp_path):
    both = [export(tmp_path / name, LINES[:2]) for name in ("a.jsonl", "b.jsonl")]
    for file in both:
        conversion.convert_files(history, file, lambda *_: None)
    assert conversion.stale(history) == []
    conversion.convert_files(history, export(both[0], LINES[:1]), lambda *_: None)
    assert len(rows(history)) == 1
    (again,) = conversion.stale(history)
    assert (again.source, again.stale) == ("b.jsonl", True)
    said = sources.estimate(sources._converted(history, Window(START, END, None), "from files", 100))
    assert {"what": "exported files to be converted again, of which check-ins are missing", "how much": "1"} in said
    conversion.convert_files(history, both[1], lambda *_: None)
    assert conversion.stale(history) == [] and len(rows(history)) == 2


def test_where_an_export_held_the_first_of_it_the_bucket_is_read_again(history, tmp_path):
    file = export(tmp_path / "a.jsonl", LINES[:1])
    conversion.convert_files(history, file, lambda *_: None)
    done, _ = convert(history, {named("user-1", START): GOOD})
    assert (done.aside, done.whole) == ({spool.TWICE: 1}, True)
    export(file, LINES[1:2])
    conversion.convert_files(history, file, lambda *_: None)
    assert history.index()["sources"][conversion.BUCKET]["windows"] == []  # it holds no time whole until then
    done, read = convert(history, {named("user-1", START): GOOD})
    assert (done.new, len(read), len(rows(history))) == (1, 1, 2)


def test_scores_that_differ_at_one_moment_are_two_check_ins(history, tmp_path):
    file = export(tmp_path / "a.jsonl", [LINES[0], {**LINES[0], "risk_score": 3}])
    (done,) = conversion.convert_files(history, file, lambda *_: None)
    assert done.new == 2


def test_a_history_of_before_routes_were_kept_is_read_and_goes_on(history):
    """Days that lack the column, and a day of which a part has it."""
    convert(history, dict.fromkeys(KEYS[:12], GOOD))
    for path in history.files_of(START.date(), END.date()):
        connection = spool.connect()
        connection.execute(f"CREATE TABLE before AS SELECT * EXCLUDE (taken) FROM read_parquet('{path}')")
        connection.execute(f"COPY before TO '{path}' (FORMAT parquet)")
        connection.close()
    newer = {key: {**GOOD, "route": "high"} for key in KEYS[12:]}
    done, read = convert(history, dict.fromkeys(KEYS[:12], GOOD) | newer)
    assert (done.new, len(read)) == (8, 8)
    ahead = sources.Converted(history, Window(START, END, None), tuple(history.files_of(START.date(), END.date())),
                              {"2026-01-01": (20, 20)}, sources.MARKS, "")  # fmt: skip
    assert sources.history(ahead)["taken"].value_counts().to_dict() == {"": 12, "high": 8}


@pytest.mark.parametrize("damaged", [b"", b"PAR1", "half", "other"])
def test_a_damaged_file_of_the_history_is_named_in_a_sentence_that_says_what_to_do(history, tmp_path, damaged):
    convert(history, dict.fromkeys(KEYS, GOOD))
    first, second, _ = history.files_of(START.date(), END.date())
    if damaged == "other":
        spool.connect().execute(f"COPY (SELECT 1 AS a) TO '{second}' (FORMAT parquet)")
    else:
        content = second.read_bytes()
        second.write_bytes(content[: len(content) // 2] if damaged == "half" else damaged)
    said = rf"{second} cannot be read as check-ins of a history: .* Remove the folder {history.path}, and convert again"
    with pytest.raises(BadParameters, match=said):
        convert(history, dict.fromkeys(KEYS, GOOD))
    ahead = sources.Converted(history, Window(START, END, None), (first, second), {}, sources.MARKS, "")
    with pytest.raises(BadParameters, match=said):
        sources.history(ahead)
    file = tmp_path / "exported.jsonl"
    file.write_text(json.dumps({**GOOD, "timestamp": "2026-01-02T03:04:05Z"}), encoding="utf-8")
    with pytest.raises(BadParameters, match=said):
        conversion.convert_files(history, file, lambda *_: None)


def test_what_is_no_damage_goes_on_as_it_is(history):
    convert(history, dict.fromkeys(KEYS, GOOD))
    with pytest.raises(duckdb.OutOfMemoryException), damage.named(history.files_of(START.date(), END.date())):
        raise duckdb.OutOfMemoryException("full")


def test_an_empty_file_of_a_day_is_a_day_without_check_ins(history):
    convert(history, dict.fromkeys(KEYS, GOOD))
    paths = history.files_of(START.date(), END.date())
    connection = spool.connect()
    connection.execute(f"CREATE TABLE nobody AS FROM read_parquet('{paths[0]}') WHERE false")
    connection.execute(f"COPY nobody TO '{paths[1]}' (FORMAT parquet)")
    ahead = sources.Converted(
        history, Window(START, END, None), tuple(paths), {"2026-01-01": (12, 12)}, sources.MARKS, ""
    )
    assert len(sources.history(ahead)) == 12


def test_the_key_of_the_pseudonyms_is_the_folders_own(tmp_path):
    one, two = History(tmp_path / "one"), History(Path(tmp_path) / "two")
    assert one.pseudonym("user-1") == one.pseudonym("user-1") != two.pseudonym("user-1")
    assert (tmp_path / "one" / folder.KEY).stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_read_to_its_end_is_not_whole_also_when_it_is_asked_for_again(history, tmp_path):
    file = tmp_path / "cut.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in LINES).encode())[:-6])
    for _ in range(2):
        (done,) = conversion.convert_files(history, file, lambda *_: None)
        assert not done.whole and [*done.aside] == ["cannot be read to its end: EOFError"]
