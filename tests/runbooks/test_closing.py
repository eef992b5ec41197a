"""A phase stops by its registered checks, whatever its notebook shows: by its last cell, and by the runner."""

import shutil

import nbformat
import pytest
from steps import Ended, code_cells, runbook

from lib.cli import notebooks
from lib.settings import ROOT, Settings
from rehearsal.account import traffic

CALM_SEED = 3  # its first check-ins raise no alert
BASELINE = 'show.checks(run.record.checked("00", checks), "Baseline")'
KEYS = 'show.checks(run.record.checked("00", encryption.existing_destinations(run.live)), "Keys")'
LAST = 'show.ended_well(run, "00")'


@pytest.fixture
def played(account: Settings) -> Settings:
    """A baseline that has seen a few check-ins."""
    traffic.play(account, 3, seed=CALM_SEED)
    return account


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """`edited({old: new})`: the runner takes a copy of the notebooks whose phase 00 has these cells, "" for none."""

    def edit(cells: dict[str, str]) -> None:
        folder = tmp_path / "runbooks"
        shutil.copytree(ROOT / "runbooks", folder)
        path = folder / "00_preflight.ipynb"
        found = nbformat.read(path, as_version=4)
        for old, new in cells.items():
            (cell,) = [cell for cell in found.cells if old in cell.source]
            cell.source = cell.source.replace(old, new)
        found.cells = [cell for cell in found.cells if cell.source.strip()]
        nbformat.write(found, path)
        monkeypatch.setattr(notebooks, "RUNBOOKS", folder)

    return edit


def raised(ended: Ended) -> list[str]:
    """The cells that ended with an error."""
    cells = code_cells(ended.record.folder / ended.phase("00")["output"])
    return [cell.source for cell in cells if any(out.output_type == "error" for out in cell.outputs)]


@pytest.mark.parametrize(("last", "stopped"), [(LAST, [LAST]), ("", [])])
def test_a_failed_check_that_is_only_shown_fails_its_phase_with_and_without_its_last_cell(
    last, stopped, played, client, edited
):
    client("events").disable_rule(Name="Your6-LowSentimentRule")
    edited({BASELINE: 'show.points(run.record.checked("00", checks))', LAST: last})
    ended = runbook(played, "apply", "--from", "00", "--to", "01")
    found = ended.phase("00")
    assert (ended.code, found["verdict"], found["error_class"]) == (1, "failed", "NotAsWanted")
    assert "1 of the checks failed: rule Your6-LowSentimentRule: found DISABLED" in found["error"]
    assert raised(ended) == stopped
    assert ended.phase("01")["verdict"] == "not_run"
    assert ended.changed() == []


@pytest.mark.parametrize("last", [LAST, ""])
def test_a_check_that_nobody_answers_fails_its_phase(last, played, edited):
    edited({KEYS: "", LAST: last})
    found = runbook(played, "apply", "--only", "00").phase("00")
    assert (found["verdict"], found["error_class"]) == ("failed", "NotAsWanted")
    assert "2 of the checks failed: key.topic: found no answer" in found["error"]


def test_answers_of_an_earlier_attempt_count_for_no_later_one(played, client, edited):
    client("events").disable_rule(Name="Your6-LowSentimentRule")
    first = runbook(played, "apply", "--only", "00")
    assert first.phase("00")["verdict"] == "failed"
    client("events").enable_rule(Name="Your6-LowSentimentRule")
    again = runbook(played, "apply", "--resume", first.record.run_id)
    assert (again.record.run_id, again.phase("00")["verdict"]) == (first.record.run_id, "succeeded")
    assert len({row["attempt"] for row in again.record.rows("checks.jsonl")}) == 2
    edited({BASELINE: ""})
    third = runbook(played, "apply", "--only", "00").phase("00")
    assert "baseline.piece: found no answer" in third["error"]
