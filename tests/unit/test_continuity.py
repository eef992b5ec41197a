"""What is said of the change's disturbance from what was found: the old event's shape, the rate of success. No AWS."""

import pandas as pd
import pytest
from drilled import drill, event, received

from lib import continuity
from lib.executions import Execution

TEXT = {"text": "Synthetic text of drill-crisis-abc-012345."}
USER = "drill-operations"


def low(messages=None):
    ended = Execution("a", "SUCCEEDED", drill().execution.started, None, {"sentimentScore": -0.9}, "")
    found = [event("standard")] if messages is None else messages
    return drill("standard", found, given=TEXT, execution=ended)


def test_the_shape_of_the_event_holds_no_word_and_says_what_each_field_is():
    shape = continuity.event_shape(low(), USER)
    assert shape["detail.textPreview"] == "str, the check-in's text"
    assert shape["detail.sentimentScore"] == "float, the processor's sentiment"
    assert shape["detail.userId"] == "str, the drill user"
    assert shape["detail.timestamp"] == "a time, ISO 8601 in UTC"
    assert (shape["source"], shape["detail-type"]) == ("your6.checkin", "Low Sentiment Alert")
    assert TEXT["text"] not in str(shape)


@pytest.mark.parametrize(
    ("changed", "field", "kind"),
    [
        ({"sentimentScore": "-0.9"}, "sentimentScore", "str, something else"),
        ({"sentimentScore": -0.5}, "sentimentScore", "float, something else"),
        ({"textPreview": "cut"}, "textPreview", "str, something else"),
        ({"userId": None}, "userId", "NoneType, something else"),
        ({"timestamp": "yesterday"}, "timestamp", "str, something else"),
    ],
)
def test_another_value_is_another_shape(changed, field, kind):
    assert continuity.event_shape(low([event("standard", **changed)]), USER)[f"detail.{field}"] == kind


@pytest.mark.parametrize(
    "messages", [[], [event("standard"), event("standard")], [event("high")], [received("trusted")]]
)
def test_no_such_event_and_two_of_them_have_no_shape(messages):
    assert continuity.event_shape(low(messages), USER) is None


def rates(before, after):
    from lib.rates import wilson

    rows = [(when, good, of, 0.0, *wilson(good, of)) for when, (good, of) in (("before", before), ("after", after))]
    return pd.DataFrame(rows, columns=["when", "succeeded", "finished", "rate", "low", "high"])


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ((60, 60), (90, 90), "passed"),
        ((60, 60), (58, 60), "passed"),
        ((60, 60), (30, 60), "failed"),
        ((50, 100), (100, 100), "passed"),
        ((60, 60), (0, 3), "failed"),
        ((60, 60), (0, 0), "not exercised here"),
        ((0, 0), (60, 60), "not exercised here"),
    ],
)
def test_the_rate_fails_where_the_interval_lies_wholly_below(before, after, status):
    assert continuity.same_rate(rates(before, after)).status == status
