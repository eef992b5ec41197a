"""No cell of a CSV that people open is a formula, and who reads it back reads what was there."""

import csv
import io

import pandas as pd
import pytest

from lib.settings import ROOT
from lib.values import csv_text

FORMULAS = ["=cmd|'/C calc'!A1", "+1+1", "-1+cmd", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "=", "'=1", "''-a"]
TEXTS = ["", "user", "'", "'quoted", "-0.6", "+1", "1e5", "-1.5e-3", "2026-01-01T00:00:00+00:00", "a=b"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_is_a_text(text):
    assert csv_text.cell(text) == f"'{text}"
    assert csv_text.as_it_was(csv_text.cell(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_any_other_text_and_every_number_stays_as_it_is(text):
    assert csv_text.cell(text) == csv_text.as_it_was(text) == text


@pytest.mark.parametrize("name", [*FORMULAS, *TEXTS, "840799123456", "007", "'007", "12e45", "'-5", "840799e12345"])
def test_a_name_is_no_number_to_a_spreadsheet_and_is_known_again(name):
    kept = csv_text.cell(csv_text.name_cell(name))
    assert csv_text.name_as_it_was(kept) == name
    assert not csv_text.NUMBER.fullmatch(kept)


def test_of_a_table_only_texts_that_are_formulas_are_changed():
    frame = pd.DataFrame({
        "error": ["=1+1", "Timeout", None], "moved": [-0.6, 2.0, -1.0], "cell": ["-0.6", "3", ""],
        "kind": pd.Categorical(["@x", "@x", "b"]), "mixed": [-3, "-x", None],
        "at": pd.to_datetime(["2026-01-01"] * 3, utc=True),
    })  # fmt: skip
    before = frame.copy()
    rows = list(csv.DictReader(io.StringIO(csv_text.of_frame(frame))))
    assert [row["error"] for row in rows] == ["'=1+1", "Timeout", ""]
    assert [row["moved"] for row in rows] == ["-0.6", "2.0", "-1.0"]
    assert [row["cell"] for row in rows] == ["-0.6", "3", ""]
    assert [row["kind"] for row in rows] == ["'@x", "'@x", "b"]
    assert [row["mixed"] for row in rows] == ["-3", "'-x", ""]
    pd.testing.assert_frame_equal(frame, before)
    harmless = frame[["moved", "cell", "at"]]
    assert csv_text.of_frame(harmless) == harmless.to_csv(index=False)


def test_no_other_code_writes_a_table_as_csv():
    files = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "runbooks").glob("*.ipynb")]
    found = {path.name for path in files if ".to_csv(" in path.read_text(encoding="utf-8")}
    assert found == {"csv_text.py", "proposal.py"}  # the latter's is a sum's, and no file
