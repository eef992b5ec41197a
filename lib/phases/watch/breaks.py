"""Which criteria are broken, since when, and what of that operations was told: from the rows of a watch alone. No AWS.

A break lasts until its question is read again and finds it no more. What cannot be told ends none, and begins one where
nobody expected what was in the way: AWS that does not answer is asked again, but such a question may never be answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lib.checks import Check, Status, key_of
from lib.phases.watch.checkpoint import is_unexpected

Row = Mapping[str, Any]


class Kind(StrEnum):
    """What a row of a watch tells of."""

    BEGUN = "watch begun"
    RESUMED = "watch resumed"
    CHECKPOINT = "checkpoint"
    GAP = "gap"  # nobody watched
    CLOCK = "clock"  # this machine's was set back; with `why`, while nothing ran
    ALERT = "alert"  # to the operations topic, or the attempt at one
    ENDED = "watch ended"
    UNREADABLE = "a row that cannot be read"  # none is written: what was read is none of these


class News(StrEnum):
    """What operations are told of a break."""

    BROKEN = "broken"
    OVER = "over"


@dataclass(frozen=True)
class Break:
    """A criterion that was found broken. `value` and `limit` are those of when it broke; `over` is "" while it lasts.

    `told`: what of it reached the operations topic. `without_names`: the value without the executions that it names, ""
    where it names none.
    """

    key: str
    asked: str
    name: str
    value: str
    limit: str
    since: str
    over: str = ""
    told: frozenset[str] = frozenset()
    without_names: str = ""

    @property
    def untold(self) -> News | None:
        """What is still to be told. Of one that is over before anybody heard of it, that it was and is over."""
        if self.over:
            return None if News.OVER in self.told else News.OVER
        return None if News.BROKEN in self.told else News.BROKEN

    def to_row(self) -> dict[str, Any]:
        """For a script, and for the record's readers."""
        head = {"criterion": self.name, "value": self.value, "limit": self.limit}
        return {**head, "since": self.since, "over": self.over, "told": sorted(self.told)}


def every_break(rows: Iterable[Row]) -> list[Break]:
    """Every break of a watch, oldest first, as its rows tell."""
    breaks: list[Break] = []
    for row in rows:
        if row["row"] == Kind.CHECKPOINT:
            breaks = _after_checkpoint(breaks, row)
        elif row["row"] == Kind.ALERT and row["published"]:
            about = (row["key"], row["since"])
            breaks = [_with_news(one, row["news"]) if (one.key, one.since) == about else one for one in breaks]
    return breaks


def _with_news(one: Break, news: str) -> Break:
    return replace(one, told=one.told | {news})


def open_breaks(breaks: Iterable[Break]) -> list[Break]:
    """Those that are not over."""
    return [one for one in breaks if not one.over]


def _after_checkpoint(breaks: Sequence[Break], row: Row) -> list[Break]:
    later = list(breaks)
    for answered in row["answers"]:
        if answered["error"]:
            later += _unexpected(answered, row["time"], later)
            continue
        checks = [Check.from_row(one) for one in answered["checks"]]
        found_now = {key_of(one.to_row()): one for one in checks}
        # One that a question lists no more is over: an alarm that went off and is quiet again.
        later = [
            replace(one, over=row["time"]) if _is_over(one, answered["asked"], found_now) else one for one in later
        ]
        without = answered.get("without_names", {})
        open_keys = {one.key for one in open_breaks(later)}
        later += [
            replace(_begun(key, answered, one, row["time"]), without_names=without.get(key, ""))
            for key, one in found_now.items()
            if one.status == Status.FAILED and key not in open_keys
        ]
    return later


def _unexpected(answered: Row, time: str, breaks: Sequence[Break]) -> list[Break]:
    if not is_unexpected(answered["error"]):
        return []
    unread = {key_of(one): Check.from_row(one) for one in answered["checks"]}
    known = {one.key for one in open_breaks(breaks)}
    return [_begun(key, answered, one, time) for key, one in unread.items() if key not in known]


def _begun(key: str, answered: Row, one: Check, time: str) -> Break:
    return Break(key, answered["asked"], one.name, one.found, one.expected, time)


def _is_over(one: Break, asked: str, found_now: Mapping[str, Check]) -> bool:
    if one.over or one.asked != asked:
        return False
    return one.key not in found_now or found_now[one.key].status == Status.PASSED
