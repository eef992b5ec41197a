"""The registered ids of checks: each is made somewhere, and of phases that there are."""

import ast

from lib.record.run_phases import NOTEBOOKS
from lib.settings import ROOT
from lib.values.check_registry import Id, of


def makers():
    """Every place in lib where a check is made: its file, and how its id is said."""
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
                yield path.name, node.args[0]


def test_every_maker_names_a_registered_id():
    found = list(makers())
    assert len(found) > 40
    assert [file for file, first in found if isinstance(first, ast.Constant | ast.JoinedStr)] == []


def test_every_registered_check_is_made_somewhere():
    """An id that nothing makes would fail its phase for ever, or carry a point that nothing carries."""
    texts = [
        path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py") if path.name != "check_registry.py"
    ]
    made_of_text = {one for one in Id if one.startswith("in-place.") or one.endswith(".before")}
    lacking = [one.name for one in Id if one not in made_of_text and not any(f"Id.{one.name}" in t for t in texts)]
    assert lacking == []


def test_ids_are_unlike_each_other_and_belong_to_phases_that_there_are():
    known = {*NOTEBOOKS, "90", "approval", "drill", "watch"}
    for one in Id:
        row = one.registered
        assert of(row.id) is one
        assert set(f"{row.must} {row.applied} {row.may}".split()) <= known
        assert set(row.criteria.split()) <= set("12345")
