"""No lock lies where an account keeps its guards."""

import pytest
from unguarded import elsewhere

from lib.errors import BadParameters
from lib.values.name_limits import GUARDS


@pytest.mark.parametrize("below", ["", "/x", f"/{'a' * 16}/approval"])
def test_no_lock_lies_where_the_account_keeps_its_guards(below):
    """Whoever breaks the lock would take the guard away."""
    with pytest.raises(BadParameters, match=f"parameter lock_name: found '{GUARDS}{below}', what lies below {GUARDS}"):
        elsewhere(lock_name=f"{GUARDS}{below}")
    assert elsewhere(lock_name=f"{GUARDS}-lock").lock_name == f"{GUARDS}-lock"
