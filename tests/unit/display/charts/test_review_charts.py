"""Charts: what is drawn is what was given, gaps stay gaps, and no data is said in words."""

import base64
import html
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.dates import num2date
from matplotlib.figure import Figure

from lib.display.charts import alert_charts, chart_answers, review_charts, run_charts, style, tuning_charts
from lib.errors import BadParameters
from lib.routes import Route
from lib.telemetry import exact_tests

START = datetime(2026, 1, 1, 23, 50, tzinfo=UTC)
CHANGE = START + timedelta(minutes=5)
THRESHOLDS = {
    "CrisisRiskAbove": 95,
    "HighRiskAbove": 85,
    "ModerateRiskAbove": 50,
    "SentimentBelow": -0.6,
    "ProactiveRiskAbove": 30,
}


def at(minutes: float) -> pd.Timestamp:
    return pd.Timestamp(START + timedelta(minutes=minutes))


def counts(*rows: tuple[float, str, float], period: int = 60) -> pd.DataFrame:
    frame = pd.DataFrame([(at(minute), f"Executions{name}", value) for minute, name, value in rows])
    frame = (
        frame.set_axis(["time", "metric", "value"], axis=1)
        if rows
        else pd.DataFrame(columns=["time", "metric", "value"])
    )
    frame.attrs["period_seconds"] = period
    return frame


def times(*rows: tuple[float, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(at(m), name, v) for m, name, v in rows], columns=["time", "metric", "value"])


