"""A run that an older version began: this version opens it, verifies it, refuses to go on with it, and undoes it.

What it left is in `tests/records_of_format_2`, made by the version of commit 502d480 (27 November 2026) on the embedded
account: phases 01, 02 and 04, and 03 up to where its machine was switched off, before a write that it had announced. So
what was on no disk by then is not there: the notebook that was being executed, and the calls since the last seal.
`guards.json` is what the account keeps of that run. All is as that version wrote it: it is never made anew, nor mended.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from accounts import NO_RETRIES, differences, snapshot
from click.testing import CliRunner, Result
from steps import Ended, lasting, runbook
from waiting import until

from lib.aws import connect
from lib.cli import change_commands
from lib.record.records import Record
from lib.resources import resource_kinds
from lib.settings import ROOT, Settings, load
from rehearsal.account import baseline, clients, server

KEPT = ROOT / "tests" / "records_of_format_2"
RUN = "20261127T202323Z-d2a1"
PORT = 24566  # where that run had its account: with another one it may not be gone on with
MACHINE = "state machine Your6-CheckinWorkflow"


@dataclass(frozen=True)
class Story:
    """What each command said, by its name, what `verify` said after it, and how the account stood then."""

    folder: Path
    said: dict[str, Ended]
    verified: dict[str, Result]
    stood: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The account as the run left it, then each command once, as an operator gives it who has this version now."""
    until(lambda: server.free_port(PORT) == PORT)  # tests of another checkout may have it
    with server.running_account(port=PORT, options=NO_RETRIES) as account:
        folder = tmp_path_factory.mktemp("older")
        shutil.copytree(KEPT / "local", folder / "outputs" / "local")
        yield told(parameters(account.endpoint, folder), folder / "outputs" / "local" / RUN)


def parameters(endpoint: str, folder: Path) -> Settings:
    """Those that the run was begun with, in folders of this test."""
    begun = json.loads((KEPT / "local" / RUN / "run.json").read_text())["parameters"]
    assert endpoint == begun["endpoint_url"]
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    return load("local", {**begun, **folders, "run_id": "", "mode": "plan"})


def told(settings: Settings, folder: Path) -> Story:
    story = Story(folder, {}, {"nothing": verified(folder)}, {})
    baseline.build(settings)
    baseline.application(settings)
    story.stood["before"] = snapshot(settings)
    as_it_was_left(settings, Record(folder, RUN))
    story.stood["left"] = snapshot(settings)
    for command, *words in (["status"], ["apply", "--resume"], ["review"], ["restore"], ["rollback"]):
        story.said[command] = runbook(settings, command, *words, RUN)
        story.verified[command] = verified(folder)
        story.stood[command] = snapshot(settings)
    return story


def as_it_was_left(settings: Settings, record: Record) -> None:
    """Make in a new account what the run had made, and what the account keeps of it."""
    live, ssm = connect(settings), clients.client(settings.endpoint_url, "ssm")
    for row in record.changes():
        if row["state"] == "applied" and not row["temporary"]:
            resource_kinds.reopen(live, row["kind"], row["identity"]).write(row["after"])
    for name, value in json.loads((KEPT / "guards.json").read_text()).items():
        ssm.put_parameter(Name=name, Value=json.dumps(value), Type="String")


def verified(folder: Path) -> Result:
    return CliRunner().invoke(change_commands.main, ["verify", str(folder)])


def test_it_opens_and_says_how_far_it_came(story):
    shown = story.said["status"]
    assert (shown.code, shown.complained) == (0, "")
    assert "running, or killed: 20 changes applied" in " ".join(shown.said.split())
    assert differences(story.stood["left"], story.stood["status"]) == set()


def test_it_is_as_it_was_sealed_but_for_what_was_sealed_by_nobody_yet(story):
    for command in ("nothing", "status"):
        found = story.verified[command]
        assert found.exit_code == 1
        wrong = found.stderr.partition(" is still open, and not sealed to its end: ")[2].strip().split("; ")
        assert [one.partition(": not sealed since ")[0] for one in wrong] == ["changes.jsonl", "checks.jsonl"]
    for command in ("apply", "review", "restore", "rollback"):
        assert story.verified[command].exit_code == 0, story.verified[command].stderr


def test_one_that_somebody_edited_is_found(story, tmp_path):
    folder = tmp_path / "local" / RUN
    shutil.copytree(story.folder, folder)
    (folder / "01_infrastructure.ipynb").write_bytes(b"{}")
    found = verified(folder)
    assert (found.exit_code, "01_infrastructure.ipynb: edited" in found.stderr) == (1, True)


def test_it_is_not_gone_on_with_by_a_plan_that_has_more_than_its_own(story):
    """Alarms and their log come before the workflow since: half of it by one version, half by another, lacks them."""
    assert MACHINE in differences(story.stood["before"], story.stood["left"])  # so there is something to go on with
    ended = story.said["apply"]
    assert ended.code == 3
    assert "was begun with something else: parameter second_alarm_action: None, now ''" in ended.complained
    assert "roll it back and apply a new plan" in ended.complained
    assert differences(story.stood["left"], story.stood["apply"]) == set()


def test_it_is_reviewed(story):
    ended = story.said["review"]
    assert (ended.code, ended.complained) == (0, "")
    assert "Success criteria: 0 of 5 passed, 5 not applied" in ended.said  # its validation never ran


def test_the_workflow_of_its_backup_is_restored(story):
    ended = story.said["restore"]
    assert (ended.code, ended.complained) == (0, "")
    assert MACHINE in differences(story.stood["before"], story.stood["review"])
    assert MACHINE not in differences(story.stood["before"], story.stood["restore"])


def test_it_is_undone_and_nothing_of_it_is_left(story):
    ended = story.said["rollback"]
    assert (ended.code, ended.complained) == (0, "")
    assert lasting(differences(story.stood["before"], story.stood["rollback"])) == set()
    assert ended.verdict["rollback"]["verdict"] == "succeeded"
