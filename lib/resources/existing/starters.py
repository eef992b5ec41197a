"""What else of the account may start the workflow: other functions, other workflows, APIs. Read-only.

Each gives who it is and the ARN that it names; whether anybody calls it, nothing here can tell. Of what is not read, or
does not say what it starts, `unread` says so.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from lib.aws import Live, answer_or_code

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
        found = row.get("Environment", {})
        if "Error" in found:
            closed.append(row["FunctionName"])
        for name, value in sorted(found.get("Variables", {}).items()):
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
            found, _ = answer_or_code(partial(asked, row[key]))
            if found is None:
                closed.append(name)
                continue
            text = json.dumps(found, default=str)
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
        more = f" and {len(names) - NAMES_SAID} more" if len(names) > NAMES_SAID else ""
        unread.append(f"{what} {', '.join(names[:NAMES_SAID])}{more} (it does not tell)")
