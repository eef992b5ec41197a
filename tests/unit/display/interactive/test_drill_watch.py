"""What is shown of drills while they run, and what is left of it: words and marks, and no widget. No AWS."""

import json
import re
import sys

import pytest
from hostile import HOSTILE, exported, harmless, obeyed

from lib.display import page
from lib.display.interactive import drill_watch
from lib.drills.drill_progress import EndedDrill, Progress, Stage, WatchedDrill
from lib.phases import hand_run

WIDGET = "application/vnd.jupyter.widget-view+json"


def ended(scenario="crisis", status="SUCCEEDED", expected="SUCCEEDED", group="edges"):
    return EndedDrill(group, scenario, status, expected)


def drilling(states=("DrillGate", "EvaluateRisk"), status="RUNNING", **more):
    """One drill of 60 runs, two have ended."""
    one = WatchedDrill("risk-at", "drill-risk-at-1", status, states, 4.2, 7)
    usual = {"stage": Stage.DRILLING, "drills": 124, "group": "edges", "in_group": 60, "seconds": 84.0}
    return Progress(**{**usual, "ended": (ended("first"), ended("second")), "watched": one, **more})


def over(**more):
    return drilling(stage=Stage.OVER, watched=None, **more)


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


# What is read


def test_it_says_which_drill_of_how_many_runs_and_in_which_state_it_is():
    said = words(drill_watch.panel(drilling()))
    assert said.startswith("edges: 2 of 60 ended ; 2 of 124 in all, 1 min 24 s so far")
    assert "Now: risk-at drill-risk-at-1 runs, waited for 4 s, one of 8 at once" in said
    assert "States: DrillGate › ▸ EvaluateRisk" in said
    assert said.endswith("Ended: ✓ 2 succeeded first, second")


@pytest.mark.parametrize(
    ("states", "status", "said"),
    [
        ([], "RUNNING", "States: none yet"),
        (None, "RUNNING", "States: its states cannot be read; the drills go on"),
        (["CheckUserId"], "RUNNING", "States: ▸ CheckUserId"),
        (["CheckUserId", "CheckinComplete"], "SUCCEEDED", "States: CheckUserId › CheckinComplete Ended"),
    ],
)
def test_only_a_state_of_an_execution_that_runs_is_marked(states, status, said):
    assert said in words(drill_watch.panel(drilling(states, status)))


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [
        ("SUCCEEDED", "SUCCEEDED", "✓ 1 succeeded x"),
        ("FAILED", "SUCCEEDED", "✗ 1 failed x (FAILED)"),
        ("TIMED_OUT", "SUCCEEDED", "✗ 1 failed x (TIMED_OUT)"),
        ("FAILED", "FAILED", "✓ 1 succeeded x"),
        ("SUCCEEDED", "FAILED", "✗ 1 failed x (SUCCEEDED)"),
        ("FAILED", None, "○ 1 judged by its alerts x (FAILED)"),
        ("SUCCEEDED", None, "✓ 1 succeeded x"),
        ("RUNNING", "SUCCEEDED", "▸ 1 running x (RUNNING)"),
    ],
)
def test_each_outcome_has_its_mark_and_its_word(status, expected, said):
    assert words(drill_watch.panel(drilling(ended=(ended("x", status, expected),)))).endswith(f"Ended: {said}")


def test_what_is_bad_comes_first_and_of_many_only_the_newest_are_named():
    many = [ended(f"good-{at}") for at in range(40)] + [ended(f"bad-{at}", "FAILED") for at in range(9)]
    said = words(drill_watch.panel(drilling(ended=many)))
    assert "✗ 9 failed latest bad-6 (FAILED), bad-7 (FAILED), bad-8 (FAILED) ✓ 40 succeeded latest good-37, " in said
    assert "good-3," not in said


@pytest.mark.parametrize("stage", [Stage.SETTLING, Stage.COLLECTING, Stage.LISTENING])
def test_while_no_execution_is_waited_for_it_says_what_is_and_how_long_at_the_most(stage):
    assert f"Now: {stage}, up to about 35 s" in words(
        drill_watch.panel(drilling(watched=None, stage=stage, lasts=35.0))
    )


