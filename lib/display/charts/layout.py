"""Places the boxes of a directed graph in layers, top to bottom, and routes its edges between them. Pure arithmetic.

Sugiyama's method in its lightest form: longest-path layers, barycentre ordering, then straightening. Lengths are in
any unit (the picture uses inches), y grows downwards, and a spot is the middle of a box's top edge.
"""

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Size = tuple[float, float]
Links = dict[Hashable, list[Hashable]]

ROOM = 0.16  # between two boxes of a layer
LANE = 0.16  # width that a passing edge takes
WORDLESS = 0.6  # of the room between two layers, where nothing is written
SWEEPS = 24


@dataclass(frozen=True)
class Edge:
    """From one box to another; a dashed one is a catch."""

    source: str
    target: str
    label: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Layout:
    """Where everything is. A route goes from the bottom of its source to the top of its target."""

    size: Size
    spots: dict[str, Point]
    routes: list[tuple[Edge, list[Point]]]


@dataclass(frozen=True)
class Lane:
    """Where edges pass through a layer; edges of one kind to one target share it, so that they run together."""

    target: str
    dashed: bool
    rank: int


def place(sizes: Mapping[str, Size], edges: Sequence[Edge], between: float) -> Layout:
    """Lay out the boxes; the first is the start. `between` is the room between two layers, less where no edge that
    begins there has words."""
    rank = ranks(list(sizes), edges, _wide(sizes))
    layers: list[list[Hashable]] = [
        [name for name in sizes if rank[name] == at] for at in range(max(rank.values()) + 1)
    ]
    above: Links = {}
    below: Links = {}
    chains = {edge: _chain(edge, rank) for edge in edges}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            if isinstance(lower, Lane) and lower not in layers[lower.rank]:
                layers[lower.rank].append(lower)
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    layers = _ordered(layers, above, below)
    widths: dict[Hashable, float] = {lane: LANE for layer in layers for lane in layer if isinstance(lane, Lane)}
    widths |= {name: size[0] for name, size in sizes.items()}
    across = _across(layers, above, below, widths)
    heights = [max((sizes[name][1] for name in layer if isinstance(name, str)), default=0.0) for layer in layers]
    worded = {rank[edge.source] for edge in edges if edge.label}
    gaps = [between if at in worded else between * WORDLESS for at in range(len(layers))]
    tops = [sum(heights[:at]) + sum(gaps[:at]) for at in range(len(layers))]
    spots = {name: (across[name], tops[rank[name]]) for name in sizes}
    routes = [(edge, _route(chain, edge, sizes, spots, across, tops, heights)) for edge, chain in chains.items()]
    width = max(across[name] + widths[name] / 2 for name in across)
    return Layout((width, tops[-1] + heights[-1]), spots, routes)


def _wide(sizes: Mapping[str, Size]) -> set[str]:
    usual = min(width for width, _ in sizes.values())
    return {name for name, (width, _) in sizes.items() if width > 3 * usual}


def ranks(names: Sequence[str], edges: Sequence[Edge], wide: Container[str] = ()) -> dict[str, int]:
    """The layer of each box: one below its lowest predecessor; a wide one two below, so that its siblings keep clear.

    Edges that close a loop are left out of account.
    """
    forward = _forward(names, edges)
    rank = dict.fromkeys(names, 0)
    for _ in names:
        for edge in forward:
            rank[edge.target] = max(rank[edge.target], rank[edge.source] + (2 if edge.target in wide else 1))
    return rank


