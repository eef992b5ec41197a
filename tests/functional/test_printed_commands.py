"""Commands that the product prints, collected and run as printed, by a shell in another folder than the checkout."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import nbformat
import pytest
import yaml
from click.testing import CliRunner

from lib import audit, locks, machine, records
from lib.aws import connect
from lib.cli import main
from lib.lock import Lock, digest
from lib.settings import load
from rehearsal import clients

BIN = str(Path(sys.executable).parent)
PRINTED = re.compile(r"`(runbook [^`]+)`|(?:Undo|Go on): +(runbook .+)|<td[^>]*>(runbook [^<]+)</td>")


@pytest.fixture
def file(account, tmp_path):
    """A parameters file of this account outside of the checkout, of an environment that has no file there."""
    path = tmp_path / "of this account" / "own.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({**account.model_dump(), "environment": "mine"}), encoding="utf-8")
    return path


def said(*words):
    """What the command says, with its exit code."""
    ended = CliRunner().invoke(main, [*map(str, words)])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.output


def collected(text):
    """The commands in a text, in order, each once."""
    return list(dict.fromkeys("".join(found).strip() for found in PRINTED.findall(text)))


def typed(command, tmp_path):
    """A command as printed, typed into a shell in another folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RUNBOOK_")}
    environment = {**clean, "PATH": f"{BIN}:{os.defpath}"}
    ended = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def held_by(chosen, run_id, seconds):
    """Put somebody's lock there, which ends so many seconds from now."""
    lock = Lock(digest("theirs"), run_id, "arn:aws:iam::0:user/bob", "elsewhere", 7, "boot 1", "today", seconds)
    value = json.dumps(lock.to_row())
    ssm = clients.client(chosen.endpoint_url, "ssm")
    ssm.put_parameter(Name=chosen.lock_name, Value=value, Type="String", Overwrite=True)


def test_a_run_is_undone_by_the_command_that_it_prints_and_by_its_notebooks(file, tmp_path):
    code, out = said("apply", file, "--only", "02")
    assert code == 0, out
    account, mode = out.splitlines()[1:3]
    assert re.fullmatch(r"Account 0{12} in us-east-1 at http://127\.0\.0\.1:\d+, as arn:aws:\S+", account)
    assert mode == "Mode apply: CHANGES THE ACCOUNT"
    run_id = re.search(r"^Run (\S+) of mine", out, re.MULTILINE)[1]
    (undo,) = collected(out)
    notebook = nbformat.read(next((tmp_path / "outputs" / "mine" / run_id).glob("02_*.ipynb")), as_version=4)
    shown = "".join(o.get("data", {}).get("text/html", "") for c in notebook.cells for o in c.get("outputs", []))
    commands = [unescape(command) for command in collected(shown)]
    assert [command.split()[1] for command in commands] == ["apply", "rollback"]
    assert commands[1] == undo
    code, again = typed(commands[0], tmp_path)
    assert code == 0 and "is complete" in again, again
    code, undone = typed(undo, tmp_path)
    assert code == 0 and "undone" in undone, undone
    listed = typed(undo.replace("rollback", "status").replace(run_id, ""), tmp_path)[1]
    assert "succeeded (02 alone); rollback succeeded" in " ".join(listed.split())


def test_every_way_out_of_a_lock_that_is_printed_is_one(file, tmp_path):
    chosen = load(str(file), {"mode": "apply"})
    held_by(chosen, "r9", 600)
    code, out = said("apply", file, "--only", "02")
    assert code == 3
    (tells,) = collected(out)
    assert "Held by run r9" in typed(tells, tmp_path)[1]
    code, out = said("lock", file, "--break", "r9")
    (forced,) = collected(out)
    assert (code, typed(forced, tmp_path)[0]) == (3, 0)
    held_by(chosen, "r9", -600)
    code, out = said("apply", file, "--only", "02")
    (taken,) = collected(out)
    assert code == 3 and "Lock broken" in typed(taken, tmp_path)[1]
    held_by(chosen, "r9", 600)
    code, out = said("lock", file, "--break", "r8")
    (other,) = collected(out)
    assert code == 3 and "Held by run r9" in typed(other, tmp_path)[1]
    code, out = said("apply", file, "--break-lock")
    (which,) = collected(out)
    assert code == 2 and "Held by run r9" in typed(which, tmp_path)[1]


def test_a_lock_that_was_taken_away_says_how_to_go_on_in_commands_that_exist(file, tmp_path):
    record, live = audit.begin(load(str(file), {"mode": "apply"}))
    with pytest.raises(locks.Superseded) as lost:
        locks._confirm(live, record.run_id, "gone")
    status, resume = collected(str(lost.value))
    assert typed(status, tmp_path)[0] == 0
    code, out = typed(resume, tmp_path)
    assert code == 2 and "began no phase" in out  # which is so: it is the run's own, at the run's own endpoint


def test_a_plan_that_must_be_approved_is_made_by_the_command_that_is_printed(account, tmp_path):
    path = tmp_path / "guarded.yaml"
    asked = {**account.model_dump(), "environment": "guarded", "approval": "required", "not_exercised_here": []}
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    code, out = said("apply", path, "--only", "02")
    assert code == 3, out
    (plan,) = collected(out)
    code, made = typed(plan, tmp_path)
    assert code == 0 and re.search(r"^Plan: plan-[0-9a-f]{16}$", made, re.MULTILINE), made
    assert made.splitlines()[1] == "Mode plan: writes nothing"


def test_after_a_token_expired_the_printed_command_takes_the_lock_that_was_left(file, tmp_path, monkeypatch):
    chosen = load(str(file), {"mode": "apply"})
    released = locks._remove
    monkeypatch.setattr(locks, "_remove", lambda live, token: None)  # the token is no good any more
    code, out = said("apply", file, "--only", "02")
    monkeypatch.setattr(locks, "_remove", released)
    assert code == 0, out
    left = locks.found(connect(chosen))
    # The command has ended by the time when somebody types the next one; here it was this very process.
    ssm, ended = clients.client(chosen.endpoint_url, "ssm"), replace(left, born=f"{machine.boot()} 0")
    ssm.put_parameter(Name=chosen.lock_name, Value=json.dumps(ended.to_row()), Type="String", Overwrite=True)
    (undo,) = collected(out)
    code, undone = typed(undo, tmp_path)
    assert code == 0 and "Lock broken" in undone, undone
    assert records.runs(chosen)
