"""The chart of a backtest says its numbers, and an empty one why."""

from lib.display.charts import backtest_charts, style
from lib.phases.proofs.backtest import count_moves


def test_the_chart_says_the_numbers_and_an_empty_one_says_why():
    moves = count_moves(["none", "none", "standard", "standard"], ["none", "crisis", "standard", "none"])
    said = style.describe(backtest_charts.moves(moves))
    assert said.endswith("2 of 4 would change route: 1 to a higher alert, 1 to a LOWER one")
    assert style.png(backtest_charts.moves(moves))[:4] == b"\x89PNG"
    empty = backtest_charts.moves(count_moves([], []), "no check-in is recorded in that time")
    assert "no check-in is recorded" in style.describe(empty)
