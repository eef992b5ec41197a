"""Charts: what is drawn is what was given, gaps stay gaps, and no data is said in words."""

import base64
import html
import subprocess
import sys
from math import nan

import matplotlib as mpl
import pandas as pd
import pytest
from drawn import (
    CHANGE,
    EMPTY,
    START,
    THRESHOLDS,
    axes_of,
    counts,
    drills,
    latencies,
    phases,
    routes,
    times,
    took,
    words,
)
from matplotlib.dates import num2date

from lib.display.charts import alert_charts, chart_answers, review_charts, run_charts, style, tuning_charts
from lib.routes import Route

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


def test_the_number_of_failures_covers_no_dot_of_those_that_started() -> None:
    figure = review_charts.executions(counts((0, "Started", 9), (0, "Succeeded", 3), (0, "Failed", 1)), None)
    (flag,) = [text for text in axes_of(figure).texts if "✕ 1" in text.get_text()]
    assert flag.xy[1] == 9


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
    assert "before: 2 of 3 succeeded (20.8% to 93.9%)" in text
    assert "after: 4 of 4 succeeded (51.0% to 100.0%)" in text
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
    assert "· after: 39,039 of 39,039 succeeded" in style.describe(figure)
    assert "check-ins and drills together" in style.describe(figure)


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
    nobody = "no check-in has ended in this window: nothing to compare"
    assert chart_answers.like_with_like(took([1.0], [1.0], "drills")) == nobody
    assert chart_answers.like_with_like(took([1.0], [], "drills").assign(when="all")) == nobody
    figure = review_charts.execution_time(times((0, "p99", 900)), CHANGE, 30_000, frame)
    assert "of the newest 2 check-ins each, no drills" in style.describe(figure)


def test_the_executions_answer_counts_checkins_and_drills_apart() -> None:
    rows = [("check-ins", "before", 60, 60), ("check-ins", "after", 0, 0), ("drills", "after", 268, 269)]
    split = pd.DataFrame(rows, columns=["who", "when", "succeeded", "finished"]).assign(
        low=0.9, high=1.0, **{"too long": [0, 0, 0], "in doubt": [0, 7, 0], "still running": [0, 2, 0]}
    )
    said = style.describe(review_charts.executions(counts((0, "Succeeded", 328)), CHANGE, split))
    assert (
        "check-ins before: 60 of 60 succeeded (90.0% to 100.0%) · check-ins after: none finished, 7 IN DOUBT, "
        "2 still run" in said
    )
    assert "drills after: 268 of 269 succeeded (the bars hold both: CloudWatch cannot tell them apart)" in said
