"""Each incident of the table in the docs, planted in a stand-in account: the review's answer that names it says so."""

from dataclasses import replace
from datetime import timedelta

import incidents
import pytest
from drawn import words
from fakes import World
from incidents import INCIDENTS, S, busy_route, documented
from machines import connected
from reviewed_account import END, WINDOW, ReviewedAccount
from simulated import START, Time
from watched_account import FORECAST, CheckIn

from lib.display.charts import alert_charts, retry_chart
from lib.phases import validity
from lib.phases.review import alarm_rows, delivery_checks, forecast, glance, reading, retries
from lib.phases.validity import Validity
from lib.record.records import open_run
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.routes import ALERTING, Route
from lib.settings import load
from lib.telemetry import continuity
from lib.telemetry.configuration import messaging
from lib.telemetry.configuration.facts import Fact, Sense, compare_facts
from lib.telemetry.review_window import Cutover

# How each answers where nothing is wrong; of 5 % of a thousand check-ins, nobody can tell a small difference.
QUIET = {forecast.NAME: "cannot tell", "How many crises?": "cannot tell", glance.FUNCTIONS: "cannot tell"}
# And where its incident is planted: what is for a person to look at, or a failure.
PLANTED = {
    "silence": "cannot tell", "the workflow's log falls silent, or tells of errors alone": "cannot tell",
    "the dispatcher fails": "waiting", "a dead-letter queue fills": "waiting",
    "a route is twice as busy as forecast": "waiting", "an alarm went off and is quiet again": "waiting",
}  # fmt: skip


def answers(tmp_path, plant=lambda aws: None, window=WINDOW, per_minute=2):
    """What the review answers by name, also of the alarms that it lists, of an account in which this was planted."""
    settings = load("local", {"mode": "apply", "outputs_dir": str(tmp_path)})
    record = open_run(settings)
    record.keep_text(forecast.MOVES, FORECAST)
    of = {"start": "2026-11-01T00:00:00+00:00", "end": "2026-11-11T00:00:00+00:00", "routed": 1000, "recorded": 1000}
    record.keep_json(forecast.TOTALS, of)
    aws = ReviewedAccount(Time(END), settings, per_minute=4 if plant is busy_route else per_minute)
    run = ConnectedRun(settings, record, World(), World().lock, connected(settings, **aws.clients()))
    before = facts(run)
    plant(aws)
    read = reading.of_window(run, window, lambda: aws.time.wall)
    standing = Validity("r1", "2026-11-28T11:00:00+00:00", "", compare_facts(before, facts(run)))
    said = {
        one.name: (str(one.status), one.found) for one in (*read.undisturbed, *read.alerts, validity.check(standing))
    }
    said |= {one.question: (str(one.verdict), one.after) for one in glance.sparklines(read, 30.0)}
    return said | {f"alarm {row['what']}": (str(row["status"]), row["state now"]) for row in alarm_rows.rows(read)}


def facts(run):
    """What a validation reads of the operations topic, and of the filter on the log."""
    rows = [row for row in messaging.topic(run.live, S.ops_topic_name) if row.aspect == "confirmed subscribers"]
    counting = desired.metric_filter(run.live, desired.alarms(run.live)).resource
    filters = Fact(counting.name, "123", Sense.WHOLE, counting.read())
    return [*(Fact(row.aspect, "12", row.sense, row.read()) for row in rows), filters]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return answers(tmp_path_factory.mktemp("quiet"))


def test_an_account_in_which_all_is_well_is_told_so(quiet):
    bad = {name: said for name, said in quiet.items() if said[0] not in ("passed", QUIET.get(name, "passed"))}
    too_early = "time since the change that is looked at"
    assert set(bad) == {too_early}, bad


@pytest.mark.parametrize("what", INCIDENTS)
def test_the_review_names_each_incident_by_the_answer_that_the_table_says(what, tmp_path, quiet):
    plant, _, name = INCIDENTS[what]
    found = answers(tmp_path, plant)
    assert found[name][0] == PLANTED.get(what, "failed"), found[name]
    assert found[name] != quiet.get(name)


@pytest.mark.parametrize("row", documented(), ids=lambda row: row[0])
def test_a_row_of_the_table_names_that_answer(row):
    said = row[-1].strip("`")
    assert INCIDENTS[row[0]][2].replace(incidents.ALARM, "NAME") == said


def lost_at(end):
    """Plant: the last alert before this moment is matched by no rule, and all others are, also right behind it."""

    def plant(aws):
        sent = [aws.sent(one) for one in aws.check_ins() if one.route in ALERTING and aws.sent(one) <= end]
        aws.unmatched = {max(sent)}

    return plant


def test_of_a_time_that_ended_long_ago_no_later_alert_hides_one_that_was_lost_at_its_end(tmp_path):
    """So many check-ins that another crisis follows within the minutes in which the lost one might yet be counted."""
    ended = replace(WINDOW, end=END - timedelta(minutes=10))
    whole = answers(tmp_path, window=ended, per_minute=10)[delivery_checks.RECONCILED]
    lacking = answers(tmp_path, lost_at(ended.end), ended, per_minute=10)[delivery_checks.RECONCILED]
    assert (whole[0], lacking[0]) == ("passed", "cannot tell")


def lost_in_the_last_hour(aws):
    """Plant: one crisis of the last hour of the review that ends ten minutes ago is matched by no rule."""
    crises = [aws.sent(one) for one in aws.check_ins() if one.route is Route.CRISIS]
    aws.unmatched = {next(at for at in crises if at > END - timedelta(minutes=50))}


