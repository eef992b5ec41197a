"""Planted incidents by simulated time: each is called out within one interval, as docs/reliability.md says.

The first half of the watch is quiet in each of them, and is told so.
"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import World
from incidents import INCIDENT, INCIDENTS, busy_route, documented, failure_burst, filling_queue, slow_crisis_path
from machines import connected
from simulated import START, Account, Time, kinds, rows_of, watch
from watched_account import FORECAST, WatchedAccount

from lib.definitions import loader
from lib.phases.watch import breaks, reader, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked, Reading
from lib.phases.watch.reader import Reader
from lib.resources.connected_run import ConnectedRun
from lib.settings import load

S = load("local")


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def aws(time, record):
    record.keep_text("evidence/backtest.csv", FORECAST)
    return WatchedAccount(time, S)


def watched(record, time, aws, minutes=60):
    """The rows of a watch over this account; all is asked but the plan's criteria, which need a whole run."""
    run = ConnectedRun(S, record, World(), World().lock, connected(S, **aws.clients()))
    asking = reader.questions(run)
    asking[Asked.CRITERIA] = lambda span: Reading([])
    account = Account(takes_news=lambda: None)
    account.tell = Reader(run).tell
    return watch(record, time, account, length=timedelta(minutes=minutes), questions=asking)


@pytest.mark.parametrize("what", INCIDENTS)
def test_an_incident_is_called_out_within_one_interval_and_operations_are_told(what, record, time, aws):
    plant, criterion, _ = INCIDENTS[what]
    aws.per_minute = {busy_route: 40, slow_crisis_path: 4}.get(plant, aws.per_minute)
    time.at[INCIDENT] = lambda _: plant(aws)
    rows = watched(record, time, aws, minutes=30)
    every = breaks.every_break(rows)
    assert criterion in [one.name for one in every]
    assert {one.since[11:16] for one in every} == {"12:30"}  # nothing before it, and at the next checkpoint
    (about,) = [one for one in aws.published if criterion in one["Message"]]
    assert about["Subject"].startswith("[WATCH] BROKEN: watch: ")
    assert about["TopicArn"] == S.ops_topic_arn
    assert f"run {record.run_id} of local" in about["Message"]
    assert re.search(r"(?m)^value: .+\nlimit: .+$", about["Message"])
    # Whoever is to be reached is named where the record is, and in no mail.
    (one,) = [one for one in every if one.name == criterion]
    names_people = plant in (failure_burst, slow_crisis_path)
    assert bool(re.search(r"checkin-\d", one.value)) is names_people
    assert bool(re.search(r"checkin-\d", summary.of_run(record).said)) is names_people
    assert not [message for message in aws.published if "checkin-" in str(message)]
    assert f"look: runbook status {S.environment} {record.run_id}" in about["Message"]


def test_a_day_without_an_incident_is_quiet(record, time, aws):
    rows = watched(record, time, aws)
    assert breaks.every_break(rows) == [] and aws.published == []
    checks = [one for row in rows if row["row"] == Kind.CHECKPOINT for a in row["answers"] for one in a["checks"]]
    assert {one["status"] for one in checks} == {"passed"}, [one for one in checks if one["status"] != "passed"]
    summary.require_quiet(rows)


def test_what_happened_and_was_over_while_the_laptop_slept_is_called_out_afterwards(record, time, aws):
    burst = (START + timedelta(minutes=30), START + timedelta(minutes=70))
    aws.changed = lambda one: replace(one, status="FAILED") if burst[0] <= one.began < burst[1] else one
    time.at[START + timedelta(minutes=20)] = lambda one: one.suspend(timedelta(hours=2))
    rows = watched(record, time, aws, minutes=240)
    assert Kind.GAP in kinds(rows)
    said = [(one.name, one.value.partition(" check-ins")[0].partition(":")[0]) for one in breaks.every_break(rows)]
    assert said == [("watch: check-ins that fail", "80 of 252"), ("watch: real crises alert in time", "4 of 13")]


def test_one_question_that_is_denied_is_said_and_the_others_are_asked(record, time, aws):
    aws.denied.add("describe_alarms")
    rows = watched(record, time, aws)
    last = [row for row in rows if row["row"] == Kind.CHECKPOINT][-1]
    assert [one["asked"] for one in last["answers"] if one["error"]] == [Asked.ALARMS]
    assert len(last["answers"]) == len(Asked)


def test_a_denied_publish_is_in_the_record_and_tried_at_each_checkpoint(record, time, aws):
    aws.denied.add("publish")
    filling_queue(aws)
    watched(record, time, aws)
    tries = [row for row in rows_of(record) if row["row"] == Kind.ALERT]
    assert [row["published"] for row in tries] == [False] * 5
    assert tries[0]["error"].startswith("NotAsWanted: AWS refused while telling the operations topic of the watch")


def test_what_the_topic_takes_where_nobody_subscribes_was_told_to_nobody(record, time, aws):
    aws.subscribers[S.ops_topic_name] = [{"FilterPolicy": '{"nobody": ["sends this"]}'}]
    filling_queue(aws)
    rows = watched(record, time, aws, minutes=15)
    tries = [row for row in rows if row["row"] == Kind.ALERT]
    assert len(aws.published) == len(tries) == 4 and not any(row["published"] for row in tries)
    assert "no confirmed subscriber (0 confirmed, 1 filtered, 0 waiting), so that nobody hears" in tries[0]["error"]
    assert "not told to the operations topic: 2" in summary.of_run(record).said
    limits = {one.limit for one in breaks.every_break(rows) if "subscribers" in one.name}
    assert limits == {"at least one confirmed, without a filter"}  # and none was there when the watch began


# The table in the docs.


def alarm_names():
    return {Path(file).stem for file in loader.alarms()}


def test_the_table_in_the_docs_has_a_row_for_each_incident_that_is_planted_here():
    assert [row[0] for row in documented()] == list(INCIDENTS)


@pytest.mark.parametrize("row", documented(), ids=lambda row: row[0])
def test_a_row_of_the_table_names_the_criterion_that_breaks_and_alarms_that_there_are(row):
    what, criterion, within, alarms, _ = row
    named = criterion.strip("`").removesuffix("NAME")
    assert INCIDENTS[what][1].startswith(named)
    assert within.startswith("one interval")
    assert alarms in ("none", "the alarm itself") or alarms.strip("`") in alarm_names()
