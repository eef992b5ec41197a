"""A kind that the engine never heard of: one class, and one line that registers it, carry it through all that is done.

What is refused, kept, restored first or taken for half written is what its class declares, and nothing else.
"""

import ast
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from fakes import said, unlocked
from machines import connected

from lib.changes import drift, engine, loss_guard
from lib.changes.plans import UNKNOWN, Wanted
from lib.changes.resource import Field
from lib.cli import resume
from lib.errors import NotAsWanted, Refused
from lib.phases import rollback
from lib.record import records
from lib.record.records import LOG, Run
from lib.resources import connected_run, resource_kinds
from lib.resources.live_thing import LiveThing
from lib.settings import ROOT

OLD, NEW = {"author": "Ada", "days": 30, "title": "old"}, {"author": "Ada", "days": 90, "title": "new"}


@dataclass(frozen=True)
class Shelf(LiveThing):
    """Value: a text or a number by name, each in a file of its own, so that a kill can come between two of them."""

    folder: str
    kind = "shelf"
    noticed = "its readers"
    stays = "the dust stays"
    in_parts = True
    special: ClassVar = {
        ("title",): Field(meant=True),
        ("days",): Field(longer_keeps=True),
        ("author",): Field(lived_on="readers look for it by this; give theirs a shelf of its own", never=True),
        ("topics",): Field(missing_means_all=True),
    }

    def _read(self):
        files = (path for path in sorted(Path(self.folder).iterdir()) if path.name != "reader")
        return {path.name: json.loads(path.read_text()) for path in files} or None

    def _write(self, value):
        for name in (self._read() or {}).keys() - (value or {}).keys():
            (Path(self.folder) / name).unlink()
        for name, one in sorted((value or {}).items()):
            if one == "killed":
                raise KeyboardInterrupt
            (Path(self.folder) / name).write_text(json.dumps(one))

    def _kept_because(self):
        return "somebody reads it" if (Path(self.folder) / "reader").exists() else ""


class Floor(Shelf):
    """What the shelves stand on."""

    kind = "floor"
    others_rely = True


ENGINE = (
    "changes/approval", "changes/drift", "changes/engine", "changes/loss_guard", "changes/plans", "changes/provenance",
    "changes/resource", "changes/undo_plan", "changes/verification", "changes/writer", "cli/resume",
    "record/change_rows",
)  # fmt: skip


@pytest.mark.parametrize("module", ENGINE)
def test_the_engine_names_no_kind(module):
    tree = ast.parse((ROOT / "lib" / f"{module}.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert texts & set(resource_kinds.KINDS) == set()


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    for kind in (Shelf, Floor):
        monkeypatch.setitem(resource_kinds.KINDS, kind.kind, kind)


@pytest.fixture
def live(settings):
    return connected(settings.model_copy(update={"may_replace": 0}))


@pytest.fixture
def shelf(live, tmp_path):
    return made(Shelf, live, tmp_path)


def made(kind, live, tmp_path):
    folder = tmp_path / kind.kind
    folder.mkdir()
    return kind(live, str(folder))


def unguarded(live, record):
    """A run that nobody else's lock keeps from anything."""
    return replace(connected_run.of(live, record), lock=unlocked)


def applied(thing, record, value):
    return engine.carry_out(engine.plan("06", [Wanted(thing, value)]), unguarded(thing.live, record))


def undone(live, record):
    return engine.roll_back(rollback.plan(connected_run.of(live, record)), unguarded(live, record))


def statuses(outcome, live, record):
    return [str(check.status) for check in engine.verify(outcome, Run(live.settings, record))]


def test_it_is_planned_written_verified_and_undone_from_what_the_record_tells_of_it(shelf, live, record):
    outcome = applied(shelf, record, NEW)
    assert (outcome.states, statuses(outcome, live, record), shelf.read()) == (("applied",), ["passed"], NEW)
    assert {(row["kind"], row["name"]) for row in record.rows(LOG)} == {("shelf", f"shelf {shelf.folder}")}
    assert applied(shelf, record, NEW).states == ("nothing to do",)
    back = undone(live, record)
    assert (back.states, statuses(back, live, record), shelf.read()) == (("applied",), ["passed"], None)
    assert rollback.what_stays(back) == [{"what": shelf.name, "why": "the dust stays"}]


def test_what_its_class_says_would_be_lost_is_kept_by_an_undo(shelf, live, record):
    applied(shelf, record, NEW)
    (Path(shelf.folder) / "reader").touch()
    assert said(undone(live, record)) == ("kept: somebody reads it",)
    assert shelf.read() == NEW


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"title": "new"}, ""),
        ({"days": 90}, ""),
        ({"days": 7}, r"shelf .* days \(30 -> 7\).*set may_replace to 1$"),
        ({"author": "Eve"}, r"author \('Ada' -> 'Eve'\).*Do not let it go: shelf .*: readers look for it by this"),
        ({"topics": {"age": 9}}, r"topics.age \(nothing -> 9\)"),
        ({"cover": "red"}, r"cover \('blue' -> 'red'\)"),
    ],
)
def test_what_a_plan_may_replace_of_somebodys_is_what_its_class_says(wanted, refusal, shelf, live, record):
    theirs = OLD | {"topics": {}, "cover": "blue"}
    shelf.write(theirs)
    if not refusal:
        assert applied(shelf, record, theirs | wanted).states == ("applied",)
        return
    with pytest.raises(Refused, match=refusal):
        applied(shelf, record, theirs | wanted)
    assert shelf.read() == theirs


