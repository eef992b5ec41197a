"""What a watch shows as it goes: what went wrong also where little is said, and nothing written over in a file."""

from datetime import timedelta

import pytest
from simulated import START, answer

from lib.checks import Status
from lib.display import console
from lib.display.console import Volume
from lib.display.interactive import watch_lines
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked

TIME = START.isoformat()
BEGUN = {"row": Kind.BEGUN, "time": TIME, "for_seconds": 7200, "every_seconds": 900, "since": TIME}


def checkpoint(*checks):
    answers = [{"asked": "alarms", "error": "", "counts": {}, "checks": [check.to_row() for check in checks]}]
    return {"row": Kind.CHECKPOINT, "time": TIME, "seconds": 3.2, "answers": answers}


@pytest.fixture
def quiet():
    console.set_volume(Volume.RESULT)
    yield
    console.set_volume(Volume.ALL)


def test_a_checkpoint_is_a_line_with_the_worst_word_first(capsys):
    watch_lines.row(checkpoint(answer(Asked.ALARMS), answer(Asked.FAILURES, Status.CANNOT_TELL)))
    out = capsys.readouterr().out
    assert out == "? cannot tell: checkpoint of 2026-11-28 12:00:00 UTC, read in 3.2 s: 1 cannot tell, 1 passed\n"


def test_each_broken_criterion_has_its_value_and_limit_also_where_little_is_said(capsys, quiet):
    watch_lines.row(checkpoint(answer(Asked.ALARMS), answer(Asked.FAILURES, Status.FAILED, "5 of 5")))
    assert capsys.readouterr().out == "✗ failed: watch: failures: 5 of 5; limit: a limit\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"row": Kind.GAP, "from": TIME, "to": TIME, "missed": 3, "why": "it slept"},
         "NOT WATCHED from 2026-11-28 12:00:00 UTC to 2026-11-28 12:00:00 UTC, 3 checkpoints missed: it slept"),
        ({"row": Kind.CLOCK, "back_seconds": 7200}, "this machine's clock was set back by 2 h 0 min"),
        ({"row": Kind.ALERT, "published": True, "news": "broken", "criterion": "X"}, "operations were told that it is"),
        ({"row": Kind.ENDED, "why": "the time is over"}, "the watch ended: the time is over"),
    ],
)  # fmt: skip
def test_what_counts_is_said_also_where_little_is(capsys, quiet, row, said):
    watch_lines.row({"time": TIME, **row})
    assert said in capsys.readouterr().out


def test_news_that_did_not_get_through_is_on_standard_error(capsys, quiet):
    about = {"published": False, "news": "broken", "criterion": "X", "error": "Unreachable: no answer"}
    watch_lines.row({"row": Kind.ALERT, "time": TIME, **about})
    read = capsys.readouterr()
    assert read.out == "" and "operations were NOT told that it is broken: X: Unreachable" in read.err


def test_how_long_until_the_next_is_written_over_where_somebody_sees_it_and_nowhere_else(monkeypatch):
    lines = []
    monkeypatch.setattr(console, "overwrite", lines.append)
    rows = [BEGUN, checkpoint(answer(Asked.FAILURES, Status.FAILED))]
    due = START + timedelta(minutes=15)
    watch_lines.countdown(START + timedelta(seconds=16), due, rows)
    assert lines == []
    monkeypatch.setattr(console, "is_watched", lambda: True)
    watch_lines.countdown(START + timedelta(seconds=16), due, rows)
    watch_lines.countdown(due + timedelta(hours=1), due, [BEGUN])
    assert lines == [
        "watching: 1 of 9 checkpoints made, 1 BROKEN; the next in 14 min 44 s",
        "watching: 0 of 9 checkpoints made, nothing read yet; the next in 0 s",
    ]


NOT_READ = {**checkpoint(answer(Asked.ALARMS, Status.CANNOT_TELL))["answers"][0], "error": "Unreachable"}
BROKE = checkpoint(answer(Asked.FAILURES, Status.FAILED))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([checkpoint(answer(Asked.ALARMS))], "nothing broken"),
        ([checkpoint(answer(Asked.ALARMS, Status.CANNOT_TELL))], "no break seen, 1 of 1 question WITHOUT AN ANSWER"),
        ([checkpoint()], "no break seen, 1 of 1 question WITHOUT AN ANSWER"),
        ([{**checkpoint(), "answers": [NOT_READ, *checkpoint(answer(Asked.FAILURES))["answers"]]}],
         "no break seen, 1 of 2 questions WITHOUT AN ANSWER"),
        ([BROKE, {**checkpoint(), "answers": [NOT_READ]}], "1 BROKEN, 1 of 1 question WITHOUT AN ANSWER"),
        ([{**checkpoint(), "answers": [NOT_READ]}, checkpoint(answer(Asked.ALARMS))], "nothing broken"),
    ],
)  # fmt: skip
def test_nothing_is_broken_only_where_everything_could_be_read(monkeypatch, rows, said):
    lines = []
    monkeypatch.setattr(console, "overwrite", lines.append)
    monkeypatch.setattr(console, "is_watched", lambda: True)
    watch_lines.countdown(START, START + timedelta(seconds=9), [BEGUN, *rows])
    assert lines[0].split(" made, ")[1] == f"{said}; the next in 9 s"
