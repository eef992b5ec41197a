"""Charts of one run: how fast its drills' alerts arrived, and its phases against the plan's minutes."""

from math import nan

from drawn import axes_of, latencies, phases, words

from lib.display.charts import run_charts


def test_a_due_alert_that_never_came_is_shouted() -> None:
    text = words(run_charts.scenario_latency(latencies(("crisis", "trusted", 0.4), ("crisis", "operations", nan)), 30))
    assert "NOT RECEIVED: operations" in text
    assert "1 of 2 alerts in time; slowest LOST; 1 of 2 LOST" in text


def test_an_alert_that_was_not_due_is_said_quietly() -> None:
    frame = latencies(("normal", "trusted", nan), ("high", "trusted", 41.0), ("high", "operations", nan))
    text = words(run_charts.scenario_latency(frame.assign(wanted=[False, True, False]), 30))
    assert "NOT RECEIVED" not in text
    assert "no alert" in text.split("\n")
    assert "none on operations" in text
    assert "0 of 1 alerts in time; slowest 41 s" in text


def test_two_equal_times_of_one_drill_do_not_hide_each_other() -> None:
    figure = run_charts.scenario_latency(latencies(("crisis", "trusted", 0.0), ("crisis", "operations", 0.0)), 30)
    spots = {
        line.get_label(): line.get_ydata()[0]
        for line in axes_of(figure).lines
        if line.get_label() in ("trusted", "operations")
    }
    assert spots["trusted"] != spots["operations"]


def test_phases_of_seconds_and_plans_of_minutes_share_a_readable_axis() -> None:
    figure = run_charts.phase_minutes(phases())
    text = words(figure)
    assert "2 planned phases ran: 40 min instead of 40 min; 1 took longer than planned" in text
    for said in ("1.2 s", "60 ms", "40 min", "running: this phase", "not run yet", "05 validation"):
        assert said in text.split("\n")
    left, right = axes_of(figure).get_xlim()
    assert left < 1
    assert right > 40 * 60


def test_phases_none_of_which_ran() -> None:
    text = words(run_charts.phase_minutes(phases().assign(taken=nan)))
    assert "no planned phase has run yet" in text
    assert "0 ms" not in text
