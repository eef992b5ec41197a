"""The plan's emergency path: the state machine alone, back to its backup. Asks nobody, waits for nothing.

One call for each alias that the run moved, since that brings check-ins back at once, and one for the workflow itself.

No lock, no plan, no comparison, no store: check-ins fail while it waits. The rules and topics stay until the whole run
is rolled back; the definition before does not need them.
"""

from collections.abc import Container, Mapping
from typing import Any

from lib import changes, locks, undo, verification
from lib.answers import answer
from lib.aws import Live
from lib.checks import Check, brief
from lib.errors import BadParameters, NotAsWanted, Refused, RunbookError
from lib.exact_json import document
from lib.plans import UNKNOWN, Resource, Value
from lib.records import LOG, Record
from lib.resources.workflow import Workflow, value_of
from lib.resources.workflow_alias import WorkflowAlias
from lib.settings import Settings

NOT_TOLD = "neither the run's log nor its backup tells what it ran before; see what it names, and move it by hand"


def backup(record: Record) -> dict[str, Any]:
    """The description of the workflow that the run kept before its first change. Raises BadParameters without one."""
    files = (path for path in (record.folder / "backup").glob("*.json") if path.is_file())
    kept = sorted(path for path in files if "-definition" not in path.name)
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
    before = _before(record, machine)
    things = [*_aliases(live, machine, before), (machine, value_of(backup(record)))]
    *moved, restored = undo.in_two_tries(things, lambda one: _unrecorded(changes.restore_now(*one, record)))
    if isinstance(restored, RunbookError):
        raise restored
    told = [_unmoved(thing, one) for (thing, _), one in zip(things, [*moved, restored], strict=True)]
    lost = [f"{thing.name} stays as it is: {NOT_TOLD}" for thing in _lost(live, machine, before)]
    return [*filter(None, told), *lost, *unread(record, [thing.name for thing, _ in things])]


def _unmoved(thing: Resource, found: str | RunbookError) -> str:
    if isinstance(found, RunbookError):
        return f"{thing.name} could not be moved back, and its check-ins run what it names: {found}"
    return found


def _unrecorded(why: str) -> str:
    return why and f"it was done, and could not be recorded: {why}"


def verified(live: Live, record: Record, settings: Settings) -> list[Check]:
    """Whether AWS holds the backup now. One thing that cannot be read keeps nobody from hearing of the others."""
    machine = _machine(live, record)
    before = _before(record, machine)
    lost = [verification.failed(thing, "stays as it is", NOT_TOLD) for thing in _lost(live, machine, before)]
    held = [*_aliases(live, machine, before), (machine, value_of(backup(record)))]
    return [*lost, *(check for thing, value in held for check in _verified(thing, value, settings))]


def _verified(thing: Resource, value: Value, settings: Settings) -> list[Check]:
    try:
        return verification.verify_now(thing, thing.restorable(value), settings)
    except NotAsWanted as error:
        return [verification.failed(thing, str(error), brief(value))]


def _aliases(live: Live, machine: Workflow, before: Mapping[str, Value]) -> list[tuple[WorkflowAlias, Value]]:
    """The aliases whose value of before is known, each with it."""
    return [(WorkflowAlias(live, machine.machine, alias), value) for alias, value in before.items() if value]


def _lost(live: Live, machine: Workflow, before: Mapping[str, Value]) -> list[WorkflowAlias]:
    """The aliases that the run moved from nobody knows where."""
    return [WorkflowAlias(live, machine.machine, alias) for alias, value in before.items() if not value]


def _before(record: Record, machine: Workflow) -> dict[str, Value]:
    """Of each alias that the run began to move, its value of before; others are somebody else's by now.

    Where the run's log is lost, all that the backup names: old versions are better than the wrong ones. So is what it
    says of an alias whose first row cannot be read; None where it says nothing of that.
    """
    found: dict[str, Value] = {}
    rows, _ = _log(record)
    for row in rows:
        alias = row["identity"].get("alias")
        if row["kind"] != WorkflowAlias.kind or row["identity"].get("machine") != machine.machine or row["undoes"]:
            continue
        # Of a later row, what was before is what the run itself wrote.
        found.setdefault(str(alias), row["before"] if not row["trouble"] and _is_routing(row["before"]) else None)
    for alias, routing in backup(record).get("aliases", {}).items():
        if not rows or (alias in found and found[alias] is None):
            found[alias] = _routes(routing)
    return found


def _log(record: Record) -> tuple[list[dict[str, Any]], str]:
    """The rows of the run's log, and why there are none: a broken disk keeps nobody from being helped."""
    try:
        return record.changes(), ""
    except OSError as error:
        return [], f"{LOG} of run {record.run_id} cannot be read ({error.strerror})"


def _is_routing(value: Value) -> bool:
    """Whether this is a value that an alias can have."""
    routes = value.get("routes") if isinstance(value, Mapping) else None
    keys = {"version", "runs", "weight"}
    return isinstance(routes, list) and all(isinstance(row, Mapping) and keys <= row.keys() for row in routes)


def unread(record: Record, restored: Container[str] = ()) -> list[str]:
    """What the run's log tells and this version cannot read, by name; it stays as it is, unless it was restored."""
    rows, why = _log(record)
    told = [
        f"{row['name']} stays as it is: {row['trouble']}"
        for row in rows
        if row["trouble"] and row["name"] not in restored
    ]
    lost = [f"{why}, so that all aliases of the backup were given back"] if why else []
    return [*lost, *dict.fromkeys(told)]


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
