"""What the tests of the change engine share: a run, its record, and two machines with one store. No AWS."""

import pytest
from buckets import RUN, FakeS3, Machine

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


@pytest.fixture(params=[False, True], ids=["md5", "kms"])
def s3(request):
    return FakeS3(kms=request.param)


@pytest.fixture
def ours(s3, tmp_path):
    return Machine(s3, tmp_path / "ours" / "local" / RUN)


@pytest.fixture
def theirs(s3, tmp_path):
    return Machine(s3, tmp_path / "theirs" / "local" / RUN)
