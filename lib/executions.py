"""Executions of the workflow: start, wait, read what happened. Starts executions; changes nothing else."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live, absent_is_none, error_code, readable

NEVER_ENDS = "RUNNING"


@dataclass(frozen=True)
class Execution:
    """One execution as Step Functions describes it, without its input."""

    arn: str
    status: str
    started: datetime
    stopped: datetime | None
    output: dict[str, Any]
    error: str

    @property
    def name(self) -> str:
        return self.arn.rsplit(":", 1)[-1]

    @property
    def seconds(self) -> float | None:
        """From start to stop; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None


def start(live: Live, name: str, given: dict[str, Any]) -> str:
    """Start the workflow under a name that is used once; returns the execution's ARN.

    A repeated start of the same name and input is the same execution, whether AWS says so or reports it as existing.
    """
    s = live.settings
    arn = s.arn("states", f"execution:{s.state_machine_name}:{name}")
    with readable(f"starting execution {name}"):
        try:
            client = live.client("stepfunctions")
            client.start_execution(stateMachineArn=s.state_machine_arn, name=name, input=json.dumps(given))
        except ClientError as error:
            if error_code(error) != "ExecutionAlreadyExists":
                raise
    return arn


def describe(live: Live, arn: str) -> Execution:
    """How an execution stands. Read-only."""
    with readable(f"reading execution {arn.rsplit(':', 1)[-1]}"):
        answer = live.client("stepfunctions").describe_execution(executionArn=arn)
    output = json.loads(answer.get("output") or "{}")
    return Execution(
        arn=arn,
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        output=output if isinstance(output, dict) else {},
        error=answer.get("error", ""),
    )


def finished(live: Live, arn: str, timeout: float, sleep: Callable[[float], None] = time.sleep) -> Execution:
    """Wait until an execution ends, or until `timeout` seconds pass; then it is returned as it stands."""
    deadline = time.monotonic() + timeout
    while True:
        execution = describe(live, arn)
        if execution.status != NEVER_ENDS or time.monotonic() > deadline:
            return execution
        sleep(live.settings.poll_seconds)


def path(live: Live, arn: str) -> list[str]:
    """The names of the states that an execution entered, in order. Read-only.

    The embedded AWS does not record those inside a Parallel state.
    """
    pages = live.client("stepfunctions").get_paginator("get_execution_history")
    with readable(f"reading the history of {arn.rsplit(':', 1)[-1]}"):
        events = [e for p in pages.paginate(executionArn=arn, PaginationConfig={"PageSize": 1000}) for e in p["events"]]
    return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]


def revision(live: Live, arn: str) -> str:
    """The revision of the workflow that an execution ran on, "" where AWS names none. Read-only."""
    with absent_is_none("ExecutionDoesNotExist"):
        answer = live.client("stepfunctions").describe_state_machine_for_execution(executionArn=arn)
        return str(answer.get("revisionId", ""))
    return ""


def recent(live: Live, most: int) -> list[dict[str, Any]]:
    """The latest executions, newest first: name, status, start, stop. Read-only."""
    pages = live.client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=live.settings.state_machine_arn, PaginationConfig={"MaxItems": most})
    with readable("listing the executions"):
        return [
            {"name": r["name"], "status": r["status"], "started": r["startDate"], "stopped": r.get("stopDate")}
            for page in found
            for r in page["executions"]
        ]


def started(live: Live, since: datetime, most: int) -> tuple[list[str], bool]:
    """The names of the executions started since then, newest first, and whether that is all. Read-only.

    AWS lists the newest first, and keeps 90 days; no more than `most` are read.
    """
    pages = live.client("stepfunctions").get_paginator("list_executions")
    found = list[str]()
    with readable("listing the executions"):
        for page in pages.paginate(
            stateMachineArn=live.settings.state_machine_arn, PaginationConfig={"PageSize": 1000}
        ):
            recent_ones = [row["name"] for row in page["executions"] if row["startDate"] >= since]
            found += recent_ones
            if len(recent_ones) < len(page["executions"]):
                return found, True
            if len(found) >= most:
                return found[:most], "nextToken" not in page
    return found, True