# What is left


def test_what_is_left_is_one_line_that_says_how_the_executions_ended_and_where_they_are_judged():
    done = drill_watch.conclusion(over(drills=2))
    assert done.text == (
        "Drills: 2 executions ended, in 1 min 24 s: ✓ 2 succeeded. Their alerts are judged in the tables."
    )
    assert words(done.html) == done.text


def test_what_was_broken_off_says_so():
    assert drill_watch.conclusion(over()).text.startswith(
        "Drills: broken off after 1 min 24 s, when 2 of 124 executions had ended: ✓ 2 succeeded."
    )
    none = drill_watch.conclusion(over(ended=())).text
    assert none.endswith("had ended. Where no table follows, no alert is judged: run the cell again.")


# What somebody wrote


def test_every_name_is_shown_and_none_is_obeyed():
    one = WatchedDrill(HOSTILE, HOSTILE, HOSTILE, [HOSTILE, HOSTILE], 1.0)
    running = WatchedDrill(HOSTILE, HOSTILE, "RUNNING", [HOSTILE, HOSTILE], 1.0)
    every = (ended(HOSTILE, HOSTILE), ended(HOSTILE))
    for state in (one, running, None):
        shown = drill_watch.panel(drilling(watched=state, group=HOSTILE, ended=every))
        harmless(shown)
        assert obeyed(shown) == []
        assert "obeyed" in words(shown)
    done = drill_watch.conclusion(over(group=HOSTILE, ended=every))
    harmless(done.html)
    assert obeyed(exported([done])) == []


def test_nobodys_contact_is_shown():
    assert "4917012345678" not in drill_watch.panel(drilling(["+4917012345678"]))


# The widget


class Place:
    """An output of a cell, and what stands in it one after the other."""

    def __init__(self, monkeypatch):
        self.stood, self.values = [], []
        monkeypatch.setattr(page, "display", self.put)

    def put(self, bundle, raw=False, display_id=False):
        assert (raw, display_id) == (True, True)
        self.stood.append(bundle)
        return self

    def update(self, shown):
        self.stood.append({"text/html": shown._repr_html_(), "text/plain": repr(shown)})


def test_one_widget_is_shown_and_only_a_line_is_left_in_its_place(monkeypatch):
    place, widget = Place(monkeypatch), drill_watch.DrillWidget()
    widget(Progress(Stage.SETTING_UP, 124))
    shown = widget._widget
    name = shown.model_id
    widget(drilling())
    assert shown.value == drill_watch.panel(drilling())
    widget(over())
    first, last = place.stood
    assert first[WIDGET]["model_id"] == name
    assert first["text/plain"].startswith("The drills began at ")
    assert "model" not in first["text/plain"] + first["text/html"]
    assert last == {"text/html": drill_watch.conclusion(over()).html, "text/plain": drill_watch.conclusion(over()).text}
    assert [part.comm for part in (shown, shown.layout, shown.style)] == [None] * 3
    assert "widget" not in json.dumps(last)


def test_drills_that_never_began_leave_nothing(monkeypatch):
    place = Place(monkeypatch)
    drill_watch.DrillWidget()(over())
    assert place.stood == []


def test_without_ipywidgets_nothing_is_shown_and_nothing_is_left(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    place, widget = Place(monkeypatch), drill_watch.DrillWidget()
    with pytest.raises(ImportError):  # which ends at the drills, as whatever fails in who watches
        widget(drilling())
    widget(over())
    assert place.stood == []


def test_a_widget_whose_place_is_gone_is_closed_all_the_same(monkeypatch):
    place, widget = Place(monkeypatch), drill_watch.DrillWidget()
    widget(drilling())
    shown = widget._widget
    place.update = lambda conclusion: 1 / 0
    with pytest.raises(ZeroDivisionError):
        widget(over())
    assert shown.comm is None


def test_a_widget_is_for_who_has_the_notebook_open(monkeypatch):
    monkeypatch.setattr(hand_run, "is_watched", lambda run: run == "watched")
    assert drill_watch.of("by a program") is None
    assert isinstance(drill_watch.of("watched"), drill_watch.DrillWidget)
