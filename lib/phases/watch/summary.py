"""What a watch came to, from its rows: how much of the time it watched, what broke, what nobody could tell. No AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lib.checks import Check, Status
from lib.errors import NotAsWanted
from lib.phases.watch import breaks, checkpoint_journal, checkpoint_rows
from lib.phases.watch.breaks import Break, Kind, Row
from lib.phases.watch.checkpoint_rows import LOG
from lib.phases.watch.pace import Pace, for_people, in_words, stamp
from lib.record.records import Record
from lib.values.check_registry import Id

NOBODY = "nobody watched this run"
NOT_READ = f"rows of {LOG} that CANNOT BE READ, so that they may tell of a break; look at them by hand"
GOING_ON = "it goes on, or was killed: its last row is of {}"


@dataclass(frozen=True)
class Watched:
    """A watch by its rows. `end`: how it ended; `unread`: what the newest checkpoint could not read.

    `planned_first`: how long it was to be when it began; `left`: what an earlier watch of this run found broken, last;
    `unreadable`: how many rows, of any watch of this run, hold nothing that can be read; `untold`: the questions that
    had no other answer than `cannot tell` as long as it watched.
    """

    pace: Pace
    end: str
    checkpoints: int
    gaps: tuple[Row, ...]
    put_back: tuple[Row, ...]
    breaks: tuple[Break, ...]
    unread: tuple[str, ...]
    failed_news: int
    planned_first: timedelta
    left: tuple[str, ...]
    unreadable: int = 0
    untold: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether its time is over, so that no part of it is still to be watched."""
        return self.end == checkpoint_journal.End.WHOLE

    @property
    def missed(self) -> int:
        return sum(int(row["missed"]) for row in self.gaps)

    @property
    def said(self) -> str:
        """The watch in a sentence: what it watched, its gaps, what broke."""
        time = f"{for_people(stamp(self.pace.begun))} to {for_people(stamp(self.pace.until))}"
        parts = [f"{self.checkpoints} checkpoints of {self.pace.planned} planned, {time}, {self.end}"]
        shorter = f"SHORTER than the {in_words(self.planned_first)} that it was begun for"
        parts.append(shorter if self.pace.length < self.planned_first else "")
        parts.append(self._of_gaps() if self.gaps else "" if self.put_back else "no gap")
        parts += [_of_clock(row) for row in self.put_back]
        lasting = breaks.open_breaks(self.breaks)
        over = len(self.breaks) - len(lasting)
        parts += [f"{one.name} BROKEN since {for_people(one.since)}: {one.value}" for one in lasting]
        parts.append(f"{over} that broke and are over" if over else "" if lasting else "nothing broke")
        parts.append(f"an earlier watch ended with {', '.join(self.left)} BROKEN" if self.left else "")
        parts.append(f"could not be read at the end: {', '.join(self.unread)}" if self.unread else "")
        parts.append(f"at no time could anybody tell: {', '.join(self.untold)}" if self.untold else "")
        parts.append(f"{self.unreadable} {NOT_READ}" if self.unreadable else "")
        parts.append(f"not told to the operations topic: {self.failed_news}" if self.failed_news else "")
        return "; ".join(filter(None, parts))

    def _of_gaps(self) -> str:
        unwatched = sum((_length(row) for row in self.gaps), timedelta())
        return f"NOBODY WATCHED for {in_words(unwatched)} (gaps: {len(self.gaps)}, checkpoints missed: {self.missed})"

    def to_row(self) -> dict[str, Any]:
        """As plain data, for a script."""
        return {
            "begun": stamp(self.pace.begun),
            "until": stamp(self.pace.until),
            "end": self.end,
            "checkpoints": self.checkpoints,
            "planned": self.pace.planned,
            "gaps": [{key: row[key] for key in ("from", "to", "missed", "why")} for row in self.gaps],
            "put_back": [{key: row[key] for key in ("time", "back_seconds", "why")} for row in self.put_back],
            "breaks": [one.to_row() for one in self.breaks],
            "unread": list(self.unread),
            "planned_first_seconds": self.planned_first.total_seconds(),
            "left_broken": list(self.left),
            "unreadable_rows": self.unreadable,
            "untold": list(self.untold),
        }


def _of_clock(row: Row) -> str:
    back = in_words(timedelta(seconds=row["back_seconds"]))
    return f"THE CLOCK WAS PUT BACK by {back} while nothing ran: whether the whole time was watched CANNOT BE TOLD"


def _length(gap: Row) -> timedelta:
    return datetime.fromisoformat(gap["to"]) - datetime.fromisoformat(gap["from"])


