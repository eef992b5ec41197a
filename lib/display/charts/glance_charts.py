"""The change at a glance: eight small charts on one page, each with a question, before, after, a verdict. No AWS."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import floor
from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import EngFormatter, MaxNLocator

from lib.checks import Status
from lib.display.charts.gapped_lines import draw_line
from lib.display.charts.style import (
    BEHIND,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    TICKS,
    VERMILLION,
    ZERO_TICKS,
    Drawing,
    in_style,
    utc,
)
from lib.display.marks import MARKS
from lib.phases.review.sparklines import Sparkline

QUESTION = "What did the change do, at a glance?"
ACROSS = 2
HALF_OF_ALL, SHORTENED = 50.0, 10_000
NUMBERS = EngFormatter(sep="")  # 100k
WIDE = 58  # characters beside a verdict
A_NOTE = 0.14  # of an axis' height, a line of notes
# The mark tells the same as the colour, for greyscale.
COLOURS = {Status.PASSED: GREEN, Status.FAILED: VERMILLION, Status.WAITING: BLACK}


@in_style
def glance(lines: Sequence[Sparkline], window: tuple[datetime, datetime], change_at: datetime | None) -> Drawing:
    """Two columns of small charts over the same time, from `window`'s beginning to its end."""
    down = -(-len(lines) // ACROSS)
    figure = Drawing(figsize=(10, 1.9 * down + 0.5), layout="constrained")
    said = [
        f"{one.question} before {one.before}, after {one.after}{f', {one.doubt}' if one.doubt else ''}: {one.verdict}."
        for one in lines
    ]
    figure.set_label(" ".join([QUESTION, *said]))
    figure.suptitle(QUESTION, x=0.01, ha="left", fontsize=13, fontweight="bold")
    time = f"time (UTC), {window[0]:%Y-%m-%d %H:%M} to {window[1]:%Y-%m-%d %H:%M}"
    figure.supxlabel(time + _outside(window, change_at), fontsize=9)
    for place, one in enumerate(lines):
        _small(figure.add_subplot(down, ACROSS, place + 1), one, window, change_at)
    return figure


def _outside(window: tuple[datetime, datetime], change_at: datetime | None) -> str:
    """What is said of a change that no line can show."""
    if change_at is None:
        return "; no moment of a change is known"
    at = f"{change_at:%Y-%m-%d %H:%M}"
    if change_at > window[1]:
        return f"; the change is later, at {at}"
    return f"; the change was before, at {at}" if change_at < window[0] else ""


def _small(axes: Axes, one: Sparkline, window: tuple[datetime, datetime], change_at: datetime | None) -> None:
    sign, colour = MARKS[one.verdict].sign, COLOURS.get(one.verdict, GREY)
    sides = [f"before: {one.before};  after: {one.after}"]
    if len(sides[0]) > WIDE:
        sides = [*wrap(f"before: {one.before};", WIDE), *wrap(f"after: {one.after}", WIDE)]
    axes.set_title("\n".join([one.question, *sides]), loc="left", fontsize=8.5)
    axes.set_title(f"{sign} {one.verdict}", loc="right", fontsize=9, fontweight="bold", color=colour)
    first, last = (utc(moment) for moment in window)
    if change_at:
        at = utc(change_at)
        axes.axvspan(first, min(max(at, first), last), color="#EEEEEE", zorder=0)
        axes.axvline(at, color=BLACK, linestyle=(0, (6, 3)), linewidth=1.2, zorder=4)
    points = one.points.dropna(subset=["value"]).sort_values("time")
    if points.empty and not one.apart:
        axes.text(0.5, 0.5, "no datapoint", transform=axes.transAxes, ha="center", va="center", bbox=BEHIND, zorder=6)
    if len(points):
        _points(axes, points, one.period)
    if len(one.beside):
        rows = one.beside.set_index("time")["value"]
        draw_line(axes, rows, one.period, ".", color=GREY, linestyle=":", linewidth=1.5, markersize=3, zorder=1)
    if one.apart:
        height = axes.get_xaxis_transform()
        axes.plot(
            [*one.apart], [0.55] * len(one.apart), "X", color=VERMILLION, transform=height, markersize=5, zorder=5
        )
    if one.limit is not None:
        axes.axhline(one.limit, color=VERMILLION, linestyle="-.", linewidth=1.2, zorder=3)
    axes.set_ylabel(one.unit, fontsize=8)
    axes.annotate(
        _notes(one), xy=(0.01, 0.97),
        xycoords="axes fraction", ha="left", va="top", fontsize=7.5, color="#444444", bbox=BEHIND, zorder=6,
    )  # fmt: skip
    _axes(axes, first, last)
    _values(axes, one)


def _notes(one: Sparkline) -> str:
    """What to worry about, and in words what no line can show."""
    said = [f"worry if {one.worry}" + (f" (limit {one.limit:g})" if one.limit is not None else "")]
    said += [f"✕ {len(one.apart):,} {one.apart_is}"] if one.apart else []
    said += [one.beside_is] if len(one.beside) else []
    return "\n".join([*said, *wrap(one.doubt, WIDE)])


def _points(axes: Axes, points: pd.DataFrame, period: timedelta | None) -> None:
    times, values = points["time"], points["value"]
    rows = points.set_index("time")["value"]
    draw_line(axes, rows, period, ".", color=BLUE, markersize=3.5, linewidth=1, zorder=2)
    # An outlier of years of points is one pixel wide, and is marked.
    top = values.idxmax()
    axes.plot([times[top]], [values[top]], "o", color=BLUE, markersize=4, zorder=5)


def _axes(axes: Axes, first: pd.Timestamp, last: pd.Timestamp) -> None:
    axes.set_xlim(first, max(last, first + pd.Timedelta(seconds=1)))
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, formats=TICKS, zero_formats=ZERO_TICKS, show_offset=False)
    )
    axes.tick_params(labelsize=7.5)


def _values(axes: Axes, one: Sparkline) -> None:
    """The axis of values: from zero, or of a share from near its lowest, since a step of one in a hundred must show.

    With room above for what to worry about, and no tick that no value can have. Of no point there is no tick at all.
    """
    values = pd.concat([one.points["value"], one.beside["value"]]).dropna().astype(float)
    share = one.unit.startswith("%")
    top = max([1.0 if share else 0.0, *values, *([one.limit] if one.limit is not None else [])])
    lowest = float(values.min()) if len(values) else 0.0
    bottom = float(floor(lowest - max(1.0, (100 - lowest) * 0.2))) if share and lowest > HALF_OF_ALL else 0.0
    top = 100.0 if share else top or 1.0
    part = min(0.05 + A_NOTE * (_notes(one).count("\n") + 1), 0.6)  # of the axis, which the notes hide
    axes.set_ylim(bottom - (top - bottom) * 0.04, top + (top - bottom) * max(0.45, 1.04 * part / (1 - part)))
    ticks = [bottom, (bottom + top) / 2, top] if share else MaxNLocator(3, integer=top >= 1).tick_values(0, top)
    axes.set_yticks([tick for tick in ticks if bottom <= tick <= top] if len(values) else [])
    axes.yaxis.set_major_formatter(lambda value, _: NUMBERS(value) if value >= SHORTENED else f"{value:g}")
