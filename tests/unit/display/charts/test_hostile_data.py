"""The review's charts of a burst, a step, an outlier and ten years: readable, and what is not drawn is said."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from drawn import axes_of, words
from matplotlib.axes import Axes
from matplotlib.dates import num2date

from lib.checks import Status
from lib.display.charts import alert_charts, drill_charts, glance_charts, review_charts, style
from lib.display.charts.thinning import ALL, FEW_WORDS, PLACES, one_a_place, words_apart
from lib.phases.review.sparklines import Sparkline

START = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night in which clocks in Europe are put forward
DAY = timedelta(days=1)


def moments(count: int, length: timedelta = DAY) -> pd.DatetimeIndex:
    return pd.date_range(START, START + length, periods=count)


def small(values: list[float], unit: str = "check-ins", change: datetime = START + DAY / 2, **more: object) -> Axes:
    points = pd.DataFrame({"time": moments(len(values)), "value": values}).astype({"value": float})
    line = Sparkline("q", unit, points, "1", "2", Status.PASSED, "any", **more)  # type: ignore[arg-type]
    figure = glance_charts.glance([line], (START, START + DAY), change)
    assert style.png(figure, 40)
    (axes,) = figure.axes
    return axes


@pytest.mark.parametrize("values", [[100.0] * 9, [0.0] * 9, [100.0] * 5 + [0.0] * 4, [99.7, 100.0], [100.0], [50.0]])
def test_a_share_has_no_tick_that_no_share_can_have(values: list[float]) -> None:
    axes = small(values, "% of check-ins")
    ticks = list(axes.get_yticks())
    assert min(ticks) >= 0 and max(ticks) == 100.0
    low, high = axes.get_ylim()
    assert low < min(values) and high > max(values)


def test_a_step_of_one_in_a_hundred_shows_in_a_share() -> None:
    low, high = small([100.0] * 9 + [99.0] * 9, "% of check-ins").get_ylim()
    assert 1.0 / (high - low) > 0.2


@pytest.mark.parametrize("values", [[0.0] * 9, [1.0] * 9, [3.0]])
def test_an_axis_of_counts_begins_at_zero_and_has_whole_numbers(values: list[float]) -> None:
    ticks = list(small(values).get_yticks())
    assert ticks[0] == 0.0 and all(tick == int(tick) for tick in ticks)


def test_without_a_point_there_is_no_tick_that_would_look_like_one() -> None:
    assert list(small([]).get_yticks()) == []


def test_an_outlier_is_said_in_short_and_the_limit_stays_on_the_axis() -> None:
    axes = small([1.0] * 9 + [900_000.0], "s", limit=30.0)
    style.png(axes.figure, 40)  # type: ignore[arg-type]
    assert "k" in "".join(text.get_text() for text in axes.get_yticklabels())
    assert not axes.yaxis.get_offset_text().get_text()
    assert small([0.5], "s", limit=30.0).get_ylim()[1] > 30


@pytest.mark.parametrize(("hours", "says"), [(48, "the change is later, at 2026-03-30 20:00"), (-3, "was before, at")])
def test_a_change_that_lies_outside_of_the_time_is_said(hours: int, says: str) -> None:
    axes = small([1.0, 2.0], change=START + timedelta(hours=hours))
    assert says in axes.figure._supxlabel.get_text()  # type: ignore[union-attr]


def counted(count: int, failing: int, length: timedelta = DAY) -> pd.DataFrame:
    rows = [(at, "ExecutionsSucceeded", 9.0) for at in moments(count, length)]
    rows += [(at, "ExecutionsFailed", float(number + 1)) for number, at in enumerate(moments(count, length)[:failing])]
    frame = pd.DataFrame(rows, columns=["time", "metric", "value"])
    frame.attrs["period_seconds"] = length.total_seconds() / count
    return frame


def test_where_everything_fails_the_worst_are_numbered_and_it_says_of_how_many() -> None:
    figure = review_charts.executions(counted(96, 96), START + DAY / 2)
    crosses = [text.get_text() for text in axes_of(figure).texts if text.get_text().startswith("✕ ")]
    numbers = [one for one in crosses if not one.startswith("✕ on")]
    assert "✕ 96" in numbers and len(numbers) <= FEW_WORDS
    assert f"✕ on {len(numbers)} of the 96 times with a failure, the worst" in crosses
    few = review_charts.executions(counted(96, 3), START + DAY / 2)
    assert "times with a failure" not in words(few) and "✕ 3" in words(few)


@pytest.mark.parametrize("chart", ["executions", "execution_time", "alerts_by_route"])
def test_silence_until_the_end_of_what_was_read_is_in_the_picture(chart: str) -> None:
    frames = {
        "executions": (review_charts.executions, counted(6, 1, DAY / 24)),
        "execution_time": (
            lambda frame, change: review_charts.execution_time(frame, change, 30_000),
            pd.DataFrame({"time": moments(6, DAY / 24), "metric": "p50", "value": 800.0}),
        ),
        "alerts_by_route": (
            alert_charts.alerts_by_route,
            pd.DataFrame({"time": moments(6, DAY / 24), "route": "crisis", "execution": "arn:c", "drill": False}),
        ),
    }
    draw, frame = frames[chart]
    frame.attrs["window"] = (START - DAY / 24, START + DAY)
    first, last = (num2date(edge) for edge in axes_of(draw(frame, START + DAY / 48)).get_xlim())
    assert first <= START - DAY / 24 and last >= START + DAY


def test_the_legend_of_many_has_whole_numbers() -> None:
    frame = counted(6, 6)
    frame["value"] = frame["value"].where(frame["metric"] != "ExecutionsSucceeded", 1_234_567.0)
    said = words(review_charts.executions(frame, None))
    assert "succeeded (7,407,402)" in said


def test_ten_years_of_bars_have_no_edges_that_hide_them_and_the_change_its_date() -> None:
    figure = review_charts.executions(counted(450, 4, 3650 * DAY), START + 1800 * DAY)
    bars = [bar for bars in axes_of(figure).containers for bar in bars]
    assert {bar.get_linewidth() for bar in bars} == {0.0}
    assert "the change, 2031-03-02 20:00" in words(figure)
    assert "the change, 08:00:00" in words(review_charts.executions(counted(96, 0), START + DAY / 2))


@pytest.mark.parametrize(("count", "marks"), [(90, 90), (1_500, 0)])
def test_times_of_nothing_are_on_the_axis_and_many_have_a_line_alone(count: int, marks: int) -> None:
    rows = [(at, "p50", 0.0 if number % 2 else 800.0) for number, at in enumerate(moments(count))]
    frame = pd.DataFrame(rows, columns=["time", "metric", "value"])
    axes = axes_of(review_charts.execution_time(frame, None, 30_000))
    (drawn,) = [line for line in axes.lines if line.get_label() == "p50"]
    assert min(drawn.get_ydata()) == 0.001 > axes.get_ylim()[0]
    assert len(drawn.get_markevery()) == marks


def test_a_burst_of_marks_is_thinned_and_says_so_and_people_lie_over_drills() -> None:
    count = 3_000
    frame = pd.DataFrame({"time": moments(count), "route": "crisis", "execution": "arn:c", "drill": False})
    frame.loc[frame.index % 3 == 0, "drill"] = True
    figure = alert_charts.alerts_by_route(frame, None)
    drills, people = [line for line in axes_of(figure).lines if len(line.get_xdata())]
    assert drills.get_markerfacecolor() == "white" and people.get_markerfacecolor() != "white"
    assert len(people.get_xdata()) <= PLACES + 1
    left_out = count - len(people.get_xdata()) - len(drills.get_xdata())
    assert f"{left_out:,} marks that would cover another are not drawn, but counted" in axes_of(figure).get_xlabel()
    assert "2,000 check-ins, 1,000 drills" in words(figure)


def test_up_to_so_many_marks_are_all_drawn() -> None:
    assert one_a_place(pd.Series(moments(ALL))).all()
    assert one_a_place(pd.Series([pd.Timestamp(START)] * 500)).sum() == 1


def test_words_that_have_no_room_are_left_out_the_older_ones_first() -> None:
    assert words_apart([0.0, 0.05, 0.5, 0.52, 1.0], 0.1) == [1, 3, 4]
    assert words_apart([], 0.1) == []


def logged(count: int) -> pd.DataFrame:
    frame = pd.DataFrame({"time": moments(count), "scenario": "declining", "verdict": "failed", "route": "crisis"})
    return frame.assign(lost=[["operations"]] * count, trusted=1.0, operations=float("nan"))


def test_drills_that_all_failed_are_named_as_far_as_there_is_room() -> None:
    figure = drill_charts.drill_log(logged(500), 30)
    named = [text for text in axes_of(figure).texts if "✕ declining" in text.get_text()]
    assert 1 <= len(named) <= drill_charts.NAMES_ACROSS + 1
    assert f"{500 - len(named):,} more that did not pass are a mark without a name" in axes_of(figure).get_xlabel()
    assert "without a name" not in words(drill_charts.drill_log(logged(3), 30))
