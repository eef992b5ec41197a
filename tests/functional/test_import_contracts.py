"""That `make lint` sees an arrow up and a way to boto3: each is put into a copy of the code, and is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lib.settings import ROOT


@pytest.fixture
def copy(tmp_path):
    for folder in ("lib", "rehearsal"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "application"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        (
            "lib/record/seals/seal_chain.py",
            "from lib.changes import plans as above",
            "lib.record is not allowed to import lib.changes",
        ),
        (
            "lib/values/verdicts.py",
            "from lib import settings as above",
            "lib.values is not allowed to import lib.settings",
        ),
        ("lib/changes/drift.py", "import boto3 as around", "lib.changes is not allowed to import boto3"),
        ("lib/asl/states.py", "import rehearsal as above", "lib.asl is not allowed to import rehearsal"),
    ],
    ids=["an arrow up", "from the lowest room", "a way to AWS", "the rehearsal"],
)
def test_what_breaks_a_contract_is_named(copy, module, line, named):
    path = copy / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    linter = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    # It looks for the packages where it is run, whatever is installed.
    ended = subprocess.run(linter, cwd=copy, capture_output=True, text=True, check=False)
    assert (ended.returncode, named in " ".join(ended.stdout.split())) == (1, True), ended.stdout
