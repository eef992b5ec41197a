"""When a run began and how long it took, as its verdict is written by one command after another."""

from datetime import UTC, datetime

from lib.record import run_verdict
from lib.record.records import Record, Run
from lib.record.run_phases import Phase
from lib.settings import load


def told(tmp_path, mode, started, *phases_done):
    """`run.json` after another command of the same run, which began then."""
    record = Record(tmp_path, "r1")
    run_verdict.write_verdict(Run(load("local", {"mode": mode}), record), list(phases_done), started, None)
    return record.verdict()


def test_a_run_that_is_gone_on_with_began_when_it_first_did_and_took_as_long_as_its_phases(tmp_path):
    first, next_day = datetime(2026, 1, 1, 2, 40, tzinfo=UTC), datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    done = Phase("01", "01_infrastructure", "succeeded", seconds=40.0)
    told(tmp_path, "apply", first, done, Phase("02", "02_iam_permissions", "failed", seconds=8.0))
    verdict = told(tmp_path, "apply", next_day, Phase("02", "02_iam_permissions", "succeeded", seconds=9.5))
    assert (verdict["started"], verdict["seconds"]) == ("2026-01-01T02:40:00+00:00", 49.5)


def test_a_run_that_applies_began_with_that_and_not_with_what_was_only_planned(tmp_path):
    planned, applied = datetime(2026, 1, 1, 2, 40, tzinfo=UTC), datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    told(tmp_path, "plan", planned, Phase("01", "01_infrastructure", "succeeded", seconds=40.0))
    verdict = told(tmp_path, "apply", applied, Phase("01", "01_infrastructure", "succeeded", seconds=9.5))
    assert (verdict["started"], verdict["seconds"]) == ("2026-01-02T09:00:00+00:00", 9.5)
