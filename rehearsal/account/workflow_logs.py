"""Writes an execution's history in the form of Step Functions' own log events. No AWS: plain data only."""

import json
from datetime import datetime
from typing import Any

FATAL = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")
ERROR_ENDINGS = ("Failed", "TimedOut", "Aborted")
EXECUTION_DATA = ("input", "output", "parameters", "result", "inputDetails", "outputDetails")


def log_events(
    history: list[dict[str, Any]], execution_arn: str, level: str, with_data: bool
) -> list[dict[str, int | str]]:
    """What `PutLogEvents` takes, oldest first, for the events that `level` lets through.

    Ids and times are texts of digits, as AWS writes them; without execution data no input and no output is in it.
    """
    lines = [_line(event, execution_arn, with_data) for event in history if _logged(event["type"], level)]
    return sorted(lines, key=lambda line: int(line["timestamp"]))


def _logged(kind: str, level: str) -> bool:
    if level == "ERROR":
        return kind.endswith(ERROR_ENDINGS) or kind == "FailStateEntered"
    return level == "ALL" or (level == "FATAL" and kind in FATAL)


def _line(event: dict[str, Any], execution_arn: str, with_data: bool) -> dict[str, int | str]:
    moment = _milliseconds(event["timestamp"])
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    shown = {key: value for key, value in details.items() if with_data or key not in EXECUTION_DATA}
    text = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": shown,
        "execution_arn": execution_arn,
        "event_timestamp": str(moment),
        "redrive_count": "0",
    }
    # The embedded account names no previous event. Its histories are one after the other, also those of branches.
    text["previous_event_id"] = str(event.get("previousEventId", int(event["id"]) - 1))
    return {"timestamp": moment, "message": json.dumps(text)}


def _milliseconds(moment: datetime) -> int:
    """Since 1970, in UTC."""
    return round(moment.timestamp() * 1000)
