"""What every chart shares: durations in words, moments in UTC, and an axis of time without a bare number."""

from datetime import datetime, timedelta
from itertools import pairwise
from math import inf

import pandas as pd
import pytest
from drawn import at

from lib.display.charts import style


def test_what_never_came_is_lost() -> None:
    assert (style.duration_words(inf), style.duration_words(600)) == ("LOST", "10 min")


def test_a_moment_without_a_zone_is_utc() -> None:
    assert style.utc(datetime(2026, 1, 1, 12)) == pd.Timestamp("2026-01-01T12:00Z")
    assert style.utc(pd.Timestamp("2026-01-01T12:00+02:00")) == pd.Timestamp("2026-01-01T10:00Z")


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
