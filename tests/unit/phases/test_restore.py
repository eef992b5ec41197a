"""The emergency path at three in the morning: check-ins fail, and nothing else that is unwell hinders a restore."""

import fcntl
import json
import os
from dataclasses import dataclass, replace

import pytest
from botocore.exceptions import ConnectTimeoutError
from machines import described, says
from restored import UNVERIFIED, alias, altered, backup_of, laundered, told

from lib.changes.plans import UNKNOWN, Change, entry
from lib.errors import BadParameters, NotAsWanted, Refused, RunbookError, Unanswered, Unrecorded
from lib.phases import restore, restore_end, restore_plan, rollback, state_machine
from lib.record import files, records, sealing, writers
from lib.record.records import LOG, Record, Run
from lib.resources import connected_run
from lib.resources.resource_kinds import Workflow, WorkflowAlias


@pytest.fixture
def settings(settings):
    """Those of a command that looks once: what AWS does not hold at once fails, and no test waits."""
    return settings.model_copy(update={"verify_timeout_seconds": 0})


def given_back(live, record, unverified=""):
    return restore.restore(restore_plan.plan_restore(connected_run.of(live, record), unverified), record)


def checked(live, record, unverified=""):
    return restore.verify_restored(restore_plan.plan_restore(connected_run.of(live, record), unverified), live.settings)


def refusing(aws, *operations, error=None):
    """Let AWS refuse these from now on."""

    def before(call, given):
        if call in operations:
            raise error or says("AccessDeniedException")

    aws.before = before


# What is restored, and in which order


def test_check_ins_are_back_first_by_the_alias_and_then_by_the_workflow(live, aws, run):
    assert given_back(live, run) == []
    assert aws.wrote == ["update_state_machine_alias", "update_state_machine"]
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})
    assert {check.status for check in checked(live, run)} == {"passed"}


def test_no_lock_is_asked_for_and_nothing_live_is_compared(live, aws, ssm, run):
    given_back(live, run)
    assert [call for call in aws.calls if call == "describe_state_machine_alias"] == []
    assert all(f"/wrote/{run.run_id}/" in name for name in ssm.asked)


def test_an_alias_that_the_run_did_not_move_is_somebody_elses_by_now(live, aws, run):
    aws.aliases["stage"] = {f"{aws.arn}:2": 100}
    assert given_back(live, run) == []
    assert aws.aliases["stage"] == {f"{aws.arn}:2": 100}


def test_an_alias_that_was_moved_twice_goes_back_to_before_the_first_time(live, aws, run):
    told(run, alias(live), {"routes": [{"version": "2", "runs": "x", "weight": 100}]}, alias(live).read())
    assert given_back(live, run) == []
    assert aws.aliases["live"] == {f"{aws.arn}:1": 100}


def test_what_an_undo_wrote_and_what_is_of_another_workflow_is_no_move_of_this_run(live, aws, run):
    elsewhere = {"routes": [{"version": "2", "runs": "x", "weight": 100}]}
    told(run, alias(live, "stage"), elsewhere, elsewhere, undoes=True)
    told(run, WorkflowAlias(live, "Another", "stage"), elsewhere, elsewhere)
    assert given_back(live, run) == []
    assert aws.aliases["stage"] == {f"{aws.arn}:1": 100}
    assert aws.wrote == ["update_state_machine_alias", "update_state_machine"]


def test_without_the_log_all_aliases_of_the_backup_are_given_back(live, aws, run):
    (run.folder / LOG).unlink()
    aws.aliases["stage"] = {f"{aws.arn}:2": 100}
    assert given_back(live, run, UNVERIFIED) == []
    assert aws.aliases == {"live": {f"{aws.arn}:1": 100}, "stage": {f"{aws.arn}:1": 100}}
    (run.folder / LOG).unlink()
    assert {check.status for check in checked(live, run, UNVERIFIED)} == {"passed"}


