"""What the command says of itself, how much it says, and what a shell completes. Nothing here reaches an account."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lib.checks import Check, Status
from lib.cli import app, drill_command
from lib.cli.change_commands import main
from lib.display import console
from lib.display.console import Volume
from lib.record import records, sealing
from lib.settings import ROOT, load
from lib.values.check_registry import Id

OURS = main.list_commands(click.Context(main))  # with those that other packages add
EXAMPLE = re.compile(r"^ +runbook (\S.*?)(?:  .*)?$", re.MULTILINE)


def asked(*words, **options):
    return CliRunner().invoke(main, [*words], **options)


@pytest.mark.parametrize("command", OURS)
def test_help_says_what_env_may_be_gives_an_example_and_explains_the_exit_codes(command):
    said = asked(command, "--help").output
    takes = any(parameter.name == "environment" for parameter in main.get_command(None, command).params)
    assert ("local, prod, staging: a file of parameters/" in " ".join(said.split())) == takes
    assert EXAMPLE.search(said)
    for code, _ in app.EXIT_CODES:
        assert re.search(rf"^  {code} +\S", said, re.MULTILINE)


@pytest.mark.parametrize("command", [None, *OURS])
def test_an_example_is_a_command_that_is_taken(command):
    said = asked(*([command] if command else []), "--help").output
    for line in EXAMPLE.findall(said):
        which, *words = shlex.split(line.partition(">")[0].replace("RUN_ID", "r1"))
        if "--help" not in words:
            main.get_command(None, which).make_context(which, words)


def test_a_policy_is_all_that_is_said_where_it_is_asked_for():
    said = asked("doctor", "local", "--policy", "reader")
    assert said.exit_code == 0 and json.loads(said.output)["Statement"]
    assert said.output == asked("doctor", "local", "--policy", "reader", "--json").output


def test_a_policy_is_not_printed_where_it_is_asked_who_one_is():
    said = asked("doctor", "local", "--policy", "reader", "--as", "reader")
    assert (said.exit_code, said.stdout) == (2, "") and "one of them" in said.stderr


def test_the_exit_codes_are_those_that_the_readme_explains():
    told = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [code for code, _ in app.EXIT_CODES] == told


def test_the_version_names_the_commit():
    said = asked("--version")
    assert said.exit_code == 0
    assert re.fullmatch(r"runbook \d+\.\d+\.\d+, commit ([0-9a-f]{40}\+?|cannot tell.*)\n", said.output)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("app", {"plain,apply"}),
        ("apply s", {"plain,staging"}),
        ("status local r", {"plain,r1", "plain,r2"}),
        ("rollback nowhere r", set()),
        ("apply ./some", {"file,./some"}),
        ("apply local --y", {"plain,--yes"}),
    ],
)
def test_a_shell_completes_commands_environments_and_runs(typed, found, tmp_path, monkeypatch):
    for run_id in ("r1", "r2"):
        records.open_run(load("local", {"outputs_dir": str(tmp_path), "run_id": run_id}))
    given = load("local", {"outputs_dir": str(tmp_path)})
    monkeypatch.setattr(app.settings, "load", lambda name, *_, **__: given if name == "local" else load(name))
    words = f"runbook {typed}"
    variables = {"_RUNBOOK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    ended = CliRunner().invoke(main, [], prog_name="runbook", env=variables, complete_var="_RUNBOOK_COMPLETE")
    assert {*ended.output.split()} == found


def test_the_installed_command_completes_for_each_shell():
    for shell, word in (("bash", "complete -o"), ("zsh", "#compdef runbook"), ("fish", "complete --no-files")):
        command = Path(sys.executable).with_name("runbook")
        environment = {**os.environ, "_RUNBOOK_COMPLETE": f"{shell}_source"}
        ended = subprocess.run([command], env=environment, capture_output=True, text=True, check=False)
        assert word in ended.stdout, ended


# How much is said


@pytest.fixture
def runs(tmp_path):
    """`status`, `verify` and so on, of a folder with one run that is sealed."""
    record = records.open_run(load("local", {"outputs_dir": str(tmp_path), "run_id": "r1"}))
    row = {"number": "03", "notebook": "03_state_machine", "verdict": "failed", "error": "no"}
    counts = {"cells_run": 1, "cells_failed": 1, "cells_not_run": 0}
    told = {"run_id": "r1", "mode": "apply", "verdict": "failed", "phases": [row | counts], "ended": "now"}
    record.write_json("run.json", told)
    sealing.seal(record)
    return record, ("--set", f"outputs_dir={tmp_path}")


def test_the_runs_as_data_are_one_json_text_and_nothing_else(runs):
    _, where = runs
    found = json.loads(asked("status", "local", "--json", *where).stdout)
    (run,) = found["runs"]
    assert found["environment"] == "local"
    assert {*run} == {
        "run_id", "verdict", "mode", "phases", "changes", "who", "started", "seconds", "can", "here", "trouble",
    }  # fmt: skip
    assert (run["verdict"], run["phases"], run["can"]) == ("failed (at 03_state_machine)", ["03"], ["go_on"])
    one = json.loads(asked("status", "local", "r1", "--json", *where).stdout)
    assert one["commands"]["go_on"].startswith("runbook apply local --resume r1")
    assert one["phases"][0]["error"] == "no"


@pytest.mark.parametrize("options", [("--json", "-q"), ("-q", "--json")])
def test_data_is_printed_quietly_as_well(runs, options):
    _, where = runs
    assert asked("status", "local", *options, *where).stdout == asked("status", "local", "--json", *where).stdout


def test_a_folder_that_was_touched_is_told_as_data_and_by_the_exit_code(runs):
    record, _ = runs
    good = asked("verify", str(record.folder), "--json")
    assert (good.exit_code, json.loads(good.stdout)["as_sealed"], json.loads(good.stdout)["open"]) == (0, True, False)
    (record.folder / "run.json").write_text("{}")
    bad = asked("verify", str(record.folder), "--json")
    told = json.loads(bad.stdout)
    assert (bad.exit_code, told["as_sealed"], told["open"], len(told["differences"])) == (1, False, False, 1)
    assert {*told} == {"folder", "run_id", "environment", "account", "as_sealed", "open", "differences"}
    assert bad.stderr.startswith("NotAsWanted: ")


def test_a_command_that_fails_as_data_says_so_on_standard_error_alone():
    ended = asked("status", "nowhere", "--json")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "no parameters for environment 'nowhere'" in ended.stderr


def test_quietly_only_what_came_of_it_is_said(runs):
    _, where = runs
    loud, quiet = (asked("status", "local", "r1", *more, *where).stdout for more in ((), ("-q",)))
    assert "cells run" in loud and "cells run" not in quiet
    assert quiet.splitlines()[0].startswith("✗ failed (at 03_state_machine): run r1")
    assert "To go on with this run: runbook apply" in quiet
    assert "cells run" in asked("status", "local", "r1", *where).stdout  # the next command is none the quieter


def test_how_much_is_said_is_forgotten_with_the_command(capsys):
    assert asked("status", "nowhere", "--json").exit_code == 2
    console.line("said")
    assert capsys.readouterr().out == "said\n"


@pytest.mark.parametrize("words", [("status", "--json"), ("status", "local", "-q", "--no-such")])
def test_a_command_line_that_is_wrong_keeps_the_next_one_from_saying_nothing(words):
    assert asked(*words).exit_code == 2
    assert asked("--version").stdout.startswith("runbook ")


def test_data_holds_nobodys_contact_and_no_character_that_a_terminal_obeys(capsys):
    console.set_volume(Volume.DATA)
    try:
        console.data({"a": "+4917055501234", "b": "\x1b]52;\u202e\x9b"})
        console.line("a line")
        console.table("a", ["b"], [["c"]])
        console.verdict_line("failed", ": it")
    finally:
        console.set_volume(Volume.ALL)
    said = capsys.readouterr().out
    assert said.isascii() and "\x1b" not in said and "5550" not in said
    assert json.loads(said)["b"] == "\x1b]52;\u202e\x9b"


def test_the_data_of_a_drill_has_these_keys(record):
    check = Check(Id.AS_WANTED, "c", Status.PASSED, "f", "e")
    row = {"route": "crisis", "started": "now"}
    found = {"name": "crisis", "status": "passed", "found": ""}
    told = drill_command._to_data(record, found, row, {"trusted": 1.0, "operations": None}, [check])
    assert {*told} == {
        "run_id", "scenario", "status", "why", "route", "started", "seconds_until", "checks", "record",
    }  # fmt: skip
    assert told["seconds_until"] == {"trusted": 1.0, "operations": None}


def test_the_docs_name_every_key_of_what_is_printed_as_data():
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    keys = {
        "plan": "run_id environment account region approval fingerprint counts changes besides record refused next",
        "status": "runs verdict mode phases changes who started seconds can here trouble ended commands",
        "drill": "scenario status why route started seconds_until checks record",
        "verify": "folder as_sealed open differences",
        "history": "source new before aside whole",
    }
    assert [key for said in keys.values() for key in said.split() if f"`{key}`" not in text] == []


def test_which_commands_give_data():
    options = {name: {o for p in command.params for o in p.opts} for name, command in main.commands.items()}
    assert {name for name, known in options.items() if "--json" in known} == {
        "history",
        "plan",
        "status",
        "doctor",
        "drill",
        "sign",
        "verify",
        "watch",
    }
    assert all("--quiet" in known for known in options.values())
    assert isinstance(main, click.Group)
