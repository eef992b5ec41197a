"""The drill log is not sealed: what is drawn from it is what the sealed records of the drills say. No AWS."""

import json

import pytest

from lib.display.charts import drill_charts, style
from lib.drills import drill_log
from lib.record import records, sealing
from lib.record.folder import BROKEN_OFF, DRILLED, TELLING
from lib.record.records import Record
from lib.settings import load

DRILL = {
    "started": "2026-01-01T00:00:00+00:00", "scenario": "crisis", "execution": "drill-1", "route": "crisis",
    "verdict": {"name": "crisis", "status": "failed", "found": "alerts to operations"}, "caller": "me",
}  # fmt: skip
FAILED = {"verdict": "failed", "failed": ["alerts to operations"]}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(drill_log.latency, "until_last", lambda drill, topic: 2.0)
    monkeypatch.setattr(drill_log.latency, "topics_lost", lambda drill: [])
    return load("local", {"outputs_dir": str(tmp_path)})


@pytest.fixture
def drilled(settings):
    """A drill whose record is sealed, and whose row stands in the log."""
    record = records.open_run(settings)
    record.keep_json(DRILLED, DRILL)
    sealing.seal(record)
    row = drill_log.row(record.run_id, DRILL, [], "me") | FAILED
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
    assert TELLING.fullmatch(DRILLED) and TELLING.fullmatch(BROKEN_OFF)


@pytest.mark.parametrize("edit", [{"failed": []}, {"failed": ["something else"]}, {"caller": "somebody else"}])
def test_neither_why_a_drill_failed_nor_who_drilled_is_believed_from_the_log_alone(edit, settings, drilled):
    _, log, row = drilled
    rewritten(log, {**row, **edit})
    (found,) = shown(settings)
    assert found["failed"] == f"alerts to operations, {drill_log.OTHERWISE}"


def test_a_drill_whose_evidence_does_not_say_who_drilled_is_shown_as_before(settings):
    record = records.open_run(settings)
    record.keep_json(DRILLED, {key: value for key, value in DRILL.items() if key != "caller"})
    log = Record(settings.runs_folder / "drills", "drills")
    log.folder.mkdir()
    log.append(drill_log.LOG, drill_log.row(record.run_id, DRILL, [], "who") | FAILED)
    assert [one["failed"] for one in shown(settings)] == ["alerts to operations"]


ODD = {
    "time": [None, 7, "yesterday", "0001-01-01T00:00:00+00:00", "9999-01-01T00:00:00Z", [], ""],
    "scenario": [None, 1, ["crisis"]],
    "run_id": [None, 1, {}],
    "caller": [1, []],
    "route": [1, ["crisis"]],
    "verdict": [None, True, []],
    "trusted": ["2", True, -1, 10**400, float("inf"), float("nan"), [], {}],
    "operations": ["2.0", False, [1]],
    "lost": ["trusted", 1, {"a": 1}, [1], [None]],
    "failed": [None, "alerts", 1, [1], [["x"]]],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in ODD.items() for value in values], ids=str)
def test_a_row_that_cannot_be_read_says_so_and_keeps_no_other_from_being_shown(key, value, settings, drilled):
    _, log, row = drilled
    odd = {**row, "execution": "drill-2", "verdict": "passed", key: value}
    rewritten(log, odd, row, {name: one for name, one in odd.items() if name != key}, {}, {"execution": []})
    found = shown(settings)
    assert len(found) == 5
    assert [one["verdict"] for one in found].count("failed") == 1
    style.describe(drill_charts.drill_log(drill_log.frame(settings), 30))
    none = isinstance(value, float)  # which no line of JSON holds
    said = "a row that cannot be read" if none else f"a row whose {key} cannot be read"
    assert [one for one in found if said in one["failed"]] or value is None


def test_a_log_of_which_nothing_can_be_read_is_drawn_all_the_same(settings):
    log = Record(settings.runs_folder / "drills", "drills")
    log.folder.mkdir(parents=True)
    (log.folder / drill_log.LOG).write_bytes(b"\xff\xfe\n[1]\n{\n\n{}\n")
    assert [one["verdict"] for one in shown(settings)] == ["cannot tell"] * 4
    said = style.describe(drill_charts.drill_log(drill_log.frame(settings), 30))
    assert "0 of 4 drills passed, of 4 nobody can tell" in said


@pytest.mark.parametrize("key", ["trusted", "lost", "failed", "caller", "scenario"])
def test_a_row_that_cannot_be_read_of_a_drill_that_a_sealed_record_tells_is_shown_as_that_tells_it(
    key, settings, drilled
):
    rewritten(drilled[1], {**drilled[2], key: {"odd": 1}})
    assert [one["failed"] for one in shown(settings)] == [f"alerts to operations, {drill_log.OTHERWISE}"]


def test_no_time_of_a_row_that_nothing_bears_out_is_drawn_but_what_it_says_was_lost_is(settings, drilled):
    _, log, row = drilled
    log.append(
        drill_log.LOG, {**row, "execution": "drill-2", "verdict": "passed", "trusted": 0.1, "lost": ["operations"]}
    )
    (found,) = [one for one in shown(settings) if one["verdict"] == "cannot tell"]
    assert (str(found["trusted"]), found["lost"]) == ("nan", ["operations"])


def test_a_drill_that_was_broken_off_is_there_also_when_its_row_was_taken_out(settings, drilled):
    _, log, row = drilled
    other = records.open_run(settings)
    told = drill_log.broken_off(other.run_id, "high", "me", "no answer")
    other.keep_json(BROKEN_OFF, told)
    log.append(drill_log.LOG, told)
    assert [one["failed"] for one in shown(settings) if one["scenario"] == "high"] == ["no answer"]
    rewritten(log, row)
    said = [one["failed"] for one in shown(settings) if one["scenario"] == "high"]
    assert said == [f"no answer, {drill_log.OTHERWISE}"]


def test_a_drill_that_somebody_put_into_a_run_that_was_killed_bears_nothing_out(settings, drilled):
    _, log, _ = drilled
    killed = records.open_run(settings)
    planted = {**DRILL, "execution": "drill-2", "verdict": {"name": "crisis", "status": "passed", "found": ""}}
    (killed.folder / "evidence").mkdir()
    (killed.folder / DRILLED).write_text(json.dumps(planted))
    log.append(drill_log.LOG, drill_log.row(killed.run_id, planted, [], "me"))
    assert sorted(one["verdict"] for one in shown(settings)) == ["cannot tell", "failed"]
