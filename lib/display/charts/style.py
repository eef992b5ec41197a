"""What every chart and picture shares: style, colours, time axis, the lines for the change and the limit. No AWS.

Nothing is set at import, and pyplot is never imported: a notebook shows a drawing once, where it is returned.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from math import isinf
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

from lib.values.escape import attribute, legible, one_line
from lib.values.numbers import say_roughly

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito's colours: told apart by everyone. Shape, hatch or place tells the same again, for greyscale.
BLACK, GREY, ORANGE, SKY = "#000000", "#767676", "#E69F00", "#56B4E9"
GREEN, BLUE, VERMILLION, PURPLE = "#009E73", "#0072B2", "#D55E00", "#CC79A7"
PALE = "#BFE1F6"  # a light sky blue, for what is well: what failed must stand out in greyscale too

STYLE: Any = {  # the type that matplotlib wants names all its 300 keys
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "timezone": "UTC",
    "text.parse_math": False,  # a `$` in a name or a path is a dollar, and never the begin of a formula
}
# Ticks of an axis of durations, in seconds, and how an operator says them.
DURATIONS = {
    0.001: "1 ms", 0.01: "10 ms", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h",
    36000: "10 h",
}  # fmt: skip
# How a tick of a time axis is said, by what differs, and the first of each: no bare `30`, seconds or a day.
TICKS = ["%Y", "%b %Y", "%b %d", "%H:%M", "%H:%M", "%H:%M:%S"]
ZERO_TICKS = ["%Y", "%b %Y", "%b %d", "%b %d", "%H:%M", "%H:%M:%S"]


class Drawing(Figure):
    """A Figure shown as an element with alt text (`describe`), which JupyterLab leaves out of a bare image."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        said, drawn = describe(self), b64encode(png(self)).decode("ascii")
        return {"text/html": f'<img alt="{attribute(said)}" src="data:image/png;base64,{drawn}">', "text/plain": said}


def in_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorator: run a drawing function under STYLE and leave matplotlib's settings as they were."""
    return mpl.rc_context(STYLE)(draw)


def describe(figure: Figure) -> str:
    """The figure in one line with its numbers: alt text, or a line for a terminal."""
    return one_line(figure.get_label())


def png(figure: Figure, dpi: int = 110) -> bytes:
    """The figure as a PNG file's bytes."""
    buffer = BytesIO()
    _make_legible(figure)
    with mpl.rc_context(STYLE):
        figure.set_dpi(dpi)
        FigureCanvasAgg(figure).print_png(buffer)  # `savefig` would lay it out once more before, to the same end
    return buffer.getvalue()


def _make_legible(figure: Figure) -> None:
    """Whatever was drawn into it, also as a tick's name: nothing that hides or turns the text around it."""
    for text in figure.findobj(Text):
        text.set_text(legible(text.get_text()))
    for axes in figure.axes:
        for formatter in (axes.xaxis.get_major_formatter(), axes.yaxis.get_major_formatter()):
            if isinstance(formatter, FixedFormatter):
                formatter.seq = [legible(name) for name in formatter.seq]


def canvas(question: str, answer: str, height: float = 4.0) -> tuple[Drawing, Axes]:
    """A figure 10 in wide whose title is the question, and below it the answer in numbers, in as many lines as needed.

    Matplotlib breaks a line at a space where it would leave the figure, and makes room for the lines.
    """
    figure = Drawing(figsize=(10, height), layout="constrained")
    figure.set_label(" ".join(f"{question} {answer}".split()))
    figure.suptitle(question, x=0.01, ha="left", fontsize=13, fontweight="bold", wrap=True)
    axes = figure.add_subplot()
    axes.set_title(answer, loc="left", fontsize=10, color="#333333", wrap=True)
    return figure, axes


def empty_figure(question: str, words: str, frame: pd.DataFrame) -> Drawing:
    """A figure that says in words that there is nothing to draw: an empty axis would look like zeros.

    `frame.attrs["note"]`, where the reader of the data left one, says why.
    """
    note = str(frame.attrs.get("note", ""))
    figure, axes = canvas(question, "", 2.0)
    text = "No datapoints: " + words + (f"\n{note}" if note else "")
    figure.set_label(f"{question} {' '.join(text.split())}")
    axes.axis("off")
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=12, wrap=True, transform=axes.transAxes)
    return figure


def utc(moment: datetime | pd.Timestamp) -> pd.Timestamp:
    """A moment in UTC; one without a zone is taken as UTC."""
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize(UTC) if stamp.tzinfo is None else stamp.tz_convert(UTC)


