"""What real traffic starts: the workflow itself, an alias or a version of it, as far as the account tells. Read-only.

Whoever starts executions names one of these; what an update changes is the workflow itself, and no alias follows it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.errors import RunbookError
from lib.resources.existing import traffic_starters
from lib.resources.existing.traffic_starters import (
    LATEST_EXECUTIONS,
    Starter,
    by_environment,
    by_executions,
    by_pipes,
    by_rules,
    by_schedules,
    by_the_processors_aliases,
)
from lib.resources.workflow import description, versions
from lib.resources.workflow_alias import aliases, routing_of

MOST_VERSIONS = 50


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
        "the environment of the processor's aliases": lambda: by_the_processors_aliases(live),
        "the processor's environment": lambda: by_environment(live, live.settings.processor_function_name),
        "other functions": lambda: _possible(traffic_starters.by_functions(live, unread)),
        "other workflows": lambda: _possible(traffic_starters.by_machines(live, unread)),
        "APIs": lambda: _possible(traffic_starters.by_apis(live, unread)),
        "rules": lambda: by_rules(live, targets),
        "schedules": lambda: by_schedules(live, machine),
        "pipes": lambda: by_pipes(live, machine),
        f"the latest {LATEST_EXECUTIONS} check-ins": lambda: by_executions(live, machine, unread, counted),
    }
    starters = [starter for name, source in sources.items() for starter in _asked(name, source, unread)]
    # Since its latest check-in, an alias may have been removed.
    gone = [
        one for one in starters if one.seen and listed is not None and _alias_of(machine, one.arn) not in (*listed, "")
    ]
    kept = [starter for starter in dict.fromkeys(starters) if starter not in gone]
    return Entries(machine, listed, tuple(kept), tuple(unread), sum(counted))


def _possible(named: Iterable[traffic_starters.Named]) -> Iterator[Starter]:
    return (Starter(who, arn, possible=True) for who, arn in named)


def _alias_of(machine: str, arn: str) -> str:
    """The alias that an ARN of ours names, "" where it names none."""
    return "" if _is_version(arn) else arn.removeprefix(machine).removeprefix(":")


def run_by(live: Live, arn: str) -> list[dict[str, Any]]:
    """Descriptions of what an execution may run that is started by this ARN; the likeliest first. See `shares_of`."""
    return [row for _, row, _ in shares_of(live, arn)]


def shares_of(live: Live, arn: str) -> list[tuple[str, dict[str, Any], int]]:
    """What an execution may run that is started by this ARN: of an alias, each version with a weight.

    ARN, description, and of how many in a hundred; the likeliest first. Empty where there is no such thing.
    """
    with readable(f"reading {arn.rpartition(':')[2]}"):
        routing = routing_of(live, arn) if arn != live.settings.state_machine_arn and not _is_version(arn) else None
        by_weight = sorted((routing or {}).items(), key=lambda row: -row[1])
        named = [row for row in by_weight if row[1]] if routing is not None else [(arn, 100)]
        return [(one, row, weight) for one, weight in named if (row := description(live, one))]


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
