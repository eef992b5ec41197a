"""One run, stepped through by hand: its landing page, its working copies, and the one JupyterLab that shows them."""

import json
import os
import stat
from dataclasses import asdict

import nbformat
import pytest
from click.testing import CliRunner

from lib.cli.change_commands import main
from lib.cli.lab import copies, jupyter, landing, servers
from lib.display import page, signs
from lib.errors import BadParameters
from lib.record import records
from lib.record.folder import CHECKS
from lib.record.records import Run
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.settings import ROOT, load
from lib.values import processes


def run_of(tmp_path, mode="plan", name="local", run_id="r1", **other):
    chosen = load(name, {"outputs_dir": str(tmp_path), "mode": mode, "run_id": run_id, **other})
    return Run(chosen, records.open_run(chosen))


def read(path):
    return nbformat.read(path, as_version=4)


def edited(path, at, **change):
    notebook = read(path)
    notebook.cells[at].update(change)
    nbformat.write(notebook, path)


def test_a_copy_says_first_where_it_works_and_has_one_parameters_cell(tmp_path):
    notebook = read(copies.working_copy(run_of(tmp_path, "apply", "prod"), "03_state_machine"))
    nbformat.validate(notebook)
    banner, *rest = notebook.cells
    assert [word for word in ("PROD", "205930636302", "APPLY", "us-east-1", "r1") if word not in banner.source] == []
    assert (banner.cell_type, banner.metadata["editable"]) == ("markdown", False)
    tagged = [
        cell.source for cell in rest if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
    ]
    assert len(tagged) == 1
    assert 'mode = "apply"  # plan writes nothing; apply carries the plan out' in tagged[0]


@pytest.mark.parametrize(
    ("name", "mode", "colours", "words"),
    [
        ("prod", "apply", (signs.RED, signs.RED), ("PROTECTED", "CHANGES THE ACCOUNT")),
        ("prod", "plan", (signs.RED, signs.GREEN), ("PROTECTED", "WRITES NOTHING")),
        ("staging", "apply", (signs.BROWN, signs.RED), ("A REAL ACCOUNT", "CHANGES THE ACCOUNT")),
        ("local", "plan", (signs.GREY, signs.GREEN), ("TO PRACTISE ON", "WRITES NOTHING")),
    ],
)
def test_what_needs_care_is_told_by_colour_and_by_word(name, mode, colours, words):
    chosen = load(name, {"mode": mode})
    found = signs.of(chosen, chosen.account_id)
    assert tuple(sign.colour for sign in found) == colours
    assert [word for word, sign in zip(words, found, strict=True) if word not in sign.words] == []


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_where_a_phase_only_reads_nothing_says_that_it_changes_the_account(mode):
    chosen = load("local", {"mode": mode})
    (_, may), above = signs.of(chosen, chosen.account_id, reads_only=True), signs.banner(chosen, "r1", reads_only=True)
    assert may.colour == signs.GREEN and may.words in above and "CHANGES" not in above
    assert "CHANGES THE ACCOUNT" in signs.banner(load("local", {"mode": "apply"}), "r1")


def test_the_account_that_answers_is_the_one_that_is_shown():
    assert "999999999999" in signs.of(load("local"), "999999999999")[0].words
    assert "PRACTISE" not in signs.of(load("local"), "999999999999")[0].words


