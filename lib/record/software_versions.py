"""What a run was executed on, as its record tells it: checkout, interpreter, packages. Reads; no AWS."""

import os
import platform
import re
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lib.settings import ROOT

PACKAGES = ("boto3", "papermill", "jupyterlab", "pandas", "matplotlib", "pydantic", "statelint")
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(ROOT))
GIT_SECONDS = 20
NO_GIT = "cannot tell"
COMMIT = "# branch.oid "
OBJECT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def ran_on() -> dict[str, Any]:
    """The commit, the interpreter that runs the command and every notebook, and the packages that decide most."""
    return {
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "interpreter": interpreter(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def interpreter() -> dict[str, Any]:
    """Which Python this is; its place in the checkout alone, since a record tells no folder of a machine."""
    path = Path(sys.executable)
    inside = path.is_relative_to(ROOT)
    return {
        "implementation": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": path.relative_to(ROOT).as_posix() if inside else f"{path.name}, outside this checkout",
        "isolated": bool(sys.flags.isolated),
    }


@cache
def _version(package: str) -> str:
    # Once: what this process imported stays that version, and a run asks at each phase and by hand at each cell.
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def git_commit() -> str:
    """The checkout's commit, with `+` where files differ from it; or that it cannot be told, and why."""
    try:
        said = _git("status", "--porcelain=v2", "--branch", "-uno").splitlines()
    except (OSError, subprocess.SubprocessError) as error:
        return f"{NO_GIT}: git {_trouble(error)}"
    commit = next((line.removeprefix(COMMIT) for line in said if line.startswith(COMMIT)), "")
    if not OBJECT_ID.fullmatch(commit):
        return f"{NO_GIT}: git named no commit"
    return commit + ("+" if any(not line.startswith("#") for line in said) else "")


def _git(*words: str) -> str:
    # Into a file: a pipe would be waited for as long as any child of a git that was stopped holds it. And no GIT_DIR of
    # the operator's makes another repository of this one.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    with tempfile.TemporaryFile() as said:
        subprocess.run(
            [*GIT, *words], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL, env=plain,
            timeout=GIT_SECONDS, check=True,
        )  # fmt: skip
        said.seek(0)
        return said.read().decode(errors="replace")


def _trouble(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"did not answer within {GIT_SECONDS:g} s"
    if isinstance(error, subprocess.CalledProcessError):
        return f"failed with exit code {error.returncode}"
    return f"cannot be run ({getattr(error, 'strerror', None) or error})"
