"""How far a pass is, is shown to whoever looks, and to nobody else."""

import pytest

from lib.display import page, progress_bar
from lib.display.interactive import pass_progress
from lib.phases import hand_run
from lib.record.records import Run


@pytest.fixture
def shown(monkeypatch):
    """What a cell showed: each output, and each that was put in its place."""
    outputs = []

    class Handle:
        def update(self, one):
            outputs.append(("in its place", one.text))

    monkeypatch.setattr(page, "place", lambda one: outputs.append(("shown", one.text)) or Handle())
    monkeypatch.setattr(page, "signal", lambda kind, value: outputs.append((kind, value)))
    monkeypatch.delenv(progress_bar.PROGRESS_SEEN, raising=False)
    return outputs


def test_where_nobody_looks_nothing_is_shown(shown, settings, record):
    watch = pass_progress.of(Run(settings, record), "check-ins")
    watch(1, 2)
    assert shown == []


def test_in_an_open_notebook_it_is_one_line_that_is_written_over(shown, settings, record, monkeypatch):
    monkeypatch.setattr(hand_run, "is_watched", lambda run: True)
    monkeypatch.setenv(progress_bar.PROGRESS_SEEN, "1")
    watch = pass_progress.of(Run(settings, record), "check-ins")
    for done in (500, 1500, 2000):
        watch(done, 2000)
    assert shown == [
        ("shown", f"[{'#' * 7}{'.' * 23}] 500 of 2,000 check-ins"),
        ("in its place", f"[{'#' * 22}{'.' * 8}] 1,500 of 2,000 check-ins"),
        ("in its place", f"[{'#' * 30}] 2,000 of 2,000 check-ins"),
    ]


def test_whoever_executes_the_notebook_before_a_terminal_hears_of_it(shown, settings, record, monkeypatch):
    monkeypatch.setenv(progress_bar.PROGRESS_SEEN, "1")
    pass_progress.of(Run(settings, record), "check-ins")(3, 4)
    assert shown == [(progress_bar.PROGRESS, {"done": 3, "every": 4, "what": "check-ins"})]
