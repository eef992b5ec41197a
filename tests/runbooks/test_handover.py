"""One run, two machines, one bucket: what one began, another ends or undoes. A machine is an outputs folder here."""

import os
import signal
import threading
from pathlib import Path

import pytest
from accounts import differences, snapshot
from steps import Ended, carried_out, children_of, finished, lasting, latest, runbook, started
from waiting import until, until_gone

from lib.aws import connect
from lib.changes import engine
from lib.cli import runner
from lib.errors import Superseded, Unrecorded
from lib.phases import session
from lib.record import records, run_index
from lib.record.origin import KERNEL
from lib.record.records import LOG
from lib.record.seals import manifest
from lib.resources import desired, run_lock
from lib.settings import Settings

BUCKET = "records-of-runs"


@pytest.fixture
def here(account, client) -> Settings:
    """The first machine, whose records go to a bucket as well."""
    client("s3").create_bucket(Bucket=BUCKET)
    return account.model_copy(update={"record_store": f"s3://{BUCKET}/some/prefix"})


@pytest.fixture
def there(here, tmp_path) -> Settings:
    """A second machine, which has no record of anything."""
    return machine(here, tmp_path / "second")


def machine(account: Settings, folder: Path) -> Settings:
    return account.model_copy(update={"outputs_dir": str(folder)})


def stored(client, run_id: str) -> dict[str, bytes]:
    """The files of a run that the bucket holds."""
    prefix = f"some/prefix/local/{run_id}/"
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key.removeprefix(prefix): client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def emptied(client) -> None:
    """The bucket with all that it holds taken away."""
    for item in client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client("s3").delete_object(Bucket=BUCKET, Key=item["Key"])
    client("s3").delete_bucket(Bucket=BUCKET)


def unlike(client, folder: Path) -> set[str]:
    """The names of the files that are not the same in a run's folder and in the bucket."""
    local = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return differences(local, stored(client, folder.name))


def cut(account: Settings, client) -> str:
    """A run of phases 01 and 02, killed with its kernel as soon as a change of it is in the bucket; its id."""
    process = started(account, "apply", "--from", "01", "--to", "02")
    until(lambda: kept(account, client) or process.poll() is not None)
    if process.poll() is not None:
        raise AssertionError(process.communicate())
    (kernel,) = children_of(process.pid, KERNEL)
    process.kill()
    os.kill(kernel, signal.SIGKILL)
    process.communicate()
    until_gone(kernel)
    return latest(account).run_id


def kept(account: Settings, client) -> bool:
    """Whether the bucket holds a change that a run has applied."""
    return any(b'"applied"' in stored(client, name).get(LOG, b"") for name in run_index.runs(account))


def pending(account: Settings, *phases: str) -> list[str]:
    live = connect(account)
    return [change.resource.name for plan in runner.plan_all(live) if plan.phase in phases for change in plan.pending]


def test_a_record_is_the_same_in_the_folder_and_in_the_bucket(here, client):
    ended = runbook(here, "apply", "--from", "01", "--to", "02")
    assert ended.code == 0
    assert {LOG, "calls.jsonl", "plan.json", "run.json", "MANIFEST.json", "01_infrastructure.ipynb"} <= set(
        stored(client, ended.record.run_id)
    )
    assert unlike(client, ended.record.folder) == set()
    assert records.unsealed_differences(ended.record.folder) == []
    planned = runbook(here, "plan")
    assert (planned.code, unlike(client, planned.record.folder)) == (0, set())
    # And the comparison can fail: by a row that is dropped, and by a file.
    key = f"some/prefix/local/{planned.record.run_id}/"
    client("s3").put_object(Bucket=BUCKET, Key=f"{key}{LOG}", Body=b"{}\n")
    client("s3").delete_object(Bucket=BUCKET, Key=f"{key}plan.json")
    assert unlike(client, planned.record.folder) == {LOG, "plan.json"}


def test_the_bucket_holds_no_address(here, client):
    address = "on.call.person@example.com"
    ended = runbook(here, "apply", "--only", "01", ops_subscription_protocol="email", ops_subscription_endpoint=address)
    found = stored(client, ended.record.run_id)
    assert [name for name, data in found.items() if address.encode() in data] == []
    assert [name for name, data in found.items() if b"o***@example.com" in data] != []


