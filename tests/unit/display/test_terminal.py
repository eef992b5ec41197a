"""What the command prints of checks, a rollback, a drill and a validation: what failed first, many good ones apart."""

import pytest
from doctored import ASKED

from lib.checks import Check, Status
from lib.display import terminal
from lib.phases.doctor.findings import Finding
from lib.phases.validity import Validity
from lib.telemetry.configuration.facts import Difference, Meaning
from lib.values.check_registry import Id


def test_what_differs_since_a_validation_is_said_whole_and_the_worst_first(capsys):
    told = Difference("topic T: subscribers", "12", Meaning.TOLD, "also sqs abc")
    failed = Difference("rule R: state", "12", Meaning.FAILED, f"{'x' * 200} ENABLED -> DISABLED")
    terminal.validity(Validity("r1", "then", "now", (told, failed)))
    said = capsys.readouterr().out
    assert said.index("✗ failed") < said.index("○ told")
    assert "ENABLED -> DISABLED" in " ".join(said.split())


def checks(passed, *others):
    every = [*[Status.PASSED] * passed, *others]
    return [Check(Id.AS_WANTED, f"c{at}", status, "f", "e") for at, status in enumerate(every)]


def test_many_that_passed_are_counted_and_none_that_did_not_is_left_out(capsys):
    terminal.checks("Drill", checks(30, Status.FAILED, Status.CANNOT_TELL))
    said = capsys.readouterr().out
    assert said.index("c30") < said.index("c31") and "│ c1 " not in said
    assert "✓ passed: 30 more checks, all of them in the record" in said


def test_few_that_passed_are_shown(capsys):
    terminal.checks("Drill", checks(3, Status.FAILED))
    said = capsys.readouterr().out
    assert said.index("c3") < said.index("c0") and "more checks" not in said


def test_a_ledger_has_what_failed_first(record, capsys):
    rows = [{"what": "a", "outcome": "undone"}, {"what": "b", "outcome": "failed: why"}]
    record.keep_json("evidence/rollback.json", rows)
    terminal.ledger(record)
    said = capsys.readouterr().out
    assert said.index("✗ failed: why") < said.index("✓ undone")


@pytest.mark.parametrize(
    ("reached", "why", "said"),
    [
        ({"trusted": 1.24, "operations": None}, "late", "trusted reached in 1.2 s, operations NOT reached; late"),
        ({}, "", ""),
    ],
)
def test_a_drill_ends_with_one_line(reached, why, said, capsys):
    terminal.drill_verdict("crisis", Status.FAILED, why, reached)
    assert capsys.readouterr().out == f"✗ failed: drill crisis{'; ' if said else ''}{said}\n"


def test_the_worst_is_read_first(capsys):
    given = (Status.PASSED, Status.NOT_EXERCISED, Status.CANNOT_TELL, Status.FAILED)
    terminal.findings([Finding(ASKED, status, "") for status in given])
    said = capsys.readouterr().out
    assert sorted(given, key=said.index) == [*reversed(given)]