def axes_of(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


def words(figure: Figure) -> str:
    """Everything that is written on the figure."""
    style.png(figure, 50)
    texts = [text.get_text() for text in figure.findobj(mpl.text.Text)]
    return "\n".join(text for text in texts if text)


EMPTY = pd.DataFrame(columns=["time", "metric", "value"])
NOTHING = {
    "executions": lambda: review_charts.executions(EMPTY, CHANGE),
    "execution_time": lambda: review_charts.execution_time(EMPTY, CHANGE, 1000),
    "only missing values": lambda: review_charts.executions(counts((0, "Started", nan)), CHANGE),
    "alerts_by_route": lambda: alert_charts.alerts_by_route(pd.DataFrame(columns=["time", "route", "execution"]), None),
    "alert_latency": lambda: alert_charts.alert_latency(pd.DataFrame(columns=["time", "route", "seconds"]), None, 30),
    "scenario_latency": lambda: run_charts.scenario_latency(pd.DataFrame(columns=["scenario", "topic", "seconds"]), 30),
    "phase_minutes": lambda: run_charts.phase_minutes(pd.DataFrame(columns=["phase", "planned", "taken", "instead"])),
    "risk_distribution": lambda: tuning_charts.risk_distribution(pd.DataFrame(columns=["risk_score"]), THRESHOLDS),
    "no risk column": lambda: tuning_charts.risk_distribution(pd.DataFrame(), THRESHOLDS),
    "all unscored": lambda: tuning_charts.risk_distribution(pd.DataFrame({"risk_score": [nan, 101, -1]}), THRESHOLDS),
    "alerts_by_threshold": lambda: tuning_charts.alerts_by_threshold(pd.DataFrame()),
}


@pytest.mark.parametrize("name", NOTHING)
def test_no_data_is_said_in_words_without_an_axis(name: str) -> None:
    figure = NOTHING[name]()
    assert "No datapoints: " in words(figure)
    assert "No datapoints: " in style.describe(figure)
    assert not axes_of(figure).axison
    assert not axes_of(figure).lines
    assert not axes_of(figure).patches


def test_an_empty_frame_may_say_why() -> None:
    frame = EMPTY.copy()
    frame.attrs["note"] = "The log group does not exist."
    assert "The log group does not exist." in words(review_charts.executions(frame, None))


def test_executions_are_bars_where_there_are_datapoints_and_nowhere_else() -> None:
    frame = counts((0, "Started", 3), (0, "Succeeded", 2), (0, "Failed", 1), (9, "Started", 4), (9, "Succeeded", 4))
    figure = review_charts.executions(frame, CHANGE)
    bars = {container.get_label(): container for container in axes_of(figure).containers}
    assert set(bars) == {"succeeded (6)", "failed (1)"}
    assert [bar.get_height() for bar in bars["succeeded (6)"]] == [2, 4]
    assert num2date(bars["failed (1)"][0].get_x()) == START
    assert bars["failed (1)"][0].get_y() == 2
    assert bars["failed (1)"][0].get_width() == pytest.approx(60 / 86400)
    assert bars["failed (1)"][0].get_hatch()
    text = words(figure)
    assert "Did executions keep succeeding after the change?" in text
    assert "before: 2 of 3 succeeded (21% to 94%)" in text
    assert "after: 4 of 4 succeeded (51% to 100%)" in text
    assert "✕ 1" in text
    assert "the change, 23:55:00" in text
    assert "2026-01-01 to 2026-01-02" in text


def test_executions_without_a_change_and_with_one_datapoint() -> None:
    figure = review_charts.executions(counts((0, "Started", 1)), None)
    assert "none finished" in words(figure)
    left, right = axes_of(figure).get_xlim()
    assert (right - left) * 86400 < 120, "one datapoint must not be drawn in an axis of years"


def test_nothing_finished_after_the_change_is_not_called_a_success() -> None:
    assert "after: none finished" in style.describe(review_charts.executions(counts((0, "Succeeded", 2)), CHANGE))


def test_a_gap_in_the_execution_time_is_not_drawn_across() -> None:
    frame = times((0, "p50", 200), (1, "p50", 210), (8, "p50", 190), (0, "p99", 900))
    frame.attrs["period_seconds"] = 60
    figure = review_charts.execution_time(frame, CHANGE, 30_000)
    lines = {line.get_label(): line for line in axes_of(figure).lines}
    drawn = list(lines["p50"].get_ydata())
    assert [value for value in drawn if value == value] == [0.2, 0.21, 0.19]
    assert drawn[2] != drawn[2], "between 1 and 8 minutes there must be a gap"
    assert len(lines["p99"].get_ydata()) == 1
    text = words(figure)
    assert "limit 30 s" in text
    assert "median p99 before: 900 ms of 1 period · after: no datapoints" in text
    assert axes_of(figure).get_ylim()[1] > 30


def test_percentiles_differ_in_line_and_marker_for_greyscale() -> None:
    figure = review_charts.execution_time(times((0, "p50", 1), (0, "p95", 2), (0, "p99", 3)), None, 1000)
    lines = [line for line in axes_of(figure).lines if str(line.get_label()).startswith("p")]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 3


def routes() -> pd.DataFrame:
    rows = [("crisis", True), ("crisis", False), ("none", False), ("none", False), ("no route", False)]
    return pd.DataFrame([(at(i), route, f"arn:{i}", drill) for i, (route, drill) in enumerate(rows)]).set_axis(
        ["time", "route", "execution", "drill"], axis=1
    )


def test_every_route_has_a_lane_with_its_counts_also_one_nobody_took() -> None:
    text = words(alert_charts.alerts_by_route(routes(), CHANGE))
    counted = ("1 check-in, 1 drill", "2 check-ins, 0 drills", "0 check-ins, 0 drills")
    for line in (*counted, "unscored", "no route", "proactive"):
        assert line in text.split("\n")
    said = "1 of 4 check-ins raised an alert, 1 of them crises, 1 REACHED NO ROUTE · 1 of 1 drill raised an alert, 1 of"
    assert f"{said} them crisis drills" in text
    assert "Which routes did check-ins and drills take?" in text


def test_crises_that_were_all_drills_are_no_crises_of_people() -> None:
    frame = pd.DataFrame([(at(0), "none", "a", False), *((at(1), "crisis", f"d{n}", True) for n in range(111))])
    text = words(alert_charts.alerts_by_route(frame.set_axis(["time", "route", "execution", "drill"], axis=1), CHANGE))
    assert "0 of 1 check-in raised an alert, 0 of them crises" in text
    assert "111 of 111 drills raised an alert, 111 of them crisis drills" in text
    assert "no check-in · 1 of 1 drill" in style.describe(alert_charts.alerts_by_route(routes().head(1), None))


def test_the_drill_that_fails_on_purpose_is_named_and_any_other_without_a_route_is_shouted() -> None:
    names = ["drill-unreadable-T0-a", "drill-crisis-T0-b", "checkin-c"]
    rows = [(at(1), "no route", f"arn:execution:w:{name}", name.startswith("drill")) for name in names]
    frame = pd.DataFrame(rows, columns=["time", "route", "execution", "drill"])
    text = words(alert_charts.alerts_by_route(frame, CHANGE))
    assert "0 of 1 check-in raised an alert, 0 of them crises, 1 REACHED NO ROUTE" in text
    assert "0 of them crisis drills, 1 failed on purpose (unreadable), 1 REACHED NO ROUTE" in text
    quiet = words(alert_charts.alerts_by_route(frame.head(1), CHANGE))
    assert "REACHED NO ROUTE" not in quiet


def test_what_could_not_be_read_of_the_log_is_said() -> None:
    frame = routes()
    frame.attrs.update({"unreadable": 3, "cut": "the log has more"})
    assert "3 lines of the log could not be read · the log has more" in words(
        alert_charts.alerts_by_route(frame, CHANGE)
    )


def test_routes_without_a_drill_column_count_as_real() -> None:
    assert "2 check-ins, 0 drills" in words(alert_charts.alerts_by_route(routes().drop(columns="drill"), None))


def test_alert_latency_counts_what_was_late_and_what_was_never_seen() -> None:
    frame = pd.DataFrame(
        [(at(0), "crisis", 0.4), (at(1), "crisis", 44.0), (at(2), "high", nan), (at(3), "failed", 0.0)],
        columns=["time", "route", "seconds"],
    )
    figure = alert_charts.alert_latency(frame, CHANGE, 30)
    text = words(figure)
    assert "2 of 4 alerts in time; slowest LOST; 1 of 4 LOST" in text
    assert "limit 30 s" in text
    assert axes_of(figure).get_xlim()[1] > 44


def test_alerts_that_were_all_lost_are_no_missing_data() -> None:
    figure = alert_charts.alert_latency(
        drills((6, "crisis", "trusted", nan), (6, "crisis", "operations", nan)), CHANGE, 30
    )
    text = words(figure)
    assert "0 of 2 alerts in time; slowest LOST; 2 of 2 LOST" in text
    assert "No datapoints" not in text
    assert all(line.get_xdata()[0] > 30 for line in axes_of(figure).lines if line.get_marker() == "X")


def drills(*rows: tuple[float, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(at(m), *rest) for m, *rest in rows], columns=["time", "route", "topic", "seconds"])


def test_drills_of_the_same_moment_do_not_hide_each_other() -> None:
    both = [("crisis", "operations"), *((route, "trusted") for route in ("crisis", "high", "standard", "proactive"))]
    figure = alert_charts.alert_latency(drills(*((6, route, topic, 0.41) for route, topic in both)), CHANGE, 30)
    spots = [
        tuple(point) for line in axes_of(figure).lines if line.get_marker() != "None" for point in line.get_xydata()
    ]
    assert len(spots) == len(set(spots)) == 5
    style.png(figure, 50)
    pixels = sorted(axes_of(figure).transData.transform(spots)[:, 1])
    assert min(b - a for a, b in pairwise(pixels)) >= 8 * 50 / 72, "marks are 8 points wide"
    text = words(figure).split("\n")
    assert "Was every drill's alert received within 30 s?" in text
    for said in ("crisis (2)", "high (1)", "unscored (0)", "no drill", "trusted 410 ms", "operations 410 ms"):
        assert said in text


def test_a_lane_names_its_slowest_drill_and_those_before_the_change_are_hollow() -> None:
    figure = alert_charts.alert_latency(
        drills((1, "crisis", "trusted", 0.8), (6, "crisis", "trusted", 44), (6, "crisis", "operations", nan)),
        CHANGE,
        30,
    )
    faces = {x: line.get_markerfacecolor() for line in axes_of(figure).lines for x in line.get_xdata()}
    assert faces[0.8] == "white"
    assert faces[44] != "white"
    text = words(figure).split("\n")
    for said in ("trusted 44 s", "operations 1 LOST", "route (hollow: before the change)"):
        assert said in text
    assert "trusted 800 ms" not in text


LONG = {
    "executions": lambda: review_charts.executions(
        counts((0, "Succeeded", 41041), (4.5, "Succeeded", 20002), (4.5, "Failed", 100), (5, "Succeeded", 39039)),
        CHANGE,
    ),
    "execution_time": lambda: review_charts.execution_time(times((0, "p99", 900), (6, "p99", 90_000)), CHANGE, 30_000),
    "alerts_by_route": lambda: alert_charts.alerts_by_route(routes(), CHANGE),
    "alert_latency": lambda: alert_charts.alert_latency(
        drills((6, "crisis", "trusted", 12_345.0), (6, "crisis", "operations", nan)), CHANGE, 30
    ),
    "scenario_latency": lambda: run_charts.scenario_latency(
        latencies(("crisis", "trusted", 12_345.0), ("declining", "trusted", 0.01), ("declining", "operations", nan)), 30
    ),
    "phase_minutes": lambda: run_charts.phase_minutes(phases()),
    "risk_distribution": lambda: tuning_charts.risk_distribution(
        pd.DataFrame({"risk_score": [float(n % 101) for n in range(9999)] + [nan] * 999}), THRESHOLDS
    ),
    "alerts_by_threshold": lambda: tuning_charts.alerts_by_threshold(
        pd.DataFrame([(v, r, 1234.5) for v in (1, 2) for r in Route], columns=["value", "route", "count"]),
        "proactive_risk_above",
        1,
        "in 0.517 h",
    ),
    "a long answer": lambda: style.canvas("Is it " + "very " * 40 + "long?", "Yes, " + "very " * 60 + "long.")[0],
    "a long note": lambda: style.empty_figure("Is it?", "because " * 30, EMPTY),
}


@pytest.mark.parametrize("name", LONG)
def test_nothing_that_is_written_leaves_the_figure_or_covers_the_title(name: str) -> None:
    figure = LONG[name]()
    style.png(figure, int(figure.dpi))
    axes, (width, height) = axes_of(figure), figure.get_size_inches()
    written = figure.get_tightbbox()  # in inches
    assert written.x0 >= 0 and written.x1 <= width and written.y0 >= 0 and written.y1 <= height
    answer = axes._left_title
    if answer.get_text():
        assert not answer.get_window_extent().overlaps(figure._suptitle.get_window_extent())
        assert answer.get_window_extent().y0 >= axes.get_window_extent().y1


def test_the_answer_before_across_and_after_the_change_is_one_line_as_alt_text() -> None:
    figure = LONG["executions"]()
    assert "\n" in axes_of(figure)._left_title.get_text()
    assert "\n" not in style.describe(figure)
    assert "· after: 39039 of 39039 succeeded" in style.describe(figure)
    assert "check-ins and drills together" in style.describe(figure)


def latencies(*rows: tuple[str, str, float], **more: list[bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["scenario", "topic", "seconds"]).assign(**more)


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


def phases() -> pd.DataFrame:
    rows = [
        ("00 preflight", nan, 0.02, ""),
        ("01 infrastructure", 10, 0.001, ""),
        ("05 validation", 30, 40, ""),
        ("07 review", nan, nan, "running: this phase"),
        ("08 tuning", nan, nan, "not run yet"),
    ]
    return pd.DataFrame(rows, columns=["phase", "planned", "taken", "instead"])


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


def test_risk_bars_hold_every_usable_score_and_the_rest_is_named() -> None:
    frame = pd.DataFrame({"risk_score": [0, 10, 95, 95.5, 100, nan, 120, -5]})
    figure = tuning_charts.risk_distribution(frame, THRESHOLDS)
    assert sum(bar.get_height() for bar in axes_of(figure).containers[0]) == 5
    text = words(figure)
    assert "5 check-ins" in text
    assert "3 without a usable score are not drawn" in text
    assert "risk above 95: 2 (crisis)" in text
    assert "risk above 30: 3 (proactive)" in text


@pytest.mark.parametrize(
    "near", [THRESHOLDS, {**THRESHOLDS, "HighRiskAbove": 94, "ModerateRiskAbove": 93, "ProactiveRiskAbove": 1}]
)
def test_threshold_labels_never_overlap(near: dict[str, float]) -> None:
    figure = tuning_charts.risk_distribution(pd.DataFrame({"risk_score": [float(n % 101) for n in range(9999)]}), near)
    style.png(figure, 80)
    boxes = [text.get_window_extent() for text in axes_of(figure).texts]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])
    area = axes_of(figure).get_window_extent()
    assert all(box.x0 >= area.x0 - 30 and box.x1 <= area.x1 for box in boxes)


