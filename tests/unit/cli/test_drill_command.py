"""A drill's verdict: what nobody can tell is no pass, and is counted on its own. No AWS."""

import pytest

from lib.checks import Check
from lib.cli import drill_command
from lib.drills import drill_log
from lib.phases import validity
from lib.phases.validity import Validity
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
