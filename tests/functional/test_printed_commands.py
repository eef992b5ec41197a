"""Commands that the product prints, collected and run as printed, by a shell in another folder than the checkout.

Every place that makes one is in SITES, with the test that types it. AWS's own command is none of ours and not
installed: the shell hands its words over, and the same call is made by boto3.
"""

import ast
import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from botocore import xform_name
from click.testing import CliRunner

from lib.aws import connect
from lib.changes import approval
from lib.changes.guarded_run import GuardedRun
from lib.cli import doctor_command, read_commands
from lib.cli.change_commands import main
from lib.cli.review import watch_command
from lib.definitions import documents
from lib.definitions.access_policies import Whose, access_policy
from lib.display import console, page, phase_table, show
from lib.errors import NotAsWanted, Refused, Unreachable, Unrecorded
from lib.phases import session
from lib.phases.review import signature
from lib.phases.watch import breaks, checkpoint_journal, news
from lib.record import records, run_index, sealing
from lib.record.records import Run
from lib.record.run_phases import NOTEBOOKS
from lib.resources import record_stores, run_lock, s3_record_store
from lib.resources.lock_value import Lock, digest
from lib.resources.topics import Subscription
from lib.settings import ROOT, load, with_changes
from lib.values import processes
from rehearsal import cli as rehearsal_cli
from rehearsal.account import baseline, clients
from rehearsal.account import server as embedded

BIN = str(Path(sys.executable).parent)
PRINTED = re.compile(
    r"`((?:runbook|aws) [^`]+)`|(?:Undo|Go on|Next|to undo that too|Step through|Stop it): +(runbook .+)"
    r"|<td[^>]*>(runbook [^<]+)</td>"
)


@pytest.fixture
def file(account, tmp_path):
    """A parameters file of this account outside of the checkout, of an environment that has no file there."""
    path = tmp_path / "of this account" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({**account.model_dump(), "environment": "mine"}), encoding="utf-8")
    return path


def said(*words):
    """What the command says, with its exit code."""
    yes = ["--yes"] if words[0] == "apply" else []  # nobody sits at a terminal here
    ended = CliRunner().invoke(main, [*map(str, words), *yes])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.output


def collected(text):
    """The commands in a text, in order, each once."""
    return list(dict.fromkeys("".join(found).strip() for found in PRINTED.findall(text)))


def typed(command, tmp_path, **variables):
    """A command as printed, typed at a terminal in another folder, where these variables are set; asked, say yes."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RUNBOOK_")}
    environment = {**clean, "PATH": f"{BIN}:{os.defpath}", **variables}
    keys, terminal = os.openpty()
    try:
        os.write(keys, b"yes\n")
        ended = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=environment, stdin=terminal, capture_output=True, text=True
        )
    finally:
        os.close(keys)
        os.close(terminal)
    return ended.returncode, ended.stdout + ended.stderr


# What AWS's command calls otherwise than the service does: `--endpoint` would begin `--endpoint-url` as well.
RENAMED = {("sns", "subscribe", "notification-endpoint"): "Endpoint"}


def called(lines, tmp_path, **variables):
    """Make the calls of AWS's command that a shell makes of these lines; each option must be one of the operation's."""
    told = 'aws() { printf "%s\\0" "$@"; printf "\\n"; }\n'
    code, out = typed(told + lines, tmp_path, **variables)
    assert code == 0, out
    answers = []
    for line in out.strip().splitlines():
        service, operation, *words = line.strip("\0").split("\0")
        options = dict(zip((word.removeprefix("--") for word in words[::2]), words[1::2], strict=True))
        assert options.pop("region") == "us-east-1"
        client = clients.client(options.pop("endpoint-url"), service)
        operations = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
        shape = client.meta.service_model.operation_model(operations[operation]).input_shape
        members = {xform_name(name, "-"): name for name in shape.members}
        named = {RENAMED.get((service, operation, key)) or members[key]: text for key, text in options.items()}
        given = {
            key: (tmp_path / text.removeprefix("file://")).read_text() if text.startswith("file://") else text
            for key, text in named.items()
        }
        answers.append(getattr(client, operation.replace("-", "_"))(**given))
    return answers


def held_by(chosen, run_id, seconds):
    """Put somebody's lock there, which ends so many seconds from now."""
    lock = Lock(digest("theirs"), run_id, "arn:aws:iam::0:user/bob", "elsewhere", 7, "boot 1", "today", seconds)
    value = json.dumps(lock.to_row())
    ssm = clients.client(chosen.endpoint_url, "ssm")
    ssm.put_parameter(Name=chosen.lock_name, Value=value, Type="String", Overwrite=True)


