"""A run that stopped: going on, undoing part of it, undoing it at once. Its record and the account say the same."""

import json
import os
import resource
import signal
import subprocess

import pytest
from accounts import differences, snapshot
from steps import COMMAND, carried_out, killed, lasting, latest, runbook, words
from test_interruption import LONG, cut_in_the_middle
from waiting import until_gone

from lib.aws import connect
from lib.changes import engine
from lib.cli import change_commands, runner
from lib.errors import Superseded
from lib.record import records, writers
from lib.record.run_phases import NOTEBOOKS, Phase
from lib.resources import desired, run_lock
from lib.settings import ROOT, Settings

ALL = ("01", "02", "04", "03", "06")


def pending(account: Settings) -> list[str]:
    """What the plan would still change."""
    return [change.resource.name for plan in runner.plan_all(connect(account)) for change in plan.pending]


def test_a_killed_runner_leaves_a_lock_and_its_run_goes_on_when_that_is_broken(account):
    process, kernel = cut_in_the_middle(account, "--to", "03")
    process.kill()
    process.wait()
    os.kill(kernel, signal.SIGKILL)
    until_gone(kernel)
    record = latest(account)
    assert [path.name for path in record.folder.glob("*.ipynb")] == ["03_state_machine.running.ipynb"]
    refused = runbook(account, "apply", "--resume", record.run_id, **LONG)
    assert refused.code == 3
    assert f"of this very run may write now, or was killed: run {record.run_id}" in refused.complained
    assert f"`runbook lock local --break {record.run_id}" in refused.complained
    shown = runbook(account, "status", record.run_id)
    assert "running, or killed" in shown.said
    ended = runbook(account, "apply", "--resume", record.run_id, "--break-lock")
    assert ended.code == 3  # another parameter than the run was begun with
    assert f"parameter soak_minutes: {LONG['soak_minutes']}, now 0" in ended.complained
    assert run_lock.read_lock(connect(account)) is None


def test_a_run_goes_on_where_its_kernel_was_killed(account):
    carried_out(account, "01", "02", "04")
    begun = runbook(account, "apply", "--from", "03", "--to", "03", lock_lease_seconds=3)
    assert begun.code == 0
    killed(account, begun.record)
    verdict = begun.verdict
    verdict["phases"][0]["verdict"] = "running"
    begun.record.write_json("run.json", verdict)
    rows = begun.record.rows("changes.jsonl")
    widgets = next(row for row in rows if row["kind"] == "dashboard widgets" and row["state"] == "intended")
    begun.record.append("changes.jsonl", widgets)  # as if the answer to its last write had been lost
    ended = runbook(account, "apply", "--resume", begun.record.run_id, lock_lease_seconds=3)
    assert ended.code == 0, ended
    assert "dashboard widgets" in ended.said
    assert "carried out" in ended.said
    assert "from phase 03" in ended.said
    assert ended.record.run_id == begun.record.run_id
    assert (ended.record.folder / "03_state_machine.attempt-2.ipynb").exists()
    assert pending(account) == [name for name in pending(account) if name.startswith("documentation")]
    assert records.unsealed_differences(ended.record.folder) == []
    again = runbook(account, "apply", "--resume", begun.record.run_id, lock_lease_seconds=3)
    assert (again.code, "is complete" in again.said) == (0, True)


def test_a_killed_runs_verdict_that_somebody_edited_is_believed_by_no_command_and_sealed_by_none(account):
    """Its validation, which it never came to, would be left out."""
    before = snapshot(account)
    begun = runbook(account, "apply", "--from", "01", "--to", "02")
    killed(account, begun.record)
    done = [*begun.verdict["phases"], {"number": "05", "notebook": NOTEBOOKS["05"], "verdict": "succeeded"}]
    (begun.record.folder / "run.json").write_text(json.dumps({**begun.verdict, "phases": done}))
    for command, *more in (["apply", "--resume"], ["rollback"], ["status"], ["review"]):
        ended = runbook(account, command, *more, begun.record.run_id)
        assert (ended.code, "run.json: edited" in ended.complained) == (3, True), ended
    rolled = runbook(account, "rollback", begun.record.run_id, "--unverified")
    assert rolled.code == 0, rolled
    assert lasting(differences(before, snapshot(account))) == set()
    assert any(
        one.startswith("run.json: edited (so it was sealed at ")
        for one in records.unsealed_differences(rolled.record.folder)
    )