@pytest.mark.parametrize("colour", [signs.RED, signs.BROWN, signs.GREEN, signs.BLUE, signs.GREY])
def test_white_words_can_be_read_on_every_colour(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG 2, AA


def test_a_copy_is_made_once_and_what_somebody_did_in_it_stays(tmp_path):
    run = run_of(tmp_path)
    path = copies.working_copy(run, "01_infrastructure")
    edited(path, 3, execution_count=1)
    before = path.read_bytes()
    assert copies.working_copy(run, "01_infrastructure") == path
    assert path.read_bytes() == before
    other = copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure")
    assert (other.name, path.read_bytes()) == ("01_infrastructure.by-hand.attempt-2.ipynb", before)
    assert copies.working_copy(run, "01_infrastructure") == path  # and back in plan mode it is that one


@pytest.mark.parametrize("change", [{"execution_count": 1}, {"source": "mode = 'apply'"}, {"outputs": ["x"]}])
def test_work_is_a_cell_that_ran_or_was_changed(tmp_path, change):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    if "outputs" in change:
        change = {"outputs": [nbformat.v4.new_output("stream", text="x")]}
    edited(path, 3, **change)
    assert copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure") != path


@pytest.mark.parametrize(("at", "source"), [(0, "PLAN: WRITES NOTHING"), (3, 'mode = "apply"')])
def test_a_copy_whose_banner_or_parameters_were_changed_is_opened_as_no_copy_for_these(tmp_path, at, source):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    edited(path, at, source=source)
    assert copies.working_copy(run_of(tmp_path), "01_infrastructure").name.endswith(".attempt-2.ipynb")


def test_a_copy_in_which_nobody_worked_is_made_anew_for_other_parameters(tmp_path):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    assert copies.working_copy(run_of(tmp_path, "apply"), "01_infrastructure") == path
    assert 'mode = "apply"' in path.read_text(encoding="utf-8").replace("\\", "")


def test_what_is_no_notebook_any_more_is_left_and_a_copy_comes_beside_it(tmp_path):
    path = copies.working_copy(run_of(tmp_path), "01_infrastructure")
    path.write_text("{", encoding="utf-8")
    assert copies.working_copy(run_of(tmp_path), "01_infrastructure").name.endswith(".attempt-2.ipynb")
    assert path.read_text(encoding="utf-8") == "{"


def test_the_landing_page_leads_to_a_copy_of_each_phase_in_their_order_and_says_what_comes_next(tmp_path, monkeypatch):
    run = run_of(tmp_path)
    run.record.write_json("run.json", {"mode": "plan", "verdict": "failed", "phases": [
        {"number": "00", "notebook": NOTEBOOKS["00"], "verdict": "succeeded"},
        {"number": "01", "notebook": NOTEBOOKS["01"], "verdict": "failed"},
    ]})  # fmt: skip
    run.record.append(CHECKS, {"phase": "02", "time": "2026-11-28T02:41:07+00:00"})
    records.seal(run.record)
    (cell,) = [cell for cell in read(landing.notebook_of(run, anew=True)).cells if cell.cell_type == "code"]
    assert cell.outputs[1].data["text/plain"].startswith("Next: 01 Infrastructure")
    table = cell.outputs[2].data["text/html"]
    places = [table.index(f'href="./{name}.by-hand.ipynb"') for name in (*NOTEBOOKS.values(), ROLLBACK)]
    assert places == sorted(places)
    assert all((run.record.folder / f"{name}.by-hand.ipynb").is_file() for name in (*NOTEBOOKS.values(), ROLLBACK))
    rows = table.split("<tr>")[2:]
    for row, word in zip(rows, ("✓ succeeded", "✗ failed", "▸ begun, no verdict", "○ not run"), strict=False):
        assert word in row
    assert ["NEXT" in row for row in rows] == [False, True, *[False] * 8]
    assert "2026\u201111\u201128\u00a002:41\u00a0UTC" in rows[2]  # on one line
    # And the cell that is to be run again shows the same.
    shown = []
    monkeypatch.setattr(page, "display", shown.append)
    exec(cell.source, {"In": ["", cell.source]} | (names := {}))
    assert names == {}
    assert [one.html for one in shown][2:] == [table]


def test_what_succeeded_in_plan_mode_is_still_to_come_in_apply_mode(tmp_path):
    plan = run_of(tmp_path)
    rows = [{"number": number, "notebook": name, "verdict": "succeeded"} for number, name in NOTEBOOKS.items()]
    plan.record.write_json("run.json", {"mode": "plan", "verdict": "succeeded", "phases": rows})
    records.seal(plan.record)
    text = read(landing.notebook_of(run_of(tmp_path, "apply"), anew=True)).cells[2].outputs[2].data["text/plain"]
    assert text.count("✓ succeeded in plan mode") == len(NOTEBOOKS)
    assert text.splitlines()[1].rstrip().endswith("NEXT")


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("local", "plan", "wrote nothing. To apply it, in a terminal: runbook lab local --run r1 --mode apply --set"),
        ("prod", "plan", "wrote nothing. What it would change somebody else approves: runbook plan prod"),
        ("local", "apply", "Every phase succeeded."),
    ],
)
def test_a_landing_page_on_which_nothing_is_left_says_how_to_apply_it(tmp_path, name, mode, said):
    run = run_of(tmp_path, mode, name)
    rows = [{"number": number, "notebook": one, "verdict": "succeeded"} for number, one in NOTEBOOKS.items()]
    run.record.write_json("run.json", {"mode": mode, "verdict": "succeeded", "phases": rows})
    run.record.append("cells.jsonl", {"phase": "08", "time": "2026-11-28T02:41:07+00:00"})
    records.seal(run.record)
    shown = read(landing.notebook_of(run, anew=True)).cells[2].outputs
    assert said in shown[1].data["text/plain"]
    assert "02:41" in shown[2].data["text/plain"].splitlines()[-2]  # a phase that only reads answers no check


