"""The runbooks as an operator needs them: thin, prose first, no logic, and in step with the library they call."""

import ast
import importlib
import inspect
import re
import types
import typing

import nbformat
import pytest
import yaml
from reachable import attributes

from lib.phases.parameters_cell import ALWAYS
from lib.record.run_phases import NOTEBOOKS, READS_ONLY, ROLLBACK
from lib.settings import ROOT, Settings

PATHS = sorted((ROOT / "runbooks").glob("*.ipynb"))
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar,
    ast.With, ast.AsyncWith, ast.Match, ast.Raise, ast.Assert, ast.Delete, ast.Global, ast.Lambda,
)  # fmt: skip
HEADINGS = ("Meaning:", "Impact:", "Before you start:", "Takes:", "Undo:")
LONGEST = 12
MOST = 10  # parameters that a notebook declares
PLAIN = {str, int, float, bool, type(None)}

notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells(path):
    return nbformat.read(path, as_version=4).cells


def tagged(cell):
    return "parameters" in cell.metadata.get("tags", [])


def code(path):
    """The code cells beside the parameters."""
    return [cell.source for cell in cells(path) if cell.cell_type == "code" and not tagged(cell)]


def tree(path):
    return ast.parse("\n".join(code(path)))


def given(path):
    """The lines of the parameters cell."""
    (cell,) = [cell for cell in cells(path) if tagged(cell)]
    return cell.source.splitlines()


def environment(name):
    return yaml.safe_load((ROOT / "parameters" / f"{name}.yaml").read_text(encoding="utf-8"))


def bound(path):
    """What the notebook's imports give it, by name."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                member = getattr(module, alias.name, None) or importlib.import_module(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = member
        elif isinstance(node, ast.Import):
            pytest.fail(f"{path.name} imports {node.names[0].name}; expected only what lib offers")
    return found


def resolved(node, names):
    """The object that `module.name` or `name` means, or None where it is a variable's."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value, names)
        if isinstance(owner, types.ModuleType):
            assert hasattr(owner, node.attr), f"{owner.__name__} has no {node.attr}"
            return getattr(owner, node.attr)
    return None


def test_every_phase_has_its_notebook_and_every_notebook_its_phase():
    assert {path.stem for path in PATHS} == {*NOTEBOOKS.values(), ROLLBACK}


@notebook
def test_no_output_is_committed(path):
    run = [cell for cell in cells(path) if cell.cell_type == "code"]
    assert [cell.source for cell in run if cell.outputs or cell.execution_count is not None] == []
    assert "papermill" not in nbformat.read(path, as_version=4).metadata


@notebook
def test_a_phase_that_only_reads_never_says_that_it_changes_the_account(path):
    source = "\n".join(cell.source for cell in cells(path) if cell.cell_type == "code")
    writes = any(call in source for call in ("engine.carry_out(", "engine.roll_back(", "validation.run("))
    assert ("show.identity(run, reads_only=True)" in source) == (path.stem[:2] in READS_ONLY) == (not writes)


@notebook
def test_it_is_a_valid_notebook(path):
    nbformat.validate(nbformat.read(path, as_version=4))


@notebook
def test_it_opens_with_a_few_parameters_and_none_says_a_value_beside_its_environments(path):
    module = ast.parse("\n".join(given(path)))
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in module.body}
    local = environment("local")
    assert len(given(path)) == len(values) <= MOST
    assert [name for name in Settings.model_fields if name in values] == list(values)
    assert {name: value for name, value in values.items() if name in ALWAYS} == {name: local[name] for name in ALWAYS}
    assert {value for name, value in values.items() if name not in ALWAYS} <= {None}
    assert {environment(name)["mode"] for name in ("local", "staging", "prod")} == {values["mode"]} == {"plan"}


@notebook
def test_each_parameter_is_explained_as_in_the_file_of_an_environment(path):
    said = re.findall(r"^(\w+):.*?\s# (.*)", (ROOT / "parameters" / "local.yaml").read_text(encoding="utf-8"), re.M)
    help_of = {name: text.strip() for name, text in said}
    assert [line for line in given(path) if line.partition("  # ")[2] != help_of[line.partition(" ")[0]]] == []