def test_a_log_that_the_disk_does_not_give_is_like_none_and_is_said(live, aws, run):
    (run.folder / LOG).unlink()
    (run.folder / LOG).mkdir()  # a read of it fails, as one of a broken disk does
    found = given_back(live, run, UNVERIFIED)
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})
    assert any(f"{LOG} of run {run.run_id} cannot be read (Is a directory)" in said for said in found)
    assert len([said for said in found if said.startswith("it was done, and could not be recorded")]) == 3
    assert {check.status for check in checked(live, run, UNVERIFIED)} == {"passed"}


def test_a_backup_of_before_there_were_aliases_restores_the_workflow(live, aws, run):
    path, kept = backup_of(run)
    path.write_text(json.dumps({key: value for key, value in kept.items() if key != "aliases"}))
    (run.folder / LOG).unlink()
    assert given_back(live, run, UNVERIFIED) == []
    assert (aws.runs(), aws.wrote) == ("before", ["update_state_machine"])


# Which backup


def test_a_run_that_kept_no_backup_changed_no_workflow(live, aws, record):
    assert not restore.has_backup(record)
    for path in ("b-definition.json", "b-definition.attempt-2.json", "b.json/a.txt"):
        record.write_json(f"backup/{path}", {"definition": "{}"})
        with pytest.raises(BadParameters, match=f"run {record.run_id} kept no backup of the workflow"):
            given_back(live, record)
    assert aws.calls == []


@pytest.mark.parametrize("name", ["a", "stepfunctions-backup-00000101", "stepfunctions-backup-99990101"])
def test_of_several_backups_it_is_the_one_that_holds_what_the_run_replaced(name, live, aws, run):
    path, kept = backup_of(run)
    for other in (path.with_suffix(".attempt-2.json"), path.with_name(f"{name}.json")):
        other.write_text(json.dumps({**kept, **described("another")}))
    path.with_name("00.json").mkdir()
    assert restore.has_backup(run)
    assert given_back(live, run) == []
    assert aws.runs() == "before"


def test_unverified_it_is_the_first_one_by_name_and_none_of_a_later_attempt(live, aws, run):
    path, kept = backup_of(run)
    for later in (path.with_suffix(".attempt-2.json"), path.with_name("stepfunctions-backup-99990101.json")):
        later.write_text(json.dumps({**kept, **described("later")}))
    path.with_name("00.json").mkdir()
    given_back(live, run, UNVERIFIED)
    assert aws.runs() == "before"


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "is a JSON list; expected an object"), ("{", "is no JSON"), ("{}", "holds no stateMachineArn")],
)
def test_a_backup_that_cannot_be_read_is_named_and_nothing_is_written(text, said, live, aws, run):
    path, kept = backup_of(run)
    path.write_text(text)
    with pytest.raises(Refused, match=f"the backup {path.name} of run {run.run_id} {said}"):
        given_back(live, run)
    log = (run.folder / LOG).read_bytes()
    (run.folder / LOG).unlink()
    with pytest.raises(NotAsWanted, match=f"the backup {path.name} of run {run.run_id} {said}"):
        given_back(live, run, UNVERIFIED)
    assert aws.calls == []
    (run.folder / LOG).write_bytes(log)
    path.with_name("stepfunctions-backup-99990101.json").write_text(json.dumps(kept))
    assert given_back(live, run) == []  # another one is what the run replaced
    assert aws.runs() == "before"


@pytest.mark.parametrize("junk", [b"[]", b"\xff\xfe", b'{"aliases": 5}'])
def test_unverified_a_backup_that_cannot_be_read_keeps_no_other_from_being_used(junk, live, aws, run):
    path, _ = backup_of(run)
    path.with_name("00.json").write_bytes(junk)
    (run.folder / LOG).unlink()
    found = restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)
    assert found.doubt.startswith(f"UNCONFIRMED: {path.name} is used as it lies there: 00.json: ")
    assert restore.restore(found, run) == []
    assert aws.runs() == "before"


@pytest.mark.parametrize("aliases", [5, [], {"live": "x"}, None])
def test_unverified_a_backup_whose_aliases_are_none_gives_back_the_workflow(aliases, live, aws, run):
    path, kept = backup_of(run)
    path.write_text(json.dumps({**kept, "aliases": aliases}))
    (run.folder / LOG).unlink()
    assert given_back(live, run, UNVERIFIED) == []
    assert (aws.runs(), aws.wrote) == ("before", ["update_state_machine"])


