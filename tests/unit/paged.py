"""An hour of an account, and a client whose answers come in pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lib import settings as parameters
from lib.aws import Identity, Live

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)
LOCAL = parameters.load("local")
MACHINE = LOCAL.state_machine_arn.replace("stateMachine", "execution")


class Pages:
    """A client whose every paginator answers the pages that it was given, and which remembers what it was asked."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []
        self.put: list[dict[str, Any]] = []

    def get_paginator(self, _operation: str) -> "Pages":
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(asked)
        yield from self.pages

    def put_metric_data(self, **given: Any) -> None:
        self.put.append(given)


def live_with(service: str, client: Any) -> Live:
    return Live(LOCAL, Identity("000000000000", "us-east-1", "me", "here"), None, {service: client})  # type: ignore[arg-type]
