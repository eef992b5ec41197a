"""The plan's emergency path: the state machine alone, back to its backup. Asks nobody, waits for nothing.

One call for each alias that the run moved, since that brings check-ins back at once, and one for the workflow itself.
What AWS asked to put off, or what got no answer and was not carried out, is called again within seconds.

No lock, no plan, no comparison, no store: check-ins fail while it waits. The rules and topics stay until the whole run
is rolled back; the definition from before the run does not need them.
"""

from contextlib import suppress
from functools import partial

from lib.changes import verification, writer
from lib.changes.resource import Resource, Value
from lib.checks import Check, brief
from lib.errors import NotAsWanted, RunbookError, Throttled, Unanswered
from lib.phases import backups
from lib.phases.restore_plan import Restoration
from lib.record.records import Record
from lib.settings import Settings
from lib.wait import Patience, attempts

NOT_TOLD = "neither the run's log nor its backup tells what it ran before; see what it names, and move it by hand"
AGAIN = (
    "Restore again, which may be done any number of times, from a machine that reaches AWS; without one, by hand as "
    "docs/operate.md says ('By hand')"
)
# Seconds before what AWS put off, or what got no answer, is tried again, and then no more.
WAITS = (0.5, 1.0, 2.0)
SOON_READ_BACK_SECONDS = 2  # for how long what got no answer is looked for before it is tried again
READ_BACK_SECONDS = 30  # and after the last try: AWS shows an update late


def has_backup(record: Record) -> bool:
    """Whether this machine has the run's backup."""
    return bool(backups.files(record))


def restore(restoration: Restoration, record: Record) -> list[str]:
    """Back to the backup: each alias that the run moved, to its versions of before, then the machine.

    An alias that cannot be moved keeps the machine from nothing, and is tried once more after it. What AWS put off, or
    left unanswered, is tried again with what failed beside it. Returns a sentence for each thing that did not go as it
    should. Raises NotAsWanted where the machine was not restored, or nothing was.
    """
    things = restoration.things
    tried = _tried(restoration, record)
    machine = tried[-1]
    if isinstance(machine, Unanswered) and things[-1][0] is restoration.machine:
        raise Unanswered(f"{machine}. {AGAIN}") from machine
    if isinstance(machine, RunbookError) and things[-1][0] is restoration.machine:
        raise machine
    troubles = [_unmoved(thing, one) for (thing, _), one in zip(things, tried, strict=True)]
    if all(isinstance(one, RunbookError) for one in tried):
        raise NotAsWanted("; ".join(troubles))
    lost = [f"{thing.name} stays as it is: {NOT_TOLD}" for thing in restoration.lost]
    back = [thing.name for thing, _ in things]
    return [*filter(None, troubles), *lost, *(said for name, said in restoration.unread if name not in back)]


def _tried(restoration: Restoration, record: Record) -> list[str | RunbookError]:
    """What became of each thing in the end. All are tried before any is waited for."""
    live, things, why = restoration.machine.live, restoration.things, restoration.unconfirmed
    outcomes, failed = dict[int, str | RunbookError](), list(range(len(things)))
    for last in attempts(WAITS, live.sleep):
        patience = Patience(READ_BACK_SECONDS if last else SOON_READ_BACK_SECONDS, 1.0, live.sleep, live.clock)
        write = partial(_written, record=record, why=why, patience=patience)
        outcomes |= zip(failed, writer.in_two_tries([things[at] for at in failed], write), strict=True)
        failed = [at for at in failed if isinstance(outcomes[at], RunbookError)]
        if not any(isinstance(outcomes[at], Throttled | Unanswered) for at in failed):
            break
    return [outcomes[at] for at in range(len(things))]


def _written(one: tuple[Resource, Value], record: Record, why: str, patience: Patience) -> str:
    """Write one thing; what got no answer is read back. Returns why it was not recorded, or ""."""
    thing, value = one
    arrived = partial(_arrived, thing, value, patience)
    return _unrecorded(writer.restore_now(thing, value, record, why, arrived))


def _arrived(thing: Resource, value: Value, patience: Patience) -> bool:
    """Whether AWS holds a value that it was called with; not where nobody can tell: calling it again does no harm."""
    with suppress(RunbookError):
        return verification.holds(thing, thing.restorable(value), patience)
    return False


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
