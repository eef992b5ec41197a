"""Executions as columns of numbers, filled from pages as they come: some hundred bytes each, and no row. No AWS.

A row of ListExecutions is a dictionary of texts, and a million of them fill a gigabyte. Nobody asks for the name of an
execution that ended well and soon, so of many only the newest are kept by name, and those that may have to be named.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.routes import is_drill
from lib.telemetry.execution_status import ExecutionStatus, Who
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd

NAMED = 20_000  # the newest, which are kept by name whatever became of them
MOST_NAMED = 100_000  # of all; of more that failed or were slow the oldest are counted without a name
OPEN = -1  # a moment of its end, of one that has not ended
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
WHO = (Who.CHECKINS.value, Who.DRILLS.value)
COLUMNS = ["arn", "name", "status", "started", "stopped", "version", "who"]


def frame(rows: Iterable[Mapping[str, Any]], quick_seconds: float) -> pd.DataFrame:
    """One row an execution, in the order in which they come (the newest first): COLUMNS; times UTC, NaT of no end.

    `rows` are those of `executions.list_executions`, and are let go one by one. Where there are many, `arn` and `name`
    are "" of one that succeeded within `quick_seconds`.
    """
    columns = _Columns(quick_seconds)
    for row in rows:
        columns.add(row)
    return columns.frame()


class _Columns:
    def __init__(self, quick_seconds: float) -> None:
        self.quick = quick_seconds * 1_000_000
        self.started, self.stopped = array("q"), array("q")
        self.statuses, self.versions = _Words(), _Words()
        self.who = array("B")
        self.arns, self.names = list[str](), list[str]()
        self.named = 0

    def add(self, row: Mapping[str, Any]) -> None:
        started, ended = _microseconds(row["started"]), row["stopped"]
        stopped = _microseconds(ended) if ended else OPEN
        self.started.append(started)
        self.stopped.append(stopped)
        self.statuses.add(str(row["status"]))
        self.versions.add(str(row.get("version") or ""))
        self.who.append(is_drill(str(row["name"])))
        regular = row["status"] == ExecutionStatus.SUCCEEDED and stopped - started <= self.quick
        named = self.named < (NAMED if regular else MOST_NAMED)
        self.named += named
        self.arns.append(str(row.get("arn") or "") if named else "")
        self.names.append(str(row["name"]) if named else "")

    def frame(self) -> pd.DataFrame:
        stopped = np.array(self.stopped, dtype="int64")
        ended = pd.to_datetime(pd.Series(stopped), unit="us", utc=True)
        values = {
            "arn": pd.Series(self.arns, dtype=str),
            "name": pd.Series(self.names, dtype=str),
            "status": self.statuses.column(),
            "started": pd.to_datetime(pd.Series(np.array(self.started, dtype="int64")), unit="us", utc=True),
            "stopped": ended.mask(stopped == OPEN),
            "version": self.versions.column(),
            "who": words(WHO, np.array(self.who, dtype="int64")),
        }
        return pd.DataFrame(values, columns=COLUMNS)


class _Words:
    """A column of a few different words."""

    def __init__(self) -> None:
        self.codes, self.known = array("H"), dict[str, int]()

    def add(self, word: str) -> None:
        self.codes.append(self.known.setdefault(word, len(self.known)))

    def column(self) -> pd.Series:
        return words(list(self.known), np.array(self.codes, dtype="int64"))


def words(known: Iterable[str], codes: np.ndarray) -> pd.Series:
    """A column of words, each by its place among the known ones."""
    return pd.Series(np.array([*known, ""], dtype=object)[codes], dtype=str)


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
