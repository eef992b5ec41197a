"""Charts of all thresholds at once: whose check-ins fewer alerts miss, and where the cost is least. No AWS."""

from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lib.display.charts.style import (
    BEHIND,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILLION,
    canvas,
    empty_figure,
    in_style,
    legend,
)
from lib.phases.tuning.found_settings import Spot
from lib.values.numbers import say_number

# The first is seen also where others are at its place; after the last they begin again.
MARKERS = {"X": 9, "D": 15, "o": 11, "s": 9}
SAME = 1e-6  # of 1,000 check-ins: what differs by less is as good
NOTHING = 1e-12  # of the largest: what the doubles of a sum of nothing may come to
TENTHS = [float(tenth) for tenth in range(5, 100, 10)]  # their middles
LINES = tuple(zip((GREY, GREEN, BLACK, ORANGE, BLUE), (":", "--", "-", "-.", (0, (6, 2))), strict=True))


@in_style
def alerts_against_misses(frame: pd.DataFrame, spots: Sequence[Spot], budget: float, span: str) -> Figure:
    """`frame`: alerts (check-ins in a `span`), missed (those of people in danger without an alert), a row a setting
    that no other beats. `budget`: the most alerts in a `span`. Empty where nobody was found in danger. Its
    `attrs["reviews"]` are how many reviews it rests on.
    """
    question = f"How many check-ins of people in danger raise no alert {span}, for how many alerts?"
    if frame.empty:
        return empty_figure(question, "no reviewed check-in is of a person in danger.", frame)
    said = "; ".join(f"{spot.name}: {say_number(spot.x)} alerts, {say_number(spot.y)} missed" for spot in spots)
    figure, axes = canvas(question, f"{said}. Left of the line no setting can be{_by_reviews(frame)}")
    right = max(float(frame["alerts"].max()), *(spot.x for spot in spots)) * 1.05 + 0.1
    # With more alerts than the last setting's none need be missed that it does not miss: the line goes on to the edge.
    along, down = [*frame["alerts"], right], [*frame["missed"], frame["missed"].iloc[-1]]
    axes.step(along, down, where="post", color=BLUE, linewidth=1.6, label="fewest missed")
    _mark(axes, spots)
    if budget < right:
        axes.axvline(budget, color=VERMILLION, linestyle="-.", linewidth=1.5)
        axes.annotate(
            f"limit {say_number(budget)} {span}", xy=(budget, 0.97), xycoords=("data", "axes fraction"), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="top", fontsize=9, color=VERMILLION, bbox=BEHIND,
        )  # fmt: skip
    top = max(float(frame["missed"].max()), *(spot.y for spot in spots))
    axes.set_xlim(0, right)
    axes.set_ylim(-0.02 * top, top * 1.08 + 0.1)
    axes.set_xlabel(f"alerts of all kinds {span}")
    axes.set_ylabel(f"check-ins of people in danger without\nan alert {span}, estimated from reviews")
    legend(axes)
    return figure


@in_style
def cost_by_pair(costs: pd.DataFrame, spots: Sequence[Spot]) -> Figure:
    """A heat map of the smallest cost for each pair. `costs`: a row a moderate threshold, a column a sentiment one;
    infinity where no allowed setting has the pair, which stays white.
    """
    question = "Where is the cost least, by the standard alert's two thresholds?"
    cost = costs.to_numpy(dtype=float)
    if not np.isfinite(cost).any():
        return empty_figure(question, "no setting can be judged.", costs)
    said = "; ".join(f"{spot.name}: risk above {spot.y:g} or sentiment below {spot.x:g}" for spot in spots)
    figure, axes = canvas(question, f"{said}. White: no setting with it keeps floor and budget", 4.6)
    shown = np.where(np.isfinite(cost), cost, np.nan)
    shown = np.where(shown <= NOTHING * np.nanmax(shown), 0.0, shown)
    scale = "log" if np.nanmin(shown) > 0 else "linear"  # what is near the least is what counts
    drawn = axes.pcolormesh(costs.columns, costs.index, shown, cmap="cividis", norm=scale, rasterized=True)
    ticks = np.geomspace(np.nanmin(shown), np.nanmax(shown), 5) if scale == "log" else None
    bar = figure.colorbar(drawn, ax=axes, ticks=ticks, format=FuncFormatter(lambda cost, _: say_number(cost)))
    bar.minorticks_off()
    bar.set_label("smallest cost, the others at their best")
    _mark(axes, spots)
    axes.grid(visible=False)
    axes.set_xlabel("sentiment_below (-1 to 1)")
    axes.set_ylabel("moderate_risk_above (0 to 100)")
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=len(spots), borderaxespad=0)
    return figure


