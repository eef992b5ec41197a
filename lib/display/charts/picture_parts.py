"""Cuts a definition of many layers into parts that fit a screen, and says which edges are drawn. Plain data; no AWS.

It is cut where one state is the only way into all that follows it, so that no edge but those to this state is cut.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl.condition_words import transition_words
from lib.asl.states import EdgeKind, edges, flow, walk
from lib.display.charts import layout
from lib.display.charts.layout import Edge

MOST_LAYERS = 14  # of states below each other; more are taller than a screen, or too small to read
ELSEWHERE = "in the next picture"
PART = "PartOfPicture"

Definition = Mapping[str, Any]


def parts(definition: Definition) -> list[Definition]:
    """The definition in as many parts as it takes, in their order; in one where no state is the only way on.

    The state at which it is cut ends one part, under the comment ELSEWHERE, and begins the next. A part says under PART
    which of them it is, and of how many states in all.
    """
    cut, states = _cut_up(definition), sum(1 for _ in walk(definition))
    if len(cut) == 1:
        return cut
    return [{**part, PART: (f"part {number} of {len(cut)}", states)} for number, part in enumerate(cut, start=1)]


def _cut_up(definition: Definition) -> list[Definition]:
    names = flow(definition)
    if _layers(definition) <= MOST_LAYERS or set(names) != set(definition["States"]):
        return [definition]
    cuts = [_cut(definition, name, below) for name, below in _only_ways(definition, names)]
    best = min(cuts, key=lambda two: max(map(_layers, two)), default=None)
    return [best[0], *_cut_up(best[1])] if best else [definition]


def is_elsewhere(state: Mapping[str, Any]) -> bool:
    """Whether a state is drawn in the next picture, and stands here only as where it goes on."""
    return state.get("Comment") == ELSEWHERE


def _layers(definition: Definition) -> int:
    names = flow(definition)
    links = [layout.Edge(name, edge.to) for name in names for edge in edges(definition["States"][name])]
    return max(layout.ranks(names, links).values()) + 1


def _only_ways(definition: Definition, names: list[str]) -> Iterator[tuple[str, set[str]]]:
    """Each state but the first that is the only way into what lies below it, itself with that."""
    states = definition["States"]
    for name in names[1:]:
        below, ahead = {name}, [name]
        while ahead:
            new = {edge.to for edge in edges(states[ahead.pop()])} - below
            below |= new
            ahead += new
        outside = [other for other in names if other not in below]
        entered = {edge.to for other in outside for edge in edges(states[other])} & below
        if len(below) > 1 and entered == {name} and definition["StartAt"] in outside:
            yield name, below


def _cut(definition: Definition, name: str, below: set[str]) -> tuple[Definition, Definition]:
    states = definition["States"]
    first = {one: body for one, body in states.items() if one not in below}
    stub = {name: {"Type": "Pass", "Comment": ELSEWHERE, "End": True}}
    rest = {one: states[one] for one in states if one in below}
    return {**definition, "States": first | stub}, {**definition, "StartAt": name, "States": rest}


def edges_of(name: str, state: Mapping[str, Any]) -> list[Edge]:
    """Where a state leads: rules of a choice with their condition and place, next, and catches (dashed).

    Boxes stand where few lines cross, not in the order in which a choice tries its rules: their numbers tell that.
    """
    ways, drawn = edges(state), list[Edge]()
    several = sum(edge.kind == EdgeKind.CHOICE for edge in ways) > 1
    for place_of, edge in enumerate(ways, start=1):
        words = transition_words(edge, in_short=True)
        numbered = f"{place_of}. {words}" if several and edge.kind == EdgeKind.CHOICE else words
        drawn.append(Edge(name, edge.to, numbered, edge.kind == EdgeKind.CATCH))
    return list(dict.fromkeys(drawn))
