"""A review of a change on the embedded account: its own moment, its window, and every alert to its subscriber."""

from datetime import UTC, datetime, timedelta

import pytest
from waiting import until
from ways import applied

from lib.display.charts import glance_charts, retry_chart, route_use_chart, style
from lib.drills import scenarios
from lib.errors import BadParameters
from lib.phases.review import (
    asked_window,
    costs,
    delivery_tables,
    first_day,
    glance,
    reading,
    recommendations,
    request,
    route_use,
)  # fmt: skip
from lib.record.records import LOG
from lib.resources import connected_run
from lib.telemetry import executions
from lib.telemetry.deliveries import counts, task_attempts
from lib.telemetry.deliveries.reconciliation import Place
from lib.telemetry.deliveries.sources import Metric, Thing
from lib.values.check_registry import Id
from rehearsal.account import bridge, clients, traffic


@pytest.fixture(scope="module")
def review(module_account, tmp_path_factory):
    """The plan applied, some check-ins, and a drill of each scenario; then the review, and one more with a rule off."""
    live, record = applied(module_account)
    run = connected_run.of(live, record)
    with bridge.running_bridge(tmp_path_factory.mktemp("bridge"), module_account):
        traffic.play(module_account, 8, seed=6)
        for number, scenario in enumerate(scenarios.load()):
            drill(live, scenario, number)
    until(lambda: all_handled(live))
    window = asked_window.of_run(run)
    return run, window, reading.of_window(run, window)


def all_handled(live):
    """Whether the dispatcher, which runs by itself, has told the contact of each event and has ended: that counts."""
    now = datetime.now(UTC) + timedelta(minutes=1)
    summed = counts.totals(counts.read(live, now - timedelta(minutes=30), now, now))
    sent = counts.total(summed, Thing.RULE, Metric.TRIGGERED)
    ended = counts.total(summed, Thing.FUNCTION, Metric.INVOCATIONS, name=live.settings.dispatcher_function_name)
    return min(ended, counts.total(summed, Thing.TOPIC, Metric.PUBLISHED, name=live.settings.alert_topic_name)) >= sent


def drill(live, scenario, number):
    name = f"drill-{scenario.name}-{number:06x}"
    arn = executions.start(live, name, {"userId": live.settings.drill_user_id, **scenario.input(name)})
    assert executions.wait_until_ended(live, arn, 60).status == "SUCCEEDED"


def answer(read, which):
    (found,) = [one for one in (*read.undisturbed, *read.alerts) if one.id == which]
    return found


def test_the_moment_is_that_of_the_runs_own_update(review):
    run, window, _ = review
    (row,) = [row for row in run.record.rows(LOG) if row["kind"] == "state machine" and row["state"] == "applied"]
    assert window.change_at.isoformat() == row["written"]
    assert window.after == window.change_at and window.because.startswith("no execution was counted in the same hours")


def test_every_alert_is_followed_to_its_subscriber(review):
    run, _, read = review
    found = answer(read, Id.RECONCILED)
    assert found.status == "passed", found.found
    rows = {row["what"]: row for row in delivery_tables.path_rows(read.deliveries)}
    crisis = rows[f"{Place.RULE}: Your6-CrisisProtocolRule"]
    assert (crisis["status"], crisis["drills"] >= 1, crisis["lost"]) == ("passed", True, 0)
    assert rows[f"{Place.DELIVERED}: {run.settings.ops_topic_name}"]["status"] == "passed"
    assert delivery_tables.differing_hours(read.deliveries) == []


def test_what_the_account_does_not_count_is_no_zero_and_too_early_is_said(review):
    _, _, read = review
    assert answer(read, Id.LONG_ENOUGH).status == answer(read, Id.AS_FORECAST).status == "cannot tell"
    rows = {(row["what"], row["metric"]): row for row in delivery_tables.counted_rows(read.deliveries)}
    assert ("topic Your6-OperationsAlerts", "NumberOfNotificationsFailed") not in rows
    assert "have no datapoint, neither before nor after" in delivery_tables.notes(read.deliveries)[0]
    assert {row["because"] for row in recommendations.rows(read.alerts)} >= {"time since the change that is looked at"}


def test_it_is_drawn_and_priced(review):
    run, window, read = review
    lines = glance.sparklines(read, run.settings.alert_limit_seconds)
    figure = glance_charts.glance(lines, (window.start, window.end), window.change_at)
    assert len(lines) == len(figure.axes) == 8
    assert "Was every alert carried on? before not compared" in style.describe(figure)
    parts = {row["what"]: row for row in costs.rows(run, read)}
    assert parts["events of alerts"]["costs"].endswith("USD in this time, too short to say a month")
    assert parts["gigabytes of the workflow's log"]["costs"] == "not counted"


def test_the_rest_of_it_stands_beside_each_other_and_says_what_is_not_there(review):
    run, window, read = review
    day = first_day.of_review(read, run.settings)
    assert {row["first 24 h"] for row in first_day.rows(day, read)} == {day.instead}
    assert day.instead.startswith("not over yet: until ")
    use = route_use.of_window(read.routes_since, read.forecast, (read.deliveries.begin, window.end))
    real = read.routes_since[~read.routes_since["drill"]]
    assert use.parts.groupby("route")["count"].sum().sum() == len(real)
    assert "NO FORECAST" in style.describe(route_use_chart.use_of_routes(use)) or read.forecast
    assert {"ProcessCheckin"} >= set(read.attempts["state"]) - {task_attempts.NOT_SHOWN}
    assert style.png(retry_chart.retries_by_state(read.attempts), 40)


def test_a_time_that_is_asked_for_is_looked_at_once(review):
    run, window, _ = review
    since = window.change_at + timedelta(seconds=1)
    wanted = request.parse(since.isoformat(), "", datetime.now(UTC))
    request.keep(run.record, wanted)
    assert (asked_window.of_run(run).after, asked_window.of_run(run).after) == (since, window.change_at)
    before = (window.change_at - timedelta(minutes=1)).isoformat()
    request.keep(run.record, request.parse("", before, datetime.now(UTC)))
    with pytest.raises(BadParameters, match=r"the change was at .*; expected an --until after it"):
        asked_window.of_run(run)


def test_an_alert_that_no_rule_carries_is_lost_by_the_review(review):
    """Real check-ins and drills alike: the workflow's log says that the event was taken."""
    run, _, _ = review
    live, name = run.live, "Your6-HighRiskRule"
    clients.client(live.settings.endpoint_url, "events").disable_rule(Name=name)
    with bridge.running_bridge(run.record.folder / "bridge", live.settings):
        (high,) = [one for one in scenarios.load() if one.name == "high"]
        drill(live, high, 0xFF)
    clients.client(live.settings.endpoint_url, "events").enable_rule(Name=name)
    # As it looks once CloudWatch is no longer late.
    window = asked_window.of_run(run)
    read = reading.of_window(run, window, lambda: datetime.now(UTC) + timedelta(minutes=10))
    found = answer(read, Id.RECONCILED)
    assert (found.status, "drill-high-0000ff" in found.found) == ("failed", True), found
    assert f"not matched by the rule {name}" in found.found