def test_a_cut_run_is_ended_on_a_second_machine_and_undone_on_a_third(here, there, client, tmp_path):
    before = snapshot(here)
    run_id = cut(here, client)
    reader = machine(here, tmp_path / "reader")
    assert runbook(reader, "plan").code == 0  # and so has a run of its own
    shown = runbook(reader, "status")
    assert f"{run_id} (in the store only)" in shown.said
    assert "running, or killed" in shown.said
    ended = resumed(there, run_id)
    assert ended.code == 0, ended.complained
    assert pending(here, "01", "02") == []
    assert unlike(client, ended.record.folder) == set()
    assert records.unsealed_differences(ended.record.folder) == []

    # The first machine comes back.
    back = runbook(here, "status", run_id)
    assert f"succeeded (01, 02 alone): run {run_id}" in back.said
    again = runbook(here, "apply", "--resume", run_id)
    assert (again.code, "is complete" in again.said) == (0, True)
    assert latest(here).rows(LOG) == ended.record.rows(LOG)

    third = machine(here, tmp_path / "third")
    undone = runbook(third, "rollback", run_id)
    assert undone.code == 0, undone.complained
    assert lasting({n for n in differences(before, snapshot(here)) if not n.startswith("object")}) == set()
    assert unlike(client, undone.record.folder) == set()
    assert "rollback succeeded" in runbook(here, "status", run_id).said


def resumed(account: Settings, run_id: str) -> Ended:
    return runbook(account, "apply", "--resume", run_id, "--break-lock")


def test_a_cut_run_is_undone_on_a_machine_that_knows_nothing_of_it(here, there, client):
    before = snapshot(here)
    run_id = cut(here, client)
    undone = runbook(there, "rollback", run_id, "--break-lock")
    assert undone.code == 0, undone.complained
    assert lasting(differences(before, snapshot(here))) == set()


def test_a_run_that_neither_machine_nor_bucket_knows_is_named_with_the_latest_of_both(here, there, client):
    elsewhere = runbook(here, "apply", "--only", "02").record.run_id
    own = runbook(there.model_copy(update={"record_store": ""}), "apply", "--only", "04").record.run_id
    runbook(here, "plan")  # changed nothing, so there is nothing of it that a rollback could use
    ended = runbook(there, "rollback", "r0")
    assert (ended.code, f"the latest are: {', '.join(sorted([elsewhere, own]))}\n" in ended.complained) == (2, True)


def test_of_two_machines_that_go_on_at_once_one_is_refused_and_writes_nothing(here, there):
    applying = here.model_copy(update={"mode": "apply"})
    first = session.begin_with(applying)
    engine.carry_out(engine.plan("02", desired.PHASES["02"](first.live)), first)
    elsewhere = there.model_copy(update={"mode": "apply", "run_id": first.record.run_id})
    second = session.reopen_with(elsewhere)
    assert second.record.rows(LOG) == first.record.rows(LOG)
    engine.carry_out(engine.plan("04", desired.PHASES["04"](second.live)), second)
    before = snapshot(here)
    with pytest.raises(Superseded, match=f"another machine went on with run {first.record.run_id}"):
        engine.carry_out(engine.plan("01", desired.PHASES["01"](first.live)), first)
    assert snapshot(here) == before


def test_an_undo_that_is_refused_elsewhere_leaves_the_record_to_the_run_that_writes_it(here, there, monkeypatch):
    """It closed the record in the bucket: the next phase then took its own rows for somebody's edit, and failed, and
    neither machine could undo the run any more."""
    first = session.begin_with(here.model_copy(update={"mode": "apply"}))
    run_id = first.record.run_id
    with runner.sealed_run(first), runner.locked(first):
        engine.carry_out(engine.plan("02", desired.PHASES["02"](first.live)), first)
        with monkeypatch.context() as elsewhere:
            elsewhere.delenv(run_lock.TOKEN)
            refused = finished(there, started(there, "rollback", run_id))
        assert (refused.code, "may write now" in refused.complained) == (3, True), refused.complained
        first.record.log_call({"operation": "GetRole"})
        next_phase = session.reopen_with(here.model_copy(update={"mode": "apply", "run_id": run_id}))
        engine.carry_out(engine.plan("01", desired.PHASES["01"](next_phase.live)), next_phase)
        next_phase.record.write_json("run.json", {"run_id": run_id, "environment": "local", "mode": "apply"})
    assert records.unsealed_differences(first.record.folder) == []
    assert not manifest.read(first.record.folder).open
    undone = runbook(there, "rollback", run_id)
    assert undone.code == 0, undone.complained
    assert records.unsealed_differences(undone.record.folder) == []