def test_what_is_done_is_decided_by_reading_aws_not_by_the_record(account, client):
    begun = runbook(account, "apply", "--only", "02")
    client("iam").delete_role_policy(RoleName=account.execution_role_name, PolicyName=account.execution_policy_name)
    ended = runbook(account, "apply", "--resume", begun.record.run_id)
    assert (ended.code, "from phase 02" in ended.said) == (0, True)
    assert not [name for name in pending(account) if name.startswith("role policy")]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--only", "03"], "leave --from, --to and --only out"),
        (["--approved-by", "somebody"], "leave the --approved options out"),
    ],
)
def test_resuming_takes_the_runs_own_phases_and_approval(account, more, sentence):
    ended = runbook(account, "apply", "--resume", carried_out(account)[1].run_id, *more)
    assert (ended.code, sentence in ended.complained) == (2, True)


def test_an_approved_run_goes_on_with_its_approval_and_stops_at_anybody_elses_edit(account, client):
    asked = {"approval": "required", "not_exercised_here": "[]", "verify_timeout_seconds": 1}
    planned = runbook(account, "plan", **asked)
    approved = planned.record.latest("plan.json")["fingerprint"]
    people = ["--approved-plan", approved, "--approved-by", "reviewer", "--change-ticket", "CHG-7"]
    # On the embedded account phase 02 fails where approval is required: AWS alone can simulate permissions.
    begun = runbook(account, "apply", "--from", "01", "--to", "02", *people, **asked)
    assert (begun.code, begun.phase("01")["verdict"], begun.phase("02")["verdict"]) == (1, "succeeded", "failed")
    assert begun.verdict["parameters"]["approved_by"] == "reviewer"
    assert begun.verdict["parameters"]["change_ticket"] == "CHG-7"
    again = runbook(account, "apply", "--resume", begun.record.run_id, **asked)
    assert (again.code, "from phase 02" in again.said) == (1, True)
    assert len([row for row in again.record.rows("changes.jsonl") if row["state"] == "intended"]) == 7
    client("sns").set_topic_attributes(
        TopicArn=account.ops_topic_arn, AttributeName="DisplayName", AttributeValue="somebody else's"
    )
    stopped = runbook(account, "apply", "--resume", begun.record.run_id, **asked)
    assert stopped.code == 3
    assert f"changed since: topic {account.ops_topic_name} (DisplayName)" in stopped.complained


def test_a_phase_that_fails_is_undone_at_once_where_asked(account, client):
    denying = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "events:*", "Resource": "*"}]}
    client("iam").put_role_policy(
        RoleName=account.execution_role_name, PolicyName="Theirs", PolicyDocument=json.dumps(denying)
    )
    before = snapshot(account)
    ended = runbook(account, "apply", "--from", "01", "--to", "02", "--rollback-on-failure")
    assert ended.code == 1
    assert ended.phase("02")["verdict"] == "failed"
    assert ended.verdict["rollback"]["verdict"] == "succeeded"
    assert lasting(differences(before, snapshot(account))) == set()
    assert records.unsealed_differences(ended.record.folder) == []


@pytest.mark.parametrize(
    ("number", "error", "message", "wrote", "undone"),
    [
        ("03", "NotAsWanted", "no", True, True),
        ("05", "NotAsWanted", "no", True, True),
        ("07", "NotAsWanted", "metrics are late", True, False),
        ("03", "NotAsWanted", "no", False, False),
        ("03", "Superseded", "another run may write now", True, False),
    ],
)
def test_only_a_change_or_its_proof_that_failed_undoes_what_the_run_wrote(number, error, message, wrote, undone):
    failed = Phase(number, NOTEBOOKS[number], "failed", error=f"{error}: {message}", error_class=error)
    rows = [{"state": "intended", "temporary": not wrote}]
    assert change_commands.to_be_undone([failed], rows) is undone


def test_part_of_a_run_is_undone_and_the_rest_stays(account):
    carried_out(account, "01", "02")
    before = snapshot(account)
    _, record = carried_out(account, "04", "03")
    ended = runbook(account, "rollback", record.run_id, "--to-phase", "03")
    assert ended.code == 0, ended
    left = engine.plan("04", desired.event_rules(connect(account))).pending
    assert not left
    undone = [row["what"].partition(" ")[0] for row in record.latest("evidence/rollback.json")]
    assert undone == ["state", "dashboard"]
    rest = runbook(account, "rollback", record.run_id)
    assert rest.code == 0
    assert lasting(differences(before, snapshot(account))) == set()


def test_a_phase_that_does_not_exist_is_no_place_to_roll_back_to(account):
    _, record = carried_out(account, "02")
    ended = runbook(account, "rollback", record.run_id, "--to-phase", "77")
    assert (ended.code, "rollback_to_phase '77'" in ended.complained) == (2, True)