def test_unverified_the_log_that_the_account_confirms_comes_before_a_backup_that_it_does_not(live, aws, run):
    path, kept = backup_of(run)
    path.write_text(json.dumps(kept | described("evil")))
    found = restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)
    assert found.source.startswith(f"{LOG} is used, which the account confirms, and which no backup agrees with: ")
    assert restore.restore(found, run) == []
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})
    path.unlink()
    assert restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED).source.endswith("agrees with: none")


def test_the_workflow_of_the_backup_is_restored_whatever_the_parameters_name_by_now(live, aws, run):
    names = {"state_machine_name": "Another", "verify_timeout_seconds": 1}
    assert given_back(replace(live, settings=live.settings.model_copy(update=names)), run) == []
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})


# What an open record holds besides what the run wrote


def forged(record, thing, before, after, **more):
    """Add to the log what the run did not write."""
    for state in ("intended", "applied"):
        record.append(LOG, {**entry("03", Change(thing, before, after), state), **more})


def test_where_the_workflow_alone_is_restored_and_aws_refuses_it_that_is_the_error(live, aws, run):
    found = replace(restore_plan.plan_restore(connected_run.of(live, run)), aliases={})
    refusing(aws, "update_state_machine")
    with pytest.raises(RunbookError, match="AccessDenied"):
        restore.restore(found, run)


def test_why_it_was_not_confirmed_is_recorded_with_it(live, run):
    given_back(live, run, "restore --unverified")
    assert {row.get("why") for row in run.rows(LOG) if row["undoes"]} == {"restore --unverified"}


def test_of_what_is_confirmed_no_reason_is_recorded(live, run):
    given_back(live, run)
    assert not any("why" in row for row in run.rows(LOG) if row["undoes"])


@pytest.mark.parametrize("name", ["00", "stepfunctions-backup-00000101"])
def test_one_that_was_put_beside_it_is_not_taken_for_it(name, live, aws, run):
    path, kept = backup_of(run)
    path.with_name(f"{name}.json").write_text(json.dumps(kept | described("evil")))
    laundered(live.settings, run)
    assert given_back(live, run) == []
    assert aws.runs() == "before"


def test_the_aliases_that_a_swapped_backup_names_are_not_moved(live, aws, run):
    path, kept = backup_of(run)
    aliases = {name: {f"{aws.arn}:2": 100} for name in ("live", "stage", "other")}
    path.write_text(json.dumps(kept | {"aliases": aliases}))
    aws.aliases["other"] = {f"{aws.arn}:1": 100}
    assert given_back(live, run) == []
    assert set(map(str, aws.aliases.values())) == {str({f"{aws.arn}:1": 100})}


def test_an_alias_that_the_run_did_not_move_is_not_moved_by_a_row_that_says_so_and_is_named(live, aws, run):
    now = alias(live).read()
    aws.aliases["stage"] = {f"{aws.arn}:2": 100}
    old = {"routes": [{"version": "1", "runs": UNKNOWN, "weight": 100}]}
    forged(run, alias(live, "stage"), old, now)
    forged(run, alias(live), now, now)  # after the run's own row, which tells what was before
    laundered(live.settings, run)
    found = given_back(live, run)
    assert (aws.runs(), aws.aliases["live"], aws.aliases["stage"]) == (
        "before", {f"{aws.arn}:1": 100}, {f"{aws.arn}:2": 100},
    )  # fmt: skip
    for name in ("live", "stage"):
        said = f"{alias(live, name).name}: the account does not keep that run"
        assert any(one.startswith(said) for one in found)
    assert {check.name: check.status for check in checked(live, run)}[alias(live, "stage").name] == "failed"


def test_an_alias_whose_value_of_before_was_altered_stays_and_is_named(live, aws, run):
    now = alias(live).read()
    altered(run, {"before": now}, lambda row: row["kind"] == WorkflowAlias.kind)
    found = given_back(live, run)
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:2": 100})
    assert any(one.startswith(f"{alias(live).name} stays as it is") for one in found)
    assert given_back(live, run, UNVERIFIED) == []  # in an emergency, what it says now


