"""What a watch shows in the terminal: a line a checkpoint, gap or alert, and one that changes meanwhile. No AWS."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from lib.checks import Check, Status
from lib.display import console, marks
from lib.phases.watch import breaks, checkpoint_journal
from lib.phases.watch.breaks import Kind, Row
from lib.phases.watch.pace import for_people, in_words
from lib.values.numbers import plural, say_exactly


def row(added: Row) -> None:
    """A row of a watch as it is added. What went wrong is said also where little is."""
    if console.is_watched():
        console.overwrite("")
    kind, at = added["row"], for_people(added["time"])
    if kind == Kind.CHECKPOINT:
        _checkpoint(added)
    elif kind == Kind.GAP:
        hours = f"{for_people(added['from'])} to {for_people(added['to'])}"
        console.line(f"NOT WATCHED from {hours}, {added['missed']} checkpoints missed: {added['why']}", result=True)
    elif kind == Kind.CLOCK:
        console.line(f"{at}  this machine's clock was set back by {say_exactly(added['back_seconds'])}", result=True)
    elif kind == Kind.ALERT and added["published"]:
        console.line(f"{at}  operations were told that it is {added['news']}: {added['criterion']}", result=True)
    elif kind == Kind.ALERT:
        said = f"operations were NOT told that it is {added['news']}: {added['criterion']}: {added['error']}"
        console.complain(f"{at}  {said}. It is tried again at the next checkpoint")
    elif kind == Kind.ENDED:
        console.line(f"{at}  the watch ended: {added['why']}", result=True)
    else:
        every, length = (in_words(timedelta(seconds=added[key])) for key in ("every_seconds", "for_seconds"))
        console.line(f"{at}  {kind}: every {every}, for {length} in all")


def _checkpoint(added: Row) -> None:
    checks = [Check.from_row(one) for answered in added["answers"] for one in answered["checks"]]
    counted = Counter(str(check.status) for check in checks)
    in_numbers = ", ".join(f"{counted[word]} {word}" for word in marks.worst_first(counted, counted))
    worst = marks.worst_first(counted, counted)[0] if counted else str(Status.CANNOT_TELL)
    console.verdict_line(
        worst, f": checkpoint of {for_people(added['time'])}, read in {added['seconds']:g} s: {in_numbers}"
    )
    for check in (one for one in checks if one.status == Status.FAILED):
        console.verdict_line(check.status, f": {check.name}: {check.found}; limit: {check.expected}", result=True)


def countdown(now: datetime, due: datetime, rows: Sequence[Row]) -> None:
    """How long until the next checkpoint, and what is broken, on a line that is written over."""
    if not console.is_watched() or not rows:
        return
    made = [row for row in rows if row["row"] == Kind.CHECKPOINT]
    planned = checkpoint_journal.pace_of(rows).planned
    left = say_exactly(max(0.0, (due - now).total_seconds()))
    console.overwrite(f"watching: {len(made)} of {planned} checkpoints made, {_broken(made, rows)}; the next in {left}")


def _broken(made: Sequence[Row], rows: Sequence[Row]) -> str:
    """How many breaks last; that nothing is broken, only where the newest checkpoint had an answer to all it asked."""
    lasting = breaks.open_breaks(breaks.every_break(rows))
    asked = made[-1]["answers"] if made else []
    unread = sum(not _is_answered(one) for one in asked)
    of = f"{plural(len(asked), 'question')}"
    beside = f", {unread} of {of} WITHOUT AN ANSWER" if unread else ""
    if lasting:
        return f"{len(lasting)} BROKEN{beside}"
    if not asked:
        return "nothing read yet"
    return f"no break seen{beside}" if unread else "nothing broken"


def _is_answered(answered: Row) -> bool:
    statuses = {Check.from_row(one).status for one in answered["checks"]}
    return bool(statuses) and not answered["error"] and Status.CANNOT_TELL not in statuses
