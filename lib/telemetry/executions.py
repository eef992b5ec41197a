"""Executions of the workflow: start, wait, read what happened, and how many began. Changes nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, takewhile
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import absent_is_none, error_code, is_throttled, readable
from lib.errors import NotAsWanted
from lib.resources.existing.known_executions import GONE, if_known, is_unknown
from lib.telemetry.execution_status import Execution, ExecutionStatus
from lib.values.exact_json import parse_foreign
from lib.wait import until

FORGOTTEN = "no longer known to Step Functions"
LISTED_DAYS = 90  # Step Functions forgets an execution then
MOST_LISTED = 500_000  # executions that are listed and held, a thousand a call: 24 days at 20,500 a day
MOST_WALKED = 3_000_000  # that are looked at one by one, of which a few hundred bytes each are kept
MACHINE_PARTS = 7  # of an ARN; what comes behind them names an alias or a version
REPEATED_WITHIN = 1000  # the newest executions, among which a repeated start finds its first
# Of a history, the states are wanted and not the words that went through them.
WORDLESS: dict[str, Any] = {"includeExecutionData": False, "PaginationConfig": {"PageSize": 1000}}


def start(live: Live, name: str, given: dict[str, Any], entry: str = "") -> str:
    """Start the workflow under a name that is used once; returns the execution's ARN, as AWS gives it.

    `entry`: the ARN that is started, an alias's or a version's; "" for the workflow itself. A repeated start of the
    same name and input is the same execution, whether AWS says so or reports it as existing.
    """
    entry = entry or live.settings.state_machine_arn
    with readable(f"starting execution {name}"):
        try:
            client = live.client("stepfunctions")
            answer = client.start_execution(stateMachineArn=entry, name=name, input=json.dumps(given))
            return str(answer["executionArn"])
        except ClientError as error:
            if error_code(error) != "ExecutionAlreadyExists":
                raise
    machine = ":".join(entry.split(":")[:MACHINE_PARTS])
    started = _listed(live, REPEATED_WITHIN, machine=machine)
    return next((row["arn"] for row in started if row["name"] == name), _arn_of(live, machine, name))


def _arn_of(live: Live, machine: str, name: str) -> str:
    """The ARN of an execution that was started by a workflow's own ARN; of others, AWS tells it in its listing."""
    return live.settings.arn("states", f"execution:{machine.rpartition(':')[2]}:{name}")


def describe(live: Live, arn: str, with_output: bool = True) -> Execution:
    """How an execution stands; without its output, no word of a check-in is asked for. Read-only."""
    wanted = {} if with_output else {"includedData": "METADATA_ONLY"}
    with readable(f"reading execution {arn.rsplit(':', 1)[-1]}"):
        answer = live.client("stepfunctions").describe_execution(executionArn=arn, **wanted)
    output = parse_foreign(answer.get("output") or "{}", f"the output of {arn.rsplit(':', 1)[-1]}")
    return Execution(
        arn=arn,
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        output=output if isinstance(output, dict) else {},
        error=answer.get("error", ""),
    )


def error_of(live: Live, arn: str) -> str:
    """The name of the error that ended an execution, "" where none did; nothing that went through it is asked for.

    Read-only.
    """
    with readable(f"reading how execution {arn.rsplit(':', 1)[-1]} ended"):
        answer = live.client("stepfunctions").get_execution_history(
            executionArn=arn, reverseOrder=True, maxResults=1, includeExecutionData=False
        )
    details = [part for event in answer["events"] for part in event.values() if isinstance(part, dict)]
    return next((str(part["error"]) for part in details if "error" in part), "")


def error_in_words(live: Live, arn: str) -> str:
    """Like `error_of`; of an execution that is no longer known, that it is not. Read-only."""
    said = if_known(partial(error_of, live, arn))
    return FORGOTTEN if said is None else said


