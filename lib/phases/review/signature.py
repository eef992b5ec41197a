"""Who signed the review of a run, with which decision, and of which criteria: a row a signature, sealed with the run.

A signature is of the criteria as the newest review decided them; a review that is made after it is signed anew. The
name is whichever was typed, so that beside it always stands who, by AWS, typed it. No AWS.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lib.changes import persons
from lib.changes.kept_plans import PLAN
from lib.changes.stepped_cells import CELLS
from lib.checks import Check, Status, failures, key_of
from lib.errors import BadParameters, NotAsWanted
from lib.phases.watch import breaks, summary
from lib.record import command_lines
from lib.record.folder import CHECKS
from lib.record.folder import SIGNATURES as LOG
from lib.record.records import CRITERIA, Record, Run
from lib.record.run_phases import REVIEW
from lib.values import contacts
from lib.values.check_registry import Id

LONGEST = {"by": 200, "comment": 2_000}  # characters
NOBODY = "nobody has signed the review of this run"
BROKE_OFF = "the newest review: it broke off, and the criteria are of one before"
UNREADABLE = f"A ROW OF {LOG} CANNOT BE READ"
NOT_READ = f"{UNREADABLE}, so that nobody can tell whether the review is accepted; look at it by hand, and sign again"
TEXTS = ("time", "by", "comment", "criteria", "sha256")


class Decision(StrEnum):
    """What a reviewer decides on a change that was carried out."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True)
class Signature:
    """A reviewer's word. `by` is whatever name was typed; `caller` is who AWS says wrote it down."""

    by: str
    decision: Decision
    comment: str
    caller: str


def sign(run: Run, signature: Signature, now: datetime | None = None) -> dict[str, Any]:
    """Add a signature to the record of a run, and return its row.

    Raises BadParameters where there is no review to sign, of what is no name of one person, and where a comment is
    missing that the decision needs: every rejection, and whatever is accepted though something stands against it.
    """
    kept = run.record.kept_as(CRITERIA)
    if not kept:
        raise BadParameters(f"run {run.record.run_id} has no review that could be signed; make one, and sign that")
    unmet = not_passed(run.record)
    _require(signature, unmet)
    row = {
        "time": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "by": signature.by.strip(),
        "decision": str(signature.decision),
        "comment": contacts.mask_text(signature.comment.strip()),
        "caller": signature.caller,
        "carried_out": any(persons.same_person(signature.by, caller) for caller in _carried_out_by(run.record)),
        "criteria": kept[-1],
        "sha256": _sum(run.record, kept[-1]),
        "not_passed": unmet,
    }
    run.record.append(LOG, row)
    return row


def not_passed(record: Record) -> list[str]:
    """What stands against accepting, each with how it was answered; none without a review.

    The criteria that did not pass in the newest review, whatever else failed in it, as an alert that was lost does, and
    what the newest watch found broken and still is.
    """
    criteria = record.latest(CRITERIA)
    if criteria is None:
        return []
    try:
        unmet = [f"{one['name']}: {one['status']}" for one in criteria if one["status"] != Status.PASSED]
    except (KeyError, TypeError):
        unmet = [f"{CRITERIA}: it cannot be read"]
    try:
        answers = _answers(record)
        failed = [f"{one.name}: {one.status}" for one in failures(answers)]
        failed += [BROKE_OFF] if _broke_off(answers) else []
    except NotAsWanted:
        failed = [f"{CHECKS}: it cannot be read"]
    watched = summary.of_run(record)
    lasting = [f"{one.name}: broken since {one.since}" for one in breaks.open_breaks(watched.breaks if watched else [])]
    lasting += [f"{name}: broken when the watch before ended" for name in (watched.left if watched else ())]
    return list(dict.fromkeys([*unmet, *failed, *lasting]))


def _answers(record: Record) -> list[Check]:
    """Those of the newest attempt at a review, also of one that broke off: as each question was answered last.

    Raises NotAsWanted for a row that is no answer.
    """
    rows = [row for row in record.rows(CHECKS) if row.get("phase") == REVIEW]
    newest = {key_of(row): row for row in rows if row.get("attempt") == rows[-1].get("attempt")}
    return [Check.from_row(row) for row in newest.values()]


def _broke_off(answers: Sequence[Check]) -> bool:
    """Whether a review answered something and decided no criterion; of an earlier version's, nobody can tell."""
    asked = {check.id for check in answers}
    return bool(asked) and not asked & {Id.CRITERION_1, Id.UNKNOWN}


