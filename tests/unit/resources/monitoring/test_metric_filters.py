"""A metric filter is what somebody gave of it: what AWS fills in by itself is no difference."""

import boto3
import pytest
from theirs import Fake, live

from lib.changes.plans import same
from lib.resources.monitoring.metric_filters import MetricFilter

GROUP, NAME = "/aws/vendedlogs/states/theirs", "states-entered"
LAID = {"metricName": "Entered", "metricNamespace": "Your6/Workflow", "metricValue": "1"}
GIVEN = {"filterPattern": '{ $.type = "*StateEntered" }', "metricTransformations": [LAID]}
META = boto3.Session(region_name="us-east-1").client("logs", aws_access_key_id="x", aws_secret_access_key="x").meta


def described(**more):
    logs = Fake(describe_metric_filters={"metricFilters": [{"filterName": NAME, "logGroupName": GROUP, **more}]})
    logs.meta = META
    return MetricFilter(live(logs=logs), GROUP, NAME).read()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "applyOnTransformedLogs": False,
            "creationTime": 1,
            "emitSystemFieldDimensions": [],
            "fieldSelectionCriteria": "",
        },
        {"metricTransformations": [LAID | {"unit": "None"}]},
    ],
)
def test_what_aws_fills_in_by_itself_is_no_difference(more):
    assert same(described(**GIVEN | more), GIVEN)


@pytest.mark.parametrize(
    "more",
    [
        {"applyOnTransformedLogs": True},
        {"emitSystemFieldDimensions": ["@aws.region"]},
        {"metricTransformations": [LAID | {"unit": "Count"}]},
        {"metricTransformations": [LAID | {"defaultValue": 0.0}]},
    ],
)
def test_what_somebody_gave_besides_is_one_and_is_kept(more):
    assert described(**GIVEN | more) == GIVEN | more


def test_a_pattern_that_matches_everything_is_kept_since_no_filter_is_made_without_one():
    assert described(**GIVEN | {"filterPattern": ""})["filterPattern"] == ""