def of_rows(rows: Sequence[Row]) -> Watched | None:
    """The newest watch among these rows; None where nobody watched."""
    mine = checkpoint_journal.latest_watch(rows)
    if not mine:
        return None
    checkpoints = [row for row in mine if row["row"] == Kind.CHECKPOINT]
    newest = checkpoints[-1]["answers"] if checkpoints else []
    every = tuple(breaks.every_break(mine))
    last = [row for row in mine if row["row"] != Kind.UNREADABLE][-1]
    end = str(last["why"]) if last["row"] == Kind.ENDED else GOING_ON.format(for_people(last["time"]))
    return Watched(
        pace=checkpoint_journal.pace_of(mine),
        end=end,
        checkpoints=len(checkpoints),
        gaps=tuple(row for row in mine if row["row"] == Kind.GAP),
        put_back=tuple(row for row in mine if row["row"] == Kind.CLOCK and "why" in row),
        breaks=every,
        unread=tuple(one["asked"] for one in newest if one["error"]),
        failed_news=sum(one.untold is not None for one in every),
        planned_first=timedelta(seconds=mine[0]["for_seconds"]),
        left=_left_by_the_one_before(rows[: len(rows) - len(mine)]),
        unreadable=_unreadable(rows),
        untold=_untold(checkpoints),
    )


def _untold(checkpoints: Sequence[Row]) -> tuple[str, ...]:
    """The names of the answers that were never another one than `cannot tell`: nothing broke, for want of evidence."""
    checks = [Check.from_row(one) for row in checkpoints for answered in row["answers"] for one in answered["checks"]]
    known = {one.name for one in checks if one.status != Status.CANNOT_TELL}
    return tuple(dict.fromkeys(one.name for one in checks if one.name not in known and one.id is not Id.WATCH_UNREAD))


def _unreadable(rows: Sequence[Row]) -> int:
    return sum(row["row"] == Kind.UNREADABLE for row in rows)


def _left_by_the_one_before(rows: Sequence[Row]) -> tuple[str, ...]:
    """What was broken still when the watch before ended: a later one asks anew, and need not find it again."""
    every = tuple(breaks.every_break(checkpoint_journal.latest_watch(rows)))
    return tuple(one.name for one in breaks.open_breaks(every))


def of_run(record: Record) -> Watched | None:
    """The newest watch of a run, as its record tells."""
    return of_rows(checkpoint_rows.of_record(record))


def reach(record: Record) -> tuple[int, int]:
    """How far a record tells of the watches of its run: of two, the one that reaches further is the later one."""
    return len(record.rows(LOG)), 0


def said_of(record: Record) -> str:
    """The newest watch of a run in a sentence, or that nobody watched, or can tell who did."""
    rows = checkpoint_rows.of_record(record)
    watched, unreadable = of_rows(rows), _unreadable(rows)
    return watched.said if watched else f"{unreadable} {NOT_READ}" if unreadable else NOBODY


def table(record: Record) -> list[dict[str, str]]:
    """The watch of a run: what broke, each gap, each clock that was put back, and the watch itself. What is over, a gap
    and a clock are to be explained."""
    watched = of_run(record)
    if watched is None:
        said = said_of(record)
        unread = {"what": "the watch", "status": str(Status.CANNOT_TELL), "from": "", "until": "", "said": said}
        return [] if said == NOBODY else [unread]
    rows = [_break_row(one) for one in watched.breaks]
    for gap in watched.gaps:
        said = f"NOT WATCHED, {gap['missed']} checkpoints missed: {gap['why']}"
        rows.append(_row("gap", Status.WAITING, gap["from"], for_people(gap["to"]), said))
    rows += [
        _row("clock", Status.WAITING, row["time"], "", f"{row['why']}; {_of_clock(row)}") for row in watched.put_back
    ]
    quiet = watched.whole and not rows and not watched.unread and not watched.unreadable
    well = Status.CANNOT_TELL if watched.untold else Status.PASSED
    status = well if quiet else Status.WAITING
    times = stamp(watched.pace.begun), for_people(stamp(watched.pace.until))
    return [*rows, _row("the watch", status, *times, watched.said)]


def _break_row(one: Break) -> dict[str, str]:
    status = Status.WAITING if one.over else Status.FAILED
    return _row(
        one.name,
        status,
        one.since,
        for_people(one.over) if one.over else "it lasts",
        f"{one.value}; limit: {one.limit}",
    )


def _row(what: str, status: Status, since: str, until: str, said: str) -> dict[str, str]:
    return {"what": what, "status": status, "from": for_people(since), "until": until, "said": said}


def require_quiet(rows: Sequence[Row]) -> None:
    """Raise NotAsWanted where a criterion broke in this watch, over by now or not, and where its end was not read."""
    watched = of_rows(rows)
    if watched and watched.breaks:
        named = "; ".join(
            f"{one.name}, since {for_people(one.since)}, "
            f"{f'over at {for_people(one.over)}' if one.over else 'and it lasts'}: {one.value}, "
            f"limit {one.limit}"
            for one in watched.breaks
        )
        raise NotAsWanted(f"while this run was watched it broke: {named}")
    if watched and watched.unreadable:
        raise NotAsWanted(f"the record of the watch holds {watched.unreadable} {NOT_READ}")
    if watched and watched.unread:
        raise NotAsWanted(
            f"the watch could not read at its end: {', '.join(watched.unread)}; nobody looked at the last of its time. "
            "Review the run once AWS answers"
        )
