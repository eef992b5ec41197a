"""The one JupyterLab of an outputs folder: found again, and its token nowhere to be read."""

import json
import os
import stat
from dataclasses import asdict

import pytest

from lib.cli.lab import servers
from lib.settings import load
from lib.values import processes


@pytest.fixture
def remembered(tmp_path, monkeypatch):
    """A server that is told of in the outputs folder, whose process is this one, and that answers."""
    chosen = load("local", {"outputs_dir": str(tmp_path)})
    folder = tmp_path / servers.FOLDER
    folder.mkdir(mode=0o700)
    (folder / servers.TOKEN).write_text("secret", encoding="ascii")
    monkeypatch.setattr(servers.Server, "answers", lambda self: True)
    told = asdict(servers.Server(os.getpid(), processes.born(os.getpid()), 8888, str(tmp_path)))
    return chosen, lambda **other: (folder / servers.STATE).write_text(json.dumps(told | other), encoding="utf-8")


def test_a_server_that_still_answers_is_taken_and_not_ended(remembered):
    chosen, tell = remembered
    tell()
    with servers.running(chosen) as (server, started):
        assert not started
        notebook = chosen.runs_folder / "r1" / "03 x.ipynb"
        assert server.notebook_url(notebook, "plan").endswith(
            "8888/lab/workspaces/r1-plan/tree/local/r1/03%20x.ipynb?token=secret"
        )
    assert server.lives


@pytest.mark.parametrize("other", [{"born": "another"}, {"born": ""}, {"pid": 0}, {"root": "/elsewhere"}, {"more": 1}])
def test_a_number_that_another_process_has_by_now_is_no_server(remembered, other):
    chosen, tell = remembered
    tell()
    assert servers.is_running(chosen)
    tell(**other)
    assert not servers.is_running(chosen)


def test_one_that_does_not_answer_is_none(remembered, monkeypatch):
    chosen, tell = remembered
    tell()
    monkeypatch.setattr(servers.Server, "answers", lambda self: False)
    assert not servers.is_running(chosen)


def test_over_ssh_no_browser_is_opened_and_the_token_is_on_no_command_line(remembered, monkeypatch, tmp_path):
    chosen, tell = remembered
    tell()
    opened = []
    monkeypatch.setattr(servers.webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    with servers.running(chosen) as (server, _):
        url = server.url("lab")
        monkeypatch.setenv("SSH_CONNECTION", "x")
        assert not servers.show_in_browser(server, url)
        monkeypatch.delenv("SSH_CONNECTION")
        assert servers.show_in_browser(server, url)
    way = tmp_path / servers.FOLDER / servers.WAY
    assert opened == [way.as_uri()] and "secret" not in opened[0]
    assert ("secret" in way.read_text(encoding="utf-8"), stat.S_IMODE(way.stat().st_mode)) == (True, 0o600)
