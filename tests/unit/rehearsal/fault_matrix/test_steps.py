"""The steps by which the fault matrix carries a phase out are the ones of its notebook, and leave no change out."""

import ast
import inspect
from textwrap import dedent

import nbformat
import pytest

from lib.changes import undo_plan
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.resources import desired
from lib.settings import ROOT
from rehearsal.fault_matrix import steps

NAMES = {**NOTEBOOKS, undo_plan.PHASE: ROLLBACK}
CHANGING = ("session.", "engine.", "candidate.run", "validation.run")  # by these a run is begun, and all is written
# What only the steps call: one scenario in place of all, and a failed check ends them at once.
ONE = ("Group(validation.PLANNED, scenarios.load()[:1])", "Group(candidate.NAME, scenarios.load()[:1])")
OWN = {*ONE, "scenarios.load()", "require"}

phase = pytest.mark.parametrize("number", steps.STEPS)


def calls(tree, number):
    """Every call, as it is written and in its order, without what makes no difference to what is called."""

    class Plain(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Name("number") if node.value == number else node

        def visit_Call(self, node):
            self.generic_visit(node)
            planner = ast.unparse(node.func) == "desired.PHASES[number]"
            node.func = ast.parse(f"desired.{desired.PHASES[number].__name__}").body[0].value if planner else node.func
            if ast.unparse(node) in ("session.begin(globals())", "session.reopen(globals())"):
                # A notebook has its parameters from its cells, a step from the runner.
                return ast.copy_location(ast.parse(f"{ast.unparse(node.func)}_with(given)").body[0].value, node)
            node.keywords = [word for word in node.keywords if word.arg != "sleep"]
            return node

    found = [node for node in ast.walk(Plain().visit(tree)) if isinstance(node, ast.Call)]
    return [ast.unparse(node) for node in sorted(found, key=lambda node: (node.lineno, -node.col_offset))]


def of_notebook(number):
    cells = nbformat.read(ROOT / "runbooks" / f"{NAMES[number]}.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])]
    return calls(ast.parse("\n".join(cell.source for cell in code)), number)


def of_steps(number):
    found = calls(ast.parse(dedent(inspect.getsource(steps.STEPS[number]))), number)
    return [call for call in found if call not in OWN and call.partition("(")[0] not in OWN]


@phase
def test_every_step_is_one_of_the_notebook_to_the_letter_and_in_its_order(number):
    taken = of_steps(number)
    assert [call for call in of_notebook(number) if call in taken] == taken


@phase
def test_no_step_of_the_notebook_that_can_change_something_is_left_out(number):
    assert [call for call in of_notebook(number) if call.startswith(CHANGING)] == [
        call for call in of_steps(number) if call.startswith(CHANGING)
    ]


def test_every_phase_that_changes_something_and_the_rollback_have_steps():
    changing = {number for number in NAMES if any(call.startswith("engine.") for call in of_notebook(number))}
    assert changing <= steps.STEPS.keys() <= NAMES.keys()
