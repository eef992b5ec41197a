"""The review's charts of alerts: how many a route, and how long they took. No AWS."""

from datetime import datetime

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib import routes
from lib.display.charts import chart_answers as answers
from lib.display.charts.review_charts import COLOURS, mark_of, time_of
from lib.display.charts.style import (
    BLACK,
    GREY,
    VERMILLION,
    canvas,
    duration_words,
    durations,
    empty_figure,
    in_style,
    lanes,
    limit_of_lanes,
    never,
    outside,
    time_axis,
    utc,
    words_beside,
    words_instead,
)
from lib.display.charts.thinning import one_a_place
from lib.drills import latency
from lib.routes import ALERTING
from lib.values.numbers import plural


@in_style
def alerts_by_route(frame: pd.DataFrame, change_at: datetime | None) -> Figure:
    """One lane a route, one mark an execution, counts at the right. `frame`: time, route, execution and maybe drill."""
    question = "Which routes did check-ins and drills take?"
    if frame.empty:
        return empty_figure(question, "the workflow's log shows no check-in on any route in this window.", frame)
    shown = routes.in_order(frame["route"])[::-1]
    drills = frame["drill"].astype(bool) if "drill" in frame else pd.Series(False, index=frame.index)
    figure, axes = canvas(question, answers.alert_counts(frame, drills))
    thinned = 0
    for place, route in enumerate(shown):
        colour, marker = COLOURS[mark_of(route).colour], mark_of(route).marker
        here = frame["route"] == route
        # People over drills, which may be many at once.
        for rows, face in ((frame[here & drills], "white"), (frame[here & ~drills], colour)):
            drawn = rows[one_a_place(rows["time"])]
            thinned += len(rows) - len(drawn)
            axes.plot(drawn["time"], [place] * len(drawn), marker, color=colour, markerfacecolor=face, markersize=8)
        counted = (int((here & ~drills).sum()), "check-in"), (int((here & drills).sum()), "drill")
        words = ", ".join(plural(*one) for one in counted)
        outside(axes, place, words, *((BLACK, "bold") if here.any() else (GREY, "normal")))
    lanes(axes, shown)
    axes.set_ylabel("route (hollow: a drill)")
    time_axis(axes, *time_of(frame, frame["time"].min(), frame["time"].max()), change_at)
    if thinned:
        axes.set_xlabel(f"{axes.get_xlabel()}; {thinned:,} marks that would cover another are not drawn, but counted")
    return figure


@in_style
def alert_latency(frame: pd.DataFrame, change_at: datetime | None, limit_seconds: float) -> Figure:
    """One lane a route, one mark a drill's alert. `frame`: time, route, seconds (NaN: lost) and maybe topic.

    A lost alert is infinitely late: it stands at the right end, and counts in every number of the answer.
    """
    question = f"Was every drill's alert received within {limit_seconds:g} s?"
    if frame.empty:
        return empty_figure(question, "no drill's alert was due in this run.", frame)
    known, lost = frame.dropna(subset=["seconds"]), int(frame["seconds"].isna().sum())
    there = set(frame["route"])
    shown = [route for route in routes.in_order(there) if route in there or route in ALERTING][::-1]
    figure, axes = canvas(
        question, latency.answer(frame["seconds"], limit_seconds, duration_words), 1.7 + 0.5 * len(shown)
    )
    fastest = min([0.1, *known.loc[known["seconds"] > 0, "seconds"]])
    # An empty decade at the left holds what is said in words of the routes without a mark.
    durations(axes.xaxis, fastest / 12, max([limit_seconds, *known["seconds"]]) * (60 if lost else 6), lost > 0)
    for place, route in enumerate(shown):
        _lane(axes, place, route, frame[frame["route"] == route], fastest / 2, limit_seconds, change_at)
    limit_of_lanes(axes, limit_seconds, len(shown))
    lanes(axes, [f"{route} ({int((frame['route'] == route).sum())})" for route in shown])
    earlier = change_at is not None and (known["time"] < utc(change_at)).any()
    axes.set_ylabel("route" + (" (hollow: before the change)" if earlier else ""))
    axes.set_xlabel("from the start of the drill to the alert at the topic's subscriber (log scale)")
    return figure


def _lane(
    axes: Axes, place: float, route: str, rows: pd.DataFrame, least: float, limit: float, change_at: datetime | None
) -> None:
    """The marks of one route, those of each topic at a height of their own; the slowest of a topic is named."""
    colour, marker = COLOURS[mark_of(route).colour], mark_of(route).marker
    topics = rows["topic"] if "topic" in rows else pd.Series("", index=rows.index)
    names = sorted(set(topics), reverse=True)
    for at, name in enumerate(names):
        here = rows[topics == name].dropna(subset=["seconds"])
        height = place + 0.18 * (len(names) - 1 - 2 * at)
        early = here["time"] < utc(change_at) if change_at is not None else pd.Series(False, index=here.index)
        for part, face in ((here[early], "white"), (here[~early], colour)):
            spots = part["seconds"].clip(lower=least)
            axes.plot(
                spots,
                [height] * len(part),
                marker,
                color=colour,
                markerfacecolor=face,
                markeredgecolor=BLACK if face == colour else colour,
                markeredgewidth=0.6 if face == colour else 1.6,
                markersize=8,
            )
        if len(here):
            worst = float(here["seconds"].max())
            words = f"{name} {duration_words(worst)}".strip()
            words_beside(axes, (max(worst, least), height), words, VERMILLION if worst > limit else BLACK)
        if lost := int((topics == name).sum()) - len(here):
            spot = (never(axes.get_xlim()[1]), height)
            axes.plot(*spot, "X", color=VERMILLION, markeredgecolor=BLACK, markersize=9)
            words_beside(axes, spot, f"{name} {lost} LOST".strip(), VERMILLION, left=True)
    if rows.empty:
        words_instead(axes, place, "no drill", GREY)