def wait_until_ended(
    live: Live,
    arn: str,
    timeout: float,
    with_output: bool = True,
    seen: Callable[[Execution], None] = lambda execution: None,
) -> Execution:
    """Wait until an execution ends, or until `timeout` seconds pass; then it is returned as it stands.

    `seen` is shown it at each look. Where AWS knows of no such execution yet, as right after a start, or asks to wait,
    it is looked again. Raises NotAsWanted where it is so at the end as well, or where AWS refuses for another reason.
    """

    def look() -> Execution | NotAsWanted:
        try:
            execution = describe(live, arn, with_output)
        except NotAsWanted as error:
            if is_unknown(error) or is_throttled(error):
                return error
            raise
        seen(execution)
        return execution

    def ended(stands: Execution | NotAsWanted) -> bool:
        return not isinstance(stands, NotAsWanted) and stands.status != ExecutionStatus.RUNNING

    stands = until(look, ended, live.patience(timeout)).seen
    if isinstance(stands, NotAsWanted):
        raise stands
    return stands


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
    what = f"reading what execution {arn.rsplit(':', 1)[-1]} ran on"
    with readable(what), absent_is_none(GONE):
        answer = live.client("stepfunctions").describe_state_machine_for_execution(executionArn=arn)
        return str(answer.get("revisionId", ""))
    return ""


@dataclass(frozen=True)
class Listing:
    """Executions, newest first: arn, name, status, started, stopped, version (its ARN, "" where AWS names none).

    `cut` says what is missing of them; "" is all.
    """

    rows: list[dict[str, Any]]
    cut: str = ""

    @property
    def complete(self) -> bool:
        return not self.cut


def list_executions(live: Live, start: datetime, most: int = MOST_LISTED) -> Listing:
    """All executions that started since then, newest first: arn, name, status, started, stopped. Read-only.

    Reading ends by time. After `most`, it ends with `cut`, and nothing may pass on such a list.
    """
    rows = list(islice(_begun_since(_listed(live, None), start), most + 1))
    if len(rows) <= most:
        return Listing(rows)
    return Listing(rows[:most], _cut(most, rows[most - 1]["sorted by"], start))


class Walk:
    """Executions since a time, newest first, each let go once it was looked at: iterate once, and read on the rest.
    Read-only.

    `calls` is what the listing cost, `count` how many were listed, `cut` what of them was not, "" where that is all.
    `seen` is told the count at each page.
    """

    def __init__(
        self, live: Live, start: datetime, most: int = MOST_WALKED, seen: Callable[[int], None] = lambda count: None
    ) -> None:
        self._live, self._start, self._most, self._seen = live, start, most, seen
        self.calls, self.count, self.cut = 0, 0, ""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        last = None
        for row in _begun_since(_listed(self._live, None, turned=self._turned), self._start):
            if self.count == self._most:
                self.cut = _cut(self._most, last or row["sorted by"], self._start)
                return
            self.count, last = self.count + 1, row["sorted by"]
            yield row

    def _turned(self) -> None:
        self.calls += 1
        self._seen(self.count)


def forgotten(start: datetime, now: datetime) -> str:
    """What Step Functions no longer lists of the time since then, "" where it lists it all."""
    kept = now - timedelta(days=LISTED_DAYS)
    if start >= kept:
        return ""
    return f"Step Functions forgets executions after {LISTED_DAYS} days, and lists none from before {kept:%Y-%m-%d} UTC"


def _cut(most: int, last: datetime, start: datetime) -> str:
    back = f"{last.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    asked = f"{start.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"only the newest {most:,} executions were read, back to {back} instead of {asked}"


def recent(live: Live, most: int, status: str = "") -> list[dict[str, Any]]:
    """The latest executions, or of one status, newest first: arn, name, status, started, stopped. Read-only."""
    return list(_listed(live, most, status))


def _begun_since(rows: Iterator[dict[str, Any]], start: datetime) -> Iterator[dict[str, Any]]:
    """Of a listing those that began since then. AWS sorts what ended by its end, and what runs by when it began or was
    redriven: one that began long before and just ended comes early, and is no end of the listing."""
    return (row for row in takewhile(lambda row: row["sorted by"] >= start, rows) if row["started"] >= start)


def _listed(
    live: Live, most: int | None, status: str = "", machine: str = "", turned: Callable[[], None] = lambda: None
) -> Iterator[dict[str, Any]]:
    pages = live.client("stepfunctions").get_paginator("list_executions")
    only = {"statusFilter": status} if status else {}
    asked = {"stateMachineArn": machine or live.settings.state_machine_arn, **only}
    with readable("listing the executions"):
        for page in pages.paginate(**asked, PaginationConfig={"MaxItems": most, "PageSize": 1000}):
            turned()
            for r in page["executions"]:
                yield {
                    "arn": r["executionArn"],
                    "name": r["name"],
                    "status": r["status"],
                    "started": r["startDate"],
                    "stopped": r.get("stopDate"),
                    "version": r.get("stateMachineVersionArn", ""),
                    "sorted by": r.get("stopDate") or r.get("redriveDate") or r["startDate"],
                }
