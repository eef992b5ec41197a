"""Which way check-ins come: what starts the workflow, by which version or alias its functions are called. Read-only.

Shown in phase 00, asked again in phase 03 before anything is written and after it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lib.asl.functions import Called
from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status, status_in
from lib.errors import NotAsWanted, RunbookError
from lib.resources.existing import names, traffic_entries
from lib.resources.existing.traffic_entries import Entries
from lib.resources.existing.traffic_starters import Starter
from lib.resources.workflow import description, value_of
from lib.resources.workflow_alias import digest, routing_of
from lib.values.check_registry import Id

STARTED = "check-ins start what this plan changes"
ITSELF = "the workflow itself"


def rows(live: Live, known: Entries | None = None) -> list[dict[str, str]]:
    """Who starts executions, what each names, what that runs, and what phase 03 does about it."""
    entries = known or traffic_entries.read(live)
    shown = [_row(live, entries, starter.who, starter.arn) for starter in entries.starters]
    rest = [f"{entries.machine}:{alias}" for alias in entries.unused]
    return shown + [_row(live, entries, "nothing that can be read", arn) for arn in rest]


def _row(live: Live, entries: Entries, who: str, arn: str) -> dict[str, str]:
    qualifier = entries.qualifier(arn) if entries.ours(arn) else arn
    moves = "moves it to the version that it publishes" if qualifier in entries.used else "leaves it alone"
    runs = _runs(live, arn) if entries.ours(arn) else "another workflow"
    return {
        "started by": who,
        "what": qualifier or ITSELF,
        "runs": runs,
        "phase 03": "updates it" if arn == entries.machine else moves,
    }


def _runs(live: Live, arn: str) -> str:
    with readable(f"reading {arn.rpartition(':')[2]}"):
        routing = routing_of(live, arn) if arn != live.settings.state_machine_arn else None
    if routing is None:
        return "its latest revision" if arn == live.settings.state_machine_arn else "one version, or nothing"
    return ", ".join(f"version {version.rpartition(':')[2]} ({weight} %)" for version, weight in routing.items())


def checks(live: Live, known: Entries | None = None) -> list[Check]:
    """Whether what this plan changes is what check-ins run: workflow, role, and functions. Read-only."""
    entries = known or traffic_entries.read(live)
    return [_started(entries), *_named(live, entries)]


def _started(entries: Entries) -> Check:
    """`cannot tell`, where something could not be read, or nothing is known to start it."""
    expected = "the workflow itself, or an alias, which phase 03 moves"
    astray = [(starter, why) for starter in entries.starters if (why := _astray(entries, starter))]
    came_by = {starter.arn for starter in entries.starters if starter.seen}
    # Of an alias of the processor nobody can say whether anything calls it, unless check-ins came as it starts them.
    doubtful = [why for starter, why in astray if starter.possible and starter.arn not in came_by]
    if wrong := [why for _, why in astray if why not in doubtful]:
        return Check(Id.STARTED, STARTED, Status.FAILED, "; ".join(wrong), expected)
    known = [f"{starter.who}: {entries.qualifier(starter.arn) or ITSELF}" for starter in entries.starters]
    left = [f"alias {alias} is left alone: nothing that can be read starts it" for alias in entries.unused]
    # Whatever else starts it would run the old definition for ever, unless check-ins were seen to come another way.
    unsure = bool(left) and (bool(entries.unread) or not entries.checkins)
    fixed = [f"{starter.who} came by version {entries.qualifier(starter.arn)}" for starter in _fixed(entries)]
    unread = [f"not readable: {what}" for what in entries.unread]
    perhaps = [f"if anything calls it: {why}" for why in doubtful]
    said = "; ".join([*(known or ["nothing that can be read starts it"]), *left, *fixed, *unread, *perhaps])
    open_ones = unread or fixed or perhaps or unsure or not known
    return Check(Id.STARTED, STARTED, Status.CANNOT_TELL if open_ones else Status.PASSED, said, expected)


def _fixed(entries: Entries) -> list[Starter]:
    """What came by a version, without anything that can be read naming that version."""
    return [starter for starter in entries.starters if starter.seen and entries.qualifier(starter.arn).isdigit()]


def _astray(entries: Entries, starter: Starter) -> str:
    """Why check-ins that this one starts would never run what is deployed; "" where they would."""
    if not entries.ours(starter.arn):
        return (
            f"{starter.who} starts {starter.arn}, another workflow than the one of these parameters; "
            "set state_machine_name to it, or let it start this one"
        )
    qualifier = entries.qualifier(starter.arn)
    if qualifier.isdigit() and not (starter.seen and len(entries.starters) > len(_fixed(entries))):
        return (
            f"{starter.who} starts version {qualifier}, which never changes: its check-ins would run that definition "
            "for ever. Let it start the workflow itself or an alias, then plan again"
        )
    if qualifier and not qualifier.isdigit() and not entries.exists(qualifier):
        return f"{starter.who} starts alias {qualifier}, which does not exist: its check-ins are lost now"
    return ""


def _named(live: Live, known: Entries) -> Iterator[Check]:
    seen = partial(names.require_variable_seen, live, known)
    questions: dict[Id, tuple[str, str, Callable[[], Any]]] = {
        Id.ROLE_NAMED: (
            "the role of the workflow",
            f"{live.settings.execution_role_name}, as execution_role_name says",
            partial(names.role_arn, live),
        ),
        Id.PROCESSOR_CALLED: (
            "how the processor is called",
            "by one name: itself, a version or an alias",
            partial(names.processor, live, known),
        ),
        Id.DISPATCHER_CALLED: (
            "how the dispatcher is called",
            "by one name: itself, a version or an alias",
            partial(names.dispatcher, live),
        ),
        Id.VARIABLE_SEEN: (
            f"{names.VARIABLE} can reach check-ins",
            "the code that they run can be given it, or has it",
            seen,
        ),
    }
    for which, (name, expected, ask) in questions.items():
        try:
            answer = ask()
        except NotAsWanted as error:
            yield Check(which, name, Status.FAILED, str(error), expected)
        else:
            split = _split(live, answer) if isinstance(answer, Called) else ""
            said = answer.said if isinstance(answer, Called) else answer
            yield Check(which, name, Status.CANNOT_TELL if split else Status.PASSED, said + split, expected)


def _split(live: Live, called: Called) -> str:
    """Where a function's alias is split between two versions, of which a drill proves only one; "" where it is not."""
    try:
        with readable(f"reading alias {called.said}"):
            versions = names.versions_of(live, called)
    except RunbookError as error:
        return f", of which the version could not be read ({error})"
    if len(versions) < 2:
        return ""
    return (
        f", split between versions {' and '.join(versions)}: check-ins take both, and a drill proves the one it meets"
    )


