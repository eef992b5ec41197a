"""The weeks before, entered into the embedded account: what AWS would have left of them, each at its own time."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lib.aws import connect
from lib.phases.proofs import alarm_outlook
from lib.telemetry import checkins as recorded
from lib.telemetry import executions, metrics
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.telemetry.execution_status import Count
from rehearsal.account import clients, past_entries, traffic, users
from rehearsal.past import checkins, entry, incidents

UNTIL = datetime.now(UTC)
PAST = checkins.of_weeks(30, UNTIL)


@pytest.fixture(scope="module")
def entered(module_account):
    assert entry.enter(module_account, PAST)
    return connect(module_account)


def test_every_execution_is_listed_at_its_own_time_and_says_that_it_is_synthetic(entered):
    rows = executions.list_executions(entered, UNTIL - timedelta(days=30)).rows
    assert sorted(row["started"] for row in rows) == [one.moment for one in PAST]
    assert sum(row["status"] == "FAILED" for row in rows) == sum(one.failed for one in PAST)
    assert all(row["name"].startswith("synthetic-") for row in rows)
    failed = executions.describe(entered, next(row["arn"] for row in rows if row["status"] == "FAILED"))
    assert failed.error == past_entries.ERROR
    assert executions.path(entered, rows[0]["arn"]) == []


def test_cloudwatch_counts_each_hour_also_of_the_third_week(entered):
    frame = metrics.executions(entered, UNTIL - timedelta(days=22), UNTIL, 3600)
    for count, wanted in ((Count.STARTED, len(PAST)), (Count.FAILED, sum(one.failed for one in PAST))):
        assert frame.loc[frame["metric"] == count, "value"].sum() == wanted
    silence = incidents.plant(UNTIL).silence
    inside = frame[(frame["metric"] == Count.STARTED) & (frame["time"] == silence[0])]
    assert inside.empty, "an hour without a check-in has no datapoint, and no 0"
    assert alarm_outlook.quiet(entered).status == "passed"


def test_the_alerts_of_the_week_before_are_counted_behind_the_workflow(entered):
    first = UNTIL - timedelta(days=7)
    mine = [one for one in PAST if first <= one.moment < first + timedelta(hours=1)]
    summed = counts.totals(counts.read(entered, first, first + timedelta(hours=1, minutes=1), UNTIL))
    alerted = sum(one.score < -0.6 and not one.failed for one in mine)
    assert counts.total(summed, Thing.RULE, Metric.TRIGGERED) == pytest.approx(alerted, abs=2)
    assert counts.total(summed, Thing.TOPIC, Metric.DELIVERED) >= alerted - 2


def test_the_archive_holds_the_scores_and_no_words(entered):
    first = UNTIL - timedelta(days=1)
    frame = recorded.history(recorded.outlook(entered, first, UNTIL))
    mine = [one for one in PAST if first <= one.moment < UNTIL and not one.failed]
    assert frame["risk_score"].dropna().tolist() == [one.risk for one in mine if one.risk is not None]
    assert frame["userId"].tolist() == [one.user for one in mine]
    s3, name = (
        clients.client(entered.settings.endpoint_url, "s3"),
        f"{mine[0].user}/{mine[0].moment:%Y/%m/%d}/{mine[0].moment.isoformat(timespec='milliseconds')}.json",
    )
    held = s3.get_object(Bucket=entered.settings.checkin_bucket_name, Key=name)
    body = json.loads(held["Body"].read())
    assert held["Metadata"] == {"synthetic": "true"} and body["aiMetadata"]["synthetic"] is True
    assert held["LastModified"] == mine[0].moment.replace(microsecond=0)
    sentences = {sentence for _, said, _ in traffic.DAYS.values() for sentence in said}
    assert "text" not in body and not any(sentence in json.dumps(body) for sentence in sentences)


def test_who_checked_in_is_a_user_with_a_synthetic_contact(entered):
    dynamodb = clients.client(entered.settings.endpoint_url, "dynamodb")
    count = dynamodb.scan(TableName=entered.settings.table_name, Select="COUNT")["Count"]
    assert count == checkins.PEOPLE + len(users.ids())


def test_an_account_that_has_recorded_check_ins_keeps_them(entered):
    before = executions.list_executions(entered, UNTIL - timedelta(days=30)).rows
    assert not entry.enter(entered.settings, PAST)
    assert executions.list_executions(entered, UNTIL - timedelta(days=30)).rows == before


def test_both_sides_mean_the_same_place():
    assert entry.PLACE == past_entries.PLACE
