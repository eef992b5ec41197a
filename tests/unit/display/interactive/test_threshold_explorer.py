"""Five sliders: each number follows, what is out of order says so."""

import re

import pytest
import tuned

from lib.display.charts import explorer_chart
from lib.display.interactive import threshold_explorer
from lib.phases.tuning import counting, explorer
from lib.routes import Route


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


def test_a_button_moves_the_sliders_to_each_setting_of_the_search_and_back_to_now(every):
    widget = threshold_explorer.Sliders(every)
    began = widget.shown.value
    widget.sliders["HighRiskAbove"].value = 96.0
    assert list(widget.buttons) == list(every.settings)
    for name, numbers in every.settings.items():
        widget.buttons[name].click()
        assert {one: slider.value for one, slider in widget.sliders.items()} == numbers
        assert widget.shown.value == threshold_explorer.panel(every, every.effect(numbers))
    widget.buttons["now"].click()
    assert widget.shown.value == began
    widget.sliders["CrisisRiskAbove"].value = 90.0
    assert widget.shown.value != began


def test_out_of_order_says_so_and_shows_no_number(every):
    widget = threshold_explorer.Sliders(every)
    widget.sliders["HighRiskAbove"].value = 96.0
    assert "Out of order" in widget.shown.value and "<table" not in widget.shown.value


def test_more_alerts_than_people_can_answer_are_said(every):
    from dataclasses import replace

    low = replace(every, budget=1.0)
    assert "more than alerts_a_day allows a day, 1" in threshold_explorer.panel(low, low.effect(low.settings["now"]))


def test_no_bar_and_no_word_against_a_setting_is_beyond_the_panels_edge(every):
    for setting in every.settings.values():
        shown = threshold_explorer.panel(every, every.effect(setting))
        assert "nowrap" not in shown and "table-layout: fixed" in shown
        widths = [float(one) for one in re.findall(r"width: ([\d.]+)%; background-color", shown)]
        assert len(widths) == len(list(Route)) and 0 < max(widths) <= 100


def test_the_chart_says_how_many_alerts_each_setting_raises(every):
    drawn = explorer_chart.routes_by_setting(explorer.by_route(every), every.span)
    words = " ".join(text.get_text() for axes in drawn.axes for text in axes.texts) + str(drawn.texts)
    assert drawn.axes and words
    empty = explorer.by_route(every).iloc[:0]
    assert explorer_chart.routes_by_setting(empty, "a day") is not None
