"""Recorded check-ins of the bucket, as a DataFrame of scores. Read-only; the words of a check-in are never kept.

An object may hold its text, so the text may pass through memory while the object is parsed; it is dropped there.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError

from lib.aws import Live, error_code, readable

KEY = re.compile(r"^(?P<user>.+)/(?P<day>\d{4}/\d{2}/\d{2})/(?P<stamp>[^/]+)\.json$")
COLUMNS = ["userId", "time", "risk_score", "score", "trajectory"]
AT_ONCE = 8
EXAMPLES = 5


def recorded(live: Live, start: datetime, end: datetime) -> pd.DataFrame:
    """Check-ins from `start` until before `end`: userId, time (UTC), risk_score, score, trajectory. Read-only.

    A score that is missing or no number is NaN: unscored, never 0. The drill user is nobody, and is left out.
    `attrs["unreadable"]` counts the objects that could not be read as a check-in, and `attrs["examples"]` names the
    first of them with the reason; they are not rows.
    """
    s3, bucket = live.client("s3"), live.settings.checkin_bucket_name
    with readable(f"reading check-ins from {bucket}"), ThreadPoolExecutor(AT_ONCE) as pool:
        drills = f"{live.settings.drill_user_id}/"
        keys = [key for key in _keys(s3, bucket, start, end) if not key.startswith(drills)]
        found = list(pool.map(lambda key: _checkin(s3, bucket, key), keys))
    rows = [row for row in found if not isinstance(row, str) and start <= row[1] < end]
    wrong = [f"{key}: {row}" for key, row in zip(keys, found, strict=True) if isinstance(row, str)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    frame = frame.astype({"risk_score": float, "score": float}).sort_values("time", ignore_index=True, kind="stable")
    frame.attrs.update({"unreadable": len(wrong), "examples": wrong[:EXAMPLES]})
    return frame


def _keys(s3: Any, bucket: str, start: datetime, end: datetime) -> Iterator[str]:  # noqa: ANN401
    """Keys whose day touches the window, a day wider for zones, and keys that are no check-in's: they get reported."""
    first, last = (moment.astimezone(UTC).date() for moment in (start - timedelta(days=1), end + timedelta(days=1)))
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            match = KEY.match(item["Key"])
            if match is None or f"{first:%Y/%m/%d}" <= match["day"] <= f"{last:%Y/%m/%d}":
                yield item["Key"]


def _checkin(s3: Any, bucket: str, key: str) -> tuple[str, datetime, float, float, str] | str:  # noqa: ANN401
    """A row, or why there is none."""
    match = KEY.match(key)
    if match is None:
        return "not named {userId}/{year}/{month}/{day}/{timestamp}.json"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        content = json.loads(body, object_pairs_hook=_without_text)
        if not isinstance(content, dict):
            return f"holds {type(content).__name__}, expected an object"
        moment = _moment(match["stamp"]) or _moment(content.get("timestamp"))
    except ClientError as error:
        return f"not readable: {error_code(error)}"
    except ValueError:
        return "not JSON"
    if moment is None:
        return "no usable timestamp, neither in its name nor in it"
    trajectory = content.get("trajectory")
    words = trajectory if isinstance(trajectory, str) else "unknown"
    return match["user"], moment, _number(content.get("risk_score")), _number(content.get("score")), words


def _without_text(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key != "text"}


def _number(value: object) -> float:
    """The number, or NaN. A text like "97" is no number to the workflow either, so it is none here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return nan
    try:
        return float(value) if isfinite(value) else nan
    except OverflowError:
        return nan


def _moment(value: object) -> datetime | None:
    """ISO 8601 (without a zone: UTC), or seconds or milliseconds since 1970."""
    text = str(value)
    try:
        if text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
