"""Takes past check-ins in, in ministack's own process: objects, executions, metrics at their own times. No AWS.

AWS takes nothing into the past: an execution starts now, an object is dated now, and `AWS/` metrics are its own. So a
day is put as one file of JSON lines into a bucket that does not exist (`PLACE`), and becomes what the application would
have left: a check-in's object in its bucket, an execution with its history, and the datapoints of the workflow, its
functions, rule and topic. Each object and execution says that it is synthetic. Nothing is invoked, and no alarm looks.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ministack.services import cloudwatch, s3, stepfunctions

PLACE = "rehearsal-past"
ERROR, CAUSE = "CheckinProcessingFailed", "Synthetic: it never ran"  # as the baseline's definition names it
# Ministack keeps datapoints for two weeks and CloudWatch for months, at least five minutes' so long.
KEPT_SECONDS = 63 * 24 * 3600
LOOK_SECONDS = 600  # it looks through all of them at each request, which of weeks takes most of its time
PUT, KEPT, EVICT = "_put_object", "TWO_WEEKS_SECONDS", "_evict_old_metrics"
Put = Callable[..., Any]
Line = Mapping[str, Any]


def take_in() -> None:
    """Raises AttributeError where a version of ministack has none of a name."""
    put, evict, _ = getattr(s3, PUT), getattr(cloudwatch, EVICT), getattr(cloudwatch, KEPT)
    setattr(cloudwatch, KEPT, KEPT_SECONDS)
    setattr(cloudwatch, EVICT, _now_and_then(evict, time.monotonic))
    setattr(s3, PUT, _with_past(put))


def _now_and_then(evict: Callable[[], None], clock: Callable[[], float]) -> Callable[[], None]:
    looked = clock()

    def inner() -> None:
        nonlocal looked
        if clock() - looked >= LOOK_SECONDS:
            looked = clock()
            evict()

    return inner


def _with_past(put: Put) -> Put:
    def inner(bucket: str, key: str, body: bytes, headers: dict[str, str]) -> Any:  # noqa: ANN401
        if bucket != PLACE:
            return put(bucket, key, body, headers)
        lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        _take_day(lines[0], lines[1:], partial(put, lines[0]["bucket"]))
        return 200, {"Content-Length": "0"}, b""

    return inner


def _take_day(names: Line, lines: list[Line], put: Put) -> None:
    """The first line of a file names the account's things, each other one is a check-in, in order of time."""
    for line in lines:
        _object(names, line, put)
        execution = _execution(names, line)
        stepfunctions._executions[execution["executionArn"]] = execution
    for (namespace, metric, dimension, unit), points in _datapoints(names, lines).items():
        held = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dict([dimension]))))
        held += [
            {"Timestamp": at, "Value": value, "Unit": unit, "Dimensions": dict([dimension])} for at, value in points
        ]
        held.sort(key=lambda point: point["Timestamp"])


def _object(names: Line, line: Line, put: Put) -> None:
    """What the processor recorded; of one that failed there is nothing."""
    if line["failed"]:
        return
    body = json.dumps(line["recorded"]).encode()
    put(line["key"], body, {"content-type": "application/json", "x-amz-meta-synthetic": "true"})
    s3._buckets[names["bucket"]]["objects"][line["key"]]["last_modified"] = _iso(_moment(line))


def _moment(line: Line) -> datetime:
    return datetime.fromisoformat(line["started"])


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _execution(names: Line, line: Line) -> dict[str, Any]:
    began = _moment(line)
    started, stopped = _iso(began), _iso(began + timedelta(seconds=line["seconds"]))
    asked = json.dumps({"userId": line["user"], "timestamp": line["started"], "synthetic": True})
    said = None if line["failed"] else json.dumps({"status": "completed", "userId": line["user"], "synthetic": True})
    ended = "ExecutionFailed" if line["failed"] else "ExecutionSucceeded"
    failure = {"error": ERROR, "cause": CAUSE} if line["failed"] else {}
    details: dict[str, str | None] = {**failure} or {"output": said}
    return {
        "executionArn": names["machine"].replace(":stateMachine:", ":execution:") + f":{line['name']}",
        "stateMachineArn": names["machine"],
        "name": line["name"],
        "status": "FAILED" if line["failed"] else "SUCCEEDED",
        "startDate": started,
        "stopDate": stopped,
        "input": asked,
        "output": said,
        "events": [
            {"id": 1, "type": "ExecutionStarted", "timestamp": started,
             "executionStartedEventDetails": {"input": asked, "roleArn": names["role"]}},
            {"id": 2, "type": ended, "timestamp": stopped, f"e{ended[1:]}EventDetails": details},
        ],
        **failure,
    }  # fmt: skip


def _datapoints(
    names: Line, lines: list[Line]
) -> dict[tuple[str, str, tuple[str, str], str], list[tuple[float, float]]]:
    """(namespace, metric, dimension, unit) -> time (seconds since 1970) and value."""
    points: dict[tuple[str, str, tuple[str, str], str], list[tuple[float, float]]] = {}
    for line in lines:
        for key, at, value in _counted(names, line):
            points.setdefault(key, []).append((at, value))
    return points


def _counted(names: Line, line: Line) -> Iterator[tuple[tuple[str, str, tuple[str, str], str], float, float]]:
    """What AWS would have counted of one check-in: failures where they happen, and no 0 for what did not."""
    began, took = _moment(line).timestamp(), line["seconds"]
    machine, processor = ("StateMachineArn", names["machine"]), ("FunctionName", names["processor"])
    ended = "ExecutionsFailed" if line["failed"] else "ExecutionsSucceeded"
    yield ("AWS/States", "ExecutionsStarted", machine, "Count"), began, 1.0
    yield ("AWS/States", ended, machine, "Count"), began + took, 1.0
    yield ("AWS/States", "ExecutionTime", machine, "Milliseconds"), began + took, took * 1000
    yield ("AWS/Lambda", "Invocations", processor, "Count"), began, 1.0
    yield ("AWS/Lambda", "Duration", processor, "Milliseconds"), began, took * 800
    if line["failed"]:
        yield ("AWS/Lambda", "Errors", processor, "Count"), began, 1.0
    if line["alerted"]:
        dispatcher, topic = ("FunctionName", names["dispatcher"]), ("TopicName", names["topic"])
        yield ("AWS/Events", "TriggeredRules", ("RuleName", names["rule"]), "Count"), began + took, 1.0
        yield ("AWS/Lambda", "Invocations", dispatcher, "Count"), began + took, 1.0
        yield ("AWS/Lambda", "Duration", dispatcher, "Milliseconds"), began + took, 60.0
    if line["alerted"] or line["failed"]:
        topic = ("TopicName", names["topic"])
        yield ("AWS/SNS", "NumberOfMessagesPublished", topic, "Count"), began + took, 1.0
        yield ("AWS/SNS", "NumberOfNotificationsDelivered", topic, "Count"), began + took, 1.0
