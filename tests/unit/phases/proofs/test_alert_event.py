"""Whether the existing alert's event is the same before and after."""

import pytest
from drilled import drill, event, received

from lib.phases.proofs import alert_event
from lib.telemetry.execution_status import Execution

TEXT = {"text": "Synthetic text of drill-crisis-abc-012345."}


USER = "drill-operations"


def low(messages=None):
    ended = Execution("a", "SUCCEEDED", drill().execution.started, None, {"sentimentScore": -0.9}, "")
    found = [event("standard")] if messages is None else messages
    return drill("standard", found, given=TEXT, execution=ended)


def test_the_shape_of_the_event_holds_no_word_and_says_what_each_field_is():
    shape = alert_event.event_shape(low(), USER)
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
    assert alert_event.event_shape(low([event("standard", **changed)]), USER)[f"detail.{field}"] == kind


@pytest.mark.parametrize(
    "messages", [[], [event("standard"), event("standard")], [event("high")], [received("trusted")]]
)
def test_no_such_event_and_two_of_them_have_no_shape(messages):
    assert alert_event.event_shape(low(messages), USER) is None