def test_a_bucket_that_goes_away_stops_the_run_which_goes_on_later(here, client):
    def taken_away() -> None:
        until(lambda: kept(here, client))
        kernels = children_of(os.getpid(), KERNEL)
        for kernel in kernels:  # nothing comes into the bucket while it is emptied
            os.kill(kernel, signal.SIGSTOP)
        emptied(client)
        for kernel in kernels:
            os.kill(kernel, signal.SIGCONT)

    breaking = threading.Thread(target=taken_away, daemon=True)
    breaking.start()
    ended = runbook(here, "apply", "--from", "01", "--to", "02")
    breaking.join()
    assert ended.code == 1
    assert "the record cannot be kept in its store" in ended.complained
    assert f"--resume {ended.record.run_id}" in ended.complained
    assert ended.verdict["verdict"] == "failed"
    assert "Unrecorded" in ended.phase("01")["error"]
    assert ended.phase("02")["verdict"] == "not_run"
    assert records.unsealed_differences(ended.record.folder) == []
    begun = {row["name"] for row in ended.record.rows(LOG) if row["state"] == "intended"}
    written = {row["name"] for row in ended.record.rows(LOG) if row["state"] == "applied"}
    assert 0 < len(written) < 7
    assert len(begun - written) <= 1
    client("s3").create_bucket(Bucket=BUCKET)
    again = runbook(here, "apply", "--resume", ended.record.run_id)
    assert again.code == 0, again.complained
    assert pending(here, "01", "02") == []
    assert unlike(client, again.record.folder) == set()


def test_without_its_bucket_a_run_writes_nothing(here, client):
    client("s3").delete_bucket(Bucket=BUCKET)
    before = snapshot(here)
    ended = runbook(here, "apply", "--only", "02")
    assert (ended.code, "cannot be used" in ended.complained, "NoSuchBucket" in ended.complained) == (2, True, True)
    assert snapshot(here) == before
    with pytest.raises(Exception, match="cannot be used"):
        session.begin_with(here)


def test_an_approval_that_another_machine_used_is_used_up(here, there):
    asked = {"approval": "required", "not_exercised_here": "[]", "verify_timeout_seconds": 1}
    approved = runbook(here, "plan", **asked).record.latest("plan.json")["fingerprint"]
    people = ["--approved-plan", approved, "--approved-by", "reviewer", "--change-ticket", "CHG-7"]
    used = runbook(there, "apply", "--only", "01", *people, **asked)
    assert used.code == 0, used.complained
    assert runbook(there, "rollback", used.record.run_id, **asked).code == 0
    again = runbook(here, "apply", "--only", "01", *people, **asked)
    assert again.code == 3
    assert f"was applied by run {used.record.run_id} of " in again.complained


def test_an_approved_run_goes_on_from_another_machine_as_it_was_begun(here, there):
    asked = {"approval": "required", "not_exercised_here": "[]", "verify_timeout_seconds": 1}
    approved = runbook(here, "plan", **asked).record.latest("plan.json")["fingerprint"]
    people = ["--approved-plan", approved, "--approved-by", "reviewer", "--change-ticket", "CHG-7"]
    begun = runbook(here, "apply", "--from", "01", "--to", "02", *people, **asked)
    # On the embedded account phase 02 fails where approval is required: AWS alone can simulate permissions.
    assert (begun.code, begun.phase("02")["verdict"]) == (1, "failed"), begun.complained
    again = runbook(there, "apply", "--resume", begun.record.run_id, **asked)
    assert (again.code, "from phase 02" in again.said) == (1, True), again.complained
    assert again.phase("02")["error_class"] == begun.phase("02")["error_class"] == "NotAsWanted"


def test_a_row_is_not_kept_where_the_bucket_refuses_it(here, client):
    record = session.begin_with(here).record
    emptied(client)
    with pytest.raises(Unrecorded, match="NoSuchBucket"):
        record.append(LOG, {"n": 1})


def test_the_emergency_path_works_from_elsewhere_and_without_the_bucket(here, there, client):
    before = snapshot(here)
    machine_of = f"state machine {here.state_machine_name}"
    carried_out(here, "01", "02", "04")
    run_id = runbook(here, "apply", "--only", "03").record.run_id
    assert machine_of in differences(before, snapshot(here))
    opened = runbook(there, "open", "03", "--run-id", run_id, "--no-browser")
    assert (opened.code, "03_state_machine.by-hand.ipynb" in opened.said) == (0, True)
    assert runbook(there, "restore", run_id).code == 0
    assert machine_of not in differences(before, snapshot(here))
    assert runbook(here, "apply", "--resume", run_id).code == 0
    emptied(client)
    # This machine has the backup itself; elsewhere there is none without the store.
    alone = runbook(here, "restore", run_id)
    assert alone.code == 0, alone.complained
    assert machine_of not in differences(before, snapshot(here))
    elsewhere = there.model_copy(update={"outputs_dir": f"{there.outputs_dir}-new"})
    records.open_run(elsewhere)
    assert runbook(elsewhere, "restore", run_id).code == 2
