"""The matrix of broken tasks as a chart: a tile for each task and fault says who was reached and how late. No AWS."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lib.checks import Status
from lib.display.charts.style import (
    BLACK,
    GREY,
    ORANGE,
    PALE,
    VERMILLION,
    canvas,
    duration_words,
    empty_figure,
    in_style,
)
from lib.drills.broken_tasks import VISIBLE, Effect
from lib.values.numbers import plural

QUESTION = "Does any single failure silence a crisis?"
STOPS = tuple(one for one in Effect if one.ruling.status == Status.FAILED)
LOUD = (*STOPS, Effect.NOT_STRUCK, Effect.GAP)
# outcome -> (word, fill, hatch); the word on the tile and the hatch tell the same without colour
TILES = {
    "contact": ("contact", PALE, ""),
    "operations": ("ops", PALE, ""),
    VISIBLE: ("fails visibly", "#EEEEEE", ""),
    Effect.ALARM: (Effect.ALARM.ruling.word, "white", "//"),
    Effect.NOT_EXERCISED: (Effect.NOT_EXERCISED.ruling.word, "white", "...."),
    Effect.GAP: (Effect.GAP.ruling.word, "#F4DFB0", "////"),
    Effect.NOT_STRUCK: (Effect.NOT_STRUCK.ruling.word, "#F4DFB0", "oo"),
    Effect.LATE: (Effect.LATE.ruling.word, ORANGE, "\\\\"),
    Effect.FAILED: (Effect.FAILED.ruling.word, VERMILLION, "++++"),
    Effect.SILENT: (Effect.SILENT.ruling.word, VERMILLION, "xxxx"),
}
ROW, LINE = 0.27, 0.18  # inches


@in_style
def failures(matrix: pd.DataFrame, limit_seconds: float) -> Figure:
    """A tile per cell of `broken_tasks.matrix`: `task, fault, outcome, seconds` (until the first alert), `verdict`."""
    if matrix.empty:
        return empty_figure(QUESTION, "no task was broken in this run.", matrix)
    loud = matrix["task"].isin(matrix.loc[matrix["outcome"].isin(LOUD), "task"])
    tasks = list(dict.fromkeys([*matrix.loc[loud, "task"], *matrix["task"]]))  # what is not well is on the first screen
    faults = list(dict.fromkeys(matrix["fault"]))
    key = _key(matrix)
    height = 1.9 + ROW * len(tasks) + LINE * key.count("\n")
    figure, axes = canvas(QUESTION, _answer(matrix, limit_seconds), height)
    for row in matrix.itertuples(index=False):
        spot = (faults.index(row.fault), len(tasks) - 1 - tasks.index(row.task))
        _tile(axes, spot, str(row.outcome), row.seconds)
    _frame(axes, tasks, faults, key)
    return figure


def _answer(matrix: pd.DataFrame, limit: float) -> str:
    counted = matrix["outcome"].value_counts()
    in_time = matrix[matrix["seconds"].notna() & (matrix["outcome"] != Effect.LATE)]
    said = [f"{len(in_time)} reached somebody", f"{int(counted.get(VISIBLE, 0))} failed visibly"]
    said += [f"{int(counted[one])} {one.ruling.word}" for one in reversed(Effect) if one in counted]
    said += [] if Effect.SILENT in counted else ["none silent"]
    stops = sum(int(counted[one]) for one in STOPS if one in counted)
    answer = f"{plural(len(matrix), 'failure')}: {', '.join(said)}; {stops or 'none'} of them a stop"
    if len(in_time):
        answer += f"; slowest of those in time {duration_words(in_time['seconds'].max())}, limit {limit:g} s"
    return answer


def _key(matrix: pd.DataFrame) -> str:
    """Of each word on a tile that is not well whether it stops the phase, and by which check; a line each."""
    there = [one for one in reversed(Effect) if one in set(matrix["outcome"])]
    return "".join(f"\n{one.ruling.word}: {one.ruling.stop}" for one in there)


def _tile(axes: Axes, spot: tuple[int, int], outcome: str, seconds: float) -> None:
    word, fill, hatch = TILES[outcome]
    x, y = spot
    axes.add_patch(
        Rectangle((x - 0.48, y - 0.44), 0.96, 0.88, facecolor=fill, edgecolor=GREY, hatch=hatch, linewidth=0.5)
    )
    text = word if pd.isna(seconds) else f"{word} {seconds:.1f} s"
    weight = "bold" if outcome in LOUD else "normal"
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if hatch else None
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=BLACK, bbox=behind, weight=weight)


def _frame(axes: Axes, tasks: Sequence[str], faults: Sequence[str], key: str) -> None:
    """A row a task, the first at the top; a column a fault."""
    axes.set_yticks(range(len(tasks)), list(reversed(tasks)))
    axes.set_xticks(range(len(faults)), faults)
    axes.tick_params(axis="x", top=True, labeltop=True)  # above and below: it is taller than a screen
    axes.set_xlim(-0.5, len(faults) - 0.5)
    axes.set_ylim(-0.5, len(tasks) - 0.5)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    words = "reached first (ops: operations), how long after the drill began, by the slower interpreter"
    axes.set_xlabel(f"{words}\n(+2): only reached when two others are broken as well{key}")
