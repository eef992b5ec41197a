"""What the core passes from one module to another cannot be changed on the way: what was reviewed is what is done."""

import dataclasses
import importlib
import inspect

import pytest

# Filled row by row while a record is read, inside of one function.
FILLED = {"lib.changes.undo_plan._Thing"}
CORE = (
    "changes.approval", "changes.second_person", "changes.drift", "changes.engine", "changes.guarded_run",
    "changes.kept_plans", "changes.loss_guard", "changes.persons", "changes.plan_data", "changes.plans",
    "changes.resource", "changes.undo_plan", "changes.writer", "cli.resume", "phases.restore", "phases.restore_plan",
    "phases.rollback", "resources.account_guards", "resources.connected_run", "resources.lock_value",
    "resources.run_lock", "values.processes", "wait",
)  # fmt: skip


@pytest.mark.parametrize("name", CORE)
def test_every_dataclass_of_the_core_is_frozen(name):
    module = importlib.import_module(f"lib.{name}")
    own = [found for _, found in inspect.getmembers(module, inspect.isclass) if found.__module__ == module.__name__]
    made = [found for found in own if dataclasses.is_dataclass(found)]
    loose = {f"{found.__module__}.{found.__name__}" for found in made if not found.__dataclass_params__.frozen}
    assert loose <= FILLED
