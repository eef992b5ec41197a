"""The command `runbook watch` around its loop: what it refuses, how it ends, what it prints. No AWS, no real time."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from fakes import World
from machines import connected
from simulated import START, Time
from watched_account import WatchedAccount

from lib.cli.change_commands import main
from lib.cli.review import watch_command
from lib.errors import NotAsWanted, Unreachable, Unrecorded
from lib.phases.review import request
from lib.phases.watch import checkpoint, reader, summary
from lib.phases.watch.checkpoint import Asked
from lib.phases.watch.checkpoint_journal import LOG
from lib.record.run_phases import REVIEW
from lib.resources.connected_run import ConnectedRun
from lib.settings import load

S = load("local")


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def aws(time):
    return WatchedAccount(time, S)


@pytest.fixture
def typed(aws, time, record, monkeypatch):
    """`typed("--for", "30m")`: what the command does with this run, by simulated time; and which reviews it made."""
    reviews = []

    def questions(run):
        asked = reader.questions(run)
        return {**asked, Asked.CRITERIA: lambda span: checkpoint.Reading([])}

    def reviewed(chosen, number, prepare):
        prepare(record)
        reviews.append(number)
        return 0

    live = replace(connected(S, **aws.clients()), sleep=time.pass_by, clock=lambda: time.ran)
    run = ConnectedRun(S, record, World(), World().lock, live)
    monkeypatch.setattr(watch_command, "Reader", lambda run: reader.Reader(run, questions))
    monkeypatch.setattr(watch_command, "_now", lambda: time.wall)
    monkeypatch.setattr(watch_command, "change_moment", lambda run: None)
    monkeypatch.setattr(watch_command.session, "reopen_with", lambda chosen: run)
    monkeypatch.setattr(watch_command.read_commands, "run_again", reviewed)

    def command(*words):
        return CliRunner().invoke(main, ["watch", "local", record.run_id, *words])

    command.reviews, command.run = reviews, run
    return command


def test_a_quiet_watch_ends_with_its_review_and_with_0(typed, record):
    ended = typed("--for", "30m", "--every", "15m")
    assert (ended.exit_code, typed.reviews) == (0, [REVIEW]), ended.output
    assert "3 checkpoints of 3 planned" in ended.output and "no gap; nothing broke" in ended.output
    assert len(record.rows(LOG)) == 5


def test_its_review_looks_at_all_of_the_time_whatever_an_earlier_one_was_asked_for_and_never_made(typed, record, time):
    request.keep(record, request.parse("2026-11-28T11:00", "2026-11-28T11:01", time.wall))
    assert typed("--for", "15m").exit_code == 0
    asked = request.latest(record)
    assert (asked.since, asked.until) == (None, None)


def test_what_broke_is_1_and_the_review_is_made_all_the_same(typed, aws):
    aws.queues[S.events_dead_letter_queue_name] = 2
    ended = typed("--for", "15m")
    assert (ended.exit_code, typed.reviews) == (1, [REVIEW])
    assert "operations were told that it is broken: watch: queue" in ended.output
    assert "NotAsWanted: while this run was watched it broke: watch: queue" in ended.stderr
    assert "2 messages, limit 0 messages" in ended.stderr


def test_what_an_earlier_watch_left_broken_is_said_of_a_run_whose_later_one_found_nothing(typed, aws, record):
    aws.queues[S.events_dead_letter_queue_name] = 2
    assert typed("--for", "15m").exit_code == 1
    aws.queues[S.events_dead_letter_queue_name] = 0
    assert typed("--for", "15m").exit_code == 0
    watched = summary.of_run(record)
    assert watched and "nothing broke; an earlier watch ended with watch: queue" in watched.said


def test_a_review_that_did_not_succeed_is_the_end_of_a_quiet_watch_too(typed, monkeypatch):
    monkeypatch.setattr(watch_command.read_commands, "run_again", lambda chosen, number, prepare: 1)
    assert typed("--for", "15m").exit_code == 1


def test_a_review_that_is_not_possible_is_said_with_the_way_on(typed, monkeypatch):
    def away(chosen, number, prepare):
        raise Unreachable("no answer while connecting")

    monkeypatch.setattr(watch_command.read_commands, "run_again", away)
    ended = typed("--for", "15m")
    assert ended.exit_code == Unreachable.exit_code
    assert "The watch could not end with its review. Go on: runbook review local" in ended.output
    assert "Unreachable: no answer while connecting" in ended.stderr


def test_a_store_that_is_away_at_the_end_takes_nothing_from_what_was_watched(typed, monkeypatch):
    @contextmanager
    def sealing(record):
        yield
        raise Unrecorded("the store does not answer")

    monkeypatch.setattr(watch_command.runner, "sealed_run", sealing)
    ended = typed("--for", "15m")
    assert (ended.exit_code, typed.reviews) == (0, [REVIEW])
    assert "Unrecorded: the store does not answer" in ended.stderr and "nothing broke" in ended.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--for", "0h"], "--for 0h is no time at all"),
        (["--every", "-15m"], r"--every '-15m': expected a number and s, m, h or d"),
        (["--for", "soon"], "--for 'soon': expected a number"),
        (["--for", "5m"], "--every 15m is longer than --for 5m"),
    ],
)
def test_a_time_that_cannot_be_is_one_sentence_before_anything_is_asked(typed, monkeypatch, record, words, said):
    monkeypatch.setattr(watch_command.session, "reopen_with", lambda chosen: pytest.fail("it asked the account"))
    ended = typed(*words)
    assert (ended.exit_code, said in ended.stderr, record.rows(LOG)) == (2, True, [])


def test_data_is_one_json_text(typed, aws):
    aws.queues[S.events_dead_letter_queue_name] = 2
    ended = typed("--for", "15m", "--json")
    data = json.loads(ended.stdout)
    assert set(data) == {
        "run_id", "begun", "until", "end", "checkpoints", "planned", "gaps", "put_back", "breaks", "unread", "review",
        "planned_first_seconds", "left_broken", "unreadable_rows", "untold",
    }  # fmt: skip
    assert (data["checkpoints"], data["review"], data["breaks"][0]["told"]) == (2, "made", ["broken"])


def test_quiet_says_what_broke_and_what_came_of_it(typed, aws):
    aws.queues[S.events_dead_letter_queue_name] = 2
    ended = typed("--for", "15m", "-q")
    lines = ended.stdout.splitlines()
    assert not any("checkpoint of" in line for line in lines)
    assert any(line.startswith("✗ failed: watch: queue") for line in lines) and lines[-1].startswith("Watch of run")


def test_who_stops_it_gets_130_and_the_command_that_goes_on(typed, time, record):
    def stop(_):
        raise KeyboardInterrupt

    time.at[START + timedelta(minutes=20)] = stop
    ended = typed("--for", "1h")
    assert (ended.exit_code, typed.reviews) == (130, [])
    assert f"Stopped: nobody watches from now on. Go on: runbook watch local {record.run_id} --for 1h" in ended.output
    assert record.rows(LOG)[-1]["why"] == "stopped by hand"
    cut_short = typed("--for", "45m")
    assert cut_short.exit_code == 0 and "SHORTER than the 1h that it was begun for" in cut_short.output
    assert [row["row"] for row in record.rows(LOG)].count("watch begun") == 1


def test_a_run_is_watched_by_one_process_of_a_machine(typed, monkeypatch, record):
    monkeypatch.setattr(watch_command.writers, "others", lambda place, *_: place.name.endswith(".watch"))
    ended = typed("--for", "15m")
    assert (ended.exit_code, record.rows(LOG)) == (3, [])
    assert "another process of this machine watches run" in ended.stderr


def test_a_change_that_nobody_can_date_begins_one_interval_back(typed, monkeypatch, record):
    def unknown(run):
        raise NotAsWanted("AWS refused")

    monkeypatch.setattr(watch_command, "change_moment", unknown)
    typed("--for", "15m")
    assert record.rows(LOG)[0]["since"][11:16] == "11:45"


def test_the_status_of_a_run_says_what_its_watch_did_and_that_nobody_watched_it(typed, record, monkeypatch):
    monkeypatch.setattr("lib.cli.read_commands.session.open_to_read", lambda chosen: record)
    record.write_json("run.json", {"verdict": "succeeded", "mode": "apply", "phases": []})
    record.keep_json("evidence/criteria.json", [])
    runner = CliRunner()
    before = runner.invoke(main, ["status", "local", record.run_id])
    assert "Watch: nobody watched this run" in before.output
    typed("--for", "15m")
    after = runner.invoke(main, ["status", "local", record.run_id])
    assert "Watch: 2 checkpoints of 2 planned" in after.output
    data = json.loads(runner.invoke(main, ["status", "local", record.run_id, "--json"]).stdout)
    assert data["watched"]["checkpoints"] == 2
