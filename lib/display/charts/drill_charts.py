"""Charts of drills: how long crisis alerts took in each series, and every drill of the log. No AWS."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from lib.checks import Status
from lib.display.charts.style import (
    BLACK,
    BLUE,
    ORANGE,
    VERMILLION,
    canvas,
    duration_words,
    durations,
    empty_figure,
    in_style,
    lanes,
    legend,
    limit_of_lanes,
    never,
    outside,
    time_axis,
)
from lib.display.charts.thinning import MANY, words_apart
from lib.drills import latency
from lib.drills.channels import Channel
from lib.values.numbers import plural

TOPICS = {Channel.TRUSTED.value: (BLUE, "o"), Channel.OPERATIONS.value: (ORANGE, "D")}
NAMES_ACROSS, EDGE = 8, 0.06  # scenarios that can be written beside each other
SPREAD = 0.18  # how far the dots of a row are apart from its middle, so that equal times do not hide each other


@in_style
def crisis_latency(frame: pd.DataFrame, limit_seconds: float) -> Figure:
    """Every crisis drill's alerts, a row a series and topic. `frame`: what `latency.measurements` returns."""
    question = f"Does every crisis alert arrive within {limit_seconds:g} s, also when many come at once?"
    if frame.empty:
        return empty_figure(question, "no crisis drill was run.", frame)
    known = frame.dropna(subset=["seconds"])
    lost, answer = len(frame) - len(known), latency.answer(frame["seconds"], limit_seconds, duration_words)
    rows = list(frame.groupby(["group", "topic"], sort=False))
    figure, axes = canvas(question, answer, 1.9 + 0.62 * len(rows))
    fastest = float(known["seconds"].clip(lower=0.01).min()) if len(known) else limit_seconds / 100
    slowest = float(known["seconds"].max()) if len(known) else limit_seconds
    durations(axes.xaxis, fastest / 6, max(limit_seconds, slowest) * (40 if lost else 4), lost > 0)
    for place, ((_, topic), part) in enumerate(reversed(rows)):
        _series(axes, place, str(topic), part["seconds"])
    limit_of_lanes(axes, limit_seconds, len(rows))
    lanes(axes, [f"{group} ({len(part)})\nto {topic}" for (group, topic), part in reversed(rows)])
    axes.set_xlabel("from the start of the execution to the message at the subscriber (log scale); bars: p50, p95")
    return figure


def _series(axes: Axes, place: int, topic: str, seconds: pd.Series) -> None:
    """One dot an alert, bars at the median and at 95 %, and beside the chart the same in words."""
    known, end = seconds.dropna().sort_values(), never(axes.get_xlim()[1])
    lift = place + np.resize([-SPREAD, 0.0, SPREAD, -SPREAD / 2, SPREAD / 2], len(seconds))
    if lost := len(seconds) - len(known):
        outside(axes, place - 0.36, f"✕ {lost} of {len(seconds)} LOST", VERMILLION, "bold")
        axes.plot([end] * lost, lift[:lost], "X", color=VERMILLION, markeredgecolor=BLACK, markersize=8)
    colour, marker = TOPICS[topic]
    spots = known.clip(lower=0.01)
    axes.plot(spots, lift[lost:], marker, color=colour, markeredgecolor=BLACK, markersize=5, alpha=0.8)
    p50, p95, p99, slowest = (latency.percentile(seconds, share) for share in (0.5, 0.95, 0.99, 1))
    for share in (p50, p95):
        axes.plot([min(max(share, 0.01), end)] * 2, [place - 0.34, place + 0.34], color=BLACK, linewidth=1.6)
    outside(
        axes,
        place,
        f"p50 {duration_words(p50)}, p95 {duration_words(p95)}\n"
        f"p99 {duration_words(p99)}, slowest {duration_words(slowest)}",
    )


