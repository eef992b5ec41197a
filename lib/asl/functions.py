"""Which Lambda functions a definition calls, and by which version or alias. Pure: no AWS."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.values.exact_json import parts_of
from lib.values.foreign import foreign_json

# A name, its ARN, or the part of it that begins with the account; a version or an alias may follow each.
REFERENCE = re.compile(
    r"(?:(?:arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):)?(?:function:)?(?P<name>[A-Za-z0-9_-]+)"
    r"(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
# What AWS runs where nothing is named; to name it is the same.
LATEST = "$LATEST"


@dataclass(frozen=True)
class Called:
    """A function as somebody names it: `qualifier` is a version or an alias, "" for the latest code.

    `region` and `account` are said where it is named with them; "" is that of whoever calls.
    """

    name: str
    qualifier: str = ""
    region: str = field(default="", compare=False)
    account: str = field(default="", compare=False)

    @property
    def said(self) -> str:
        """`NAME:live`, which every call of Lambda's API takes for a function's name."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


def function_named(reference: str, qualifier: str = "") -> Called | None:
    """A function from its name or ARN, None for what is none of these. `qualifier`: where it is given beside it."""
    match = REFERENCE.fullmatch(reference)
    if not match:
        return None
    given = match["qualifier"] or qualifier
    where = match["region"] or "", match["account"] or ""
    return Called(match["name"], "" if given == LATEST else given, *where)


def functions_of(definition: Any) -> Iterator[Called | None]:  # noqa: ANN401 - any part of a definition
    """Every function that a task calls, wherever it stands.

    None: a task that takes the name from its input, or that starts another workflow, which calls what it will.
    """
    for part in parts_of(definition):
        task = part.value
        if isinstance(task, Mapping) and task.get("Type") == "Task" and isinstance(task.get("Resource"), str):
            yield from _of_task(task)


def _of_task(body: Mapping[str, Any]) -> Iterator[Called | None]:
    resource = body["Resource"]
    if ":lambda:" in resource and ":function:" in resource:
        yield function_named(resource)
    elif ":states:::states:startExecution" in resource:
        yield None
    elif re.search(r":states:::(aws-sdk:)?lambda:invoke", resource):
        given = body.get("Arguments", body.get("Parameters"))
        given = given if isinstance(given, Mapping) else {}
        name, qualifier = given.get("FunctionName", ""), given.get("Qualifier", "")
        # A path or a JSONata expression is known only when it runs.
        computed = {"FunctionName.$", "Qualifier.$"} & given.keys() or "{%" in f"{name}{qualifier}"
        yield None if computed or not name else function_named(str(name), str(qualifier))


def answer_of(output: Any, depth: int = 4) -> dict[str, Any]:  # noqa: ANN401 - what Step Functions recorded
    """What a function answered: out of the envelope of `lambda:invoke` and of the SDK, and out of JSON within text.

    Empty where it is no object.
    """
    if isinstance(output, str):
        try:
            output = foreign_json.loads(output)
        except ValueError:
            return {}
        return answer_of(output, depth - 1) if depth else {}
    if not isinstance(output, Mapping):
        return {}
    return answer_of(output["Payload"], depth) if "Payload" in output else dict(output)
