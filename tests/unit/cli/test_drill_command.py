"""A drill's verdict: what nobody can tell is no pass, and is counted on its own. No AWS."""

import pytest
from click.testing import CliRunner
from machines import connected, says

from lib.changes.plans import Change, entry
from lib.checks import Check
from lib.cli import drill_command
from lib.cli.app import main
from lib.drills import drill_log
from lib.errors import NotAsWanted, Refused
from lib.phases import validity
from lib.phases.validity import Validity
from lib.record.change_rows import WriteState
from lib.record.records import LOG, Record
from lib.resources import connected_run
from lib.resources.topics import Topic
from lib.telemetry.configuration.facts import Difference, Meaning
from lib.values.check_registry import Id

ARRIVED = Check(Id.AS_WANTED, "crisis: alerts to operations", "passed", "1", "1")
LOST = Check(Id.AS_WANTED, "crisis: alerts to the trusted contact", "failed", "0", "1")
ON_AWS = Check(Id.AS_WANTED, "crisis: revision", "not exercised here", "none", "the live one")
UNREAD = Check(Id.AS_WANTED, "crisis: behind its rule", "cannot tell", "not readable", "1")
UNSEEN = Difference("function F: last update", "123", Meaning.CANNOT_TELL, "monday -> tuesday")
DRILL = {"started": "2026-01-01T00:00:00+00:00", "scenario": "crisis", "execution": "e", "route": "crisis"}


def standing(*rows, why=""):
    return validity.check(Validity("r1", "" if why else "2026-01-01", "2026-01-02", rows, why))


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ([ARRIVED, standing()], "passed"),
        ([ARRIVED, ON_AWS, standing()], "passed"),
        ([ARRIVED, standing(UNSEEN)], "cannot tell"),
        ([ARRIVED, standing(why=validity.NOT_KEPT)], "cannot tell"),
        ([ARRIVED, UNREAD, standing()], "cannot tell"),
        ([LOST, standing(UNSEEN)], "failed"),
        ([LOST, standing(why=validity.NONE_KNOWN)], "failed"),
        # Before phase 05 there is nothing that it could be compared with; the alert itself came.
        ([ARRIVED, standing(why=validity.NONE_KNOWN)], "passed"),
    ],
)
def test_log_and_evidence_say_the_same_verdict_and_why(monkeypatch, checks, verdict):
    monkeypatch.setattr(drill_log.latency, "until_last", lambda *_: 1.0)
    monkeypatch.setattr(drill_log.latency, "topics_lost", lambda _: [])
    found = drill_command.verdict("crisis", checks)
    assert found["status"] == drill_log.row("r", DRILL, checks, "who")["verdict"] == verdict
    open_ones = [check.found for check in checks if check.status in ("cannot tell", "not applied")]
    assert (found["found"] == "") is (verdict == "passed" and not open_ones)
    if verdict == "cannot tell" or (verdict == "passed" and open_ones):
        assert all(said in found["found"] for said in open_ones)


@pytest.fixture
def drilled(settings, record, tmp_path, monkeypatch):
    """The command in a run that wrote its listeners, and what the log holds after it ended by this."""
    run, log = connected_run.of(connected(settings), record), Record(tmp_path / "drills", "drills")
    monkeypatch.setattr(drill_command.session, "begin_with", lambda _: run)
    monkeypatch.setattr(drill_command.validity, "latest", lambda _: Validity("r1", "2026-01-01", "2026-01-02", (), ""))
    monkeypatch.setattr(drill_command.drill_log, "open_log", lambda _: log)

    def ends_by(error, begun=True):
        def run_it(*_):
            if begun:
                record.append(LOG, entry("05", Change(Topic(run.live, "t"), None, {}), WriteState.INTENDED))
            raise error

        monkeypatch.setattr(drill_command.drill_runner, "run", run_it)
        ended = CliRunner().invoke(main, ["drill", "local"])
        return ended.exit_code, log.rows(drill_log.LOG)

    return ends_by


@pytest.mark.parametrize(
    ("error", "says_so"),
    [
        (NotAsWanted("AWS refused"), "AWS refused"),
        (KeyboardInterrupt(), "interrupted"),
        # What nobody foresaw, as well: by then people may have been paged.
        (says("ThrottlingException"), "ThrottlingException"),
        (ZeroDivisionError("none"), "ZeroDivisionError: none"),
    ],
)
def test_whatever_breaks_a_drill_off_is_in_its_log(drilled, record, error, says_so):
    code, (row,) = drilled(error)
    assert code != 0
    assert row["verdict"] == "failed"
    assert says_so in row["failed"][0]
    assert record.read_json(drill_command.BROKEN_OFF)["failed"] == row["failed"]


def test_what_was_refused_before_anything_began_was_no_drill(drilled):
    assert drilled(Refused("not approved"), begun=False)[1] == []


def test_a_drill_that_nobody_could_evaluate_is_in_its_log(drilled, monkeypatch, record):
    rows = drilled(ZeroDivisionError(), begun=False)[1]
    assert len(rows) == 1
    monkeypatch.setattr(drill_command.drill_runner, "run", lambda *_: None)

    def refused(*_):
        raise NotAsWanted("its subscribers could not be listed")

    monkeypatch.setattr(drill_command.validation, "rows", refused)
    assert CliRunner().invoke(main, ["drill", "local"]).exit_code == 1
    log = drill_command.drill_log.open_log(None)
    assert log.rows(drill_log.LOG)[-1]["failed"] == ["its subscribers could not be listed"]
