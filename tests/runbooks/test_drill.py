"""`runbook drill`: one labelled drill at any time, told, logged for ever, and seen in the review's chart."""

import json
import re

import pytest
from accounts import differences, snapshot
from steps import carried_out, left_by_drills, runbook

from lib.display.charts import drill_charts, style
from lib.drills import drill_log, subscribers
from lib.phases import infrastructure, validity
from lib.record import records, run_index
from rehearsal.fault_matrix import record_bucket

BUILT = ("01", "02", "04", "03")
STORE = f"s3://{record_bucket.BUCKET}/drills"


def rows(account):
    return drill_log.open_log(account).rows(drill_log.LOG)


@pytest.fixture
def built(account):
    carried_out(account, *BUILT)
    return account


def test_a_drill_is_told_logged_and_leaves_nothing_behind(built):
    before, runs = snapshot(built), run_index.runs(built)
    ended = runbook(built, "drill")
    assert (ended.code, ended.complained) == (0, "")
    line = r"^✓ passed: drill crisis; trusted topic had its alert in [\d.]+ s, operations topic had its alert in"
    assert re.search(line, ended.said, re.M)
    (row,) = rows(built)
    assert (row["scenario"], row["route"], row["verdict"], row["failed"]) == ("crisis", "crisis", "passed", [])
    assert row["trusted"] > 0 and row["operations"] > 0
    assert row["run_id"] == ended.record.run_id
    assert (row["validated"], row["since"]) == ("not applied", validity.NONE_KNOWN)
    assert f"Validated: {validity.NONE_KNOWN}" in ended.said
    assert ended.record.latest("evidence/drill.json")["validated"]["found"] == validity.NONE_KNOWN
    assert records.unsealed_differences(ended.record.folder) == []
    assert differences(before, snapshot(built)) - left_by_drills(built) == set()
    assert set(run_index.runs(built)) == {*runs, ended.record.run_id}
    assert validity.NONE_KNOWN in runbook(built, "status", ended.record.run_id).said
    assert f"Besides 1 drill, passed, the latest {ended.record.run_id}." in runbook(built, "status").said


def test_drills_are_added_to_the_log_and_the_chart_shows_each(built, client):
    runbook(built, "drill", "--scenario", "high")
    client("events").disable_rule(Name="Your6-HighRiskRule")
    ended = runbook(built, "drill", "--scenario", "high", alert_limit_seconds=2)
    assert ended.code == 1
    assert "high: alerts to the trusted contact: found 0, expected 1" in ended.complained
    assert [row["verdict"] for row in rows(built)] == ["passed", "failed"]
    assert "high: behind its rule" in rows(built)[1]["failed"]
    frame = drill_log.frame(built)
    said = style.describe(drill_charts.drill_log(frame, built.alert_limit_seconds))
    assert said.startswith("Did every drill of the log reach people? 1 of 2 drills passed; 1 of 2 alerts in time")
    assert said.endswith("slowest LOST; 1 of 2 LOST")
    assert frame["lost"].tolist() == [[], ["trusted"]]


def test_no_drill_is_run_on_a_workflow_without_the_gate(account):
    carried_out(account, "01")
    before = snapshot(account)
    ended = runbook(account, "drill")
    assert ended.code == 3
    assert "a drill would be a real check-in and its alerts unmarked; nothing was started" in ended.complained
    assert rows(account) == []
    assert differences(before, snapshot(account)) == set()


def test_an_unknown_scenario_is_refused_with_the_known_ones(account):
    ended = runbook(account, "plan")  # so that there is a record
    ended = runbook(account, "drill", "--scenario", "panic")
    assert ended.code == 2
    assert (
        "no scenario 'panic'; expected one of normal, standard, moderate, high, crisis, declining" in ended.complained
    )


def test_two_machines_add_to_one_log(built, tmp_path):
    record_bucket.make(built)
    here = built.model_copy(update={"record_store": STORE})
    there = here.model_copy(update={"outputs_dir": str(tmp_path / "elsewhere")})
    for machine, scenario in ((here, "crisis"), (there, "high"), (here, "moderate")):
        assert runbook(machine, "drill", "--scenario", scenario).code == 0
    for machine in (here, there):
        assert list(drill_log.frame(machine)["scenario"]) == ["crisis", "high", "moderate"]
    assert "drills" not in json.dumps([record.run_id for record in run_index.all_records(here)])


def test_no_drill_yet_is_said_in_words(account):
    frame = drill_log.frame(account)
    assert frame.empty
    assert "no drill was logged yet" in style.describe(drill_charts.drill_log(frame, 30))


def test_a_drill_fails_where_nobody_but_our_own_queues_would_be_paged(built, client):
    for row in client("sns").list_subscriptions_by_topic(TopicArn=built.ops_topic_arn)["Subscriptions"]:
        client("sns").unsubscribe(SubscriptionArn=row["SubscriptionArn"])
    ended = runbook(built, "drill")
    assert ended.code == 1
    assert "A CRISIS PAGE REACHES NOBODY" in ended.complained
    assert rows(built)[0]["failed"] == ["operations subscribers"]


def test_a_killed_drill_is_no_subscriber_and_the_next_one_clears_it_away(built):
    before = snapshot(built)
    live, record = carried_out(built)
    for item in subscribers.listeners(live, f"ffff-{record.run_id}"):
        item.resource.write(item.value)  # and then its process, and its machine with the record, are gone
    left = differences(before, snapshot(built))
    assert len(left) > 5
    counted = infrastructure.operations_reachable(live)[0].found
    assert counted.startswith("1 confirmed")
    ended = runbook(built, "drill")
    assert (ended.code, ended.complained) == (0, "")
    assert differences(before, snapshot(built)) - left_by_drills(built) == set()


def test_a_drill_that_breaks_off_is_logged_as_failed(built, client):
    client("sns").delete_topic(TopicArn=built.ops_topic_arn)
    ended = runbook(built, "drill")
    assert ended.code == 1
    (row,) = rows(built)
    assert (row["verdict"], row["validated"]) == ("failed", "not applied")
    assert built.ops_topic_name in row["failed"][0]
    assert "drills that did not end" in runbook(built, "status").said