def test_a_run_that_wrote_no_workflow_has_nothing_to_restore_and_unverified_goes_on(live, aws, record):
    state_machine.backup(connected_run.of(live, record))
    aws.held[aws.arn] = described("somebody's")
    with pytest.raises(Refused, match=r"the run began no write of state machine .* there is nothing to restore"):
        restore_plan.plan_restore(connected_run.of(live, record))
    assert aws.wrote == []
    assert given_back(live, record, UNVERIFIED) == []
    assert aws.runs() == "before"


def test_of_a_run_that_moved_aliases_alone_they_are_given_back_and_the_workflow_stays(live, aws, record):
    state_machine.backup(connected_run.of(live, record))
    before = alias(live).read()
    aws.update_state_machine(stateMachineArn=aws.arn, publish=True, **described("somebody's"))
    aws.aliases["live"] = {f"{aws.arn}:2": 100}
    told(record, alias(live), before, alias(live).read())
    found = restore_plan.plan_restore(connected_run.of(live, record))
    assert restore.restore(found, record) == []
    assert (found.said, aws.runs()) == ("The aliases were given back their versions", "somebody's")
    assert aws.aliases["live"] == {f"{aws.arn}:1": 100}
    assert [check.status for check in restore.verify_restored(found, live.settings)] == ["passed"]


UNASKABLE = {
    "no permission": says("AccessDeniedException"),
    "no answer": ConnectTimeoutError(endpoint_url="x"),
    "a server in trouble": says("InternalServerError", 500),
    "expired": says("ExpiredTokenException"),
    "throttled": says("ThrottlingException"),
}


@pytest.mark.parametrize("why", UNASKABLE)
def test_where_the_account_cannot_be_asked_it_goes_on_at_once_and_loudly(why, live, aws, ssm, run):
    ssm.fails, asked = UNASKABLE[why], len(ssm.asked)
    found = restore_plan.plan_restore(connected_run.of(live, run))
    assert found.unconfirmed.startswith(f"UNCONFIRMED: the account could not be asked what run {run.run_id} wrote (")
    assert "nothing was written" not in found.unconfirmed
    assert len(ssm.asked) == asked + 1
    assert restore.restore(found, run) == []
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})
    undone = [row for row in run.rows(LOG) if row["undoes"]]
    assert len(undone) == 4 and all(row["why"] == found.unconfirmed for row in undone)
    assert restore_end.keep(connected_run.of(live, run), found)[0].startswith(
        "the account does not keep that this was restored, so a"
    )


def test_what_was_restored_unverified_says_so_in_the_record_and_else_nothing(live, aws, run):
    given_back(live, run, UNVERIFIED)
    given_back(live, run)
    assert [row.get("why") for row in run.rows(LOG) if row["undoes"]] == [UNVERIFIED] * 4 + [None] * 4


def test_nobody_looks_for_longer_than_half_a_minute_for_what_got_no_answer():
    assert restore.READ_BACK_SECONDS == 30


def test_what_was_restored_the_account_keeps_so_that_a_rollback_believes_it(live, aws, run):
    found = restore_plan.plan_restore(connected_run.of(live, run))
    restore.restore(found, run)
    assert [row["trouble"] for row in rollback.rows(connected_run.of(live, run)) if row["undoes"]] != [""] * 4
    assert restore_end.keep(connected_run.of(live, run), found) == []
    assert [row["trouble"] for row in rollback.rows(connected_run.of(live, run))] == [""] * len(run.rows(LOG))
    assert {change.action for change in rollback.plan(connected_run.of(live, run)).changes} == {"none"}


# The record


def test_every_write_is_in_the_record_before_it_is_made(live, aws, run):
    rows, ahead = len(run.rows(LOG)), []

    def before(call, given):
        if call.startswith("update_"):
            ahead.append([(row["kind"], row["state"]) for row in run.rows(LOG)[rows:]])

    aws.before = before
    given_back(live, run)
    moved, restored = [(WorkflowAlias.kind, "intended"), (WorkflowAlias.kind, "applied")], (Workflow.kind, "intended")
    assert ahead == [moved[:1], [*moved, restored]]
    assert {(row["phase"], row["undoes"]) for row in run.rows(LOG)[rows:]} == {("90", True)}
    assert run.rows(LOG)[-1]["state"] == "applied"


