"""The log of the calls that are made: one row a call, also of a failed one, and never what was sent or answered."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from lib.routes import DRILL_PREFIX
from lib.values import contacts

Row = dict[str, Any]
CallLog = Callable[[Row], None]

# The parameter that names what a call is about, most telling first; for the call log, which holds no payloads.
NAMED_BY = (
    "executionArn", "stateMachineAliasArn", "stateMachineArn", "SubscriptionArn", "TopicArn", "FunctionName",
    "PolicyName", "RoleName", "Rule", "QueueName", "QueueUrl", "TableName", "Bucket", "logGroupName", "DashboardName",
    "Name", "name",
)  # fmt: skip
# An execution's name may be a person's id. Ours, of drills, are made of a scenario, a run and chance.
EXECUTION = re.compile(r"(arn:[^:]*:states:[^:]*:[^:]*:(?:execution|express|mapRun):[^:/]+)[:/](.+)", re.DOTALL)
OURS = re.compile(rf"{DRILL_PREFIX}[\w.-]+-[A-Za-z0-9-]{{1,12}}-[0-9a-f]{{6}}")
SOMEBODYS = "(not ours)"


class Session(Protocol):
    """A session of boto3: what the log needs of one."""

    @property
    def events(self) -> Any:  # noqa: ANN401
        """Where hooks are registered."""


@dataclass
class Calls:
    """Hands one row a call to the log. Within `together`, the answered calls of one kind share a row.

    Threads may call at once. A call that failed always has a row of its own.
    """

    log: CallLog | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    shared: dict[tuple[str, str, str], Row] | None = None

    def listen(self, session: Session) -> None:
        """Register botocore's event hooks so that every call of the session, also a failed one, becomes a row."""

        def started(params: Mapping[str, Any], model: Any, context: Row, **_: object) -> None:  # noqa: ANN401
            context["call"] = (model, _resource(params), datetime.now(UTC), time.monotonic())

        def answered(parsed: Mapping[str, Any], context: Row, **_: object) -> None:
            meta = parsed.get("ResponseMetadata", {})
            self.add(_row(context, parsed.get("Error", {}).get("Code", "ok"), meta))

        def unanswered(exception: Exception, context: Row, **_: object) -> None:
            self.add(_row(context, f"no answer: {type(exception).__name__}", {}))

        session.events.register("before-parameter-build", started)
        session.events.register("after-call", answered)
        session.events.register("after-call-error", unanswered)

    def add(self, row: Row) -> None:
        """Log this call, or count it with the others of its kind."""
        with self.lock:
            kind = (row["service"], row["operation"], row["resource"])
            if self.shared is None or row["outcome"] != "ok":
                self._write(row)
            elif kind in self.shared:
                first = self.shared[kind]
                first["calls"] += 1
                first["milliseconds"] += row["milliseconds"]
                first["retries"] += row["retries"]
            else:
                self.shared[kind] = {**row, "calls": 1}

    @contextmanager
    def together(self) -> Iterator[None]:
        """One row for all calls of a kind: the first one's, with `calls` of them and the sums of their numbers.

        For reads whose number is that of the data: a row each would make the record grow as the account does.
        """
        with self.lock:
            self.shared = {}
        try:
            yield
        finally:
            with self.lock:
                rows, self.shared = list(self.shared.values()), None
                for row in rows:
                    self._write(row)

    def _write(self, row: Row) -> None:
        if self.log:
            self.log(row)


def _row(context: Mapping[str, Any], outcome: str, meta: Mapping[str, Any]) -> Row:
    model, resource, moment, clock = context["call"]
    return {
        "time": moment.isoformat(timespec="milliseconds"),
        "service": model.service_model.service_name,
        "operation": model.name,
        "resource": resource,
        "milliseconds": round((time.monotonic() - clock) * 1000),
        "outcome": outcome,
        "retries": meta.get("RetryAttempts", 0),
        "request_id": meta.get("RequestId", ""),
    }


def _resource(params: Mapping[str, Any]) -> str:
    key, named = next(((key, str(params[key])) for key in NAMED_BY if params.get(key)), ("", ""))
    execution = EXECUTION.fullmatch(named)
    if execution and not OURS.fullmatch(execution[2]):
        return f"{execution[1]}:{SOMEBODYS}"
    # No queue is opened by its URL alone.
    place, slash, name = named.rpartition("/") if key == "QueueUrl" else ("", "", named)
    return f"{place}{slash}{contacts.mask_text(name)}"
