"""The chart of single failures shouts what is silent, has a tile for each verdict, and explains only what it shows."""

import pytest
from failures import WELL, row

from lib.display.charts import failure_chart
from lib.display.charts.style import describe, png
from lib.drills import broken_tasks
from lib.record.records import Record


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path, "run")


def test_the_chart_shouts_what_is_silent(record):
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, row("TellOperations", "denied", "failed")])
    figure = failure_chart.failures(broken_tasks.matrix(record), 30)
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"contact 4.0 s", "ops 0.5 s", "fails visibly", "only a queue", "UNCARRIED", "SILENT"} == texts
    assert "1 SILENT" in describe(figure) and "limit 30 s" in describe(figure)
    assert png(figure).startswith(b"\x89PNG")
    assert "1 SILENT, 1 UNCARRIED, 1 only a queue; 1 of them a stop" in describe(figure)
    key = figure.axes[0].get_xlabel().split("\n")
    assert "SILENT: STOP: the check single-failure.none-silent fails" in key
    assert "UNCARRIED: no stop: single-failure.uncarried is waiting" in key


def test_a_word_that_no_tile_shows_is_not_explained(record):
    record.keep_json(broken_tasks.EVIDENCE, WELL[:3])
    figure = failure_chart.failures(broken_tasks.matrix(record), 30)
    assert "stop" not in figure.axes[0].get_xlabel() and "none silent; none of them a stop" in describe(figure)


def test_the_words_below_the_tiles_are_not_cut_off(record):
    long = row("SendProactiveEvent > dispatcher", "without target", "not exercised here", route="proactive")
    record.keep_json(broken_tasks.EVIDENCE, [*WELL, long])
    figure = failure_chart.failures(broken_tasks.matrix(record), 30)
    png(figure)  # which lays it out
    words = figure.axes[0].xaxis.label.get_window_extent()
    assert 0 <= words.x0 < words.x1 <= figure.bbox.width


def test_every_verdict_has_a_tile(record):
    record.keep_json(
        broken_tasks.EVIDENCE,
        [row(f"T{at}", "slow", verdict, {"contact": 1.0}) for at, verdict in enumerate(broken_tasks.Effect)],
    )
    assert set(broken_tasks.matrix(record)["outcome"]) <= set(failure_chart.TILES)
