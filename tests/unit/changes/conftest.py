"""What the tests of an approval share: things in a dictionary, a run that stopped half-way, and a copy of the code."""

import functools
import shutil

import pytest
from approvals import begun, planned
from fakes import World

from lib.changes import engine, loss_guard, plan_data, writer
from lib.record import origin
from lib.settings import ROOT

on_disk, imported_sources = functools.cache(origin.on_disk), functools.cache(origin.imported_sources)


@pytest.fixture(autouse=True)
def code_read_once(monkeypatch):
    """Each plan has a digest of all the code, which no test edits but in a `checkout` of its own."""
    monkeypatch.setattr(origin, "on_disk", lambda folder: dict(on_disk(folder)))
    monkeypatch.setattr(origin, "imported_sources", lambda: dict(imported_sources()))


@pytest.fixture
def to_go(request):
    """What is there and is to go: a module's `TO_GO`, or nothing."""
    return getattr(request.module, "TO_GO", {})


@pytest.fixture
def world(to_go) -> World:
    return World({"old": {"size": 1}, "equal": "as wanted", **to_go})


@pytest.fixture
def wanted(world, to_go):
    return world.wanted(new="born", old={"size": 2}, equal="as wanted", **dict.fromkeys(to_go))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of what is approved along with a plan, of which nothing is imported yet."""
    top = tmp_path / "checkout"
    for part in ("lib", "runbooks"):
        shutil.copytree(ROOT / part, top / part, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(plan_data, "ROOT", top)
    monkeypatch.setattr(origin, "on_disk", on_disk.__wrapped__)
    monkeypatch.setattr(origin, "imported_sources", dict)
    return top


@pytest.fixture
def half(settings, world, wanted):
    """A run that has written `new`, and stopped before `old`: its parameters and its record."""
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    loss_guard.keep(plan, world.run(settings, record))
    writer.Writer("01", record, lambda: None, lambda seconds: None).carry_out(plan.changes[0])
    return asked, record
