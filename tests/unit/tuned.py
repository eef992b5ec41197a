"""Recorded check-ins with what people said of them, for the tuning: four weeks, each of another person."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from lib import settings
from lib.definitions import templates, thresholds
from lib.phases import threshold_tuning
from lib.phases.tuning import search
from lib.telemetry import checkin_frames
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.checkins import Coverage
from lib.telemetry.review_window import Window

LOCAL = settings.load("local")
END = datetime(2026, 1, 29, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=28), END, None)
FIELDS = list(checkin_frames.CONTRACT)


def now(**changed: float) -> threshold_tuning.Current:
    return threshold_tuning.current(thresholds.with_thresholds(templates.definition(LOCAL), changed), LOCAL)


def checkins(
    answers: list[dict[str, Any]], outcomes: list[str] | None = None, weight: float = 1.0, users: int = 10_000
) -> pd.DataFrame:
    """Check-ins spread over the window, so many users in turn; an outcome each, or none."""
    every = (WINDOW.end - WINDOW.start) / max(len(answers), 1)
    rows = [
        Answer(f"user-{n % users}", WINDOW.start + n * every, tuple(_cell(answer, field) for field in FIELDS))
        for n, answer in enumerate(answers)
    ]
    frame = checkin_frames.frame(rows, FIELDS)
    frame.attrs["coverage"] = Coverage(len(rows), len(rows), 1.0, True, Counter())
    said = outcomes or [""] * len(answers)
    return frame.assign(outcome=pd.Series(said, dtype=object), weight=[weight if one else 0.0 for one in said])


def _cell(answer: dict[str, Any], field: str) -> str:
    return (answer[field] if answer[field] == "?" else json.dumps(answer[field])) if field in answer else ""


def risky(risk: float, sentiment: float = 0.5, trajectory: str = "stable") -> dict[str, Any]:
    return {"risk_score": risk, "score": sentiment, "trajectory": trajectory}


SETTINGS = settings.with_changes(LOCAL, alerts_a_day=1000, crisis_recall_floor=0.95)


def population(seed: int = 1, number: int = 3000, users: int = 10_000) -> pd.DataFrame:
    """Risks that tell a crisis from 80 on, of which there are enough for a floor of 0.95."""
    risks = np.round(np.random.default_rng(seed).uniform(0, 100, number), 2)
    levels = ((80, "crisis"), (70, "high"), (40, "moderate"), (-1, "none"))
    outcomes = [next(word for least, word in levels if risk > least) for risk in risks]
    return checkins([risky(float(risk), 0.9) for risk in risks], outcomes, users=users)


def found(frame: pd.DataFrame, given: settings.Settings = SETTINGS, **changed: float) -> search.Search:
    """What the search comes to, where the live thresholds are those of the parameters but for those that changed."""
    return search.run(frame, now(**changed), given, WINDOW)
