"""The chart of a backtest says its numbers, and an empty one why."""

from itertools import pairwise

from lib.display.charts import backtest_charts, style
from lib.phases.proofs.backtest import count_moves
from lib.routes import Route, Unrouted


def test_the_chart_says_the_numbers_and_an_empty_one_says_why():
    moves = count_moves(["none", "none", "standard", "standard"], ["none", "crisis", "standard", "none"])
    said = style.describe(backtest_charts.moves(moves))
    assert said.endswith("2 of 4 would change route: 1 to a higher alert, 1 to a LOWER one")
    assert style.png(backtest_charts.moves(moves))[:4] == b"\x89PNG"
    empty = backtest_charts.moves(count_moves([], []), "no check-in is recorded in that time")
    assert "no check-in is recorded" in style.describe(empty)


def test_no_route_and_its_number_run_into_the_next():
    every = [*map(str, Route), Unrouted.CANNOT_TELL]
    figure = backtest_charts.moves(count_moves(["standard"] * 12_345 * len(every), every * 12_345))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert len(boxes) == len(every)
    assert not any(one.overlaps(two) for one, two in pairwise(boxes))
