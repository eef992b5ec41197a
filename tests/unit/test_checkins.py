"""Recorded check-ins, read from a bucket of our own: scores only, no words, and nothing dropped in silence."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError

from lib import checkins
from lib import settings as parameters
from lib.aws import Identity, Live
from lib.errors import NotAsWanted

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)
KEY = "user-1/2026/01/01/2026-01-01T12:30:00.000+00:00.json"
SECRET = "zebra umbrella marmalade"
GOOD = {"userId": "user-1", "risk_score": 42.5, "score": -0.3, "trajectory": "declining", "text": SECRET}


class Bucket:
    """Objects by key, listed two a page; a key whose value is an exception raises it."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.read: list[str] = []

    def get_paginator(self, _operation: str) -> "Bucket":
        return self

    def paginate(self, **_asked: Any) -> Iterator[dict[str, Any]]:
        keys = sorted(self.objects)
        if not keys:
            yield {}
        for first in range(0, len(keys), 2):
            yield {"Contents": [{"Key": key} for key in keys[first : first + 2]]}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.read.append(Key)
        found = self.objects[Key]
        if isinstance(found, Exception):
            raise found
        return {"Body": io.BytesIO(found if isinstance(found, bytes) else json.dumps(found).encode())}


def recorded(objects: dict[str, Any]) -> pd.DataFrame:
    live = Live(parameters.load("local"), Identity("0", "us-east-1", "me", ""), None, {"s3": Bucket(objects)})  # type: ignore[arg-type]
    return checkins.recorded(live, START, END)


def test_a_check_in_is_a_row_of_scores() -> None:
    frame = recorded({KEY: GOOD})
    assert frame.to_dict("records") == [
        {
            "userId": "user-1",
            "time": pd.Timestamp("2026-01-01T12:30Z"),
            "risk_score": 42.5,
            "score": -0.3,
            "trajectory": "declining",
        }
    ]
    assert frame.attrs == {"unreadable": 0, "examples": []}


def test_the_words_of_a_check_in_are_nowhere() -> None:
    broken = json.dumps(GOOD).encode()[:-1]
    frame = recorded({KEY: GOOD | {"aiMetadata": {"text": SECRET}}, KEY.replace("30", "31"): broken})
    assert SECRET not in frame.to_csv() + str(frame.attrs)
    assert frame.attrs["unreadable"] == 1


@pytest.mark.parametrize("score", [None, "97", "", True, [], {}, "NaN", float("nan"), float("inf"), 10**400])
def test_a_score_that_is_no_number_is_missing_and_never_zero(score: object) -> None:
    frame = recorded({KEY: {**GOOD, "risk_score": score, "score": score}})
    assert len(frame) == 1
    assert frame["risk_score"].isna().all()
    assert frame["score"].isna().all()
    assert frame.attrs["unreadable"] == 0


def test_missing_fields_are_missing() -> None:
    frame = recorded({KEY: {}})
    assert frame["risk_score"].isna().all()
    assert frame["trajectory"].tolist() == ["unknown"]
    assert frame["userId"].tolist() == ["user-1"]


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


@pytest.mark.parametrize(
    ("key", "content", "why"),
    [
        (KEY, b"{", "not JSON"),
        (KEY, b"\xff\xfe\xff", "not JSON"),
        (KEY, b"", "not JSON"),
        (KEY, [], "holds list"),
        (KEY, b"7", "holds int"),
        (KEY, DENIED, "not readable: AccessDenied"),
        ("user-1/2026/01/01/then.json", {}, "no usable timestamp"),
        ("readme.txt", GOOD, "not named"),
        ("user-1/2026/1/1/x.json", GOOD, "not named"),
    ],
)
def test_what_cannot_be_read_is_counted_and_named(key: str, content: Any, why: str) -> None:
    other = KEY.replace("12:30", "12:40")
    frame = recorded({key: content, other: GOOD})
    assert len(frame) == 1
    assert frame.attrs["unreadable"] == 1
    assert frame.attrs["examples"][0].startswith(f"{key}: {why}")


def test_only_the_first_unreadable_ones_are_named_but_all_are_counted() -> None:
    frame = recorded({f"user-{n}/2026/01/01/2026-01-01T12:30:00Z.json": b"{" for n in range(9)})
    assert frame.attrs["unreadable"] == 9
    assert len(frame.attrs["examples"]) == 5
    assert frame.empty


@pytest.mark.parametrize(
    ("stamp", "inside"),
    [
        ("2026-01-01T12:00:00Z", True),
        ("2026-01-01T11:59:59.999Z", False),
        ("2026-01-01T12:59:59.999Z", True),
        ("2026-01-01T13:00:00Z", False),
        ("2026-01-01T12:30:00", True),
        ("2026-01-01T14:30:00+02:00", True),
        ("20260101T123000Z", True),
        ("1767270600", True),
        ("1767270600000", True),
    ],
)
def test_the_window_includes_its_start_and_not_its_end(stamp: str, inside: bool) -> None:
    assert len(recorded({f"user-1/2026/01/01/{stamp}.json": GOOD})) == inside


def test_the_time_may_be_in_the_object_instead_of_the_name() -> None:
    frame = recorded({"user-1/2026/01/01/a.json": {**GOOD, "timestamp": "2026-01-01T12:05:00+00:00"}})
    assert frame["time"].tolist() == [pd.Timestamp("2026-01-01T12:05Z")]


def test_check_ins_of_other_days_are_not_fetched() -> None:
    far = "user-1/2025/11/30/2025-11-30T12:30:00Z.json"
    bucket = Bucket({far: GOOD, KEY: GOOD})
    live = Live(parameters.load("local"), Identity("0", "us-east-1", "me", ""), None, {"s3": bucket})  # type: ignore[arg-type]
    assert len(checkins.recorded(live, START, END)) == 1
    assert bucket.read == [KEY]


def test_many_pages_come_out_in_order_of_time() -> None:
    keys = [f"user-{n % 3}/2026/01/01/2026-01-01T12:{59 - n:02d}:00Z.json" for n in range(40)]
    frame = recorded(dict.fromkeys(keys, GOOD))
    assert len(frame) == 40
    assert frame["time"].is_monotonic_increasing


def test_an_empty_bucket_is_an_empty_frame_with_its_columns() -> None:
    frame = recorded({})
    assert list(frame.columns) == ["userId", "time", "risk_score", "score", "trajectory"]
    assert str(frame["time"].dtype).endswith("UTC]")
    assert frame["risk_score"].dtype == float


def test_a_missing_bucket_is_an_error_in_words() -> None:
    class Gone(Bucket):
        def paginate(self, **_asked: Any) -> Iterator[dict[str, Any]]:
            raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": "gone"}}, "ListObjectsV2")

    live = Live(parameters.load("local"), Identity("0", "us-east-1", "me", ""), None, {"s3": Gone({})})  # type: ignore[arg-type]
    with pytest.raises(NotAsWanted, match=r"reading check-ins from your6-checkins-000000000000: .*NoSuchBucket"):
        checkins.recorded(live, START, END)
