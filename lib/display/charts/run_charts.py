"""Charts of one run: how fast its drills' alerts arrived, and its phases against the plan's minutes. No AWS."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.display.charts.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    canvas,
    duration_words,
    durations,
    empty_figure,
    in_style,
    lanes,
    legend,
    limit_of_lanes,
    words_beside,
    words_instead,
)
from lib.drills import latency

SHORTEST_PHASE = 0.5  # seconds; a shorter one is drawn there, with its true time beside it


@in_style
def scenario_latency(rows: pd.DataFrame, limit_seconds: float) -> Figure:
    """A mark per scenario and topic. `rows`: scenario, topic, seconds (NaN: nothing received), and maybe wanted.

    A row is an alert that had to come, so one without seconds is shouted; `wanted` False makes it a quiet "no alert".
    """
    question = f"Did every drill's alert arrive within {limit_seconds:g} s?"
    if rows.empty:
        return empty_figure(question, "no drill was run.", rows)
    names = list(dict.fromkeys(rows["scenario"]))
    frame = rows.assign(place=[len(names) - 1 - names.index(name) for name in rows["scenario"]])
    known = frame.dropna(subset=["seconds"])
    figure, axes = canvas(question, _received(frame, limit_seconds), 1.7 + 0.45 * len(names))
    fastest = min([0.1, *known.loc[known["seconds"] > 0, "seconds"]])
    # An empty decade at the left holds what is said in words of those that received nothing.
    durations(axes.xaxis, fastest / 12, max([limit_seconds, *known["seconds"]]) * 3)
    for topic, (colour, marker, lift) in _topics(frame).items():
        here = known[known["topic"] == topic]
        spots = here["seconds"].clip(lower=fastest / 2)
        axes.plot(spots, here["place"] + lift, marker, color=colour, markeredgecolor=BLACK, markersize=9, label=topic)
        for spot, place, seconds in zip(spots, here["place"] + lift, here["seconds"], strict=True):
            words_beside(axes, (spot, place), duration_words(seconds), VERMILLION if seconds > limit_seconds else BLACK)
    for place, silent in frame[frame["seconds"].isna()].groupby("place"):
        _silent(axes, place, silent, whole=len(silent) == int((frame["place"] == place).sum()))
    limit_of_lanes(axes, limit_seconds, len(names))
    _rows(axes, names, "from the start of the drill to the alert at the topic's subscriber (log scale)")
    return figure


@in_style
def phase_minutes(rows: pd.DataFrame) -> Figure:
    """Planned against taken. `rows`: phase, planned, taken, both in minutes, and `instead`, what is said of no time.

    NaN: not planned, or nothing taken.
    """
    question = "Did the phases stay within the plan's time?"
    if rows.empty:
        return empty_figure(question, "no phase has run.", rows)
    frame = rows.reset_index(drop=True)
    both = frame.dropna(subset=["planned", "taken"])
    over = int((both["taken"] > both["planned"]).sum())
    taken, planned = duration_words(both["taken"].sum() * 60), f"{both['planned'].sum():g} min"
    answer = f"{len(both)} planned phases ran: {taken} instead of {planned}; {over} took longer than planned"
    answer = answer if len(both) else "no planned phase has run yet"
    figure, axes = canvas(question, answer, 1.7 + 0.36 * len(frame))
    seconds = frame[["planned", "taken"]].astype(float) * 60
    durations(axes.xaxis, SHORTEST_PHASE / 4, max(1200.0, seconds.max().max() * 4))
    lines = zip(seconds["planned"], seconds["taken"], frame["instead"], strict=True)
    for place, (planned_for, took, instead) in enumerate(reversed(list(lines))):
        _phase(axes, place, planned_for, took, instead)
    axes.plot([], [], "|", color=BLACK, markersize=14, markeredgewidth=2.5, label="planned")
    axes.plot([], [], "o", color=BLUE, markersize=9, label="taken")
    _rows(axes, [str(phase) for phase in frame["phase"]], "time (log scale)")
    return figure


def _received(frame: pd.DataFrame, limit: float) -> str:
    due = frame.loc[frame["seconds"].notna() | _wanted(frame), "seconds"]
    return latency.answer(due, limit, duration_words) if len(due) else "no alert was due"


def _wanted(frame: pd.DataFrame) -> pd.Series:
    return frame["wanted"].astype(bool) if "wanted" in frame else pd.Series(True, index=frame.index)


def _silent(axes: Axes, place: float, silent: pd.DataFrame, whole: bool) -> None:
    lost = silent.loc[_wanted(silent), "topic"]
    if len(lost):
        words_instead(axes, place, f"NOT RECEIVED: {', '.join(lost)}", VERMILLION, "bold")
    else:
        words_instead(axes, place, "no alert" if whole else f"none on {', '.join(silent['topic'])}", GREY)


def _phase(axes: Axes, place: float, planned: float, taken: float, instead: str) -> None:
    shown, over = max(taken, SHORTEST_PHASE), taken > planned
    if pd.notna(planned) and pd.notna(taken):
        axes.plot([shown, planned], [place, place], color=VERMILLION if over else GREY, linewidth=2)
    if pd.notna(planned):
        axes.plot([planned], [place], "|", color=BLACK, markersize=16, markeredgewidth=2.5)
    if pd.isna(taken):
        words_instead(axes, place, instead, GREY)
        return
    axes.plot([shown], [place], "o", color=BLUE, markersize=9)
    words_beside(axes, (shown, place), duration_words(taken), VERMILLION if over else BLACK, left=not over)


def _topics(frame: pd.DataFrame) -> dict[str, tuple[str, str, float]]:
    """Topic -> colour, marker and how far above the row's middle it stands, so that two equal times do not hide."""
    looks = [(BLUE, "o"), (ORANGE, "D"), (GREEN, "s"), (PURPLE, "^")]
    names = list(dict.fromkeys(frame["topic"]))
    return {name: (*looks[at % len(looks)], 0.14 * (len(names) - 1 - 2 * at)) for at, name in enumerate(names)}


def _rows(axes: Axes, names: list[str], words: str) -> None:
    """One row a name, the first at the top."""
    lanes(axes, names[::-1])
    axes.set_xlabel(words)
    legend(axes)
