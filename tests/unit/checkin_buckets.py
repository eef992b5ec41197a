"""A bucket of check-ins in a dictionary, which counts what is asked of it."""

import io
import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pandas as pd

from lib import settings as parameters
from lib.aws import Identity, Live
from lib.telemetry import checkins

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)
KEY = "user-1/2026/01/01/2026-01-01T12:30:00.000+00:00.json"
SECRET = "zebra umbrella marmalade"
GOOD = {"userId": "user-1", "risk_score": 42.5, "score": -0.3, "trajectory": "declining", "text": SECRET}


class Bucket:
    """Objects by key, listed two a page unless told otherwise; a key whose value is an exception raises it.

    Each answer takes its time by a clock of the bucket's own.
    """

    def __init__(self, objects: dict[str, Any], page: int = 2, seconds: float = 0.0) -> None:
        self.objects, self.page, self.seconds = objects, page, seconds
        self.keys = sorted(objects)
        self.read: list[str] = []
        self.listed = 0
        self.now = 0.0
        self.one_by_one = Lock()

    def list_objects_v2(self, StartAfter: str = "", **asked: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        with self.one_by_one:
            self.listed += 1
        if "Delimiter" in asked:
            after = [key for key in self.keys if key > StartAfter]
            users, first = (
                sorted({key.partition("/")[0] + "/" for key in after}),
                int(asked.get("ContinuationToken", 0)),
            )
            more, following = first + self.page < len(users), str(first + self.page)
            shown = [{"Prefix": user} for user in users[first : first + self.page]]
            return {"CommonPrefixes": shown, "IsTruncated": more, "NextContinuationToken": following}
        first = bisect_right(self.keys, StartAfter)
        keys = self.keys[first : first + self.page]
        return {
            "Contents": [{"Key": key, "ETag": str(self.objects[key])} for key in keys],
            "IsTruncated": first + self.page < len(self.keys),
        }

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        with self.one_by_one:
            self.read.append(Key)
            self.now += self.seconds
        found = self.objects[Key]
        if isinstance(found, Exception):
            raise found
        return {"Body": io.BytesIO(found if isinstance(found, bytes) else json.dumps(found).encode())}

    def clock(self) -> float:
        return self.now


def of(bucket: Any, **given: Any) -> Live:
    chosen = parameters.load("local").model_copy(update=given)
    return Live(chosen, Identity("0", "us-east-1", "me", ""), None, {"s3": bucket})  # type: ignore[arg-type]


DAY = timedelta(days=1)


def named(user: str, moment: datetime) -> str:
    return f"{user}/{moment:%Y/%m/%d}/{moment.isoformat()}.json"


def many(users: int, days: int, a_day: int, before: datetime = END) -> dict[str, Any]:
    """So many check-ins on each of so many whole days before, dealt out to the users."""
    last = before.replace(hour=0, minute=0)
    moments = [last - (day + 1) * DAY + n * DAY / a_day for day in range(days) for n in range(a_day)]
    return {named(f"user-{n % users:03d}", moment): GOOD for n, moment in enumerate(moments)}


def recorded(objects: dict[str, Any]) -> pd.DataFrame:
    return checkins.history(checkins.outlook(of(Bucket(objects)), START, END))
