"""Planted incidents by simulated time: each is called out within one interval, as docs/reliability.md says.

The first half of the watch is quiet in each of them, and is told so.
"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import World
from machines import connected
from simulated import START, Account, Time, kinds, rows_of, watch
from watched_account import FORECAST, WatchedAccount

from lib.definitions import loader
from lib.phases.watch import breaks, reader, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked, Reading
from lib.phases.watch.reader import Reader
from lib.resources.connected_run import ConnectedRun
from lib.routes import LOW_SENTIMENT_RULE, Route
from lib.settings import ROOT, load

INCIDENT = START + timedelta(minutes=20)
HEADING = "## What breaks, and what a watch says"
S = load("local")


def after(change):
    """The same check-ins, but for those that begin once the incident has begun."""
    return lambda one: change(one) if one.began >= INCIDENT else one


def failure_burst(aws):
    aws.changed = after(lambda one: replace(one, status="FAILED"))


def dead_dispatcher(aws):
    del aws.functions[S.dispatcher_function_name]


def failing_dispatcher(aws):
    aws.counted[S.dispatcher_function_name, "Errors"] = [INCIDENT + timedelta(minutes=2)]


def disabled_rule(aws):
    aws.rules_off[LOW_SENTIMENT_RULE] = "disabled"


def slow_crisis_path(aws):
    aws.changed = after(lambda one: replace(one, seconds=100.0) if one.route is Route.CRISIS else one)


def silence(aws):
    aws.changed = after(lambda one: None)


def muted_subscriber(aws):
    aws.subscribers[S.ops_topic_name][0] = {"FilterPolicy": '{"nobody": ["sends this"]}'}


def filling_queue(aws):
    aws.queues[S.events_dead_letter_queue_name] = 3


def failed_notification(aws):
    aws.counted[S.ops_topic_name, "NumberOfNotificationsFailed"] = [INCIDENT + timedelta(minutes=2)]


def busy_route(aws):
    # From the beginning of the interval on: of two thirds of one, chance alone brings as much now and then.
    since = START + timedelta(minutes=15)
    busier = lambda one: replace(one, route=Route.PROACTIVE) if one.name.endswith("7") else one  # noqa: E731
    aws.changed = lambda one: busier(one) if one.began >= since else one


def alarm_in_alarm(aws):
    aws.alarms[f"{S.state_machine_name}-unscored"] = "ALARM"


def alarm_for_a_while(aws):
    at = INCIDENT + timedelta(minutes=2)
    aws.history.append((at, f"{S.state_machine_name}-unscored", "ALARM", "Threshold Crossed"))


# As the table calls it: how it is planted, and the criterion that breaks.
INCIDENTS = {
    "a burst of failures": (failure_burst, "watch: check-ins that fail"),
    "the dispatcher is gone, or may not run": (dead_dispatcher, f"watch: function {S.dispatcher_function_name}"),
    "the dispatcher fails": (failing_dispatcher, f"watch: function {S.dispatcher_function_name}"),
    "a rule is disabled, or has no target": (disabled_rule, f"watch: rule {LOW_SENTIMENT_RULE}"),
    "the crisis path is slow": (slow_crisis_path, "watch: real crises alert in time"),
    "silence": (silence, "watch: check-ins come"),
    "a subscriber is muted": (muted_subscriber, f"watch: subscribers of {S.ops_topic_name}"),
    "a notification fails, or goes into a queue": (failed_notification, f"watch: notifications of {S.ops_topic_name}"),
    "a dead-letter queue fills": (filling_queue, f"watch: queue {S.events_dead_letter_queue_name}"),
    "a route is twice as busy as forecast": (busy_route, "watch: routes as busy as forecast"),
    "an alarm is in alarm": (alarm_in_alarm, f"watch: alarm {S.state_machine_name}-unscored"),
    "an alarm went off and is quiet again": (alarm_for_a_while, f"watch: alarm {S.state_machine_name}-unscored"),
}  # fmt: skip


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
    plant, criterion = INCIDENTS[what]
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


# The table in the docs.


def alarm_names():
    return {Path(file).stem for file in loader.alarms()}


def table():
    """The rows of the table: what breaks, which criterion, within what, which alarms."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]


def test_the_table_in_the_docs_has_a_row_for_each_incident_that_is_planted_here():
    assert [row[0] for row in table()] == list(INCIDENTS)


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0])
def test_a_row_of_the_table_names_the_criterion_that_breaks_and_alarms_that_there_are(row):
    what, criterion, within, alarms = row
    named = criterion.strip("`").removesuffix("NAME")
    assert INCIDENTS[what][1].startswith(named)
    assert within.startswith("one interval")
    assert alarms in ("none", "the alarm itself") or alarms.strip("`") in alarm_names()
