"""Where the boxes of the drawing stand, and how its lines run."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as some

from lib.display.charts import layout, picture_parts
from lib.display.charts.layout import Edge


def test_edges_are_next_choices_and_dashed_catches() -> None:
    state = {"Next": "A", "Catch": [{"Next": "B"}, {"Next": "B"}], "Type": "Task"}
    assert picture_parts.edges_of("T", state) == [Edge("T", "A"), Edge("T", "B", "", True)]
    rule = {"Variable": "$.risk", "NumericGreaterThan": 95, "Next": "A"}
    assert picture_parts.edges_of("C", {"Choices": [rule], "Default": "B", "Type": "Choice"}) == [
        Edge("C", "A", "risk above 95"),
        Edge("C", "B", "otherwise"),
    ]


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
