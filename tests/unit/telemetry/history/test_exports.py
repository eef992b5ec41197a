"""Every kind of file of an export is read; what is broken, of another kind or of nobody is said with its place."""

import gzip
import json

import duckdb
import pytest
from checkin_buckets import GOOD, SECRET

from lib.errors import BadParameters
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.history import exports

LINE = json.dumps({**GOOD, "timestamp": "2026-01-02T03:04:05Z"})
CELLS = ("42.5", "-0.3", '"declining"')


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(exports.read(path))


def parquet(path, select):
    duckdb.sql(f"COPY ({select}) TO '{path}'")
    return list(exports.read(path))


@pytest.mark.parametrize(
    ("name", "content", "number"),
    [
        ("one.json", LINE, 1),
        ("one.json.gz", gzip.compress(LINE.encode()), 1),
        ("list.json", f"[{LINE}, {LINE}]", 2),
        ("lines.json", f"{LINE}\n{LINE}\n", 2),
        ("lines.jsonl", f"{LINE}\n\n{LINE}\n", 2),
        ("lines.ndjson", LINE, 1),
        ("lines.jsonl.gz", gzip.compress(f"{LINE}\n{LINE}".encode()), 2),
    ],
)
def test_each_kind_of_json_is_read_without_its_words(tmp_path, name, content, number):
    found = read(tmp_path / name, content)
    assert len(found) == number
    for _, answer in found:
        assert (answer.user, answer.moment.isoformat(), answer.cells) == ("user-1", "2026-01-02T03:04:05+00:00", CELLS)
    assert SECRET not in str(found)


def test_a_file_named_like_an_object_of_the_bucket_tells_user_and_moment(tmp_path):
    folder = tmp_path / "user-7/2026/01/02"
    folder.mkdir(parents=True)
    ((_, answer),) = read(folder / "2026-01-02T10:00:00.json", json.dumps({"risk_score": 1}))
    assert (answer.user, answer.moment.hour, answer.cells) == ("user-7", 10, ("1", "", ""))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[]", "holds list, expected an object"),
        ('{"timestamp": "2026-01-01"}', exports.NO_USER),
        ('{"userId": "a", "timestamp": "soon"}', exports.NO_MOMENT),
        ('{"userId": "a"}', exports.NO_MOMENT),
        ('{"userId": 7, "timestamp": "2026-01-01"}', exports.NO_USER),
        ('{"userId": "n9\\ud800", "timestamp": "2026-01-01"}', exports.NO_USER),
        ('{"userId": "a", "timestamp": "0999-01-01T00:00:00Z"}', exports.NO_MOMENT),
    ],
)
def test_a_line_that_is_no_check_in_says_why_and_keeps_none_of_the_others_from_it(tmp_path, line, why):
    (_, said), (_, answer) = read(tmp_path / "a.jsonl", f"{line}\n{LINE}\n")
    assert said == why and isinstance(answer, Answer)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.json.gz", gzip.compress(LINE.encode())[:-6]),
        ("none.json.gz", b"none"),
        ("none.parquet", b"PAR1 none"),
        ("empty.parquet", b""),
        ("latin.csv", b"object,user,time\xff"),
    ],
)
def test_a_corrupt_file_says_so(tmp_path, name, content):
    ((place, why),) = read(tmp_path / name, content)
    assert place == "file" and why.startswith("cannot be read to its end: ")


def test_parquet_of_any_types_is_read_and_a_null_is_a_field_that_is_not_there(tmp_path):
    columns = "'u' AS userId, TIMESTAMP '2026-01-02 03:04:05.678901' AS timestamp, text AS text"
    every = f"SELECT {columns}, 0.1::DECIMAL(4,2) AS risk_score, NULL::DOUBLE AS score, 'declining' AS trajectory"
    ((_, answer),) = parquet(tmp_path / "a.parquet", f"{every} FROM (VALUES ('{SECRET}')) t(text)")
    assert (answer.moment.isoformat(), answer.cells) == ("2026-01-02T03:04:05.678901+00:00", ("0.1", "", '"declining"'))
    ((_, zoned),) = parquet(
        tmp_path / "b.parquet", "SELECT 'u' AS user, TIMESTAMPTZ '2026-01-02 03:00:00+02' AS time, '97' AS risk_score"
    )
    assert zoned.moment.isoformat() == "2026-01-02T01:00:00+00:00"
    assert "97" not in zoned.cells[0]  # a text is no score to the workflow either


def test_parquet_without_the_columns_is_refused_whole_and_an_empty_one_holds_nothing(tmp_path):
    ((_, why),) = parquet(tmp_path / "a.parquet", "SELECT 1 AS risk_score")
    assert why.startswith("has not the columns of a check-in; expected userId, timestamp")
    nothing = "SELECT 'u' AS userId, TIMESTAMP '2026-01-02' AS timestamp, 1e0 AS risk_score WHERE false"
    assert parquet(tmp_path / "b.parquet", nothing) == []


