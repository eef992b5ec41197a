"""Whether check-ins may be told apart by the side of the definition's numbers on which theirs lie. Pure: no AWS.

Check-ins that agree in that share one walk. That holds while a number is only compared with numbers that stand in the
definition; where it is computed with, or compared with another, two on the same side may part.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl import choice_rules, states
from lib.errors import BadParameters
from lib.values.exact_json import parts_of

FUNCTION = re.compile(r"States\.[A-Za-z0-9]+")
MOVING = ("States.JsonMerge", "States.Array")  # these hand values on as they are
# These fail or not by the value of a number; only one that stands in the definition is the same for every check-in.
POINTING = re.compile(r"States\.Array(?:GetItem|Partition|Range)\(")
POINTED = re.compile(
    r"States\.Array(?:GetItem|Partition)\(\s*\$[\w.$\[\]-]*\s*,\s*-?\d+\s*\)|States\.ArrayRange\([\s\d,-]*\)"
)
NAME = re.compile(r"[\w-]+")


def require_sides(definition: Mapping[str, Any]) -> None:
    """Raises BadParameters naming the rule or the field by which numbers on the same side may part."""
    derived = _derived(definition)
    for state in states.walk(definition):
        for key, text in _expressions(state.body):
            if POINTING.search(POINTED.sub("", text)):
                raise BadParameters(f"{state.where}: {key} takes its place in a list from the data, not known here")
        for rule in choice_rules.rules(state.body) if state.type == "Choice" else ():
            named = choice_rules.operator_of(rule)
            if named.startswith("Is"):
                continue
            if named.startswith("Numeric") and named.endswith("Path"):
                raise BadParameters(f"{state.where} compares two numbers of the data by {named}, not known here")
            paths = [str(rule["Variable"]), *([str(rule[named])] if named.endswith("Path") else [])]
            names = set(NAME.findall(" ".join(paths)))
            if computed := derived & names if names else derived:  # without a name it is the whole
                raise BadParameters(
                    f"{state.where} decides by {', '.join(sorted(computed))}, which an intrinsic function makes; "
                    "that is not known here"
                )


def _derived(definition: Mapping[str, Any]) -> set[str]:
    """The names under which something computed, or something made of it, may stand."""
    fields = [pair for state in states.walk(definition) for pair in _put(state)]
    names = {key for key, text in fields if set(FUNCTION.findall(states.LITERAL.sub("", text))) - set(MOVING)}
    while True:
        more = {key for key, text in fields if names & set(NAME.findall(states.LITERAL.sub("", text)))}
        if more <= names:
            return names
        names |= more


def _put(state: states.State) -> Iterator[tuple[str, str]]:
    """Each field that a state adds to the data: its name, and what it says. What a task is given goes elsewhere."""
    if state.type == "Task":
        yield from _expressions(state.body.get("ResultSelector"))
        return
    yield from _expressions(state.body)
    body = state.body
    for key in ("InputPath", "OutputPath"):
        for name in NAME.findall(str(body.get("ResultPath"))) if isinstance(body.get(key), str) else ():
            yield name, body[key]


def _expressions(part: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Each field of a state that says a path or a function: its name, and what it says. A branch's are not its own."""
    for one in parts_of(part):
        expression = isinstance(one.value, str) and one.key.endswith((".$", "Path"))
        if expression and not {"Branches", "ItemProcessor", "Iterator"} & {*one.keys[:-1]}:
            yield one.key.removesuffix(".$"), one.value
