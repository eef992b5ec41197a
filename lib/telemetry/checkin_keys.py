"""The names of the recorded check-ins in a window, without listing the years before it. Read-only; opens no object.

A bucket is listed in the order of its keys, one user after another, and each user's days in order. A listing that ends
among a user's earlier days goes on at the first day of the window, so it costs what the users and the window cost, and
never more calls than listing everything. What lies between a user's earlier day and that first day is not looked at: a
user whose id begins with another user's id and `/20` would be missed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from sys import intern
from typing import Any

from lib.aws import Live, readable

KEY = re.compile(r"^(?P<user>.+)/(?P<day>\d{4}/\d{2}/\d{2})/(?P<stamp>[^/]+)\.json$")
DAY = re.compile(r"^(?P<user>.+)/(?P<day>(?:19|20)\d\d/\d{2}/\d{2})/")
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


def listed(live: Live, start: datetime, end: datetime, in_time: Callable[[], bool] = lambda: True) -> Listing:
    """The keys from `start` until before `end`, without the drill user's, who is nobody. Read-only.

    A name that tells no moment counts with its day, a day wider for zones: the object may tell it. Ends unfinished once
    `in_time` says no.
    """
    s3, bucket = live.client("s3"), live.settings.checkin_bucket_name
    drills, first, last = f"{live.settings.drill_user_id}/", _day(start, -1), _day(end, 1)
    keys, odd, calls, cursor, more = list[Key](), list[str](), 0, "", True
    with readable(f"reading check-ins from {bucket}"):
        while more and in_time():
            page = s3.list_objects_v2(Bucket=bucket, **({"StartAfter": cursor} if cursor else {}))
            calls += 1
            for item in page.get("Contents", []):
                key = _key(item)
                if item["Key"].startswith(drills):
                    continue
                if key is None:
                    odd += [] if _elsewhen(item["Key"], first, last) else [item["Key"]]
                elif first <= key.day <= last and (key.moment is None or start <= key.moment < end):
                    keys.append(key)
            more = bool(page.get("IsTruncated"))
            cursor = _onward(page["Contents"][-1]["Key"], first, last) if more else ""
    return Listing(tuple(keys), tuple(odd), calls, not more)


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
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
