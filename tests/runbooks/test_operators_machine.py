"""The `runbook` command on a machine of somebody's own: it runs as anywhere, and its record names on what."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from steps import COMMAND, Ended, latest, words

from lib.record import records
from lib.settings import ROOT, Settings

# What starts a command in the background of a shell, or as a service: signals are ignored, or held back.
PARENT = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, as these tests may run themselves, a run goes on
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
os.execv(sys.argv[1], sys.argv[1:])
"""


def run(account: Settings, *more: str, **variables: str | None) -> Ended:
    """The command in this environment, with these variables as well, and without those that are None."""
    given = {**os.environ, **variables}
    line = [sys.executable, "-c", PARENT, str(COMMAND), *words(account, *more)]
    ended = subprocess.run(
        line,
        cwd=ROOT,
        env={name: value for name, value in given.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr, latest(account))


@pytest.fixture
def theirs(tmp_path: Path) -> dict[str, str | None]:
    """Start-up files, kernels, modules and folders of an operator; no git, no home that can be written, no UTF-8."""
    python, ipython = tmp_path / "python", tmp_path / "ipython" / "profile_default" / "startup"
    for folder in (python / "lib", ipython, tmp_path / ("t" * 90), tmp_path / "jupyter" / "kernels" / "python3"):
        folder.mkdir(parents=True)
    (python / "lib" / "changes").mkdir()
    for room in ("", "changes"):
        ours = f"__path__.append({str(ROOT / 'lib' / room)!r})\n"
        (python / "lib" / room / "__init__.py").write_text(ours, encoding="utf-8")
    (python / "lib" / "changes" / "persons.py").write_text("raise SystemExit('theirs')\n", encoding="utf-8")
    (python / "boto3.py").write_text("raise SystemExit('theirs')\n", encoding="utf-8")
    (python / "sitecustomize.py").write_text("import sys\nsys.dont_write_bytecode = True\n", encoding="utf-8")
    (ipython / "00.py").write_text("DEBUG = True\nmode = 'apply'\n", encoding="utf-8")
    (tmp_path / "started.py").write_text("STARTED = 1\n", encoding="utf-8")
    (tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json").write_text(
        '{"argv": ["/bin/false"], "display_name": "theirs", "language": "python"}', encoding="utf-8"
    )
    return {
        "PYTHONPATH": str(python),
        "PYTHONSTARTUP": str(tmp_path / "started.py"),
        "PYTHONWARNINGS": "error",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
        "TMPDIR": str(tmp_path / ("t" * 90)),
        "PATH": str(tmp_path / "nothing"),
        "HOME": "/proc/nowhere",
        "LANG": "C",
        "LC_ALL": "C",
        "LC_CTYPE": "C",
    }


def test_a_phase_runs_on_any_machine_and_the_record_names_what_it_ran_on(account, theirs, tmp_path):
    elsewhere = account.model_copy(update={"outputs_dir": str(tmp_path / "größe ☃")})
    ended = run(elsewhere, "apply", "--only", "02", **theirs)
    assert (ended.code, ended.verdict["verdict"]) == (0, "succeeded"), ended
    assert "Traceback" not in ended.said + ended.complained
    assert ended.verdict["git_commit"] == "cannot tell: git cannot be run (No such file or directory)"
    found = ended.verdict["interpreter"]
    assert (found["isolated"], found["executable"][:16]) == (True, ".venv/bin/python")
    assert records.unsealed_differences(ended.record.folder) == []
    assert not re.search(r"DEBUG|STARTED|theirs", (ended.record.folder / "02_iam_permissions.ipynb").read_text())


@pytest.mark.parametrize("name", ["HOME", "TMPDIR", "PATH", "LANG"])
def test_a_variable_that_is_not_there_or_leads_nowhere_keeps_no_command_from_running(account, name, tmp_path):
    for value in (None, str(tmp_path / "nowhere")):
        ended = run(account, "plan", **{name: value})
        assert ended.code == 0, (name, value, ended)
        assert "Traceback" not in ended.said + ended.complained


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_in_the_background_ends_on_what_is_sent_to_end_it(account, number):
    line = [sys.executable, "-c", PARENT, str(COMMAND), *words(account, "apply", "--only", "02")]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = ""
    while "02_iam_permissions" not in seen:
        letter = process.stdout.read(1)
        assert letter, (seen, process.communicate())
        seen += letter
    process.send_signal(number)
    said, complained = process.communicate()
    ended = Ended(process.returncode, seen + said, complained, latest(account))
    assert (ended.code, ended.verdict["verdict"], ended.phase("02")["verdict"]) == (130, "interrupted", "interrupted")
    assert records.unsealed_differences(ended.record.folder) == []


def told_nobody(account: Settings, where: str, *more: str) -> int:
    """The command whose output is a pipe closed after a line, or a disk that is full; its exit code."""
    with Path("/dev/full").open("w") as full:
        out, line = full if where == "full" else subprocess.PIPE, [str(COMMAND), *words(account, *more)]
        process = subprocess.Popen(line, cwd=ROOT, stdout=out, stderr=out, text=True)
        if process.stdout is not None and process.stderr is not None:
            process.stdout.readline()
            process.stdout.close()
            process.stderr.close()
        return process.wait()


@pytest.mark.parametrize("where", ["closed", "full"])
def test_output_that_nobody_takes_ends_no_run(account, where):
    assert told_nobody(account, where, "apply", "--only", "02") == 0
    record = latest(account)
    assert record.verdict()["verdict"] == "succeeded"
    assert told_nobody(account, where, "rollback", record.run_id) == 0
    assert latest(account).verdict()["rollback"]["verdict"] == "succeeded"
    assert told_nobody(account, where, "apply", "--resume", "r0") == 2
