"""Whom an alert did not reach."""

import pytest

from lib.values.alerts import Told, lost_to

CONTACT, OPERATIONS = Told


@pytest.mark.parametrize(
    ("due", "received", "lost"),
    [
        ({CONTACT: 1, OPERATIONS: 1}, {CONTACT: 1, OPERATIONS: 1}, []),
        ({CONTACT: 1, OPERATIONS: 1}, {CONTACT: 0, OPERATIONS: 2}, [CONTACT]),
        ({CONTACT: 2, OPERATIONS: 0}, {CONTACT: 1, OPERATIONS: 0}, [CONTACT]),
        ({CONTACT: None, OPERATIONS: 1}, {CONTACT: 0, OPERATIONS: 0}, [OPERATIONS]),
        ({CONTACT: 0, OPERATIONS: None}, {CONTACT: 3, OPERATIONS: 0}, []),
    ],
)
def test_fewer_than_were_due_is_lost_and_what_nobody_expects_is_not(due, received, lost):
    assert lost_to(due.get, received.__getitem__) == lost