def test_what_never_goes_is_let_go_by_no_number(shelf, live, record):
    shelf.write(OLD)
    plan = engine.plan("06", [Wanted(shelf, OLD | {"author": "Eve", "days": 7})])
    many = live.settings.model_copy(update={"may_replace": 99})
    assert "readers look for it by this" in loss_guard.refusal(
        [plan], replace(connected_run.of(live, record), settings=many)
    )


def killed(shelf, record):
    """A run that dies between two of the calls of one write."""
    with pytest.raises(KeyboardInterrupt):
        applied(shelf, record, NEW | {"title": "killed"})
    assert shelf.read() == OLD | {"days": 90}


def test_a_write_that_a_kill_cut_short_is_its_runs_to_complete_and_to_undo(shelf, live, record):
    shelf.write(OLD)
    killed(shelf, record)
    (row,) = resume.settle_unfinished(connected_run.of(live, record), partial(resource_kinds.reopen, live))
    assert row == {"what": shelf.name, "found": "half done: it will be completed"}
    (change,) = rollback.plan(connected_run.of(live, record)).changes
    assert (change.foreign, change.after) == (False, OLD)
    assert applied(shelf, record, NEW).states == ("applied",)
    assert undone(live, record).states == ("applied",)
    assert shelf.read() == OLD


@pytest.mark.parametrize("in_parts", [True, False])
def test_only_of_what_is_written_in_parts_a_third_value_is_no_drift(in_parts, shelf, record, monkeypatch):
    shelf.write(OLD)
    approved = [change.row() for change in engine.plan("06", [Wanted(shelf, NEW | {"title": "killed"})]).changes]
    killed(shelf, record)
    monkeypatch.setattr(Shelf, "in_parts", in_parts)
    found = engine.plan("06", [Wanted(shelf, NEW | {"title": "killed"})]).changes
    assert bool(drift.find_drift(approved, found, record.changes())) != in_parts


def test_what_others_rely_on_is_undone_first_and_while_it_is_not_they_stay(shelf, live, record, tmp_path, monkeypatch):
    floor = made(Floor, live, tmp_path)
    for thing in (floor, shelf):
        applied(thing, record, NEW)
    undo = rollback.plan(connected_run.of(live, record))
    assert [change.resource for change in undo.changes] == [floor, shelf]

    def refuses(self, value):
        raise NotAsWanted("it is nailed down")

    monkeypatch.setattr(Floor, "_write", refuses)
    assert engine.roll_back(undo, unguarded(live, record)).states == ("failed", "not tried")
    assert shelf.read() == NEW


def test_one_that_is_not_registered_is_said_by_name_and_left_alone(shelf, live, record, monkeypatch):
    applied(shelf, record, NEW)
    monkeypatch.delitem(resource_kinds.KINDS, "shelf")
    (change,) = rollback.plan(connected_run.of(live, record)).changes
    assert (change.resource.name, change.before) == (shelf.name, UNKNOWN)
    assert "names a 'shelf'" in change.trouble
    assert undone(live, record).states == ("failed",)
    assert shelf.read() == NEW


def test_what_one_run_wrote_the_next_may_replace(shelf, live, record):
    applied(shelf, record, NEW)
    assert applied(shelf, records.open_run(live.settings), NEW | {"days": 1, "cover": "red"}).states == ("applied",)
