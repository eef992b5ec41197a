"""Publishes what AWS would about executions and the embedded account does not: AWS/States metrics and workflow logs.

For the embedded account only; any endpoint that is not on this machine is refused. It learns of executions from their
status events, by a rule and a queue of its own (`Rehearsal-Bridge`), whose messages hold no check-in text.

What comes out is what the embedded account knows, and less than AWS would have:
- its histories have no previousEventId, no TaskStarted, no Lambda* events (a function call is an ordinary Task), no
  timed-out executions, and nothing of what happens inside a Parallel state;
- logs appear when an execution has ended, under the logging configuration of that moment;
- metrics hold only what happened: where AWS may write a 0 (no failures), there is no datapoint;
- AWS/Events and AWS/SNS metrics are not its: `delivery_metrics` counts those where they happen.

`python -m rehearsal.account.bridge --endpoint URL --state-machine-arn ARN` runs until SIGTERM, and then empties its
queue.
"""

import argparse
import contextlib
import json
import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from lib.errors import Unreachable
from lib.settings import Settings
from lib.telemetry.execution_status import Count, ExecutionStatus
from rehearsal.account import child_processes, server
from rehearsal.account.clients import client
from rehearsal.account.server import loopback_only
from rehearsal.account.workflow_logs import log_events

NAME = "Rehearsal-Bridge"
CLAIM_SECONDS = 120
BATCH = 10
METRICS = {
    ExecutionStatus.RUNNING: Count.STARTED.value,
    ExecutionStatus.SUCCEEDED: Count.SUCCEEDED.value,
    ExecutionStatus.FAILED: Count.FAILED.value,
    ExecutionStatus.TIMED_OUT: Count.TIMED_OUT.value,
    ExecutionStatus.ABORTED: Count.ABORTED.value,
}
# The status event carries the execution's input, a veteran's words: only these four fields reach the queue.
FIELDS = {"execution": "executionArn", "status": "status", "start": "startDate", "stop": "stopDate"}

log = logging.getLogger(NAME)


@dataclass
class Bridge:
    """One publisher for one state machine. `published` keeps a message delivered twice from being published twice."""

    endpoint: str
    state_machine_arn: str
    published: set[tuple[str, str]] = field(default_factory=set)
    suffix: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients have no type
        """A client of the embedded account."""
        return client(self.endpoint, service, self.state_machine_arn.split(":")[3])

    @property
    def queue_url(self) -> str:
        return str(self.client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"])


def prepare(endpoint: str, state_machine_arn: str) -> Bridge:
    """Make the rule and the queue, so that no execution from now on is missed. Twice is harmless."""
    bridge = Bridge(loopback_only(endpoint), state_machine_arn)
    _, partition, _, region, account, *_ = state_machine_arn.split(":")
    queue_arn = f"arn:{partition}:sqs:{region}:{account}:{NAME}"
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [state_machine_arn]},
    }
    transformer = {
        "InputPathsMap": {name: f"$.detail.{path}" for name, path in FIELDS.items()},
        "InputTemplate": "{" + ", ".join(f'"{name}": <{name}>' for name in FIELDS) + "}",
    }
    bridge.client("sqs").create_queue(QueueName=NAME)
    events = bridge.client("events")
    events.put_rule(Name=NAME, EventPattern=json.dumps(pattern), State="ENABLED")
    events.put_targets(Rule=NAME, Targets=[{"Id": NAME, "Arn": queue_arn, "InputTransformer": transformer}])
    return bridge


def drain(bridge: Bridge, wait_seconds: int = 0) -> int:
    """Publish everything that waits in the queue; returns how many status changes that were.

    A message is removed only when it has been published, so a crash in between may publish it a second time.
    """
    sqs, url, count = bridge.client("sqs"), bridge.queue_url, 0
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait_seconds, VisibilityTimeout=CLAIM_SECONDS
    ).get("Messages", []):
        count += _publish(bridge, [json.loads(message["Body"]) for message in messages])
        gone = [{"Id": str(number), "ReceiptHandle": m["ReceiptHandle"]} for number, m in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=gone)
    return count


def _publish(bridge: Bridge, changes: list[dict[str, Any]]) -> int:
    data: list[dict[str, Any]] = []
    count = 0
    for change in changes:
        if (change["execution"], change["status"]) not in bridge.published:
            bridge.published.add((change["execution"], change["status"]))
            count += 1
            data += _metrics(bridge, change)
            if change["status"] != ExecutionStatus.RUNNING:
                _write_log(bridge, change["execution"])
    if data:
        bridge.client("cloudwatch").put_metric_data(Namespace="AWS/States", MetricData=data)
    return count


