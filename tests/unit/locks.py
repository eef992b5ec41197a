"""The lock of an environment in a dictionary, as the parameter store keeps it; and one that another machine holds."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError

from lib.resources.account_guards import PLACE
from lib.resources.lock_value import Lock, digest
from lib.settings import load

NAME = load("local").lock_name
OPERATOR = "arn:aws:sts::000000000000:assumed-role/Operations/jane"


def says(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")


@dataclass
class Store:
    """The three calls of SSM that the lock makes. `before` and `after` see each call, and may raise or intervene.

    What the account keeps of its guards lies apart, and is seen by neither. It has a clock of its own, an hour behind
    this machine's, which stands still but for `passes`.
    """

    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    written: dict[str, datetime] = field(default_factory=dict)
    past: dict[int, str] = field(default_factory=dict)  # the lock's earlier versions since it was last taken
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    dated: bool = True
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda call: None
    after: Callable[[str], None] = lambda call: None
    alone: Any = field(default_factory=threading.RLock)

    def get_parameter(self, **given):
        if given["Name"].startswith(PLACE):
            if given["Name"] not in self.kept:
                raise says("ParameterNotFound")
            return {"Parameter": {"Value": self.kept[given["Name"]], "Version": 1, "LastModifiedDate": self.now}}
        name, _, earlier = given["Name"].partition(":")
        with self._told("look back" if earlier else "get"):
            if name not in self.held:
                raise says("ParameterNotFound")
            value, version = self.held[name]
            if earlier:
                value, version = self.past.get(int(earlier), value), int(earlier)
            headers = {"date": format_datetime(self.now, usegmt=True)} if self.dated else {}
            when = self.written.get(name, self.now)
            return {
                "Parameter": {"Value": value, "Version": version, "LastModifiedDate": when},
                "ResponseMetadata": {"HTTPHeaders": headers},
            }

    def put_parameter(self, **given):
        name, over = given["Name"], given["Overwrite"]
        if name.startswith(PLACE):
            if name in self.kept:
                raise says("ParameterAlreadyExists")
            self.kept[name] = given["Value"]
            return {"Version": 1}
        with self._told("renew" if over else "take"), self.alone:
            if name in self.held and not over:
                raise says("ParameterAlreadyExists")
            value, version = self.held.get(name, ("", 0))
            self.past = {**self.past, version: value} if version else {}
            version += 1
            self.held[name] = (given["Value"], version)
            self.written[name] = self.now
            return {"Version": version}

    def delete_parameter(self, **given):
        with self._told("delete"):
            if self.held.pop(given["Name"], None) is None:
                raise says("ParameterNotFound")

    @contextmanager
    def _told(self, call):
        self.calls.append(call)
        self.before(call)
        yield
        self.after(call)

    @property
    def lock(self) -> dict[str, Any] | None:
        return json.loads(self.held[NAME][0]) if NAME in self.held else None

    def passes(self, seconds: float) -> None:
        """AWS's clock goes on, and nobody renews anything meanwhile."""
        for name in self.held:
            self.written.setdefault(name, self.now)
        self.now += timedelta(seconds=seconds)

    def edit(self, **values: Any) -> None:
        value, version = self.held[NAME]
        self.held[NAME] = (json.dumps({**json.loads(value), **values}), version)


def somebodys(store: Store, **values: Any) -> Lock:
    """The lock of a run on another machine."""
    usual = {
        "token_sha256": digest("theirs"), "run_id": "r9", "owner": "arn:aws:iam::000000000000:user/bob",
        "host": "elsewhere", "pid": 7, "born": "b 1", "taken": "2026-01-01T00:00:00Z", "lease_seconds": 60,
    }  # fmt: skip
    lock = Lock(**{**usual, **values})
    store.held[NAME], store.past = (json.dumps(lock.to_row()), 1), {}
    store.written[NAME] = store.now
    return lock
