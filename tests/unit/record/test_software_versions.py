"""What a run's record says of the checkout and the interpreter, also on a machine that cannot tell."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.record import software_versions
from lib.settings import ROOT


@pytest.fixture
def git(tmp_path, monkeypatch):
    """`git(script)`: a program of this name that is the only one on PATH."""

    def put(script):
        program = tmp_path / "git"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    return put


def test_without_git_the_commit_cannot_be_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert software_versions.git_commit() == "cannot tell: git cannot be run (No such file or directory)"


def test_of_a_git_that_fails_the_commit_cannot_be_told(git):
    git("exit 128")
    assert software_versions.git_commit() == "cannot tell: git failed with exit code 128"


@pytest.fixture
def endless(tmp_path):
    """A pipe into which nobody writes; whoever still reads it in the end is let go."""
    pipe = tmp_path / "endless"
    os.mkfifo(pipe)
    yield pipe
    with contextlib.suppress(OSError):  # nobody reads it any more
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("script", ["exec cat {}", "cat {} & wait"], ids=["itself", "a child of it"])
def test_of_a_git_that_hangs_the_commit_cannot_be_told(script, git, endless, monkeypatch):
    monkeypatch.setattr(software_versions, "GIT_SECONDS", 0.2)
    git(script.format(endless))
    assert software_versions.git_commit() == "cannot tell: git did not answer within 0.2 s"


@pytest.mark.parametrize("says", ["printf '\\377\\n'", "echo '# branch.oid (initial)'", "true"])
def test_of_a_git_that_names_no_commit_it_cannot_be_told(git, says):
    git(says)
    assert software_versions.git_commit() == "cannot tell: git named no commit"


@pytest.mark.parametrize(
    ("line", "mark"), [("# branch.head main", ""), ("1 .M N... 100644 100644 100644 a b lib/x.py", "+")]
)
def test_a_commit_whose_files_were_edited_is_marked(git, line, mark):
    git(f"echo '# branch.oid {'a1' * 20}'; echo '{line}'")
    assert software_versions.git_commit() == "a1" * 20 + mark


@pytest.fixture
def repository(tmp_path):
    """Somebody else's repository, with a commit."""
    name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], [*name, "commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def test_the_commit_is_this_checkouts_whatever_repository_the_operator_works_in(repository, monkeypatch):
    before = software_versions.git_commit()
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    assert software_versions.git_commit() == before


def test_the_record_names_the_interpreter_and_no_folder_of_the_machine(monkeypatch):
    found = software_versions.ran_on()["interpreter"]
    assert found["implementation"].startswith("CPython 3.")
    assert found["isolated"] is False  # the tests' own
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    assert software_versions.interpreter()["executable"] == ".venv/bin/python"
    monkeypatch.setattr(sys, "executable", str(Path("/home/somebody/miniconda/bin/python")))
    assert software_versions.interpreter()["executable"] == "python, outside this checkout"


def test_a_package_that_is_not_there_breaks_no_verdict(monkeypatch):
    monkeypatch.setattr(software_versions, "PACKAGES", ("boto3", "no-such-package"))
    assert software_versions.ran_on()["packages"]["no-such-package"] == "not installed"
