"""The workflow's picture: every state once, nothing on top of anything, edges as the definition has them."""

import json
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lib import settings as parameters
from lib.asl import condition_words
from lib.asl.states import walk
from lib.definitions import templates
from lib.display.charts import layout, style, workflow_picture
from lib.display.charts.layout import Edge
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


def test_the_picture_holds_every_name_and_fits_its_paper() -> None:
    figure = workflow_picture.workflow(PHASE_3)
    style.png(figure, 40)
    texts = figure.findobj(mpl.text.Text)
    written = {text.get_text().replace("\n", "") for text in texts}
    for state in walk(PHASE_3):
        assert state.name in written or state.type in workflow_picture.NESTED
    assert any(text.startswith("CrisisProtocol: 3 branches") for text in written)
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


def test_it_says_in_one_line_what_it_shows() -> None:
    words = style.describe(workflow_picture.workflow(json.loads(BASELINE.read_text())))
    assert words == "Workflow of 6 states (1 Choice, 1 Fail, 1 Pass, 3 Task), starting at ProcessCheckin"


def test_edges_are_next_choices_and_dashed_catches() -> None:
    state = {"Next": "A", "Catch": [{"Next": "B"}, {"Next": "B"}], "Type": "Task"}
    assert workflow_picture.edges_of("T", state) == [Edge("T", "A"), Edge("T", "B", "", True)]
    rule = {"Variable": "$.risk", "NumericGreaterThan": 95, "Next": "A"}
    assert workflow_picture.edges_of("C", {"Choices": [rule], "Default": "B", "Type": "Choice"}) == [
        Edge("C", "A", "risk above 95"),
        Edge("C", "B", "otherwise"),
    ]


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


NAMES = [f"S{number}" for number in range(9)]
GRAPHS = some.lists(some.tuples(some.sampled_from(NAMES), some.sampled_from(NAMES), some.booleans()), max_size=24)


@given(GRAPHS, some.lists(some.floats(0.3, 6), min_size=9, max_size=9))
def test_any_graph_is_laid_out_without_overlap_and_with_every_edge(pairs: list, widths: list[float]) -> None:
    edges = list(dict.fromkeys(Edge(one, two, "", dashed) for one, two, dashed in pairs))
    sizes = {name: (width, 0.5) for name, width in zip(NAMES, widths, strict=True)}
    found = layout.place(sizes, edges, 0.6)
    assert [edge for edge, _ in found.routes] == edges
    for one, two in combinations(NAMES, 2):
        (x1, y1), (x2, y2) = found.spots[one], found.spots[two]
        assert y1 != y2 or abs(x1 - x2) >= (sizes[one][0] + sizes[two][0]) / 2 + layout.ROOM - 1e-6
    for name in NAMES:
        x, y = found.spots[name]
        assert x - sizes[name][0] / 2 >= -1e-6 and x + sizes[name][0] / 2 <= found.size[0] + 1e-6
        assert 0 <= y <= found.size[1]
    rank = layout.ranks(NAMES, edges)
    for edge, points in found.routes:
        assert len(points) >= 2
        if rank[edge.target] > rank[edge.source]:
            assert all(upper[1] <= lower[1] + 1e-6 for upper, lower in pairwise(points))


def test_the_layer_is_one_below_the_lowest_predecessor() -> None:
    edges = [Edge("A", "B"), Edge("B", "C"), Edge("A", "C"), Edge("C", "A")]
    assert layout.ranks(["A", "B", "C", "D"], edges) == {"A": 0, "B": 1, "C": 2, "D": 0}
    assert layout.ranks(["A", "B"], [Edge("A", "B")], {"B"}) == {"A": 0, "B": 2}


