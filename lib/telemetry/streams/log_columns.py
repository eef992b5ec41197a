"""Lines of the workflow's log as columns, filled as they come: those of an execution are held until its end. No AWS.

Eight lines an execution and a million executions are more than a machine holds as texts. Of many, one that took route
none and succeeded at the first attempt is kept as that alone: its moment and its route, without its name.
"""

from __future__ import annotations

from array import array
from collections import deque

from lib.routes import Route, is_drill
from lib.telemetry.libraries import numpy as np
from lib.telemetry.libraries import pandas as pd
from lib.values.numbers import plural

NAMED = 20_000  # executions that are kept with all their lines, whatever became of them
GRACE_MILLISECONDS = 60_000  # after an execution's end, in which a line of it may come late or twice
MOST_OPEN = 50_000  # executions without an end that are held; the oldest go first, with all their lines
UNNAMED = ""  # in the place of the ARN of one that is kept as its route alone
Line = tuple[int, int, int]  # milliseconds since 1970, and the places of its name and its kind among the words


class LogColumns:
    """Takes lines in the order of time, and gives a table of them."""

    def __init__(self, ends: frozenset[str], regular: frozenset[str]) -> None:
        """`ends` are the kinds of event that end an execution, `regular` those of one in which nothing failed."""
        self._ends, self._regular = ends, regular
        self._open = dict[str, dict[int, Line]]()
        self._ended = deque[tuple[int, str]]()
        self._words = dict[str, int]()
        self._arns = [UNNAMED]
        # Names are as many as whoever writes to the log makes up.
        self._times, self._whose = array("q"), array("I")
        self._names, self._kinds = array("I"), array("I")

    @property
    def held(self) -> int:
        """How many executions are held with their lines as they came."""
        return len(self._open)

    def add(self, arn: str, number: int, milliseconds: int, name: str, kind: str) -> None:
        """One line; of one that comes twice the later counts."""
        self._open.setdefault(arn, {})[number] = (milliseconds, self._place(name), self._place(kind))
        if kind in self._ends:
            self._ended.append((milliseconds, arn))
        while self._ended and self._ended[0][0] < milliseconds - GRACE_MILLISECONDS:
            self._keep(self._ended.popleft()[1])
        if len(self._open) > MOST_OPEN:
            self._keep(next(iter(self._open)))

    def _place(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))

    def _keep(self, arn: str) -> None:
        lines = list(self._open.pop(arn, {}).values())
        if len(self._arns) > NAMED and (quiet := self._route_alone(arn, lines)):
            self._append(0, quiet)
        elif lines:
            self._arns.append(arn)
            for line in lines:
                self._append(len(self._arns) - 1, line)

    def _route_alone(self, arn: str, lines: list[Line]) -> Line | None:
        """The line by which it took route none, where there is nothing else to tell of it."""
        regular = {self._words.get(kind) for kind in self._regular}
        if is_drill(arn.rsplit(":", 1)[-1]) or any(kind not in regular for _, _, kind in lines):
            return None
        ended = any(kind in self._ending for _, _, kind in lines)
        return next((one for one in lines if ended and one[1] == self._words.get(Route.NONE.state)), None)

    @property
    def _ending(self) -> set[int | None]:
        return {self._words.get(kind) for kind in self._ends}

    def _append(self, whose: int, line: Line) -> None:
        self._times.append(line[0])
        self._whose.append(whose)
        self._names.append(line[1])
        self._kinds.append(line[2])

    def frame(self) -> pd.DataFrame:
        """All lines, oldest first: time (UTC), execution (ARN, or UNNAMED), name, kind. Ends the taking in."""
        for arn in list(self._open):
            self._keep(arn)
        moments = pd.Series(np.array(self._times, dtype="int64"))
        columns = {
            "time": pd.to_datetime(moments, unit="ms", utc=True).astype("datetime64[us, UTC]"),
            "execution": _texts(self._arns, self._whose),
            "name": _texts(list(self._words), self._names),
            "kind": _texts(list(self._words), self._kinds),
        }
        return pd.DataFrame(columns).sort_values("time", ignore_index=True, kind="stable")


def _texts(known: list[str], places: array[int]) -> pd.Series:
    """A column in which each text is held once, however often it stands there."""
    return pd.Series(np.array([*known, ""], dtype=object)[np.array(places, dtype="int64")], dtype=object)


def unseen(frame: pd.DataFrame) -> str:
    """What of the log could not be looked at, "" where it was whole: of `read`, or of what was made of it."""
    said = [str(frame.attrs.get(key, "")) for key in ("note", "cut", "missing")]
    return "; ".join(filter(None, [*said, unread(frame)]))


def unread(frame: pd.DataFrame) -> str:
    """How many lines of the log could not be read, "" where all could."""
    unreadable = frame.attrs.get("unreadable", 0)
    return f"{plural(unreadable, 'line')} of the log could not be read" if unreadable else ""
