"""Whatever a module offers is used by something that runs: not by tests alone, and not only by what hands it on."""

import ast
import json

from test_house import ALL, TESTS

from lib.cli.lab import landing
from lib.settings import ROOT

MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in ALL}
# Called from outside: by Python as the entry point of a process, by the kernel, by Lambda; and by tests of whole plans.
CALLED = {"main", "pack", "lambda_handler", "slow_handler", "settled_snapshot"}


def ours():
    """The text of each module of ours."""
    return {module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}


def from_outside():
    """The text of what runs beside them: the command, and the code cells of notebooks and of the landing page."""
    found = {"your6": (ROOT / "your6_phase3_runbook.py").read_text(encoding="utf-8")}
    for path in (ROOT / "runbooks").glob("*.ipynb"):
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        found[path.stem] = "\n".join("".join(cell["source"]) for cell in cells)
    found["landing page"] = landing.CALLS
    return found


def offered(text):
    """(name, node) of what stands at the top of a module, but for what a decorator makes a command."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            if not any("command" in ast.unparse(decorator) for decorator in node.decorator_list):
                yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))


def bound_in(top):
    """The names that a function binds for itself, and so does not take from its module."""
    if isinstance(top, ast.FunctionDef):
        yield from (node.arg for node in ast.walk(top) if isinstance(node, ast.arg))
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def refers(module, text):
    """(module, name) of all that a module's code refers to; and of what it only hands on, as its own and as whose."""
    tree, used, handed, known = ast.parse(text), set(), set(), {}
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            known[alias.asname or alias.name] = whole
    for top in tree.body:
        theirs = {getattr(top, "name", ""), *bound_in(top)}
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in theirs:
                used.add(tuple(known.get(node.id, f"{module}.{node.id}").rpartition(".")[::2]))
            elif isinstance(node, ast.Attribute):
                whole = ast.unparse(node.value)
                used.add((known.get(whole, whole), node.attr))
    for name, whole in known.items():
        handed.add(((module, name), tuple(whole.rpartition(".")[::2])))
    return used, handed


def unused(sources, others):
    """Each name that some of these sources offer, and none of all of them uses."""
    used, handed = set(), set()
    for module, text in {**sources, **others}.items():
        for found, more in zip((used, handed), refers(module, text), strict=True):
            found |= more
    used |= {whose for own, whose in handed if own in used}
    every = [(module, name) for module, text in sources.items() for name, _ in offered(text)]
    return [".".join(one) for one in every if one not in used and one[1] not in CALLED and one[1] != "__all__"]


def used_at_home_only(sources, others):
    """Each public function that its own module alone uses."""
    theirs = set()
    for module, text in {**sources, **others}.items():
        used, handed = refers(module, text)
        theirs |= {one for one in used if one[0] != module} | {whose for _, whose in handed}
    every = [
        (module, name) for module, text in sources.items() for name, node in offered(text) if is_public(name, node)
    ]
    return [".".join(one) for one in every if one not in theirs and one[1] not in CALLED]


def is_public(name, node):
    return isinstance(node, ast.FunctionDef) and not name.startswith("_")


def test_what_only_its_own_module_uses_is_private():
    tests = {str(path): path.read_text(encoding="utf-8") for path in TESTS}
    assert used_at_home_only(ours(), {**from_outside(), **tests}) == []


def test_a_public_name_that_its_module_alone_uses_is_found():
    offers = "def alone(): pass\ndef _hidden(): return alone()\ndef tested(): return alone()\ndef called(): pass\n"
    found = used_at_home_only({"a": offers}, {"b": "import a\na.called()", "t": "from a import tested"})
    assert found == ["a.alone"]


def test_nothing_is_there_for_its_tests_alone():
    assert unused(ours(), from_outside()) == []


def test_what_nobody_uses_is_found():
    offers = (
        "LEFT = USED = 1\ndef called(hidden): return USED, hidden\ndef alone(): return alone()\n"
        "def hidden(): pass\ndef kept(): pass\n"
    )
    hands_on = "from a import kept, called\n__all__ = ['kept']\n"
    found = unused({"a": offers, "b": hands_on, "c": "import b\nb.called()\n"}, {})
    assert found == ["a.LEFT", "a.alone", "a.hidden", "a.kept"]
