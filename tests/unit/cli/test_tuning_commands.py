"""`runbook history` converts what it is given and says what became of it; `runbook tune` takes a whole choice."""

import gzip
import json

import pytest
from checkin_buckets import GOOD, SECRET
from click.testing import CliRunner

from lib.cli import change_commands
from lib.display import console, history_table

LINE = json.dumps({**GOOD, "timestamp": "2026-01-02T03:04:05Z"})


def said(folder, *words):
    line = [*words[:1], "local", *words[1:], "--set", f"outputs_dir={folder}"]
    ended = CliRunner().invoke(change_commands.main, line)
    return ended.exit_code, ended.stdout, ended.stderr


def test_an_export_is_converted_and_what_was_kept_aside_is_said(tmp_path):
    file = tmp_path / "exported.jsonl"
    file.write_text(f"{LINE}\n{{\n", encoding="utf-8")
    code, out, _ = said(tmp_path / "outputs", "history", "--export", str(file), "--json")
    assert (code, json.loads(out)) == (
        0,
        [{"source": "exported.jsonl", "new": 1, "before": 0, "aside": {"not JSON": 1}, "whole": True, "stale": False}],
    )
    code, out, _ = said(tmp_path / "outputs", "history", "--export", str(file))
    assert code == 0 and "1 not JSON" in out and "History: " in out
    assert not any(word in out for word in SECRET.split())


def test_an_export_that_has_to_be_given_again_is_named_and_ends_with_1(tmp_path):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for file in (first, second):
        file.write_text(f"{LINE}\n", encoding="utf-8")
        assert said(tmp_path / "outputs", "history", "--export", str(file))[0] == 0
    first.write_text("", encoding="utf-8")
    code, out, _ = said(tmp_path / "outputs", "history", "--export", str(first))
    assert code == 1 and "b.jsonl: convert it again with --export" in out
    assert said(tmp_path / "outputs", "history", "--export", str(second))[0] == 0


def test_what_was_not_read_whole_ends_with_1_and_what_is_no_export_is_named(tmp_path):
    exported = tmp_path / "exported"
    exported.mkdir()
    (exported / "cut.jsonl.gz").write_bytes(gzip.compress(f"{LINE}\n".encode())[:-6])
    (exported / "part-00000").write_text(LINE, encoding="utf-8")
    code, out, _ = said(tmp_path / "outputs", "history", "--export", str(exported))
    assert code == 1 and "cut.jsonl.gz: not read to its end; what is converted is a part of it." in out
    assert "Not read, since by their endings no exports: 1 files, such as part-00000" in out


def test_the_statement_for_the_table_is_printed_alone_and_nothing_is_made(tmp_path):
    code, out, _ = said(tmp_path, "history", "--table", "s3://bucket/checkins/")
    assert code == 0 and out.startswith("CREATE EXTERNAL TABLE checkins (person string, ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("history",), "--from '': expected a day"),
        (("history", "--from", "soon"), "--from 'soon': expected a day"),
        (("history", "--from", "2026-02-01", "--to", "2026-01-01"), "is not before --to 2026-01-01"),
        (("history", "--export", "nothing-here"), "holds no export"),
        (("history", "--export", "nothing-here", "--from", "2026-01-01"), "expected one of the three"),
        (("history", "--table", "s3://b/c/", "--to", "2026-01-01"), "expected one of the three"),
        (("history", "--table", "s3://b/c/", "--export", "nothing-here"), "expected one of the three"),
        (("tune", "--engine", "athena"), "expected the database of its table `checkins`"),
        (("tune", "--outcomes-table", "reviews"), "expected the name of a table of this account, and the attribute"),
        (("history", "--table", "here"), "--table 'here': expected where the files lie, as s3://BUCKET/checkins/"),
        (("history", "--table", "s3://b'/"), "expected where the files lie, as s3://BUCKET/checkins/"),
        (
            ("tune", "--labels", "nothing-here.csv"),
            "--labels nothing-here.csv is no file; expected the sample of a run",
        ),
        (("tune", "--database", "tuning"), "expected them with --engine athena alone"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, words, why):
    code, out, complained = said(tmp_path, *words)
    assert (code, out) == (2, "") and why in " ".join(complained.split())
    assert list(tmp_path.iterdir()) == []


def test_the_bar_grows_where_somebody_sees_it(monkeypatch):
    shown = []
    monkeypatch.setattr(console, "is_watched", lambda: True)
    monkeypatch.setattr(console, "overwrite", shown.append)
    watch = history_table.watch("check-ins")
    watch(1, 2)
    watch(0, 0)
    watch(2, 2)
    assert shown == [f"[{'#' * 15}{'.' * 15}] 1 of 2 check-ins", f"[{'#' * 30}] 2 of 2 check-ins"]
    monkeypatch.setattr(console, "is_watched", lambda: False)
    watch(1, 2)
    assert len(shown) == 2