def test_a_run_is_undone_by_the_command_that_it_prints_and_by_its_notebooks(file, tmp_path):
    code, out = said("apply", file, "--only", "02")
    assert code == 0, out
    account, mode = out.splitlines()[1:3]
    assert re.fullmatch(r"Account 0{12} in us-east-1 at http://127\.0\.0\.1:\d+, as arn:aws:\S+", account)
    assert mode == "Mode apply: CHANGES THE ACCOUNT"
    run_id = re.search(r"^Run (\S+) of mine", out, re.MULTILINE)[1]
    (undo,) = collected(out)
    notebook = nbformat.read(next((tmp_path / "outputs" / "mine" / run_id).glob("02_*.ipynb")), as_version=4)
    shown = "".join(o.get("data", {}).get("text/html", "") for c in notebook.cells for o in c.get("outputs", []))
    commands = [unescape(command) for command in collected(shown)]
    assert [command.split()[1] for command in commands] == ["apply", "rollback"]
    assert commands[1] == undo
    code, again = typed(commands[0], tmp_path)
    assert code == 0 and "is complete" in again, again
    code, undone = typed(undo, tmp_path)
    assert code == 0 and "undone" in undone, undone
    listed = typed(undo.replace("rollback", "status").replace(run_id, ""), tmp_path)[1]
    assert "succeeded (02 alone); rollback succeeded" in " ".join(listed.split())


def test_every_way_out_of_a_lock_that_is_printed_is_one(file, tmp_path):
    chosen = load(str(file), {"mode": "apply"})
    held_by(chosen, "r9", 600)
    code, out = said("apply", file, "--only", "02")
    assert code == 3
    (tells,) = collected(out)
    assert "Held by run r9" in typed(tells, tmp_path)[1]
    code, out = said("lock", file, "--break", "r9")
    (forced,) = collected(out)
    assert (code, typed(forced, tmp_path)[0]) == (3, 0)
    held_by(chosen, "r9", -600)
    code, out = said("apply", file, "--only", "02")
    (taken,) = collected(out)
    assert code == 3 and "Lock broken" in typed(taken, tmp_path)[1]
    held_by(chosen, "r9", 600)
    code, out = said("lock", file, "--break", "r8")
    (other,) = collected(out)
    assert code == 3 and "Held by run r9" in typed(other, tmp_path)[1]
    code, out = said("apply", file, "--break-lock")
    (which,) = collected(out)
    assert code == 2 and "Held by run r9" in typed(which, tmp_path)[1]


def test_a_rollback_takes_the_lock_away_also_of_a_run_that_changed_nothing(file, tmp_path):
    assert said("plan", file, "--set", "run_id=r9")[0] == 0
    chosen = load(str(file))
    held_by(chosen, "r9", -600)
    code, out = said("rollback", file, "r9", "--break-lock")
    assert code == 2 and "Lock broken: run r9" in out and "run r9 changed nothing" in out
    assert run_lock.read_lock(connect(chosen)) is None


def test_a_lock_that_was_taken_away_says_how_to_go_on_in_commands_that_exist(file, tmp_path):
    run = session.begin_with(load(str(file), {"mode": "apply"}))
    with pytest.raises(run_lock.Superseded) as lost:
        run_lock._confirm(run.live, run.record.run_id, "gone")
    (status,) = collected(str(lost.value))  # it began no phase, so that nothing can be gone on with
    assert typed(status, tmp_path)[0] == 0
    code, out = said("apply", file, "--only", "02")
    assert code == 0, out
    with pytest.raises(run_lock.Superseded) as lost:
        run_lock._confirm(run.live, re.search(r"^Run (\S+) of mine", out, re.MULTILINE)[1], "gone")
    status, resume = collected(str(lost.value))
    assert typed(status, tmp_path)[0] == 0
    code, out = typed(resume, tmp_path)
    assert code == 0 and "is complete" in out, out


def test_a_plan_that_must_be_approved_is_made_by_the_command_that_is_printed(account, tmp_path):
    path = tmp_path / "guarded.yaml"
    asked = {**account.model_dump(), "environment": "guarded", "approval": "required", "not_exercised_here": []}
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    code, out = said("apply", path, "--only", "02")
    assert code == 3, out
    (plan,) = collected(out)
    code, made = typed(plan, tmp_path)
    assert re.search(r'^Next: runbook apply .* --approved-plan plan-\w+ --approved-by "\$APPROVER"', made, re.MULTILINE)
    assert code == 0 and re.search(r"^Plan: plan-[0-9a-f]{16}$", made, re.MULTILINE), made
    assert made.splitlines()[1] == "Mode plan: writes nothing"


