"""Draws a definition as a Mermaid flowchart, for a page or a notebook. No AWS, no files."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.states import Edge, edges, flow, walk

SHAPES = {"Choice": ('{"', '"}'), "Fail": ('[["', '"]]'), "Pass": ('("', '")')}
BOX = ('["', '"]')
WORDS = {
    "NumericGreaterThan": "above", "NumericGreaterThanEquals": "at least", "NumericLessThan": "below",
    "NumericLessThanEquals": "at most", "NumericEquals": "is", "StringEquals": "is", "StringMatches": "is like",
    "BooleanEquals": "is",
}  # fmt: skip


def mermaid(definition: Mapping[str, Any]) -> str:
    """A top-down flowchart: arrows of a choice say its rule, dotted ones are failures, parallel branches are boxes."""
    lines = ["flowchart TD", f"  start((start)) --> {_id(definition['StartAt'])}", *_lines(definition, "  ")]
    failed = ",".join(_id(state.name) for state in walk(definition) if state.type == "Fail")
    styled = ["  classDef failed stroke-width:3px", f"  class {failed} failed"] if failed else []
    return "\n".join([*lines, *styled]) + "\n"


def _lines(machine: Mapping[str, Any], pad: str) -> Iterator[str]:
    for name in flow(machine):
        body = machine["States"][name]
        if "Branches" in body:
            yield from _box(name, body, pad)
        else:
            opening, closing = SHAPES.get(str(body.get("Type")), BOX)
            yield f"{pad}{_id(name)}{opening}{name}{closing}"
        yield from dict.fromkeys(f"{pad}{_id(name)} {_arrow(edge)} {_id(edge.to)}" for edge in edges(body))


def _box(name: str, body: Mapping[str, Any], pad: str) -> Iterator[str]:
    yield f'{pad}subgraph {_id(name)}["{name}: all at once"]'
    for number, branch in enumerate(body["Branches"], start=1):
        yield f'{pad}  subgraph {_id(name)}_{number}["{number}"]'
        yield from _lines(branch, pad + "    ")
        yield f"{pad}  end"
    yield f"{pad}end"


def _arrow(edge: Edge) -> str:
    if edge.kind == "catch":
        return '-. "on failure" .->'
    words = _said(edge.rule) if edge.rule else {"default": "otherwise"}.get(edge.kind, "")
    return f'-- "{words}" -->' if words else "-->"


def _said(rule: Mapping[str, Any]) -> str:
    """A rule in words: its comparisons; its guards (`Is...`) only where there is nothing else to say."""
    for joint in ("And", "Or"):
        if joint in rule:
            guards = [
                all(key in ("Variable", "IsPresent", "IsNumeric", "IsString") for key in part) for part in rule[joint]
            ]
            parts = [_said(part) for part, guard in zip(rule[joint], guards, strict=True) if all(guards) or not guard]
            words = f" {joint.lower()} ".join(dict.fromkeys(parts))
            return f"({words})" if joint == "Or" and len(parts) > 1 and "Next" not in rule else words
    if "Not" in rule:
        return f"not ({_said(rule['Not'])})"
    return _compared(rule)


def _compared(rule: Mapping[str, Any]) -> str:
    path = str(rule["Variable"]).split(".")
    name = ".".join(path[-2:] if path[-1] in ("Name", "reached", "recorded") else path[-1:])
    for operator, words in WORDS.items():
        if operator in rule:
            value = rule[operator]
            shown = json.dumps(value) if isinstance(value, bool) or value == "" else str(value)
            return f"{name} {words} {shown}".replace('"', "'")
    return f"{name} is given"


def _id(name: str) -> str:
    return "s_" + re.sub(r"\W", "_", name)
