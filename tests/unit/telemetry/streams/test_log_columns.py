"""The workflow's log as columns: routes and alerts are those of all lines, and no line of many is held."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from lib.telemetry import workflow_log
from lib.telemetry.deliveries import alert_log
from lib.telemetry.streams import log_columns
from lib.telemetry.streams.log_columns import GRACE_MILLISECONDS, LogColumns

ARN = "arn:aws:states:us-east-1:000000000000:execution:Your6-CheckinWorkflow:"
ROUTES = ("None", "Standard", "High", "Crisis", "Proactive", "Unscored")
SENDS = {"Standard": "StandardAlert", "High": "HighRiskAlert", "Crisis": "CrisisAlert", "Proactive": "ProactiveAlert"}
Event = tuple[str, str, int, str, str]


def events(number: int, seed: int) -> Iterator[Event]:
    """Lines of so many executions, a second apart, in the order of time."""
    chance, pending = random.Random(seed), list[Event]()
    for at in range(number):
        pending += _execution(chance, at)
        pending.sort(key=lambda event: event[2])
        while pending and pending[0][2] <= at * 1000:
            yield pending.pop(0)
    yield from pending


def _execution(chance: random.Random, at: int) -> list[Event]:
    arn = f"{ARN}{'drill' if chance.random() < 0.05 else 'checkin'}-{at}"
    route = chance.choices(ROUTES, [75, 12, 4, 3, 4, 2])[0]
    kinds = [("ExecutionStarted", "ExecutionStarted"), ("TaskStateEntered", "ProcessCheckin")]
    kinds += [("TaskFailed", "TaskFailed")] if chance.random() < 0.02 else []
    ended = chance.choices(["ExecutionSucceeded", "ExecutionFailed", ""], [96, 3, 1])[0]
    if ended == "ExecutionSucceeded" or chance.random() < 0.5:
        kinds.append(("PassStateEntered", f"Route{route}"))
        kinds += [("TaskStateExited", SENDS[route])] if route in SENDS else []
    kinds += [(ended, ended)] if ended else []
    begins = at * 1000
    return [(arn, str(n), begins + n * chance.randint(1, 900), name, kind) for n, (kind, name) in enumerate(kinds)]


def taken(lines: Iterator[Event]):
    columns = LogColumns(frozenset(workflow_log.ENDS), frozenset(workflow_log.REGULAR))
    for line in lines:
        columns.add(*line)
    return columns.frame()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_as_its_route_alone_changes_no_answer(monkeypatch, seed):
    whole = taken(events(3000, seed))
    monkeypatch.setattr(log_columns, "NAMED", 20)
    part = taken(events(3000, seed))
    assert len(part) < 0.6 * len(whole)
    routes, all_routes = workflow_log.routes(part), workflow_log.routes(whole)
    assert routes[["time", "route", "drill"]].equals(all_routes[["time", "route", "drill"]])
    assert routes.attrs["open"] == all_routes.attrs["open"] > 0
    assert alert_log.alerts(part).equals(alert_log.alerts(whole))
    assert alert_log.failed_attempts(part).equals(alert_log.failed_attempts(whole))
    unnamed = routes[routes["execution"] == log_columns.UNNAMED]
    assert set(unnamed["route"]) == {"none"} and not unnamed["drill"].any()


def test_routes_are_those_that_a_direct_count_gives(monkeypatch):
    monkeypatch.setattr(log_columns, "NAMED", 20)
    lines = list(events(3000, 7))
    first = {}
    for arn, _, _, name, kind in lines:
        if kind == "PassStateEntered":
            first.setdefault(arn, name.removeprefix("Route").lower())
    counted = Counter(workflow_log.routes(taken(iter(lines)))["route"])
    del counted["no route"]
    assert counted == Counter(first.values())


def test_no_more_lines_are_held_than_of_those_that_run_or_ended_just_now(monkeypatch):
    monkeypatch.setattr(log_columns, "NAMED", 20)
    columns, most, ended = LogColumns(frozenset(workflow_log.ENDS), frozenset(workflow_log.REGULAR)), 0, 0
    for line in events(20_000, 1):
        columns.add(*line)
        most, ended = max(most, columns.held), ended + (line[4] in workflow_log.ENDS)
    never_ended = 20_000 - ended
    assert most <= GRACE_MILLISECONDS / 1000 + 10 + never_ended


def test_of_those_that_never_end_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr(log_columns, "MOST_OPEN", 5)
    columns = LogColumns(frozenset(workflow_log.ENDS), frozenset(workflow_log.REGULAR))
    for at in range(50):
        columns.add(f"{ARN}checkin-{at}", "1", at, "ExecutionStarted", "ExecutionStarted")
        assert columns.held <= 5
    assert len(columns.frame()) == 50


def test_a_line_that_comes_again_within_a_minute_counts_once():
    lines = list(events(200, 3))
    twice = sorted([*lines, *lines], key=lambda line: line[2])
    assert taken(iter(twice)).equals(taken(iter(lines)))
