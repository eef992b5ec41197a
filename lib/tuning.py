"""What other thresholds would have done with the recorded check-ins. Pure: the definition's own rules, no AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from lib import render, thresholds
from lib.review import Window
from lib.router import LEVELS, Router
from lib.settings import Settings

ROUTES = ("crisis", "high", "standard", "unscored", "proactive", "none")  # those of the plan's definition
STEPS = {"SentimentBelow": (-0.2, -0.1, 0.1, 0.2)}
RISK_STEPS = (-10, -5, -2, 2, 5, 10)


def overview(history: pd.DataFrame, window: Window) -> list[dict[str, Any]]:
    """How much there is to learn from."""
    scored = int(history["risk_score"].notna().sum()) if not history.empty else 0
    return [
        {"what": "check-ins recorded in the window", "count": len(history)},
        {"what": "of them with a risk score", "count": scored},
        {"what": "of them without one", "count": len(history) - scored},
        {"what": "that could not be read", "count": _count(history.attrs.get("unreadable", 0))},
        {"what": "users", "count": history["userId"].nunique() if not history.empty else 0},
        {"what": "hours looked at", "count": round((window.end - window.start).total_seconds() / 3600, 1)},
    ]


def routes(history: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """Check-ins a route under the thresholds of the parameters."""
    counted = Counter(_routed(history, settings, {}))
    return [{"route": route, "check-ins": counted[route]} for route in ROUTES]


def moves(history: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One row for each threshold moved alone: check-ins that would take a higher or a lower level of alert."""
    now = _routed(history, settings, {})
    rows = []
    for name, value in settings.thresholds.items():
        for step in STEPS.get(name, RISK_STEPS):
            moved = round(value + step, 3)
            if not _in_order(settings, {name: moved}):
                continue
            then = _routed(history, settings, {name: moved})
            levels = [(LEVELS[old], LEVELS[new]) for old, new in zip(now, then, strict=True)]
            rows.append(
                {
                    "threshold": name,
                    "now": value,
                    "moved to": moved,
                    "higher": sum(new > old for old, new in levels),
                    "lower": sum(new < old for old, new in levels),
                    "of": len(levels),
                }
            )
    return pd.DataFrame(rows)


def sweep(history: pd.DataFrame, settings: Settings, name: str, window: Window) -> pd.DataFrame:
    """Check-ins a `span` by route for every allowed whole value of one risk threshold: value, route, count."""
    rows = []
    for value in range(100):
        if not _in_order(settings, {name: value}):
            continue
        counted = Counter(_routed(history, settings, {name: value}))
        rows += [{"value": value, "route": route, "count": counted[route] / max(_days(window), 1)} for route in ROUTES]
    return pd.DataFrame(rows, columns=["value", "route", "count"]) if len(history) else pd.DataFrame()


def span(window: Window) -> str:
    """What the sweep's counts are for: a shorter window than a day is not blown up to one."""
    return "a day" if _days(window) >= 1 else f"in {_days(window) * 24:g} h"


def _days(window: Window) -> float:
    return (window.end - window.start).total_seconds() / 86400


def _routed(history: pd.DataFrame, settings: Settings, changed: Mapping[str, float]) -> list[str]:
    definition = render.definition(settings)
    if changed:
        definition = thresholds.with_thresholds(definition, {**settings.thresholds, **changed})
    router = Router(definition)
    return [router.route(checkin) for checkin in results(history)]


def results(history: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """The recorded check-ins as the processor returned them; what is missing is null, and the text, not kept, empty."""
    shown = [column for column in ("risk_score", "score", "trajectory") if column in history]
    for row in history[shown].to_dict("records") if len(history) else []:
        yield {"text": "", **{str(key): None if pd.isna(value) else value for key, value in row.items()}}


def _in_order(settings: Settings, changed: Mapping[str, float]) -> bool:
    given = {**settings.thresholds, **changed}
    order = [given[name] for name in ("CrisisRiskAbove", "HighRiskAbove", "ModerateRiskAbove", "ProactiveRiskAbove")]
    descending = all(upper > lower for upper, lower in pairwise(order))
    return descending and order[0] < 100 and order[-1] >= 0 and -1 < given["SentimentBelow"] < 1


def _count(found: Any) -> int:  # noqa: ANN401 - a number, or the list of what was unreadable
    return found if isinstance(found, int) else len(found)
