"""A file of a record has a row on a line: whoever renews or compares one sees which rows are others."""

import json

import pytest
from hypothesis import given
from plain_json import JSON, exactly

from lib.errors import Refused
from lib.values.exact_json import loads
from lib.values.json_rows import LONGEST, WIDTH, to_text

ROW = {"scenario": "crisis", "path": ["CheckUserId", "RouteCrisis"], "checks": [{"id": "drill.status"}] * 9}


@given(JSON)
def test_it_reads_back_as_it_was(value):
    assert exactly(loads(to_text(value)), value)
    assert exactly(loads(to_text(value, 5)), value)


def test_a_row_is_on_a_line_whatever_it_holds():
    assert to_text([ROW] * 100).count("\n") == 102
    assert json.loads(to_text([ROW] * 100).splitlines()[1].removesuffix(",")) == ROW


def test_of_what_holds_rows_each_value_is_on_a_line():
    data = {"format": 2, "parameters": {"a": "x" * 60, "b": "y" * 60}, "changes": [ROW, ROW]}
    lines = to_text(data).splitlines()
    assert [line.strip()[:12] for line in lines] == [
        "{", '"format": 2,', '"parameters"', '"a": "xxxxxx', '"b": "yyyyyy', "},", '"changes": [', '{"scenario":',
        '{"scenario":', "]", "}",
    ]  # fmt: skip


def test_one_row_more_is_one_line_more():
    before, after = to_text([ROW] * 3).splitlines(), to_text([ROW, ROW, {**ROW, "scenario": "other"}, ROW]).splitlines()
    assert len(set(after) - set(before)) == 1


def test_a_row_that_no_line_can_show_is_in_lines_itself():
    state = {"Type": "Pass", "Comment": "x" * 200}
    lines = to_text([{"name": "machine", "value": {"States": {f"S{n}": state for n in range(60)}}, "files": [1, 2]}])
    found = [line.strip() for line in lines.splitlines()]
    assert f'"S7": {json.dumps(state)},' in found  # a state on a line
    assert '"files": [1, 2]' in found
    assert max(map(len, found)) < LONGEST


def test_what_is_short_is_on_one_line():
    assert to_text({"a": [], "b": {}, "c": None}) == '{"a": [], "b": {}, "c": null}\n'
    assert to_text(["x" * WIDTH]).count("\n") == 3


def test_a_key_that_stands_twice_is_written_twice():
    text = f'{{"a": "{"x" * WIDTH}", "a": 1}}'
    assert to_text(loads(text)).split() == ["{", '"a":', f'"{"x" * WIDTH}",', '"a":', "1", "}"]


def test_what_cannot_be_written_exactly_is_refused_with_its_place():
    with pytest.raises(Refused, match=r"rows\.1\.value is "):
        to_text({"rows": [ROW, {"value": float("nan")}], "long": "x" * 200})
