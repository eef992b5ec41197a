"""What other thresholds would have done with the recorded check-ins. Pure: the definition's own rules, no AWS.

"Now" are the thresholds of the live workflow, as it was just read; the parameters may say others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from lib import routes as table
from lib.asl.router import Router, group_rows
from lib.definitions import templates, thresholds
from lib.errors import BadParameters
from lib.settings import Settings
from lib.telemetry import checkin_frames
from lib.telemetry.review_window import Window
from lib.values.alerts import Score
from lib.values.numbers import DAY, say_roughly

ORDER = tuple(threshold.placeholder for threshold in table.RISKS)
STEPS = {Score.RISK: (-10, -5, -2, 2, 5, 10), Score.SENTIMENT: (-0.2, -0.1, 0.1, 0.2)}
SCORES = {threshold.placeholder: threshold.score for threshold in table.THRESHOLDS}
DIGITS = 6  # a sum of binary fractions, such as -0.6 + 0.1, as people write it


@dataclass(frozen=True)
class Current:
    """The definition that decides now, its numbers, and whether they are live; `why` says why they are not.

    `split` says what of the check-ins it decides of, where that is not all (`names.running_definition`).
    """

    definition: Mapping[str, Any]
    thresholds: Mapping[str, float]
    why: str = ""
    split: str = ""


def current(deployed: Mapping[str, Any], settings: Settings, split: str = "") -> Current:
    """What decides now, from the live definition; where that is not ours, or there is none, the parameters'."""
    try:
        numbers = thresholds.thresholds_of(deployed)
        Router(deployed)
        return Current(deployed, numbers, split=split)
    except BadParameters as error:
        return Current(templates.definition(settings), settings.thresholds, str(error), split)


def whose(now: Current, settings: Settings) -> str:
    """By whose numbers the tables are made, and of which check-ins they speak, in a sentence."""
    return " ".join(filter(None, [_whose(now, settings), now.split and f"{now.split}."]))


def _whose(now: Current, settings: Settings) -> str:
    if now.why:
        return f'The live workflow does not decide by our definition ({now.why}). "Now" is what the parameters say.'
    names = [f"{name} {value:g}" for name, value in now.thresholds.items() if value != settings.thresholds[name]]
    live = '"Now" are the thresholds of the live workflow'
    wrong = next((why for name, value in now.thresholds.items() if (why := out_of_order(now, name, value))), "")
    disorder = f" They are out of order: {wrong.replace('would not', 'does not')}." if wrong else ""
    return (
        f"{live}. The parameters say otherwise; live is {', '.join(names)}."
        if names
        else f"{live} and of the parameters."
    ) + disorder.replace("does not be", "is not")


def overview(history: pd.DataFrame, window: Window) -> list[dict[str, Any]]:
    """How much there is to learn from."""
    coverage, scored = history.attrs["coverage"], int(history["risk_score"].notna().sum())
    outside = checkin_frames.outside(history, "risk_score")
    return [
        {"what": "check-ins recorded in the window", "count": coverage.recorded},
        {"what": "of them read, as evenly over the days as they could be", "count": len(history)},
        {"what": "of these with a usable risk score", "count": scored},
        {"what": "without one", "count": len(history) - scored - outside},
        {"what": "with one outside 0 to 100, which no rule can use", "count": outside},
        {
            "what": f"that {coverage.unread}" + (f" ({coverage.why})" if coverage.why else ""),
            "count": coverage.unreadable,
        },
        {"what": "users", "count": history["userId"].nunique()},
        {"what": "time looked at", "count": say_roughly(window.end - window.start)},
        {"what": "time from the first check-in to the last", "count": say_roughly(DAY * _apart(history))},
    ]


def routes(history: pd.DataFrame, now: Current) -> list[dict[str, Any]]:
    """Check-ins a route under the thresholds of now."""
    router = Router(now.definition)
    cells, counts = _kinds(history, [router])
    counted = _counted(cells, counts, router)
    return [{"route": route, "check-ins": int(counted.get(route, 0))} for route in _occurring(counted)]


def moves(history: pd.DataFrame, now: Current) -> pd.DataFrame:
    """One row for each threshold moved alone: check-ins that would take a higher or a lower level of alert.

    A step that no definition may take, since its thresholds would be out of order, says so and counts nothing.
    """
    steps = [
        (name, round(value + step, DIGITS)) for name, value in now.thresholds.items() for step in STEPS[SCORES[name]]
    ]
    allowed = {(name, to): _moved(now, name, to) for name, to in steps if not out_of_order(now, name, to)}
    today = Router(now.definition)
    cells, counts = _kinds(history, [today, *allowed.values()])
    levels = _levels(cells, today)
    rows = []
    for name, to in steps:
        then = _levels(cells, allowed[name, to]) if (name, to) in allowed else None
        rows.append(
            {
                "threshold": name,
                "now": now.thresholds[name],
                "moved to": to,
                "higher": None if then is None else int(counts[then > levels].sum()),
                "lower": None if then is None else int(counts[then < levels].sum()),
                "of": len(history),
                "not counted, since": out_of_order(now, name, to),
            }
        )
    return pd.DataFrame(rows, dtype=object)


