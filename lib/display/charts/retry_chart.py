"""Retries by state as a chart: attempts beyond the first, of check-ins and of drills, and what was given up. No AWS."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib.display.charts.style import (
    BLACK,
    PALE,
    SKY,
    VERMILLION,
    canvas,
    empty_figure,
    in_style,
    lanes,
    outside,
)
from lib.values.numbers import plural

QUESTION = "Which tasks had to be tried again?"
MOST = 20  # states that have a bar of their own; how many more there are is said


@in_style
def retries_by_state(attempts: pd.DataFrame) -> Figure:
    """A bar a state. `attempts` (`task_attempts.read`): a row an attempt that failed: drill, state, error, again."""
    cut = str(attempts.attrs.get("cut", ""))
    if attempts.empty:
        return empty_figure(QUESTION, _none(cut, bool(attempts.attrs.get("note"))), attempts)
    order = attempts["state"].value_counts()
    shown = [*order.index[:MOST]][::-1]
    figure, axes = canvas(QUESTION, _answer(attempts, len(order), cut), 1.9 + 0.42 * max(2, len(shown)))
    left = pd.Series(0, index=shown)
    for drill, colour, hatch in ((False, SKY, ""), (True, PALE, "////")):
        mine = attempts[attempts["again"] & (attempts["drill"] == drill)]
        counted = mine["state"].value_counts().reindex(shown, fill_value=0)
        axes.barh(shown, counted, left=left, color=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.4)
        left = left + counted
    for place, state in enumerate(shown):
        lost = attempts[(attempts["state"] == state) & ~attempts["again"]]
        words = _given_up(lost)
        outside(axes, place, words or "none given up", *((VERMILLION, "bold") if (~lost["drill"]).any() else (BLACK,)))
    lanes(axes, shown)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlim(0, max(1.0, float(left.max()) * 1.08))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("attempts beyond the first (hatched: of drills)")
    axes.set_ylabel("state")
    return figure


def _none(cut: str, no_log: bool) -> str:
    if no_log:
        return "nobody can tell whether an attempt at a task failed."
    rest = f", and of the rest nobody can tell: {cut}" if cut else "."
    return f"no attempt at a task failed, as far as the log shows{rest}"


def _answer(attempts: pd.DataFrame, states: int, cut: str) -> str:
    real = attempts[~attempts["drill"]]
    drills = attempts[attempts["drill"]]
    said = [
        f"{who}: {int(part['again'].sum()):,} tried again, {int((~part['again']).sum()):,} given up"
        for who, part in (("check-ins", real), ("drills", drills))
    ]
    said += [f"the {MOST} states with most of {states:,} are shown"] if states > MOST else []
    return " · ".join([*said, *filter(None, [cut])])


def _given_up(lost: pd.DataFrame) -> str:
    counted = [(int((lost["drill"] == drill).sum()), word) for drill, word in ((False, "check-in"), (True, "drill"))]
    said = ", ".join(plural(*one) for one in counted if one[0])
    return f"given up: {said}" if said else ""
