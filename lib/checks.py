"""Answers: what was checked, what was found, whether the run may go on. No AWS."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lib.errors import NotAsWanted
from lib.values import contacts
from lib.values.check_registry import Id, of
from lib.values.modes import Mode
from lib.values.verdicts import member

BEFORE = ".before"  # ends the id of a check that a phase asks once before it writes, and again after it


class Status(StrEnum):
    """How a check was answered. Only `passed` is a pass, and only `failed` stops anything."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"  # for a person
    CANNOT_TELL = "cannot tell"  # from what there is
    NOT_EXERCISED = "not exercised here"  # where only AWS can answer
    NOT_APPLIED = "not applied"  # in plan mode, or of what does not exist yet


# What an answer that is neither a pass nor a failure waits for.
WAITS_FOR = {
    Status.WAITING: "a person",
    Status.CANNOT_TELL: "what could not be read, or more of it",
    Status.NOT_EXERCISED: "AWS itself",
    Status.NOT_APPLIED: "apply mode",
}
# Of several answers to one question the first of these counts, and so they are read.
WORST_FIRST = (
    Status.FAILED, Status.CANNOT_TELL, Status.WAITING, Status.NOT_EXERCISED, Status.NOT_APPLIED, Status.PASSED,
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One answer, with what was found and expected. Raises ValueError for an id that is not registered.

    `name` is for people. `subject` says which of several that are asked the same: a scenario, a resource.
    """

    id: Id
    name: str
    status: Status
    found: str
    expected: str
    subject: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, Id):
            raise ValueError(f"check {self.id!r} of {self.name!r} is not registered in lib/values/check_registry.py")

    @property
    def key(self) -> str:
        """What it has in common with another answer to the same question; of one without an id, its words."""
        return key_of(self.to_row())

    def to_row(self) -> dict[str, Any]:
        """The answer as a record holds it: nobody's contact but the names of those who carry a run out."""
        head = {"id": str(self.id), "name": self.name, "status": str(self.status), "found": self.found}
        row = {**head, "expected": self.expected, "subject": self.subject}
        return row if self.id is Id.TWO_PERSONS else dict(contacts.mask_data(row))

    def answer_of(self, phase: str) -> dict[str, Any]:
        """The answer as the checks of a phase hold it. Raises ValueError where it is not registered with that phase."""
        if not self.id.registered.belongs(phase):
            raise ValueError(
                f"check {self.id or self.name!r} is not registered with {phase}; see lib/values/check_registry.py"
            )
        return {"phase": phase, **self.to_row()}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Check":
        """The answer that a record holds, whatever else stands beside it. Raises NotAsWanted for what is none.

        A row of an earlier version has no id, and an id that this version does not know is as good as none.
        """
        try:
            name, status, found, expected = (str(row[key]) for key in ("name", "status", "found", "expected"))
            subject = str(row.get("subject", ""))
        except (AttributeError, KeyError, TypeError) as error:
            raise NotAsWanted(f"the record holds {brief(row)}, which is no answer to a check") from error
        known = member(Status, status, f"the status of check {brief(name)!r} in the record")
        return cls(id_of(row), name, known, found, expected, subject)


def id_of(row: Mapping[str, Any]) -> Id:
    """The id of a row of a record; `Id.UNKNOWN` for none, and for one that this version does not know."""
    try:
        return of(str(row.get("id", "")))
    except ValueError:
        return Id.UNKNOWN


def key_of(row: Mapping[str, Any]) -> str:
    """What the rows of one question have in common. Raises NotAsWanted for a row that is no answer."""
    which = id_of(row)
    return f"{which}:{row.get('subject', '')}" if which else f":{_of_an_answer(row, 'name')}"


def phase_of(row: Mapping[str, Any]) -> str:
    """The phase that gave the answer which a record holds. Raises NotAsWanted for a row that is no answer."""
    return _of_an_answer(row, "phase")


def _of_an_answer(row: Mapping[str, Any], key: str) -> str:
    if key not in row:
        raise NotAsWanted(f"the record holds {brief(row)}, which is no answer to a check")
    return str(row[key])


def as_before_write(checks: Iterable[Check]) -> list[Check]:
    """These answers as those from before the write, which the same answers after it do not replace."""
    return [replace(check, id=of(f"{check.id}{BEFORE}")) for check in checks]


def in_mode(checks: Iterable[Check], mode: Mode, *more: Status) -> list[Check]:
    """In plan mode nothing was made yet that could hold: there, what failed for want of it was not applied.

    `more` are other answers than `failed` for which that is the reason, too.
    """
    if mode == Mode.APPLY:
        return list(checks)
    wanting = (Status.FAILED, *more)
    return [replace(one, status=Status.NOT_APPLIED) if one.status in wanting else one for one in checks]


def status_in(mode: Mode, good: bool) -> Status:
    """Likewise of one answer: what is not good has failed, or was not applied where nothing was made yet."""
    return Status.PASSED if good else Status.FAILED if mode == Mode.APPLY else Status.NOT_APPLIED


def failures(checks: Iterable[Check]) -> list[Check]:
    """Those that stop a phase."""
    return [check for check in checks if check.status == Status.FAILED]


def brief(value: Any, most: int = 160) -> str:  # noqa: ANN401
    """A value in one line for a table, without anybody's contact; a long one is cut with its size."""
    if value is None:
        return "does not exist"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=_kind)
    text = contacts.mask_text(" ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 20]}... ({len(text):,} characters)"


def in_numbers(checks: Iterable[Check]) -> str:
    """`155 passed, 1 failed, 10 open (1 waiting, 9 not exercised here)`: a share would hide what is open."""
    counted = Counter(check.status for check in checks)
    failed = f", {counted[Status.FAILED]} failed" if counted[Status.FAILED] else ""
    waiting = [f"{counted[status]} {status}" for status in WAITS_FOR if counted[status]]
    still = sum(counted[status] for status in WAITS_FOR)
    return f"{counted[Status.PASSED]} passed{failed}" + (f", {still} open ({', '.join(waiting)})" if still else "")


def still_open(checks: Iterable[Check]) -> list[Check]:
    """Those that are no pass and no failure."""
    return [check for check in checks if check.status in WAITS_FOR]


def open_ones(checks: Iterable[Check]) -> str:
    """The open ones by name, by what they wait for; one question that is open of several subjects stands once."""
    subjects: dict[tuple[Status, str], list[str]] = {}
    for check in still_open(checks):
        subjects.setdefault((check.status, check.name.removeprefix(f"{check.subject}: ")), []).append(check.subject)
    named = [
        f"{asked} ({', '.join(whose)}): {status}" if any(whose) else f"{asked}: {status}"
        for (status, asked), whose in sorted(subjects.items(), key=lambda one: list(WAITS_FOR).index(one[0][0]))
    ]
    return "; ".join(named)


def _kind(value: Any) -> str:  # noqa: ANN401
    """What no record could hold is named, not put into words that look like a value."""
    return f"({type(value).__name__})"


def require(checks: Iterable[Check]) -> None:
    """Stop the phase when a check failed. Raises NotAsWanted naming each, with what was found."""
    said = [f"{check.name}: found {check.found}, expected {check.expected}" for check in failures(checks)]
    if said:
        raise NotAsWanted(f"{len(said)} of the checks failed: {'; '.join(said)}")


def require_any(checks: Sequence[Check]) -> None:
    """Like `require`, where there must be checks. Raises NotAsWanted when there are none at all."""
    if not checks:
        raise NotAsWanted("no check ran; expected at least one")
    require(checks)
