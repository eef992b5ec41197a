"""How late alerts were: nothing lost, nothing twice, and the slowest decides. No AWS."""

from math import inf, isnan, nan

import pandas as pd
import pytest

from lib.display.charts import alert_charts, drill_charts, style
from lib.drills import latency, publication
from lib.telemetry import metrics

GROUPS = {"one by one": 2, "at once": 2}


def row(group, trusted, operations, alerts=(1, 1)):
    return {
        "group": group, "execution": f"{group}-{trusted}-{operations}", "scenario": "crisis", "route": "crisis",
        "expected_route": "crisis",
        "started": "2026-01-01T12:00:00.000+00:00", "trusted_seconds": trusted, "operations_seconds": operations,
        "trusted_alerts": alerts[0], "operations_alerts": alerts[1],
        "expected_trusted_alerts": 1, "expected_operations_alerts": 1,
    }  # fmt: skip


WHOLE = [row("one by one", 1.0, 2.0), row("one by one", 3.0, 4.0), row("at once", 5.0, 6.0), row("at once", 7.0, 8.0)]


def failed(rows, limit=30):
    return {
        c.name: c.found
        for c in latency.checks(latency.measurements(rows, GROUPS), GROUPS, limit)
        if c.status == "failed"
    }


def test_everything_in_time_passes():
    assert failed(WHOLE) == {}


def test_the_slowest_decides_and_not_the_median():
    said = "30.10 s; 1 of 2 drills in time, which proves 2.5% or more, 95% sure"
    assert failed([*WHOLE[:3], row("at once", 7.0, 30.1)]) == {"at once: slowest alert within the limit": said}


def test_one_that_never_came_is_lost_and_not_fast():
    found = failed([*WHOLE[:3], row("at once", None, 6.0, (0, 1))])
    assert found["at once: each alert arrived once"] == "3 of 4, 1 LOST"
    assert found["at once: slowest alert within the limit"].startswith("6.00 s, 1 never; 1 of 2 drills in time")


def test_a_drill_that_did_not_run_counts_among_those_that_were_due():
    found = failed(WHOLE[:3])
    assert found["at once: slowest alert within the limit"].startswith("6.00 s, 2 never; 1 of 2 drills in time")


def test_one_that_came_twice_is_a_failure():
    found = failed([*WHOLE[:3], row("at once", 5.0, 6.0, (2, 1))])
    assert found == {"at once: each alert arrived once": "3 of 4, 1 more than once"}


@pytest.mark.parametrize("rows", [WHOLE[:2], WHOLE[:3], []])
def test_a_group_with_fewer_drills_than_it_must_have_has_failed(rows):
    assert "at once: each alert arrived once" in failed(rows)
    assert "at once: slowest alert within the limit" in failed(rows)


def test_the_summary_counts_what_was_received_and_takes_percentiles_of_it():
    table = latency.summary(latency.measurements([*WHOLE[:3], row("at once", None, 6.0, (0, 1))], GROUPS))
    found = {(r["group"], r["topic"]): r for r in table.to_dict("records")}
    first = found["one by one", "trusted"]
    assert (first["drills"], first["received"], first["p50"], first["slowest"]) == (2, 2, 2.0, 3.0)
    lost = found["at once", "trusted"]
    assert (lost["received"], lost["p50"], lost["p99"], lost["slowest"], lost["in time"]) == (1, inf, inf, inf, 1)
    assert latency.in_words(table)["slowest"].tolist() == ["3.00 s", "4.00 s", "LOST", "6.00 s"]


def test_a_percentile_is_infinite_only_where_it_reaches_a_lost_alert():
    seconds = pd.Series([nan] + [1.0] * 99)
    assert latency.percentile(seconds, 0.5) == 1.0
    assert latency.percentile(seconds, 0.95) == 1.0
    assert latency.percentile(seconds, 0.99) == inf
    assert isnan(latency.percentile(pd.Series([], dtype=float), 0.5))


def test_twenty_of_twenty_in_time_prove_86_percent():
    twenty = latency.measurements([row("one by one", 1.0, 1.0)] * 20, GROUPS)
    table = latency.summary(twenty, 30)
    assert table["proves at least"].round(3).tolist() == [0.861, 0.861]
    assert latency.proof(latency.Tally(20, 20)) == "20 of 20 drills in time, which proves 86.1% or more, 95% sure"


