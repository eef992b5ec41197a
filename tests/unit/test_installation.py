"""The package is installed in place, with what is locked; as a wheel it would not work, and none is built."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires, version

import pytest
from packaging.requirements import Requirement

from lib.settings import ROOT

BACKEND = "import sys; sys.path.insert(0, '.ci'); import in_place; in_place.{}"
PIN = re.compile(r"^([a-z0-9][a-z0-9.\-]*)==(\S+) \\$", re.MULTILINE)


def locked():
    return dict(PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("build", ["build_wheel('x')", "build_sdist('x')"])
def test_a_wheel_or_an_archive_is_refused_in_one_sentence_that_says_what_to_do(build):
    ended = subprocess.run(
        [sys.executable, "-c", BACKEND.format(build)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("this package runs from its checkout alone")
    assert ended.stderr.count("\n") == 1


def test_pip_builds_no_wheel_of_it(tmp_path):
    words = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), str(ROOT)]
    ended = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "this package runs from its checkout alone" in ended.stdout + ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_is_built_in_place_by_a_backend_of_its_own(tmp_path):
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert (build["build-backend"], build["backend-path"]) == ("in_place", [".ci"])
    asked = BACKEND.format(f"build_editable({str(tmp_path)!r})")
    ended = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, len(list(tmp_path.glob("*.whl")))) == (0, 1), ended.stderr


def test_every_package_that_is_asked_for_is_locked_at_that_version():
    asked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==(\S+)", asked, re.MULTILINE)
    assert len(pins) > 15
    assert {plain(name): pin for name, pin in pins}.items() <= locked().items()


def test_every_package_that_a_locked_one_needs_here_is_locked_too():
    pins, missing = locked(), set()
    for name, pin in pins.items():
        if name != "setuptools":  # a build's own, of whatever version stands in a virtual environment
            assert version(name) == pin
        for needed in map(Requirement, requires(name) or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                missing |= {plain(needed.name)} - pins.keys()
    assert missing == set()


def test_every_package_of_the_lock_has_hashes_and_no_place_is_named():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[a-z0-9])", text):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry) or entry.startswith("#"), entry
    assert not re.search(r"://|--(index|find|trusted|extra)", text)


def test_what_make_installs_is_the_lock_and_nothing_beside_it():
    made = (ROOT / "Makefile").read_text(encoding="utf-8").partition("$(VENV)/ready:")[2].partition("\n\n")[0]
    installed = [line.split("pip install ")[1] for line in made.splitlines() if "pip install" in line]
    quiet = "--quiet --disable-pip-version-check"
    assert installed == [
        f"{quiet} --no-compile --require-hashes -r $(VENV)/pip.lock",  # pip's own entry of it
        f"{quiet} --no-compile --require-hashes -r requirements.lock",
        f"{quiet} --no-deps --no-build-isolation -e .",
    ]
