"""Draws a Step Functions definition as a layered diagram, with matplotlib alone. Reads plain data; no AWS.

Why by hand, though `flowchart` writes Mermaid: a record must show its picture without a network. Tried with JupyterLab
4.6, nbconvert 7.17 and a Chromium that reached nothing but loopback. JupyterLab draws a cell's Mermaid by itself. The
page of `jupyter nbconvert --to html` imports mermaid.js from a CDN, and is blank where the picture should be, without
even its text. That address is no option of the command; a browser imports no module that lies beside a page on disk;
written into it, mermaid.js makes each page 5 MB and needs an exporter of our own. Of what PyPI has to draw Mermaid
while a notebook runs, mermaidx (6 s a picture; named mmdc until lately) and mmdr did: both beta, and of one author.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, PathPatch, Polygon
from matplotlib.path import Path

from lib.asl import shape
from lib.asl.states import flow, walk
from lib.display.charts.layout import Edge, Layout, Point, Size, place
from lib.display.charts.picture_parts import ELSEWHERE, PART, edges_of, is_elsewhere
from lib.display.charts.style import BLACK, BLUE, GREEN, GREY, ORANGE, VERMILLION, Drawing, in_style
from lib.errors import BadParameters

BOX: Size = (1.26, 0.5)  # inches
BETWEEN = 0.68
MARGIN = 0.18
LINE = 15  # characters of a state's name in one line
LABEL = 24  # and of a condition
# type -> (fill, border, border width); shapes differ too, see _box
LOOKS = {
    "Task": ("#D6EAF5", BLUE, 1.2),
    "Choice": ("#FBEBC8", ORANGE, 1.2),
    "Pass": ("#FFFFFF", GREY, 0.9),
    "Fail": ("#F8DCCB", VERMILLION, 2.2),
    "Succeed": ("#CFEBE2", GREEN, 2.2),
    "Wait": ("#EEEEEE", BLACK, 0.9),
}
ON_ERROR = "on an error, after the retries"
NESTED = ("Parallel", "Map")
MOST_DRAWN = 300  # states; more than these nobody could read, and laying them out takes minutes


@dataclass(frozen=True)
class Block:
    """A laid out group of states: of the whole machine, or of one branch; branches sit inside their Parallel's box."""

    states: Mapping[str, Any]
    layout: Layout
    branches: dict[str, list["Block"]]


