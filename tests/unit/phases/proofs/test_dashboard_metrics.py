"""Which metrics of a dashboard are looked for."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from theirs import Fake, live

from lib.phases.proofs import dashboard_metrics


def test_a_widget_that_somebody_titled_as_ours_needs_no_metrics():
    titled = [
        {"type": "text", "properties": {"title": "Phase 3: theirs", "markdown": "x"}},
        {"properties": {"title": "Phase 3: x", "metrics": None}},
        {"properties": {"title": "Phase 3: x", "metrics": [[{"expression": "m1"}], ["odd"], "x", ["AWS/X", "M", "D"]]}},
        {"properties": {"title": "Phase 3: x", "metrics": [["Your6/AI", "Latency", {"stat": "p99"}]]}},
    ]
    now = datetime.now(UTC)
    seen = {"MetricDataResults": [{"Id": "q0", "Timestamps": [now], "Values": [1.0], "StatusCode": "Complete"}]}
    cloudwatch = Fake(get_dashboard={"DashboardBody": json.dumps({"widgets": titled})}, get_metric_data=seen)
    window = SimpleNamespace(start=now - timedelta(minutes=1), end=now)
    assert dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window) == {"Your6/AI Latency": True}


class Asked(Fake):
    """CloudWatch with no datapoint, and what it was asked for."""

    def get_metric_data(self, **given):
        self.asked = [given]
        return {"MetricDataResults": []}


def test_what_is_short_for_the_row_above_is_asked_for_in_full_and_in_the_window_alone():
    rows = [
        ["AWS/SNS", "Published", "TopicName", "A"], [".", "Failed", ".", "."], ["...", "B"], [{"expression": "m1"}],
        ["...", {"stat": "p99"}], [".", "Delivered", ".", "C", {"id": "m2"}],
    ]  # fmt: skip
    alone = [[".", "Lost"], ["AWS/X", "M"], [".", ".", ".", "."]]
    widgets = [{"properties": {"title": "Phase 3: x", "metrics": metrics}} for metrics in (rows, alone)]
    now = datetime.now(UTC)
    cloudwatch = Asked(get_dashboard={"DashboardBody": json.dumps({"widgets": widgets})})
    window = SimpleNamespace(start=now - timedelta(days=20), end=now - timedelta(days=19))
    dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window)
    (asked,) = cloudwatch.asked
    metrics = [query["MetricStat"]["Metric"] for query in asked["MetricDataQueries"]]
    found = [(one["Namespace"], one["MetricName"], *(part["Value"] for part in one["Dimensions"])) for one in metrics]
    assert found == [
        ("AWS/SNS", "Published", "A"), ("AWS/SNS", "Failed", "A"), ("AWS/SNS", "Failed", "B"),
        ("AWS/SNS", "Delivered", "C"), ("AWS/X", "M"),
    ]  # fmt: skip
    assert (asked["StartTime"], asked["EndTime"]) == (window.start, window.end)
