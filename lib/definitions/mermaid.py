"""Draws a definition as a Mermaid flowchart, for documentation. No AWS, no files.

For Markdown that GitHub or JupyterLab shows; what a run's record holds is drawn by `picture`, which says why.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from lib.asl import shape
from lib.asl.condition_words import transition_words
from lib.asl.states import Edge, EdgeKind, edges, flow, walk
from lib.values.escape import label

SHAPES = {"Choice": ('{"', '"}'), "Fail": ('[["', '"]]'), "Pass": ('("', '")')}
BOX = ('["', '"]')


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
    words = label(transition_words(edge))
    return f'-- "{words}" -->' if words else "-->"


def _id(name: str) -> str:
    """A name as a word; two names that make the same word are told apart by a number made of each."""
    word = re.sub(r"\W", "_", name)
    return f"s_{word}" if word == name else f"s_{word}_{crc32(name.encode('utf-8', 'replace'))}"
