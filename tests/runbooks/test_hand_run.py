"""Phase 03 stepped through by hand is a run like a command's: compared field by field with its twin."""

from pathlib import Path
from typing import Any

import pytest
from accounts import differences, fresh, settled_snapshot, snapshot
from by_hand import ByHand
from click.testing import CliRunner
from steps import carried_out, lasting, left_by_drills, runbook

from lib.cli import change_commands
from lib.record.records import Record
from lib.settings import Settings
from rehearsal.account.server import Account

# Times and places; and how this process was started, which is the one that runs the commands here.
OWN = {"started", "ended", "seconds", "time", "run_id", "outputs_dir", "docs_dir", "interpreter"}
EDITED, APPLY, LAST = "03-13", "03-30", "03-ended-well"


def opened(settings: Settings, number: str = "03", *more: str) -> Path:
    """The copy that `runbook open local NUMBER --mode apply` puts into the run's folder."""
    ended = runbook(settings, "open", number, "--mode", "apply", "--no-browser", *more)
    assert ended.code == 0, ended.complained
    return Path(ended.said.split("Notebook: ")[1].split("\n")[0])


def told(record: Record, *without: str) -> Any:
    """`run.json` without what two runs never share."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if key not in {*OWN, *without}}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return plain(record.read_json("run.json"))


def rows(record: Record, attempt: str) -> list[dict[str, Any]]:
    return [row for row in record.rows("cells.jsonl") if row["attempt"] == attempt]


def written(record: Record) -> list[tuple[str, ...]]:
    rows = [row for row in record.changes() if not row["temporary"]]  # those are named by their run
    return [(row["phase"], row["name"], row["state"]) for row in rows]


def undone(settings: Settings, record: Record) -> list[Any]:
    """What resume, review, rollback, status and verify make of a run, in this order."""
    gone_on = runbook(settings, "apply", "--resume", record.run_id)
    assert (gone_on.code, "alone): AWS holds everything" in gone_on.said) == (0, True), gone_on.complained
    reviewed = runbook(settings, "review", record.run_id)
    back = runbook(settings, "rollback", record.run_id)
    assert back.code == 0, back.complained
    verified = runbook_verify(record)
    return [reviewed.code, answered(record, "07"), back.code, verified, written(record)]


def runbook_verify(record: Record) -> tuple[int, str]:
    ended = CliRunner().invoke(change_commands.main, ["verify", str(record.folder)])
    return ended.exit_code, (ended.stdout + ended.stderr).replace(record.run_id, "RUN")


def answered(record: Record, phase: str) -> set[tuple[str, str]]:
    return {(row["id"] + row["subject"], row["status"]) for row in record.rows("checks.jsonl") if row["phase"] == phase}


def test_a_run_by_hand_is_a_commands_twin(server: Account, tmp_path: Path):
    batch = fresh(server, tmp_path / "batch")
    carried_out(batch, "01", "02", "04")
    applied = runbook(batch, "apply", "--only", "03")
    assert applied.code == 0, applied.complained
    theirs = applied.record
    their_run, their_status = told(theirs, "output", "by_hand"), status_of(batch, theirs)
    their_answers, their_changes = answered(theirs, "03"), written(theirs)
    their_end = undone(batch, theirs)

    hand = fresh(server, tmp_path / "hand")
    carried_out(hand, "01", "02", "04")
    before = snapshot(hand)
    with ByHand(opened(hand), tmp_path / "k") as person:
        record = Record(person.notebook.parent, person.notebook.parent.name)
        person.run_all(last="03-04")
        running = record.read_json("run.json")
        assert (running["verdict"], running["phases"][0]["verdict"]) == ("running", "running")
        assert record.read_json("plan.json")["mode"] == "apply"
        person.restart()
        assert record.read_json("run.json")["phases"][0]["verdict"] == "interrupted"
        person.run_all(last="03-12")
        assert person.run(EDITED, "show.bullet([])  # quicker")[0] == ""
        person.run_all(first=EDITED, last=APPLY)
        once = len(record.rows("changes.jsonl"))
        error, shown = person.run(APPLY)
        assert (error, "this run applied it at " in shown) == ("", True)
        assert len(record.rows("changes.jsonl")) == once
        assert runbook_verify(record)[0] == 0
        person.run_all(first="03-32")
        by_hand = record.read_json("run.json")["phases"][0]["by_hand"]
        assert f"run again: {EDITED} 2 times, {APPLY} 2 times; edited: {EDITED}" in by_hand
        assert runbook_verify(record)[0] == 0
        attempts = list(dict.fromkeys(row["attempt"] for row in record.rows("cells.jsonl")))
        assert len(attempts) == 2
        own = rows(record, attempts[1])
        assert [row["order"] for row in own] == [*range(1, len(own) + 1)]
        assert [(row["edited"], row["before"]) for row in own if row["cell"] == EDITED] == [("yes", 0), ("no", 1)]
        assert [row["wrote"] > 0 for row in own if row["cell"] == APPLY] == [True, False]
        assert [row["cell"] for row in own][-1] == LAST
        assert told(record, "output", "by_hand") == their_run | {"begun_by_hand": True}
        assert status_of(hand, record) == their_status
        assert (answered(record, "03"), written(record)) == (their_answers, their_changes)
    assert undone(hand, record) == their_end
    assert lasting(differences(before, settled_snapshot(hand))) <= left_by_drills(hand)


def status_of(settings: Settings, record: Record) -> str:
    ended = runbook(settings, "status", record.run_id)
    assert ended.code == 0
    return " ".join(ended.said.split("succeeded")[0].replace(record.run_id, "RUN").split())


@pytest.mark.parametrize("told_ids", [True, False])
def test_a_phase_by_hand_has_not_succeeded_where_a_cell_was_left_out_or_edited(account, tmp_path, told_ids):
    notebook = opened(account, "04")
    carried_out(account, "01", "02")
    with ByHand(notebook, tmp_path / "k") as person:
        record = Record(notebook.parent, notebook.parent.name)
        person.run_all(last="04-06")
        error, shown = person.run("04-08", "outcome = engine.carry_out(plan, run)\nshow.say('Applied')", told=told_ids)
        assert not error, shown
        *_, before_last, last = person.ids
        person.run_all(first="04-10", last=before_last)
        error, shown = person.run(last)  # which says so, where every check passed
        assert (error, "cells that do not count: " in shown) == ("NotAsWanted", True), shown
        phase = record.read_json("run.json")["phases"][0]
        assert (phase["verdict"], phase["cells_not_run"] > 0) == ("failed", True)
        assert f"04-08 ({'edited' if told_ids else 'never ran'})" in phase["error"]
    gone_on = runbook(account, "apply", "--resume", record.run_id)
    assert (gone_on.code, gone_on.phase("04")["verdict"]) == (0, "succeeded"), gone_on.complained
    with ByHand(opened(account, "90", "--run-id", record.run_id), tmp_path / "k") as person:
        person.run_all()
    undone = record.read_json("run.json")
    assert (undone["verdict"], undone["rollback"]["verdict"]) == ("succeeded", "succeeded")
    assert runbook_verify(record)[0] == 0
    shown = runbook(account, "status", record.run_id)
    assert "rollback succeeded" in " ".join(shown.said.split())
