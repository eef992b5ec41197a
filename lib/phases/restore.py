"""The plan's emergency path: the state machine alone, back to its backup. Asks nobody, waits for nothing.

One call for each alias that the run moved, since that brings check-ins back at once, and one for the workflow itself.

No lock, no plan, no comparison, no store: check-ins fail while it waits. The rules and topics stay until the whole run
is rolled back; the definition from before the run does not need them.
"""

from lib.changes import verification, writer
from lib.changes.resource import Resource, Value
from lib.checks import Check, brief
from lib.errors import NotAsWanted, RunbookError, Unanswered
from lib.phases import backups
from lib.phases.restore_plan import Restoration
from lib.record.records import Record
from lib.settings import Settings

NOT_TOLD = "neither the run's log nor its backup tells what it ran before; see what it names, and move it by hand"
READ_BACK_SECONDS = 30  # for how long what got no answer is looked for


def has_backup(record: Record) -> bool:
    """Whether this machine has the run's backup."""
    return bool(backups.files(record))


def restore(restoration: Restoration, record: Record) -> list[str]:
    """Back to the backup: each alias that the run moved, to its versions of before, then the machine.

    An alias that cannot be moved keeps the machine from nothing, and is tried once more after it. Returns a sentence
    for each thing that did not go as it should. Raises NotAsWanted where the machine was not restored, or nothing was.
    """
    things, why = restoration.things, restoration.unconfirmed
    tried = writer.in_two_tries(things, lambda one: _written(*one, record, why))
    if isinstance(tried[-1], RunbookError) and things[-1][0] is restoration.machine:
        raise tried[-1]
    troubles = [_unmoved(thing, one) for (thing, _), one in zip(things, tried, strict=True)]
    if all(isinstance(one, RunbookError) for one in tried):
        raise NotAsWanted("; ".join(troubles))
    lost = [f"{thing.name} stays as it is: {NOT_TOLD}" for thing in restoration.lost]
    back = [thing.name for thing, _ in things]
    return [*filter(None, troubles), *lost, *(said for name, said in restoration.unread if name not in back)]


def _written(thing: Resource, value: Value, record: Record, why: str) -> str:
    """Write one thing; what got no answer is read back. Returns why it was not recorded, or ""."""
    try:
        return _unrecorded(writer.restore_now(thing, value, record, why))
    except Unanswered:
        if not verification.holds(thing, thing.restorable(value), READ_BACK_SECONDS):
            raise
        return ""


def _unmoved(thing: Resource, outcome: str | RunbookError) -> str:
    if isinstance(outcome, RunbookError):
        return f"{thing.name} could not be moved back, and its check-ins run what it names: {outcome}"
    return outcome


def _unrecorded(why: str) -> str:
    return why and f"it was done, and could not be recorded: {why}"


def verify_restored(restoration: Restoration, settings: Settings) -> list[Check]:
    """Whether AWS holds the backup now. One thing that cannot be read keeps nobody from hearing of the others."""
    lost = [verification.failed_check(thing, "stays as it is", NOT_TOLD) for thing in restoration.lost]
    return [*lost, *(check for thing, value in restoration.things for check in _verified(thing, value, settings))]


def _verified(thing: Resource, value: Value, settings: Settings) -> list[Check]:
    try:
        return verification.verify_now(thing, thing.restorable(value), settings)
    except RunbookError as error:  # it is written: what keeps anybody from seeing it does not undo that
        return [verification.failed_check(thing, str(error), brief(value))]
