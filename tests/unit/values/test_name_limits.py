"""No lock lies where an account keeps its guards, and no candidate has the name of another workflow."""

import pytest
from unguarded import elsewhere

from lib.errors import BadParameters
from lib.values.name_limits import CANDIDATE, GUARDS, candidate_of


@pytest.mark.parametrize("below", ["", "/x", f"/{'a' * 16}/approval"])
def test_no_lock_lies_where_the_account_keeps_its_guards(below):
    """Whoever breaks the lock would take the guard away."""
    with pytest.raises(BadParameters, match=f"parameter lock_name: found '{GUARDS}{below}', what lies below {GUARDS}"):
        elsewhere(lock_name=f"{GUARDS}{below}")
    assert elsewhere(lock_name=f"{GUARDS}-lock").lock_name == f"{GUARDS}-lock"


@pytest.mark.parametrize("length", [1, 60, 70, 71, 80])
def test_a_candidate_has_a_name_that_step_functions_takes_and_that_no_other_workflow_has(length):
    machine, other = "m" * length, "m" * (length - 1) + "n"
    name = candidate_of(machine)
    assert len(name) <= 80 and name.endswith(CANDIDATE) and name != machine
    assert len({name, candidate_of(other), candidate_of(name)}) == 3
    assert name == machine + CANDIDATE or length > 70