def test_alerts_by_threshold_leaves_out_the_many_without_an_alert() -> None:
    rows = [(v, r, n) for v in (90, 95) for r, n in (("crisis", 0.5), ("standard", 30), ("none", 900))]
    figure = tuning_charts.alerts_by_threshold(
        pd.DataFrame(rows, columns=["value", "route", "count"]), "crisis_risk_above", 95
    )
    assert {line.get_label() for line in axes_of(figure).lines if not str(line.get_label()).startswith("_")} == {
        "crisis",
        "standard",
    }
    assert "a day at 95: crisis 0.5, standard 30" in words(figure)
    assert "now 95" in words(figure)
    assert axes_of(figure).get_ylim()[1] < 900


def test_alerts_by_threshold_without_a_current_value() -> None:
    figure = tuning_charts.alerts_by_threshold(pd.DataFrame([(1, "crisis", 2)], columns=["value", "route", "count"]))
    assert "now" not in words(figure).split()


def test_drawing_leaves_matplotlib_as_it_was_and_never_imports_pyplot() -> None:
    before = dict(mpl.rcParams)
    review_charts.executions(counts((0, "Started", 1)), CHANGE)
    assert dict(mpl.rcParams) == before
    code = (
        "import sys; from lib.display.charts import alert_charts, review_charts, run_charts, tuning_charts; "
        "from lib.display.charts import workflow_picture; "
        "from lib.definitions import documents; "
        + ("print([m for m in ('matplotlib.pyplot', 'boto3', 'botocore') if m in sys.modules])")
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_notebook_gets_a_picture_with_alt_text() -> None:
    figure = review_charts.executions(counts((0, "Succeeded", 1)), None)
    figure.set_label(f'{style.describe(figure)} "here"')
    alt, drawn = figure._repr_mimebundle_()["text/html"].split('" src="data:image/png;base64,')
    assert html.unescape(alt.removeprefix('<img alt="')) == style.describe(figure)
    assert base64.b64decode(drawn.removesuffix('">')).startswith(b"\x89PNG")
    assert "1 of 1 succeeded" in style.describe(figure)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 ms"), (0.0844, "84 ms"), (1.94, "1.94 s"), (60, "60 s"), (600, "10 min"), (7200, "2 h")],
)
def test_durations_are_spoken(seconds: float, said: str) -> None:
    assert style.duration_words(seconds) == said


