"""The doctor where something is broken: it says so, never passes what it cannot tell, and never raises. No AWS."""

import json
import platform
import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound
from click.testing import CliRunner

from lib.aws import NOT_TOLD, Identity, Live
from lib.aws_answers import readable
from lib.checks import Status
from lib.cli import change_commands, doctor_command
from lib.definitions.access_policies import Whose, access_policy
from lib.display import terminal
from lib.errors import Refused
from lib.phases.doctor import account, machine, permissions
from lib.phases.doctor.findings import Finding, Question, find_out
from lib.resources.lock_value import Lock
from lib.settings import load

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DATE = "Thu, 01 Jan 2026 12:00:00 GMT"
ROLE = "arn:aws:iam::000000000000:role/people/Operations"
SESSION = "arn:aws:sts::000000000000:assumed-role/Operations/jane"
USER = "arn:aws:iam::000000000000:user/jane"
ASKED = Question("something", "so", "do this")


def denied(code="AccessDenied", date=DATE):
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    return ClientError(answer, "Call")


class Aws:
    """Every service at once: each operation answers with its value, or raises it."""

    def __init__(self, **answers):
        self.calls = []
        self.answers = {
            "get_caller_identity": {"ResponseMetadata": {"HTTPHeaders": {"date": DATE}}},
            "describe_state_machine": {"status": "ACTIVE"},
            "get_parameter": denied("ParameterNotFound"),
            "list_objects_v2": {},
            "get_role": {"Role": {"Arn": ROLE}},
            "simulate_principal_policy": lambda given: {"EvaluationResults": decisions(given)},
        } | answers

    def __getattr__(self, operation):
        def call(**given):
            self.calls.append((operation, given))
            answer = self.answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer(given) if callable(answer) else answer

        return call

    def get_paginator(self, operation):
        return type("Pages", (), {"paginate": lambda _, **given: [getattr(self, operation)(**given)]})()


def decisions(given, decision="allowed"):
    return [{"EvalActionName": name, "EvalDecision": decision} for name in given["ActionNames"]]


class Services(dict):
    def __init__(self, aws):
        super().__init__()
        self.aws = aws

    def __contains__(self, service):
        return True

    def __missing__(self, service):
        return self.aws


def live(aws=None, caller=SESSION, **other):
    settings = load("local", {"not_exercised_here": [], **other})
    identity = Identity(settings.account_id, settings.region, caller, "AWS")
    return Live(settings, identity, None, clients=Services(aws or Aws()))


def of_account(connection, whose=Whose.OPERATOR, clock=lambda: NOW):
    found = account.findings(connection.settings, whose, clock, lambda settings: connection)
    return {one.question.name.partition(" of the ")[0]: one for one in found}


def unreachable(error, whose=Whose.OPERATOR, clock=lambda: NOW):
    def link(settings):
        with readable("connecting"):
            raise error

    found = account.findings(load("local"), whose, clock, link)
    return {one.question.name.partition(" of the ")[0]: one for one in found}


def test_an_account_in_order_passes_and_says_what_it_found():
    found = of_account(live(record_store="s3://records-of-ours/phase3"))
    assert {name: str(one.status) for name, one in found.items()} == dict.fromkeys(found, "passed")
    assert len(found) == 6
    assert found["credentials"].found == SESSION
    assert found["account and region"].found == "000000000000 in us-east-1 at AWS, with Your6-CheckinWorkflow (ACTIVE)"
    assert [one.do for one in found.values()] == [""] * 6


def test_nothing_is_written():
    aws = Aws()
    of_account(live(aws, record_store="s3://records-of-ours/phase3"))
    reads = ("get_", "list_", "describe_", "simulate_")
    assert len(aws.calls) > 30
    assert [name for name, _ in aws.calls if not name.startswith(reads)] == []


