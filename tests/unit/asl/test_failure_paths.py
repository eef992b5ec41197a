"""Which failures lead to each task, as few as possible."""

from lib import settings
from lib.asl import failure_paths
from lib.definitions import templates
from lib.phases.proofs import failure_tests

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)


def test_each_task_is_reached_after_as_few_failures_as_possible():
    found = failure_paths.reach(PLAIN, failure_tests.starts(LOCAL))
    before = {task: {way.before for way in ways} for task, ways in found.items()}
    assert len(found) == 19
    assert before["ProcessCheckin"] == before["SendStandardEvent"] == {frozenset()}
    assert before["CrisisProtocol / TellContactsInstead"] == {frozenset({"CrisisProtocol / TellOperations"})}
    assert before["TellContactsOfAlert"] == {
        frozenset({event}) for event in ("SendHighRiskEvent", "SendStandardEvent", "SendProactiveEvent")
    }
    (last,) = before["LastResortContacts"]
    assert len(last) == 4