def _require(signature: Signature, unmet: Sequence[str]) -> None:
    if not any(letter.isalpha() for letter in signature.by):
        raise BadParameters(f"signed by {signature.by!a}: expected a person's name, --by NAME")
    if group := persons.group(signature.by):
        raise BadParameters(
            f"signed by {group!a}: expected one person's name, --by NAME; who is meant nobody could ask"
        )
    if odd := persons.odd(signature.by):
        raise BadParameters(f"signed by {signature.by!a}: {odd}; expected one person's name as it is written")
    if contacts.mask_text(signature.by) != signature.by:
        raise BadParameters("--by holds an address or a telephone number; expected a person's name alone")
    for what, most in LONGEST.items():
        if (length := len(getattr(signature, what))) > most:
            raise BadParameters(f"--{what} has {length:,} characters; expected at most {most:,}")
    if signature.comment.strip():
        return
    if signature.decision == Decision.REJECT:
        raise BadParameters("a rejection says why, and what is to be done: add --comment TEXT")
    if unmet:
        raise BadParameters(
            f"not everything passed ({'; '.join(unmet)}); to accept it all the same, say why: add --comment TEXT"
        )


def _carried_out_by(record: Record) -> list[str]:
    """Every caller who carried out some of this run, as far as its record tells: who began it and who went on with it,
    who ran its phases last, and who stepped through cells."""
    plans = [plan.get("approval") for plan in record.attempts(PLAN) if isinstance(plan, Mapping)]
    those = [(record.verdict() or {}).get("caller"), *plans, *record.rows(CELLS)]
    callers = [str(one.get("caller") or "") for one in those if isinstance(one, Mapping)]
    return list(dict.fromkeys(filter(None, callers)))


def _wrote_down(record: Record, row: Mapping[str, Any]) -> str:
    """Who wrote a signature down, which a typed name does not tell, and whether they carried out any of the run."""
    caller = str(row.get("caller") or "")
    if not caller:
        return "a caller that it does not tell"
    carried = any(caller == one or persons.same_person(caller, one) for one in _carried_out_by(record))
    return f"{caller}{', who carried out some of the run' if carried else ''}"


def _sum(record: Record, name: str) -> str:
    return hashlib.sha256((record.folder / name).read_bytes()).hexdigest()


def reach(record: Record) -> tuple[int, int]:
    """How far a record tells of the review of its run: of two, the one that reaches further is the later one."""
    return len(record.rows(LOG)), len(record.kept_as(CRITERIA))


def _is_readable(row: Mapping[str, Any]) -> bool:
    """Whether a row of the log is a signature, as `sign` writes one: what is none is said, and accepts nothing."""
    unmet = row.get("not_passed")
    texts = all(isinstance(row.get(name), str) for name in TEXTS) and isinstance(row.get("caller", ""), str)
    lists = isinstance(unmet, list) and all(isinstance(one, str) for one in unmet)
    return texts and lists and isinstance(row.get("carried_out"), bool) and row.get("decision") in [*Decision]


def latest(record: Record) -> str:
    """The newest signature in a sentence, and whether it is of the newest review."""
    rows = record.rows(LOG)
    if not rows:
        return NOBODY
    row, kept = rows[-1], record.kept_as(CRITERIA)
    if not _is_readable(row):
        return NOT_READ
    word = {Decision.ACCEPT: "accepted", Decision.REJECT: "REJECTED"}[Decision(row["decision"])]
    said = f"{word} by {row['by']} at {row['time']}"
    said += f", though {'; '.join(row['not_passed'])}" if row["not_passed"] and word == "accepted" else ""
    said += ", who carried out some of the run as well" if row["carried_out"] else ""
    said += f", written down by {_wrote_down(record, row)}"
    # On one line: what somebody typed behind a line's end would stand there like a line of ours.
    said += f": {' '.join(row['comment'].split())}" if row["comment"] else ""
    newer = not kept or (kept[-1], _sum(record, kept[-1])) != (row["criteria"], row["sha256"])
    said += ". A LATER REVIEW IS NOT SIGNED" if newer else ""
    return said if all(map(_is_readable, rows)) else f"{said}. {UNREADABLE}"


def table(record: Record) -> list[dict[str, str]]:
    """Every signature with who wrote it down, the newest first."""
    columns, wrote = ("time", "by", "decision", "comment", "criteria"), "written down by"
    unreadable = {**dict.fromkeys([*columns, wrote], ""), "decision": UNREADABLE}
    return [
        {**{column: str(row[column]) for column in columns}, wrote: _wrote_down(record, row)}
        if _is_readable(row)
        else unreadable
        for row in reversed(record.rows(LOG))
    ]


def commands(run: Run) -> list[dict[str, str]]:
    """How the review of this run is signed, a row a decision."""
    why = ["--comment", '"$WHY"']
    words = {Decision.ACCEPT: why if not_passed(run.record) else [], Decision.REJECT: why}
    return [
        {
            "decision": str(decision),
            "command": command_lines.runbook(
                run.settings, "sign", run.record.run_id, "--by", '"$REVIEWER"', "--decision", str(decision), *more
            ),
        }
        for decision, more in words.items()
    ]
