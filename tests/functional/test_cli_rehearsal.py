"""What the `runbook` command says to bad input: its exit code, one clear sentence, and an account that nobody touched.

And the rehearsal account that outlives its command.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from accounts import NO_RETRIES, differences, snapshot
from click.testing import CliRunner

from lib import routes
from lib.cli import change_commands as command
from lib.definitions import templates
from lib.phases.tuning import proposal_file
from lib.settings import ROOT, Settings, with_changes
from rehearsal import cli as rehearsal_cli
from rehearsal.account import baseline, clients, traffic
from rehearsal.account import server as embedded

RUNBOOK = Path(sys.executable).with_name("runbook")
BAD, REFUSED = 2, 3


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def said(*words: str) -> Said:
    """Run the `runbook` command in this process, which saves the second that a new one takes to import it."""
    ended = CliRunner().invoke(command.main, words)
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Said(ended.exit_code, ended.stdout, ended.stderr)


def ran(*words: str, **environment: str) -> Said:
    """Run the `runbook` command as a process of its own."""
    ended = subprocess.run(
        [str(RUNBOOK), *words], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    return Said(ended.returncode, ended.stdout, ended.stderr)


def naming(settings: Settings, **other: Any) -> list[str]:
    """`--set` for this account and its folders."""
    given = {key: getattr(settings, key) for key in ("endpoint_url", "outputs_dir", "docs_dir", "poll_seconds")}
    return [word for key, value in {**given, **other}.items() for word in ("--set", f"{key}={value}")]


def one_sentence(found: Said, code: int, kind: str, sentence: str) -> None:
    """Exit code, and on stderr one line that starts with the kind of error: no traceback."""
    assert found.code == code, found
    lines = found.err.strip().splitlines()
    assert len(lines) == 1, found.err
    assert re.match(rf"{kind}: .*{sentence}", lines[0]), lines[0]
    assert "Traceback" not in found.out + found.err
    assert "Record:" not in found.out


@pytest.fixture
def untouched(module_account: Settings) -> Iterator[Settings]:
    """An account that must be the same afterwards."""
    before = snapshot(module_account)
    yield module_account
    assert differences(before, snapshot(module_account)) == set()


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("crisis_risk_abvoe=90", "unknown parameter 'crisis_risk_abvoe'; did you mean crisis_risk_above"),
        ("crisis_risk_above=ninety", "parameter crisis_risk_above: found 'ninety', .*number"),
        ("mode=plan", "--set mode=plan does not go with this command, which takes 'apply'"),
        ("crisis_risk_above=80", "thresholds out of order: found crisis_risk_above 80, high_risk_above 85"),
        ("region=eu_west_1", "parameter region: found 'eu_west_1'"),
        ("ops_subscription_endpoint=arn:sqs:inbox", "found 'arn:sqs:inbox'; the sqs protocol expects the ARN"),
        ("account_id=123456789012", "endpoint_url .* does not go with account_id 123456789012"),
        ("account_id", "--set 'account_id': expected KEY=VALUE"),
        ("log_retention_days=33", "parameter log_retention_days: found 33"),
    ],
)
def test_a_wrong_parameter(untouched, pair, sentence):
    words = [*naming(untouched), "--set", pair]
    one_sentence(said("apply", "local", *words), BAD, "BadParameters", sentence)
    assert not list(Path(untouched.outputs_dir).rglob("*"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["apply", "local", "--only", "99"], "no phase '99'; expected one of 00, 01"),
        (["apply", "local", "--from", "05", "--to", "01"], "phase 05 runs after 01"),
        (["open", "local", "77", "--no-browser"], "no phase '77'"),
        (["rollback", "local", "20200101T000000Z-dead"], "no run '20200101T000000Z-dead' of environment local"),
        (["status", "local", "20200101T000000Z-dead"], "no run '20200101T000000Z-dead' of environment local"),
        (["review", "local", "../../etc"], "parameter run_id: found '../../etc'"),
        (["plan", "prdo"], "no parameters for environment 'prdo'; expected one of local, prod, staging"),
    ],
)
def test_a_phase_a_run_or_an_environment_that_does_not_exist(untouched, words, sentence):
    one_sentence(said(*words, *naming(untouched)), BAD, "BadParameters", sentence)


def test_a_wrong_parameter_in_a_process_of_its_own(untouched):
    words = [*naming(untouched), "--set", "listen_secnods=3"]
    one_sentence(ran("apply", "local", *words), BAD, "BadParameters", "did you mean listen_seconds")


def test_a_folder_that_is_no_record(tmp_path):
    one_sentence(said("verify", str(tmp_path)), BAD, "BadParameters", "holds no MANIFEST.json")


def test_a_run_that_changed_nothing_cannot_be_rolled_back(untouched, tmp_path):
    words = naming(untouched, outputs_dir=tmp_path)
    assert said("plan", "local", *words, "--set", "run_id=r1").code == 0
    one_sentence(said("rollback", "local", "r1", *words), BAD, "BadParameters", "run r1 changed nothing")


def test_another_account_than_the_parameters_name(tmp_path):
    options = {"MINISTACK_ACCOUNT_ID": "111111111111", **NO_RETRIES}
    with embedded.running_account(options=options) as elsewhere:
        words = ["--set", f"endpoint_url={elsewhere.endpoint}", "--set", f"outputs_dir={tmp_path}"]
        sentence = "belong to account 111111111111, the parameters of local name 000000000000; nothing else was called"
        one_sentence(ran("apply", "local", "--yes", *words), REFUSED, "Refused", sentence)
        record = next((tmp_path / "local").glob("*/run.json")).parent
        assert json.loads((record / "run.json").read_text())["verdict"] == "refused"
        calls = [json.loads(line) for line in (record / "calls.jsonl").read_text().splitlines()]
        assert [call["operation"] for call in calls] == ["GetCallerIdentity"]
        assert clients.client(elsewhere.endpoint, "sns").list_topics()["Topics"] == []


def test_a_missing_piece_of_the_baseline_is_named_and_nothing_is_made(account, client):
    client("dynamodb").delete_table(TableName=account.table_name)
    sqs = client("sqs").list_queues()["QueueUrls"]
    found = ran("apply", "local", "--yes", *naming(account))
    assert found.code == 1
    assert len(found.err.strip().splitlines()) == 1
    assert "reading drill user your6-users" in found.err
    assert client("sqs").list_queues()["QueueUrls"] == sqs
    assert [t["TopicArn"] for t in client("sns").list_topics()["Topics"]] == [account.alert_topic_arn]


def test_no_credentials(tmp_path):
    words = ["--set", f"outputs_dir={tmp_path}"]
    for found in (ran("plan", "prod", *words, AWS_EC2_METADATA_DISABLED="true"), said("apply", "prod", *words)):
        one_sentence(found, BAD, "Unreachable", "no usable AWS credentials while connecting .*log in")


def test_nothing_answers(tmp_path):
    endpoint = f"http://127.0.0.1:{embedded.free_port()}"
    words = ["--set", f"outputs_dir={tmp_path}", "--set", f"endpoint_url={endpoint}"]
    found = ran("apply", "local", "--yes", *words)
    one_sentence(found, BAD, "Unreachable", f"no answer while connecting .*{endpoint}.*start the account")


def test_a_run_that_changed_nothing_has_nothing_to_undo(account):
    planned = said("plan", "local", *naming(account))
    run_id = re.search(r"Record: .*/(\S+)", planned.out)[1]
    found = said("rollback", "local", run_id, *naming(account))
    one_sentence(found, BAD, "BadParameters", f"run {run_id} changed nothing")
    folder = re.search(r"Record: (\S+)", planned.out)[1]
    assert said("verify", folder).code == 0


def test_a_proposal_is_planned_kept_with_the_plan_and_named_by_the_next_command(account, client, tmp_path):
    thresholds = {name: getattr(account, name) for name in proposal_file.PARAMETERS}
    said_there = {
        "format": proposal_file.FORMAT, "environment": account.environment, "account_id": account.account_id,
        "region": account.region, "doubts": ["people are few; ask a@example.org"], "run_id": "r-elsewhere",
        "now": thresholds, "thresholds": {**thresholds, "crisis_risk_above": 91.5},
        "made_at": datetime.now(UTC).isoformat(),
        "holds_until": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    file = tmp_path / "proposal.yaml"
    file.write_text(yaml.safe_dump(said_there), encoding="utf-8")
    words = ["plan", "local", *naming(account), "--thresholds", str(file)]
    one_sentence(said(*words), REFUSED, "Refused", "proposal.yaml is of run r-elsewhere, which is not on this machine")
    shown = said(*words, "--unverified")
    assert shown.code == 0
    assert "nobody compared it" in shown.err and "says not to follow it: people are few" in shown.err
    assert "crisis_risk_above=91.5" in re.search(r"(?m)^Next: (runbook .*)", shown.out)[1]
    folder = Path(re.search(r"Record: (\S+)", shown.out)[1])
    assert yaml.safe_load((folder / proposal_file.GIVEN).read_text())["thresholds"] == said_there["thresholds"]
    assert not (folder / proposal_file.KEPT).exists()
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["parameters"]["crisis_risk_above"] == 91.5
    unmade, doubt = plan["proposal_doubts"]
    assert "nobody compared it" in unmade and "people are few" in doubt and "a@example.org" not in doubt
    since = json.dumps(templates.definition(with_changes(account, crisis_risk_above=93)))
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, definition=since)
    moved = said(*words, "--unverified")
    assert moved.code == 0 and "the live workflow has crisis_risk_above 93 by now" in moved.err
    folder = Path(re.search(r"Record: (\S+)", moved.out)[1])
    assert "with which it was not compared" in json.loads((folder / "plan.json").read_text())["proposal_doubts"][-1]
    file.write_text("format: 1", encoding="utf-8")
    one_sentence(said(*words), BAD, "BadParameters", "proposal.yaml is no proposal of format 2")
    alone = said("plan", "local", *naming(account), "--unverified")
    one_sentence(alone, BAD, "BadParameters", "--unverified goes with --thresholds")


def test_only_what_was_approved_goes_out_and_only_once(account):
    words = naming(account, approval="required", not_exercised_here="[]")
    before = snapshot(account)
    shown = said("plan", "local", *words)
    fingerprint = re.search(r"Plan: (plan-[0-9a-f]{16})", shown.out)
    assert fingerprint, shown
    needed = f"local needs approval: the account's plan is {fingerprint[1]}, approved is "
    one_sentence(said("apply", "local", *words), REFUSED, "Refused", f"{needed}none")
    wrong = said("apply", "local", *words, "--approved-plan", "plan-0123456789abcdef")
    one_sentence(wrong, REFUSED, "Refused", f"{needed}plan-0123456789abcdef")
    good = ["--approved-plan", fingerprint[1], "--only", "01"]
    one_sentence(said("apply", "local", *words, *good), REFUSED, "Refused", "local needs a change ticket")
    good += ["--change-ticket", "CHG-7"]
    one_sentence(said("apply", "local", *words, *good), REFUSED, "Refused", "local needs to know who approved")
    one_sentence(
        said("apply", "local", *words, "--approved-plan", "yes"), BAD, "BadParameters", "parameter approved_plan"
    )
    assert differences(before, snapshot(account)) == set()
    good += ["--approved-by", "reviewer"]
    once = said("apply", "local", *words, *good)
    assert (once.code, once.err) == (0, "")
    after = snapshot(account)
    again = said("apply", "local", *words, *good)
    assert (again.code, f"Refused: {fingerprint[1]} was applied by run " in again.err) == (REFUSED, True)
    assert differences(after, snapshot(account)) == set()


def test_an_approved_plan_is_refused_when_the_account_has_drifted(account, client):
    words = naming(account, approval="required", not_exercised_here="[]")
    shown = said("plan", "local", *words)
    fingerprint = re.search(r"Plan: (plan-[0-9a-f]{16})", shown.out)
    assert fingerprint
    client("sns").create_topic(Name=account.ops_topic_name)
    before = snapshot(account)
    late = said("apply", "local", *words, "--approved-plan", fingerprint[1])
    assert (late.code, len(late.err.strip().splitlines())) == (REFUSED, 1)
    assert differences(before, snapshot(account)) == set()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own for `rehearse --keep`, on a free port, with whatever it starts stopped at the end."""
    state, any_port = tmp_path / "state", embedded.free_port
    monkeypatch.setattr(rehearsal_cli, "STATE", state)
    monkeypatch.setattr(embedded, "free_port", lambda preferred=None: any_port())
    monkeypatch.setattr(baseline, "application", lambda settings: None)  # it would go where local.yaml says
    yield state
    embedded.stop_kept(state)


