"""Recorded check-ins on the embedded account, as the processor's stand-in writes them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lib.aws import connect
from lib.errors import NotAsWanted
from lib.telemetry import checkin_listing, checkins
from rehearsal.account import traffic


def test_what_the_processor_recorded_is_read_back_without_its_words(account):
    start = datetime.now(UTC) - timedelta(minutes=5)
    ended = traffic.play(account, 6, seed=3)
    assert len(ended["SUCCEEDED"]) == 6
    frame = checkins.history(checkins.outlook(connect(account), start, datetime.now(UTC) + timedelta(seconds=1)))
    assert len(frame) == 6
    assert frame.attrs["coverage"].unreadable == 0
    assert frame["risk_score"].between(0, 100).all()
    assert frame["score"].between(-1, 1).all()
    assert set(frame["userId"]) <= {checkin["userId"] for checkin in traffic.checkins(3, 6)}
    assert "text" not in frame
    assert checkins.history(
        checkins.outlook(connect(account), start - timedelta(days=2), start - timedelta(days=1))
    ).empty


def test_more_than_one_page_and_broken_objects(account, client):
    s3, day = client("s3"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    for number in range(1005):
        stamp = (day + timedelta(seconds=number)).isoformat()
        body = json.dumps({"risk_score": 40, "score": 0, "trajectory": "stable"}) if number else "{broken"
        s3.put_object(Bucket=account.checkin_bucket_name, Key=f"user-1/2026/01/01/{stamp}.json", Body=body)
    calls = []
    frame = checkins.history(checkins.outlook(connect(account, calls.append), day, day + timedelta(hours=1)))
    reads = [row for row in calls if row["operation"] == "GetObject"]
    assert sum(row["calls"] for row in reads) == 1005
    assert len(reads) < 20, "the log of calls must not grow with every check-in"
    assert len(frame) == 1004
    assert frame.attrs["coverage"].unreadable == 1
    assert frame.attrs["coverage"].why == "1 not JSON"


def test_a_listing_that_is_shared_out_finds_the_same(account, client):
    s3, start = client("s3"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    for number in range(1300):
        moment = start - timedelta(days=400 * (number % 3 > 0), minutes=number)
        key = f"user-{number % 2}{number % 11}/{moment:%Y/%m/%d}/{moment.isoformat()}.json"
        s3.put_object(Bucket=account.checkin_bucket_name, Key=key, Body="{}")
    live, window = connect(account), (start - timedelta(days=2), start + timedelta(seconds=1))
    alone, shared = (checkin_listing.list_keys(live, *window, alone=calls) for calls in (32, 0))
    assert len(alone.keys) == 434
    assert sorted(key.name for key in shared.keys) == sorted(key.name for key in alone.keys)


def test_a_missing_bucket_is_said(account):
    other = account.model_copy(update={"checkin_bucket_name": "no-such-bucket"})
    with pytest.raises(NotAsWanted, match="reading check-ins from no-such-bucket"):
        checkins.history(
            checkins.outlook(connect(other), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
        )
