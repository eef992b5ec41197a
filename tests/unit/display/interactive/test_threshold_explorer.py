"""Five sliders: each number follows, what is out of order says so."""

import pytest
import tuned

from lib.display.charts import explorer_chart
from lib.display.interactive import threshold_explorer
from lib.phases.tuning import counting, explorer


@pytest.fixture(scope="module")
def every():
    frame = tuned.population(number=400)
    counted = counting.count([], frame, tuned.now(), tuned.WINDOW)
    return explorer.of(tuned.found(frame), counted, tuned.SETTINGS)


def test_there_is_a_slider_for_each_threshold_where_it_stands_now(every):
    sliders = threshold_explorer.Sliders(every).sliders
    assert {name: slider.value for name, slider in sliders.items()} == every.settings["now"]
    assert len(sliders["SentimentBelow"].options) == 199


def test_every_number_follows_a_slider(every):
    widget = threshold_explorer.Sliders(every)
    before = widget.shown.value
    widget.sliders["CrisisRiskAbove"].value = 90.0
    assert widget.shown.value != before
    assert "crises with the crisis alert" in widget.shown.value


def test_out_of_order_says_so_and_shows_no_number(every):
    widget = threshold_explorer.Sliders(every)
    widget.sliders["HighRiskAbove"].value = 96.0
    assert "Out of order" in widget.shown.value and "<table" not in widget.shown.value


def test_more_alerts_than_people_can_answer_are_said(every):
    from dataclasses import replace

    low = replace(every, budget=1.0)
    assert "more than alerts_a_day allows a day, 1" in threshold_explorer.panel(low, low.effect(low.settings["now"]))


def test_the_chart_says_how_many_alerts_each_setting_raises(every):
    drawn = explorer_chart.routes_by_setting(explorer.by_route(every), every.span)
    words = " ".join(text.get_text() for axes in drawn.axes for text in axes.texts) + str(drawn.texts)
    assert drawn.axes and words
    empty = explorer.by_route(every).iloc[:0]
    assert explorer_chart.routes_by_setting(empty, "a day") is not None
