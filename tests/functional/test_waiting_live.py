"""Only whoever uses a thing waits for it: the tuning for no metric, a phase that updated nothing for no update."""

import json
from dataclasses import replace
from datetime import timedelta

import nbformat
import pytest

from lib.aws import connect
from lib.changes import engine
from lib.phases import documentation, state_machine
from lib.phases.review import asked_window
from lib.record import records
from lib.record.run_phases import NOTEBOOKS
from lib.resources import connected_run, desired
from lib.settings import ROOT
from lib.telemetry import cutover, metrics


@pytest.fixture
def live(account):
    """The workflow of phase 03, in an account in which no metric is ever counted."""
    found = connect(account.model_copy(update={"mode": "apply"}))
    record = records.open_run(found.settings)
    for number in ("01", "02", "04", "03"):
        engine.carry_out(engine.plan(number, desired.PHASES[number](found)), connected_run.of(found, record))
    return found


def test_the_tuning_looks_at_a_time_and_waits_for_no_metric(live, monkeypatch):
    def counted(*_):
        raise AssertionError("a metric was asked for")

    monkeypatch.setattr(metrics, "executions", counted)
    found = cutover.window(live)
    assert found.change_at is not None
    assert found.end - found.start == timedelta(minutes=live.settings.review_minutes)


def test_the_notebooks_wait_where_they_use_the_metric_and_nowhere_else():
    calls = {number: text(number) for number in NOTEBOOKS}
    assert [number for number, source in calls.items() if "asked_window.of_run(" in source] == ["07"]
    assert "cutover.window(" in calls["08"]


def text(number):
    cells = nbformat.read(ROOT / "runbooks" / f"{NOTEBOOKS[number]}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def test_the_review_waits_for_a_success_after_the_change_until_the_time_is_up(live):
    slept, first = [], cutover.window(live)
    patient = replace(live, clock=lambda: sum(slept), sleep=slept.append)
    found = asked_window.of_run(connected_run.of(patient, records.open_run(live.settings)))
    assert set(slept) == {live.settings.poll_seconds}
    assert sum(slept) >= live.settings.verify_timeout_seconds > sum(slept[1:])
    assert (found.change, found.end > first.end) == (first.change, True)  # until now, each time that it looks


def test_where_no_version_was_published_nobody_waits(account):
    slept = []
    patient = replace(connect(account), sleep=slept.append)
    assert asked_window.of_run(connected_run.of(patient, records.open_run(account))).change_at is None
    assert slept == []


@pytest.mark.parametrize(("clocks", "waits"), [(300, True), (-3600, False)])
def test_an_update_of_long_ago_has_settled(live, clocks, waits, monkeypatch):
    monkeypatch.setattr(state_machine, "CLOCKS_SECONDS", clocks)
    slept = []
    (check, *_) = state_machine.publication(replace(live, sleep=slept.append))
    assert (slept, check.status) == ([live.settings.settle_seconds if waits else 0], "passed")


@pytest.mark.parametrize("change", ["disabled", "another target", "another pattern"])
def test_a_document_says_of_no_rule_that_it_runs_which_does_not(live, client, change):
    assert {check.status for check in documentation.describes_live(live)} == {"passed"}
    events, name = client("events"), "Your6-HighRiskRule"
    if change == "disabled":
        events.disable_rule(Name=name)
    elif change == "another target":
        target = {"Id": "AlertDispatcherTarget", "Arn": live.settings.processor_arn}
        events.put_targets(Rule=name, Targets=[target])
    else:
        events.put_rule(Name=name, EventPattern=json.dumps({"source": ["another"]}), State="ENABLED")
    found = {check.name: check for check in documentation.describes_live(live)}
    check = found["the live event rules are the documented ones"]
    assert check.status == "failed"
    assert name in check.found
