"""What this run shows of single failures: which tasks were broken, who was reached and how late. Read-only; no AWS.

Tasks are only ever broken where nobody relies on them; what was found there is in `evidence/single_failures.json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.checks import Check, Status
from lib.record.records import Record
from lib.telemetry.libraries import pandas as pd
from lib.values.check_registry import Id
from lib.values.verdicts import member

EVIDENCE = "evidence/single_failures.json"
NAME = "no single failure silences a crisis"
IN_TIME = "somebody is told in time though a task fails"
COLUMNS = ["task", "fault", "outcome", "seconds", "verdict"]
NOT_BROKEN = (
    "no evidence of broken tasks in this run: an environment that people rely on is not broken for a test. What was "
    "done is the walk of phase 03, which gives each task's failure to AWS's own interpreter and looks where it leads"
)

Row = Mapping[str, Any]
VISIBLE = "failed visibly"  # the outcome of one that reached nobody, and may


class Effect(StrEnum):
    """What one failure led to, from what is well to what must not be: of several interpreters, the worst counts."""

    PASSED = "passed"
    ALARM = "alarm"  # nobody was told by the alert, and an alarm tells operations that it was lost
    NOT_EXERCISED = "not exercised here"
    GAP = "gap"
    NOT_STRUCK = "did not strike"  # nothing shows that the task failed, so that whoever was told proves nothing
    LATE = "late"  # somebody was told, but not all who were due within the limit
    FAILED = "failed"  # somebody was told, but the execution ended as it never may
    SILENT = "silent"  # nobody was told at all

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return list(Effect).index(self)

    @property
    def ruling(self) -> Ruling:
        """What it is called, and what it does to the phase."""
        return RULINGS[self]


@dataclass(frozen=True)
class Ruling:
    """What an effect is called wherever people read it, which check decides by it, and how that is answered then."""

    word: str
    check: Id
    status: Status

    @property
    def stop(self) -> str:
        """Whether this stops the phase, and by which check; or who is waited for."""
        if self.status == Status.FAILED:
            return f"STOP: the check {self.check} fails"
        return f"no stop: {self.check} is {self.status}" if self.status != Status.PASSED else "no stop"


RULINGS = {
    Effect.PASSED: Ruling("reached", Id.NONE_SILENT, Status.PASSED),
    Effect.ALARM: Ruling("an alarm", Id.NONE_SILENT, Status.PASSED),
    Effect.NOT_EXERCISED: Ruling("only a queue", Id.ONLY_QUEUED, Status.NOT_EXERCISED),
    Effect.GAP: Ruling("UNCARRIED", Id.UNCARRIED, Status.WAITING),
    Effect.NOT_STRUCK: Ruling("NOT STRUCK", Id.NONE_SILENT, Status.CANNOT_TELL),
    Effect.LATE: Ruling("LATE", Id.TOLD_IN_TIME, Status.FAILED),
    Effect.FAILED: Ruling("ENDS WRONG", Id.NONE_SILENT, Status.FAILED),
    Effect.SILENT: Ruling("SILENT", Id.NONE_SILENT, Status.FAILED),
}


def _failure_rows(record: Record) -> list[dict[str, Any]]:
    """The rows of this run's evidence, one a failure and interpreter; none where nothing was broken."""
    return list(record.latest(EVIDENCE) or [])


def verdict(row: Row) -> Effect:
    """What became of one failure. Older records call all that is not well `failed`; there, who was reached tells."""
    effect = member(Effect, row["verdict"], f"a verdict in {EVIDENCE}")
    if effect != Effect.FAILED:
        return effect
    word = row["why"].partition(":")[0]
    if word == "LATE":
        return Effect.LATE
    return Effect.FAILED if word == "FORGOTTEN" or row["seconds"] else Effect.SILENT