def test_a_run_s_evidence_is_read_as_it_was_kept(tmp_path):
    head = "object,user,time,risk_score=,score=,trajectory=declining|stable\n"
    found = read(tmp_path / "2026-01-02.csv", f'{head}m,p,2026-01-02T03:04:05+00:00,42.5,-0.3,"""declining"""\nm,p\n')
    assert found[0][1].cells == CELLS and found[1] == ("line 3", "has 2 fields, expected 6")
    rows = (
        "m,,2026-01-02T03:04:05+00:00,1,0,\nm,p,0999-01-02T03:04:05+00:00,1,0,\nm,p,2026-01-02T03:04:05+00:00,high,0,\n"
    )
    found = read(tmp_path / "2026-01-03.csv", head + rows)
    assert [said for _, said in found] == [exports.NO_USER, exports.NO_MOMENT, exports.NO_CELL]
    words = f'm,p,2026-01-02T03:04:05+00:00,1,0,"""{SECRET}"""\nm,p,2026-01-02T03:04:05+00:00,1,?,?\n'
    found = read(tmp_path / "2026-01-04.csv", head + words)
    assert SECRET not in str(found) and found[1][1].cells == ("1", "?", "?")
    ((_, why),) = read(tmp_path / "other.csv", "a,b\n1,2\n")
    assert why.startswith("has not the columns of a run's evidence")


@pytest.mark.parametrize(("said", "taken"), [("crisis", "crisis"), (SECRET, "?"), (5, "?"), ([], "?"), (None, "")])
def test_the_route_that_a_check_in_says_it_took_is_kept_and_no_other_word(tmp_path, said, taken):
    line = json.dumps({**GOOD, "timestamp": "2026-01-02T03:04:05Z", "route": said})
    ((_, answer),) = read(tmp_path / "one.jsonl", line)
    assert answer.taken == taken


def test_parquet_and_a_run_s_evidence_tell_the_route_as_well(tmp_path):
    select = "SELECT 'u' AS userId, TIMESTAMP '2026-01-02' AS timestamp, 1e0 AS risk_score, 'high' AS route"
    ((_, answer),) = parquet(tmp_path / "a.parquet", select)
    head = "object,user,time,risk_score=,score=,trajectory=declining,route taken\n"
    row = "m,p,2026-01-02T03:04:05+00:00,42.5,-0.3,,{}\n"
    found = read(tmp_path / "2026-01-02.csv", head + row.format("high") + row.format("") + row.format("zebra"))
    assert [answer.taken, *(one.taken for _, one in found)] == ["high", "high", "", "?"]


def test_a_folder_without_an_export_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(BadParameters, match=r"holds no export; expected a file or a folder of files ending in \.json"):
        exports.files_in(tmp_path)
    with pytest.raises(BadParameters, match="holds no export"):
        exports.files_in(tmp_path / "missing.jsonl")


def test_a_file_of_another_ending_is_named_as_not_read(tmp_path):
    for name in ("a.jsonl", "b.json.bz2", "part-00000", ".hidden"):
        read(tmp_path / "a.jsonl", f"{LINE}\n") if name == "a.jsonl" else (tmp_path / name).write_text(LINE)
    assert [path.name for path in exports.files_in(tmp_path)] == ["a.jsonl"]
    assert [path.name for path in exports.passed_over(tmp_path)] == ["b.json.bz2", "part-00000"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_larger_than_any_export_is_not_held_whole(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(exports, "MOST_BYTES", 1000)
    whole = json.dumps([{"userId": "x" * 1000}]).encode()
    name = "one.json.gz" if pack is gzip.compress else "one.json"
    assert read(tmp_path / name, pack(whole)) == [("file", exports.TOO_LARGE_WHOLE)]
    assert exports.TOO_LARGE_WHOLE.startswith(exports.CUT)


def test_a_day_of_evidence_that_is_larger_than_any_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "MOST_BYTES", 1000)
    assert read(tmp_path / "day.csv", "x" * 1001) == [("file", exports.TOO_LARGE_WHOLE)]


@pytest.mark.parametrize("more", [0, 1, 2, 300, 301, 302, 1000])
def test_a_line_that_is_too_large_is_said_and_keeps_none_of_the_others_from_it(tmp_path, monkeypatch, more):
    monkeypatch.setattr(exports, "MOST_LINE", 300)
    large = b"x" * (300 + more)
    found = read(tmp_path / "a.jsonl.gz", gzip.compress(b"\n".join([LINE.encode(), large, LINE.encode()])))
    assert [place for place, _ in found] == ["line 1", "line 2", "line 3"]
    assert found[1][1] == exports.TOO_LARGE and isinstance(found[2][1], Answer)


def test_a_number_of_single_precision_is_what_its_text_means(tmp_path):
    """The double next to the single -0.6 lies below -0.6, and would have raised an alert."""
    select = (
        "SELECT 'u' AS userId, TIMESTAMP '2026-01-02' AS timestamp, 95.1::FLOAT AS risk_score, -0.6::FLOAT AS score"
    )
    ((_, answer),) = parquet(tmp_path / "a.parquet", select)
    assert answer.cells == ("95.1", "-0.6", "")
    ((_, answer),) = parquet(tmp_path / "b.parquet", select.replace("95.1", "'nan'"))
    assert answer.cells == ("NaN", "-0.6", "")


@pytest.mark.parametrize("kind", ["TIMESTAMPTZ", "TIMESTAMPTZ_NS"])
def test_moments_with_a_zone_are_read_also_in_nanoseconds_as_pandas_writes_them(tmp_path, kind):
    moment = f"CAST(TIMESTAMPTZ '2026-01-02 03:00:00+02' AS {kind})"
    ((_, answer),) = parquet(tmp_path / "a.parquet", f"SELECT 'u' AS userId, {moment} AS timestamp, 1 AS risk_score")
    assert answer.moment.isoformat() == "2026-01-02T01:00:00+00:00"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.jsonl.gz"])
def test_a_file_in_which_nothing_came_is_named(tmp_path, name):
    assert read(tmp_path / name, b"") == [("file", exports.EMPTY)]
