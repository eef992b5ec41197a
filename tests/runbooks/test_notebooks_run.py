"""Every notebook by plain papermill and by hand: in plan mode each succeeds, and writes nothing to the account."""

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill.cli
import pytest
import yaml
from accounts import differences, fresh, settled_snapshot, snapshot
from click.testing import CliRunner
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from steps import carried_out, code_cells, runbook, shown
from traitlets.config import Config

from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.settings import ROOT, Settings, load, with_changes
from rehearsal.account import traffic
from rehearsal.account.server import Account

NAMES = [*NOTEBOOKS.values(), ROLLBACK]
SET = ("endpoint_url", "outputs_dir", "docs_dir", "poll_seconds", "verify_timeout_seconds", "listen_seconds")
CHECKINS = 5
COPIES = {f"{name}.by-hand.ipynb" for name in (*NAMES, "lab")}  # one leads to the others, by the landing page


@pytest.fixture(scope="module")
def lived_in(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A baseline in which a few people have checked in, and a run that made the policy of phase 02 and undid it."""
    settings = fresh(server, tmp_path_factory.mktemp("plan"))
    settings = settings.model_copy(update={"verify_timeout_seconds": 1})
    traffic.play(settings, CHECKINS, seed=4)
    settled_snapshot(settings)
    return settings


@pytest.fixture
def ipc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """A kernel's sockets in a folder of their own, so that tests at the same time never share a port."""
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("k")))
    yield Config({"KernelManager": {"transport": "ipc", "connection_file": str(folder / "k.json")}})


BY_NAME = ("-p", "environment", "local")
BY_FILE = ("-f", "parameters/local.yaml")


def plain_papermill(settings: Settings, name: str, output: Path, config: Config, *more: str) -> Any:
    """`papermill runbooks/NAME.ipynb OUTPUT -p KEY VALUE ...`, as one types it."""
    pairs = [word for key in SET for word in ("-p", key, str(getattr(settings, key)))]
    line = [f"runbooks/{name}.ipynb", str(output), *pairs, *more, "--no-progress-bar"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(papermill.cli, "execute_notebook", functools.partial(papermill.execute_notebook, config=config))
        return CliRunner().invoke(papermill.cli.papermill, line)


@pytest.mark.parametrize(
    ("name", "way"), [*((name, BY_NAME) for name in NAMES), (NAMES[2], BY_FILE), (NAMES[-2], BY_FILE)]
)
def test_plain_papermill_in_plan_mode_succeeds_and_writes_nothing(lived_in, tmp_path, ipc, name, way):
    more = [*way]
    if name == ROLLBACK:
        _, record = carried_out(lived_in, "02", "04")
        more += ["-p", "run_id", record.run_id]
    before = snapshot(lived_in)
    ended = plain_papermill(lived_in, name, tmp_path / "out.ipynb", ipc, *more)
    assert ended.exit_code == 0, (ended.output, ended.exception)
    cells = code_cells(tmp_path / "out.ipynb")
    assert all(cell.execution_count for cell in cells)
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    assert not [out for cell in cells for out in cell.outputs if out.get("name") == "stderr"]
    assert "plan (writes nothing)" in shown(tmp_path / "out.ipynb")
    assert differences(before, settled_snapshot(lived_in)) == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*BY_FILE, "-p", "crisis_risk_abvoe", "90"), "did you mean crisis_risk_above?"),
        (("-p", "enviroment", "prod"), "unknown parameter 'enviroment'; did you mean environment?"),
        (("-p", "apply", "false"), "unknown parameter 'apply'"),
        ((*BY_FILE, "-p", "mode", "aply"), "parameter mode: found 'aply'"),
        ((*BY_NAME, "-p", "mode", "True"), "parameter mode: found True"),
        ((*BY_NAME, "-p", "not_exercised_here", "[]"), "parameter not_exercised_here: found '[]'"),
        (("-y", "review_minutes:"), "parameter review_minutes: found None"),
        (("-p", "environment", "prd"), "no parameters for environment 'prd'; expected one of local, prod, staging"),
        (("-p", "environment", "prod"), "endpoint_url 'http"),  # what was given goes over the file, and does not fit it
    ],
)
def test_plain_papermill_with_a_mistyped_parameter_stops_before_the_account(tmp_path, ipc, words, said):
    nobody = with_changes(load("local"), endpoint_url="http://127.0.0.1:9", outputs_dir=str(tmp_path / "outputs"))
    ended = plain_papermill(nobody, "02_iam_permissions", tmp_path / "out.ipynb", ipc, *words)
    assert ended.exit_code != 0
    assert said in str(ended.exception)
    ran = [cell for cell in code_cells(tmp_path / "out.ipynb") if cell.execution_count]
    assert len(ran) <= 4  # papermill's own, the parameters twice, and the one that stops
    assert not (tmp_path / "outputs").exists()