def moves_in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of `moves` as people read it: what its numbers count, and on which scale its values are."""
    counted = {"higher": "check-ins to a higher alert", "lower": "check-ins to a lower alert", "of": "of check-ins"}
    said = frame.rename(columns={**counted, "now": "score now", "moved to": "score moved to"})
    said.insert(1, "scale", frame["threshold"].map(thresholds.scale))
    return said


def sweep(history: pd.DataFrame, now: Current, name: str, window: Window) -> pd.DataFrame:
    """Check-ins a `span` by route for every whole value of one risk threshold that is in order, and for that of now.

    Columns: value, route, count, now. Of a part that was read, the count is put up to all that is recorded.
    """
    columns = ["value", "route", "count", "now"]
    live = now.thresholds[name]
    values = [value for value in sorted({*range(100), live}) if value == live or not out_of_order(now, name, value)]
    if history.empty:
        return pd.DataFrame(columns=columns)
    routers = {value: _moved(now, name, value) for value in values}
    cells, counts = _kinds(history, routers.values())
    every = spans(history, window)
    rows = []
    for value, router in routers.items():
        counted = _counted(cells, counts, router)
        rows += [(value, r, counted.get(r, 0) / every, value == now.thresholds[name]) for r in _occurring(counted)]
    return pd.DataFrame(rows, columns=columns)


def swept(now: Current, name: str) -> str:
    """Which values the sweep leaves out, and why, and of which check-ins it speaks, in a sentence."""
    return " ".join(filter(None, [_drawn(now, name), now.split and f"{now.split}."]))


def _drawn(now: Current, name: str) -> str:
    why = {value: reason for value in range(100) if (reason := out_of_order(now, name, value))}
    drawn = [value for value in range(100) if value not in why]
    if not drawn:
        return f"That of now alone is drawn: {why[0]}."
    ends = [(f"below {drawn[0]}", drawn[0] - 1), (f"above {drawn[-1]}", drawn[-1] + 1)]
    reasons = "".join(f"; {where}, {why[value]}" for where, value in ends if value in why)
    return f"The whole values from {drawn[0]} to {drawn[-1]} are drawn, and that of now{reasons}."


def spans(history: pd.DataFrame, window: Window) -> float:
    """By what a count of those that were read is divided, so that it is one of all that are recorded, in a `span`."""
    return max(_days(history, window), 1) * history.attrs["coverage"].part


def span(history: pd.DataFrame, window: Window) -> str:
    """What the sweep's counts are for: a shorter time than a day is not blown up to one."""
    if _days(history, window) >= 1:
        return "a day"
    return f"in {say_roughly(DAY * _apart(history) or (window.end - window.start).total_seconds())}"


def _days(history: pd.DataFrame, window: Window) -> float:
    """The time that there is data for: the window may begin long before the first check-in, and days may be missing."""
    between = _between(history)
    return min(between, _days_with_any(history)) if between else (window.end - window.start).total_seconds() / 86400


def budgeted_days(history: pd.DataFrame, window: Window) -> float:
    """By what a number a day is multiplied to be one of those that were read: of six hours a quarter of it."""
    return min(_days(history, window), _days_with_any(history)) * history.attrs["coverage"].part


def _days_with_any(history: pd.DataFrame) -> int:
    return int(history["time"].dt.floor("D").nunique())


def _apart(history: pd.DataFrame) -> float:
    """Days from the first check-in to the last; 0 of fewer than two."""
    if len(history) < 2:
        return 0.0
    return float((history["time"].max() - history["time"].min()).total_seconds() / 86400)


def _between(history: pd.DataFrame) -> float:
    """Days that the check-ins stand for, each with the time to the next one; 0 where no time lies between."""
    number = len(history)
    return round(_apart(history) * number / (number - 1), DIGITS) if number > 1 else 0.0


def _moved(now: Current, name: str, value: float) -> Router:
    return Router(thresholds.with_thresholds(now.definition, {name: value}))


def _kinds(history: pd.DataFrame, routers: Iterable[Router]) -> tuple[pd.DataFrame, np.ndarray]:
    """One check-in of each kind that none of the definitions can tell apart, and how many there are of it."""
    edges = sorted({edge for router in routers for edge in router.edges})
    cells = checkin_frames.cells(history)
    first, groups = group_rows(cells, edges)
    return cells.iloc[first].reset_index(drop=True), np.bincount(groups, minlength=len(first))


def _counted(cells: pd.DataFrame, counts: np.ndarray, router: Router) -> dict[str, int]:
    return dict(pd.Series(counts).groupby(router.routes(cells).to_numpy()).sum())


def _occurring(counted: Mapping[str, int]) -> list[str]:
    """The routes of the table, and whatever else became of a check-in. Raises BadParameters for an unknown route."""
    return table.in_order(counted, table.BY_LEVEL)


def _levels(cells: pd.DataFrame, router: Router) -> np.ndarray:
    return router.routes(cells).map(table.level).to_numpy(dtype=float)


def out_of_order(now: Current, name: str, value: float) -> str:
    """Why a threshold may not have this value beside the others of now; "" where it may."""
    given = {**now.thresholds, name: value}
    for upper, lower in pairwise(ORDER):
        if name in (upper, lower) and given[upper] <= given[lower]:
            return f"{upper} {given[upper]:g} would not be above {lower} {given[lower]:g}"
    if not 0 <= given[name] < 100 and name in ORDER:
        return f"{name} {value:g} would not lie from 0 to below 100"
    if SCORES[name] is Score.SENTIMENT and not -1 < value < 1:
        return f"{name} {value:g} would not lie between -1 and 1"
    return ""