@in_style
def drill_log(frame: pd.DataFrame, limit_seconds: float) -> Figure:
    """Every drill that was ever logged. `frame`: time (UTC), scenario, verdict, lost, and a column of seconds a topic.

    A lost alert is infinitely late, and stands above the last mark.
    """
    question = "Did every drill of the log reach people?"
    if frame.empty:
        return empty_figure(question, "no drill was logged yet.", frame)
    failed, unknown = (frame[frame["verdict"] == verdict] for verdict in (Status.FAILED, Status.CANNOT_TELL))
    passed = (frame["verdict"] == Status.PASSED).sum()
    known = frame[list(TOPICS)].stack().dropna()
    answer = f"{passed} of {plural(len(frame), 'drill')} passed"
    answer += f", of {len(unknown)} nobody can tell" if len(unknown) else ""
    gone = [drill.time for drill in frame.itertuples() for _ in drill.lost]
    alerts = pd.Series([*known, *[np.nan] * len(gone)], dtype=float)
    answer += f"; {latency.answer(alerts, limit_seconds, duration_words)}" if len(alerts) else ""
    broken = int((failed["route"].isna() & failed[list(TOPICS)].isna().all(axis=1) & ~failed["lost"].map(bool)).sum())
    answer += f"; of {plural(broken, 'drill')} NOBODY KNOWS who was reached" if broken else ""
    if frame["time"].isna().all():
        return empty_figure(question, f"{answer}; no row tells when it was.", frame)
    figure, axes = canvas(question, answer)
    low = float(known.clip(lower=0.01).min()) if len(known) else limit_seconds / 100
    top = max([limit_seconds, *known]) * (40 if gone else 4)
    durations(axes.yaxis, low / 4, top, bool(gone))
    for topic, (colour, marker) in TOPICS.items():
        mine = frame.dropna(subset=[topic])
        (drawn,) = axes.plot(mine["time"], mine[topic].clip(lower=0.01), marker, color=colour, label=f"to {topic}")
        drawn.set(markeredgecolor=BLACK)
        if len(frame) > MANY:
            drawn.set(markersize=3, markeredgewidth=0)
    if gone:
        axes.plot(
            gone, [never(top)] * len(gone), "X", color=VERMILLION, markeredgecolor=BLACK, markersize=9, label="LOST"
        )
    axes.axhline(limit_seconds, color=VERMILLION, linestyle="-.", linewidth=1.5, zorder=1)
    outside(axes, limit_seconds, f"limit {limit_seconds:g} s", VERMILLION, "bold")
    time_axis(axes, frame["time"].min(), frame["time"].max(), None)
    _names(axes, failed, unknown, low / 3)
    axes.set_ylabel("to the subscriber (log scale)")
    legend(axes)
    return figure


def _names(axes: Axes, failed: pd.DataFrame, unknown: pd.DataFrame, height: float) -> None:
    """What did not pass, by its scenario; the newest first, and where there is no room, a mark alone, which is said."""
    marked = pd.concat([failed.assign(sign="✕", colour=VERMILLION), unknown.assign(sign="?", colour=BLACK)])
    marked = marked.dropna(subset=["time"])
    first, last = axes.get_xlim()
    places = [(date2num(one) - first) / (last - first) for one in marked["time"]]
    named = words_apart(places, 1 / NAMES_ACROSS)
    for at, drill in zip(named, marked.iloc[named].itertuples(), strict=True):
        side = "left" if places[at] < EDGE else "right" if places[at] > 1 - EDGE else "center"
        axes.annotate(
            f"{drill.sign} {drill.scenario}", xy=(drill.time, height), ha=side, color=str(drill.colour), fontsize=9,
            fontweight="bold",
        )  # fmt: skip
    if rest := len(marked) - len(named):
        axes.plot(marked["time"], [height] * len(marked), "|", color=VERMILLION, markersize=5)
        axes.set_xlabel(f"{axes.get_xlabel()}; {rest:,} more that did not pass are a mark without a name")
