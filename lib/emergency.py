"""The plan's emergency path: the state machine alone, back to its backup, by one call. Asks nobody, waits for nothing.

No lock, no plan, no comparison: check-ins fail while it waits. The rules and topics stay until the whole run is rolled
back; the definition before does not need them.
"""

import json
from typing import Any

from lib import changes, verification
from lib.aws import Live
from lib.checks import Check
from lib.errors import BadParameters
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
    return dict(json.loads(first[0].read_text(encoding="utf-8")))


def restore(live: Live, record: Record) -> str:
    """One UpdateStateMachine from the backup file. Returns why it could not be recorded, "" where it was."""
    thing = Workflow(live, live.settings.state_machine_name)
    return changes.restore_now(thing, value_of(backup(record)), record)


def verified(live: Live, record: Record, settings: Settings) -> list[Check]:
    """Whether AWS holds the backup now."""
    thing = Workflow(live, settings.state_machine_name)
    return verification.verify_now(thing, value_of(backup(record)), settings)
