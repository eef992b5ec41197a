"""Draws a definition as a Mermaid flowchart, for a page or a notebook. No AWS, no files."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from lib.asl import shape
from lib.display.escape import label
from lib.states import Edge, EdgeKind, edges, flow, walk

GUARDS = ("IsPresent", "IsNumeric", "IsString")
SHAPES = {"Choice": ('{"', '"}'), "Fail": ('[["', '"]]'), "Pass": ('("', '")')}
BOX = ('["', '"]')
WORDS = {
    "NumericGreaterThan": "above", "NumericGreaterThanEquals": "at least", "NumericLessThan": "below",
    "NumericLessThanEquals": "at most", "NumericEquals": "is", "StringEquals": "is", "StringMatches": "is like",
    "BooleanEquals": "is",
}  # fmt: skip


def mermaid(definition: Mapping[str, Any]) -> str:
    """A top-down flowchart: arrows of a choice say its rule, dotted ones are failures, parallel branches are boxes.

    Raises BadParameters for a definition that is not of the language's shape.
    """
    shape.require(definition)
    lines = ["flowchart TD", f"  start((start)) --> {_id(definition['StartAt'])}", *_lines(definition, "  ")]
    failed = ",".join(_id(state.name) for state in walk(definition) if state.type == "Fail")
    styled = ["  classDef failed stroke-width:3px", f"  class {failed} failed"] if failed else []
    return "\n".join([*lines, *styled]) + "\n"


def _lines(machine: Mapping[str, Any], pad: str) -> Iterator[str]:
    for name in flow(machine):
        body = machine["States"][name]
        if shape.inner(body):
            yield from _box(name, body, pad)
        else:
            opening, closing = SHAPES.get(str(body.get("Type")), BOX)
            yield f"{pad}{_id(name)}{opening}{label(name)}{closing}"
        yield from dict.fromkeys(f"{pad}{_id(name)} {_arrow(edge)} {_id(edge.to)}" for edge in edges(body))


def _box(name: str, body: Mapping[str, Any], pad: str) -> Iterator[str]:
    how = "all at once" if body["Type"] == "Parallel" else "for each item"
    yield f'{pad}subgraph {_id(name)}["{label(name)}: {how}"]'
    for number, branch in enumerate(shape.inner(body), start=1):
        yield f'{pad}  subgraph {_id(name)}_{number}["{number}"]'
        yield from _lines(branch, pad + "    ")
        yield f"{pad}  end"
    yield f"{pad}end"


def _arrow(edge: Edge) -> str:
    if edge.kind == EdgeKind.CATCH:
        return '-. "on failure" .->'
    words = label(_said(edge.rule)) if edge.rule else "otherwise" if edge.kind == EdgeKind.DEFAULT else ""
    return f'-- "{words}" -->' if words else "-->"


def _said(rule: Mapping[str, Any]) -> str:
    """A rule in words: its comparisons; its guards (`Is...`) only where there is nothing else to say."""
    if "Condition" in rule:  # JSONata
        return str(rule["Condition"])
    for joint in ("And", "Or"):
        if joint in rule:
            guards = [all(key in ("Variable", *GUARDS) for key in part) for part in rule[joint]]
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
            return f"{name} {words} {shown}"
    others = [f"{name} {key} {rule[key]}" for key in rule if key not in (*shape.BESIDE, *GUARDS)]
    return others[0] if others else f"{name} is given"


def _id(name: str) -> str:
    """A name as a word; two names that make the same word are told apart by a number made of each."""
    word = re.sub(r"\W", "_", name)
    return f"s_{word}" if word == name else f"s_{word}_{crc32(name.encode('utf-8', 'replace'))}"
