"""What the tests of what a cell shows share: what it displays."""

import pytest

from lib.display import page


@pytest.fixture
def shown(monkeypatch):
    """What a cell displays, in order."""
    found = []
    monkeypatch.setattr(page, "display", found.append)
    return found
