"""The workflow's picture: every state once, nothing on top of anything, edges as the definition has them."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from hostile import PLAIN_JSON, UNSEEN, machine
from matplotlib.text import Text

from lib import settings as parameters
from lib.asl.states import walk
from lib.definitions import templates
from lib.display.charts import picture_parts, style, workflow_picture
from lib.errors import BadParameters

BASELINE = Path(parameters.ROOT) / "rehearsal" / "account" / "baseline-definition.json"
PHASE_3 = templates.definition(parameters.load("local"))


def rectangles(
    block: workflow_picture.Block, origin: tuple[float, float] = (0, 0)
) -> list[tuple[str, float, float, float, float]]:
    """Every box that holds no other: name, left, top, right, bottom."""
    found = []
    for name in block.states:
        x, y = block.layout.spots[name]
        inner = block.branches[name]
        width, height = workflow_picture._size(name, inner)
        left, top = origin[0] + x - width / 2, origin[1] + y
        if not inner:
            found.append((name, left, top, left + width, top + height))
        corner = left + workflow_picture.MARGIN
        for branch in inner:
            found += rectangles(branch, (corner, top + 0.5))
            corner += branch.layout.size[0] + workflow_picture.MARGIN
    return found


@pytest.mark.parametrize("definition", [PHASE_3, json.loads(BASELINE.read_text())], ids=["phase 3", "before"])
def test_every_state_is_drawn_once_and_no_two_overlap(definition: dict) -> None:
    boxes = rectangles(workflow_picture.arrange(definition))
    states = [state.name for state in walk(definition) if state.type not in workflow_picture.NESTED]
    assert sorted(box[0] for box in boxes) == sorted(states)
    for (one, l1, t1, r1, b1), (two, l2, t2, r2, b2) in combinations(boxes, 2):
        assert r1 <= l2 + 1e-6 or r2 <= l1 + 1e-6 or b1 <= t2 + 1e-6 or b2 <= t1 + 1e-6, f"{one} lies on {two}"


@pytest.mark.parametrize("part", picture_parts.parts(PHASE_3), ids=["first", "second"])
def test_the_picture_holds_every_name_and_fits_its_paper(part: dict[str, Any]) -> None:
    figure = workflow_picture.workflow(part)
    style.png(figure, 40)
    texts = figure.findobj(mpl.text.Text)
    written = {text.get_text().replace("\n", "") for text in texts}
    for state in walk(part):
        assert state.name in written or state.type in workflow_picture.NESTED
    protocol = "CrisisProtocol" in part["States"]
    assert any(text.startswith("CrisisProtocol: 3 branches") for text in written) == protocol
    (axes,) = figure.axes
    area = axes.get_window_extent()
    for text in axes.texts:
        box = text.get_window_extent()
        assert area.x0 <= box.x0 and box.x1 <= area.x1 and area.y0 <= box.y0 and box.y1 <= area.y1, text.get_text()
    assert figure.get_size_inches()[0] < 16, "wider than this it cannot be read in a notebook"


def test_the_names_fit_their_boxes() -> None:
    figure = workflow_picture.workflow(PHASE_3)
    style.png(figure, 100)
    names = {state.name for state in walk(PHASE_3)}
    for text in figure.axes[0].texts:
        if text.get_text().replace("\n", "") in names:
            assert text.get_window_extent().width <= workflow_picture.BOX[0] * figure.dpi, text.get_text()


def test_the_rules_of_a_choice_have_the_numbers_by_which_they_are_tried() -> None:
    rules = PHASE_3["States"]["EvaluateRisk"]["Choices"]
    drawn = picture_parts.edges_of("EvaluateRisk", PHASE_3["States"]["EvaluateRisk"])
    numbered = {edge.label.partition(". ")[0]: edge.target for edge in drawn if edge.label[0].isdigit()}
    assert numbered == {str(place): rule["Next"] for place, rule in enumerate(rules, start=1)}
    assert [edge.label for edge in drawn if not edge.label[0].isdigit()] == ["otherwise"]
    alone = picture_parts.edges_of("CheckText", PHASE_3["States"]["CheckText"])
    assert not any(edge.label[0].isdigit() for edge in alone)  # one rule has no order


def test_it_says_in_one_line_what_it_shows() -> None:
    words = style.describe(workflow_picture.workflow(json.loads(BASELINE.read_text())))
    assert words == "Workflow of 6 states (1 Choice, 1 Fail, 1 Pass, 3 Task), starting at ProcessCheckin"


def test_a_part_says_which_it_is_and_counts_what_it_draws_alone() -> None:
    said = [style.describe(workflow_picture.workflow(part)) for part in picture_parts.parts(PHASE_3)]
    states = sum(1 for _ in walk(PHASE_3))
    assert [one.split(": ")[0] for one in said] == ["Workflow, part 1 of 2", "Workflow, part 2 of 2"]
    assert sum(int(one.split(": ")[1].split(" of ")[0]) for one in said) == states
    assert all(f" of {states} states (" in one for one in said)
    assert "going on at" in said[0] and said[0].endswith("in the next picture") and "next picture" not in said[1]


def test_the_legend_explains_what_is_drawn_and_nothing_else_and_no_mark_of_it_is_a_formula() -> None:
    plain = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "B": {"Type": "Succeed"}}}
    (legend,) = workflow_picture.workflow(plain).legends
    assert [text.get_text() for text in legend.get_texts()] == ["Succeed", "Wait", "next"]
    (legend,) = workflow_picture.workflow(PHASE_3).legends
    said = [text.get_text() for text in legend.get_texts()]
    assert {"↻ retries", "1. a choice tries its rules in this order", "end (bar)", "next"} <= set(said)
    assert not [line for line in legend.get_lines() if "$" in str(line.get_marker())]


@pytest.mark.parametrize("definition", [{}, {"States": {}}, {"States": {"A": {"Type": "Pass"}}, "StartAt": "B"}])
def test_nothing_to_draw_is_refused(definition: dict) -> None:
    with pytest.raises(BadParameters, match="nothing to draw"):
        workflow_picture.workflow(definition)


def test_loops_maps_and_unreachable_states_are_drawn_too() -> None:
    item = {"StartAt": "Inner", "States": {"Inner": {"Type": "Succeed"}}}
    definition = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Next": "Check"},
            "Check": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "Wait"}],
                "Default": "Each",
            },
            "Each": {"Type": "Map", "ItemProcessor": item, "End": True},
            "Lost": {"Type": "Pass", "End": True},
            "Odd": {"Type": "NewKind", "Next": "Odd"},
        },
    }
    figure = workflow_picture.workflow(definition)
    style.png(figure, 40)
    assert "6 states" in style.describe(figure)
    boxes = rectangles(workflow_picture.arrange(definition))
    assert {box[0] for box in boxes} == {"Wait", "Check", "Inner", "Lost", "Odd"}


def test_a_picture_of_somebodys_names_is_drawn_and_its_text_is_legible(recwarn):
    figure = workflow_picture.workflow(machine(PLAIN_JSON[:70] + "\x1b]52;\u202e"))
    data = figure._repr_mimebundle_()
    assert '" src="data:image/png;base64,' in data["text/html"]
    assert not UNSEEN.search(data["text/html"])
    assert not [one for one in figure.findobj(Text) if UNSEEN.search(one.get_text())]
    assert [str(warning.message) for warning in recwarn if "missing from font" in str(warning.message)] == []
