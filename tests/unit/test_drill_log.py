"""The drill log is not sealed: what is drawn from it is what the sealed records of the drills say. No AWS."""

import json

import pytest

from lib import drill_log, records
from lib.record.folder import DRILLED, TELLING
from lib.records import Record
from lib.settings import load

DRILL = {
    "started": "2026-01-01T00:00:00+00:00", "scenario": "crisis", "execution": "drill-1", "route": "crisis",
    "verdict": {"name": "crisis", "status": "failed", "found": "alerts to operations"},
}  # fmt: skip


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(drill_log.latency, "until_last", lambda drill, topic: 2.0)
    monkeypatch.setattr(drill_log.latency, "lost", lambda drill: [])
    return load("local", {"outputs_dir": str(tmp_path)})


@pytest.fixture
def drilled(settings):
    """A drill whose record is sealed, and whose row stands in the log."""
    record = records.open_run(settings)
    record.keep_json(DRILLED, DRILL)
    records.seal(record)
    row = {**drill_log.row(record.run_id, DRILL, [], "me"), "verdict": "failed", "failed": ["alerts to operations"]}
    log = Record(settings.runs_folder / "drills", "drills")
    log.folder.mkdir()
    log.append(drill_log.LOG, row)
    return record, log, row


def rewritten(log, *rows):
    (log.folder / drill_log.LOG).write_text("".join(json.dumps(row) + "\n" for row in rows))


def shown(settings):
    return drill_log.frame(settings).to_dict("records")


def test_a_row_that_its_sealed_record_bears_out_is_shown_as_it_is(settings, drilled):
    (row,) = shown(settings)
    assert (row["verdict"], row["operations"], row["failed"]) == ("failed", 2.0, "alerts to operations")


@pytest.mark.parametrize(
    "edit",
    [{"verdict": "passed"}, {"operations": 0.1}, {"trusted": None}, {"lost": ["operations"]}, {"route": "none"}],
)
def test_an_edited_row_changes_no_figure_and_is_said(edit, settings, drilled):
    _, log, row = drilled
    rewritten(log, {**row, **edit})
    (found,) = shown(settings)
    assert (found["verdict"], found["operations"], found["route"]) == ("failed", 2.0, "crisis")
    assert (found["lost"], drill_log.OTHERWISE in found["failed"]) == ([], True)


def test_a_row_that_was_taken_out_is_there_all_the_same(settings, drilled):
    rewritten(drilled[1])
    (found,) = shown(settings)
    assert (found["verdict"], drill_log.OTHERWISE in found["failed"]) == ("failed", True)


@pytest.mark.parametrize("edit", [{"execution": "drill-2"}, {"execution": None}])
def test_a_row_of_which_no_sealed_record_tells_is_no_pass(edit, settings, drilled):
    _, log, row = drilled
    log.append(drill_log.LOG, {**row, "verdict": "passed", **edit})
    found = [one for one in shown(settings) if drill_log.NOT_SEALED in one["failed"]]
    assert [one["verdict"] for one in found] == ["cannot tell"]


def test_neither_is_one_whose_record_was_altered_as_well(settings, drilled):
    record, log, row = drilled
    text = (record.folder / DRILLED).read_text()
    (record.folder / DRILLED).write_text(text.replace('"failed"', '"passed"'))
    rewritten(log, {**row, "verdict": "passed"})
    assert [one["verdict"] for one in shown(settings)] == ["cannot tell"]


def test_a_drill_that_was_broken_off_stays_failed(settings, drilled):
    drilled[1].append(drill_log.LOG, drill_log.broken_off("r9", "crisis", "me", "no answer"))
    assert sorted(one["verdict"] for one in shown(settings)) == ["failed", "failed"]


def test_what_another_machine_drilled_is_known_from_the_store():
    assert TELLING.fullmatch(DRILLED)