@dataclass(frozen=True)
class FullDisk(Record):
    """A record with room for so many more rows."""

    room: list[int] = ()

    def append(self, name, row):
        if not self.room[0]:
            raise Unrecorded("the record cannot be kept (No space left on device)")
        self.room[0] -= 1
        super().append(name, row)


@pytest.mark.parametrize(("room", "told"), [(0, 2), (1, 2), (2, 1), (3, 1), (4, 0)])
def test_a_full_disk_keeps_nobody_from_being_helped_and_is_said(room, told, live, aws, run):
    found = given_back(live, FullDisk(run.folder, run.run_id, room=[room]))
    assert (
        found == ["it was done, and could not be recorded: the record cannot be kept (No space left on device)"] * told
    )
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})


def test_a_process_that_holds_the_record_and_is_stopped_keeps_nobody_from_being_helped(live, aws, run, monkeypatch):
    monkeypatch.setattr(files, "SOON", replace(files.SOON, seconds=0))
    with run.held():
        told = given_back(live, Record(run.folder, run.run_id, at_once=True))
    assert len(told) == 2
    assert all("is held by another process of this machine" in said for said in told)
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})
    assert given_back(live, Record(run.folder, run.run_id, at_once=True)) == []


def test_nor_does_one_that_keeps_all_others_from_writing(settings, live, aws, run, monkeypatch):
    monkeypatch.setattr(files, "SOON", replace(files.SOON, seconds=0))
    sealing.seal(run)
    soon = Record(run.folder, run.run_id, at_once=True)
    with (run.folder.parent / writers.LOCKS / run.run_id).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unrecorded, match="keeps all others from writing"):
            records.open_to_write(Run(settings, soon))
        assert given_back(live, soon) == []
        sealing.seal(soon)
    assert aws.runs() == "before"
    records.open_to_write(Run(settings, soon))


@pytest.mark.parametrize("place", [lambda path: os.mkfifo(path), lambda path: path.symlink_to("/dev/zero")])
def test_nor_what_lies_in_the_place_of_its_log(live, aws, run, place):
    (run.folder / LOG).unlink()
    place(run.folder / LOG)
    aws.aliases["stage"] = {f"{aws.arn}:2": 100}
    told = given_back(live, run, UNVERIFIED)
    assert any(f"{LOG} of run {run.run_id} cannot be read" in said for said in told)
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})


# One thing that cannot be restored, or read, keeps no other from it


def test_an_alias_that_aws_refuses_keeps_the_workflow_from_nothing(live, aws, run):
    refusing(aws, "update_state_machine_alias")
    (said,) = given_back(live, run)
    assert f"alias {live.settings.state_machine_name} / live could not be moved back, and its check-ins run" in said
    assert "AccessDeniedException" in said
    assert (aws.runs(), aws.wrote.count("update_state_machine_alias")) == ("before", 2)
    assert [check.status for check in checked(live, run)] == [
        "failed",
        "passed",
    ]


def test_an_alias_whose_version_is_gone_is_tried_again_once_the_workflow_is_restored(live, aws, run):
    del aws.held[f"{aws.arn}:1"]
    assert given_back(live, run) == []
    (version,) = aws.aliases["live"]
    assert aws.runs(version) == "before"


def test_a_workflow_that_cannot_be_restored_is_the_error_and_the_alias_is_back(live, aws, run):
    refusing(aws, "update_state_machine")
    with pytest.raises(NotAsWanted, match="AWS refused while writing state machine"):
        given_back(live, run)
    assert aws.aliases["live"] == {f"{aws.arn}:1": 100}
    assert run.rows(LOG)[-1]["state"] == "intended"


UNREADABLE = {
    "a later format": {"format": 99},
    "a value without routes": {"before": {"other": 1}},
    "routes that are none": {"before": {"routes": [{"version": "1"}]}},
    "routes that are no list": {"before": {"routes": "1"}},
    "no value": {"before": None},
}