def test_after_a_token_expired_the_printed_command_takes_the_lock_that_was_left(file, tmp_path, monkeypatch):
    chosen = load(str(file), {"mode": "apply"})
    released = run_lock._remove
    monkeypatch.setattr(run_lock, "_remove", lambda live, token: None)  # the token is no good any more
    code, out = said("apply", file, "--only", "02")
    monkeypatch.setattr(run_lock, "_remove", released)
    assert code == 0, out
    left = run_lock.read_lock(connect(chosen))
    # The command has ended by the time when somebody types the next one; here it was this very process.
    ssm, ended = clients.client(chosen.endpoint_url, "ssm"), replace(left, born=f"{processes.boot()} 0")
    ssm.put_parameter(Name=chosen.lock_name, Value=json.dumps(ended.to_row()), Type="String", Overwrite=True)
    (undo,) = collected(out)
    code, undone = typed(undo, tmp_path)
    assert code == 0 and "Lock broken" in undone, undone
    assert run_index.runs(chosen)


def test_what_a_notebook_and_a_restore_print_puts_the_workflow_back_and_then_the_rest(file, tmp_path, monkeypatch):
    code, out = said("apply", file, "--from", "01", "--to", "03")
    assert code == 0, out
    run_id = re.search(r"^Run (\S+) of mine", out, re.MULTILINE)[1]
    chosen = load(str(file), {"mode": "apply", "run_id": run_id})
    shown = []
    monkeypatch.setattr(page, "display", lambda one: shown.append(one._repr_html_()))
    show.ways_out(Run(chosen, run_index.find_run(chosen, run_id)))
    resume, rollback, restore = [unescape(command) for command in collected("".join(shown))]
    assert [command.split()[1] for command in (resume, rollback, restore)] == ["apply", "rollback", "restore"]
    code, told = typed(restore, tmp_path)
    assert code == 0 and "was given back its definition" in told, told
    (rest,) = collected(told)
    assert rest == rollback
    right = file.read_text(encoding="utf-8")
    for wrong in (right.replace("ops_subscription_endpoint:", "ops_endpoint:"), f"<<<<<<< HEAD\n{right}"):
        file.write_text(wrong, encoding="utf-8")
        code, told = typed(f"{restore} --set outputs_dir={chosen.outputs_dir}", tmp_path)
        assert code == 0 and "this run recorded what is used instead" in told, told
        assert "was given back its definition" in told and "AWS holds it" in told
    file.write_text(right, encoding="utf-8")
    code, undone = typed(rest, tmp_path)
    assert code == 0 and "Rolling back" in undone, undone


def test_a_plan_ends_with_the_command_that_carries_it_out_or_drills_where_nothing_is_left(file, tmp_path):
    code, out = said("plan", file)
    assert code == 0, out
    (carries_out,) = collected(out)
    code, out = typed(f"{carries_out} --only 02", tmp_path)  # and else as printed
    assert code == 0 and "Carry this out?" in out and "succeeded" in out, out
    drills = read_commands.next_command(load(str(file)), [], "")
    code, out = typed(drills, tmp_path)
    assert code == 3 and "Run phase 03 first" in out, out  # taken, on an account that cannot be drilled yet


def test_a_run_that_failed_goes_on_by_the_command_that_it_prints(file, tmp_path, client):
    topic = load(str(file)).alert_topic_arn
    client("sns").delete_topic(TopicArn=topic)
    code, out = said("apply", file, "--only", "00")
    assert code == 1, out
    (go_on,) = collected(out)
    client("sns").create_topic(Name=topic.rpartition(":")[2])
    code, again = typed(go_on, tmp_path)
    assert "Going on with run" in again and "from phase 00" in again, again


def test_what_is_no_lock_is_taken_away_by_the_command_that_is_printed(file, tmp_path, client):
    name = load(str(file)).lock_name
    client("ssm").put_parameter(Name=name, Value="no lock `x`", Type="String")
    code, out = said("lock", file)
    assert code == 3
    (away,) = collected(out)
    called(away, tmp_path)
    assert "Nobody holds the lock" in said("lock", file)[1]