def time_axis(axes: Axes, first: datetime, last: datetime, change_at: datetime | None) -> None:
    """An x axis of UTC time from `first` to `last`, wide enough for the change, and its dates in the label."""
    moments = [utc(first), utc(last)] + ([utc(change_at)] if change_at else [])
    begin, end = min(moments), max(moments)
    room = max((end - begin) * 0.03, timedelta(seconds=5))
    axes.set_xlim(begin - room, end + room)
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    spoken = ConciseDateFormatter(locator, UTC, TICKS, zero_formats=ZERO_TICKS, show_offset=False)
    axes.xaxis.set_major_formatter(spoken)
    days = f"{begin:%Y-%m-%d}" if begin.date() == end.date() else f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}"
    axes.set_xlabel(f"time (UTC), {days}")
    if change_at:
        _change_line(axes, utc(change_at), (begin - room, end + room))


def _change_line(axes: Axes, at: pd.Timestamp, limits: tuple[pd.Timestamp, pd.Timestamp]) -> None:
    """The moment of the change: a labelled dashed black line."""
    axes.axvline(at, color=BLACK, linestyle=(0, (6, 3)), linewidth=1.4, zorder=4)
    left = (at - limits[0]) > (limits[1] - limits[0]) * 0.8
    said = f"{at:%H:%M:%S}" if limits[1] - limits[0] < timedelta(hours=36) else f"{at:%Y-%m-%d %H:%M}"
    axes.annotate(
        f"the change, {said}", xy=(at, 1), xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, -3), textcoords="offset points", ha="right" if left else "left", va="top",
        fontsize=9, bbox=BEHIND, zorder=6,
    )  # fmt: skip


def limit_line(axes: Axes, value: float, words: str) -> None:
    """A limit across the chart: a labelled dash-dotted line."""
    axes.axhline(value, color=VERMILLION, linestyle="-.", linewidth=1.5, zorder=3)
    axes.annotate(
        words, xy=(1, value), xycoords=("axes fraction", "data"), xytext=(-3, 3), textcoords="offset points",
        ha="right", va="bottom", fontsize=9, color=VERMILLION, fontweight="bold", bbox=BEHIND, zorder=6,
    )  # fmt: skip


BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}


def words_beside(axes: Axes, spot: tuple[float, float], words: str, colour: str = BLACK, left: bool = False) -> None:
    """Words right of a mark, or left of it."""
    away: Any = {"xytext": (-9 if left else 9, 0), "textcoords": "offset points", "ha": "right" if left else "left"}
    axes.annotate(words, xy=spot, va="center", fontsize=9, color=colour, **away)


def outside(axes: Axes, height: float, words: str, colour: str = BLACK, weight: str = "normal") -> None:
    """Words right of the chart, where they cover no mark."""
    spot: Any = {"xy": (1.01, height), "xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 9}
    axes.annotate(words, color=colour, fontweight=weight, **spot)


def lanes(axes: Axes, names: Sequence[str]) -> None:
    """A row a name, the first at the bottom, with room for words above the last."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.1)


def limit_of_lanes(axes: Axes, limit_seconds: float, count: int) -> None:
    """The limit of an alert's seconds across so many lanes, behind their marks, named above the last."""
    axes.axvline(limit_seconds, color=VERMILLION, linestyle="-.", linewidth=1.5, zorder=1)
    words_beside(axes, (limit_seconds, count - 0.4), f"limit {limit_seconds:g} s", VERMILLION)


def words_instead(axes: Axes, place: float, words: str, colour: str, weight: str = "normal") -> None:
    """Words in place of a mark, at the left end of a row."""
    spot: dict[str, Any] = {
        "xy": (0.006, place),
        "xycoords": ("axes fraction", "data"),
        "va": "center",
        "zorder": 5,
        "bbox": BEHIND,
    }
    axes.annotate(words, color=colour, fontsize=9, fontweight=weight, **spot)


def never(high: float) -> float:
    """Where on an axis of durations that ends at `high` stands what never came."""
    return high / 1.6


def durations(axis: Axis, low: float, high: float, lost: bool = False) -> None:
    """A logarithmic axis of seconds whose ticks say 10 ms, 1 s, 10 min. `low` and `high` are seconds.

    With something lost, the last tick says "never": an alert that did not come is not one of ten minutes.
    """
    axes = axis.axes
    vertical = axis is axes.yaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(low, high)
    ticks = [tick for tick in DURATIONS if low <= tick <= high]
    names = [DURATIONS[tick] for tick in ticks]
    if lost:
        ticks = [*(tick for tick in ticks if tick < never(high) / 5), never(high)]
        names = [*names[: len(ticks) - 1], "never"]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_ticklabels(names)
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def duration_words(seconds: float) -> str:
    """A duration as `say_roughly` says it; that of what never came is LOST."""
    return "LOST" if isinf(seconds) else say_roughly(seconds)


def legend(axes: Axes) -> None:
    """The legend right of the chart, where it covers nothing."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0)
