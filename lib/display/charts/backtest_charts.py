"""The backtest's chart: which route past check-ins took, and which they would take. No AWS."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lib.display.charts.style import BEHIND, BLACK, GREY, ORANGE, SKY, VERMILLION, canvas, empty_figure, in_style
from lib.routes import Unrouted, level
from lib.telemetry.route_moves import Move

# alert -> (word, colour, hatch); the hatch tells them apart in greyscale
KINDS: dict[str, tuple[str, str, str]] = {
    Move.LOWER: ("a LOWER alert than today", VERMILLION, "////"),
    Move.HIGHER: ("a higher alert than today", SKY, "\\\\\\\\"),
    Move.UNKNOWN: ("nobody can tell", GREY, "xx"),
    Move.OTHER: ("another route of the same level", ORANGE, ".."),
    Move.SAME: ("the same route", "#E6E6E6", ""),
}


@in_style
def moves(frame: pd.DataFrame, trouble: str = "", part: str = "") -> Figure:
    """A grid of today's route by the new one, with check-ins counted. `frame`: from, to, alert, count.

    `part` says how much of what is recorded was read, where it is not all.
    """
    question = "Which route would past check-ins take under the new definition?"
    if frame.empty:
        return empty_figure(question, trouble or "no check-in was routed.", frame)
    rows, columns = (_ordered(frame[side]) for side in ("from", "to"))
    figure, axes = canvas(question, _answer(frame, part), 2.2 + 0.62 * len(rows))
    for _, move in frame.iterrows():
        _cell(axes, columns.index(move["to"]), rows.index(move["from"]), str(move["alert"]), int(move["count"]))
    # The number below the route: side by side, as they are beside the other axis, six of them overlap.
    axes.set_xticks(range(len(columns)), [_total(frame, "to", route).replace(" (", "\n(") for route in columns])
    axes.set_yticks(range(len(rows)), [_total(frame, "from", route) for route in rows])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xlabel("route by the new definition (check-ins)")
    axes.set_ylabel("route today (check-ins)")
    axes.grid(visible=False)
    shown = [kind for kind in KINDS if kind in set(frame["alert"])]
    keys = [Patch(facecolor=KINDS[k][1], hatch=KINDS[k][2], edgecolor=BLACK, label=KINDS[k][0]) for k in shown]
    axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0)
    return figure


def _cell(axes: Axes, x: int, y: int, alert: str, count: int) -> None:
    _, colour, hatch = KINDS[alert]
    axes.add_patch(
        Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, facecolor=colour, edgecolor=BLACK, hatch=hatch, linewidth=0.5)
    )
    axes.text(x, y, f"{count:,}", ha="center", va="center", fontweight="bold", color=BLACK, bbox=BEHIND, zorder=5)


def _ordered(routes: pd.Series) -> list[str]:
    """The routes that occur, from the lowest level of alert to the highest; first what nobody can tell.

    Raises BadParameters for one that is not known.
    """
    return sorted(set(routes), key=lambda route: (route != Unrouted.CANNOT_TELL, level(route), route))


def _total(frame: pd.DataFrame, side: str, route: str) -> str:
    return f"{route} ({int(frame.loc[frame[side] == route, 'count'].sum()):,})"


def _answer(frame: pd.DataFrame, part: str) -> str:
    counts = frame.groupby("alert")["count"].sum()
    lower, higher, other, unknown = (
        int(counts.get(alert, 0)) for alert in (Move.LOWER, Move.HIGHER, Move.OTHER, Move.UNKNOWN)
    )
    total, changing = int(frame["count"].sum()), lower + higher + other
    answer = f"{changing:,} of {total:,} would change route: {higher:,} to a higher alert, {lower:,} to a LOWER one"
    return answer + (f"; of {unknown:,} nobody can tell" if unknown else "") + (f" ({part})" if part else "")
