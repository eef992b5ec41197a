"""A command that a message tells somebody to type names the run's own parameters, and no address."""

import pytest
import yaml
from test_house import ROOT
from typed import same, taken

from lib import settings
from lib.definitions import documents
from lib.phases import parameters_cell
from lib.record import command_lines
from lib.settings import load


@pytest.fixture
def own(tmp_path):
    """A parameters file somewhere, in a folder whose name needs quoting."""
    file = tmp_path / "it's mine" / "own.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump({**load("local").model_dump(), "environment": "mine"}), encoding="utf-8")
    return file


GIVEN = {
    "nothing else": {},
    "another endpoint": {"endpoint_url": "http://127.0.0.1:5001"},
    "folders": {"outputs_dir": "/tmp/a b; rm -rf x", "docs_dir": "/tmp/$(id)`id`"},
    "numbers and a list": {"crisis_risk_above": 96.5, "not_exercised_here": [], "burst_drills": 3},
    "a number that Python writes as no YAML": {"success_rate_error": 0.00001},
    "words of a shell": {"profile": "a'b\"c $HOME `id` \\ !x"},
}


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("by", ["its name", "its path", "a path elsewhere"])
def test_a_command_names_the_parameters_of_its_run(by, given, own):
    file = {"its name": "local", "its path": str(ROOT / "parameters" / "local.yaml"), "a path elsewhere": str(own)}[by]
    chosen = load(file, {**GIVEN[given], "mode": "apply", "run_id": "r1"})
    command = command_lines.runbook(chosen, "rollback", "r1", "--break-lock")
    which, words, found = taken(command)
    assert (which, words["run_id"], words["break_lock"]) == ("rollback", "r1", True)
    assert same(found, chosen) == set()
    assert (found.outputs_dir, found.docs_dir, found.profile) == (chosen.outputs_dir, chosen.docs_dir, chosen.profile)
    if by != "a path elsewhere":
        assert command.startswith("runbook rollback local r1")


def test_a_notebook_names_the_file_that_its_runner_was_given(own, monkeypatch):
    chosen = load(str(own))
    with monkeypatch.context() as kernel:
        for name, value in parameters_cell.kernel_variables(chosen, "r1").items():
            kernel.setenv(name, value)
        inside = parameters_cell.read({"In": []})
    assert inside == settings.with_changes(chosen, run_id="r1")
    assert command_lines.runbook(inside, "status") == command_lines.runbook(chosen, "status")
    by_hand = parameters_cell.read(chosen.model_dump())
    assert (
        command_lines.runbook(by_hand, "status") == 'runbook status "$PARAMETERS"'
    )  # which nobody can take for another
    assert command_lines.runbook(parameters_cell.read(load("local").model_dump()), "status") == "runbook status local"


def test_a_file_inside_the_checkout_is_named_from_its_top_and_another_as_it_lies(tmp_path):
    inside = ROOT / "outputs" / "local" / "run" / "evidence" / "some.yaml"
    assert settings.file_word(inside) == "outputs/local/run/evidence/some.yaml"
    assert settings.file_word(tmp_path / "some.yaml") == str(tmp_path / "some.yaml")


def test_a_message_does_not_fail_over_a_file_that_is_gone_and_guesses_no_other(own):
    chosen = load(str(own))
    own.unlink()
    assert command_lines.runbook(chosen, "lock") == 'runbook lock "$PARAMETERS"'
    assert documents.testing_commands(chosen)


def test_no_command_holds_an_address(monkeypatch):
    given = {"ops_subscription_protocol": "sms", "ops_subscription_endpoint": "+491705550100"}
    command = command_lines.runbook(load("local", given), "rollback", "r1")
    assert "5550100" not in command
    assert '--set "ops_subscription_endpoint=$OPS_SUBSCRIPTION_ENDPOINT"' in command