def _metrics(bridge: Bridge, change: dict[str, Any]) -> list[dict[str, Any]]:
    ended = change["status"] != ExecutionStatus.RUNNING
    moment = change["stop"] if ended else change["start"]
    common = {
        "Dimensions": [{"Name": "StateMachineArn", "Value": bridge.state_machine_arn}],
        "Timestamp": datetime.fromtimestamp(moment / 1000, UTC),
    }
    counted = {"MetricName": METRICS[change["status"]], "Value": 1.0, "Unit": "Count", **common}
    took = {"MetricName": "ExecutionTime", "Value": float(moment - change["start"]), "Unit": "Milliseconds", **common}
    return [counted, took] if ended else [counted]


def _write_log(bridge: Bridge, execution_arn: str) -> None:
    states, logs = bridge.client("stepfunctions"), bridge.client("logs")
    machine = states.describe_state_machine(stateMachineArn=bridge.state_machine_arn)
    wanted = machine.get("loggingConfiguration", {})
    level, with_data = wanted.get("level", "OFF"), bool(wanted.get("includeExecutionData"))
    groups = [place["cloudWatchLogsLogGroup"]["logGroupArn"] for place in wanted.get("destinations", [])]
    if level == "OFF" or not groups:
        return
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=with_data
    )
    lines = log_events([event for page in pages for event in page["events"]], execution_arn, level, with_data)
    if not lines:
        return
    stream = f"states/{machine['name']}/{datetime.now(UTC):%Y-%m-%d-%H-%M}/{bridge.suffix}"
    for group in groups:
        name = group.split(":log-group:")[1].removesuffix(":*")
        try:
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(logGroupName=name, logStreamName=stream)
            logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=lines)
        except logs.exceptions.ResourceNotFoundException:
            # As on AWS: the execution does not fail because its log group is missing, the lines are just lost.
            log.warning("no log group %s: the log of %s is lost", name, execution_arn)


def _run(bridge: Bridge, stopped: threading.Event, pause: Callable[[float], Any] | None = None) -> None:
    """Publish until `stopped` is set, then once more what is left."""
    while not stopped.is_set():
        drain(bridge)
        (pause or stopped.wait)(0.2)
    drain(bridge)


def _start(folder: Path, settings: Settings, detached: bool = False) -> child_processes.Child:
    """Start the bridge as a process of its own; the caller stops it. Its rule and queue exist when this returns."""
    prepare(settings.endpoint_url, settings.state_machine_arn)
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--endpoint", settings.endpoint_url, "--state-machine-arn", settings.state_machine_arn]
    extra = {"PYTHONPATH": str(child_processes.CHECKOUT)}
    child = child_processes.start("rehearsal.account.bridge", arguments, folder, extra, detached)
    if not server.wait_until(lambda: "publishing" in child.tail(), child, "the bridge"):
        child_processes.stop(child)
        raise Unreachable(f"the metric bridge ended at once; the end of its log:\n{child.tail()}")
    return child


@contextlib.contextmanager
def running_bridge(folder: Path, settings: Settings) -> Iterator[child_processes.Child]:
    """A running bridge that ends, with everything published, with the block."""
    child = _start(folder, settings)
    try:
        yield child
    finally:
        child_processes.stop(child)


def start_kept(state_folder: Path, settings: Settings) -> child_processes.Child:
    """Start a bridge that outlives this command, beside the kept account; one that runs is left as it is."""
    running = server.kept_beside(state_folder, "bridge")
    if running:
        return running
    child = _start(state_folder.resolve() / "server", settings, detached=True)
    server.keep_beside(state_folder, "bridge", child)
    return child


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns 1 when the account has gone away."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.account.bridge", description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--state-machine-arn", required=True)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.Formatter.converter = time.gmtime
    stopped = child_processes.set_by(signal.SIGTERM, signal.SIGINT)
    bridge = prepare(given.endpoint, given.state_machine_arn)
    log.info("publishing for %s at %s", given.state_machine_arn, given.endpoint)
    try:
        _run(bridge, stopped)
    except (EndpointConnectionError, ConnectionClosedError, ClientError) as error:
        log.error("the account is gone or was emptied: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
