"""An error in a cell: one sentence and what to do, the section that makes a missing name, the traceback folded."""

import json

import pytest
from hostile import HOSTILE, UNSEEN, exported, harmless, obeyed

from lib.cli.kernel import CellsKernel, KernelOfOurs, Shell
from lib.cli.lab import sections
from lib.display import cell_errors, page
from lib.errors import NotAsWanted
from lib.settings import ROOT

APPLY = "outcome = engine.carry_out(plan, run)\nshow.outcome(outcome)"


def missing(name):
    error = NameError(f"name {name!r} is not defined")
    error.name = name
    return error


def test_a_missing_name_is_told_by_the_section_that_makes_it():
    assert sections.heading_of("plan", APPLY) == "Plan: what would change?"
    assert sections.heading_of("engine", APPLY) == "Where am I?"
    said = cell_errors.sentence(missing("plan"), sections.heading_of("plan", APPLY))
    assert said.replace("\n", " ").startswith(
        "NameError: `plan` has no value yet. It is made under 'Plan: what would change?': run the cells above this one"
    )


@pytest.mark.parametrize(("name", "cell"), [("nosuch", APPLY), ("outcome", APPLY), ("plan", "a cell of nobody's")])
def test_of_a_name_that_no_other_cell_makes_no_section_is_told(name, cell):
    assert sections.heading_of(name, cell) == ""


def test_the_notebook_that_is_open_is_asked_first_also_with_a_cell_that_was_not_saved(tmp_path, monkeypatch):
    opened = tmp_path / "mine.ipynb"
    cells = [{"cell_type": "markdown", "source": ["# Mine\n", "words"]}, {"cell_type": "code", "source": "plan = 1"}]
    opened.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    monkeypatch.setenv(sections.OPENED, str(opened))
    assert sections.heading_of("plan", "show(plan)") == "Mine"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}'])
def test_what_is_open_may_be_no_notebook(tmp_path, monkeypatch, text):
    (tmp_path / "x.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.setenv(sections.OPENED, str(tmp_path / "x.ipynb"))
    assert sections.heading_of("plan", APPLY) == "Plan: what would change?"


def test_our_own_sentence_stands_alone_and_another_says_that_it_is_a_fault():
    assert cell_errors.sentence(NotAsWanted("found x, expected y; do z")) == "NotAsWanted: found x, expected y; do z"
    said = cell_errors.sentence(KeyError("x")).replace("\n", " ")
    assert said.startswith("KeyError: 'x' None of the runbook's own sentences") and said.endswith(
        "stands in its record."
    )


def test_no_word_of_a_sentence_is_broken_and_a_long_one_is_cut():
    said = cell_errors.sentence(NotAsWanted("a word and-another " * 400))
    assert all(len(line) <= cell_errors.WIDE for line in said.splitlines())
    assert said.endswith("[...]") and set(said.split()) == {"NotAsWanted:", "a", "word", "and-another", "[...]"} | {
        word for word in said.split() if "and-another".startswith(word)
    }


def test_whatever_an_error_quotes_is_shown_and_not_obeyed(monkeypatch):
    shown = []
    monkeypatch.setattr(page, "display", shown.append)
    said = cell_errors.sentence(ValueError(f"{HOSTILE} jane.roe@example.org"))
    cell_errors.show_traceback([f"\x1b[0;31mX\x1b[0m {HOSTILE}", "mail jane.roe@example.org", "z" * 30_000])
    assert not UNSEEN.search(said) and "jane.roe" not in said
    assert "characters before this are left out" in repr(shown[0])
    cell_errors.show_traceback([f"\x1b[0;31mX\x1b[0m {HOSTILE}", "mail jane.roe@example.org"])
    for one in shown:
        harmless(one.html)
        assert not UNSEEN.search(repr(one)) and "jane.roe" not in repr(one) + one.html
    assert obeyed(exported(shown)) == []


def test_the_kernel_of_a_run_has_that_shell():
    assert KernelOfOurs.kernel_class.default_value is CellsKernel
    assert CellsKernel.shell_class.default_value is Shell
    assert (ROOT / "runbooks").is_dir()
