"""What the change costs: by what was counted, and no month out of minutes."""

from types import SimpleNamespace

import pandas as pd
import pytest
from machines import says
from sent_alerts import alerts

from lib.phases.review import costs
from lib.settings import load
from lib.telemetry import executions
from lib.telemetry.deliveries import counts, sources
from lib.telemetry.streams.log_columns import UNNAMED


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(executions, "path", lambda live, arn: ["A", "B", "C"])
    record = SimpleNamespace(rows=lambda name: [{"calls": 3}, {}])
    return SimpleNamespace(settings=load("local"), live=None, record=record)


def gone(**_):
    raise says("ExecutionDoesNotExist")


def read(days):
    frame = pd.DataFrame(columns=counts.COLUMNS)
    frame.attrs["sources"] = sources.of(load("local"), ())
    routes = pd.DataFrame({"route": ["none"] * 1000, "execution": "e", "drill": False})
    found = SimpleNamespace(after=counts.totals(frame), counted=frame, before=None, alerts=alerts(1, 2))
    return SimpleNamespace(days=days, routes_since=routes, deliveries=found)


def test_a_month_is_made_of_a_day_or_more(run):
    rows = {row["what"]: row for row in costs.rows(run, read(1.0))}
    row = rows["state transitions, counted on one execution of each route"]
    assert (row["counted, drills too"], row["a month"]) == ("3,000", "91,312")
    assert row["costs"] == "2.2828 USD a month"
    assert rows["messages to topics"]["costs"] == "not counted"
    assert rows["together, at prices of us-east-1 as of 2025-06-01"]["costs"].endswith(
        "3 of the parts above were not counted"
    )
    assert rows["calls to AWS of this run so far, by its record"]["counted, drills too"] == "4"


def test_of_executions_that_no_name_was_kept_of_a_named_one_is_looked_at_or_none(run):
    """Of a million executions the log's reader names some: the newest of a route may be any of the rest."""
    what, seen = "state transitions, counted on one execution of each route", read(1.0)
    seen.routes_since.loc[500:, "execution"] = UNNAMED
    assert {row["what"]: row for row in costs.rows(run, seen)}[what]["counted, drills too"] == "3,000"
    seen.routes_since["execution"] = UNNAMED
    assert {row["what"]: row for row in costs.rows(run, seen)}[what]["costs"] == costs.UNCOUNTED


def test_of_an_execution_that_is_gone_nothing_is_counted_and_nothing_ends(run, monkeypatch):
    what = "state transitions, counted on one execution of each route"
    client = SimpleNamespace(get_paginator=lambda operation: SimpleNamespace(paginate=gone))
    monkeypatch.undo()
    lost = SimpleNamespace(**{**vars(run), "live": SimpleNamespace(client=lambda service: client)})
    assert {row["what"]: row for row in costs.rows(lost, read(1.0))}[what]["costs"] == costs.UNCOUNTED


def test_of_minutes_it_says_what_they_cost_and_no_month(run):
    rows = {row["what"]: row for row in costs.rows(run, read(0.01))}
    row = rows["state transitions, counted on one execution of each route"]
    assert (row["a month"], row["costs"]) == (
        "too short to say a month", "0.0750 USD in this time, too short to say a month",
    )  # fmt: skip
