"""A record of a killed run to which somebody added: what the run wrote goes back, and nothing else is written."""

import json
import shutil

from accounts import differences, snapshot
from steps import carried_out, killed, lasting, runbook

from lib.aws import connect
from lib.changes.plans import Change, entry
from lib.definitions import loader
from lib.record import records, sealing, writers
from lib.record.records import LOG, Run
from lib.resources.resource_kinds import Rule

EVIL = {"StartAt": "Evil", "States": {"Evil": {"Type": "Succeed"}}}


def test_what_was_added_to_an_open_run_is_restored_and_undone_by_no_command_also_once_it_was_sealed(account, client):
    before = snapshot(account)
    carried_out(account, "01", "02", "04")
    done = runbook(account, "apply", "--from", "03", "--to", "03")
    run_id, record = done.record.run_id, done.record
    killed(account, record)
    rule = Rule(connect(account), loader.rules()[0]["name"])
    for state in ("intended", "applied"):  # as if the run had made it, for a while
        record.append(LOG, entry("05", Change(rule, None, rule.read(), temporary=True), state))
    (kept,) = (path for path in (record.folder / "backup").glob("*.json") if "definition" not in path.name)
    own = kept.with_name("b.json")
    shutil.move(kept, own)
    kept.write_text(json.dumps(json.loads(own.read_text()) | {"definition": json.dumps(EVIL)}))
    for name in ("c.json", "d.json"):
        kept.with_name(name).mkdir()
    shutil.copy(kept, kept.with_name("a.json"))
    own.rename(kept)  # under its own name, as it was sealed
    records.open_to_write(Run(account, record))
    sealing.seal(record)  # the next command's, which covers all of it
    writers.leave(record.folder)
    assert records.unsealed_differences(record.folder) == []

    restored = runbook(account, "restore", run_id)
    assert restored.code == 0, restored
    found = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    assert json.loads(found) == json.loads(json.loads(kept.read_text())["definition"])

    undone = runbook(account, "rollback", run_id)
    assert undone.code == 1
    (said,) = (row for row in undone.record.latest("evidence/rollback.json") if row["what"] == rule.name)
    assert said["outcome"].startswith(f"failed: the account does not keep that run {run_id} wrote this")
    assert rule.read() is not None
    machine = f"state machine {account.state_machine_name}"
    assert machine not in lasting(differences(before, snapshot(account)))
    verified = runbook(account, "rollback", run_id, "--dry-run", "--unverified")
    assert (verified.code, "--unverified: the record of run" in verified.complained) == (0, True)