def test_a_url_whose_password_is_hidden_is_subscribed_by_the_command_that_is_printed(file, tmp_path, client):
    client("sns").create_topic(Name=load(str(file)).ops_topic_name)
    hidden = {"ops_subscription_protocol": "https", "ops_subscription_endpoint": "https://user:****@example.org/hook"}
    chosen = load(str(file), {"mode": "apply", **hidden})
    it = Subscription(connect(chosen), chosen.ops_topic_name, "https", chosen.ops_subscription_endpoint)
    with pytest.raises(NotAsWanted) as missing:
        it.write({"dead_letter_queue": "", "raw": "false", "filter": ""})
    (by_hand,) = collected(str(missing.value))
    assert "****" not in by_hand
    called(by_hand, tmp_path, OPS_SUBSCRIPTION_ENDPOINT="https://user:word@example.org/$HOME")
    topic = chosen.arn("sns", chosen.ops_topic_name)
    found = client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(row["Protocol"], row["Endpoint"]) for row in found] == [("https", "https://user:word@example.org/$HOME")]


def blocks(settings):
    """The commands of the documentation, block by block, as they stand there."""
    return re.findall(r"^```bash\n(.*?)^```", documents.testing_commands(settings), re.MULTILINE | re.DOTALL)


def line_of(block, word):
    return next(line for line in block.splitlines() if line.startswith(word))


def test_the_commands_of_the_documentation_plan_and_apply_what_a_reviewer_names(account, tmp_path):
    path = tmp_path / "guarded.yaml"
    asked = {**account.model_dump(), "environment": "guarded", "approval": "required", "not_exercised_here": []}
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    block, _ = blocks(load(str(path)))
    code, out = typed(line_of(block, "runbook plan"), tmp_path, PARAMETERS=str(path))
    assert code == 0 and "Plan: plan-" in out, out
    named = {"FINGERPRINT": f"plan-{'0' * 16}", "APPROVER": "Jane Doe", "TICKET": "CHG 1; $(false)"}
    code, out = typed(line_of(block, "runbook apply"), tmp_path, PARAMETERS=str(path), **named)
    assert code == 3 and f"approved is {named['FINGERPRINT']}" in " ".join(out.split()), out


