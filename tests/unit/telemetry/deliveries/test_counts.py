"""Counts of CloudWatch, asked of stubs: batched, with a period that is still kept, and missing stays missing."""

from datetime import UTC, datetime, timedelta
from math import isnan
from types import SimpleNamespace

import pytest
from paged import LOCAL, live_with
from sent_alerts import alerts

from lib.telemetry import metrics
from lib.telemetry.deliveries import alarm_history, alert_path, counts, reconciliation
from lib.telemetry.deliveries.alarm_history import AlarmRecord, InAlarm, StateChange
from lib.telemetry.deliveries.reconciliation import Place
from lib.telemetry.deliveries.sources import HIGHEST, Metric, Thing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = NOW - timedelta(hours=2)
TOPIC, RULE = "Your6-TrustedContactAlerts", "Your6-CrisisProtocolRule"


class CloudWatch:
    """Answers with these values, by (metric, the value of its dimension, statistic); keeps what it was asked."""

    def __init__(self, values=None):
        self.values, self.asked = values or {}, []

    def get_paginator(self, name):
        assert name == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries, StartTime, EndTime):  # noqa: N803 - AWS's names
        self.asked.append(MetricDataQueries)
        yield {"MetricDataResults": [self._answer(query, StartTime) for query in MetricDataQueries]}

    def _answer(self, query, start):
        stat = query["MetricStat"]
        key = (stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"][0]["Value"], stat["Stat"])
        values = self.values.get(key, [])
        return {"Id": query["Id"], "Timestamps": [start + timedelta(hours=n) for n, _ in enumerate(values)],
                "Values": values, "StatusCode": "Complete"}  # fmt: skip


def frame(values=None, start=START, now=NOW):
    cloud = CloudWatch(values)
    return counts.read(live_with("cloudwatch", cloud), start, now, now), cloud


def test_everything_is_asked_for_in_one_call():
    found, cloud = frame()
    (asked,) = cloud.asked
    assert len(asked) == len(found.attrs["sources"]) == len({one.query.label for one in found.attrs["sources"]})
    assert 60 < len(asked) <= metrics.QUERIES_A_CALL
    names = {query["MetricStat"]["Metric"]["MetricName"] for query in asked}
    assert {str(one) for one in Metric} <= names


def test_what_has_no_datapoint_is_no_zero():
    found, _ = frame({(str(Metric.FAILED), TOPIC, "Sum"): [2.0, 3.0]})
    summed = counts.totals(found)
    assert counts.total(summed, Thing.TOPIC, Metric.FAILED, name=TOPIC) == 5.0
    assert isnan(counts.total(summed, Thing.TOPIC, Metric.DELIVERED))
    assert isnan(counts.total(summed, Thing.RULE, Metric.FAILED_INVOCATIONS))


def test_of_what_is_no_sum_the_highest_counts():
    found, _ = frame({(str(Metric.OLDEST), "Your6-AlertDLQ", "Maximum"): [60.0, 3600.0, 120.0]})
    assert counts.total(counts.totals(found), Thing.QUEUE, Metric.OLDEST, HIGHEST) == 3600.0


@pytest.mark.parametrize(
    ("ago", "length", "period"), [(1, 1, 60), (10, 5, 300), (20, 1, 300), (70, 1, 3600), (400, 30, 3600)]
)
def test_the_period_is_one_that_is_still_kept_for_data_of_that_age(ago, length, period):
    cloud, start = CloudWatch(), NOW - timedelta(days=ago)
    found = counts.read(live_with("cloudwatch", cloud), start, start + timedelta(days=length), NOW)
    assert found.attrs["period_seconds"] == period
    assert {query["MetricStat"]["Period"] for query in cloud.asked[0]} == {period}


@pytest.mark.parametrize(("days", "period"), [(0.1, 60), (1, 60), (2, 300), (14, 900), (730, 86_400)])
def test_a_chart_has_so_many_points_that_it_can_be_read(days, period):
    length = timedelta(days=days)
    assert metrics.readable_period(NOW - length, NOW, NOW, 60) == period
    assert length.total_seconds() / period <= metrics.MOST_POINTS


def stages(values, unsubscribed=()):
    beside = alert_path.Beside(dict.fromkeys(unsubscribed, 0))
    found, _ = frame(values, datetime(2026, 3, 1, 10, tzinfo=UTC))
    made = alert_path.stages(live_with("cloudwatch", None).settings, alerts(10, 20), found, beside)
    return {(stage.place, stage.name): stage.counted for stage in made}


def test_a_topic_to_which_nobody_subscribes_loses_nothing_whatever_another_delivers():
    """People are reached by SMS: such a topic is for somebody to look at, and no alert of it is lost."""
    delivered, other = str(Metric.DELIVERED), LOCAL.ops_topic_name
    there = {(delivered, other, "Sum"): [2.0]}
    assert stages(there)[Place.DELIVERED, TOPIC] == {}  # it has subscribers, who got nothing
    assert stages(there, unsubscribed=[TOPIC])[Place.DELIVERED, TOPIC] is None
    before = there | {(delivered, TOPIC, "Sum"): [1.0]}
    assert stages(before, unsubscribed=[TOPIC])[Place.DELIVERED, TOPIC]  # there was one, and it is gone


def test_a_rule_without_datapoints_counted_none_only_where_another_rule_has_some():
    assert stages({})[Place.RULE, RULE] is None
    other = stages({(str(Metric.TRIGGERED), "Your6-HighRiskRule", "Sum"): [1.0]})
    assert other[Place.RULE, RULE] == {}


def test_an_attempt_of_the_dispatcher_that_failed_is_no_alert_that_was_carried_on():
    name = "Your6-AlertDispatcher"
    found = stages({(str(Metric.INVOCATIONS), name, "Sum"): [5.0], (str(Metric.ERRORS), name, "Sum"): [3.0]})
    assert [*found[Place.DISPATCHER, name].values()] == [2.0]


def change(minutes, old, new):
    return StateChange("a", START + timedelta(minutes=minutes), old, new, "why")


@pytest.mark.parametrize(
    ("state", "changes", "times", "seconds"),
    [
        ("OK", [], 0, 0),
        ("ALARM", [], 1, 7200),
        ("OK", [change(30, "ALARM", "OK")], 1, 1800),
        ("ALARM", [change(10, "OK", "ALARM"), change(20, "ALARM", "OK"), change(110, "OK", "ALARM")], 2, 1200),
    ],
)
def test_how_long_an_alarm_was_in_alarm(state, changes, times, seconds):
    found = alarm_history.in_alarm(state, changes, (START, NOW), NOW)
    assert (len(found), AlarmRecord("a", state, found).seconds) == (times, seconds)


def test_of_what_cloudwatch_has_forgotten_nobody_can_tell():
    fifteen, fourteen = (NOW - timedelta(days=days) for days in (15, 14))
    assert alarm_history.in_alarm("OK", [], (fifteen, fourteen), NOW) is None
    assert alarm_history.in_alarm("OK", [], (fifteen, NOW), NOW) == ()


def test_of_a_time_that_is_forgotten_in_part_the_rest_is_told():
    went_off, window = [change(0, "OK", "ALARM"), change(9, "ALARM", "OK")], (NOW - timedelta(days=15), NOW)
    lasted = InAlarm(START, START + timedelta(minutes=9), "why")
    assert alarm_history.in_alarm("OK", went_off, window, NOW) == (lasted,)


def of_topics(values, sent, **known):
    """The stages behind the rules, with what is known beside; all counted in the hour of these alerts."""
    counted, _ = frame(values, datetime(2026, 3, 1, 10, tzinfo=UTC))
    made = alert_path.stages(LOCAL, sent, counted, alert_path.Beside(**known))
    rows = reconciliation.compare(made, datetime(2026, 3, 1, 15, tzinfo=UTC)).to_dict("records")
    return {(row["place"], row["name"]): row["state"] for row in rows if row["sent"]}


def test_what_was_not_processed_comes_by_the_operations_topic_and_by_nothing_else():
    published = str(Metric.PUBLISHED)
    sent = alerts(10, route="unprocessed", way="topic")
    lost = of_topics({(published, TOPIC, "Sum"): [1.0]}, sent)
    assert lost == {
        (Place.PUBLISHED, LOCAL.ops_topic_name): "LOST",
        (Place.DELIVERED, LOCAL.ops_topic_name): "cannot tell",
    }
    there = of_topics({(published, LOCAL.ops_topic_name, "Sum"): [1.0]}, sent)
    assert there[Place.PUBLISHED, LOCAL.ops_topic_name] == "as many"


def test_an_event_that_the_workflow_did_not_send_stands_for_no_alert_behind_its_rule():
    one = str(Metric.INVOCATIONS), "Your6-AlertDispatcher", "Sum"
    rule = {(str(Metric.TRIGGERED), "Your6-CrisisProtocolRule", "Sum"): [2.0]}
    topic = {(str(Metric.PUBLISHED), TOPIC, "Sum"): [1.0]}
    states = of_topics({**rule, one: [1.0], **topic}, alerts(10))
    assert states[Place.DISPATCHER, "Your6-AlertDispatcher"] == "cannot tell"
    assert states[Place.PUBLISHED, TOPIC] == "cannot tell"
    states = of_topics({**rule, one: [2.0], (str(Metric.PUBLISHED), TOPIC, "Sum"): [2.0]}, alerts(10))
    assert {states[Place.DISPATCHER, "Your6-AlertDispatcher"], states[Place.PUBLISHED, TOPIC]} == {"as many"}


def test_which_messages_alarms_sent_is_read_from_their_history_as_far_as_it_is_kept():
    topic = "arn:aws:sns:us-east-1:000000000000:Your6-OperationsAlerts"
    said = [f"Successfully executed action {topic}", f"Failed to execute action {topic}. Received error: x"]
    said.append("Successfully executed action arn:aws:lambda:us-east-1:000000000000:function:f")
    rows = [{"AlarmName": "a", "Timestamp": START, "HistorySummary": one} for one in said]
    asked = []

    def paginate(**given):
        asked.append(given)
        return [{"AlarmHistoryItems": rows}]

    cloud = SimpleNamespace(get_paginator=lambda operation: SimpleNamespace(paginate=paginate))
    live = live_with("cloudwatch", cloud)
    assert alarm_history.messages(live, START, NOW, NOW) == {"Your6-OperationsAlerts": [START]}
    assert alarm_history.messages(live, START - timedelta(days=30), NOW, NOW)
    assert [one["StartDate"] for one in asked] == [START, NOW - alarm_history.KEPT]
    assert alarm_history.messages(live, START - timedelta(days=30), START - timedelta(days=29), NOW) == {}
