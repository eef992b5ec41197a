"""The change at a glance: eight small charts, each with a verdict in words; gaps stay gaps, also among many points."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from lib.checks import Status
from lib.display.charts import glance_charts, style
from lib.phases.review.sparklines import BUCKETS, Sparkline, in_buckets

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST, CHANGE = FIRST + timedelta(days=2), FIRST + timedelta(days=1)


def points(count, days=2.0):
    times = pd.date_range(FIRST, FIRST + timedelta(days=days), periods=count)
    return pd.DataFrame({"time": times, "value": np.linspace(0, 1, count) if count else []})


def line(count=20, verdict=Status.PASSED, **more):
    return Sparkline("Does it go well?", "check-ins", points(count), "1", "2", verdict, "any at all", **more)


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
    (one,) = axes(Sparkline("q", "u", gapped, "", "", Status.PASSED, "w"))
    assert sorted(len(drawn.get_xdata()) for drawn in one.lines)[-2:] == [8, 8]


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
    times = pd.Series([first, first, last])
    counted = in_buckets(times, first, last)
    assert (len(counted), counted["value"].sum(), counted["value"].iloc[0]) == (BUCKETS, 3.0, 2.0)
    means = in_buckets(times, first, last, pd.Series([0.0, 100.0, 100.0]))
    assert means["value"].tolist() == [50.0, 100.0]


def test_the_same_hours_of_a_week_before_are_a_dotted_line_beside():
    (one,) = axes(line(beside=points(12)))
    assert [drawn.get_linestyle() for drawn in one.lines if len(drawn.get_xdata()) == 12] == [":"]
