"""What of a definition is foreign is named before it is walked."""

import pytest
from foreign import CATCH, FUNCTION, machine

from lib.asl import interpreter
from lib.errors import BadParameters


def test_a_catch_that_is_foreign_is_named() -> None:
    definition = machine(
        "A", A={"Type": "Task", "Resource": FUNCTION, "Catch": [{**CATCH[0], "Output": 1}], "End": True}
    )
    definition["States"]["Sorry"] = {"Type": "Succeed"}
    with pytest.raises(BadParameters, match=r"A has Catch\.Output"):
        interpreter.require_known(definition)
