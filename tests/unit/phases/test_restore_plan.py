"""What a restore would give back: which backup is confirmed, by the account or by the log, and which is refused."""

import json
from dataclasses import replace

import pytest
from machines import described, says
from restored import UNVERIFIED, alias, altered, backup_of, laundered, told

from lib.aws_answers import answer
from lib.changes.plans import UNKNOWN, Change, entry
from lib.errors import NotAsWanted, Refused
from lib.phases import restore_plan
from lib.record.records import LOG
from lib.resources import connected_run
from lib.resources.resource_kinds import Workflow, WorkflowAlias
from lib.resources.workflow import value_of


@pytest.fixture
def settings(settings):
    """Those of a command that looks once: what AWS does not hold at once fails, and no test waits."""
    return settings.model_copy(update={"verify_timeout_seconds": 0})


def test_unverified_a_log_in_which_the_workflow_is_not_confirmed_confirms_no_backup_by_its_aliases(live, aws, run):
    rows = [row for row in run.rows(LOG) if row["kind"] == WorkflowAlias.kind]
    (run.folder / LOG).unlink()
    run.append_all(LOG, rows)
    found = restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)
    assert (found.source, found.value is None, "UNCONFIRMED" in found.doubt) == ("", False, True)


@pytest.mark.parametrize("other", [{"account_id": "111122223333"}, {"region": "eu-west-1"}])
def test_a_backup_of_another_account_or_region_is_never_written_here(other, live, aws, run):
    there = replace(live, settings=live.settings.model_copy(update=other))
    for unverified in ("", UNVERIFIED):
        with pytest.raises(Refused, match=f"the backup of run {run.run_id} is of {aws.arn}.*use the environment of"):
            restore_plan.plan_restore(connected_run.of(there, run), unverified)
    assert aws.calls == []


SWAPPED = {
    "another definition": lambda kept: kept | described("evil"),
    "another role": lambda kept: kept | {"roleArn": "arn:aws:iam::000000000000:role/Evil"},
    "another layout": lambda kept: kept | {"definition": json.dumps(json.loads(kept["definition"]), indent=3)},
    "another workflow": lambda kept: kept | {"stateMachineArn": f"{kept['stateMachineArn']}-2"},
    "another account": lambda kept: kept | {"stateMachineArn": kept["stateMachineArn"].replace("0" * 12, "1" * 12)},
    "a log of its own": lambda kept: kept | {"loggingConfiguration": {"level": "ALL"}},
    "a value that nobody can tell": lambda kept: kept | {"definition": UNKNOWN},
    "a name of no workflow": lambda kept: kept | {"stateMachineArn": kept["stateMachineArn"] + "<>"},
    "a definition that is none": lambda kept: kept | {"definition": 5},
    "a log that is none": lambda kept: kept | {"loggingConfiguration": "x"},
    "no role": lambda kept: {key: value for key, value in kept.items() if key != "roleArn"},
}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("how", SWAPPED)
def test_a_backup_that_was_swapped_is_not_written_also_once_it_was_sealed(how, sealed, live, aws, run):
    path, kept = backup_of(run)
    path.write_text(json.dumps(SWAPPED[how](kept)))
    if sealed:
        laundered(live.settings, run)
    with pytest.raises(
        Refused, match=r"no backup of run .* nothing was written: .*--unverified restores it as it lies"
    ):
        restore_plan.plan_restore(connected_run.of(live, run))
    assert (aws.wrote, aws.runs()) == ([], "after")


def test_a_log_that_cannot_be_read_is_named_before_the_backups_that_nothing_confirms(live, run, monkeypatch):
    path, _ = backup_of(run)
    path.write_text("no JSON")
    with pytest.raises(Refused, match=rf"so nothing was written: {path.name}: "):
        restore_plan.plan_restore(connected_run.of(live, run))
    monkeypatch.setattr(restore_plan, "_log", lambda record: ([], "the log cannot be read"))
    with pytest.raises(Refused, match=rf"so nothing was written: the log cannot be read; {path.name}: "):
        restore_plan.plan_restore(connected_run.of(live, run))


def test_the_first_write_of_the_workflow_is_of_this_one_and_of_nothing_else(live, run):
    machine, rows = Workflow(live, live.settings.state_machine_name), run.changes()
    assert restore_plan._first_write(rows, machine) == rows[0]
    assert restore_plan._first_write(rows, Workflow(live, "Another")) is None
    others = [row | {"kind": "other"} for row in rows]
    assert restore_plan._first_write(others, machine) is None


@pytest.mark.parametrize("state", ["intended", "applied"])
def test_where_what_the_workflow_was_before_was_altered_nothing_confirms_the_backup(state, live, aws, run):
    path, kept = backup_of(run)
    evil = value_of(answer(kept | described("evil"), "x"))
    altered(run, {"before": evil}, lambda row: row["kind"] == Workflow.kind and "intended" in (row["state"], state))
    path.write_text(json.dumps(kept | described("evil")))
    laundered(live.settings, run)
    with pytest.raises(Refused, match=f"the account does not keep that run {run.run_id} wrote this"):
        restore_plan.plan_restore(connected_run.of(live, run))
    assert aws.wrote == []


def test_a_row_before_the_first_one_hides_what_the_workflow_was(live, aws, run):
    """Else the run's own later value, of a run that was gone on with, would be taken for the one of before."""
    machine = Workflow(live, live.settings.state_machine_name)
    now = machine.read()
    altered(run, {"before": {}}, lambda row: row["kind"] == Workflow.kind)
    told(run, machine, now, now | {"roleArn": "another"})
    path, kept = backup_of(run)
    path.write_text(json.dumps(kept | described("after")))
    with pytest.raises(Refused, match="the account does not keep"):
        restore_plan.plan_restore(connected_run.of(live, run))


def test_without_a_backup_that_can_be_read_it_is_the_log_of_which_the_account_confirms_the_workflow(live, run):
    backup_of(run)[0].write_text("{", encoding="utf-8")
    other = {"routes": [{"version": "7", "runs": "x", "weight": 100}]}
    run.append(LOG, entry("03", Change(alias(live, "stage"), other, other), "intended"))
    found = restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)
    assert f"{LOG} is used, which the account confirms" in found.source
    versions = {name: value["routes"][0]["version"] for name, value in found.aliases.items()}
    assert versions == {"live": "1", "stage": "7"}


def test_where_the_account_cannot_be_asked_either_the_backup_says_why(live, ssm, run):
    backup_of(run)[0].write_text("{", encoding="utf-8")
    ssm.fails = says("AccessDeniedException")
    with pytest.raises(NotAsWanted, match="backup"):
        restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)


def test_of_backups_that_are_none_the_first_says_why(live, run):
    path, _ = backup_of(run)
    (run.folder / LOG).unlink()
    for name in (path.name, path.name.replace("-backup-", "-backup-9")):
        path.with_name(name).write_text("{", encoding="utf-8")
    with pytest.raises(NotAsWanted, match=path.name):
        restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED)


def test_the_value_of_an_alias_from_a_backup_says_that_nobody_knows_what_its_version_holds(live, run):
    (run.folder / LOG).unlink()
    found = restore_plan.plan_restore(connected_run.of(live, run), UNVERIFIED).aliases
    assert found["live"] == {"routes": [{"version": "1", "runs": UNKNOWN, "weight": 100}]}
