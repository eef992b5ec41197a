"""What every test shares: no test sees this machine's AWS profiles, keys, proxies or home folder. Never reaches AWS."""

import os
import tempfile
from pathlib import Path

import pytest

SAFE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "MPLBACKEND": "agg"}


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported by a test: an environment without AWS and with an empty home."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="rehearsal-home-")
    config.add_cleanup(lambda: _remove(Path(home)))
    os.environ.update(SAFE)
    os.environ["HOME"] = home
    os.environ["AWS_CONFIG_FILE"] = str(Path(home) / "no-such-config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(home) / "no-such-credentials")
    # Kept between runs: matplotlib takes seconds to list the fonts for a home that it does not know.
    os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / f"rehearsal-matplotlib-{os.getuid()}"))


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    folder.rmdir()