@in_style
def workflow(definition: Mapping[str, Any]) -> Figure:
    """The definition as a picture; solid: next, dashed: on an error. Raises BadParameters where it cannot be drawn."""
    shape.require(definition, "there is nothing to draw")
    if (count := sum(1 for _ in walk(definition))) > MOST_DRAWN:
        raise BadParameters(f"the definition has {count} states; at most {MOST_DRAWN} are drawn, read its diff instead")
    block = arrange(definition)
    width, height = block.layout.size[0] + 2 * MARGIN, block.layout.size[1] + 2 * MARGIN + 0.9
    wide = max(width, 7, height)  # never taller than it is wide: a page makes it fit its width alone
    figure = Drawing(figsize=(wide, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    left = (wide - width) / 2 + MARGIN
    axes.set_xlim(-left, wide - left)
    axes.set_ylim(height - MARGIN - 0.9, -MARGIN - 0.9)
    start = block.layout.spots[definition["StartAt"]]
    axes.plot(start[0], start[1] - 0.28, "o", color=BLACK, markersize=8)
    _line(axes, ((start[0], start[1] - 0.28), start), dashed=False)
    _draw(axes, block, (0.0, 0.0))
    _legend(figure, definition)
    figure.set_label(_summary(definition))
    return figure


def _summary(definition: Mapping[str, Any]) -> str:
    """How many states of which type, in one line; of a part, where it goes on."""
    states = list(walk(definition))
    on = [state.name for state in states if is_elsewhere(state.body)]
    kinds = Counter(state.type for state in states if not is_elsewhere(state.body))
    words = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    count, (place, of) = sum(kinds.values()), definition.get(PART, ("", 0))
    part = f"Workflow, {place}: {count} of {of} states" if place else f"Workflow of {count} states"
    goes_on = f", going on at {', '.join(on)} {ELSEWHERE}" if on else ""
    return f"{part} ({words}), starting at {definition['StartAt']}{goes_on}"


def arrange(definition: Mapping[str, Any]) -> Block:
    """Lay out the states of a machine or of a branch, branches first, since their Parallel must hold them."""
    states = definition["States"]
    branches = {name: [arrange(branch) for branch in shape.inner(state)] for name, state in states.items()}
    names = flow(definition)
    sizes = {name: _size(name, branches[name]) for name in names}
    edges = [edge for name in names for edge in edges_of(name, states[name])]
    return Block(states, place(sizes, edges, BETWEEN), branches)


def _size(name: str, branches: list[Block]) -> Size:
    if not branches:
        lines = len(_wrapped(name).split("\n"))
        return BOX[0], BOX[1] + 0.14 * max(0, lines - 2)
    width = sum(block.layout.size[0] for block in branches) + MARGIN * (len(branches) + 1)
    return width, max(block.layout.size[1] for block in branches) + 0.75


def _draw(axes: Axes, block: Block, origin: Point) -> None:
    routes = [(edge, [(x + origin[0], y + origin[1]) for x, y in points]) for edge, points in block.layout.routes]
    # A stretch that several edges share is drawn once: dashes on top of dashes would look solid.
    stretches = {(ends, edge.dashed, ends[1] == points[-1]) for edge, points in routes for ends in pairwise(points)}
    for ends, dashed, arrives in sorted(stretches):
        _line(axes, ends, dashed, arrives)
    for edge, points in routes:
        if edge.label:
            (x, y), (to_x, to_y) = points[:2]
            # On a long way into a shared lane a label stands half way, where no other edge has joined yet.
            far = len(points) > 2 and abs(to_x - x) > BOX[0]
            at = ((x + to_x) / 2, (y + to_y) / 2 + 0.1) if far else (to_x, to_y - 0.13)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            axes.text(*at, _label(edge), fontsize=7.5, ha="center", va="bottom", linespacing=1.05, bbox=box, zorder=4)
    for name, state in block.states.items():
        x, y = block.layout.spots[name]
        if state["Type"] in NESTED and block.branches[name]:
            _frame(axes, name, state, block.branches[name], (x + origin[0], y + origin[1]))
        else:
            _box(axes, name, state, (x + origin[0], y + origin[1]), _size(name, []))


def _frame(axes: Axes, name: str, state: Mapping[str, Any], branches: list[Block], top: Point) -> None:
    width, height = _size(name, branches)
    corner = (top[0] - width / 2, top[1])
    axes.add_patch(
        FancyBboxPatch(
            corner,
            width,
            height,
            "round,pad=0,rounding_size=0.08",
            facecolor="#F6F6F6",
            edgecolor=BLACK,
            linewidth=1.2,
            zorder=2,
        )
    )
    words = f"{name}: {len(branches)} branches at once" if state["Type"] == "Parallel" else f"{name}: for each item"
    axes.text(corner[0] + 0.12, corner[1] + 0.2, words, fontsize=10, fontweight="bold", va="center", zorder=5)
    left = corner[0] + MARGIN
    for branch in branches:
        _draw(axes, branch, (left, corner[1] + 0.5))
        left += branch.layout.size[0] + MARGIN


def _box(axes: Axes, name: str, state: Mapping[str, Any], top: Point, size: Size) -> None:
    (x, y), (width, height), kind = top, size, state["Type"]
    fill, border, thick = LOOKS.get(kind, LOOKS["Pass"])
    look: dict[str, Any] = {"facecolor": fill, "edgecolor": border, "linewidth": thick, "zorder": 4}
    look |= {"linestyle": ":"} if is_elsewhere(state) else {}
    left, right, notch = x - width / 2, x + width / 2, 0.12
    if kind == "Choice":
        middle = y + height / 2
        corners = [(left, middle), (left + notch, y), (right - notch, y), (right, middle)]
        axes.add_patch(Polygon([*corners, (right - notch, y + height), (left + notch, y + height)], **look))
    else:
        shape = "round,pad=0,rounding_size=0.1" if kind == "Task" else "square,pad=0"
        axes.add_patch(FancyBboxPatch((left, y), width, height, shape, **look))
    note = _note(state)
    if state.get("End") and note != ELSEWHERE:
        axes.plot([left, right], [y + height + 0.04] * 2, color=BLACK, linewidth=2.5, zorder=4, solid_capstyle="butt")
    axes.text(
        x,
        y + height / 2 - (0.055 if note else 0),
        _wrapped(name),
        fontsize=8.5,
        ha="center",
        va="center",
        linespacing=1.0,
        zorder=5,
    )
    axes.text(x, y + height - 0.03, note, fontsize=6.2, ha="center", va="bottom", color="#444444", zorder=5)


def _note(state: Mapping[str, Any]) -> str:
    """The service that a task calls and how often it is tried again, or where a state is drawn instead of here."""
    if is_elsewhere(state):
        return ELSEWHERE
    resource = str(state.get("Resource", ""))
    service = ":".join(resource.split(":::")[1].split(":")[:2]) if ":::" in resource else "lambda" if resource else ""
    tries = max((int(retry.get("MaxAttempts", 3)) for retry in state.get("Retry", [])), default=0)
    return f"{service}  ↻ {tries}" if tries else service


def _label(edge: Edge) -> str:
    """The condition in at most four short lines."""
    lines = wrap(edge.label, LABEL, break_on_hyphens=False)
    return "\n".join(lines if len(lines) <= 4 else [*lines[:3], "…"])


def _wrapped(name: str) -> str:
    """A CamelCase name in lines of about LINE characters."""
    lines = [""]
    for word in re.findall(r"[A-Z0-9]*[^A-Z]+|[A-Z]+$", name) or [name]:
        if lines[-1] and len(lines[-1]) + len(word) > LINE:
            lines.append("")
        lines[-1] += word
    return "\n".join(lines)


def _line(axes: Axes, ends: tuple[Point, Point], dashed: bool, arrives: bool = True) -> None:
    """A smooth line that leaves downwards and arrives downwards, with an arrowhead where it arrives at a box."""
    (x, y), (to_x, to_y) = ends
    bend = (to_y - y) / 2
    path = Path([(x, y), (x, y + bend), (to_x, to_y - bend), (to_x, to_y)], [Path.MOVETO, *[Path.CURVE4] * 3])
    colour, style = (VERMILLION, (0, (4, 2))) if dashed else (BLACK, "-")
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=colour, linestyle=style, linewidth=0.9, zorder=3))
    if not arrives:
        return
    head = [(to_x, to_y), (to_x - 0.04, to_y - 0.09), (to_x + 0.04, to_y - 0.09)]
    if y == to_y:  # an edge back up comes in from the side
        away = 0.09 if x > to_x else -0.09
        head = [(to_x, to_y), (to_x + away, to_y - 0.04), (to_x + away, to_y + 0.04)]
    axes.add_patch(Polygon(head, facecolor=colour, edgecolor="none", zorder=3))


