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
    window = SimpleNamespace(start=now - timedelta(minutes=1))
    assert dashboard_metrics.with_datapoints(live(cloudwatch=cloudwatch), window) == {"Your6/AI Latency": True}