@pytest.mark.parametrize("odd", UNREADABLE)
def test_of_an_alias_whose_row_cannot_be_read_the_backup_tells(odd, live, aws, run):
    told(run, alias(live, "stage"), alias(live, "stage").read(), alias(live).read(), **UNREADABLE[odd])
    aws.aliases["stage"] = {f"{aws.arn}:2": 100}
    found = given_back(live, run, UNVERIFIED)
    assert aws.aliases == {"live": {f"{aws.arn}:1": 100}, "stage": {f"{aws.arn}:1": 100}}
    assert aws.runs() == "before"
    assert found == []  # it is back, so nothing is said to stay


@pytest.mark.parametrize("unverified", ["", UNVERIFIED])
@pytest.mark.parametrize("odd", UNREADABLE)
def test_an_alias_that_neither_log_nor_backup_tells_is_said_and_stays(odd, unverified, live, aws, run):
    aws.aliases["new"] = {f"{aws.arn}:2": 100}
    told(run, alias(live, "new"), alias(live).read(), alias(live).read(), **UNREADABLE[odd])
    found = given_back(live, run, unverified)
    assert any("new stays as it is" in said for said in found)
    assert (aws.runs(), aws.aliases["new"]) == ("before", {f"{aws.arn}:2": 100})
    checks = {check.name: check.status for check in checked(live, run, unverified)}
    assert checks.pop(alias(live, "new").name) == "failed"
    assert set(checks.values()) == {"passed"}


def test_where_the_first_row_of_an_alias_cannot_be_read_a_later_one_does_not_tell_what_was_before(live, aws, run):
    row = next(row for row in run.rows(LOG) if "alias" in row["identity"])
    (run.folder / LOG).unlink()
    now = alias(live).read()
    run.append(LOG, {**row, "format": 99})
    told(run, alias(live), now, now)  # the run's own version
    given_back(live, run, UNVERIFIED)
    assert aws.aliases["live"] == {f"{aws.arn}:1": 100}


def test_what_is_no_alias_and_cannot_be_read_is_said_by_name(live, aws, run):
    told(run, Workflow(live, "M"), None, {}, kind="lake", name="lake of a later version", format=99)
    found = given_back(live, run)
    assert len(found) == 1 and all(said.startswith("lake of a later version stays as it is: ") for said in found)
    assert aws.runs() == "before"


# Whether AWS holds it


def test_what_aws_does_not_hold_is_named_and_the_rest_is_passed(live, aws, run):
    given_back(live, run)
    aws.held[aws.arn] = described("somebody's")
    by_name = {check.name: check.status for check in checked(live, run)}
    assert by_name == {alias(live).name: "passed", Workflow(live, live.settings.state_machine_name).name: "failed"}


@pytest.mark.parametrize("call", ["describe_state_machine_alias", "describe_state_machine"])
def test_one_thing_that_cannot_be_read_back_keeps_nobody_from_hearing_of_the_other(call, live, aws, run):
    given_back(live, run)
    machine = {"stateMachineArn": aws.arn}

    def before(made, given):
        if made == call and (call != "describe_state_machine" or given == machine):
            raise says("AccessDeniedException")

    aws.before = before
    moved, restored = checked(live, run)
    refused = moved if call == "describe_state_machine_alias" else restored
    assert ("AccessDeniedException" in refused.found, refused.status) == (True, "failed")
    assert {moved.status, restored.status} == {"failed", "passed"}


def test_an_alias_whose_version_of_before_cannot_be_asked_for_is_said_as_well(live, aws, run):
    given_back(live, run)

    def before(made, given):
        if given == {"stateMachineArn": f"{aws.arn}:1"}:
            raise says("AccessDeniedException")

    aws.before = before
    assert [check.status for check in checked(live, run)] == [
        "failed",
        "passed",
    ]


def test_where_nothing_at_all_is_given_back_it_is_an_error(live, aws, run):
    """So that nothing else is written: who calls may not be of this account."""
    found = restore_plan.plan_restore(connected_run.of(live, run))
    refusing(aws, "update_state_machine_alias")
    with pytest.raises(NotAsWanted, match="live could not be moved back") as caught:
        restore.restore(replace(found, value=None), run)
    assert "AccessDenied" in str(caught.value)


