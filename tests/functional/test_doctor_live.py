"""`runbook doctor` in a process of its own, with a kernel that starts, on the embedded account."""

import json

from accounts import differences, snapshot
from steps import started

from lib.aws import connect
from lib.resources import run_lock
from lib.settings import with_changes


def answers(settings, *words):
    """The exit code, each check's row, and what came on stderr."""
    process = started(settings, "doctor", *words, "--json")
    said, complained = process.communicate()
    return process.returncode, {row["check"]: row for row in json.loads(said)}, complained


def test_an_account_in_order_has_nothing_that_failed_and_nothing_is_changed(account):
    before = snapshot(account)
    code, rows, complained = answers(account)
    assert (code, complained) == (0, "")
    open_ones = {name: row["status"] for name, row in rows.items() if row["status"] != "passed"}
    assert open_ones == {"permissions of the operator": "not exercised here", "record store": "not applied"}
    assert rows["kernel"]["found"] == "starts, and answers"
    assert rows["credentials"]["found"].startswith("arn:aws:iam::000000000000:")
    assert differences(before, snapshot(account)) == set()
    assert not account.runs_folder.exists()


def test_where_nothing_answers_it_ends_and_says_what_to_do(account):
    nowhere = with_changes(account, endpoint_url="http://127.0.0.1:9")
    code, rows, complained = answers(nowhere)
    assert (code, complained) == (2, "")
    assert rows["credentials"]["status"] == "failed" and "no answer while connecting" in rows["credentials"]["found"]
    assert {rows[name]["status"] for name in ("clock", "lock", "record store")} == {"cannot tell"}
    assert rows["kernel"]["status"] == "passed"


def test_a_run_under_way_is_waited_for_and_an_account_without_the_workflow_fails(account, client):
    client("stepfunctions").delete_state_machine(stateMachineArn=account.state_machine_arn)
    with run_lock.locked(connect(account), "20260101T000000Z-abcd"):
        code, rows, _ = answers(account, "--as", "reader")
    assert code == 1
    assert rows["lock"]["status"] == "waiting" and "20260101T000000Z-abcd" in rows["lock"]["found"]
    assert rows["account and region"]["status"] == "failed"
    assert "permissions of the reader" in rows
