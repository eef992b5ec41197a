"""Which section of a notebook makes a name that is missing."""

import json

import pytest

from lib.cli.lab import sections
from lib.display import cell_errors

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
