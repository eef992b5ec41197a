"""The names of the recorded check-ins in a window, without listing the years before it. Read-only; opens no object.

A bucket is listed in the order of its keys, one user after another, and each user's days in order. A listing that ends
among a user's earlier days goes on at the first day of the window, so it costs what the users and the window cost, and
hardly more calls than listing everything. What lies between a user's earlier day and that first day is not looked at: a
user whose id begins with another user's id and `/20` would be missed.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import inf
from sys import intern
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.values.reviewed import iso_moment

KEY = re.compile(r"^(?P<user>.+)/(?P<day>\d{4}/\d{2}/\d{2})/(?P<stamp>[^/]+)\.json$")
DAY = re.compile(r"^(?P<user>.+)/(?P<day>(?:19|20)\d\d/\d{2}/\d{2})/")
AT_ONCE = 8
ALONE = 32  # calls one after the other, before it is worth knowing the users
NEVER = "2100"  # no check-in is of this year; a user's days after the window end before it


@dataclass(frozen=True, slots=True)
class Key:
    """One recorded check-in by its name: user, the moment where its name tells it, and what stands there now."""

    name: str
    user: str
    day: date
    moment: datetime | None
    etag: str


@dataclass(frozen=True)
class Listing:
    """The keys of a window; those that are named like no check-in; the calls it took; whether it came to its end."""

    keys: tuple[Key, ...]
    odd: tuple[str, ...]
    calls: int
    whole: bool = True


@dataclass(frozen=True)
class _Part:
    """What was found in a part of the bucket; `cursor` is where it would go on, None at its end."""

    keys: list[Key]
    odd: list[str]
    calls: int
    cursor: str | None


@dataclass(frozen=True)
class _Window:
    """The days and the moments that are looked for, in the bucket of a connection."""

    live: Live
    start: datetime
    end: datetime
    in_time: Callable[[], bool]

    @property
    def days(self) -> tuple[date, date]:
        return _day(self.start, -1), _day(self.end, 1)

    def part(self, after: str, until: str, most: float = inf) -> _Part:
        """The keys after one and not after the other ("": to the end), by so many calls at most."""
        keys, odd, calls, (first, last) = list[Key](), list[str](), 0, self.days
        drills, cursor = f"{self.live.settings.drill_user_id}/", after
        while calls < most and self.in_time():
            page = self._page(cursor)
            calls += 1
            items = [item for item in page.get("Contents", []) if not until or item["Key"] <= until]
            for item in items:
                name, key = item["Key"], _key(item)
                if name.startswith(drills):
                    continue
                if key is None:
                    odd += [] if _elsewhen(name, first, last) else [name]
                elif first <= key.day <= last and (key.moment is None or self.start <= key.moment < self.end):
                    keys.append(key)
            if not page.get("IsTruncated") or len(items) < len(page["Contents"]):
                return _Part(keys, odd, calls, None)
            cursor = _onward(items[-1]["Key"], first, last)
        return _Part(keys, odd, calls, cursor)

    def _page(self, after: str, **more: str) -> dict[str, Any]:
        s3, bucket = self.live.client("s3"), self.live.settings.checkin_bucket_name
        return dict(s3.list_objects_v2(Bucket=bucket, **({"StartAfter": after} if after else {}), **more))

    def users(self, after: str) -> tuple[list[str], int]:
        """What stands before the first slash of the keys after this one, in order, and the calls it took."""
        users, calls, more = list[str](), 0, dict[str, str]()
        while self.in_time():
            page = self._page(after, Delimiter="/", **more)
            calls += 1
            users += [prefix["Prefix"] for prefix in page.get("CommonPrefixes", [])]
            if not page.get("IsTruncated"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        return users, calls


def list_keys(
    live: Live,
    start: datetime,
    end: datetime,
    in_time: Callable[[], bool] = lambda: True,
    alone: int = ALONE,
) -> Listing:
    """The keys from `start` until before `end`, without the drill user's, who is nobody. Read-only.

    A name that tells no moment counts with its day, a day wider for zones: the object may tell it. What is not listed
    by the first `alone` calls is shared out by users and listed at once. Ends unfinished once `in_time` says no.
    """
    window, calls = _Window(live, start, end, in_time), 0
    with readable(f"reading check-ins from {live.settings.checkin_bucket_name}"):
        parts = [window.part("", "", alone)]
        if (after := parts[0].cursor) is not None:
            users, calls = window.users(after)
            cuts = [user for user in users[:: max(1, len(users) // AT_ONCE)] if user > after]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                parts += pool.map(lambda ends: window.part(*ends), pairwise([after, *cuts, ""]))
    return Listing(
        tuple(key for part in parts for key in part.keys),
        tuple(name for part in parts for name in part.odd),
        calls + sum(part.calls for part in parts),
        all(part.cursor is None for part in parts[1:] or parts),
    )


def _day(moment: datetime, wider: int) -> date:
    return (moment.astimezone(UTC) + timedelta(days=wider)).date()


def _onward(name: str, first: date, last: date) -> str:
    """Where the listing goes on after this key: at the window where its user's days lie before it, or past them."""
    match = DAY.match(name)
    if match is None or f"{first:%Y/%m/%d}" <= match["day"] <= f"{last:%Y/%m/%d}":
        return name
    before = match["day"] < f"{first:%Y/%m/%d}"
    return max(name, f"{match['user']}/{f'{first:%Y/%m/%d}' if before else NEVER}")


def _elsewhen(name: str, first: date, last: date) -> bool:
    """Whether it lies in a day outside the window: what is there is not this window's matter."""
    match = DAY.match(name)
    return match is not None and not f"{first:%Y/%m/%d}" <= match["day"] <= f"{last:%Y/%m/%d}"


def _key(item: dict[str, Any]) -> Key | None:
    match = KEY.match(item["Key"])
    day = _date(match["day"]) if match else None
    if match is None or day is None:
        return None
    return Key(item["Key"], intern(match["user"]), day, moment_of(match["stamp"]), str(item.get("ETag", "")))


@lru_cache(maxsize=4096)
def _date(text: str) -> date | None:
    """None for one that no calendar has, such as 2026/02/31."""
    try:
        return date(*map(int, text.split("/")))
    except ValueError:
        return None


def moment_of(value: object) -> datetime | None:
    """ISO 8601 (without a zone: UTC), or seconds or milliseconds since 1970; None for anything else."""
    text = str(value)
    try:
        if text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
        moment = iso_moment(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