def test_the_notebook_of_the_documentation_runs_with_numbers_lists_and_text_as_the_run_had_them(account, tmp_path):
    other = {"success_rate_error": 0.00001, "not_exercised_here": ["permission_simulation"], "dashboard_name": "007"}
    chosen = with_changes(account, **other)
    for folder in ("runbooks", "parameters"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    mill = line_of(blocks(chosen)[0], "papermill")
    out = typed(mill, tmp_path)[1]
    notebook = nbformat.read(tmp_path / "validation.ipynb", as_version=4)
    (given,) = [c.source for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    values = {}
    exec(given, values)
    assert {key: values[key] for key in other} == other
    assert values["endpoint_url"] == account.endpoint_url and values["mode"] == "plan"
    shown = str([o for cell in notebook.cells for o in cell.get("outputs", [])])
    assert account.endpoint_url in shown and "BadParameters" not in out, out


def test_the_drill_by_hand_of_the_documentation_is_started(account, tmp_path, client):
    _, block = blocks(account)
    (answer,) = called(block, tmp_path)
    found = client("stepfunctions").describe_execution(executionArn=answer["executionArn"])
    assert found["name"].startswith("drill-crisis-")
    assert json.loads(found["input"])["userId"] == account.drill_user_id


def test_without_its_store_a_run_is_undone_and_with_it_gone_on_with(file, tmp_path, client):
    client("s3").create_bucket(Bucket="the-records")
    stored = {**yaml.safe_load(file.read_text()), "record_store": "s3://the-records/runs"}
    file.write_text(yaml.safe_dump(stored), encoding="utf-8")
    code, out = said("apply", file, "--from", "01", "--to", "03")
    assert code == 0, out
    run_id = re.search(r"^Run (\S+) of mine", out, re.MULTILINE)[1]

    def silent(chosen):
        with pytest.raises(Unreachable) as ended, record_stores.opening_store("s3://the-records", chosen):
            raise Unrecorded("not kept") from Unreachable("no answer")
        return collected(str(ended.value))[0]

    shelf = record_stores.shelves(load(str(file))).run(run_id)
    code, again = typed(shelf._go_on, tmp_path)
    assert code == 0 and "is complete" in again, again
    by_what_can_be_taken(file, run_id, tmp_path, client("s3"))
    undo = silent(load(str(file), {"run_id": run_id}))
    assert undo == shelf.without_it
    client("s3").delete_objects(
        Bucket="the-records",
        Delete={"Objects": [{"Key": o["Key"]} for o in client("s3").list_objects_v2(Bucket="the-records")["Contents"]]},
    )
    client("s3").delete_bucket(Bucket="the-records")
    code, undone = typed(undo, tmp_path)
    assert code == 0 and "undone" in undone, undone
    code, listed = typed(silent(load(str(file))), tmp_path)
    assert code == 0 and run_id in listed, listed
    assert said("status", file)[0] == 2  # as the parameters have it, nothing is told


def by_what_can_be_taken(file, run_id, tmp_path, s3):
    """Another machine has nothing of the run, and the store's copy was touched: the way that is printed is one."""
    place, lost = f"runs/mine/{run_id}/", ["--set", f"outputs_dir={tmp_path / 'lost'}"]

    def way(said_by, which):
        code, out = said_by
        assert code == 3, out
        return next(one for one in collected(out) if "--unverified" in one and one.split()[1] == which)

    def object_of(name):
        return s3.get_object(Bucket="the-records", Key=place + name)["Body"].read()

    plan, log = object_of("plan.json"), object_of("changes.jsonl")
    s3.put_object(Bucket="the-records", Key=f"{place}plan.json", Body=plan + b"x")
    code, told = typed(way(said("restore", file, run_id, *lost), "restore"), tmp_path)
    assert code == 0 and "plan.json: edited" in told and "was given back its definition" in told, told
    code, told = typed(way(said("rollback", file, run_id, "--dry-run", *lost), "rollback"), tmp_path)
    assert code == 0 and "plan.json: edited" in told and "writes nothing" in told, told
    assert object_of("plan.json") == plan + b"x"
    s3.delete_object(Bucket="the-records", Key=f"{place}changes.jsonl")
    elsewhere = ["--set", f"outputs_dir={tmp_path / 'elsewhere'}"]
    code, told = typed(way(said("rollback", file, run_id, "--unverified", *elsewhere), "restore"), tmp_path)
    assert code == 0 and "changes.jsonl: missing" in told and "UNCONFIRMED" in told, told
    for name, data in (("plan.json", plan), ("changes.jsonl", log)):
        s3.put_object(Bucket="the-records", Key=place + name, Body=data)


def test_the_log_of_drills_is_gone_on_with_by_a_drill_and_is_no_run(file, tmp_path):
    chosen = load(str(file))
    command = s3_record_store.RunStore(connect(chosen), "bucket", "drills/", "drills")._go_on
    code, out = typed(command, tmp_path)
    assert code == 3 and "has no DrillGate" in out, out  # it is one, of an account without Phase 3


PENDING = SimpleNamespace(phase="02", pending=[1], changes=[1])


def test_every_refusal_of_an_approval_names_the_command_that_plans(account, tmp_path, monkeypatch):
    path = tmp_path / "guarded.yaml"
    asked = {**account.model_dump(), "environment": "guarded", "approval": "required", "not_exercised_here": []}
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    chosen = load(str(path), {"mode": "apply", "approved_plan": f"plan-{'0' * 16}"})
    record = records.open_run(chosen)
    used = SimpleNamespace(
        used=lambda fingerprint: (
            SimpleNamespace(said="run r1", run_id="r1") if fingerprint == chosen.approved_plan else None
        ),
        approval_lifted=lambda: "",
    )
    run = GuardedRun(chosen, record, used, None)
    refusals = [
        lambda: approval.require_whole(run, [PENDING], "arn:aws:iam::000000000000:user/ann"),
        lambda: approval.require(PENDING, run),
        lambda: approval._require_not_rolled_back(run, [{"undoes": True, "state": "applied"}]),
    ]
    monkeypatch.setattr(approval, "plan_data", lambda plans, run: {"fingerprint": "plan-other"})
    commands = []
    for refusal in refusals:
        with pytest.raises(Refused) as refused:
            refusal()
        commands += collected(str(refused.value))
    assert len(commands) == len(refusals) and len(set(commands)) == 1
    code, out = typed(commands[0], tmp_path)
    assert code == 0 and "Plan: plan-" in out, out


def test_a_kept_rehearsal_whose_port_is_taken_prints_commands_with_the_endpoint_that_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsal_cli, "STATE", tmp_path / "state")
    monkeypatch.setattr(baseline, "application", lambda settings: None)  # it would go where local.yaml says
    monkeypatch.setattr(rehearsal_cli, "_run_rehearsal", lambda chosen, lasting: 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(rehearsal_cli, "PORT", taken.getsockname()[1])
        try:
            code, out = said("rehearse", "--keep", "--outputs-dir", tmp_path / "outputs")
            assert code == 0, out
            endpoint = re.search(r"The account stays at (http://\S+?)\. ", out)[1]
            assert endpoint != f"http://127.0.0.1:{rehearsal_cli.PORT}"
            steps, stop = collected(out)
            assert f"endpoint_url={endpoint}" in steps
            code, opened = typed(f"{steps} --no-browser", tmp_path)  # and else as printed: nobody is here to look
            assert code == 0, opened
            prepared = Path(re.search(r"^Notebook: (.+)$", opened, re.MULTILINE)[1])
            assert endpoint in prepared.read_text(encoding="utf-8")
            # In this process, whose state is not where a command of its own would look for it.
            assert said(*stop.split()[1:])[0] == 0
        finally:
            embedded.stop_kept(rehearsal_cli.STATE)


def test_what_the_doctor_prints_shows_the_lock_and_the_policy(file, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor_command.notebook_engine, "start_once", lambda within: None)
    asked = {**yaml.safe_load(file.read_text(encoding="utf-8")), "not_exercised_here": []}
    file.write_text(yaml.safe_dump(asked), encoding="utf-8")  # the account's own caller is one that AWS cannot simulate
    held_by(load(str(file)), "r9", 600)
    _, out = said("doctor", file, "--as", "reader")
    policy, lock = collected(out)  # what cannot be told comes before what waits
    assert "Held by run r9" in typed(lock, tmp_path)[1]
    code, printed = typed(policy, tmp_path)
    assert (code, json.loads(printed)) == (0, access_policy(load(str(file)), Whose.READER))


@pytest.mark.parametrize(("approval", "more"), [("none", " --no-browser"), ("required", "")])
def test_a_walk_that_only_looked_prints_how_it_is_applied_or_what_somebody_approves(file, tmp_path, approval, more):
    asked = {**yaml.safe_load(file.read_text(encoding="utf-8")), "approval": approval, "not_exercised_here": []}
    file.write_text(yaml.safe_dump(asked), encoding="utf-8")
    chosen = load(str(file))
    record = records.open_run(chosen)
    rows = [{"number": number, "notebook": one, "verdict": "succeeded"} for number, one in NOTEBOOKS.items()]
    record.write_json("run.json", {"mode": "plan", "verdict": "succeeded", "phases": rows})
    sealing.seal(record)
    shown = "".join(one.html for one in phase_table.outputs(Run(chosen, record)))
    (command,) = [unescape(one) for one in re.findall("<code>(.*?)</code>", shown)]
    code, out = typed(f"{command}{more}", tmp_path)
    assert (code, f"Notebook: {record.folder}/lab.by-hand.ipynb" in out) == (0, approval == "none"), out
    assert ("Plan: plan-" in out) == (approval == "required")


def test_the_commands_of_a_review_sign_it_and_the_record_says_so(file, tmp_path):
    chosen = load(str(file))
    record = records.open_run(chosen)
    run = Run(chosen, record)
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": []})
    record.keep_json(records.CRITERIA, [{"name": "1 All test scenarios pass", "status": "passed", "found": "6 of 6"}])
    sealing.seal(record)
    accept, reject = (row["command"] for row in signature.commands(run))
    code, out = typed(accept, tmp_path, REVIEWER="Sam Roe")
    assert (code, f"Run {record.run_id}: accepted by Sam Roe at" in out) == (0, True), out
    code, out = typed(reject, tmp_path, REVIEWER="Sam Roe", WHY="")
    assert (code, "a rejection says why" in out) == (2, True), out
    code, out = typed(reject, tmp_path, REVIEWER="Sam Roe", WHY="criterion 2 rests on ten drills")
    assert (code, "REJECTED by Sam Roe" in out) == (0, True), out
    assert "Review: REJECTED by Sam Roe" in said("status", file, record.run_id)[1]
    assert [row["decision"] for row in record.rows(signature.LOG)] == ["accept", "reject"]
    assert said("verify", record.folder)[0] == 0
    with (record.folder / signature.LOG).open("a", encoding="utf-8") as log:
        log.write(record.rows(signature.LOG)[0]["by"] + "\n")
    assert said("verify", record.folder)[0] == 1  # nobody signs past the seals


def test_a_watch_that_stopped_goes_on_by_the_command_that_it_prints_and_is_reviewed(file, tmp_path, monkeypatch):
    """It stopped before half an hour that is over since: what goes on looks once at all of it, and reviews the run."""
    chosen = load(str(file))
    record = records.open_run(chosen)
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": []})
    begun = datetime.now(UTC) - timedelta(hours=1)
    about = {"for_seconds": 1800, "every_seconds": 900, "since": begun.isoformat(), "caller": "jane"}
    record.append(checkpoint_journal.LOG, {"row": "watch begun", "time": begun.isoformat(), **about})
    sealing.seal(record)
    run = session.reopen_with(with_changes(chosen, run_id=record.run_id))
    monkeypatch.setattr(watch_command.Watch, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with console.console.capture() as printed, pytest.raises(KeyboardInterrupt):
        watch_command._watch(run, (timedelta(minutes=30), timedelta(minutes=15)))
    (command,) = re.findall(r"Go on: (runbook watch .+)", printed.get())
    sealing.seal(record)
    code, out = typed(command, tmp_path)
    # Nothing of the plan is in this account, so that much is broken, and there is nobody who could be told.
    assert (code, "NOT WATCHED from" in out, "Watch of run" in out) == (1, True, True), out
    kinds = [row["row"] for row in record.rows(checkpoint_journal.LOG)]
    assert kinds[:4] == ["watch begun", "watch resumed", "gap", "checkpoint"] and kinds[-1] == "watch ended"
    assert "operations were NOT told" in out
    assert record.kept_as(records.CRITERIA)
    reviewed = (record.folder / f"{NOTEBOOKS['07']}.ipynb").read_text(encoding="utf-8")
    assert "NOT WATCHED, 3 checkpoints missed" in reviewed  # shown also where the criteria then fail
    one = breaks.every_break(record.rows(checkpoint_journal.LOG))[0]
    look = news.message(run, one, breaks.News.BROKEN).rpartition("look: ")[2]
    code, out = typed(look, tmp_path, PARAMETERS=str(file))
    assert (code, "Watch: 1 checkpoints of 3 planned" in out) == (0, True), out


UNDO = test_a_run_is_undone_by_the_command_that_it_prints_and_by_its_notebooks
WAYS_OUT = test_every_way_out_of_a_lock_that_is_printed_is_one
TAKEN_AWAY = test_a_lock_that_was_taken_away_says_how_to_go_on_in_commands_that_exist
RESTORED = test_what_a_notebook_and_a_restore_print_puts_the_workflow_back_and_then_the_rest
PLANNED = test_a_plan_that_must_be_approved_is_made_by_the_command_that_is_printed
REFUSALS = test_every_refusal_of_an_approval_names_the_command_that_plans
DOCUMENTED = test_the_commands_of_the_documentation_plan_and_apply_what_a_reviewer_names
STORE = test_without_its_store_a_run_is_undone_and_with_it_gone_on_with
NEXT = test_a_plan_ends_with_the_command_that_carries_it_out_or_drills_where_nothing_is_left
DOCTOR = test_what_the_doctor_prints_shows_the_lock_and_the_policy
LANDING = test_a_walk_that_only_looked_prints_how_it_is_applied_or_what_somebody_approves
SIGNED = test_the_commands_of_a_review_sign_it_and_the_record_says_so
WATCHED = test_a_watch_that_stopped_goes_on_by_the_command_that_it_prints_and_is_reviewed
WALK = "tests/runbooks/test_approval_procedure.py"
KEPT = test_a_kept_rehearsal_whose_port_is_taken_prints_commands_with_the_endpoint_that_it_has

# Every call of a maker, as function, maker and first words, with the test that types what it made.
SITES = {
    "lib.changes.approval._require_not_rolled_back: runbook plan": REFUSALS,
    "lib.changes.approval.require: runbook plan": REFUSALS,
    "lib.changes.approval.require_whole: runbook plan": REFUSALS,
    "lib.changes.approval.require_whole: runbook plan (2)": PLANNED,
    "lib.cli.change_commands.apply: runbook lock": WAYS_OUT,
    "lib.cli.read_commands.next_command: runbook apply": NEXT,
    "lib.cli.read_commands.next_command: runbook drill": NEXT,
    "lib.definitions.documents.testing_commands: anywhere apply": DOCUMENTED,
    "lib.definitions.documents.testing_commands: anywhere plan": DOCUMENTED,
    "lib.definitions.documents.testing_commands: aws stepfunctions start-execution":
        test_the_drill_by_hand_of_the_documentation_is_started,
    "lib.definitions.documents.testing_commands: papermill 05_validation validation.ipynb":
        test_the_notebook_of_the_documentation_runs_with_numbers_lists_and_text_as_the_run_had_them,
    "lib.phases.doctor.account._lock_question: runbook lock": DOCTOR,
    "lib.phases.doctor.account._permitted: runbook doctor --policy": DOCTOR,
    "lib.resources.run_lock._ours: runbook status": TAKEN_AWAY,
    "lib.resources.run_lock._read: aws ssm delete-parameter --name":
        test_what_is_no_lock_is_taken_away_by_the_command_that_is_printed,
    "lib.resources.lock_value.somebody_elses: runbook lock": WAYS_OUT,
    "lib.resources.lock_value.somebody_elses: runbook lock --break": WAYS_OUT,
    "lib.resources.run_lock.break_lock: runbook lock": WAYS_OUT,
    "lib.resources.run_lock.break_lock: runbook lock --break --force": WAYS_OUT,
    "lib.resources.topics._require_whole_address: aws sns subscribe --topic-arn":
        test_a_url_whose_password_is_hidden_is_subscribed_by_the_command_that_is_printed,
    "lib.display.phase_table._whole: runbook plan": LANDING,
    "lib.display.phase_table._whole: runbook lab --run --mode": LANDING,
    "lib.display.run_commands.commands: runbook":
        (RESTORED, UNDO, test_a_run_that_failed_goes_on_by_the_command_that_it_prints),
    "lib.record.run_phases.way_on: runbook": (TAKEN_AWAY, STORE),
    "lib.resources.record_stores._by_this_machine: without_store rollback": STORE,
    "lib.resources.record_stores._by_this_machine: without_store status": STORE,
    "lib.resources.s3_record_store._go_on: runbook drill":
        test_the_log_of_drills_is_gone_on_with_by_a_drill_and_is_no_run,
    "lib.resources.s3_record_store.without_it: without_store rollback": STORE,
    "lib.cli.undo_commands.nothing_to_undo: runbook restore --unverified": STORE,
    "lib.cli.undo_commands.restore_command: runbook restore --unverified": STORE,
    "lib.cli.undo_commands.rollback: runbook rollback --unverified": STORE,
    'lib.phases.review.signature.commands: runbook sign --by "$REVIEWER" --decision': SIGNED,
    "lib.cli.review.watch_command._watch: runbook watch --for --every": WATCHED,
    "lib.cli.review.watch_command._review: runbook review": WALK,
    "lib.phases.watch.news.message: anywhere status": WATCHED,
    "rehearsal.approval_procedure.walk: runbook sign": WALK,
    "lib.phases.tuning.proposal.keep: runbook plan --thresholds": "tests/runbooks/test_tuning.py",
    "lib.cli.change_commands.try_candidate: runbook apply --only": "tests/runbooks/test_candidate_only.py",
    "rehearsal.cli.(module): without_parameters rehearse --stop": KEPT,
    "rehearsal.cli.rehearse: runbook open 03": KEPT,
    "rehearsal.approval_procedure._type: runbook": WALK,
    "rehearsal.approval_procedure._approved_plan: without_parameters verify": WALK,
}  # fmt: skip


def makers_called():
    """Every call of `command_lines` in lib and rehearsal, named as in SITES."""
    found = []
    for path in sorted([*(ROOT / "lib").rglob("*.py"), *(ROOT / "rehearsal").rglob("*.py")]):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if module != "lib.record.command_lines":
            found += _made(ast.parse(path.read_text(encoding="utf-8")), f"{module}.", "(module)")
    numbered = {}
    for site in found:
        numbered[site] = numbered.get(site, 0) + 1
    return {site if not n else f"{site} ({n + 1})" for site, times in numbered.items() for n in range(times)}


def _made(node, module, function):
    found = []
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        called = child.func if isinstance(child, ast.Call) else None
        if called and ast.unparse(called).startswith("command_lines."):
            words = [word.value for word in child.args if isinstance(word, ast.Constant)]
            found.append(f"{module}{inside}: {' '.join([called.attr, *words])}")
        found += _made(child, module, inside)
    return found


def test_every_place_that_prints_a_command_has_a_test_that_types_it():
    assert makers_called() == set(SITES)


BY_HAND = re.compile(
    r"`(runbook|aws|papermill|make|jupyter) |\b(aws|papermill) [a-z0-9]+(-[a-z]+)* --?[a-z]|--set [a-z_]+=|\(aws [a-z]"
)
# What --set itself says of what it was given.
SAID_OF_ITSELF = ("lib/cli/app.py", "lib/record/command_lines.py")


@pytest.mark.parametrize("folder", ["lib", "rehearsal"])
def test_no_text_holds_a_command_or_a_piece_of_one_that_no_maker_made(folder):
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name in SAID_OF_ITSELF:
            continue
        whole = ast.parse(path.read_text(encoding="utf-8"))
        notes = {id(node.value) for node in ast.walk(whole) if isinstance(node, ast.Expr)}
        texts = [n for n in ast.walk(whole) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        found |= {f"{name}: {n.value}": 1 for n in texts if id(n) not in notes and BY_HAND.search(n.value)}
    assert found == {}