def test_without_an_answer_the_credentials_fail_and_the_rest_is_not_known():
    found = unreachable(EndpointConnectionError(endpoint_url="http://nowhere"))
    bad = found.pop("credentials")
    assert (bad.status, bad.exit_code) == (Status.FAILED, 2)
    assert "no answer while connecting" in bad.found and "log in again" in bad.do
    assert {str(one.status) for one in found.values()} == {"cannot tell"}
    assert {one.exit_code for one in found.values()} == {0}


@pytest.mark.parametrize("error", [RuntimeError("odd"), NoCredentialsError(), ProfileNotFound(profile="none")])
def test_whatever_keeps_it_from_connecting_is_told(error):
    bad = unreachable(error)["credentials"]
    assert (bad.status, bad.exit_code) == (Status.FAILED, 2)
    assert bad.found


def test_credentials_of_another_account_are_taken_and_the_account_is_refused():
    found = unreachable(Refused("these credentials belong to account 111111111111"))
    assert found["credentials"].status == Status.PASSED
    wrong = found["account and region"]
    assert (wrong.status, wrong.exit_code) == (Status.FAILED, 3)
    assert "111111111111" in wrong.found and "switch the profile" in wrong.do


def test_a_clock_that_is_off_is_told_also_where_aws_refuses_who_calls_for_it():
    found = unreachable(denied("SignatureDoesNotMatch"), clock=lambda: NOW + timedelta(minutes=7))
    assert found["credentials"].status == Status.FAILED
    assert (found["clock"].status, found["clock"].found) == (Status.FAILED, "420 s ahead of AWS's")


@pytest.mark.parametrize(
    ("seconds", "status", "said"),
    [(61, Status.FAILED, "61 s ahead"), (-61, Status.FAILED, "61 s behind"), (60, Status.PASSED, "60 s ahead")],
)
def test_the_clock_is_held_against_aws(seconds, status, said):
    found = of_account(live(), clock=lambda: NOW + timedelta(seconds=seconds))["clock"]
    assert found.status == status and found.found.startswith(said)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Thu, 01 Jan 2026 12:00:00"}])
def test_an_answer_without_a_time_is_no_pass(headers):
    aws = Aws(get_caller_identity={"ResponseMetadata": {"HTTPHeaders": headers}})
    assert of_account(live(aws))["clock"].status == Status.CANNOT_TELL


def test_a_workflow_that_is_being_deleted_fails():
    found = of_account(live(Aws(describe_state_machine={"status": "DELETING"})))["account and region"]
    assert found.status == Status.FAILED and "(DELETING)" in found.found


def test_a_region_without_the_workflow_fails():
    found = of_account(live(Aws(describe_state_machine=denied("StateMachineDoesNotExist"))))["account and region"]
    assert found.status == Status.FAILED and "with no Your6-CheckinWorkflow" in found.found


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("describe_state_machine", "account and region"),
        ("list_objects_v2", "record store"),
        ("get_parameter", "lock"),
        ("get_role", "permissions"),
        ("simulate_principal_policy", "permissions"),
        ("get_caller_identity", "clock"),
    ],
)
@pytest.mark.parametrize("error", [denied(), denied("AccessDeniedException"), ValueError("odd"), KeyError("odd")])
def test_what_may_not_be_asked_or_goes_wrong_is_cannot_tell_and_everything_else_is_asked(operation, name, error):
    found = of_account(live(Aws(**{operation: error}), record_store="s3://records-of-ours/phase3"))
    assert {one for one, answer in found.items() if answer.status != Status.PASSED} == {name}
    assert found[name].status == Status.CANNOT_TELL
    assert found[name].do and found[name].exit_code == 0


def test_a_store_that_is_not_there_fails_and_none_is_no_pass():
    missing = of_account(live(Aws(list_objects_v2=denied("NoSuchBucket")), record_store="s3://records-of-ours/phase3"))
    assert (missing["record store"].status, missing["record store"].exit_code) == (Status.FAILED, 1)
    none = of_account(live())["record store"]
    assert (none.status, none.do) == (Status.NOT_APPLIED, "")