@notebook
def test_its_phase_reads_what_it_declares(path):
    assert {line.partition(" ")[0] for line in given(path)} - set(ALWAYS) <= attributes(tree(path))


def test_that_rule_can_fail():
    tuning = next(path for path in PATHS if path.stem == NOTEBOOKS["08"])
    found = attributes(tree(tuning)) & set(Settings.model_fields)
    assert "review_minutes" in found
    assert {"rollback_to_phase", "approved_plan", "docs_dir", "burst_drills", "backtest_days"} & found == set()


@notebook
def test_no_cell_is_long(path):
    assert [source for source in code(path) if len(source.splitlines()) > LONGEST] == []


@notebook
def test_no_cell_holds_logic(path):
    found = [type(node).__name__ for node in ast.walk(tree(path)) if isinstance(node, LOGIC)]
    assert found == []


@notebook
def test_no_cell_leaves_prints_or_reaches_aws_by_itself(path):
    text = "\n".join(code(path))
    banned = ("boto3", "botocore", "sys.exit", "exit(", "quit(", "print(", "time.sleep", "get_ipython")
    assert [word for word in banned if word in text] == []
    assert [line for line in text.splitlines() if line.startswith(("!", "%"))] == []


@notebook
def test_prose_comes_before_code(path):
    kinds = [cell.cell_type for cell in cells(path)]
    assert kinds[0] == "markdown"
    for before, first, second in zip(["", *kinds], kinds, kinds[1:], strict=False):
        assert (before, first, second) != ("code", "code", "code"), "three code cells in a row"


@notebook
def test_every_section_has_a_heading_that_is_used_once(path):
    headings = [line for cell in cells(path) if cell.cell_type == "markdown" for line in cell.source.splitlines()[:1]]
    assert all(line.startswith("#") for line in headings)
    assert len(set(headings)) == len(headings)


@notebook
def test_it_opens_with_what_an_operator_must_know_first(path):
    opening = cells(path)[0].source
    assert opening.startswith(f"# {path.stem[:2]} ")
    assert [heading for heading in HEADINGS if f"**{heading}**" not in opening] == []


@notebook
def test_it_asks_where_it_is_before_it_does_anything(path):
    first = code(path)[0]
    # No broken file of another account keeps an undo waiting.
    opens = "reopen" if path.stem == ROLLBACK else "begin"
    asked = "show.identity(run, reads_only=True)" if path.stem[:2] in READS_ONLY else "show.identity(run)"
    assert first.rstrip().endswith(f"\nrun = session.{opens}(globals())\n{asked}")


@notebook
def test_no_prose_holds_html(path):
    texts = [cell.source for cell in cells(path) if cell.cell_type == "markdown"]
    tags = ("<div", "<span", "<br", "<img", "<font", "<table", "style=")
    assert [text for text in texts if any(tag in text.lower() for tag in tags)] == []


@notebook
def test_everything_it_names_in_the_library_is_there(path):
    names = bound(path)
    named = [resolved(node, names) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    assert any(named)


@notebook
def test_every_call_fits_what_it_calls(path):
    names = bound(path)
    for call in [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]:
        called = resolved(call.func, names)
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        spread = None in named or any(isinstance(argument, ast.Starred) for argument in call.args)
        if callable(called) and not spread:
            inspect.signature(called).bind(*call.args, **named)


@notebook
def test_it_imports_nothing_that_it_does_not_use(path):
    used = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    assert set(bound(path)) - used == set()


@notebook
def test_its_first_cell_can_be_run_again_at_the_end(path):
    # Parameters are taken from all plain variables, so that a mistyped one is found: no cell may leave another behind.
    names, left = bound(path), []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            called = resolved(node.value.func, names) if isinstance(node.value, ast.Call) else None
            returns = typing.get_type_hints(called).get("return") if inspect.isfunction(called) else None
            if returns in PLAIN or isinstance(node.value, ast.Constant | ast.JoinedStr):
                left.append(node.targets[0].id)
    assert left == []


@notebook
def test_it_says_when_to_stop_and_what_to_do_when_something_is_wrong(path):
    text = "\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")
    assert "**Stop" in text
    # The tuning changes nothing and nothing depends on it.
    assert "## If something is wrong" in text or path.stem == NOTEBOOKS["08"]