def test_two_alerts_of_one_drill_prove_no_more_than_one():
    rows = [row("one by one", 1.0, 1.0) | {"execution": f"drill-{at}"} for at in range(20)]
    frame = latency.measurements(rows, GROUPS)
    (_, in_time) = latency.checks(frame, {"one by one": 20}, 30)
    assert in_time.found == "1.00 s; 20 of 20 drills in time, which proves 86.1% or more, 95% sure"
    one_late = latency.measurements([*rows[1:], rows[0] | {"trusted_seconds": 31.0}], GROUPS)
    assert latency.drills_in_time(one_late, 30, 20) == latency.Tally(19, 20)
    assert "proves" not in latency.answer(frame["seconds"], 30, str)


def test_one_of_two_alerts_that_were_due_does_not_stand_for_the_other():
    half = row("x", 1.0, 2.0, (1, 1)) | {"expected_operations_alerts": 2}
    assert latency.due([half])["seconds"].isna().tolist() == [False, True]
    assert latency.topics_lost(half) == ["operations"]
    assert latency.measurements([half], ["x"])["seconds"].isna().tolist() == [False, True]


def test_the_lost_alert_of_an_execution_that_failed_is_on_the_route_that_it_had_to_take():
    assert set(latency.due([row("x", None, None, (0, 0)) | {"route": None}])["route"]) == {"crisis"}


def words(figure):
    axes = figure.axes[0]
    return [text.get_text() for text in (*axes.get_yticklabels(), *axes.texts)]


@pytest.mark.parametrize("taken", ["none", "standard", None])
def test_the_lost_alerts_of_a_crisis_that_took_another_route_are_those_of_a_crisis(taken, monkeypatch):
    rows = [row("x", None, None, (0, 0)) | {"route": taken}] * 5 + [row("x", 0.2, 0.2)]
    frame, published = latency.due(rows), []
    assert frame["route"].tolist() == ["crisis"] * 12
    figure = alert_charts.alert_latency(frame.rename(columns={"started": "time"}), None, 30)
    assert "10 of 12 LOST" in style.describe(figure)
    said = words(figure)
    assert "crisis (12)" in said
    assert "trusted 5 LOST" in said
    monkeypatch.setattr(metrics, "publish_drill", lambda _, given: len(published.extend(given) or given))
    assert publication.publish(None, rows) == 12
    assert sum(one.seconds is None for one in published if one.route == "crisis") == 10


@pytest.mark.parametrize(("taken", "route"), [("none", "none"), ("unscored", "unscored"), (None, "failed")])
def test_an_alert_that_is_due_on_no_route_of_its_own_has_a_lane_and_is_counted_when_lost(taken, route, monkeypatch):
    odd = row("x", None, None, (0, 0)) | {"route": taken, "expected_route": None, "expected_trusted_alerts": None}
    frame, published = latency.due([odd]), []
    assert frame["route"].tolist() == [route]
    figure = alert_charts.alert_latency(frame.rename(columns={"started": "time"}), None, 30)
    assert f"{route} (1)" in words(figure)
    monkeypatch.setattr(metrics, "publish_drill", lambda _, given: len(published.extend(given) or given))
    assert publication.publish(None, [odd]) == 1
    assert [one.seconds for one in published] == [None]


def test_an_alert_that_came_and_was_not_due_is_on_the_route_that_raised_it():
    extra = row("x", 1.0, 1.0) | {
        "expected_route": "none",
        "expected_trusted_alerts": 0,
        "expected_operations_alerts": 0,
    }
    assert set(latency.due([extra])["route"]) == {"crisis"}


def test_nothing_measured_is_an_empty_table():
    assert latency.measurements([], GROUPS).empty
    assert latency.summary(latency.measurements([], GROUPS)).empty
    assert latency.due([]).empty


def test_what_is_due_and_did_not_come_is_a_row_without_seconds():
    frame = latency.due([row("x", None, 2.0, (0, 1))])
    assert list(frame["topic"]) == ["trusted", "operations"]
    assert isnan(frame["seconds"][0])


def test_the_chart_says_what_was_lost_and_how_slow_the_slowest_was():
    rows = [*WHOLE[:3], row("at once", None, 41.0, (0, 1))]
    said = style.describe(drill_charts.crisis_latency(latency.measurements(rows, GROUPS), 30))
    assert "6 of 8 alerts in time; slowest LOST; 1 of 8 LOST" in said
    empty = style.describe(drill_charts.crisis_latency(latency.measurements([], GROUPS), 30))
    assert "no crisis drill was run" in empty
