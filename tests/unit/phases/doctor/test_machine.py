"""What the doctor asks this machine: Python, packages, disk."""

import platform
from importlib.metadata import PackageNotFoundError

import pytest

from lib.checks import Status
from lib.phases.doctor import machine
from lib.settings import load


def test_an_old_python_fails(monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.9.2")
    found = machine.python_version()
    assert found.status == Status.FAILED and "3.9.2 (>=3.11)" in found.found and "remove .venv" in found.do


@pytest.mark.parametrize(
    ("version", "said"), [("0.0.1", "0.0.1, not"), (None, "is not installed, not")], ids=["another", "none"]
)
def test_a_package_of_another_version_or_none_fails(monkeypatch, version, said):
    def found(name):
        if name == "boto3" and version is None:
            raise PackageNotFoundError(name)
        return version if name == "boto3" else pinned[name]

    pinned = dict(machine.PIN.findall(machine.LOCK.read_text(encoding="utf-8")))
    monkeypatch.setattr(machine, "version", found)
    answer = machine.packages()
    assert answer.status == Status.FAILED
    assert answer.found.startswith(f"1 of {len(pinned)} are others: boto3 {said}")


def test_a_lock_that_pins_nothing_or_is_gone_is_no_pass(monkeypatch, tmp_path):
    for place in (tmp_path / "empty", tmp_path / "gone"):
        monkeypatch.setattr(machine, "LOCK", place)
        (tmp_path / "empty").write_text("")
        assert machine.packages().status == Status.CANNOT_TELL


def test_a_full_disk_fails(tmp_path):
    settings = load("local", {"outputs_dir": str(tmp_path / "not" / "yet")})
    assert machine.disk(settings, lambda folder: 499_999_999).found == f"499 MB free at {tmp_path}"
    assert machine.disk(settings, lambda folder: 499_999_999).status == Status.FAILED
    assert machine.disk(settings, lambda folder: 500_000_000).status == Status.PASSED


def test_a_folder_that_may_not_be_written_or_is_a_file_fails(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    assert "is no folder" in machine.disk(load("local", {"outputs_dir": str(tmp_path / "file")})).found
    monkeypatch.setattr(machine.os, "access", lambda path, how: False)
    answer = machine.disk(load("local", {"outputs_dir": str(tmp_path)}))
    assert answer.status == Status.FAILED and "may not be written" in answer.found
