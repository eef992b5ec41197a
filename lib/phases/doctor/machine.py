"""The doctor's questions to this machine: Python, packages, disk. Reads; no AWS."""

import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.specifiers import SpecifierSet

from lib.checks import Status
from lib.phases.doctor.findings import Finding, Question, Said, find_out
from lib.record import origin
from lib.settings import ROOT, Settings
from lib.values.numbers import first_of

LOCK, PROJECT = ROOT / "requirements.lock", ROOT / "pyproject.toml"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
REMAKE = "remove .venv from this checkout; the next make builds it anew, of what is locked"
NAMES_SAID = 5
# A whole run leaves some 5 MB, a review of a large account some 50; each notebook's outputs are bounded.
FREE_MEGABYTES = 500


def code() -> Finding:
    """Whether what runs is this checkout's code: every command asks that before it connects."""
    question = Question(
        "code", "lib of this checkout, as it stands in its files",
        "take what puts another in its place out of PYTHONPATH and of Python's start-up",
    )  # fmt: skip
    return find_out(question, _code)


def _code() -> Said:
    return Status.PASSED, f"{len(origin.imported_sources())} modules of this checkout"


def python_version() -> Finding:
    """Whether this interpreter is one that the project takes."""
    question = Question("Python", "a version that pyproject.toml takes, isolated from the operator's set-up", REMAKE)
    return find_out(question, _python)


def _python() -> Said:
    wanted = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["requires-python"]
    fits = SpecifierSet(wanted).contains(platform.python_version(), prereleases=True)
    how = "isolated" if sys.flags.isolated else "not isolated"
    return Status.PASSED if fits and sys.flags.isolated else Status.FAILED, (
        f"{platform.python_version()} ({wanted}), {how}, in {sys.prefix}"
    )


def packages() -> Finding:
    """Whether every package has the version that requirements.lock pins."""
    return find_out(Question("packages", "each as requirements.lock pins it", REMAKE), _packages)


def _packages() -> Said:
    pins = dict(PIN.findall(LOCK.read_text(encoding="utf-8")))
    if not pins:
        return Status.CANNOT_TELL, f"{LOCK.name} pins nothing"
    other = [f"{name} {here}, not {pin}" for name, pin in sorted(pins.items()) if (here := _version(name)) != pin]
    if not other:
        return Status.PASSED, f"{len(pins)} of {len(pins)} as pinned"
    return Status.FAILED, f"{len(other)} of {len(pins)} are others: {first_of(other, NAMES_SAID, '; ')}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def disk(settings: Settings, usage: Callable[[Path], int] | None = None) -> Finding:
    """Whether records can be kept: room, and the right to write."""
    question = Question(
        "disk", f"at least {FREE_MEGABYTES} MB free where records are kept, and leave to write there",
        "make room, or set outputs_dir to a folder with more that you may write",
    )  # fmt: skip
    return find_out(question, partial(_disk, settings.path(settings.outputs_dir), usage or _free_bytes))


def _disk(folder: Path, free_bytes: Callable[[Path], int]) -> Said:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = free_bytes(there) // 1_000_000
    if not there.is_dir():
        return Status.FAILED, f"{there} is no folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return Status.FAILED, f"{there} may not be written"
    return Status.PASSED if free >= FREE_MEGABYTES else Status.FAILED, f"{free:,} MB free at {there}"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