def test_the_emergency_path_is_one_call_and_needs_no_lock(account):
    before = snapshot(account)
    carried_out(account, "01", "02", "04")
    done = runbook(account, "apply", "--from", "03", "--to", "03")
    assert done.code == 0
    calls = len(done.record.rows("calls.jsonl"))
    with run_lock.locked(connect(account), "somebody-elses-run") as still_ours:
        token = os.environ.pop(run_lock.TOKEN)
        ended = runbook(account, "restore", done.record.run_id)
        os.environ[run_lock.TOKEN] = token
        # A run that is under way must not write the new definition again.
        with pytest.raises(Superseded):
            still_ours()
    assert ended.code == 0, ended
    assert "the lock of run somebody-elses-run was taken away" in ended.said
    made = [row["operation"] for row in ended.record.rows("calls.jsonl")[calls:]]
    first = made.index("UpdateStateMachine")
    # Between what it is asked about the account and its one call stands only what the account keeps of the run.
    assert made[:first] == ["GetCallerIdentity", *["GetParameter"] * (first - 1)]
    assert first == 5  # candidate, drill and plan told it, and that there is no fourth is an answer as well
    changing = [name for name in made[first + 1 :] if not name.startswith(("Get", "Describe"))]
    assert changing == ["DeleteParameter", "PutParameter"]
    assert records.unsealed_differences(ended.record.folder) == []
    machine = f"state machine {account.state_machine_name}"
    assert machine not in differences(before, snapshot(account))
    rest = runbook(account, "rollback", done.record.run_id)
    assert rest.code == 0, rest


def test_the_emergency_path_takes_the_backup_of_before_the_run_not_of_a_second_attempt(account):
    before = snapshot(account)
    carried_out(account, "01", "02", "04")
    done = runbook(account, "apply", "--from", "03", "--to", "03")
    twice = runbook(account, "apply", "--from", "03", "--to", "03", run_id=done.record.run_id)
    assert twice.code == 0
    assert len(list((done.record.folder / "backup").glob("*-definition*"))) == 2
    assert runbook(account, "restore", done.record.run_id).code == 0
    assert f"state machine {account.state_machine_name}" not in differences(before, snapshot(account))


def test_the_emergency_path_restores_the_machine_of_the_backup_and_needs_no_store(account, client):
    carried_out(account, "01", "02", "04")
    done = runbook(account, "apply", "--from", "03", "--to", "03")
    store = "s3://no-such-bucket/records"
    assert runbook(account, "restore", done.record.run_id, record_store=store).code == 0
    machines = [row["name"] for row in client("stepfunctions").list_state_machines()["stateMachines"]]
    assert machines == [account.state_machine_name]
    held = json.loads(
        client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    )
    backup = next((done.record.folder / "backup").glob("*-definition.json"))
    assert held == json.loads(backup.read_text())


def test_an_emergency_restore_that_fails_says_so(account, client):
    carried_out(account, "01", "02", "04")
    done = runbook(account, "apply", "--from", "03", "--to", "03")
    client("stepfunctions").delete_state_machine(stateMachineArn=account.state_machine_arn)
    ended = runbook(account, "restore", done.record.run_id)
    assert (ended.code, "was given back" in ended.said) == (1, False)
    assert "writing state machine" in ended.complained


def test_without_a_backup_there_is_nothing_to_restore(account):
    _, record = carried_out(account, "02")
    ended = runbook(account, "restore", record.run_id)
    assert (ended.code, "kept no backup of the workflow" in ended.complained) == (2, True)


def on_a_small_disk(account: Settings, limit: int, *more: str, run_id: str) -> subprocess.CompletedProcess[str]:
    """A command of which no file may grow beyond a limit: what it writes then fails as on a full disk."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    line = [str(COMMAND), *words(account, *more, run_id=run_id)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, preexec_fn=small)


def test_a_full_disk_stops_the_run_before_the_write_and_it_goes_on_when_there_is_room(account):
    folder = records.open_run(account.model_copy(update={"run_id": "full"})).folder
    writers.leave(folder)
    (folder / "changes.jsonl").write_text("\n" * 199_990)
    before = snapshot(account)
    ended = on_a_small_disk(account, 200_000, "apply", "--only", "02", run_id="full")
    assert (ended.returncode, "File too large" in ended.stderr) == (1, True)
    assert differences(before, snapshot(account)) == set()
    assert runbook(account, "apply", "--resume", "full").code == 0


def test_a_disk_that_is_full_for_the_notebook_leaves_no_half_file(account):
    carried_out(account, "01", "02", "04")
    # The notebook of 03 is twice that.
    ended = on_a_small_disk(account, 250_000, "apply", "--from", "03", "--to", "03", run_id="small")
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "File too large" in ended.stderr
    record = latest(account)
    for path in record.folder.rglob("*"):
        assert path.is_dir() or path.suffix in (".json", ".jsonl", ".ipynb", ".diff"), path
        if path.suffix in (".json", ".ipynb"):
            json.loads(path.read_text())
    assert record.read_json("run.json")["verdict"] == "failed"
    assert records.unsealed_differences(record.folder) == []
    assert run_lock.read_lock(connect(account)) is None
    assert runbook(account, "apply", "--resume", "small").code == 0