def unreached_rows(record: Record) -> list[dict[str, str]]:
    """Every failure that did not reach somebody in time, with why; equal ones of several interpreters once."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for row in _failure_rows(record):
        if verdict(row) != Effect.PASSED:
            ruling = verdict(row).ruling
            key = (row["task"], row["fault"], row["route"], ruling.status, ruling.word, ruling.stop, row["why"])
            rows.setdefault(key, []).append(row["interpreter"])
    columns = ("broken", "fault", "route", "status", "what came of it", "does it stop?", "why")
    return [{**dict(zip(columns, key, strict=True)), "interpreters": ", ".join(on)} for key, on in rows.items()]


def matrix(record: Record) -> pd.DataFrame:
    """A row a task and fault: `task, fault, outcome, seconds, verdict`, of all interpreters and routes the worst.

    `outcome`: who was reached first (`contact`, `operations`), else `failed visibly`, else the verdict; `seconds` until
    the first alert, the slowest interpreter's, of what is late until the last; NaN where nobody was reached.
    """
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in _failure_rows(record):
        cells.setdefault((_task(row), row["fault"]), []).append(row)
    lines = [[*key, *_cell(rows)] for key, rows in cells.items()]
    return pd.DataFrame(lines, columns=COLUMNS).astype({"seconds": float})


def _task(row: Row) -> str:
    """A task, and how many others must be broken for it to be reached; of what lies behind an event, also the route."""
    if ">" in row["task"]:
        return f"{row['task']} ({row['route']})"
    return f"{row['task']} (+{len(row['also_broken'])})" if row["also_broken"] else str(row["task"])


def _cell(rows: Sequence[Row]) -> tuple[str, float | None, str]:
    worst = max(rows, key=lambda row: (verdict(row).rank, _first(row)))
    effect = verdict(worst)
    word = str(effect)  # a frame holds the words themselves
    if effect == Effect.LATE:
        return word, max(worst["seconds"].values(), default=None), word
    if effect != Effect.PASSED:
        return word, None, word
    if not worst["seconds"]:
        return VISIBLE, None, word
    return min(worst["seconds"], key=worst["seconds"].get), _first(worst), word


def _first(row: Row) -> float:
    """Seconds until somebody was reached; endless where nobody was."""
    return min(row["seconds"].values(), default=float("inf"))


def checks(record: Record) -> list[Check]:
    """Whether any failure was silent, and what nothing carries; `not exercised here` where nothing was broken."""
    rows, expected = _failure_rows(record), "somebody reached, or failed visibly"
    if not rows:
        return [Check(Id.NONE_SILENT, NAME, Status.NOT_EXERCISED, NOT_BROKEN, expected)]
    named = {bad: sorted({f"{row['task']} {row['fault']}" for row in rows if verdict(row) == bad}) for bad in Effect}
    counted = Counter(verdict(row) for row in rows)
    reached = sum(bool(row["seconds"]) for row in rows if verdict(row) == Effect.PASSED)
    on = len({row["interpreter"] for row in rows})
    visible = counted[Effect.PASSED] - reached
    found = f"{len(rows)} tried on {on} interpreters: {reached} reached somebody, {visible} failed visibly"
    # So that all numbers add up.
    others = (Effect.ALARM, Effect.NOT_EXERCISED, Effect.GAP, Effect.NOT_STRUCK, Effect.LATE)
    found += "".join(f", {counted[one]} {one.ruling.word}" for one in others if counted[one])
    silent, wrong = named[Effect.SILENT], named[Effect.FAILED]
    found += f", SILENT: {', '.join(silent)}{_machines(rows, Effect.SILENT)}" if silent else ", none silent"
    found += f", {counted[Effect.FAILED]} ENDED WRONGLY: {', '.join(wrong)}" if wrong else ""
    found += f"; {_where_and_when(rows)}"
    unknown = named[Effect.NOT_STRUCK]
    found += f"; the fault never struck, so nobody can tell: {', '.join(unknown)}" if unknown else ""
    status = Status.FAILED if silent or wrong else Status.CANNOT_TELL if unknown else Status.PASSED
    late, queued = _late(rows, named[Effect.LATE]), _open(rows, expected)
    return [Check(Id.NONE_SILENT, NAME, status, found, expected), *late, *queued]


def _where_and_when(rows: Sequence[Row]) -> str:
    """The accounts in which they were tried, and from when to when; rows of older records do not tell."""
    if not all("began" in row for row in rows):
        return "where and when they were tried, this record does not tell"
    times = sorted(row["began"] for row in rows if row["began"])
    accounts = " and ".join(sorted({f"account {row['account']}" for row in rows}))
    return f"tried in {accounts}, {f'{times[0]} to {times[-1]}' if times else 'and none began'}"


def _late(rows: Sequence[Row], named: Sequence[str]) -> list[Check]:
    """Who was told too late, and whether an unbroken execution beside it was as late: then it was the machine."""
    late = [row for row in rows if verdict(row) == Effect.LATE]
    if not late:
        return []
    found = f"{len(late)} of {len(rows)} LATE: {', '.join(named)}{_machines(rows, Effect.LATE)}"
    return [Check(Id.TOLD_IN_TIME, IN_TIME, Status.FAILED, found, "all who are due, in time")]


def _machines(rows: Sequence[Row], bad: Effect) -> str:
    """Of how many of these an unbroken execution beside it was late, or told nobody, as well; nothing where of none."""
    machines = sum(bool(row.get("control", {}).get("late")) for row in rows if verdict(row) == bad)
    return f"; of {machines} the unbroken control was late too: the machine's" if machines else ""


def _open(rows: Sequence[Row], expected: str) -> list[Check]:
    """What only AWS's retries and dead-letter queues carry, and what nothing does: for a person to decide."""
    answers = list[Check]()
    for open_one, words in (
        (Effect.NOT_EXERCISED, "accepted events that only dead-letter queues carry"),
        (Effect.GAP, "accepted events that nothing carries, beside the crisis"),
    ):
        names = sorted({f"{row['task']} {row['fault']} ({row['route']})" for row in rows if row["verdict"] == open_one})
        if names:
            ruling = open_one.ruling
            answers.append(Check(ruling.check, words, ruling.status, ", ".join(names), expected))
    return answers
