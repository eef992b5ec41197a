"""Every command that a message tells somebody to type: made in one place, and it names the run's own parameters."""

import ast
import contextlib
import json
import re
import shlex
import types

import click
import doc_commands
import pytest
from click.testing import CliRunner
from test_house import ALL, ROOT, asked_of_each, name, tree
from typed import same, taken
from written_rows import OF_THE_WORKFLOW, wrote

from lib.cli import undo_commands
from lib.cli.change_commands import main, ways_on
from lib.definitions import documents
from lib.display import page, show
from lib.errors import BadParameters, Unreachable
from lib.phases import parameters_cell
from lib.record import records
from lib.record.records import Run
from lib.record.run_phases import NOTEBOOKS, numbers
from lib.resources.lock_value import Lock
from lib.resources.queues import Queue
from lib.resources.workflow import Workflow
from lib.settings import load
from rehearsal import cli as rehearsal_cli

COMMAND = re.compile(r"\b(runbook|papermill|make|aws) (?=[a-z])")


def test_the_documentation_is_the_same_whoever_made_it_from_whichever_copy_of_a_file(tmp_path):
    copy = tmp_path / "copy.yaml"
    copy.write_bytes((ROOT / "parameters" / "prod.yaml").read_bytes())
    by_hand = parameters_cell.read(load("prod").model_dump())
    assert (
        documents.testing_commands(load(str(copy)))
        == documents.testing_commands(load("prod"))
        == documents.testing_commands(by_hand)
    )


@asked_of_each([path for path in ALL if path.name != "commands.py"])
def test_no_other_module_writes_a_command(path):
    texts = [ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Constant | ast.JoinedStr)]
    kinds = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    notes = {ast.unparse(node.body[0].value) for node in ast.walk(tree(path)) if isinstance(node, kinds) and has(node)}
    words = "|".join([*main.commands, "rehearse", "test", "lint", "faults", "lab"])
    found = [text for text in texts if re.search(rf"\b(runbook|make) ({words})\b|\bpapermill runbooks", text)]
    assert [text for text in found if text not in notes] == []


def has(node):
    return bool(node.body) and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)


