"""`runbook doctor`: it says all that is wrong, ends with the exit code of the worst, and tells nobody's contact."""

import json

import pytest
from click.testing import CliRunner
from doctored import ASKED

from lib.checks import Status
from lib.cli import change_commands, doctor_command
from lib.definitions.access_policies import Whose, access_policy
from lib.errors import BadParameters, Refused, Unreachable
from lib.phases.doctor import account, machine
from lib.phases.doctor.findings import Finding
from lib.settings import load


@pytest.fixture
def here(monkeypatch):
    """This machine, without the seconds that a kernel takes, and no account."""
    monkeypatch.setattr(doctor_command.notebook_engine, "start_once", lambda within: None)
    passed = Finding(ASKED, Status.PASSED, "as it should be")
    monkeypatch.setattr(doctor_command.account, "findings", lambda settings, whose: [passed])
    monkeypatch.setattr(doctor_command.machine, "python_version", lambda: passed)  # the tests' own is not isolated
    return monkeypatch


def said(*words):
    return CliRunner().invoke(change_commands.main, ["doctor", *words])


def test_the_command_says_all_and_ends_with_0(here, tmp_path):
    ended = said("local", "--set", f"outputs_dir={tmp_path}")
    assert ended.exit_code == 0, ended.output
    assert "7 of 7 passed" in ended.output


def test_a_kernel_that_does_not_start_fails(here):
    def none(within):
        raise RuntimeError("Kernel died before replying to kernel_info")

    here.setattr(doctor_command.notebook_engine, "start_once", none)
    ended = said("local")
    assert ended.exit_code == 1
    assert "kernel, failed: expected starts within 60 s; remove .venv" in ended.output


def test_bad_parameters_are_a_finding_and_the_machine_is_looked_at_all_the_same(here):
    ended = said("nowhere", "--json")
    assert ended.exit_code == 2
    rows = {row["check"]: row for row in json.loads(ended.output)}
    assert rows["parameters"]["status"] == "failed"
    assert "expected one of local, prod, staging" in rows["parameters"]["found"]
    assert rows["packages"]["status"] == "passed"
    assert rows["lock"]["status"] == "cannot tell"
    assert {frozenset(row) for row in rows.values()} == {frozenset(("check", "status", "found", "expected", "do"))}


def test_the_exit_code_is_that_of_the_worst(here):
    failed = [Finding(ASKED, Status.FAILED, "no", code) for code in (1, 3, 2)]
    here.setattr(doctor_command.account, "findings", lambda settings, whose: failed)
    assert said("local").exit_code == 3


def test_other_code_than_this_checkouts_is_refused_and_nothing_is_connected(here):
    def other():
        raise Refused("lib.aws was imported from /elsewhere")

    here.setattr(machine.origin, "imported_sources", other)
    ended = said("local", "--json")
    rows = {row["check"]: row for row in json.loads(ended.output)}
    assert (ended.exit_code, rows["code"]["status"]) == (3, "failed")
    assert "/elsewhere" in rows["code"]["found"]
    assert rows["credentials"]["found"] == account.OTHER_CODE


def test_a_parameters_file_that_may_not_be_read_is_a_finding(here):
    def closed(*_):
        raise PermissionError(13, "Permission denied", "prod.yaml")

    here.setattr("lib.settings._parameters_of", closed)
    ended = said("prod", "--json")
    rows = {row["check"]: row for row in json.loads(ended.output)}
    assert (ended.exit_code, rows["parameters"]["status"]) == (1, "failed")


@pytest.mark.parametrize(
    ("error", "code"), [(Refused("approval none: ..."), 3), (BadParameters("no mapping"), 2), (Unreachable("no"), 2)]
)
def test_parameters_that_no_command_takes_end_it_as_they_end_every_other(here, error, code):
    def raised(*_):
        raise error

    here.setattr("lib.settings._parameters_of", raised)
    assert said("prod").exit_code == code
    assert CliRunner().invoke(change_commands.main, ["status", "prod"]).exit_code == code


@pytest.mark.parametrize("whose", Whose)
def test_a_policy_is_printed_as_json_and_nothing_else(here, whose):
    ended = said("prod", "--policy", str(whose))
    assert ended.exit_code == 0
    assert json.loads(ended.stdout) == access_policy(load("prod"), whose)


def test_no_contact_is_told(here):
    mail = Finding(ASKED, Status.FAILED, "jane.roe@example.org", 1)
    here.setattr(doctor_command.account, "findings", lambda settings, whose: [mail])
    assert "jane.roe" not in said("local", "--json").output
    assert "jane.roe" not in said("local").output