def rehearse(monkeypatch: pytest.MonkeyPatch, *words: str, meanwhile: Callable[..., int]) -> Said:
    """`runbook rehearse` with something else in the place of the phases, which have tests of their own."""
    monkeypatch.setattr(rehearsal_cli, "_run_rehearsal", meanwhile)
    return said("rehearse", *words)


def test_a_kept_account_stays_until_it_is_stopped(kept, monkeypatch):
    seen: list[Settings] = []

    def checkin(chosen: Settings, **options: Any) -> int:
        seen.append(chosen)
        traffic.play(chosen, 1, seed=4)
        return 0

    first = rehearse(monkeypatch, "--keep", meanwhile=checkin)
    assert (first.code, first.err) == (0, "")
    endpoint = seen[0].endpoint_url
    assert f"The account stays at {endpoint}" in first.out
    assert embedded.answers(f"{endpoint}/_ministack/health")
    second = rehearse(monkeypatch, "--keep", meanwhile=checkin)
    assert (second.code, seen[1].endpoint_url) == (0, endpoint)
    assert len(snapshot(seen[1])[f"executions of {seen[1].state_machine_name}"]) == 2
    stopped = rehearse(monkeypatch, "--stop", meanwhile=checkin)
    assert (stopped.code, "Stopped: " in stopped.out) == (0, True)
    assert not embedded.answers(f"{endpoint}/_ministack/health")
    nothing = rehearse(monkeypatch, "--stop", meanwhile=checkin)
    one_sentence(nothing, BAD, "BadParameters", "no kept account is running")


def test_an_account_that_is_not_kept_ends_with_the_command_and_leaves_no_state(kept, monkeypatch):
    seen: list[str] = []

    def failing(chosen: Settings, **options: Any) -> int:
        seen.append(chosen.endpoint_url)
        assert snapshot(chosen)[f"rule {routes.LOW_SENTIMENT_RULE}"][1] == "ENABLED"
        return 1

    ended = rehearse(monkeypatch, meanwhile=failing)
    assert ended.code == 1
    assert not embedded.answers(f"{seen[0]}/_ministack/health")
    assert not kept.exists()
