"""Whether live things hold what was wanted: read until they do, or time is up. Writes only the record."""

from lib.changes.plans import UNKNOWN, Outcome, differences, entry, same
from lib.changes.resource import Resource, Value, read_ahead
from lib.checks import Check, Status, brief
from lib.errors import NotAsWanted
from lib.record.change_rows import WriteState
from lib.record.records import LOG, Run
from lib.settings import Settings
from lib.values.check_registry import Id
from lib.values.exact_json import parts_of
from lib.values.modes import Mode
from lib.wait import Patience, until


def verify(outcome: Outcome, run: Run) -> list[Check]:
    """Read every thing until it equals what was wanted or `verify_timeout_seconds` pass.

    IAM, Lambda and Step Functions settle late, so one early read proves nothing. In plan mode nothing was written,
    and what differs is `not applied`.
    """
    settings = run.settings
    waiting = settings.verify_timeout_seconds if settings.mode == Mode.APPLY else 0
    checks, ahead = [], read_ahead([one.change.resource for one in outcome.results if not one.change.trouble])
    for result in outcome.results:
        change, kept = result.change, result.state == WriteState.KEPT
        wanted = change.before if kept else change.after
        trouble = result.said if result.state in (WriteState.FAILED, WriteState.NOT_TRIED) else ""
        if change.trouble:
            checks.append(failed_check(change.resource, trouble or change.trouble, change.after))
            continue
        written = result.state in (WriteState.APPLIED, WriteState.NOTHING_TO_DO)
        try:
            name = change.resource.name
            held = name in ahead and same(ahead[name], wanted)
            seconds = waiting if written else 0
            live = ahead[name] if held else _settled(change.resource, wanted, seconds, settings.poll_seconds)
        except NotAsWanted as error:
            # One thing that cannot be read keeps nobody from hearing of the others.
            checks.append(failed_check(change.resource, str(error), wanted))
            continue
        # What was kept may be gone all the same: a subscription goes with its topic. That is what the undo wanted.
        gone = kept and live is None and change.after is None
        checks.append(_check(change.resource, live, None if gone else wanted, settings.mode, trouble))
        if result.state == WriteState.APPLIED:
            row = entry(outcome.phase, change, WriteState.VERIFIED, outcome.undoes)
            run.record.append(LOG, {**row, "status": str(checks[-1].status)})
    return checks


def verify_now(resource: Resource, value: Value, settings: Settings) -> list[Check]:
    """Read one thing until it holds a value or `verify_timeout_seconds` pass."""
    live = _settled(resource, value, settings.verify_timeout_seconds, settings.poll_seconds)
    return [_check(resource, live, value, settings.mode)]


def holds(resource: Resource, value: Value, patience: Patience) -> bool:
    """Whether one thing comes to hold a value while it is waited for. Read-only."""
    return until(resource.read, lambda live: same(live, value), patience).so


def _settled(resource: Resource, wanted: Value, seconds: float, pause: float) -> Value:
    """The value that was read last: the wanted one, unless the time was up."""
    return until(resource.read, lambda live: same(live, wanted), Patience(seconds, pause)).seen


def _check(resource: Resource, live: Value, wanted: Value, mode: Mode, trouble: str = "") -> Check:
    if same(live, wanted) and not trouble:
        status = Status.NOT_EXERCISED if _unreadable(live) else Status.PASSED
    else:
        status = Status.FAILED if mode == Mode.APPLY else Status.NOT_APPLIED
    fields = [path for path in differences(wanted, live) if path]
    differing = [f"differs in {', '.join(fields)}"] if fields else []
    found = "as wanted" if status == Status.PASSED else "; ".join([brief(live), *differing, *filter(None, [trouble])])
    return Check(Id.AS_WANTED, resource.name, status, found, brief(wanted), resource.name)


def failed_check(resource: Resource, why: str, wanted: Value) -> Check:
    """That a thing is not as wanted, or that nobody can tell."""
    return Check(Id.AS_WANTED, resource.name, Status.FAILED, why, brief(wanted), resource.name)


def _unreadable(value: Value) -> bool:
    return any(part.value == UNKNOWN for part in parts_of(value))