@pytest.mark.parametrize(
    ("last", "state"),
    [
        ({}, "○ only looked at, in plan mode"),
        ({"file": "cells.jsonl", "attempt": "a", "mode": "apply"}, "▸ begun, no verdict"),
        ({"file": CHECKS, "attempt": "b"}, "▸ begun, no verdict"),  # of a command, which tells of no cells
        ({"file": "changes.jsonl", "state": "intended", "undoes": False}, "▸ begun, no verdict"),
    ],
)
def test_a_phase_that_was_looked_at_in_plan_mode_alone_is_not_begun_where_the_run_applies(tmp_path, last, state):
    run = run_of(tmp_path, "apply")
    applied = {"number": "00", "notebook": NOTEBOOKS["00"], "verdict": "succeeded"}
    run.record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": [applied]})
    told = {"phase": "01", "time": "2026-11-28T02:41:07+00:00"}
    run.record.append(CHECKS, {**told, "attempt": "a"})
    run.record.append("cells.jsonl", {**told, "attempt": "a", "mode": "plan"})
    if last:
        run.record.append(last["file"], {**told, **{key: value for key, value in last.items() if key != "file"}})
    records.seal(run.record)
    shown = read(landing.notebook_of(run, anew=True)).cells[2].outputs[2].data["text/html"]
    assert state in shown.split("<tr>")[3]


def test_the_cell_of_a_landing_page_is_short_whatever_its_run_is_given(tmp_path):
    run = run_of(tmp_path, crisis_risk_above=96, poll_seconds=1, listen_seconds=2, burst_drills=3)
    (cell,) = [cell for cell in read(landing.notebook_of(run, anew=True)).cells if cell.cell_type == "code"]
    assert [line.partition(" ")[0] for line in cell.source.splitlines()] == [
        "environment", "mode", "run_id", "outputs_dir", "from", "from", "show.phases(session.run_to_read(globals()))",
    ]  # fmt: skip


def test_a_landing_page_that_may_be_open_is_left_alone_and_else_shows_the_run_anew(tmp_path):
    run = run_of(tmp_path)
    path = landing.notebook_of(run, anew=True)
    before = path.read_bytes()
    run.record.append(CHECKS, {"phase": "00", "time": "2026-11-28T02:41:07+00:00"})
    assert (landing.notebook_of(run, anew=False), path.read_bytes()) == (path, before)
    assert landing.notebook_of(run, anew=True) == path
    assert "begun, no verdict" in path.read_text(encoding="utf-8")


def test_a_mistyped_run_begins_no_other(tmp_path):
    ended = CliRunner().invoke(main, ["lab", "local", "--run", "nosuch", "--set", f"outputs_dir={tmp_path}"])
    assert (ended.exit_code, "no run 'nosuch' of environment local" in ended.stderr) == (BadParameters.exit_code, True)
    assert not (tmp_path / "local" / "nosuch").exists()


def test_every_link_and_template_is_the_runs_own(tmp_path):
    before = {path: path.read_bytes() for path in (ROOT / "runbooks").iterdir() if path.is_file()}
    ended = CliRunner().invoke(main, ["lab", "local", "--no-browser", "--set", f"outputs_dir={tmp_path}"])
    assert ended.exit_code == 0, ended.stderr
    assert {path: path.read_bytes() for path in before} == before
    (folder,) = [path for path in (tmp_path / "local").iterdir() if not path.name.startswith(".")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert records.unsealed_differences(folder) == []


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


def test_a_checkpoint_is_kept_beside_the_runs_each_runs_apart(tmp_path):
    kept = jupyter.LabCheckpoints(root_dir=str(tmp_path))
    paths = [kept.checkpoint_path("checkpoint", f"local/{run}/03.ipynb") for run in ("r1", "r2")]
    assert paths == [str(tmp_path / "local" / ".checkpoints" / run / "03-checkpoint.ipynb") for run in ("r1", "r2")]
