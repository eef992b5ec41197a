"""The review's charts: each answers one question from a DataFrame. No AWS; a gap stays a gap, nothing becomes zero."""

from datetime import datetime, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib import routes
from lib.display.charts import chart_answers as answers
from lib.display.charts.gapped_lines import draw_line
from lib.display.charts.style import (
    BEHIND,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    duration_words,
    durations,
    empty_figure,
    in_style,
    legend,
    limit_line,
    time_axis,
    utc,
)
from lib.display.charts.thinning import FEW_WORDS, MANY
from lib.routes import Route
from lib.telemetry.execution_status import Count
from lib.values.alerts import Mark
from lib.values.numbers import say_number

# outcome -> (word, colour, hatch); the hatch tells them apart in greyscale
OUTCOMES = {
    Count.SUCCEEDED: ("succeeded", PALE, ""),
    Count.FAILED: ("failed", VERMILLION, "////"),
    Count.TIMED_OUT: ("timed out", ORANGE, "xxxx"),
    Count.ABORTED: ("aborted", GREY, "...."),
}
LEAST_SECONDS = 0.001  # where a time of nothing stands on a logarithmic axis
PERCENTILES = {"p99": (VERMILLION, "^", ":"), "p95": (BLUE, "s", "--"), "p50": (BLACK, "o", "-")}
COLOURS = {
    "vermillion": VERMILLION, "orange": ORANGE, "blue": BLUE, "green": GREEN, "purple": PURPLE, "grey": GREY,
    "sky": SKY, "black": BLACK,
}  # fmt: skip
UNROUTED = Mark("black", "*", "-")


def mark_of(name: str) -> Mark:
    """How a route is drawn, or what else became of a check-in. Raises BadParameters for an unknown one."""
    route = routes.route_named(name)
    return route.row.mark if isinstance(route, Route) else UNROUTED


