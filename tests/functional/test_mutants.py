"""`make mutants` over a checkout of one small module: what is found, and that the checkout stays as it was."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
MODULE = "def larger(left, right):\n    if left > right + 10:\n        left = right + 1\n    return left > right\n"
TESTED = "from lib.small import larger\n\n\ndef test_larger():\n    assert larger(2, 1)\n    assert not larger(1, 2)\n"
LIST = """operators = ["ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Gt_LtE"]
[core]
"lib/small.py" = ["test_small.py"]
"""


@pytest.fixture
def checkout(tmp_path) -> Path:
    for folder in ("lib", "tests/unit"):
        (tmp_path / folder).mkdir(parents=True)
    for path in TESTS.glob("mutation*.py"):
        shutil.copy(path, tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\n')
    (tmp_path / "lib/__init__.py").touch()
    (tmp_path / "lib/small.py").write_text(MODULE)
    (tmp_path / "tests/unit/test_small.py").write_text(TESTED)
    (tmp_path / "tests/mutants.toml").write_text(LIST)
    return tmp_path


def tried(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tests/mutation.py", *arguments]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def test_survivors_are_told_and_end_it_with_1_until_a_test_kills_them(checkout):
    found = tried(checkout)
    assert found.returncode == 1
    assert "lib/small.py:2 in larger\n      - if left > right + 10:\n      + if left >= right + 10:" in found.stdout
    assert "+ return left >= right" in found.stdout
    assert "50.0% of 4 mutants killed" in found.stdout
    assert "survived, and nobody says why" in found.stderr
    assert (checkout / "lib/small.py").read_text() == MODULE
    more = "    assert not larger(1, 1)\n    assert larger(11, 1)\n    assert larger(99, 1)\n"
    (checkout / "tests/unit/test_small.py").write_text(TESTED + more)
    listing = '[[survivor]]\nmodule = "lib/small.py"\nwithin = "larger"\nline = "if left > right + 10:"\n'
    (checkout / "tests/mutants.toml").write_text(
        f'{LIST}{listing}becomes = "if left >= right + 10:"\nreason = "The same: it is larger, too."\n'
    )
    again = tried(checkout)
    assert "75.0% of 4 mutants killed" in again.stdout
    assert "The same: it is larger, too." in again.stdout
    assert again.stderr.endswith("75.0% killed, expected at least 95%\n")


def test_with_a_test_that_fails_anyhow_nothing_is_tried(checkout):
    (checkout / "tests/unit/test_small.py").write_text(f"{TESTED}    assert larger(1, 2)\n")
    found = tried(checkout)
    assert found.returncode == 1
    assert "tests fail with nothing changed" in found.stderr


def test_a_list_that_names_a_test_that_is_gone_is_refused(checkout):
    (checkout / "tests/mutants.toml").write_text(LIST.replace("test_small.py", "test_gone.py"))
    found = tried(checkout)
    assert (found.returncode, "no test in tests/unit is called test_gone.py" in found.stderr) == (1, True)


def test_a_module_that_is_not_of_the_core_is_refused(checkout):
    found = tried(checkout, "lib/other.py")
    assert (found.returncode, "lib/other.py: expected of the core, lib/small.py" in found.stderr) == (2, True)