def run_the_live_revision(live: Live) -> list[Check]:
    """Whether each alias by which check-ins come runs what the workflow itself holds now, one check an alias."""
    with readable("reading the workflow"):
        now = description(live, live.settings.state_machine_arn)
    entries = traffic_entries.read(live)
    return [_runs_live(live, f"{entries.machine}:{alias}", now) for alias in entries.used]


def _runs_live(live: Live, arn: str, now: dict[str, Any] | None) -> Check:
    held = traffic_entries.run_by(live, arn)
    same = now is not None and bool(held) and all(digest(value_of(one)) == digest(value_of(now)) for one in held)
    status = status_in(live.settings.mode, same)
    said = ", ".join(str(one.get("revisionId", "none")) for one in held) or "nothing"
    expected = str((now or {}).get("revisionId", "none"))
    alias = arn.rpartition(":")[2]
    return Check(Id.REVISION_OF_ALIAS, f"alias {alias} runs the live revision", status, said, expected, alias)


def revision(live: Live) -> str | None:
    """The revision that a check-in runs which is started now; of an alias between two, the likelier one's.

    None where AWS refuses to tell it.
    """
    try:
        held = traffic_entries.run_by(live, traffic_entries.read(live).arn)
    except RunbookError:
        return None
    return str(held[0].get("revisionId", "unknown")) if held else "unknown"