def in_prose():
    """Every `runbook` command of the README, of docs/ and of the notebooks' prose."""
    cells = [
        "".join(cell["source"])
        for path in sorted((ROOT / "runbooks").glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    ]
    found = [*doc_commands.of_pages(), *(one for text in cells for one in doc_commands.commands(text))]
    return sorted({one for one in found if one.startswith("runbook ")})


# What somebody fills in, by how it stands in a command.
FILLED_IN = {
    r"\bENV\b": "local", r"\b(RECORD|RUN_DIR)\b": "outputs", r"\bRUN_ID\b": "r1",
    r"plan-\.\.\.": "plan-0123456789abcdef", r"\bWHO\b": "reviewer", r"\bID\b": "CHG-7",
}  # fmt: skip


@pytest.mark.parametrize("line", in_prose())
def test_a_command_in_prose_is_one_that_the_command_takes(line):
    """With all its words; a name alone, or with options alone, speaks of a command."""
    if all(word.startswith("--") for word in line.split()[2:]) and "rehearse" not in line:
        named = main.get_command(click.Context(main), line.split()[1])
        options = {option for parameter in named.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(line.split()[2:]) <= options
        return
    for form, word in FILLED_IN.items():
        line = re.sub(form, word, line)
    assert taken(line)


def test_the_documentation_holds_commands_that_can_be_typed_as_they_stand():
    chosen = load("local", {"endpoint_url": "http://127.0.0.1:5001", "outputs_dir": "/tmp/x"})
    lines = [line for line in documents.testing_commands(chosen).splitlines() if COMMAND.match(line)]
    assert [line.split()[:2] for line in lines] == [
        ["runbook", "plan"], ["runbook", "apply"], ["papermill", "runbooks/05_validation.ipynb"],
        ["aws", "stepfunctions"],
    ]  # fmt: skip
    assert all("5001" in line for line in lines)
    assert not [line for line in lines if "/tmp/x" in line]  # where a record lies is no business of the application's
    assert all(same(taken(line)[2], chosen) == set() for line in lines if line.startswith("runbook"))
    mill = shlex.split(lines[2])
    assert (ROOT / mill[1]).is_file() and (ROOT / mill[mill.index("-f") + 1]).is_file()


def test_the_documentation_of_an_account_that_needs_approval_names_all_that_apply_asks_for():
    line = next(
        line for line in documents.testing_commands(load("prod")).splitlines() if line.startswith("runbook apply")
    )
    assert re.findall(r'--\S+ "\$[A-Z]+"', line) == [
        '--approved-plan "$FINGERPRINT"', '--approved-by "$APPROVER"', '--change-ticket "$TICKET"',
    ]  # fmt: skip


LEFT = Lock("t", "r1", "me", "host", 1, "", "2026-01-01T00:00:00Z")


def out_of_reach(*_):
    raise Unreachable("the token has expired")


@pytest.mark.parametrize(
    ("held", "broken"),
    [(lambda live: None, False), (lambda live: LEFT, True), (out_of_reach, True)],
    ids=["given back", "left behind", "expired token"],
)
def test_what_undoes_and_goes_on_takes_the_lock_away_where_it_was_left(held, broken, tmp_path, monkeypatch, capsys):
    # With a port taken, a rehearsal's account is elsewhere, and no click command line says so.
    elsewhere = {"endpoint_url": "http://127.0.0.1:5001", "outputs_dir": str(tmp_path), "run_id": "r1"}
    chosen = load("local", {**elsewhere, "mode": "apply"})
    record = records.open_run(chosen)
    record.append(records.LOG, {"state": "intended", "name": "x"})
    record.write_json("run.json", {"mode": "apply", "verdict": "failed"})
    monkeypatch.setattr(undo_commands, "connect", lambda _: None)
    monkeypatch.setattr(undo_commands.run_lock, "read_lock", held)
    ways_on(Run(chosen, record), "failed")
    lines = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    for which, command in (("rollback", lines["Undo"]), ("apply", lines["Go on"])):
        found, words, where = taken(command.strip())
        assert (found, words["run_id"], words["break_lock"]) == (which, "r1", broken)
        assert same(where, chosen) == set() and where.outputs_dir == str(tmp_path)


def test_what_changed_nothing_is_not_to_be_undone_and_what_is_done_does_not_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(undo_commands, "connect", lambda _: None)
    monkeypatch.setattr(undo_commands.run_lock, "read_lock", lambda live: None)
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    ways_on(Run(chosen, records.open_run(chosen)), "succeeded")
    assert capsys.readouterr().out == ""


def test_a_kept_rehearsal_names_its_endpoint_in_every_command(monkeypatch, capsys):
    endpoint = "http://127.0.0.1:5001"
    monkeypatch.setattr(rehearsal_cli, "_account", lambda kept: contextlib.nullcontext(endpoint))
    monkeypatch.setattr(rehearsal_cli, "_run_rehearsal", lambda chosen, lasting: 0)
    with pytest.raises(SystemExit):
        rehearsal_cli.rehearse.callback(keep=True, stopping=False, outputs_dir="elsewhere")
    printed = re.findall(r"runbook .*", capsys.readouterr().out)
    assert len(printed) == 2
    which, words, found = taken(printed[0])
    assert (which, words["number"], found.endpoint_url, found.outputs_dir) == ("open", "03", endpoint, "elsewhere")
    assert printed[1] == "runbook rehearse --stop"


@pytest.mark.parametrize("more", ["--keep", "--stop"])
def test_the_procedure_has_an_account_of_its_own_which_is_not_kept(more):
    ended = CliRunner().invoke(main, ["rehearse", "--approval", more])
    assert (ended.exit_code, "leave --keep and --stop out" in ended.stderr) == (2, True)


def test_the_rehearsal_of_approval_walks_the_procedure(monkeypatch):
    walked = []
    procedure = types.SimpleNamespace(walk=lambda: walked.append("whole"))
    there = contextlib.nullcontext(procedure)
    monkeypatch.setattr(
        rehearsal_cli.approval_procedure, "account_to_walk_on", lambda where: walked.append(where) or there
    )
    ended = CliRunner().invoke(main, ["rehearse", "--approval", "--outputs-dir", "elsewhere"])
    assert (ended.exit_code, walked) == (0, ["elsewhere", "whole"])
    assert "The records stay" in ended.stdout


def test_a_notebook_shows_only_what_can_be_done_with_its_run(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(page, "display", lambda one: shown.append(repr(one)))
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    record = records.open_run(chosen)
    show.ways_out(Run(chosen, record))
    assert "runbook" not in shown[-1]
    record.append(records.LOG, wrote(Queue.kind))
    show.ways_out(Run(chosen, record))
    assert re.findall(r"runbook (\w+)", shown[-1]) == ["rollback"]
    record.write_json("run.json", {"mode": "apply", "verdict": "running"})
    record.write_json("backup/b.json", {})
    show.ways_out(Run(chosen, record))
    # It kept a backup, and never came to write the workflow: a restore would be refused.
    assert re.findall(r"runbook (\w+)", shown[-1]) == ["apply", "rollback"]
    record.append(records.LOG, wrote(Workflow.kind))
    show.ways_out(Run(chosen, record))
    assert re.findall(r"runbook (\w+)", shown[-1]) == ["apply", "rollback", "restore"]


TAKING = {"restore", "--resume", "rollback"}
# Where one of these is made without asking what can be done, and why it can.
KNOWN_TO_WORK = {
    ("lib/display/run_commands.py", "commands"): "the one place",
    ("lib/record/run_phases.py", "way_on"): "asks whether the run began a phase",
    ("lib/resources/record_stores.py", "_by_this_machine"): "asks whether the run's changes lie here",
    ("lib/resources/s3_record_store.py", "without_it"): "the run was writing when its store failed",
    ("lib/cli/change_commands.py", "apply"): "it is this command; what it prints is `lock`",
    ("lib/cli/undo_commands.py", "nothing_to_undo"): "asks whether there is a backup",
    ("lib/cli/undo_commands.py", "rollback"): "it is this command, with --unverified",
    ("lib/cli/undo_commands.py", "restore_command"): "it is this command, with --unverified",
}


def places_that_take_a_run_up(path):
    """The functions of a file in which a command that takes a run up is made."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if any("command_lines." in ast.unparse(part) for part in node.body) and TAKING & words:
                yield name(path), node.name


def test_no_other_place_offers_what_takes_a_run_up():
    assert {place for path in ALL for place in places_that_take_a_run_up(path)} == set(KNOWN_TO_WORK)


@pytest.mark.parametrize("more", [("03", "", "04"), ("", "05", "04"), ("03", "05", "04")])
def test_one_phase_alone_goes_with_no_first_and_no_last(more):
    with pytest.raises(BadParameters, match="--only 04 is one phase, and --from and --to name more"):
        numbers(*more)


def run_of(tmp_path, run_id, verdict, phases, mode="apply"):
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": run_id})
    record = records.open_run(chosen)
    each = "not_run" if verdict == "refused" else verdict
    rows = [{"number": number, "notebook": NOTEBOOKS[number], "verdict": each} for number in phases]
    record.write_json("run.json", {"run_id": run_id, "verdict": verdict, "mode": mode, "phases": rows})
    return record


def test_the_runs_are_those_that_took_place_and_a_part_is_none_of_the_whole(tmp_path, capsys):
    run_of(tmp_path, "whole", "succeeded", NOTEBOOKS)
    run_of(tmp_path, "read", "succeeded", ["07"])
    record = run_of(tmp_path, "one", "succeeded", ["03"])
    record.append(records.LOG, OF_THE_WORKFLOW)
    record.append(records.LOG, wrote(Workflow.kind, "applied"))
    record = run_of(tmp_path, "some", "succeeded", ["00", "01", "02"])
    for undoes in (False, True):
        record.append(records.LOG, wrote(Queue.kind, "applied", undoes, action="create"))
    run_of(tmp_path, "failed", "failed", ["03"])
    records.open_run(load("local", {"outputs_dir": str(tmp_path), "run_id": "planned"})).keep_json("plan.json", {})
    run_of(tmp_path, "denied", "refused", ["00"])
    run_of(tmp_path, "none", "not_run", ["00"])
    between = run_of(tmp_path, "killed", "not_run", ["00", "01"])
    phases = [{"number": "00", "verdict": "succeeded"}, {"number": "01", "verdict": "not_run"}]
    between.write_json("run.json", {**between.read_json("run.json"), "phases": phases})
    records.open_run(load("local", {"outputs_dir": str(tmp_path), "run_id": "empty"}))
    with pytest.raises(SystemExit) as ended:
        main(["status", "local", "--set", f"outputs_dir={tmp_path}"])
    assert ended.value.code == 0
    table, others = capsys.readouterr().out.split("Nothing took place in: ")
    rows = {
        cells[0]: cells[1] for line in table.splitlines() if len(cells := [c.strip() for c in line.split("│")[1:]]) > 3
    }
    # What is first read is what changed something, newest first; then what did not end well.
    assert [*rows.items()] == [
        ("some", "✓ succeeded (00, 01, 02 alone)"),
        ("one", "✓ succeeded (03 alone)"),
        ("failed", "✗ failed (at 03_state_machine)"),
        ("killed", "○ not_run"),
    ]
    assert "│ 1 changed" in table and "│ 1 added, 1 undone │ " in table
    assert "Besides 2 runs that changed nothing, the latest whole." in table
    assert "Besides 1 plan, the latest planned." in table
    assert others.split() == ["denied", "(refused),", "empty", "(did", "not", "start),", "none", "(not_run)"]


@pytest.mark.parametrize(
    ("words", "usable"),
    [
        (["rollback", "local", "r0"], "changed"),
        (["restore", "local", "r0"], "backed-up"),
        (["apply", "local", "--yes", "--resume", "r0"], "changed"),
        (["status", "local", "r0"], "backed-up, changed, planned"),
    ],
)
def test_the_latest_runs_are_those_that_the_command_can_use(words, usable, tmp_path):

    run_of(tmp_path, "changed", "failed", ["01"]).append(
        records.LOG, {"state": "applied", "undoes": False, "name": "x"}
    )
    run_of(tmp_path, "planned", "succeeded", ["01"], mode="plan")
    run_of(tmp_path, "backed-up", "refused", ["01"]).write_json("backup/b.json", {})
    said = CliRunner().invoke(main, [*words, "--set", f"outputs_dir={tmp_path}"]).stderr
    assert said.strip().endswith(f"no run 'r0' of environment local; the latest are: {usable}")
