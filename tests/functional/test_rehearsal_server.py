"""The embedded account's process: it starts, is found, listens on loopback only, and always ends."""

import json
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from waiting import until, until_gone

from lib.errors import Refused, Unreachable
from rehearsal.account import child_processes
from rehearsal.account import server as embedded
from rehearsal.account.clients import client
from rehearsal.account.server import Account


def test_runs_in_a_folder_with_a_space_and_stops_with_the_block(tmp_path):
    with embedded.running_account(folder=tmp_path / "a folder") as account:
        assert embedded.answers(f"{account.endpoint}/_ministack/health")
        pid = account.pid
    assert not child_processes.born(pid)
    assert not embedded.answers(f"{account.endpoint}/_ministack/health")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_stops_when_the_block_fails(error):
    with pytest.raises(error), embedded.running_account() as account:
        raise error
    assert not child_processes.born(account.pid)


def test_a_fallen_port_is_replaced_by_a_free_one():
    with socket.create_server((embedded.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with embedded.running_account(port=port) as account:
            assert not account.endpoint.endswith(f":{port}")


def test_somebody_else_on_our_port_is_not_taken_for_ours(server: Account, monkeypatch):
    theirs = int(server.endpoint.rsplit(":", 1)[1])
    ports = iter([theirs, embedded.free_port()])
    monkeypatch.setattr(embedded, "free_port", lambda preferred=None: next(ports))
    with embedded.running_account() as account:
        assert account.endpoint != server.endpoint
        assert account.pid != server.pid


def test_says_why_it_did_not_start(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "ATTEMPTS", 1)
    monkeypatch.setattr(embedded, "_settings_for_ministack", lambda *_: {"GATEWAY_PORT": "not a port"})
    with pytest.raises(Unreachable, match="not a port"):
        embedded.start(tmp_path)


def test_what_executions_count_on_one_item_at_once_is_all_counted(server: Account):
    """Without `embedded_account` this lost about twenty of the eight hundred at every run."""
    branches, steps = 20, 40
    dynamodb, states = client(server.endpoint, "dynamodb"), client(server.endpoint, "stepfunctions")
    key = {"id": {"S": "one"}}
    dynamodb.create_table(
        TableName="counted-at-once",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    count = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Parameters": {
            "TableName": "counted-at-once",
            "Key": key,
            "UpdateExpression": "ADD counted :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        },
        "ResultPath": None,
    }
    chain = {f"{step}": {**count, "Next": f"{step + 1}"} for step in range(steps)}
    branch = {"StartAt": "0", "States": {**chain, f"{steps}": {"Type": "Succeed"}}}
    machine = states.create_state_machine(
        name="counts-at-once",
        roleArn="arn:aws:iam::000000000000:role/counts",
        definition=json.dumps(
            {"StartAt": "all", "States": {"all": {"Type": "Parallel", "Branches": [branch] * branches, "End": True}}}
        ),
    )["stateMachineArn"]
    try:
        started = states.start_execution(stateMachineArn=machine)["executionArn"]
        until(lambda: states.describe_execution(executionArn=started)["status"] == "SUCCEEDED")
        item = dynamodb.get_item(TableName="counted-at-once", Key=key)["Item"]
    finally:
        states.delete_state_machine(stateMachineArn=machine)
        dynamodb.delete_table(TableName="counted-at-once")
    assert item["counted"] == {"N": f"{branches * steps}"}


def test_listens_on_loopback_only(server: Account):
    sockets = {str(fd.readlink()) for fd in Path(f"/proc/{server.pid}/fd").iterdir() if fd.is_symlink()}
    inodes = {name[8:-1] for name in sockets if name.startswith("socket:[")}
    listening = []
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{server.pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].split(":")[0])
    assert listening == ["0100007F"]


def test_inherits_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("MY_SECRET", "do not pass on")
    monkeypatch.setenv("AWS_PROFILE", "production")
    with embedded.running_account() as account:
        inherited = Path(f"/proc/{account.pid}/environ").read_text(encoding="utf-8").split("\0")
    names = {line.partition("=")[0] for line in inherited if line}
    assert "MY_SECRET" not in names
    assert names <= {
        "PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "BIND_HOST", "GATEWAY_PORT", "IOT_MTLS_ENABLED",
        "SFTP_ENABLED", "MINISTACK_ACCOUNT_ID", "MINISTACK_REGION", "LOG_LEVEL", "LC_CTYPE",
    }  # fmt: skip


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ends_when_whoever_started_it_is_killed(how, tmp_path):
    script = textwrap.dedent(f"""
        import signal
        from pathlib import Path
        from rehearsal.account import server
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by whatever a shell runs in the background
        with server.running_account(folder=Path({str(tmp_path)!r})) as account:
            print(account.pid, flush=True)
            while True:
                signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert child_processes.born(pid)
        starter.send_signal(how)
        starter.wait()
    until_gone(pid)


def test_takes_sigterm_also_where_its_parent_blocks_it(tmp_path):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        with embedded.running_account(folder=tmp_path) as account:
            status = Path(f"/proc/{account.pid}/status").read_text(encoding="utf-8")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    assert not blocked & 1 << signal.SIGTERM - 1


def test_a_kept_account_outlives_and_is_found_and_stopped(tmp_path):
    start = f"server.start_detached(Path({str(tmp_path)!r}), 0)"
    script = f"from pathlib import Path; from rehearsal.account import server; {start}"
    subprocess.run([sys.executable, "-c", script], check=True)
    found = embedded.kept_account(tmp_path)
    assert found is not None
    state = json.loads((tmp_path / "account.json").read_text(encoding="utf-8"))
    assert (state["endpoint"], state["pid"]) == (found.endpoint, found.pid)
    assert "started" in state
    assert embedded.start_detached(tmp_path, 0).pid == found.pid, "a second --keep takes the one that runs"
    assert embedded.stop_kept(tmp_path) == [found.pid]
    until_gone(found.pid)
    assert embedded.kept_account(tmp_path) is None
    assert embedded.stop_kept(tmp_path) == [], "nothing is left to stop"


def test_an_id_given_to_somebody_else_is_never_stopped(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        child = {"pid": other.pid, "born": "another moment", "log": str(tmp_path / "log")}
        state = {"endpoint": "http://127.0.0.1:9", "pid": other.pid, "started": "", "server": child}
        (tmp_path / "account.json").write_text(json.dumps(state), encoding="utf-8")
        assert embedded.kept_account(tmp_path) is None
        assert embedded.stop_kept(tmp_path) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_reset_refuses_any_other_machine():
    with pytest.raises(Refused, match="only to an embedded account"):
        embedded.reset("http://192.0.2.1:4566")


def test_what_is_asked_to_persist_survives_a_restart(tmp_path):
    for expected in ([], ["kept"]):
        with embedded.running_account(folder=tmp_path, persist=True) as account:
            sqs = client(account.endpoint, "sqs")
            found = [url.rsplit("/", 1)[1] for url in sqs.list_queues().get("QueueUrls", [])]
            assert found == expected
            sqs.create_queue(QueueName="kept")
