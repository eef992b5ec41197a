"""How a notebook begins a run, or opens it again: by its parameters, before anything of the run is looked at."""

import pytest
from kernels import ran

from lib.errors import BadParameters
from lib.phases import parameters_cell, session
from lib.settings import load


@pytest.mark.parametrize("opens", [session.begin, session.reopen])
def test_what_is_no_parameter_is_refused_before_anything_of_a_run_is_looked_at(opens, monkeypatch):
    monkeypatch.setattr(session.record_stores, "shelves", lambda _: pytest.fail("its store was looked for"))
    with pytest.raises(BadParameters, match="unknown parameter 'aproved_plan'"):
        opens(ran("aproved_plan = 'plan-0'"))


def test_a_run_is_begun_strictly_and_reopened_to_be_undone_whatever_another_file_holds(monkeypatch):
    asked = []
    monkeypatch.setattr(parameters_cell, "load", lambda name, given, strict: asked.append(strict) or load(name, given))
    for opens in ("begin", "reopen"):
        monkeypatch.setattr(session, f"{opens}_with", lambda settings, **_: settings)
        assert getattr(session, opens)(ran()) == load("local")
    assert asked == [True, False]
