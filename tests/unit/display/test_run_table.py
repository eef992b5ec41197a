"""The status of one run: what another machine signed or watched is said here as well, and what cannot be read is."""

from dataclasses import replace

import pytest
from buckets import RUN, a_run, run_says

from lib.display import console, run_table
from lib.phases.review import signature
from lib.phases.review.signature import Decision, Signature
from lib.phases.watch import checkpoint_rows
from lib.record import run_index, sealing
from lib.record.records import CRITERIA, LOG, MANIFEST, VERDICT, Record, Run
from lib.record.run_phases import Phase
from lib.record.seals import seal_chain
from lib.record.seals.seal_chain import State
from lib.record.stored import run_copies
from lib.settings import load
from lib.values.run_names import COPIES
from lib.values.verdicts import Verdict

PASSED = [{"name": "1", "status": "passed"}]
BEGUN = {
    "row": "watch begun", "time": "2026-01-01T00:00:00+00:00", "since": "2026-01-01T00:00:00+00:00",
    "for_seconds": 86400, "every_seconds": 900, "caller": "jane",
}  # fmt: skip


@pytest.fixture
def here(tmp_path):
    return load("local", {"outputs_dir": str(tmp_path / "ours")})


@pytest.fixture
def status(here, ours):
    """What the status of the run says on our machine, which looked into the store just now."""

    def said():
        copy = Record(here.runs_folder / COPIES / RUN, RUN)
        run_copies.copy_telling(copy, ours.shelf, ours.shelf.stored())
        with console.console.capture() as printed, console.errors.capture() as complained:
            run_table.one_run(Run(here, Record(ours.folder, RUN)))
        return " ".join((printed.get() + complained.get()).split())

    return said


def sign(record, decision, comment=""):
    signature.sign(Run(load("local"), record), Signature("Sam Roe", decision, comment, "arn:x"))


@pytest.fixture
def accepted(ours, theirs):
    """A run that we accepted, closed on both machines."""
    record = a_run(ours)
    record.keep_json(CRITERIA, PASSED)
    run_says(record, "T1", closing=False)
    sign(record, Decision.ACCEPT)
    sealing.seal(record)
    sealing.seal(theirs.again())
    return record


def test_what_another_machine_rejected_is_not_accepted_any_more(accepted, theirs, status):
    assert "Review: accepted by Sam Roe" in status()
    sign(theirs.again(), Decision.REJECT, "ten drills are few")
    sealing.seal(theirs.record)
    assert "Review: REJECTED by Sam Roe" in status()


def test_a_review_and_a_watch_of_another_machine_are_said(accepted, theirs, status):
    theirs.again().keep_json(CRITERIA, [{"name": "1", "status": "failed"}])
    theirs.record.append(checkpoint_rows.LOG, BEGUN)
    sealing.seal(theirs.record)
    assert "A LATER REVIEW IS NOT SIGNED" in status() and "The newest review: 1: failed" in status()
    assert "Watch: 0 checkpoints of 97 planned" in status()


def test_of_what_somebody_put_into_the_store_or_took_out_of_it_nothing_is_believed_and_that_is_said(
    accepted, theirs, status, s3
):
    sign(theirs.again(), Decision.REJECT, "ten drills are few")
    sealing.seal(theirs.record)
    key = f"p/local/{RUN}/{signature.LOG}"
    whole = s3.objects[key]
    s3.objects[key] = whole.replace(b"reject", b"accept")
    assert f"not as it was sealed ({signature.LOG}: edited)" in status()


def test_a_store_whose_newest_seals_were_cut_off_tells_nothing_that_is_not_here(accepted, status, s3, here, ours):
    before = dict(s3.objects)
    sign(ours.again(), Decision.REJECT, "ten drills are few")
    sealing.seal(ours.record)
    keys = [f"p/local/{RUN}/{name}" for name in (MANIFEST, signature.LOG, LOG)]
    stored = seal_chain.from_text(before[keys[0]].decode())
    opened = [seal for seal in stored.seals if seal.state is not State.CLOSED]
    s3.objects[keys[0]] = replace(stored, seals=tuple(opened)).to_text().encode()
    s3.objects[keys[1]] = before[keys[1]] * 3
    s3.objects[keys[2]] += b'{"name": "z"}\n'
    assert "Review: REJECTED" in status()
    assert run_index.latest_of_each(run_index.all_records(here))[0].folder == ours.folder


@pytest.mark.parametrize("row", [{}, {"decision": "maybe", "by": 1, "time": 1}, {"row": "no kind"}])
@pytest.mark.parametrize("name", [signature.LOG, checkpoint_rows.LOG])
def test_a_row_that_cannot_be_read_is_said_and_accepts_nothing(name, row, accepted, ours, status):
    ours.again().append(name, row)
    sealing.seal(ours.record)
    said = status()
    assert "CANNOT BE READ" in said
    assert ("Review: accepted" in said) == (name != signature.LOG)


@pytest.mark.parametrize(("store", "said"), [("", "and no record_store tells"), ("s3://b/p", "nor in s3://b/p.")])
def test_that_no_run_is_known_is_said_with_where_was_looked(store, said, here):
    with console.console.capture() as printed:
        run_table.all_runs(here.model_copy(update={"record_store": store}))
    assert f"No run of local is recorded in {here.runs_folder}, {said}" in printed.get()


def test_a_rollback_that_failed_is_said_with_its_reason(accepted, status):
    failed = Phase("90", "90_rollback", Verdict.FAILED, error="Refused: rule X was changed since")
    accepted.write_json(VERDICT, {**accepted.verdict(), "rollback": failed.to_row()})
    said = status()
    assert "rollback failed" in said
    assert "90_rollback" in said and "Refused" in said.split("90_rollback")[1], said
