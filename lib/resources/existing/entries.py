"""What real traffic starts: the workflow itself, an alias or a version of it, as far as the account tells. Read-only.

Whoever starts executions names one of these; what an update changes is the workflow itself, and no alias follows it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from lib.aws import Live, absent_is_none, readable
from lib.errors import NotAsWanted, RunbookError
from lib.resources.existing import starters
from lib.resources.workflow import description, versions
from lib.resources.workflow_alias import aliases, routing_of
from lib.routes import is_drill
from lib.values import contacts

LATEST_EXECUTIONS = 200  # check-ins, found among
MOST_EXECUTIONS = 5_000  # executions: one validation alone makes some 160 drills
MOST_VERSIONS = 50
DEFAULT_BUS = "default"  # the event bus of an account that AWS made
# How the processor is told what to start.
VARIABLE = "STATE_MACHINE_ARN"
UNIVERSAL = ":aws-sdk:sfn:startExecution"


@dataclass(frozen=True)
class Starter:
    """Something that starts executions, and the ARN that it names. `seen`: only its executions tell of it.

    `possible`: an alias of the processor, another function or workflow or an API, which perhaps nobody calls.
    """

    who: str
    arn: str
    seen: bool = False
    possible: bool = False


@dataclass(frozen=True)
class Entries:
    """Who starts what, as far as it can be read; `unread` says what could not be, and why.

    `aliases` is None where they may not be listed: then an alias that something names is taken for one. `checkins`: how
    many of the latest were looked at for the way that they came by.
    """

    machine: str
    aliases: tuple[str, ...] | None
    starters: tuple[Starter, ...]
    unread: tuple[str, ...] = ()
    checkins: int = 0

    @property
    def arn(self) -> str:
        """What drills start: the first of what real traffic starts, or the workflow itself where nothing is known."""
        ours = [starter for starter in self.starters if self.ours(starter.arn)]
        # What can be read now comes before what only was so lately, and both before what perhaps nobody calls.
        likely = sorted(ours, key=lambda one: (one.possible, one.seen))
        return next((starter.arn for starter in likely), self.machine)

    @property
    def used(self) -> list[str]:
        """The aliases by which real traffic comes."""
        qualifiers = {self.qualifier(starter.arn) for starter in self.starters if self.ours(starter.arn)}
        return sorted(name for name in qualifiers if name and not name.isdigit() and self.exists(name))

    @property
    def unused(self) -> list[str]:
        """The aliases that nothing is known to start."""
        return [alias for alias in self.aliases or () if alias not in self.used]

    def exists(self, alias: str) -> bool:
        return self.aliases is None or alias in self.aliases

    def ours(self, arn: str) -> bool:
        """Whether this names our workflow, or an alias or a version of it."""
        return arn == self.machine or arn.startswith(f"{self.machine}:")

    def qualifier(self, arn: str) -> str:
        """The alias or version that an ARN of ours names, "" for the workflow itself."""
        return arn.removeprefix(self.machine).removeprefix(":")


def read(live: Live) -> Entries:
    """Ask everything that may start the workflow and can be read. What is refused is `unread`, and no error."""
    machine, unread, counted = live.settings.state_machine_arn, list[str](), list[int]()
    names = tuple(_asked("its aliases", partial(aliases, live, machine), unread))
    listed = None if unread else names
    numbers = list(_asked("its versions", partial(_versions, live, machine), unread))
    if len(numbers) > MOST_VERSIONS:
        unread.append(f"what points at its {len(numbers) - MOST_VERSIONS} oldest versions of {len(numbers)}")
    targets = [machine, *(f"{machine}:{name}" for name in names), *numbers[:MOST_VERSIONS]]
    sources: dict[str, Callable[[], Iterable[Starter]]] = {
        "the environment of the processor's aliases": lambda: _environments(live),
        "the processor's environment": lambda: _environment(live, live.settings.processor_function_name),
        "other functions": lambda: _possible(starters.by_functions(live, unread)),
        "other workflows": lambda: _possible(starters.by_machines(live, unread)),
        "APIs": lambda: _possible(starters.by_apis(live, unread)),
        "rules": lambda: _rules(live, targets),
        "schedules": lambda: _schedules(live, machine),
        "pipes": lambda: _pipes(live, machine),
        f"the latest {LATEST_EXECUTIONS} check-ins": lambda: _executions(live, machine, unread, counted),
    }
    found = [starter for name, source in sources.items() for starter in _asked(name, source, unread)]
    # Since its latest check-in, an alias may have been removed.
    gone = [
        one for one in found if one.seen and listed is not None and _alias_of(machine, one.arn) not in (*listed, "")
    ]
    kept = [starter for starter in dict.fromkeys(found) if starter not in gone]
    return Entries(machine, listed, tuple(kept), tuple(unread), sum(counted))


def _possible(named: Iterable[starters.Named]) -> Iterator[Starter]:
    return (Starter(who, arn, possible=True) for who, arn in named)


def _alias_of(machine: str, arn: str) -> str:
    """The alias that an ARN of ours names, "" where it names none."""
    return "" if _is_version(arn) else arn.removeprefix(machine).removeprefix(":")


def run_by(live: Live, arn: str) -> list[dict[str, Any]]:
    """Descriptions of what an execution may run that is started by this ARN; the likeliest first. See `shares_of`."""
    return [found for _, found, _ in shares_of(live, arn)]


def shares_of(live: Live, arn: str) -> list[tuple[str, dict[str, Any], int]]:
    """What an execution may run that is started by this ARN: of an alias, each version with a weight.

    ARN, description, and of how many in a hundred; the likeliest first. Empty where there is no such thing.
    """
    with readable(f"reading {arn.rpartition(':')[2]}"):
        routing = routing_of(live, arn) if arn != live.settings.state_machine_arn and not _is_version(arn) else None
        by_weight = sorted((routing or {}).items(), key=lambda row: -row[1])
        named = [row for row in by_weight if row[1]] if routing is not None else [(arn, 100)]
        return [(one, found, weight) for one, weight in named if (found := description(live, one))]


def _is_version(arn: str) -> bool:
    return arn.rpartition(":")[2].isdigit()


def _versions(live: Live, machine: str) -> list[str]:
    with absent_is_none("StateMachineDoesNotExist"):
        return versions(live, machine)
    return []


def _asked(what: str, source: Callable[[], Iterable[Any]], unread: list[str]) -> list[Any]:
    try:
        with readable(f"reading {what}"):
            return list(source())
    except RunbookError as error:
        unread.append(f"{what} ({error})")
        return []


def _environments(live: Live) -> Iterator[Starter]:
    """By each alias of the processor: what is called by one sees the environment of its version, or of either of two.

    Asked by the alias, AWS tells the environment of the first one alone.
    """
    function = live.settings.processor_function_name
    with absent_is_none("ResourceNotFoundException"):
        pages = live.client("lambda").get_paginator("list_aliases").paginate(FunctionName=function)
        rows = [row for page in pages for row in page["Aliases"]]
        others = [
            version for row in rows for version in row.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        ]
        for qualifier in dict.fromkeys([*(str(row["Name"]) for row in rows), *others]):
            yield from _environment(live, f"{function}:{qualifier}", possible=True)


def _environment(live: Live, function: str, possible: bool = False) -> Iterator[Starter]:
    """Of its values, only ARNs of state machines are looked at.

    Another machine counts only where the variable is the one that names what to start.
    """
    machine = live.settings.state_machine_arn
    with absent_is_none("ResourceNotFoundException"):
        found = live.client("lambda").get_function_configuration(FunctionName=function).get("Environment", {})
        if "Error" in found:
            raise NotAsWanted(f"{function}: its environment cannot be read; grant the caller kms:Decrypt on its key")
        for name, value in sorted(found.get("Variables", {}).items()):
            ours = value == machine or value.startswith(f"{machine}:")
            if ours or (name == VARIABLE and ":stateMachine:" in value):
                yield Starter(f"{name} of {function}", value if ours else contacts.without(value), possible=possible)


def _rules(live: Live, targets: Iterable[str]) -> Iterator[Starter]:
    """Enabled rules of every bus."""
    events = live.client("events")
    buses = [str(row["Name"]) for row in _pages(events.list_event_buses, "EventBuses", "NextToken")]
    for bus in buses:
        for arn in targets:
            for rule in _pages(
                partial(events.list_rule_names_by_target, TargetArn=arn, EventBusName=bus), "RuleNames", "NextToken"
            ):
                if events.describe_rule(Name=rule, EventBusName=bus)["State"] != "DISABLED":
                    yield Starter(f"rule {rule}" + (f" of bus {bus}" if bus != DEFAULT_BUS else ""), arn)


def _schedules(live: Live, machine: str) -> Iterator[Starter]:
    """Enabled schedules that name it as their target, or in the input of a call of StartExecution."""
    scheduler = live.client("scheduler")
    for row in _pages(scheduler.list_schedules, "Schedules", "NextToken"):
        arn = str(row.get("Target", {}).get("Arn", ""))
        if arn.endswith(UNIVERSAL):
            target = scheduler.get_schedule(Name=row["Name"], GroupName=row["GroupName"])["Target"]
            arn = _started_by(target.get("Input", "{}"))
        if row.get("State") != "DISABLED" and (arn == machine or arn.startswith(f"{machine}:")):
            yield Starter(f"schedule {row['Name']}", arn)


def _started_by(text: str) -> str:
    try:
        given = json.loads(text)
    except ValueError:
        return ""
    return str(given.get("StateMachineArn", "")) if isinstance(given, dict) else ""


def _pipes(live: Live, machine: str) -> Iterator[Starter]:
    pipes = live.client("pipes")
    for row in _pages(partial(pipes.list_pipes, TargetPrefix=machine), "Pipes", "NextToken"):
        arn = str(row.get("Target", ""))
        if row.get("DesiredState") != "STOPPED" and (arn == machine or arn.startswith(f"{machine}:")):
            yield Starter(f"pipe {row['Name']}", arn)


def _executions(live: Live, machine: str, unread: list[str], counted: list[int]) -> Iterator[Starter]:
    """What the latest check-ins came by. AWS says so of each that was started by an alias or a version."""
    with absent_is_none("StateMachineDoesNotExist"):
        pages = partial(live.client("stepfunctions").list_executions, stateMachineArn=machine, maxResults=1000)
        listed = list(islice(_pages(pages, "executions", "nextToken"), MOST_EXECUTIONS))
        rows = [row for row in listed if not is_drill(str(row["name"]))][:LATEST_EXECUTIONS]
        counted.append(len(rows))
        if len(listed) == MOST_EXECUTIONS and not rows:
            unread.append(f"the latest check-ins (the latest {MOST_EXECUTIONS:,} executions are all drills)")
        came_by = Counter(row.get("stateMachineAliasArn") or row.get("stateMachineVersionArn") for row in rows)
        for arn, count in came_by.most_common():
            if arn:
                yield Starter(f"{count} of the latest {len(rows)} check-ins", str(arn), seen=True)


def _pages(call: Callable[..., Any], key: str, token: str) -> Iterator[Any]:
    more: dict[str, str] = {}
    while True:
        answer = call(**more)
        yield from answer.get(key, [])
        if not answer.get(token):
            return
        more = {token: answer[token]}
