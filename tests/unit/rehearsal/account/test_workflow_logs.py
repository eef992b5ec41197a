"""The form of a workflow log line."""

import json
from datetime import UTC, datetime

import pytest

from rehearsal.account.workflow_logs import log_events

AT = datetime(2026, 1, 1, tzinfo=UTC)
HISTORY = [
    {
        "id": 1,
        "type": "ExecutionStarted",
        "timestamp": AT,
        "executionStartedEventDetails": {"input": "words", "roleArn": "r"},
    },
    {"id": 2, "type": "TaskStateEntered", "timestamp": AT, "stateEnteredEventDetails": {"name": "A", "input": "words"}},
    {"id": 3, "type": "TaskFailed", "timestamp": AT, "previousEventId": 2, "taskFailedEventDetails": {"error": "E"}},
    {"id": 4, "type": "FailStateEntered", "timestamp": AT, "stateEnteredEventDetails": {"name": "F"}},
    {"id": 5, "type": "ExecutionFailed", "timestamp": AT, "executionFailedEventDetails": {"error": "E"}},
]


@pytest.mark.parametrize(("level", "ids"), [("ALL", "12345"), ("ERROR", "345"), ("FATAL", "5"), ("OFF", "")])
def test_the_level_decides_what_is_logged(level, ids):
    lines = [json.loads(line["message"]) for line in log_events(HISTORY, "arn", level, with_data=True)]
    assert "".join(line["id"] for line in lines) == ids


def test_form_and_no_data_without_execution_data():
    lines = log_events(HISTORY, "arn", "ALL", with_data=False)
    assert "words" not in str(lines)
    assert "words" in str(log_events(HISTORY, "arn", "ALL", with_data=True))
    second = json.loads(lines[1]["message"])
    assert second == {
        "id": "2", "type": "TaskStateEntered", "details": {"name": "A"}, "execution_arn": "arn",
        "event_timestamp": "1767225600000", "redrive_count": "0", "previous_event_id": "1",
    }  # fmt: skip
    assert json.loads(lines[2]["message"])["previous_event_id"] == "2"