@pytest.mark.parametrize(("ago", "status"), [(10, Status.WAITING), (500, Status.FAILED)])
def test_a_lock_that_somebody_holds_is_waited_for_and_a_stale_one_fails(ago, status):
    lock = Lock("0" * 64, "r1", USER, "elsewhere", 1, "then", "2026-01-01T11:00:00Z", 120)
    answer = {
        "Parameter": {
            "Value": json.dumps(lock.to_row()),
            "Version": 1,
            "LastModifiedDate": NOW - timedelta(seconds=ago),
        },
        "ResponseMetadata": {"HTTPHeaders": {"date": DATE}},
    }
    found = of_account(live(Aws(get_parameter=answer)))["lock"]
    assert found.status == status
    assert "run r1" in found.found and "runbook lock local" in found.do


def test_something_else_in_the_place_of_the_lock_fails():
    answer = {"Parameter": {"Value": "[]", "Version": 1}, "ResponseMetadata": {}}
    found = of_account(live(Aws(get_parameter=answer)))["lock"]
    assert (found.status, found.exit_code) == (Status.FAILED, 3)


def test_what_is_denied_of_the_policy_is_named_with_its_thing():
    def one_denied(given):
        rows = decisions(given)
        return {
            "EvaluationResults": [
                row | {"EvalDecision": "implicitDeny"} if row["EvalActionName"] == "states:TestState" else row
                for row in rows
            ]
        }

    found = of_account(live(Aws(simulate_principal_policy=one_denied)))["permissions"]
    assert (found.status, found.exit_code) == (Status.FAILED, 1)
    assert "are denied: states:TestState on *" in found.found
    assert "runbook doctor local --policy operator" in found.do


def test_many_that_are_denied_are_counted():
    def every(given):
        return {"EvaluationResults": decisions(given, "explicitDeny")}

    found = of_account(live(Aws(simulate_principal_policy=every)), Whose.READER)["permissions"]
    assert f"and {len(pairs(Whose.READER)) - permissions.NAMES_SAID} more" in found.found


