"""A function's process as a copy of one: its streams, its surroundings, its end."""

import json
import os
import resource
import subprocess
import sys

import pytest

from rehearsal.account import function_forks

BEYOND_SELECT = 1024
SCRIPT = """
import json, os, sys
for line in sys.stdin:
    if line == "fail\\n":
        raise RuntimeError("as asked")
    print("seen", file=sys.stderr)
    loaded = "boto3" in sys.modules
    print(json.dumps([line.strip(), os.getcwd(), dict(os.environ), sys.argv, loaded]), flush=True)
"""


@pytest.fixture(scope="module")
def forks():
    return function_forks.Forks()


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "_worker.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return str(path)


def started(forks, script, folder, **environment):
    return forks.start(script, str(folder), environment)


def test_a_copy_has_its_own_folder_surroundings_and_streams(forks, script, tmp_path, monkeypatch):
    monkeypatch.setenv("OF_THE_ONE_THAT_ASKS", "1")
    first, second = (started(forks, script, tmp_path, MINE=word) for word in ("one", "two"))
    for fork, word in ((first, "one"), (second, "two")):
        fork.stdin.write("ölig\n")
        fork.stdin.flush()
        answer = fork.stdout.readline()
        expected = ["\u00f6lig", str(tmp_path), {"MINE": word}, [script], True]
        assert json.loads(answer) == expected
        assert fork.stderr.readline() == "seen\n"
        assert (fork.poll(), fork.pid != os.getpid()) == (None, True)
    first.stdin.close()
    assert (first.wait(), first.poll(), second.poll()) == (0, 0, None)
    second.stdin.close()


def test_one_that_fails_says_so_and_has_ended(forks, script, tmp_path):
    fork = started(forks, script, tmp_path)
    fork.stdin.write("fail\n")
    fork.stdin.flush()
    assert fork.stderr.read().endswith("RuntimeError: as asked\n")
    assert fork.wait() == 0


@pytest.mark.parametrize("way", ["terminate", "kill"])
def test_it_runs_until_it_is_ended(forks, script, tmp_path, way):
    fork = started(forks, script, tmp_path)
    assert fork.poll() is None
    getattr(fork, way)()
    assert fork.wait() == 0
    fork.terminate()  # of nobody: the number may be another process's by now


def test_where_there_is_nothing_to_copy_it_starts_as_ever(script, tmp_path):
    forks = function_forks.Forks()
    forks._process.kill()
    forks._process.wait()
    with pytest.raises(OSError):
        started(forks, script, tmp_path)
    options = {"cwd": str(tmp_path), "env": {}, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with function_forks.Subprocess(forks).Popen([sys.executable, script], **options) as process:
        said, _ = process.communicate("here\n")
    assert json.loads(said)[0] == "here"


def test_ministack_starts_what_is_no_python_by_itself():
    seen = function_forks.Subprocess(forks=None)
    assert seen.PIPE is subprocess.PIPE
    with seen.Popen(["true"]) as process:
        assert process.wait() == 0


def test_it_is_told_apart_however_many_files_a_session_has_open(forks, script, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened = []
    try:
        while not opened or opened[-1] < BEYOND_SELECT:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        fork = started(forks, script, tmp_path)
        assert fork.poll() is None
        fork.stdin.close()
        assert fork.wait() == 0
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
