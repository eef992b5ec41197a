"""Which command comes next, by what was planned; and what a review is asked to look at."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from fakes import World

from lib.changes import engine
from lib.changes.plans import Plan
from lib.cli import read_commands
from lib.cli.app import main
from lib.errors import NotAsWanted
from lib.phases import session
from lib.phases.review import request
from lib.record import records
from lib.record.records import Run
from lib.resources.topics import Subscription
from lib.settings import load


def test_the_next_command_carries_out_what_was_planned(planned):
    chosen = load("local")
    assert read_commands.next_command(chosen, planned, "plan-1") == "runbook apply local"
    assert read_commands.next_command(chosen, [], "plan-1") == "runbook drill local"
    approved = 'runbook apply prod --approved-plan plan-1 --approved-by "$APPROVER" --change-ticket "$TICKET"'
    assert read_commands.next_command(load("prod"), planned, "plan-1") == approved


@pytest.mark.parametrize(
    ("left", "words"),
    [(["02", "05"], "apply local --from 02 --set run_id=r1"), (["05"], "apply local"), ([], "apply local")],
)
def test_what_the_newest_run_left_goes_on_in_its_record(left, words, planned):
    run_id = "r1" if left else ""
    assert {plan.phase for plan in planned if plan.pending} == {"02"}
    assert read_commands.next_command(load("local"), planned, "p", run_id, left) == f"runbook {words}"
    nothing = f"apply local --from {left[0]} --set run_id=r1" if left else "drill local"  # as 05 writes nothing
    assert read_commands.next_command(load("local"), [], "p", run_id, left) == f"runbook {nothing}"


@pytest.mark.parametrize(("protocol", "more"), [("email", " --to 03"), ("sqs", "")])
def test_a_subscription_that_a_person_must_confirm_comes_before_what_needs_it(protocol, more, live):
    made = replace(World().wanted(x=1)[0], resource=Subscription(live, "t", protocol, "a"))
    change = replace(engine.plan("02", World().wanted(x=1)).changes[0], resource=made.resource)
    assert read_commands.next_command(load("local"), [Plan("01", (change,))], "p") == f"runbook apply local{more}"


def review(monkeypatch, tmp_path, *words):
    """What the command says, and what the record then asks the review to look at; no notebook is executed."""
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1"})
    record, asked = records.open_run(chosen), []
    monkeypatch.setattr(session, "reopen_with", lambda _: Run(chosen, record))

    def execute(run, number, notebook):
        asked.append(request.latest(record))
        raise NotAsWanted("no notebook is executed here")

    monkeypatch.setattr(read_commands.notebooks, "execute", execute)
    return CliRunner().invoke(main, ["review", "local", "r1", *words]), asked


def test_a_review_is_asked_for_a_time_by_its_options(monkeypatch, tmp_path):
    _, (asked,) = review(monkeypatch, tmp_path, "--since", "2026-01-31T18:00+01:00", "--until", "2026-02-01")
    assert f"{asked.since:%Y-%m-%d %H:%M %Z}" == "2026-01-31 17:00 UTC"
    assert f"{asked.until:%Y-%m-%d %H:%M}" == "2026-02-01 00:00"
    _, (asked,) = review(monkeypatch, tmp_path)
    assert (asked.since, asked.until) == (None, None)


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--since", "2026-02-01", "--until", "2026-01-31")])
def test_a_time_that_is_none_is_refused_before_a_run_is_opened(words, monkeypatch, tmp_path):
    ended, asked = review(monkeypatch, tmp_path, *words)
    assert (ended.exit_code, asked) == (2, [])
    assert "--since" in ended.output and "expected" in ended.output
