"""What runs is this checkout's lib, whatever the operator's paths and start-up files put before it."""

import os
import py_compile
import subprocess
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from lib.aws import connect
from lib.changes import approval, persons, plan_data
from lib.errors import Refused
from lib.record import origin
from lib.settings import ROOT, load

ENTRY = "your6_phase3_runbook"
IMPORTED = (approval, persons)  # which some of these tests ask about, also where this file is run alone
# A persons.py that finds nobody to be the same as anybody, so that one may approve oneself.
BLIND = "def same_person(*names):\n    return False\n"
# A start-up file that meddles with what is imported as ours.
THEIRS = f"""
import sys, types
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from lib.record import origin
class Theirs:
    def find_spec(self, name, path=None, target=None):
        theirs = name == "lib.changes.persons"
        return spec_from_file_location(name, Path(__file__).with_name("theirs.py")) if theirs else None
"""
# Before the isolated start there is no lib to be asked; this asks it what it is.
ASK = (
    "from lib.record import origin; from lib.changes import persons; "
    "print(persons.__file__); print(persons.same_person('jane.doe', 'jane.doe'))"
)


def python(*words, at=ROOT, isolated=False, **variables):
    """What a Python of this environment says, with these variables as well."""
    line = [sys.executable, *(origin.ISOLATED if isolated else ()), *words]
    ended = subprocess.run(line, cwd=at, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture
def foreign(tmp_path):
    """A folder of somebody's path with a lib of its own in it, which lets all of ours but one module through."""
    package = tmp_path / "theirs" / "lib"
    for folder in ("", "changes"):
        (package / folder).mkdir(parents=True)
        theirs = f"__path__.append({str(ROOT / 'lib' / folder)!r})\n"
        (package / folder / "__init__.py").write_text(theirs, encoding="utf-8")
    (package / "changes" / "persons.py").write_text(BLIND, encoding="utf-8")
    return package.parent


def test_a_single_module_of_another_lib_on_the_path_is_never_run(foreign):
    for words in (
        ["-m", ENTRY, "--help"],
        ["-m", "lib.cli", "--help"],
    ):
        code, said, complained = python(*words, PYTHONPATH=str(foreign))
        assert (code, said[:14], complained) == (0, "Usage: runbook", ""), words
    code, said, complained = python(
        str(ROOT / "lib" / "record" / "origin.py"), "lib.cli.__main__", "--help", PYTHONPATH=str(foreign)
    )
    assert (code, said[:14], complained) == (0, "Usage: runbook", "")


def test_another_lib_on_the_path_that_has_nothing_of_ours_does_not_stop_the_command(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("", encoding="utf-8")
    code, said, complained = python(
        "-c", f"import {ENTRY}; {ENTRY}.main()", "--help", at=tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert (code, said[:14], complained) == (0, "Usage: runbook", "")


def test_where_it_is_imported_all_the_same_it_is_refused_by_its_name(foreign):
    ask = "from lib.record import origin; from lib.changes import persons; origin.imported_sources()"
    code, _, complained = python("-c", ask, at=foreign, PYTHONPATH=f"{foreign}:{ROOT}")
    assert code == 1
    assert f"Refused: lib was imported from {foreign}/lib/__init__.py, expected {ROOT}/lib/__init__.py" in complained


@pytest.mark.parametrize(
    "stand_in",
    [
        "sys.modules['lib.changes.persons'] = types.ModuleType('lib.changes.persons')",
        "sys.meta_path[:0] = [Theirs()]; import lib.changes.persons",
        "persons = types.ModuleType('lib.changes.persons'); "
        "persons.__file__ = origin._file('lib.changes.persons').as_posix(); "
        "persons.__spec__ = ModuleSpec('lib.changes.persons', None, origin=persons.__file__); "
        "sys.modules['lib.changes.persons'] = persons",
    ],
    ids=["made up", "by a finder of its own", "under our file's name"],
)
def test_a_module_that_a_start_up_file_put_in_our_place_is_refused_by_its_name(stand_in, tmp_path):
    (tmp_path / "theirs.py").write_text(BLIND, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(f"{THEIRS}\n{stand_in}\n", encoding="utf-8")
    ask = "from lib.record import origin; from lib.changes import persons; origin.imported_sources()"
    code, _, complained = python("-c", ask, PYTHONPATH=str(tmp_path))
    assert code == 1
    assert "Refused: lib.changes.persons was imported from " in complained
    code, said, complained = python("-m", ENTRY, "--help", PYTHONPATH=str(tmp_path))
    assert (code, said[:14], complained) == (0, "Usage: runbook", "")


def test_a_cached_compilation_of_something_else_is_not_run(tmp_path):
    copy = tmp_path / "checkout"
    (copy / "lib").mkdir(parents=True)
    for name in ("__init__", "errors", "record/__init__", "record/origin", "changes/__init__", "changes/persons"):
        (copy / "lib" / f"{name}.py").parent.mkdir(exist_ok=True)
        (copy / "lib" / f"{name}.py").write_bytes((ROOT / "lib" / f"{name}.py").read_bytes())
    real = copy / "lib" / "changes" / "persons.py"
    blind = tmp_path / "blind.py"
    blind.write_text(BLIND, encoding="utf-8")
    cached = Path(py_compile.compile(str(blind), dfile=str(real), doraise=True))
    # As Python would have written it for the real source: its time and its size.
    state = real.stat()
    data = cached.read_bytes()
    stamped = data[:8] + int(state.st_mtime).to_bytes(4, "little") + state.st_size.to_bytes(4, "little") + data[16:]
    (copy / "lib" / "changes" / "__pycache__").mkdir(exist_ok=True)
    (copy / "lib" / "changes" / "__pycache__" / f"persons.{sys.implementation.cache_tag}.pyc").write_bytes(stamped)
    code, said, complained = python("-c", ASK, at=copy, PYTHONPATH=str(copy))
    assert (code, said, complained) == (0, f"{real}\nTrue\n", "")


def test_what_is_imported_is_hashed_and_not_what_lies_on_the_disk_since():
    found = origin.imported_sources()
    assert {"lib/__init__.py", "lib/record/origin.py", "lib/changes/approval.py", "lib/settings.py"} <= found.keys()
    for name, digest in found.items():
        assert digest == plan_data._digest((ROOT / name).read_bytes()), name


def test_the_codes_digest_is_of_what_was_imported(monkeypatch):
    before = plan_data.made_from(load("local"))["code"]
    monkeypatch.setitem(vars(sys.modules["lib.changes.persons"].__spec__.loader), "sha256", "0" * 64)
    assert plan_data.made_from(load("local"))["code"] != before


def test_a_stand_in_for_a_module_stops_every_command_before_its_first_call(monkeypatch):
    monkeypatch.setitem(sys.modules, "lib.changes.persons", types.ModuleType("lib.changes.persons"))
    with pytest.raises(
        Refused, match=r"^lib\.changes\.persons was imported from no file, expected .*persons\.py of this checkout"
    ):
        connect(load("local"))


def test_a_module_that_is_not_here_is_not_looked_for_elsewhere():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'lib\.not_here'"):
        origin.Here().find_spec("lib.not_here")
    assert origin.Here().find_spec("library") is None


def test_no_variable_that_decides_how_python_or_its_notebooks_run_is_handed_on():
    theirs = (
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "JUPYTER_PATH",
        "JUPYTER_DATA_DIR",
        "IPYTHONDIR",
        "MPLBACKEND",
        "JPY_SESSION_NAME",
        "BOTOCORE_EXPERIMENTAL__PLUGINS",
        "AWS_DEFAULTS_MODE",
    )
    ours = {
        "PATH": "/bin", "HOME": "/h", "TMPDIR": "/t", "LANG": "C", "AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "u", "SSH_AUTH_SOCK": "/s", "HTTPS_PROXY": "p", "SSL_CERT_FILE": "/c",
    }  # fmt: skip
    assert origin.environment({**ours, **dict.fromkeys(theirs, "x")}) == ours


def test_the_interpreter_that_runs_a_command_is_isolated_and_reads_utf8(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('theirs')", encoding="utf-8")
    ask = "import sys; print(sys.flags.isolated, sys.flags.utf8_mode)"
    started = origin.command("lib.cli.change_commands")
    assert started[0] == sys.executable
    code, said, _ = python("-c", ask, isolated=True, PYTHONPATH=str(tmp_path), LC_ALL="C", LANG="C")
    assert (code, said) == (0, "1 1\n")
    assert tuple(started[1:4]) == origin.ISOLATED == ("-I", "-X", "utf8")


def test_a_spec_without_a_loader_is_no_module_of_ours(monkeypatch):
    spec = ModuleSpec("lib.changes.persons", None, origin=str(ROOT / "lib" / "changes" / "persons.py"))
    module = types.ModuleType("lib.changes.persons")
    module.__spec__ = spec
    monkeypatch.setitem(sys.modules, "lib.changes.persons", module)
    with pytest.raises(Refused, match="something compiled that is not"):
        origin.imported_sources()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["rehearse", "--help"], 0, "Usage: runbook rehearse [OPTIONS]"),
        (["plan", "nowhere"], 2, "BadParameters: no parameters for environment"),
    ],
    ids=["added by others", "of its own"],
)
def test_as_a_module_it_is_the_whole_command(words, code, says):
    ended, said, complained = python("-m", "lib.cli", *words)
    assert (ended, (said + complained)[: len(says)]) == (code, says)


def test_who_adds_a_command_may_be_imported_before_the_one_that_it_adds_to():
    code, said, complained = python("-c", "import rehearsal.cli; from lib.cli.app import main; print(*main.commands)")
    assert (code, complained) == (0, "")
    assert {"apply", "drill", "lock", "plan", "restore", "rollback", "status", "verify"} <= set(said.split())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_whoever_started_it_closed_is_open_on_nothing(closed, tmp_path):
    """A kernel died of a closed standard error; a closed standard output ended every command in a traceback."""
    ask = (
        "import os, sys; from lib.record import origin; origin._open_streams(); print(1); print(2, file=sys.stderr); "
        "open_now = [sys.stdin is None, *map(os.get_inheritable, range(3)), os.open('.', os.O_RDONLY) > 2]; "
        f"open({str(tmp_path / 'told')!r}, 'w').write(str(open_now))"
    )
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", ask]
    assert subprocess.run(shell, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "told").read_text(encoding="utf-8") == "[False, True, True, True, True]"
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "lib.cli", "--version"]
    assert subprocess.run(shell, cwd=ROOT, capture_output=True, check=False).returncode == 0