def _forward(names: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    leaving: dict[str, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, []).append(edge)
    kept: list[Edge] = []
    state = dict.fromkeys(names, "new")

    def visit(name: str) -> None:
        state[name] = "open"
        for edge in leaving.get(name, []):
            if state[edge.target] != "open":
                kept.append(edge)
            if state[edge.target] == "new":
                visit(edge.target)
        state[name] = "done"

    for name in names:
        if state[name] == "new":
            visit(name)
    return kept


def _chain(edge: Edge, rank: Mapping[str, int]) -> list[Hashable]:
    """Source, the lanes that the edge passes through, target; of an edge back up, nothing in between."""
    if rank[edge.target] <= rank[edge.source]:
        return []
    lanes = [Lane(edge.target, edge.dashed, at) for at in range(rank[edge.source] + 1, rank[edge.target])]
    return [edge.source, *lanes, edge.target]


def _ordered(layers: list[list[Hashable]], above: Links, below: Links) -> list[list[Hashable]]:
    best, fewest = layers, _crossings(layers, below)
    for sweep in range(SWEEPS):
        layers = [list(layer) for layer in layers]
        down = sweep % 2 == 0
        for at in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            fixed = {item: spot for spot, item in enumerate(layers[at - 1 if down else at + 1])}
            own = {item: spot for spot, item in enumerate(layers[at])}
            near = above if down else below
            centres = {item: _mean([fixed[other] for other in near.get(item, [])], own[item]) for item in layers[at]}
            layers[at].sort(key=centres.__getitem__)
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def _crossings(layers: Sequence[Sequence[Hashable]], below: Links) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        spot = {item: at for at, item in enumerate(lower)}
        ends = [(at, spot[end]) for at, item in enumerate(upper) for end in set(below.get(item, []))]
        count += sum(1 for a, b in ends for c, d in ends if a < c and b > d)
    return count


def _across(
    layers: Sequence[Sequence[Hashable]], above: Links, below: Links, widths: Mapping[Hashable, float]
) -> dict[Hashable, float]:
    """The x of everything: as near to its neighbours as the order and the widths allow; the leftmost edge is 0."""
    across = {item: float(at) for layer in layers for at, item in enumerate(layer)}
    for sweep in range(SWEEPS * 2):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            pulls = [[across[other] for other in (*above.get(item, []), *below.get(item, []))] for item in layer]
            wanted = [_mean(pull, across[item]) for item, pull in zip(layer, pulls, strict=True)]
            across |= zip(layer, _apart(wanted, [widths[item] for item in layer]), strict=True)
    left = min(across[item] - widths[item] / 2 for item in across)
    return {item: spot - left for item, spot in across.items()}


def _apart(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The spots nearest to the wanted ones (least squares) that keep the order and do not overlap.

    Without the distances that must be kept this is isotonic regression: neighbours that violate are pooled.
    """
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + ROOM)
    pools: list[list[float]] = []
    for spot, offset in zip(wanted, offsets, strict=True):
        pools.append([spot - offset])
        while len(pools) > 1 and _mean(pools[-2], 0) > _mean(pools[-1], 0):
            pools[-2:] = [pools[-2] + pools[-1]]
    settled = [_mean(pool, 0) for pool in pools for _ in pool]
    return [spot + offset for spot, offset in zip(settled, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _route(
    chain: Sequence[Hashable],
    edge: Edge,
    sizes: Mapping[str, Size],
    spots: Mapping[str, Point],
    across: Mapping[Hashable, float],
    tops: Sequence[float],
    heights: Sequence[float],
) -> list[Point]:
    (x, top), (end_x, end_y) = spots[edge.source], spots[edge.target]
    if not chain:  # back up: out at the right, beside both boxes, in from the right
        side = max(x + sizes[edge.source][0] / 2, end_x + sizes[edge.target][0] / 2) + ROOM / 2
        low, high = top + sizes[edge.source][1] / 2, end_y + sizes[edge.target][1] / 2
        return [
            (x + sizes[edge.source][0] / 2, low),
            (side, low),
            (side, high),
            (end_x + sizes[edge.target][0] / 2, high),
        ]
    # A catch leaves and arrives a little to the right, so that it shows beside a next to the same state.
    aside = 0.15 if edge.dashed else 0.0
    points = [(x + aside * sizes[edge.source][0], top + sizes[edge.source][1])]
    for lane in chain[1:-1]:
        assert isinstance(lane, Lane)
        points += [(across[lane], tops[lane.rank]), (across[lane], tops[lane.rank] + heights[lane.rank])]
    return [*points, (end_x + aside * sizes[edge.target][0] / 2, end_y)]
