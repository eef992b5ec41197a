"""What else of the account may start the workflow: other functions, other workflows, APIs. Read-only.

Each gives who it is and the ARN that it names; whether anybody calls it, nothing here can tell. Of what is not read, or
does not say what it starts, `unread` says so.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from lib.aws import Live, pages_of
from lib.aws_answers import absent_is_none, answer_or_code
from lib.errors import NotAsWanted
from lib.routes import is_drill
from lib.values import contacts
from lib.values.foreign import foreign_json
from lib.values.numbers import first_of

LATEST_EXECUTIONS = 200  # check-ins, found among
MOST_EXECUTIONS = 5_000  # executions: one validation alone makes some 160 drills
DEFAULT_BUS = "default"  # the event bus of an account that AWS made
# How the processor is told what to start.
VARIABLE = "STATE_MACHINE_ARN"
UNIVERSAL = ":aws-sdk:sfn:startExecution"


MOST_FUNCTIONS = 1_000
MOST_MACHINES = 100  # each is asked for its definition
MOST_APIS = 20  # each is asked for what it calls
NAMES_SAID = 3
STARTS = re.compile(r"(?:states|sfn|StepFunctions)[:/-](?:action/)?Start(?:Sync)?Execution", re.IGNORECASE)
ANY_MACHINE = ":stateMachine:"

Named = tuple[str, str]


def by_functions(live: Live, unread: list[str]) -> Iterator[Named]:
    """Every other function whose environment holds the workflow's ARN, or one of an alias or version of it."""
    pages = live.client("lambda").get_paginator("list_functions").paginate()
    rows = (row for page in pages for row in page["Functions"])
    others = (row for row in rows if row["FunctionName"] != live.settings.processor_function_name)
    closed = []
    for row in _capped(others, MOST_FUNCTIONS, "functions' environments", unread):
        environment = row.get("Environment", {})
        if "Error" in environment:
            closed.append(row["FunctionName"])
        for name, value in sorted(environment.get("Variables", {}).items()):
            for arn in _ours(live, value):
                yield f"{name} of {row['FunctionName']}", arn
    _say(closed, "the environment of", unread)


def by_machines(live: Live, unread: list[str]) -> Iterator[Named]:
    """Every other workflow whose definition names ours. One that starts what only its runs tell is unread."""
    states, mine = live.client("stepfunctions"), live.settings.state_machine_arn
    pages = states.get_paginator("list_state_machines").paginate()
    others = (row for page in pages for row in page["stateMachines"] if row["stateMachineArn"] != mine)
    closed, unnamed = list[str](), list[str]()
    for row in _capped(others, MOST_MACHINES, "workflows' definitions", unread):
        text, _ = answer_or_code(partial(states.describe_state_machine, stateMachineArn=row["stateMachineArn"]))
        if text is None:
            closed.append(row["name"])
            continue
        yield from ((f"workflow {row['name']}", arn) for arn in _ours(live, text["definition"]))
        unnamed.extend([row["name"]] if _unnamed(text["definition"]) else [])
    _say(closed, "the definition of", unread)
    _say(unnamed, "what is started by", unread)


def by_apis(live: Live, unread: list[str]) -> Iterator[Named]:
    """Every API whose integrations name ours."""
    rest, http = live.client("apigateway"), live.client("apigatewayv2")
    lists: dict[str, tuple[Iterator[Any], str, Callable[..., Any]]] = {
        "REST APIs": (_items(rest, "get_rest_apis", "items"), "id", lambda of: list(
            _items(rest, "get_resources", "items", restApiId=of, embed=["methods"]))),
        "HTTP APIs": (_items(http, "get_apis", "Items"), "ApiId", lambda of: list(
            _items(http, "get_integrations", "Items", ApiId=of))),
    }  # fmt: skip
    closed, unnamed = list[str](), list[str]()
    for what, (rows, key, asked) in lists.items():
        for row in _capped(rows, MOST_APIS, what, unread):
            name = str(row.get("name") or row.get("Name"))
            integrations, _ = answer_or_code(partial(asked, row[key]))
            if integrations is None:
                closed.append(name)
                continue
            text = json.dumps(integrations, default=str)
            yield from ((f"API {name}", arn) for arn in _ours(live, text))
            unnamed.extend([name] if _unnamed(text) else [])
    _say(closed, "the integrations of API", unread)
    _say(unnamed, "what is started by API", unread)


def _items(client: Any, operation: str, key: str, **given: Any) -> Iterator[Any]:  # noqa: ANN401
    return (row for page in client.get_paginator(operation).paginate(**given) for row in page.get(key, []))


def _ours(live: Live, text: str) -> list[str]:
    """The ARNs of ours that a text holds, each once; another workflow's name may begin as ours does."""
    machine = re.escape(live.settings.state_machine_arn)
    return list(dict.fromkeys(re.findall(rf"{machine}(?![\w-])(?::[\w.-]+)?", text)))