def test_crossings_that_can_be_avoided_are() -> None:
    edges = [Edge("S", "A"), Edge("S", "B"), Edge("S", "C"), Edge("A", "Z"), Edge("B", "Y"), Edge("C", "X")]
    spots = layout.place(dict.fromkeys("SABCXYZ", (1.0, 0.5)), edges, 0.6).spots
    order = sorted("ABC", key=lambda name: spots[name][0])
    below = sorted("XYZ", key=lambda name: spots[name][0])
    assert [{"A": "Z", "B": "Y", "C": "X"}[name] for name in order] == below


X = {"Variable": "$.x"}
Y = {"Variable": "$.y", "NumericLessThan": -0.6}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"Variable": "$.risk_score", "NumericGreaterThanEquals": 50}, "risk_score at least 50"),
        ({"Variable": "$.a.b", "StringEquals": ""}, 'b is ""'),
        ({"Variable": "$.a.b", "BooleanEquals": True}, "a.b is true"),
        ({"Variable": "$.a.b", "BooleanEquals": False}, "a.b is false"),
        ({"Variable": "$$.Execution.Name", "StringMatches": "drill-*"}, "Execution.Name is like drill-*"),
        ({**X, "IsPresent": True}, "x is given"),
        ({**X, "IsPresent": False}, "x is not given"),
        ({**X, "IsNumeric": False}, "x is not a number"),
        ({"Not": {**X, "StringEquals": "y"}}, "not (x is y)"),
        ({"Not": {**X, "IsNull": True}}, "not (x is null)"),
        ({**X, "NumericLessThanPath": "$.y"}, "x below $.y"),
        ({**X, "SomethingNew": 1}, "x SomethingNew 1"),
        ({"Condition": "{% $x > 1 %}"}, "{% $x > 1 %}"),
        ({"And": [{**X, "IsPresent": True}, {**X, "IsString": True}]}, "x is given"),
        ({"And": [{**X, "IsPresent": True}, {**X, "IsNumeric": True}, Y]}, "y below -0.6"),
        ({"And": [{"And": [{**X, "IsPresent": True}, {**X, "IsNumeric": True}]}, Y]}, "y below -0.6"),
        ({"And": [Y, {"Or": [{**X, "IsNull": True}, Y]}]}, "y below -0.6 and (x is null or y below -0.6)"),
        ({"Or": [{**X, "IsPresent": True}, {"And": [{**X, "IsNull": False}, Y]}]}, "x is given or y below -0.6"),
    ],
)
def test_conditions_in_words(rule: dict, said: str) -> None:
    assert condition_words.condition({**rule, "Next": "N"}) == said


@pytest.mark.parametrize(
    ("decides", "said"),
    [
        ({**X, "IsPresent": False}, "x is not given"),
        ({**X, "IsNull": True}, "x is null"),
        ({**X, "IsNumeric": False}, "x is not a number"),
        ({"Not": {**X, "IsPresent": True}}, "not (x is given)"),
    ],
)
def test_what_is_absent_decides_and_is_no_guard(decides: dict, said: str) -> None:
    assert condition_words.condition({"And": [decides, Y]}) == f"{said} and y below -0.6"


def test_what_decides_beside_a_comparison_in_an_or_is_said() -> None:
    assert condition_words.condition({"Or": [{**X, "IsPresent": True}, Y]}) == "x is given or y below -0.6"


def test_in_short_a_value_is_within_its_range_and_the_rest_is_said() -> None:
    ends = ({"NumericGreaterThanEquals": -1}, {"NumericLessThanEquals": 1})
    rule = {"And": [*({**X, **end} for end in ends), {"Or": [{**X, "NumericLessThan": -0.6}, {**X, "IsNull": True}]}]}
    assert condition_words.condition(rule, in_short=True) == "x below -0.6 or x is null"
    assert condition_words.condition(rule) == "x at least -1 and x at most 1 and (x below -0.6 or x is null)"
    assert (
        condition_words.condition({"And": [{**X, **end} for end in ends]}, in_short=True)
        == "x at least -1 and x at most 1"
    )
