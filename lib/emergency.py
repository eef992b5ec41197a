"""The plan's emergency path: the state machine alone, back to its backup, by one call. Asks nobody, waits for nothing.

No lock, no plan, no comparison, no store: check-ins fail while it waits. The rules and topics stay until the whole run
is rolled back; the definition before does not need them.
"""

from typing import Any

from lib import changes, locks, verification
from lib.answers import answer
from lib.aws import Live
from lib.checks import Check
from lib.errors import BadParameters, Refused, RunbookError
from lib.exact_json import document
from lib.records import Record
from lib.resources.workflow import Workflow, value_of
from lib.settings import Settings


def backup(record: Record) -> dict[str, Any]:
    """The description of the workflow that the run kept before its first change. Raises BadParameters without one."""
    kept = sorted(path for path in (record.folder / "backup").glob("*.json") if "-definition" not in path.name)
    first = [path for path in kept if ".attempt-" not in path.name]
    if not first:
        raise BadParameters(
            f"run {record.run_id} kept no backup of the workflow (it never came to phase 03), so it changed none"
        )
    said = f"the backup {first[0].name} of run {record.run_id}"
    return answer(document(first[0].read_text(encoding="utf-8"), said), said)


def has_backup(record: Record) -> bool:
    """Whether this machine has the run's backup."""
    return any((record.folder / "backup").glob("*.json"))


def restore(live: Live, record: Record) -> str:
    """One UpdateStateMachine from the backup file, of the machine that it is of.

    Returns why it could not be recorded, "" where it was. Raises Refused for a backup of another account or region.
    """
    return changes.restore_now(_machine(live, record), value_of(backup(record)), record)


def verified(live: Live, record: Record, settings: Settings) -> list[Check]:
    """Whether AWS holds the backup now."""
    return verification.verify_now(_machine(live, record), value_of(backup(record)), settings)


def _machine(live: Live, record: Record) -> Workflow:
    """The state machine of the backup, whatever the parameters name by now."""
    arn = str(backup(record)["stateMachineArn"])
    thing = Workflow(live, arn.rpartition(":")[2])
    if thing.arn != arn:
        raise Refused(
            f"the backup of run {record.run_id} is of {arn}, the parameters are of {live.settings.account_id} in "
            f"{live.settings.region}; use the environment of that run"
        )
    return thing


def take_lock_away(live: Live) -> str:
    """Keep a run that still writes from writing the new definition again. Returns what became of its lock."""
    try:
        held = locks.found(live)
        if held is None:
            return ""
        locks.break_lock(live, held.run_id, force=True)
    except RunbookError as error:
        return f"a run may still hold the lock, and would write the new definition again: {error}"
    return f"the lock of run {held.run_id} was taken away, so that it cannot write the new definition again"