def test_a_file_from_elsewhere_counts_whole_and_what_is_given_beside_it_goes_first(lived_in, tmp_path, ipc):
    file = tmp_path / "own.yaml"
    given = {**lived_in.model_dump(), "environment": "mine", "review_minutes": 7}
    file.write_text(yaml.safe_dump(given), encoding="utf-8")
    words = ("-f", str(file), "-p", "run_id", "r7")
    ended = plain_papermill(lived_in, "02_iam_permissions", tmp_path / "out.ipynb", ipc, *words)
    assert ended.exit_code == 0, (ended.output, ended.exception)
    assert (lived_in.runs_folder.parent / "mine" / "r7" / "calls.jsonl").is_file()


def prepared(settings: Settings, *more: str) -> Path:
    """The notebook that `runbook open local 01 --no-browser` puts into the run's folder."""
    ended = runbook(settings, "open", "01", "--no-browser", *more)
    assert ended.code == 0
    found = re.search(r"Notebook: (\S+\.ipynb)", ended.said)
    assert found
    return Path(found[1])


def stepped(notebook: Path, config: Config) -> list[Any]:
    """Run the cells one by one in one kernel that starts in the notebook's folder, as JupyterLab does."""
    content = nbformat.read(notebook, as_version=4)
    with_folder = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(content, config=config, resources=with_folder, kernel_name="python3")
    with client.setup_kernel():
        for index, cell in enumerate(content.cells):
            if cell.cell_type == "code":
                client.execute_cell(cell, index)
                assert cell.execution_count, cell.source
    return [cell for cell in content.cells if cell.cell_type == "code"]


def test_a_notebook_is_stepped_through_cell_by_cell_in_plan_mode(account, ipc):
    before = snapshot(account)
    notebook = prepared(account)
    assert notebook.parent.parent == account.path(account.outputs_dir) / "local"
    cells = stepped(notebook, ipc)
    assert len(cells) >= 8
    assert differences(before, snapshot(account)) == set()
    left = {path.name for path in notebook.parent.iterdir() if path.is_file()}
    assert left == COPIES | {"calls.jsonl", "cells.jsonl", "checks.jsonl", "run.json", "MANIFEST.json"}


def test_by_hand_in_apply_mode_leaves_the_same_record(account, ipc):
    first = prepared(account, "--mode", "apply")
    stepped(first, ipc)
    again = prepared(account, "--mode", "apply", "--run-id", first.parent.name)
    assert again == first  # one copy, which whoever works in it finds again
    variables = snapshot(account)[f"environment of {account.processor_function_name}"]
    assert variables["OPS_SNS_TOPIC_ARN"] == account.ops_topic_arn
    left = {path.name for path in first.parent.iterdir() if path.is_file()}
    logs = {"calls.jsonl", "cells.jsonl", "changes.jsonl", "checks.jsonl"}
    assert left == COPIES | {*logs, "plan.json", "run.json", "MANIFEST.json"}


def test_a_stepped_cell_that_fails_stops_with_our_sentence(account, ipc, client):
    client("events").disable_rule(Name="Your6-LowSentimentRule")
    ended = runbook(account, "open", "00", "--no-browser")
    notebook = Path(ended.said.split("Notebook: ")[1].split("\n")[0])
    with pytest.raises(CellExecutionError, match="rule Your6-LowSentimentRule: found DISABLED, "):
        stepped(notebook, ipc)
