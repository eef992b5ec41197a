"""The backups of the workflow that a run kept before its first change. Read-only; no AWS."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.aws_answers import answer
from lib.changes import undo_plan
from lib.changes.plans import Value
from lib.errors import NotAsWanted, Refused
from lib.record.files import text
from lib.record.records import Record
from lib.resources.connected_run import ConnectedRun
from lib.resources.workflow import Workflow, value_of
from lib.values.exact_json import document


def files(record: Record) -> list[Path]:
    """The run's backups; before those of later attempts those of a first one."""
    paths = (path for path in (record.folder / "backup").glob("*.json") if path.is_file())
    kept = [path for path in paths if "-definition" not in path.name]
    return sorted(kept, key=lambda path: (".attempt-" in path.name, path.name))


def description(record: Record, path: Path) -> dict[str, Any]:
    """What DescribeStateMachine said, as a backup keeps it. Raises NotAsWanted for a file that holds none."""
    said = f"the backup {path.name} of run {record.run_id}"
    return answer(document(text(path, said), said), said)


def value(kept: Mapping[str, Any], path: Path) -> Value:
    """What a description says of the workflow. Raises NotAsWanted where it says something else."""
    try:
        return value_of(kept)
    except undo_plan.UNFIT as error:
        kind = type(error).__name__
        raise NotAsWanted(f"it holds what is no workflow's ({kind}); look at {path.name} by hand") from error


def machine(run: ConnectedRun, kept: Mapping[str, Any]) -> Workflow:
    """The state machine of a backup, whatever the parameters name by now. Raises Refused for another account's."""
    arn = str(kept["stateMachineArn"])
    thing = Workflow(run.live, arn.rpartition(":")[2])
    if thing.arn != arn:
        raise Refused(
            f"the backup of run {run.record.run_id} is of {arn}, the parameters are of {run.settings.account_id} in "
            f"{run.settings.region}; use the environment of that run"
        )
    return thing