def _mark(axes: Axes, spots: Sequence[Spot]) -> None:
    for at, (spot, (marker, size)) in enumerate(zip(spots, cycle(MARKERS.items()), strict=False)):
        axes.plot(
            [spot.x], [spot.y], marker, color="white", markeredgecolor=BLACK, markeredgewidth=1.4, markersize=size,
            linestyle="none", label=spot.name, zorder=9 - at,
        )  # fmt: skip


@in_style
def danger_by_risk(frame: pd.DataFrame) -> Figure:
    """The share of check-ins of people in grave danger for each tenth of the risk score.

    `frame`: risk (middle of the tenth), share (0 to 1), low and high (95 %), reviews.
    """
    question = "How many check-ins are of people in grave danger, for each risk score?"
    if frame.empty:
        return empty_figure(question, "no check-in with a usable score is reviewed.", frame)
    figure, axes = canvas(question, _rising(frame))
    whole = frame.set_index("risk").reindex(TENTHS)  # the line breaks at a tenth without a review
    error = [whole["share"] - whole["low"], whole["high"] - whole["share"]]
    axes.errorbar(
        whole.index, whole["share"] * 100, [one * 100 for one in error], color=BLUE, marker="o", capsize=4,
        linewidth=1.4, label="high or crisis, by reviews\n(bars: 95 % sure)",
    )  # fmt: skip
    axes.plot([0, 100], [0, 100], color=GREY, linestyle=":", label="if the score were a percentage")
    for row in frame.to_dict("records"):
        axes.annotate(
            f"{row['reviews']:,}", xy=(row["risk"], -11), xytext=(0, 3), textcoords="offset points", ha="center",
            fontsize=8, color="#333333",
        )  # fmt: skip
    axes.set_xlim(0, 100)
    axes.set_ylim(-12, 104)
    axes.set_xlabel("risk score (0 to 100); the numbers are reviews in that tenth")
    axes.set_ylabel("of people in grave danger (% of check-ins)")
    legend(axes)
    return figure


def _by_reviews(frame: pd.DataFrame) -> str:
    return f"; by {frame.attrs['reviews']:,} reviews" if "reviews" in frame.attrs else ""


def _rising(frame: pd.DataFrame) -> str:
    """Whether a higher score means more danger in all tenths, which any threshold takes for granted."""
    reviews, empty = (
        f"{frame['reviews'].sum():,} reviews",
        [tenth for tenth in TENTHS if tenth not in set(frame["risk"])],
    )
    without = f"; no review in the tenths around {_listed(empty)}" if empty else ""
    if not frame["share"].any():
        return f"{reviews}, none of a person in grave danger: whether it rises cannot be told{without}"
    after = frame.iloc[1:]
    falls = after.loc[after["share"].to_numpy() < frame["share"].to_numpy()[:-1], "risk"]
    if len(falls):
        sure = after.loc[after["high"].to_numpy() < np.maximum.accumulate(frame["low"].to_numpy())[:-1], "risk"]
        chance = f"beyond chance at {_listed(sure)}" if len(sure) else "nowhere beyond chance"
        return f"{reviews}; with a higher score it falls at {_listed(falls)}, {chance}{without}"
    if empty:
        return f"{reviews}: whether it ever falls with a higher score cannot be told{without}"
    return f"{reviews}; with a higher score it never falls"


def _listed(risks: Iterable[float]) -> str:
    return ", ".join(f"{risk:g}" for risk in risks)


@in_style
def benefit_by_chance(frame: pd.DataFrame) -> Figure:
    """A line a setting. `frame`: chance (0 to 1), setting, benefit (of 1,000 check-ins); by `attrs["reviews"]`."""
    question = "Does a setting help more than to alert everybody, or nobody?"
    if frame.empty:
        return empty_figure(question, "no reviewed check-in is of a person in danger.", frame)
    first = frame[frame["benefit"] >= frame.groupby("chance")["benefit"].transform("max") - SAME]
    most = first.groupby("chance", as_index=False)["setting"].agg(" and ".join)
    runs = most.groupby((most["setting"] != most["setting"].shift()).cumsum())
    said = "; ".join(
        f"{run['setting'].iloc[0]} from {run['chance'].min():.0%} to {run['chance'].max():.0%}" for _, run in runs
    )
    figure, axes = canvas(question, f"the most benefit: {said}{_by_reviews(frame)}")
    for (name, rows), (colour, line) in zip(frame.groupby("setting", sort=False), cycle(LINES), strict=False):
        axes.plot(rows["chance"] * 100, rows["benefit"], color=colour, linestyle=line, linewidth=1.6, label=name)
    top = float(frame["benefit"].max())
    axes.set_ylim(-0.15 * top, 1.1 * top)
    axes.set_xlim(0, float(frame["chance"].max()) * 100)
    axes.set_xlabel("chance of danger from which on an alert is worth it (%)")
    axes.set_ylabel("net benefit, of 1,000 check-ins")
    legend(axes)
    return figure