def _legend(figure: Figure, definition: Mapping[str, Any]) -> None:
    """What is drawn, and nothing else. A sign stands in a name, since as a mark of its own it would be a formula."""
    drawn = [state.body for state in walk(definition) if not is_elsewhere(state.body)]
    kinds = {state["Type"] for state in drawn}
    ways = [edge for state in drawn for edge in edges_of("", state)]
    marks: list[Any] = [
        Patch(facecolor=fill, edgecolor=border, linewidth=thick, label=kind)
        for kind, (fill, border, thick) in LOOKS.items()
        if kind in kinds
    ]
    word = {"linestyle": "none"}
    named: dict[str, tuple[bool, dict[str, Any]]] = {
        "next": (not all(edge.dashed for edge in ways), {"color": BLACK}),
        ON_ERROR: (any(edge.dashed for edge in ways), {"color": VERMILLION, "linestyle": (0, (4, 2))}),
        "end (bar)": (any(state.get("End") for state in drawn), {"color": BLACK, "linewidth": 2.5}),
        "↻ retries": (any("↻" in _note(state) for state in drawn), word),
        "1. a choice tries its rules in this order": (any(edge.label.startswith("1. ") for edge in ways), word),
    }
    marks += [Line2D([], [], label=label, **look) for label, (there, look) in named.items() if there]
    figure.legend(handles=marks, loc="upper left", ncols=4, fontsize=8, frameon=False)
