"""Executions as columns: what is counted is what a direct count says, and no row of many is held."""

import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import SimpleNamespace

import pytest

from lib import settings
from lib.telemetry import continuity, executions, outcomes
from lib.telemetry.review_window import Cutover, Window
from lib.telemetry.streams import execution_columns

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
CHANGE = NOW - timedelta(hours=2)
LOCAL = settings.load("local")
A_PAGE = 1000


class Row(dict):
    """A row of ListExecutions that tells how many of them there are."""

    alive = 0
    most = 0

    def __init__(self, **values: object) -> None:
        super().__init__(values)
        Row.alive += 1
        Row.most = max(Row.most, Row.alive)

    def __del__(self) -> None:
        Row.alive -= 1


def listed(number: int, seed: int = 1, apart: float = 0.1) -> Iterator[Row]:
    """So many, the newest first: one in a hundred failed, some are slow, open, drills."""
    chance = random.Random(seed)
    for at in range(number):
        started = NOW - timedelta(seconds=(at + 1) * apart)
        status = chance.choices(["SUCCEEDED", "FAILED", "TIMED_OUT", "RUNNING"], [97, 1, 1, 1])[0]
        name = f"{'drill' if chance.random() < 0.05 else 'checkin'}-{at}"
        took = timedelta(seconds=chance.choice([0.5, 2, 8, 40, 400]))
        ended = {} if status == "RUNNING" else {"stopDate": started + took}
        yield Row(executionArn=f"arn:{name}", name=name, status=status, startDate=started, **ended)


def account(number: int, **how: float) -> SimpleNamespace:
    """A connection that lists so many, made as they are asked for."""

    def pages(**_: object) -> Iterator[dict[str, list[Row]]]:
        rows = listed(number, **how)
        while page := list(islice(rows, A_PAGE)):
            yield {"executions": page}

    return SimpleNamespace(
        settings=LOCAL, client=lambda _: SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=pages))
    )


@pytest.fixture
def few_names(monkeypatch):
    monkeypatch.setattr(execution_columns, "NAMED", 50)


def counts(frame):
    return Counter(zip(frame["who"], frame["when"], frame["outcome"], strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_without_names_everything_is_counted_as_with_them(monkeypatch, seed):
    rows = [
        {
            "arn": r["executionArn"],
            "name": r["name"],
            "status": r["status"],
            "started": r["startDate"],
            "stopped": r.get("stopDate"),
        }
        for r in listed(4000, seed, 2.0)
    ]
    whole = outcomes.outcome_rows(rows, NOW, 180, CHANGE)
    monkeypatch.setattr(execution_columns, "NAMED", 50)
    part = outcomes.outcome_rows(iter(rows), NOW, 180, CHANGE)
    assert counts(part) == counts(whole)
    assert part["seconds"].tolist() == whole["seconds"].tolist()
    assert outcomes.table(part).equals(outcomes.table(whole))
    drills = sum(row["name"].startswith("drill-") for row in rows)
    assert (part["who"] == "drills").sum() == drills
    named = part[part["outcome"] != "succeeded"]
    assert (named["name"] != "").all(), "who failed, is in doubt or runs can be named"
    assert (part["name"] == "").sum() > 2000


def test_of_more_that_failed_than_are_named_the_newest_are(monkeypatch):
    monkeypatch.setattr(execution_columns, "NAMED", 2)
    monkeypatch.setattr(execution_columns, "MOST_NAMED", 5)
    rows = [{"arn": f"a{n}", "name": f"n{n}", "status": "FAILED", "started": NOW, "stopped": NOW} for n in range(9)]
    assert execution_columns.frame(rows, 30)["name"].tolist() == ["n0", "n1", "n2", "n3", "n4", "", "", "", ""]


def test_a_failure_without_a_name_is_not_asked_for_and_is_said(monkeypatch):
    monkeypatch.setattr(execution_columns, "NAMED", 1)
    monkeypatch.setattr(execution_columns, "MOST_NAMED", 2)
    errors = {"a0": "E", "a1": "E"}
    monkeypatch.setattr(executions, "error_of", lambda live, arn: errors[arn])
    rows = [
        {"arn": f"a{n}", "name": f"n{n}", "status": "FAILED", "started": NOW - timedelta(seconds=n), "stopped": NOW}
        for n in range(4)
    ]
    frame = outcomes.outcome_rows(rows, NOW, 180, CHANGE)
    kinds = continuity.kinds_of_failure(account(0), frame).set_index("kind")["after"]
    assert kinds.to_dict() == {"FAILED E": 2, continuity.NOT_LOOKED_AT: 2}
    errors["a1"] = None  # Step Functions knows it no longer
    kinds = continuity.kinds_of_failure(account(0), frame).set_index("kind")["after"]
    assert kinds.to_dict() == {"FAILED E": 1, continuity.NOT_LOOKED_AT: 3}


def test_no_page_of_many_is_held_and_calls_are_counted(few_names):
    Row.most = Row.alive = 0
    window = Window(NOW - timedelta(days=1), NOW, Cutover(CHANGE, CHANGE, CHANGE))
    tracemalloc.start()
    frame = continuity.outcomes_of(account(20_000), window, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(frame) == 20_000
    assert Row.most <= 2 * A_PAGE + 1, "one page, and the next while it is made"
    assert peak < 20_000 * 700, "as rows they are some 1,500 bytes each"
    assert frame.attrs["source"] == "20,000 executions, listed by Step Functions in 20 calls"


def test_what_aws_has_forgotten_by_now_is_said_of_a_list_that_came_to_its_end():
    window = Window(NOW - timedelta(days=1), NOW, Cutover(CHANGE, CHANGE, CHANGE))
    assert continuity.outcomes_of(account(10), window, NOW + timedelta(days=88)).attrs["cut"] == ""
    cut = continuity.outcomes_of(account(10), window, NOW + timedelta(days=90)).attrs["cut"]
    assert cut == f"Step Functions forgets executions after 90 days, and lists none from before {NOW:%Y-%m-%d} UTC"


def test_a_walk_ends_by_time_and_by_number_and_says_so():
    every = executions.Walk(account(5000), NOW - timedelta(seconds=200))
    assert (len(list(every)), every.cut, every.calls) == (2000, "", 3)
    told = list[int]()
    cut = executions.Walk(account(5000), NOW - timedelta(seconds=400), most=1500, seen=told.append)
    assert (len(list(cut)), cut.count, told) == (1500, 1500, [0, 1000])
    assert cut.cut.startswith("only the newest 1,500 executions were read, back to 2026-03-18 11:57:32 UTC instead of")
    exact = executions.Walk(account(1500), NOW - timedelta(days=1), most=1500)
    assert (len(list(exact)), exact.cut) == (1500, "")
