"""Charts for tuning the thresholds: where check-ins' risk lies, and what moving one threshold would do. No AWS."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from lib import routes
from lib.display.charts.review_charts import COLOURS, mark_of
from lib.display.charts.style import BEHIND, BLACK, GREY, SKY, canvas, empty_figure, in_style, legend
from lib.routes import Route
from lib.values.numbers import say_number

RISKS = [threshold.placeholder for threshold in routes.RISKS]
BIN = 2.5


@in_style
def risk_distribution(frame: pd.DataFrame, thresholds: Mapping[str, float]) -> Figure:
    """Histogram of `frame["risk_score"]` (0..100, NaN: unscored) with the risk thresholds, as `Settings.thresholds`.

    A score outside 0..100 is unusable to the workflow, so it counts as unscored here as well.
    """
    question = "How risky are check-ins, and where do the thresholds cut?"
    risk = frame["risk_score"].dropna() if "risk_score" in frame else pd.Series(dtype=float)
    usable = risk[(risk >= 0) & (risk <= 100)]
    if usable.empty:
        return empty_figure(question, f"none of {len(frame)} recorded check-ins has a usable score.", frame)
    unscored = len(frame) - len(usable)
    less = f", {unscored} without a usable score are not drawn" if unscored else ""
    less += _unseen(frame)
    figure, axes = canvas(question, f"{len(usable)} check-ins, half of them at {usable.median():.3g} or lower{less}")
    # Each bar is of what lies above its left end, up to its right one: a threshold is no part of what is above it.
    edges = np.arange(0, 100 + BIN, BIN)
    counts = np.bincount(np.maximum(np.ceil(usable / BIN).astype(int) - 1, 0), minlength=len(edges) - 1)
    axes.bar(edges[:-1], counts, BIN, align="edge", color=SKY, edgecolor=BLACK, linewidth=0.4)
    if counts.max() > 50:
        _counts_axis(axes)
    axes.set_ylim(0, counts.max() * (4 if counts.max() > 50 else 1.25))
    lines = [(routes.of_placeholder(name), float(thresholds[name])) for name in RISKS]
    for step, (route, value) in enumerate(sorted(lines, key=lambda line: -line[1])):
        _threshold(axes, route, value, int((usable > value).sum()), step)
    axes.set_xlim(0, 100)
    axes.set_xlabel("risk score (0 to 100)")
    axes.set_ylabel("check-ins")
    return figure


@in_style
def alerts_by_threshold(
    frame: pd.DataFrame, threshold: str = "threshold", current: float | None = None, span: str = "a day"
) -> Figure:
    """A line a route. `frame`: value (of the threshold), route, count (check-ins in a `span`); `current`: now's.

    Check-ins that raise no alert are not drawn: they are the many, and would press the alerts flat.
    """
    question = f"How many alerts {span} for each value of {threshold}?"
    drawn = frame[frame["route"] != Route.NONE] if "route" in frame else frame
    if drawn.empty:
        return empty_figure(question, "there are no recorded check-ins to count.", frame)
    figure, axes = canvas(question, _today(drawn, current, span))
    there = set(drawn["route"])
    for route in (name for name in routes.in_order(there) if name in there):
        rows, mark = drawn[drawn["route"] == route].sort_values("value"), mark_of(route)
        axes.plot(
            rows["value"],
            rows["count"],
            mark.marker,
            color=COLOURS[mark.colour],
            linestyle=mark.line,
            label=route,
            markersize=5,
            markevery=max(1, len(rows) // 12),
            linewidth=1.6,
        )
    most = float(drawn["count"].max())
    if most > 20:
        _counts_axis(axes)
    axes.set_ylim(0, most * (2.5 if most > 20 else 1.3) + 0.1)
    if current is not None:
        axes.axvline(current, color=BLACK, linestyle=(0, (6, 3)), linewidth=1.4)
        axes.annotate(
            f"now {current:g}",
            xy=(current, 1),
            xycoords=("data", "axes fraction"),
            xytext=(5, -3),
            textcoords="offset points",
            va="top",
            fontsize=9,
            bbox=BEHIND,
            zorder=6,
        )
    axes.set_xlabel(threshold)
    axes.set_ylabel(f"check-ins {span}")
    legend(axes)
    return figure


def _unseen(frame: pd.DataFrame) -> str:
    """What the headline says of check-ins that are in no row: unreadable ones, and those that were not read."""
    coverage = frame.attrs.get("coverage")
    if coverage is None:
        return ""
    broken = f", {coverage.unreadable:,} {coverage.unread}" if coverage.unreadable else ""
    return broken + ("" if coverage.complete else f"\n{coverage.read:,} of {coverage.recorded:,} recorded were read")


def _threshold(axes: Axes, route: str, value: float, above: int, step: int) -> None:
    """A labelled line; each label stands a row lower than the one right of it, left of its line: none can overlap."""
    axes.axvline(value, color=BLACK, linestyle="--", linewidth=1.3)
    axes.annotate(
        f"risk above {value:g}: {above} ({route})",
        xy=(value, 0.97 - 0.085 * step),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if value > 20 else 4, 0),
        textcoords="offset points",
        va="top",
        fontsize=9,
        ha="right" if value > 20 else "left",
        bbox={"facecolor": "white", "edgecolor": GREY, "linewidth": 0.5, "pad": 2},
    )


def _counts_axis(axes: Axes) -> None:
    """From 0 to 1 in proportion and logarithmic above, so that one crisis shows beside a thousand calm days."""
    axes.set_yscale("symlog", linthresh=1, linscale=0.5)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()


def _today(frame: pd.DataFrame, current: float | None, span: str) -> str:
    if current is None:
        return "each line is one route; check-ins without an alert are not drawn"
    nearest = frame.loc[(frame["value"] - current).abs().idxmin(), "value"]
    now = frame[frame["value"] == nearest]
    words = [f"{row['route']} {say_number(row['count'])}" for _, row in now.iterrows()]
    near = "" if nearest == current else f", the nearest to now's {current:g} that is drawn"
    return f"{span} at {nearest:g}{near}: " + ", ".join(words)
