"""How busy each route is over time beside the backtest's forecast: a small chart a route, on one time axis. No AWS."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lib.display.charts.review_charts import COLOURS, mark_of
from lib.display.charts.style import BLACK, GREY, Drawing, empty_figure, in_style, time_axis
from lib.phases.review.route_use import RouteUse, outside
from lib.values.numbers import plural, say_roughly

QUESTION = "Is each route as busy as the backtest said?"
BAND = "#CCCCCC"


@in_style
def use_of_routes(use: RouteUse) -> Drawing:
    """`use` is of real check-ins since the change; a part of the time without any is a gap, and no zero."""
    parts, known = use.parts, use.parts["expected"].notna().any()
    of = int(parts.groupby("time")["of"].max().sum()) if len(parts) else 0
    if not of:
        why = f"the workflow's log shows no check-in on any route since the change; {use.forecast}."
        return empty_figure(QUESTION, why, parts)
    routes = list(dict.fromkeys(parts["route"]))
    figure = Drawing(figsize=(10, 1.1 * len(routes) + 1.3), layout="constrained")
    answer = _answer(use, of)
    figure.set_label(f"{QUESTION} {answer}")
    figure.suptitle(QUESTION, x=0.01, ha="left", fontsize=13, fontweight="bold")
    every = figure.subplots(len(routes), 1, sharex=True)
    every[0].set_title(answer, loc="left", fontsize=9, color="#333333", wrap=True)
    for axes, route in zip(every, routes, strict=True):
        _lane(axes, route, parts[parts["route"] == route], use, known)
    time_axis(every[-1], parts["time"].min(), use.end, None)
    figure.supylabel(f"check-ins in {say_roughly(use.width)}", fontsize=9)
    return figure


def _answer(use: RouteUse, of: int) -> str:
    beside = f"\n{use.unseen}" if use.unseen else ""
    if use.parts["expected"].isna().all():
        why = f"{use.forecast}, so that no line and no band is drawn"
        return f"{plural(of, 'check-in')} since the change. NO FORECAST: {why}{beside}"
    off = outside(use.parts)
    taken = use.parts[use.parts["of"] > 0]["time"].nunique()  # a part that nobody came in lies nowhere
    parts = plural(taken, "part")
    said = f"outside the band of {parts}: {', '.join(off)}" if off else f"none of {parts} outside"
    said += " (by chance 1 in 20)"
    said += f", {empty:,} more without a check-in" if (empty := use.parts["time"].nunique() - taken) else ""
    return f"{of:,} since the change against {use.forecast}; {said}. Dashed: forecast; grey: 95 % sure{beside}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _lane(axes: Axes, route: str, mine: pd.DataFrame, use: RouteUse, known: bool) -> None:
    colour = COLOURS[mark_of(route).colour]
    some = mine["of"] > 0
    begins = [*mine["time"], use.end]

    def stepped(column: str) -> list[float]:
        values = mine[column].astype(float).where(some)
        return [*values, values.iloc[-1]]

    if known:
        here, ends = mine[some], pd.Series(begins[1:], index=mine.index)[some]
        # A rectangle each: a band that is filled between steps ends before the last part before a gap.
        band: dict[str, Any] = {"align": "edge", "color": BAND, "linewidth": 0, "zorder": 1}
        axes.bar(here["time"], here["high"] - here["low"], ends - here["time"], here["low"], **band)
        axes.step(begins, stepped("expected"), where="post", color=BLACK, linestyle="--", linewidth=1, zorder=2)
    axes.step(begins, stepped("count"), where="post", color=colour, linewidth=1.6, zorder=3)
    off = mine[(mine["count"] < mine["low"]) | (mine["count"] > mine["high"])]
    axes.plot(
        off["time"] + (use.end - off["time"]).clip(upper=use.width) / 2,
        off["count"],
        "o",
        color=colour,
        markeredgecolor=BLACK,
        markersize=5,
        zorder=4,
    )
    top = float(mine[["count", "high"]].max().max())
    axes.set_ylim(0, max(top * 1.15, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True, min_n_ticks=1))
    said = f"{int(mine['count'].sum()):,}" + (
        f"\n{_number(mine['expected'].sum())} forecast" if known else "\nno forecast"
    )
    spot = {"xy": (1.01, 0.5), "xycoords": "axes fraction", "va": "center", "fontsize": 9}
    axes.annotate(f"{route}\n{said}", color=BLACK if known else GREY, **spot)  # type: ignore[arg-type]
