"""Whose a function's lines are: by request, and of a drill where one names its execution, else by its time. Pure.

No line is kept: of a request its time, the drills that it names, and the classes of its errors. A function need not say
for whom it works; then a person's request in a drill's time cannot be told from the drill's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lib.drills import log_symptoms
from lib.drills.log_symptoms import Seen, Symptom
from lib.routes import DRILL_PREFIX
from lib.values.foreign import foreign_json

# How Lambda, and the logger of its Python, name the request in a line: in its own lines, in an error, behind a time.
NAMED = re.compile(r"^(?:(?:START|END|REPORT) )?RequestId: (\S+)|^\[\w+\]\t\S+\t(\S+)\t|^\d{4}-\S+ (\S+) Task ")
ATTEMPTS = 1  # the workflow tries nothing again that the function itself has raised
EXPECTED = "of the check-in that nobody can score"


@dataclass(frozen=True)
class Span:
    """The time in which the lines of a drill are written, by its execution's name."""

    name: str
    first: datetime
    last: datetime

    def holds(self, moment: datetime) -> bool:
        return self.first <= moment <= self.last


@dataclass
class _Request:
    """What was seen of one request: when, which drills it names, whether it names the drill user, and its errors."""

    moments: list[datetime] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    of_user: bool = False
    errors: list[tuple[Seen, str]] = field(default_factory=list)

    def lies_in(self, span: Span) -> bool:
        return any(map(span.holds, self.moments))


class Requests:
    """The requests of a function's log; `names` are the drills' executions, `user` is the drill user."""

    def __init__(self, names: Iterable[str], user: str) -> None:
        self._names, self._user = frozenset(names), user
        self._requests = dict[tuple[str, str], _Request]()
        self._current = dict[str, str]()

    def look(self, row: Mapping[str, Any]) -> tuple[Seen | None, Sequence[str]]:
        """What a line is a symptom of, but an error: whose that is, all lines tell, and `errors` says it then."""
        line, stream = str(row["message"]), str(row["logStreamName"])
        request = self._requests.setdefault((stream, self._id(line, stream)), _Request())
        request.moments.append(datetime.fromtimestamp(row["timestamp"] / 1000, UTC))
        if DRILL_PREFIX in line:
            request.names |= {name for name in self._names if name in line}
        request.of_user |= self._user in line
        seen = log_symptoms.of_function(line)
        if seen is None or seen.symptom is not Symptom.ERROR:
            return seen, []
        request.errors.append((seen, stream))
        return None, []

    def speakers(self, due: Sequence[Span]) -> set[str]:
        """The drills that spoke: one that a request names, else one a request that names none and lies in its time."""
        named = {name for request in self._requests.values() for name in request.names}
        free = [request for request in self._requests.values() if not request.names]
        spoke = {span.name for span in due} & named
        for span in sorted(due, key=lambda span: span.last):
            mine = next((one for one in free if one.lies_in(span)), None) if span.name not in spoke else None
            if mine:
                free.remove(mine)
                spoke.add(span.name)
        return spoke

    def errors(self, failing: Sequence[Span]) -> list[tuple[Seen, str]]:
        """Every error with its stream. Those of the drills that have to fail are ordinary, an attempt of each alone."""
        mine = set[int]()
        for span in failing:
            mine.update([id(one) for one in self._failures(span) if id(one) not in mine][:ATTEMPTS])
        return [
            (Seen(Symptom.CAUGHT, f"{seen.name} {EXPECTED}") if id(request) in mine else seen, stream)
            for request in self._requests.values()
            for seen, stream in request.errors
        ]

    def _failures(self, span: Span) -> list[_Request]:
        """Those that failed of a drill: by its name, else by its user; else any of its time that names nobody."""
        inside = [request for request in self._requests.values() if request.lies_in(span)]
        ours = [request for request in inside if span.name in request.names]
        users = [request for request in inside if request.of_user and not request.names]
        nobodys = [request for request in inside if not request.of_user and not request.names]
        return [request for request in ours or users or nobodys if request.errors]

    def _id(self, line: str, stream: str) -> str:
        """The request that a line is of: as it says, else that of the line before it in its stream."""
        said = _named(line)
        if said:
            self._current[stream] = said
        elif stream not in self._current:
            return f"line {len(self._requests)}"  # of a log that names none, each line stands for itself
        return self._current[stream]


def _named(line: str) -> str:
    if not line.startswith("{"):
        match = NAMED.match(line)
        return next(filter(None, match.groups()), "") if match else ""
    event = foreign_json.object_or_empty(line)
    record = event.get("record")
    said = record.get("requestId") if isinstance(record, dict) else event.get("requestId")
    return said if isinstance(said, str) else ""
