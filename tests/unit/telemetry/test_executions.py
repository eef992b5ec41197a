"""Executions are listed until the time that is asked for."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from lib import settings
from lib.telemetry import executions

LOCAL = settings.load("local")


def listing(*pages):
    """A connection whose listing of executions has these pages."""
    paginator = SimpleNamespace(paginate=lambda **_: iter(pages))
    return SimpleNamespace(settings=LOCAL, client=lambda _: SimpleNamespace(get_paginator=lambda _: paginator))


def test_executions_are_listed_until_the_time():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    days = {"newest": 1, "new": 89, "old": 100}
    rows = [
        {"executionArn": name, "name": name, "status": "SUCCEEDED", "startDate": now - timedelta(days=d)}
        for name, d in days.items()
    ]
    since = now - timedelta(days=90)
    for pages in ([{"executions": rows}], [{"executions": rows[:1]}, {"executions": rows[1:]}, {"executions": rows}]):
        assert [row["name"] for row in executions.latest_since(listing(*pages), since, 10)] == ["newest", "new"]
    assert executions.latest_since(listing({"executions": []}), since, 10) == []
