"""What can be done with a run by what its record holds: gone on with, undone, restored."""

import pytest
from written_rows import OF_A_QUEUE, OF_AN_ALIAS, OF_THE_WORKFLOW, wrote

from lib.display import run_commands
from lib.display.run_commands import Way
from lib.record import records, sealing
from lib.record.records import Run
from lib.record.run_phases import NOTEBOOKS, Phase
from lib.resources.queues import Queue
from lib.resources.workflow import Workflow
from lib.settings import load
from lib.values.run_names import COPIES
from lib.values.verdicts import Verdict

BACKUP = ("backup/b.json", {})
RUN = ("run.json", {"mode": "apply", "verdict": "failed"})
REFUSED_UNDO = [
    wrote(Workflow.kind, "applied"),
    *(wrote(Workflow.kind, state, undoes=True) for state in ("intended", "failed", "not applied")),
]


@pytest.mark.parametrize(
    ("files", "rows", "possible"),
    [
        ([], [], []),
        ([RUN], [], ["apply"]),
        ([("run.json", {"mode": "apply", "verdict": "refused"})], [], []),
        ([("run.json", {"mode": "plan", "verdict": "succeeded"})], [], []),
        ([RUN], [OF_THE_WORKFLOW], ["apply", "rollback"]),  # its backup is lost
        ([RUN, ("backup/b-definition.json", {})], [OF_THE_WORKFLOW], ["apply", "rollback"]),
        ([RUN, BACKUP], [OF_A_QUEUE], ["apply", "rollback"]),
        ([RUN, BACKUP], [OF_THE_WORKFLOW], ["apply", "rollback", "restore"]),
        ([RUN, BACKUP], [OF_AN_ALIAS], ["apply", "rollback", "restore"]),
        ([RUN, BACKUP], [OF_THE_WORKFLOW, wrote(Workflow.kind, "applied", undoes=True)], ["apply"]),
        ([RUN, BACKUP], [OF_THE_WORKFLOW, *REFUSED_UNDO], ["apply", "rollback", "restore"]),
        ([RUN], [OF_A_QUEUE, wrote(Queue.kind, "not applied")], ["apply"]),
        ([RUN], [OF_A_QUEUE, wrote(Queue.kind, "failed", undoes=True)], ["apply", "rollback"]),
        ([RUN], [OF_A_QUEUE, wrote(Queue.kind, "applied", undoes=True), OF_A_QUEUE], ["apply", "rollback"]),
        ([RUN], [{"n": 1}], ["apply", "rollback"]),  # which nobody can read: the rollback says so
    ],
)
def test_only_what_can_work_is_offered(files, rows, possible, tmp_path):
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    record = records.open_run(chosen)
    for file, data in files:
        record.write_json(file, data)
    for row in rows:
        record.append(records.LOG, row)
    assert [command.split()[1] for command in run_commands.commands(Run(chosen, record)).values()] == possible


def test_the_backup_of_a_run_of_another_machine_is_in_the_store(tmp_path):
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    copy = records.Record(chosen.runs_folder / COPIES / "r1", "r1")
    copy.write_json(*RUN)
    copy.append(records.LOG, OF_A_QUEUE)
    assert Way.RESTORE not in run_commands.ways(Run(chosen, copy))
    copy.append(records.LOG, OF_THE_WORKFLOW)
    assert Way.RESTORE in run_commands.ways(Run(chosen, copy))


def test_an_undo_ends_an_approval_so_that_nothing_is_gone_on_with(tmp_path):
    chosen = load("prod", {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    record = records.open_run(chosen)
    record.write_json(*RUN)
    record.append(records.LOG, OF_A_QUEUE)
    assert run_commands.ways(Run(chosen, record)) == [Way.GO_ON, Way.UNDO]
    record.append(records.LOG, wrote(Queue.kind, "applied", undoes=True))
    assert run_commands.ways(Run(chosen, record)) == []


def ran(*numbers, **other):
    return [Phase(number, NOTEBOOKS[number], other.get(f"p{number}", Verdict.SUCCEEDED)).to_row() for number in numbers]


UP_TO_THE_WORKFLOW = ran("00", "01", "02", "04", "03")


@pytest.mark.parametrize(
    ("phases", "rows", "first"),
    [
        (UP_TO_THE_WORKFLOW, [OF_A_QUEUE], "05"),
        (ran("00"), [], "01"),
        (UP_TO_THE_WORKFLOW, [OF_A_QUEUE, wrote(Queue.kind, "applied", undoes=True)], ""),
        (ran("00", "01", p01=Verdict.FAILED), [OF_A_QUEUE], ""),
        (ran("04"), [OF_A_QUEUE], ""),  # nobody can tell what else it was to do
        (ran(*NOTEBOOKS), [OF_A_QUEUE], ""),
    ],
)
@pytest.mark.parametrize("environment", ["local", "prod"])
def test_a_run_that_did_its_part_goes_on_with_the_phases_that_it_left(environment, phases, rows, first, tmp_path):
    chosen = load(environment, {"outputs_dir": str(tmp_path), "run_id": "r1", "mode": "apply"})
    record = records.open_run(chosen)
    verdict = Verdict.FAILED if "failed" in str(phases) else Verdict.SUCCEEDED
    record.write_json("run.json", {"mode": "apply", "verdict": verdict, "phases": phases})
    for row in rows:
        record.append(records.LOG, row)
    sealing.seal(record)
    command = run_commands.commands(Run(chosen, record), "--break-lock").get(Way.GO_ON, "")
    approved = '--approved-plan "$PLAN" --approved-by "$APPROVER" --change-ticket "$TICKET" '
    approved = approved if environment == "prod" else ""
    left = f"runbook apply {environment} {approved}--from {first} --set run_id=r1"
    assert command.startswith(left) if first else "--from" not in command
    assert run_commands.newest_left(chosen)[1][:1] == ([first] if first else [])