def test_a_moment_without_a_zone_is_utc() -> None:
    assert style.utc(datetime(2026, 1, 1, 12)) == pd.Timestamp("2026-01-01T12:00Z")
    assert style.utc(pd.Timestamp("2026-01-01T12:00+02:00")) == pd.Timestamp("2026-01-01T10:00Z")


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    [(12, 12, 0.7575, 1.0), (0, 12, 0.0, 0.2425), (9, 10, 0.5958, 0.9821), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_against_published_values(good: int, total: int, low: float, high: float) -> None:
    assert exact_tests.wilson(good, total) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_is_unknown_and_of_nonsense_refused() -> None:
    assert all(bound != bound for bound in exact_tests.wilson(0, 0))
    with pytest.raises(BadParameters, match="3 successes of 2"):
        exact_tests.wilson(3, 2)


def test_success_rate_keeps_a_datapoint_across_the_change_apart() -> None:
    frame = counts(
        (3, "Succeeded", 5), (4.5, "Succeeded", 2), (4.5, "Failed", 1), (5, "Succeeded", 4), (5, "Aborted", 1)
    )
    table = exact_tests.success_rate(frame, CHANGE).set_index("when")
    assert list(table.index) == ["before", "across the change", "after"]
    assert list(table["succeeded"]) == [5, 2, 4]
    assert list(table["finished"]) == [5, 3, 5]
    assert table.loc["after", "rate"] == pytest.approx(0.8)


def test_success_rate_of_nothing_is_missing_not_zero() -> None:
    table = exact_tests.success_rate(EMPTY.astype({"value": float}), CHANGE)
    assert list(table["when"]) == ["before", "after"]
    assert table["rate"].isna().all()
    assert list(exact_tests.success_rate(counts((0, "Started", 9)), None)["when"]) == ["all"]


def took(before: list[float], after: list[float], who: str = "check-ins") -> pd.DataFrame:
    rows = [(who, when, seconds) for when, side in (("before", before), ("after", after)) for seconds in side]
    return pd.DataFrame(rows, columns=["who", "when", "seconds"])


def test_the_same_times_are_not_slower_because_there_are_more_of_them() -> None:
    """Of ten times as many, the slowest is slower by chance alone: the answer compares the same number."""
    same = [0.5 + (number * 37 % 100) / 100 for number in range(1000)]
    said = chart_answers.like_with_like(took(same[:100], [9.0] * 900 + same[900:]))
    before, after = said.partition(";")[0].split(" · ")
    assert before.removeprefix("before: ") == after.removeprefix("after: ")
    assert said.endswith("of the newest 100 check-ins each, no drills")
    per_period = times(*((n, "p99", 700 + n) for n in range(5)), *((n, "p99", 702) for n in range(5, 300)))
    assert "median p99 before: 702 ms of 5 periods · after: 702 ms of 295 periods" in words(
        review_charts.execution_time(per_period, CHANGE, 30_000)
    )


def test_the_times_of_drills_are_not_those_of_checkins_and_few_have_no_p99() -> None:
    frame = pd.concat([took([1.0, 1.0], [1.0, 2.0]), took([9.0], [9.0], "drills")])
    assert chart_answers.like_with_like(frame) == (
        "before: p50 1 s, p95 1 s · after: p50 1.5 s, p95 1.95 s; of the newest 2 check-ins each, no drills"
    )
    assert "no check-in has ended before the change" in chart_answers.like_with_like(took([], [1.0]))
    assert "before and after" in chart_answers.like_with_like(took([1.0], [1.0], "drills"))
    figure = review_charts.execution_time(times((0, "p99", 900)), CHANGE, 30_000, frame)
    assert "of the newest 2 check-ins each, no drills" in style.describe(figure)


def test_one_that_never_ends_is_the_slowest_and_the_failed_are_said() -> None:
    frame = took([1.0] * 20, [1.0] * 10 + [inf] * 10)
    frame.attrs["failed"] = 3
    assert chart_answers.like_with_like(frame) == (
        "before: p50 1 s, p95 1 s · after: p50 NEVER, p95 NEVER (10 STILL RUN); "
        "of the newest 20 check-ins each, no drills, 3 failed left out"
    )


def test_the_executions_answer_counts_checkins_and_drills_apart() -> None:
    rows = [("check-ins", "before", 60, 60), ("check-ins", "after", 0, 0), ("drills", "after", 268, 269)]
    split = pd.DataFrame(rows, columns=["who", "when", "succeeded", "finished"]).assign(
        low=0.9, high=1.0, **{"too long": [0, 0, 0], "in doubt": [0, 7, 0], "still running": [0, 2, 0]}
    )
    said = style.describe(review_charts.executions(counts((0, "Succeeded", 328)), CHANGE, split))
    assert (
        "check-ins before: 60 of 60 succeeded (90% to 100%) · check-ins after: none finished, 7 IN DOUBT, 2 still run"
        in said
    )
    assert "drills after: 268 of 269 succeeded (the bars hold both: CloudWatch cannot tell them apart)" in said


@pytest.mark.parametrize(
    "span", [timedelta(seconds=s) for s in (0, 20, 75, 600, 7200, 86400, 4e5, 3e6, 4e7, 2e8)], ids=str
)
def test_no_tick_of_a_time_axis_is_a_bare_number_but_a_year(span: timedelta) -> None:
    figure, axes = style.canvas("When?", "")
    style.time_axis(axes, at(0), at(0) + span, None)
    figure.draw_without_rendering()
    ticks = [label.get_text() for label in axes.get_xticklabels() if label.get_text()]
    assert ticks
    assert not [tick for tick in ticks if tick.isdigit() and len(tick) < 4]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert not any(one.overlaps(two) for one, two in pairwise(boxes))
