"""The change at a glance: eight small charts, each with a verdict in words; gaps stay gaps, also among many points."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from lib.checks import Status
from lib.display.charts import glance_charts, style
from lib.phases.review.sparklines import BUCKETS, Sparkline, at_middles, in_parts, longest, parts

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LAST, CHANGE = FIRST + timedelta(days=2), FIRST + timedelta(days=1)


def points(count, days=2.0):
    times = pd.date_range(FIRST, FIRST + timedelta(days=days), periods=count)
    return pd.DataFrame({"time": times, "value": np.linspace(0, 1, count) if count else []})


def line(count=20, verdict=Status.PASSED, **more):
    return Sparkline(
        "Does it go well?", "check-ins", points(count), "1", "2", verdict, "any at all", period=DAY, **more
    )


def axes(*lines):
    return glance_charts.glance(lines, (FIRST, LAST), CHANGE).axes


def test_each_says_its_question_both_sides_and_its_verdict():
    figure = glance_charts.glance([line(verdict=one) for one in Status], (FIRST, LAST), CHANGE)
    assert len(figure.axes) == len(Status)
    said = style.describe(figure)
    assert all(f"before 1, after 2: {one}." in said for one in Status)
    assert [one.get_title("right") for one in figure.axes][:2] == ["✓ passed", "✗ failed"]
    assert {one.get_title("left") for one in figure.axes} == {"Does it go well?\nbefore: 1;  after: 2"}


def test_what_has_no_point_says_so_and_draws_none():
    (empty,) = axes(line(0))
    assert "no datapoint" in [text.get_text() for text in empty.texts]
    assert [drawn for drawn in empty.lines if len(drawn.get_xdata()) > 2] == []


def test_no_line_is_drawn_across_a_gap():
    gapped = pd.concat([points(20).head(8), points(20).tail(8)])
    (one,) = axes(Sparkline("q", "u", gapped, "", "", Status.PASSED, "w", period=timedelta(days=2) / 19))
    (drawn,) = [drawn for drawn in one.lines if len(drawn.get_xdata()) > 2]
    assert np.flatnonzero(np.isnan(drawn.get_ydata())).tolist() == [8]


def test_an_outlier_of_two_years_of_points_is_marked():
    many = points(17_520, 730)
    many.loc[9000, "value"] = 50.0
    figure = glance_charts.glance(
        [Sparkline("q", "u", many, "", "", Status.PASSED, "w")], (FIRST, FIRST + timedelta(days=730)), CHANGE
    )
    (one,) = figure.axes
    assert [drawn.get_ydata()[0] for drawn in one.lines if drawn.get_marker() == "o"] == [50.0]
    assert one.get_ylim()[1] > 50 and style.png(figure)


@pytest.mark.parametrize("limit", [None, 30.0])
def test_what_to_worry_about_is_said_with_its_limit(limit):
    (one,) = axes(line(limit=limit))
    said = "worry if any at all" + (" (limit 30)" if limit else "")
    assert said in [text.get_text() for text in one.texts]


def test_counts_fill_every_part_of_the_time_and_means_only_those_that_have_something():
    first, last = pd.Timestamp(FIRST), pd.Timestamp(LAST)
    edges, times = parts(first, last, pd.Timestamp(CHANGE)), pd.Series([first, first, last])
    counted = in_parts(times, edges)
    assert (len(counted), counted["value"].sum(), counted["value"].iloc[0]) == (BUCKETS, 3.0, 2.0)
    means = in_parts(times, edges, pd.Series([0.0, 100.0, 100.0]))
    assert means["value"].tolist() == [50.0, 100.0]
    assert in_parts(times + 2 * DAY, edges)["value"].sum() == 2.0, "what is outside is moved nowhere"


@pytest.mark.parametrize("change", [FIRST - DAY, FIRST, FIRST + timedelta(minutes=7), CHANGE, LAST, LAST + DAY])
def test_no_part_lies_on_both_sides_of_the_change(change):
    first, last, at = pd.Timestamp(FIRST), pd.Timestamp(LAST), pd.Timestamp(change)
    edges = parts(first, last, at)
    assert (edges[0], edges[-1], edges == sorted(edges)) == (first, last, True)
    assert at in edges or not first <= at <= last
    middles = in_parts(pd.Series([at - timedelta(seconds=1), at]), edges, pd.Series([1.0, 2.0]))
    assert all((row.value == 2.0) == (row.time > at) for row in middles.itertuples())
    assert len(edges) <= BUCKETS + 2 and longest(edges) <= 2 * DAY / BUCKETS


def test_a_period_stands_where_its_part_of_the_window_is():
    times = pd.Series([pd.Timestamp(FIRST), pd.Timestamp(FIRST + timedelta(hours=1))])
    first, last = (pd.Timestamp(FIRST + timedelta(minutes=at)) for at in (10, 50))
    placed = at_middles(times, timedelta(hours=1), first, last)
    assert placed.tolist() == [pd.Timestamp(FIRST + timedelta(minutes=30)), last]


def test_what_has_no_value_has_a_mark_and_words_and_is_no_missing_datapoint():
    (one,) = axes(line(0, apart=(pd.Timestamp(CHANGE),), apart_is="accepted by NOBODY", doubt="the log was cut"))
    said = [text.get_text() for text in one.texts]
    assert said == ["worry if any at all\n✕ 1 accepted by NOBODY\nthe log was cut"]
    assert [drawn.get_marker() for drawn in one.lines].count("X") == 1


def test_the_same_hours_of_a_week_before_are_a_dotted_line_beside():
    (one,) = axes(line(beside=points(12)))
    assert [drawn.get_linestyle() for drawn in one.lines if len(drawn.get_xdata()) == 12] == [":"]


def test_no_note_hides_a_line_that_lies_at_its_top():
    always = points(20).assign(value=100.0)
    noted = {"apart": (pd.Timestamp(CHANGE),), "apart_is": "IN DOUBT", "beside": always, "beside_is": "dotted: before"}
    full = Sparkline("Do they?", "% of check-ins", always, "1", "2", Status.PASSED, "a dip", period=DAY, **noted)
    figure = glance_charts.glance([full, *[line()] * 7], (FIRST, LAST), CHANGE)
    figure.canvas.draw()
    notes = figure.axes[0].texts[0]
    assert notes.get_text().count("\n") == 2
    _, height = figure.axes[0].transData.transform((0, 100.0))
    assert notes.get_window_extent().y0 > height