def time_of(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From the first moment to the last, and all that `frame` was read of: silence before and after belongs to it."""
    moments = [utc(moment) for moment in (first, last, *frame.attrs.get("window", ()))]
    return min(moments), max(moments)


@in_style
def executions(frame: pd.DataFrame, change_at: datetime | None, split: pd.DataFrame | None = None) -> Figure:
    """Outcomes a period as stacked bars, started as dots. `frame`: time, metric (as CloudWatch names it), value.

    CloudWatch counts check-ins and drills together; `split` (`outcomes.table`) tells them apart, for the answer.
    """
    question = "Did executions keep succeeding after the change?" if change_at else "Do executions succeed?"
    counted = frame.dropna(subset=["value"])
    if counted.empty:
        words = "CloudWatch has no execution counts for this window. That is a gap, not zero failures."
        return empty_figure(question, words, frame)
    table = counted.pivot_table(index="time", columns="metric", values="value", aggfunc="sum")
    step = _step(frame)
    figure, axes = canvas(
        question, answers.success_of_all(frame, change_at) if split is None else answers.success_apart(split)
    )
    many, floor = len(table) > MANY, pd.Series(0.0, index=table.index)
    for metric, (word, colour, hatch) in OUTCOMES.items():
        if metric in table and table[metric].notna().any():
            values = table[metric].dropna()
            below, label = floor[values.index], f"{word} ({say_number(values.sum())})"
            axes.bar(
                values.index,
                values,
                step / timedelta(days=1),
                below,
                align="edge",
                color=colour,
                edgecolor=BLACK,
                linewidth=0.0 if many else 0.3,
                hatch="" if many else hatch,
                label=label,
            )
            floor = floor.add(values, fill_value=0)
    # The number stands over the bar, and over the dot where more started than ended.
    over = floor.combine(table[Count.STARTED].fillna(0), max) if Count.STARTED in table else floor
    _flag_failures(axes, table, over, step)
    if Count.STARTED in table:
        started = table[Count.STARTED].dropna()
        axes.plot(
            started.index + step / 2,
            started,
            *(("_",) if many else ("o",)),
            color=BLACK,
            markerfacecolor="white",
            markersize=2.5 if many else 4.5,
            label=f"started ({say_number(started.sum())})",
        )
    axes.set_ylabel(f"check-ins and drills in {duration_words(step.total_seconds())}")
    _whole_numbers(axes)
    time_axis(axes, *time_of(frame, table.index.min(), table.index.max() + step), change_at)
    legend(axes)
    return figure


@in_style
def execution_time(
    frame: pd.DataFrame, change_at: datetime | None, limit_ms: float, took: pd.DataFrame | None = None
) -> Figure:
    """Percentiles over time. `frame`: time, metric (p50, p95, p99), value in milliseconds, of check-ins and drills.

    `took` (`outcomes.durations`) are the single executions: the answer compares as many check-ins before as after.
    """
    question = "Did executions get slower after the change?" if change_at else "How long do executions take?"
    known = frame.dropna(subset=["value"])
    if known.empty:
        return empty_figure(question, "CloudWatch has no execution times for this window.", frame)
    seconds = known.assign(value=known["value"] / 1000)
    shown = seconds.assign(value=seconds["value"].clip(lower=LEAST_SECONDS))
    figure, axes = canvas(
        question, answers.medians(seconds, change_at) if took is None else answers.like_with_like(took)
    )
    for name, (colour, marker, line) in PERCENTILES.items():
        rows = shown[shown["metric"] == name].sort_values("time").set_index("time")["value"]
        if not rows.empty:
            draw_line(axes, rows, _step(frame), marker, color=colour, linestyle=line, markersize=5, label=name)
    _duration_limit(axes, shown["value"], limit_ms / 1000, "limit")
    axes.set_ylabel("execution time, drills too (log scale)")
    time_axis(axes, *time_of(frame, seconds["time"].min(), seconds["time"].max()), change_at)
    legend(axes)
    return figure


def _duration_limit(axes: Axes, values: pd.Series, limit: float, word: str) -> None:
    durations(axes.yaxis, min(values.min(), limit) / 2.5, max(values.max(), limit) * 3)
    limit_line(axes, limit, f"{word} {limit:g} s")


def _flag_failures(axes: Axes, table: pd.DataFrame, top: pd.Series, step: timedelta) -> None:
    """A number over each bar with a failure; where they would cover each other, over the worst, and it is said."""
    bad = table.reindex(columns=[name for name in OUTCOMES if name != Count.SUCCEEDED]).sum(axis=1)
    worst = _worst_apart(bad[bad > 0])
    if len(worst) < (bad > 0).sum():
        said = f"✕ on {len(worst)} of the {int((bad > 0).sum()):,} times with a failure, the worst"
        axes.annotate(said, (0.01, 0.98), xycoords="axes fraction", va="top", fontsize=8, color=VERMILLION, bbox=BEHIND)
    for moment, count in worst.items():
        axes.annotate(
            f"✕ {say_number(count)}",
            xy=(moment + step / 2, top[moment]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            va="bottom",
            bbox=BEHIND,
            color=VERMILLION,
            fontsize=9,
            fontweight="bold",
            zorder=5,
        )


def _worst_apart(bad: pd.Series) -> pd.Series:
    """Those of most failures that have room beside each other."""
    if len(bad) <= FEW_WORDS:
        return bad
    room, kept = (bad.index.max() - bad.index.min()) / FEW_WORDS, list[pd.Timestamp]()
    for moment in bad.sort_values(ascending=False, kind="stable").index:
        if all(abs(moment - other) >= room for other in kept):
            kept.append(moment)
    return bad[sorted(kept)]


def _whole_numbers(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.22)
    axes.set_ylim(bottom=0)


def _step(frame: pd.DataFrame) -> timedelta:
    """The width of a datapoint: the period that was asked for, else the shortest distance between two."""
    known = float(frame.attrs.get("period_seconds", 0))
    gaps = frame["time"].drop_duplicates().sort_values().diff().dropna()
    return timedelta(seconds=known) if known else gaps.min().to_pytimedelta() if len(gaps) else timedelta(minutes=1)
