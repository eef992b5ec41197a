"""The plan's emergency path: the state machine alone, back to its backup. Asks nobody, waits for nothing.

One call for each alias that the run moved, since that brings check-ins back at once, and one for the workflow itself.

No lock, no plan, no comparison, no store: check-ins fail while it waits. The rules and topics stay until the whole run
is rolled back; the definition before does not need them.
"""

from collections.abc import Mapping
from typing import Any

from lib import changes, locks, undo, verification
from lib.answers import answer
from lib.aws import Live
from lib.checks import Check
from lib.errors import BadParameters, Refused, RunbookError
from lib.exact_json import document
from lib.plans import UNKNOWN, Resource, Value
from lib.records import Record
from lib.resources.workflow import Workflow, value_of
from lib.resources.workflow_alias import WorkflowAlias
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


def restore(live: Live, record: Record) -> list[str]:
    """Back to the backup file: each alias that the run moved, to its versions of before, then the machine.

    An alias that cannot be moved keeps the machine from nothing, and is tried once more after it. Returns a sentence
    for each thing that did not go as it should. Raises Refused for a backup of another account or region.
    """
    machine = _machine(live, record)
    things = [*_aliases(live, record, machine), (machine, value_of(backup(record)))]
    *moved, restored = undo.in_two_tries(things, lambda one: _unrecorded(changes.restore_now(*one, record)))
    if isinstance(restored, RunbookError):
        raise restored
    told = [_unmoved(thing, one) for (thing, _), one in zip(things, [*moved, restored], strict=True)]
    return [*filter(None, told), *unread(record)]


def _unmoved(thing: Resource, found: str | RunbookError) -> str:
    if isinstance(found, RunbookError):
        return f"{thing.name} could not be moved back, and its check-ins run what it names: {found}"
    return found


def _unrecorded(why: str) -> str:
    return why and f"it was done, and could not be recorded: {why}"


def verified(live: Live, record: Record, settings: Settings) -> list[Check]:
    """Whether AWS holds the backup now."""
    machine = _machine(live, record)
    aliases = [(thing, thing.restorable(value)) for thing, value in _aliases(live, record, machine)]
    held = [*aliases, (machine, value_of(backup(record)))]
    return [check for thing, value in held for check in verification.verify_now(thing, value, settings)]


def _aliases(live: Live, record: Record, machine: Workflow) -> list[tuple[WorkflowAlias, Value]]:
    """The aliases that the run began to move, each with its value of before; others are somebody else's by now.

    Where the run's log is lost, all that the backup names: old versions are better than the wrong ones. So is what it
    says of an alias whose row cannot be read.
    """
    rows, found, unread = record.changes(), dict[str, Value](), set[str]()
    for row in rows:
        alias = row["identity"].get("alias")
        if row["kind"] != WorkflowAlias.kind or row["identity"].get("machine") != machine.machine or row["undoes"]:
            continue
        if row["trouble"] or not _is_routing(row["before"]):
            unread.add(str(alias))
        else:
            found.setdefault(str(alias), row["before"])
    for alias, routing in backup(record).get("aliases", {}).items():
        if not rows or alias in unread:
            found.setdefault(alias, _routes(routing))
    return [(WorkflowAlias(live, machine.machine, alias), value) for alias, value in found.items()]


def _is_routing(value: Value) -> bool:
    """Whether this is a value that an alias can have."""
    routes = value.get("routes") if isinstance(value, Mapping) else None
    keys = {"version", "runs", "weight"}
    return isinstance(routes, list) and all(isinstance(row, Mapping) and keys <= row.keys() for row in routes)


def unread(record: Record) -> list[str]:
    """What the run's log tells and this version cannot read, by name; it stays as it is."""
    return [f"{row['name']} stays as it is: {row['trouble']}" for row in record.changes() if row["trouble"]]


def _routes(routing: Mapping[str, int]) -> Value:
    """An alias's value from what a backup keeps of it, which does not say what its versions hold."""
    versions = {version.rpartition(":")[2]: weight for version, weight in routing.items()}
    return {"routes": [{"version": version, "runs": UNKNOWN, "weight": weight} for version, weight in versions.items()]}


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