def pairs(whose):
    rows = access_policy(load("local"), whose)["Statement"]
    return {
        (action, arn)
        for one in rows
        for action in one["Action"]
        for arn in (one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
    }


@pytest.mark.parametrize("answer", [{"EvaluationResults": []}])
def test_an_action_of_which_the_simulator_says_nothing_is_not_allowed(answer):
    found = of_account(live(Aws(simulate_principal_policy=answer)))["permissions"]
    assert found.status == Status.FAILED


def test_each_action_is_simulated_on_each_thing_with_what_a_call_carries():
    aws = Aws()
    of_account(live(aws, caller=USER))
    asked = [given for name, given in aws.calls if name == "simulate_principal_policy"]
    assert {(action, arn) for one in asked for action in one["ActionNames"] for arn in one["ResourceArns"]} == pairs(
        Whose.OPERATOR
    )
    assert {one["PolicySourceArn"] for one in asked} == {USER}
    passing = next(one for one in asked if one["ActionNames"] == ["iam:PassRole"])
    assert {
        "ContextKeyName": "iam:PassedToService", "ContextKeyValues": ["states.amazonaws.com"],
        "ContextKeyType": "string",
    } in passing["ContextEntries"]  # fmt: skip


def test_what_a_policy_wants_absent_is_not_simulated_as_if_a_call_carried_it():
    aws = Aws()
    of_account(live(aws))
    asked = [given for name, given in aws.calls if name == "simulate_principal_policy"]
    guards = next(
        one
        for one in asked
        if one["ResourceArns"][0].endswith("/guards/*") and "ssm:PutParameter" in one["ActionNames"]
    )
    assert [entry["ContextKeyName"] for entry in guards["ContextEntries"]] == ["aws:SecureTransport"]


def test_of_a_session_its_role_is_simulated_with_its_path():
    aws = Aws()
    of_account(live(aws))
    assert {given["PolicySourceArn"] for name, given in aws.calls if name == "simulate_principal_policy"} == {ROLE}


@pytest.mark.parametrize(
    "caller", ["arn:aws:iam::000000000000:root", NOT_TOLD, "arn:aws:sts::000000000000:federated-user/x"]
)
def test_whom_aws_cannot_simulate_is_cannot_tell(caller):
    aws = Aws()
    assert of_account(live(aws, caller=caller))["permissions"].status == Status.CANNOT_TELL
    assert "simulate_principal_policy" not in [name for name, _ in aws.calls]


def test_where_only_aws_could_answer_nothing_is_asked_and_nothing_passes():
    aws = Aws()
    found = of_account(live(aws, not_exercised_here=["permission_simulation"]))["permissions"]
    assert (found.status, found.do) == (Status.NOT_EXERCISED, "")
    assert "simulate_principal_policy" not in [name for name, _ in aws.calls]


def test_what_takes_too_long_is_cannot_tell():
    ended = threading.Event()
    found = find_out(ASKED, lambda: (Status.PASSED, str(ended.wait())), 0.01)
    ended.set()
    assert found.status == Status.CANNOT_TELL and "no whole answer within 0.01 s" in found.found


def test_the_worst_is_read_first(capsys):
    given = (Status.PASSED, Status.NOT_EXERCISED, Status.CANNOT_TELL, Status.FAILED)
    terminal.findings([Finding(ASKED, status, "") for status in given])
    said = capsys.readouterr().out
    assert sorted(given, key=said.index) == [*reversed(given)]


def test_an_old_python_fails(monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.9.2")
    found = machine.python_version()
    assert found.status == Status.FAILED and "3.9.2 (>=3.11)" in found.found and "remove .venv" in found.do


@pytest.mark.parametrize(
    ("version", "said"), [("0.0.1", "0.0.1, not"), (None, "is not installed, not")], ids=["another", "none"]
)
def test_a_package_of_another_version_or_none_fails(monkeypatch, version, said):
    def found(name):
        if name == "boto3" and version is None:
            raise PackageNotFoundError(name)
        return version if name == "boto3" else pinned[name]

    pinned = dict(machine.PIN.findall(machine.LOCK.read_text(encoding="utf-8")))
    monkeypatch.setattr(machine, "version", found)
    answer = machine.packages()
    assert answer.status == Status.FAILED
    assert answer.found.startswith(f"1 of {len(pinned)} are others: boto3 {said}")


def test_a_lock_that_pins_nothing_or_is_gone_is_no_pass(monkeypatch, tmp_path):
    for place in (tmp_path / "empty", tmp_path / "gone"):
        monkeypatch.setattr(machine, "LOCK", place)
        (tmp_path / "empty").write_text("")
        assert machine.packages().status == Status.CANNOT_TELL


def test_a_full_disk_fails(tmp_path):
    settings = load("local", {"outputs_dir": str(tmp_path / "not" / "yet")})
    assert machine.disk(settings, lambda folder: 499_999_999).found == f"499 MB free at {tmp_path}"
    assert machine.disk(settings, lambda folder: 499_999_999).status == Status.FAILED
    assert machine.disk(settings, lambda folder: 500_000_000).status == Status.PASSED


def test_a_folder_that_may_not_be_written_or_is_a_file_fails(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    assert "is no folder" in machine.disk(load("local", {"outputs_dir": str(tmp_path / "file")})).found
    monkeypatch.setattr(machine.os, "access", lambda path, how: False)
    answer = machine.disk(load("local", {"outputs_dir": str(tmp_path)}))
    assert answer.status == Status.FAILED and "may not be written" in answer.found


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
    assert (ended.exit_code, rows["parameters"]["status"]) == (2, "failed")


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
