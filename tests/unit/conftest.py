"""What the tests of the change engine share: a run's parameters and its record. No AWS."""

import pytest

from lib.record import records
from lib.settings import load


@pytest.fixture
def settings(tmp_path):
    """Those of a run that may write, with short waits; a test of the engine is none of the loss guard."""
    return load("local", {"mode": "apply", "outputs_dir": str(tmp_path)}).model_copy(
        update={"poll_seconds": 0.001, "verify_timeout_seconds": 0.05, "may_replace": 100}
    )


@pytest.fixture
def record(settings):
    """A new run's record."""
    return records.open_run(settings)