def test_what_got_no_answer_is_read_back_before_anybody_is_told_that_it_failed(live, aws, run, monkeypatch):
    taken = aws.update_state_machine

    def slow(**given):
        taken(**given)
        raise ConnectTimeoutError(endpoint_url="x")

    monkeypatch.setattr(aws, "update_state_machine", slow)
    assert given_back(live, run) == []
    assert aws.runs() == "before"
    assert [row["state"] for row in run.rows(LOG) if row["undoes"]] == ["intended", "applied"] * 2
    assert [check.status for check in checked(live, run)] == ["passed", "passed"]


def test_and_is_an_error_where_aws_does_not_hold_it(live, aws, run):
    refusing(aws, "update_state_machine", error=ConnectTimeoutError(endpoint_url="x"))
    with pytest.raises(Unanswered, match=r"not known\. Restore again, .* by hand"):
        given_back(live, run)
    assert aws.calls.count("update_state_machine") == len(restore.WAITS) + 1


def at_first(aws, *errors, call="update_state_machine", more=None):
    """Let AWS answer the first calls of an operation with these errors, and refuse what is given until it is done."""
    waiting = list(errors)

    def before(made, given):
        if made == call and waiting:
            raise waiting.pop(0)
        if made == more and aws.runs() != "before":
            raise says("AccessDeniedException")

    aws.before = before


@pytest.mark.parametrize(
    "errors",
    [
        [says("ThrottlingException")], [says("ConflictException"), says("ThrottlingException")],
        [ConnectTimeoutError(endpoint_url="x")], [says("InternalFailure", 500), says("ThrottlingException")],
    ],
)  # fmt: skip
def test_what_aws_puts_off_or_leaves_unanswered_is_tried_again_within_seconds(errors, live, aws, run):
    at_first(aws, *errors)
    began = live.clock()
    assert given_back(live, run) == []
    assert (aws.runs(), aws.calls.count("update_state_machine")) == ("before", len(errors) + 1)
    assert aws.calls.count("update_state_machine_alias") == 1
    assert live.clock() - began <= sum(restore.WAITS) + len(errors) * (restore.SOON_READ_BACK_SECONDS + 1)


def test_an_alias_that_aws_puts_off_keeps_the_workflow_from_nothing_and_is_tried_again(live, aws, run):
    at_first(aws, says("ThrottlingException"), says("ThrottlingException"), call="update_state_machine_alias")
    assert given_back(live, run) == []
    assert aws.wrote[:2] == ["update_state_machine_alias", "update_state_machine"]
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})


def test_what_needs_the_workflow_is_tried_once_more_also_where_that_is_restored_late(live, aws, run):
    at_first(aws, says("ThrottlingException"), more="update_state_machine_alias")
    assert given_back(live, run) == []
    assert (aws.runs(), aws.aliases["live"]) == ("before", {f"{aws.arn}:1": 100})


def test_what_aws_refuses_is_not_tried_again(live, aws, run):
    refusing(aws, "update_state_machine")
    with pytest.raises(NotAsWanted, match="AccessDenied"):
        given_back(live, run)
    assert aws.calls.count("update_state_machine") == 1


def test_what_cannot_be_read_back_is_written_again(live, aws, run):
    at_first(aws, ConnectTimeoutError(endpoint_url="x"))
    inner, machine = aws.before, {"stateMachineArn": aws.arn}

    def before(made, given):
        inner(made, given)
        if made == "describe_state_machine" and given == machine:
            raise ConnectTimeoutError(endpoint_url="x")

    found = restore_plan.plan_restore(connected_run.of(live, run))
    aws.before = before
    assert restore.restore(found, run) == []
    assert aws.runs() == "before"


@pytest.mark.parametrize("error", [ConnectTimeoutError(endpoint_url="x"), says("ExpiredTokenException")])
def test_what_is_written_and_cannot_be_seen_failed_and_is_never_said_to_have_changed_nothing(live, aws, run, error):
    found = restore_plan.plan_restore(connected_run.of(live, run))
    assert restore.restore(found, run) == []
    refusing(aws, "describe_state_machine", error=error)
    assert [check.status for check in restore.verify_restored(found, live.settings)][-1] == "failed"
