"""Which cell a phase is at, what that asks, and how long it usually takes here: by what was recorded alone."""

import io
import json

import pytest

from lib.display import console, terminal
from lib.display.interactive import cell_progress
from lib.display.interactive.cell_progress import CellProgress
from lib.record import records
from lib.record.records import Run
from lib.record.run_phases import Phase


def cell(source, kind="code", seconds=None):
    told = {} if seconds is None else {"papermill": {"duration": seconds, "status": "completed"}}
    return {"cell_type": kind, "source": source, "metadata": told}


CELLS = [
    cell("# 05 Validation\n\nProse.", "markdown"),
    cell("begin()"),
    cell("## Who hears of it?\n\nProse.", "markdown"),
    cell("drill()"),
]


def earlier(settings, run_id, seconds, mode="apply", text=None):
    """A run that executed the notebook before."""
    record = records.open_run(settings.model_copy(update={"run_id": run_id}))
    record.write_json("run.json", {"mode": mode, "verdict": "succeeded"})
    cells = [cell(["drill()"], seconds=seconds), cell("other()", seconds=99)]
    (record.folder / "05_validation.ipynb").write_text(json.dumps({"cells": cells}) if text is None else text)


@pytest.fixture
def watched(monkeypatch):
    """A terminal that somebody looks at, and what it was shown."""
    file = io.StringIO()

    def of_width(width=100):
        made = console.Output(file=file, width=width, force_terminal=True, **console.PLAIN)
        monkeypatch.setattr(console, "console", made)
        return file

    monkeypatch.setenv("TERM", "xterm")
    return of_width


def test_the_usual_time_is_the_median_of_what_the_newest_runs_of_this_mode_recorded(settings):
    for at, seconds in enumerate([500, 10, 30, 20]):
        earlier(settings, f"r{at}", seconds)
    earlier(settings, "r8", 700, mode="plan")
    earlier(settings, "now", 900)
    found = cell_progress.usual_seconds(settings, "now", "05_validation")
    assert found["drill()"] == 20  # of the newest three


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": 1}', '{"cells": [1]}', "\xff"])
def test_a_notebook_that_cannot_be_read_claims_nothing_and_hinders_nothing(text, settings):
    earlier(settings, "r1", 1, text=text)
    assert cell_progress.usual_seconds(settings, "now", "05_validation") == {}


def test_a_cell_is_shown_with_what_it_asks_and_how_long_that_takes(watched, settings, record):
    earlier(settings, "r1", 42.4)
    file = watched()
    progress = CellProgress(Run(settings, record), "05_validation")
    for at in range(len(CELLS)):
        progress.begin(CELLS, at)
    lines = [line.strip() for line in file.getvalue().split("\r") if line.strip()]
    assert len(lines) == 2  # prose takes no time
    assert "cell 1 of 2 since" in lines[0] and lines[0].endswith(": 05 Validation") and "usually" not in lines[0]
    assert "cell 2 of 2 since" in lines[1] and lines[1].endswith(", usually 42 s: Who hears of it?")


def test_a_narrow_terminal_is_not_written_over_its_edge(watched, settings, record):
    file = watched(40)
    CellProgress(Run(settings, record), "05_validation").begin(CELLS, 3)
    assert len(file.getvalue().rpartition("\x1b[2K")[2]) < 40


def test_what_a_cell_says_of_itself_stands_in_its_place(watched, settings, record):
    file = watched()
    progress = CellProgress(Run(settings, record), "05_validation")
    progress.begin(CELLS, 1)
    progress.count({"done": 1_000_000, "every": 2_000_000, "what": "check-ins\x1b[2J"})
    line = file.getvalue().rpartition("\r")[2]
    assert f"cell 1 of 2: [{'#' * 15}{'.' * 15}] 1,000,000 of 2,000,000 check-ins" in line
    assert "\x1b[2J" not in line


def test_where_nobody_looks_there_is_a_line_a_phase_and_no_more(settings, record, capsys):
    earlier(settings, "r1", 42)
    progress = CellProgress(Run(settings, record), "05_validation")
    terminal.progress(Phase("05", "05_validation", "running"))
    progress.begin(CELLS, 3)
    progress.count({"done": 1, "every": 2, "what": "check-ins"})
    terminal.progress(Phase("05", "05_validation", "succeeded", cells_run=2, seconds=1))
    assert capsys.readouterr().out == f"  {'05_validation':<32}✓ succeeded in 1.0 s, 2 cells\n"
    assert progress.usual == {}  # and nothing was read for it