def test_a_time_that_ends_within_a_minute_counts_that_minute_once(tmp_path):
    """As one that another deployment ends: counted twice, its alerts would stand for one that was lost before."""
    ended = replace(WINDOW, end=END - timedelta(minutes=9, seconds=30))
    whole = answers(tmp_path, window=ended, per_minute=20)[delivery_checks.RECONCILED]
    lacking = answers(tmp_path, lost_in_the_last_hour, ended, per_minute=20)[delivery_checks.RECONCILED]
    assert whole == ("passed", "690 alerts of check-ins and 0 of drills since the change")
    assert lacking[0] == "cannot tell"


def test_what_was_counted_in_the_minute_of_the_change_before_it_stands_for_none_that_was_lost_hours_later(tmp_path):
    """So many alerts that some are sent at the turn of every hour: each may be counted in either of the two."""
    change = START + timedelta(seconds=59)
    changed = replace(WINDOW, change=Cutover(change, change, change), since=change)
    whole = answers(tmp_path, window=changed, per_minute=20)[delivery_checks.RECONCILED]
    lacking = answers(tmp_path, lost_in_the_last_hour, changed, per_minute=20)[delivery_checks.RECONCILED]
    assert lacking[0] == "cannot tell"
    assert whole == ("passed", "717 alerts of check-ins and 0 of drills since the change")


def as_aws_lists_them(aws, more):
    """Let Step Functions list this execution, too, and all by their end, as AWS does."""
    usual, listed = aws.check_ins, aws._list_executions
    aws.check_ins = lambda: [more, *usual()]

    def by_end(**asked):
        rows = listed(**asked)["executions"]
        return {"executions": sorted(rows, key=lambda row: row.get("stopDate") or row["startDate"], reverse=True)}

    aws._list_executions = by_end


def test_one_that_hung_since_long_before_and_just_ended_hides_none_that_failed(tmp_path):
    def plant(aws):
        incidents.failure_burst(aws)
        hours = timedelta(hours=30)
        as_aws_lists_them(aws, CheckIn("hung", END - hours, (hours - timedelta(minutes=5)).total_seconds(), "ABORTED"))

    found = answers(tmp_path, plant)[continuity.RATE]
    assert found[0] == "failed"
    assert found[1].startswith("before 240 of 240 (100.0%), after 40 of 480 (8.3%)")


def test_a_while_in_which_all_failed_is_no_success_at_a_glance(tmp_path):
    """Of all of four hours, as many succeed as the margin lets pass."""

    def plant(aws):
        early = START + timedelta(minutes=20)
        bad = lambda one: early <= one.began < early + timedelta(minutes=10)  # noqa: E731
        aws.changed = lambda one: replace(one, status="FAILED") if bad(one) else one

    found = answers(tmp_path, plant)
    assert (found[continuity.RATE][0], found[continuity.NO_WORSE_PART][0]) == ("passed", "failed")
    assert found["Do check-ins succeed?"] == ("failed", "460 of 480 (95.8%)")


def test_a_log_that_tells_nothing_of_most_executions_passes_nothing_by_it(tmp_path):
    """Behind it one crisis in ten minutes is slow, which nobody sees: what is left of the log says two were in time."""

    def plant(aws):
        incidents.slow_crisis_path(aws)
        incidents.silent_log(aws)

    found = answers(tmp_path, plant)
    said = "the log tells nothing of 431 of 469 executions that began from 2026-11-28 12:20 to 2026-11-28 15:55 UTC"
    for name in (delivery_checks.RECONCILED, delivery_checks.IN_TIME, delivery_checks.UNSCORED, forecast.NAME):
        assert found[name][0] == "cannot tell" and found[name][1].endswith(said), found[name]
    assert found["How many could nobody score?"] == ("cannot tell", "at least 0 in 4 h")


def test_no_chart_and_no_table_of_such_a_log_looks_whole(tmp_path, monkeypatch):
    def kept(*given, of_window=reading.of_window):
        read.append(of_window(*given))
        return read[0]

    read = []
    monkeypatch.setattr(reading, "of_window", kept)
    answers(tmp_path, incidents.silent_log)
    said = "the log tells nothing of 431 of 469 executions that began "
    assert said in words(alert_charts.alerts_by_route(read[0].routes, START)).replace("\n", " ")
    assert said in words(retry_chart.retries_by_state(read[0].attempts)).replace("\n", " ")
    assert retries.rows(read[0].attempts)[-1]["what"].startswith(f"not all were counted: {said}")


def test_crises_that_hang_before_their_alerts_are_late_and_named(tmp_path):
    found = answers(tmp_path, hanging_crises)[delivery_checks.IN_TIME]
    assert found[0] == "failed" and "; NO ALERT SENT YET: checkin-299, checkin-319, " in found[1]


def hanging_crises(aws):
    aws.changed = incidents.after(lambda one: replace(one, seconds=1e6) if one.route is Route.CRISIS else one)


def test_check_ins_that_fail_before_anybody_scored_them_are_not_said_to_be_scored(tmp_path):
    found = answers(tmp_path, incidents.failure_burst)
    assert found[delivery_checks.UNSCORED][0] == "waiting"
    assert found[delivery_checks.UNSCORED][1].endswith("; 440 ended without a route")
    assert found["How many could nobody score?"] == ("waiting", "440 in 4 h")
