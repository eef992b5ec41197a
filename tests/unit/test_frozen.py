"""What the core passes from one module to another cannot be changed on the way: what was reviewed is what is done."""

import dataclasses
import importlib
import inspect

import pytest

# Filled row by row while a record is read, inside of one function.
FILLED = {"lib.changes.undo_plan._Thing"}
CORE = (
    "account_guards", "approval", "approvers", "changes", "drift", "emergency", "guards", "kept_plans", "lock", "locks",
    "machine", "persons", "plans", "resource", "resume", "rollback", "undo", "wait",
)  # fmt: skip


@pytest.mark.parametrize("name", CORE)
def test_every_dataclass_of_the_core_is_frozen(name):
    module = importlib.import_module(f"lib.{name}")
    own = [found for _, found in inspect.getmembers(module, inspect.isclass) if found.__module__ == module.__name__]
    made = [found for found in own if dataclasses.is_dataclass(found)]
    loose = {f"{found.__module__}.{found.__name__}" for found in made if not found.__dataclass_params__.frozen}
    assert loose <= FILLED
