"""Executions of the workflow: start, wait, read what happened. Starts executions; changes nothing else."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live, absent_is_none, error_code, readable
from lib.exact_json import parsed

NEVER_ENDS = "RUNNING"
# Of a history, the states are wanted and not the words that went through them.
WORDLESS: dict[str, Any] = {"includeExecutionData": False, "PaginationConfig": {"PageSize": 1000}}


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


def describe(live: Live, arn: str, with_output: bool = True) -> Execution:
    """How an execution stands; without its output, no word of a check-in is asked for. Read-only."""
    wanted = {} if with_output else {"includedData": "METADATA_ONLY"}
    with readable(f"reading execution {arn.rsplit(':', 1)[-1]}"):
        answer = live.client("stepfunctions").describe_execution(executionArn=arn, **wanted)
    output = parsed(answer.get("output") or "{}", f"the output of {arn.rsplit(':', 1)[-1]}")
    return Execution(
        arn=arn,
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        output=output if isinstance(output, dict) else {},
        error=answer.get("error", ""),
    )


def finished(
    live: Live, arn: str, timeout: float, sleep: Callable[[float], None] = time.sleep, with_output: bool = True
) -> Execution:
    """Wait until an execution ends, or until `timeout` seconds pass; then it is returned as it stands."""
    deadline = time.monotonic() + timeout
    while True:
        execution = describe(live, arn, with_output)
        if execution.status != NEVER_ENDS or time.monotonic() > deadline:
            return execution
        sleep(live.settings.poll_seconds)


def path(live: Live, arn: str) -> list[str]:
    """The names of the states that an execution entered, in order. Read-only.

    The embedded AWS does not record those inside a Parallel state.
    """
    pages = live.client("stepfunctions").get_paginator("get_execution_history")
    with readable(f"reading the history of {arn.rsplit(':', 1)[-1]}"):
        events = [e for p in pages.paginate(executionArn=arn, **WORDLESS) for e in p["events"]]
    return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]


def revision(live: Live, arn: str) -> str:
    """The revision of the workflow that an execution ran on, "" where AWS names none. Read-only."""
    with absent_is_none("ExecutionDoesNotExist"):
        answer = live.client("stepfunctions").describe_state_machine_for_execution(executionArn=arn)
        return str(answer.get("revisionId", ""))
    return ""


def since(live: Live, start: datetime, most: int) -> list[dict[str, Any]]:
    """Executions that started since then, newest first, at most so many: name, status, started, stopped. Read-only."""
    return list(takewhile(lambda row: row["started"] >= start, _listed(live, most)))


def recent(live: Live, most: int) -> list[dict[str, Any]]:
    """The latest executions, newest first: name, status, started, stopped. Read-only."""
    return list(_listed(live, most))


def _listed(live: Live, most: int) -> Iterator[dict[str, Any]]:
    pages = live.client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(
        stateMachineArn=live.settings.state_machine_arn, PaginationConfig={"MaxItems": most, "PageSize": 1000}
    )
    with readable("listing the executions"):
        for page in found:
            for r in page["executions"]:
                yield {
                    "name": r["name"],
                    "status": r["status"],
                    "started": r["startDate"],
                    "stopped": r.get("stopDate"),
                }
