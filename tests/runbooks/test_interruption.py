"""A run that is cut short: by SIGTERM, by a kernel that is killed, by one that never starts. The record says so."""

import os
import signal
import sys

from accounts import differences, snapshot
from jupyter_client.kernelspec import KernelSpec
from steps import carried_out, children_of, code_cells, finished, latest, runbook, started
from waiting import until, until_gone

from lib.aws import connect
from lib.changes import engine
from lib.cli import notebook_engine
from lib.phases import rollback
from lib.record import records
from lib.record.origin import KERNEL
from lib.resources import connected_run
from lib.settings import Settings

# Phase 03 watches this long after its update, in a cell of its own: that is where these runs are cut.
LONG = {"soak_minutes": 60}


def cut_in_the_middle(account: Settings, *more: str) -> tuple[object, int]:
    """A run of phase 03 that has written its changes and watches now, and the id of its kernel."""
    carried_out(account, "01", "02", "04")
    process = started(account, "apply", "--from", "03", *more, **LONG)
    until(lambda: verified(account) or process.poll() is not None)
    if process.poll() is not None:
        raise AssertionError(process.communicate())
    return process, children_of(process.pid, KERNEL)[0]


def verified(account: Settings) -> bool:
    """Whether the newest run has recorded what its check of the definition's rules and of every change found."""
    rows = latest(account).rows("checks.jsonl")
    return any(row["name"].startswith("dashboard widgets") for row in rows)


def test_sigterm_ends_the_run_and_the_record_says_interrupted(account):
    process, kernel = cut_in_the_middle(account, "--to", "05")
    process.send_signal(signal.SIGTERM)
    ended = finished(account, process)
    assert ended.code == 130
    until_gone(kernel)
    assert "interrupted" in ended.complained
    assert "/lib/cli/runner.py" not in ended.complained  # a busy kernel says on its own what its last breath was
    assert ended.verdict["verdict"] == "interrupted"
    assert [row["verdict"] for row in ended.verdict["phases"]] == ["interrupted", "not_run"]
    found = ended.phase("03")
    assert found["cells_not_run"] >= 1
    assert "runbook rollback local" in ended.said
    assert sum(row["state"] == "verified" for row in ended.record.rows("changes.jsonl")) == 2
    assert records.unsealed_differences(ended.record.folder) == []


def test_a_kernel_killed_in_the_middle_fails_the_phase_and_its_changes_can_be_undone(account):
    before = snapshot(account)
    process, kernel = cut_in_the_middle(account, "--to", "05")
    os.kill(kernel, signal.SIGKILL)
    ended = finished(account, process)
    found = ended.phase("03")
    assert (ended.code, ended.verdict["verdict"], found["verdict"]) == (1, "failed", "failed")
    assert "died" in found["error"].lower()
    cells = code_cells(ended.record.folder / found["output"])
    never = [cell for cell in cells if cell.execution_count is None]
    assert found["cells_not_run"] == len(never) >= 1
    assert found["cells_run"] + found["cells_failed"] + len(never) == len(cells)
    assert ended.phase("05")["verdict"] == "not_run"
    assert records.unsealed_differences(ended.record.folder) == []
    chosen = account.model_copy(update={"mode": "apply"})
    live = connect(chosen)
    engine.roll_back(rollback.plan(connected_run.of(live, ended.record)), connected_run.of(live, ended.record))
    machine = f"state machine {account.state_machine_name}"
    assert machine not in differences(before, snapshot(account))


def test_a_kernel_that_never_starts_fails_the_phase(account, monkeypatch):
    refused = KernelSpec(argv=[sys.executable, "-X", "no-such-option=", "--no-such-option"], language="python")
    monkeypatch.setattr(notebook_engine, "kernel", lambda: refused)  # Python itself refuses to start
    ended = runbook(account, "apply", "--from", "00", "--to", "01")
    found = ended.phase("00")
    assert (ended.code, ended.verdict["verdict"], found["verdict"]) == (1, "failed", "failed")
    assert "died" in found["error"].lower()
    assert (found["cells_run"], found["cells_failed"]) == (0, 0)
    assert ended.phase("01")["verdict"] == "not_run"
    assert ended.verdict["caller"]["account"] == account.account_id


def test_a_kernel_inherits_no_aws_of_this_machine(account, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        assert name not in os.environ
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert runbook(account, "apply", "--only", "02").code == 0
