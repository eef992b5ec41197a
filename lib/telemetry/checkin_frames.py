"""Recorded check-ins as a DataFrame: which scores and trajectories a rule can use. Pure pandas, no AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import inf, isfinite, nan
from typing import Any

from lib.asl.answer_fields import ABSENT_CELL, UNKNOWN_CELL
from lib.asl.choice_rules import is_number
from lib.routes import Route
from lib.telemetry.libraries import pandas as pd

CONTRACT = ("risk_score", "score", "trajectory")
TRAJECTORIES = ("improving", "stable", "declining", "unknown")


COLUMNS = ["userId", "time", *CONTRACT]
TAKEN = "taken"  # a column of the route that was taken, which no rule decides by
ROUTE, NO_SUCH_ROUTE = "route", UNKNOWN_CELL  # where a check-in says it, and what stands for a word that is no route
CELL = "answer "  # a column of the JSON that the object held of a field, for the routing
USABLE = {"risk_score": (0, 100), "score": (-1, 1)}


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded check-in: `cells` holds a JSON value a field, "" where the object has none.

    `taken` is the route that it says it took, "" where it says none, and NO_SUCH_ROUTE of a word that is none.
    """

    user: str
    moment: datetime
    cells: tuple[str, ...]
    taken: str = ""


def frame(answers: list[Answer], fields: list[str]) -> pd.DataFrame:
    """Answers as rows, in order of time; `fields` names their cells, and holds those of the contract."""
    checkins = pd.DataFrame({"userId": [answer.user for answer in answers]}, dtype=object)
    checkins["time"] = pd.to_datetime([answer.moment.astimezone(UTC) for answer in answers], utc=True)
    for at, field in enumerate(fields):
        checkins[CELL + field] = pd.Series([answer.cells[at] for answer in answers], dtype=object)
    checkins[TAKEN] = pd.Series([answer.taken for answer in answers], dtype=object)
    return with_scores(checkins).sort_values("time", ignore_index=True, kind="stable")


def with_scores(checkins: pd.DataFrame) -> pd.DataFrame:
    """Rows of userId, time and cells with the scores and the trajectory that a rule can use of them."""
    for field in USABLE:
        checkins[field] = _each(checkins[CELL + field], partial(_usable, field)).astype(float)
    checkins["trajectory"] = _each(checkins[f"{CELL}trajectory"], _trajectory).astype(object)
    ordered = [*COLUMNS, *(column for column in checkins if column not in COLUMNS)]
    return checkins[ordered]


def taken_in(content: Mapping[str, Any]) -> str:
    """The route that a check-in says it took: a word of ours, or that it says another, which is not kept."""
    said = content.get(ROUTE)
    return "" if said is None else said if said in list(Route) else NO_SUCH_ROUTE


def cells(checkins: pd.DataFrame) -> pd.DataFrame:
    """The fields that the objects held, as `Router.routes` takes them."""
    mine = [column for column in checkins if str(column).startswith(CELL)]
    return checkins[mine].rename(columns=lambda column: column.removeprefix(CELL))


def _each(column: pd.Series, said: Callable[[str], Any]) -> pd.Series:
    """What a function says of every cell, asked once of each that differs."""
    return column.map({cell: said(cell) for cell in column.unique()})


def value_in(cell: str) -> Any:  # noqa: ANN401 - any JSON
    """The value in a cell; None where there is none, or nobody knows it."""
    return None if cell in (ABSENT_CELL, UNKNOWN_CELL) else json.loads(cell)


def number_in(cell: str) -> float | None:
    """The number in a cell, None of what is none to the workflow: a null, a truth value, a text like "97".

    One that is larger than any double is an infinity.
    """
    value = value_in(cell)
    try:
        return float(value) if is_number(value) else None
    except OverflowError:
        return inf if value > 0 else -inf


def _number(cell: str) -> float:
    """The finite number in a cell, or NaN."""
    number = number_in(cell)
    return nan if number is None or not isfinite(number) else number


def _usable(field: str, cell: str) -> float:
    """The score in a cell, or NaN where it is none, or lies outside its range: the workflow cannot use it either."""
    low, high = USABLE[field]
    value = _number(cell)
    return value if low <= value <= high else nan


def outside(checkins: pd.DataFrame, field: str) -> int:
    """How many hold a number outside the field's range."""
    numbers = _each(checkins[CELL + field], _number) if CELL + field in checkins else pd.Series(dtype=float)
    low, high = USABLE[field]
    return int(((numbers < low) | (numbers > high)).sum())


def _trajectory(cell: str) -> str:
    word = value_in(cell)
    return word if word in TRAJECTORIES else "unknown"
