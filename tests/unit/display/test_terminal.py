"""What the command prints of checks, a rollback, a drill and a validation: what failed first, many good ones apart."""

import pytest
from doctored import ASKED

from lib.checks import Check, Status
from lib.display import terminal
from lib.phases.doctor.findings import Finding
from lib.phases.validity import Validity
from lib.record.run_phases import Phase
from lib.telemetry.configuration.facts import Difference, Meaning
from lib.values.check_registry import Id
from lib.values.modes import Mode
from lib.values.verdicts import Verdict


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


def test_a_long_ledger_shows_what_is_not_back_and_counts_the_rest(record, capsys):
    outcomes = [
        *["is as recorded already"] * 11,
        "undone; published versions stay",
        "kept: it has 1 subscriber",
        "2 of",
    ]
    record.keep_json("evidence/rollback.json", [{"what": f"t{n}", "outcome": one} for n, one in enumerate(outcomes)])
    counted = terminal.ledger(record)
    said = capsys.readouterr().out
    assert "• kept: it has 1 subscriber" in said and "t3" not in said
    assert "✓ undone: 1 more" in said and "= is as recorded already: 11 more, all of them in the record" in said
    assert counted == "1 to look at, 1 kept, 1 undone, 11 as recorded already"
    terminal.undone(record, Phase("90", "90_rollback", Verdict.SUCCEEDED), counted, Mode.APPLY)
    assert (
        f"✓ succeeded: rollback of run {record.run_id}: 1 to look at, 1 kept, 1 undone, 11 as"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("came", "why", "said"),
    [
        ({"trusted": 1.24, "operations": None}, "late",
         "trusted topic had its alert in 1.2 s, operations topic had NO alert; late"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_a_drill_ends_with_one_line(came, why, said, capsys):
    terminal.drill_verdict("crisis", Status.FAILED, why, came)
    assert capsys.readouterr().out == f"✗ failed: drill crisis{'; ' if said else ''}{said}\n"


def test_the_worst_is_read_first(capsys):
    given = (Status.PASSED, Status.NOT_EXERCISED, Status.CANNOT_TELL, Status.FAILED)
    terminal.findings([Finding(ASKED, status, "") for status in given])
    said = capsys.readouterr().out
    assert sorted(given, key=said.index) == [*reversed(given)]


def test_the_end_of_a_run_says_what_waits_for_a_person_and_when_that_was_so(record, capsys):
    told = {"id": "operations.subscribers", "name": "operations subscribers", "status": "waiting", "expected": ""}
    asked = {"phase": "01", "time": "2026-01-01T02:41:00+00:00", "found": "0 confirmed: A PAGE REACHES NOBODY"}
    record.append("checks.jsonl", told | asked)
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": []})
    terminal.summary(record, [Phase("01", "01_infrastructure", Verdict.SUCCEEDED)], [])
    said = (
        "waiting: operations subscribers: 0 confirmed: A PAGE REACHES NOBODY, as phase 01 found it at 2026-01-01 02:4"
    )
    assert said in " ".join(capsys.readouterr().out.split())