def _unnamed(text: str) -> bool:
    """Whether it starts workflows of which it names fewer than it starts."""
    return len(STARTS.findall(text)) > text.count(ANY_MACHINE)


def _capped(rows: Iterator[Mapping[str, Any]], most: int, what: str, unread: list[str]) -> Iterator[Mapping[str, Any]]:
    """The first of them; that there are more is said."""
    yield from islice(rows, most)
    if next(rows, None) is not None:
        unread.append(f"{what} (there are more than the {most:,} that are looked at)")


def _say(names: list[str], what: str, unread: list[str]) -> None:
    if names:
        unread.append(f"{what} {first_of(names, NAMES_SAID)} (it does not tell)")


@dataclass(frozen=True)
class Starter:
    """Something that starts executions, and the ARN that it names. `seen`: only its executions tell of it.

    `possible`: an alias of the processor, another function or workflow or an API, which perhaps nobody calls.
    """

    who: str
    arn: str
    seen: bool = False
    possible: bool = False


def by_the_processors_aliases(live: Live) -> Iterator[Starter]:
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
            yield from by_environment(live, f"{function}:{qualifier}", possible=True)


def by_environment(live: Live, function: str, possible: bool = False) -> Iterator[Starter]:
    """Of its values, only ARNs of state machines are looked at.

    Another machine counts only where the variable is the one that names what to start.
    """
    machine = live.settings.state_machine_arn
    with absent_is_none("ResourceNotFoundException"):
        environment = live.client("lambda").get_function_configuration(FunctionName=function).get("Environment", {})
        if "Error" in environment:
            raise NotAsWanted(f"{function}: its environment cannot be read; grant the caller kms:Decrypt on its key")
        for name, value in sorted(environment.get("Variables", {}).items()):
            ours = value == machine or value.startswith(f"{machine}:")
            if ours or (name == VARIABLE and ":stateMachine:" in value):
                yield Starter(f"{name} of {function}", value if ours else contacts.mask_text(value), possible=possible)


def by_rules(live: Live, targets: Iterable[str]) -> Iterator[Starter]:
    """Enabled rules of every bus."""
    events = live.client("events")
    buses = [str(row["Name"]) for row in _rows(events.list_event_buses, "EventBuses")]
    for bus in buses:
        for arn in targets:
            for rule in _rows(events.list_rule_names_by_target, "RuleNames", TargetArn=arn, EventBusName=bus):
                if events.describe_rule(Name=rule, EventBusName=bus)["State"] != "DISABLED":
                    yield Starter(f"rule {rule}" + (f" of bus {bus}" if bus != DEFAULT_BUS else ""), arn)


def by_schedules(live: Live, machine: str) -> Iterator[Starter]:
    """Enabled schedules that name it as their target, or in the input of a call of StartExecution."""
    scheduler = live.client("scheduler")
    for row in _rows(scheduler.list_schedules, "Schedules"):
        arn = str(row.get("Target", {}).get("Arn", ""))
        if arn.endswith(UNIVERSAL):
            target = scheduler.get_schedule(Name=row["Name"], GroupName=row["GroupName"])["Target"]
            arn = str(foreign_json.object_or_empty(target.get("Input", "{}")).get("StateMachineArn", ""))
        if row.get("State") != "DISABLED" and (arn == machine or arn.startswith(f"{machine}:")):
            yield Starter(f"schedule {row['Name']}", arn)


def by_pipes(live: Live, machine: str) -> Iterator[Starter]:
    pipes = live.client("pipes")
    for row in _rows(pipes.list_pipes, "Pipes", TargetPrefix=machine):
        arn = str(row.get("Target", ""))
        if row.get("DesiredState") != "STOPPED" and (arn == machine or arn.startswith(f"{machine}:")):
            yield Starter(f"pipe {row['Name']}", arn)


def by_executions(live: Live, machine: str, unread: list[str], counted: list[int]) -> Iterator[Starter]:
    """What the latest check-ins came by. AWS says so of each that was started by an alias or a version."""
    with absent_is_none("StateMachineDoesNotExist"):
        client = live.client("stepfunctions")
        every = _rows(client.list_executions, "executions", "nextToken", stateMachineArn=machine, maxResults=1000)
        listed = list(islice(every, MOST_EXECUTIONS))
        rows = [row for row in listed if not is_drill(str(row["name"]))][:LATEST_EXECUTIONS]
        counted.append(len(rows))
        if len(listed) == MOST_EXECUTIONS and not rows:
            unread.append(f"the latest check-ins (the latest {MOST_EXECUTIONS:,} executions are all drills)")
        came_by = Counter(row.get("stateMachineAliasArn") or row.get("stateMachineVersionArn") for row in rows)
        for arn, count in came_by.most_common():
            if arn:
                yield Starter(f"{count} of the latest {len(rows)} check-ins", str(arn), seen=True)


def _rows(call: Callable[..., Any], key: str, token: str = "NextToken", **asked: Any) -> Iterator[Any]:  # noqa: ANN401
    return (row for page in pages_of(call, token, **asked) for row in page.get(key, []))
