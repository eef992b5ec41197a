"""Recorded check-ins, read from a bucket of our own: scores only, no words, and nothing dropped in silence."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from checkin_buckets import DAY, END, GOOD, KEY, SECRET, START, Bucket, many, named, of, recorded

from lib.asl.answer_fields import ANOTHER, AnswerFields, merge_needs
from lib.errors import Unreachable
from lib.record.records import Record
from lib.telemetry import checkin_frames, checkin_reading, checkins
from lib.telemetry.checkin_reading import Outlook
from lib.telemetry.checkins import Coverage


def said(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[checkin_frames.COLUMNS]


def test_a_check_in_is_a_row_of_scores() -> None:
    frame = recorded({KEY: GOOD})
    assert said(frame).to_dict("records") == [
        {
            "userId": "user-1",
            "time": pd.Timestamp("2026-01-01T12:30Z"),
            "risk_score": 42.5,
            "score": -0.3,
            "trajectory": "declining",
        }
    ]
    assert frame.attrs["coverage"] == Coverage(1, 1, 1.0, True, Counter())
    assert checkin_frames.cells(frame).to_dict("records") == [
        {"risk_score": "42.5", "score": "-0.3", "trajectory": '"declining"'}
    ]


def test_the_words_of_a_check_in_are_nowhere() -> None:
    broken = json.dumps(GOOD).encode()[:-1]
    frame = recorded({KEY: GOOD | {"aiMetadata": {"text": SECRET}}, KEY.replace("30", "31"): broken})
    assert SECRET not in frame.to_csv() + str(frame.attrs)
    assert frame.attrs["coverage"].unreadable == 1


@pytest.mark.parametrize("score", [None, "97", "", True, [], {}, "NaN", float("nan"), float("inf"), 10**400])
def test_a_score_that_is_no_number_is_missing_and_never_zero(score: object) -> None:
    frame = recorded({KEY: {**GOOD, "risk_score": score, "score": score}})
    assert len(frame) == 1
    assert frame["risk_score"].isna().all()
    assert frame["score"].isna().all()
    assert frame.attrs["coverage"].unreadable == 0


def test_missing_fields_are_missing() -> None:
    frame = recorded({KEY: {}})
    assert frame["risk_score"].isna().all()
    assert frame["trajectory"].tolist() == ["unknown"]
    assert frame["userId"].tolist() == ["user-1"]


class Breaking(Bucket):
    """A bucket of which one object's body breaks off so many times."""

    error: Exception
    times: int

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        answer = super().get_object(Bucket, Key)
        if Key == KEY and self.read.count(KEY) <= self.times:
            answer["Body"] = SimpleNamespace(read=self._break_off, close=lambda: None)
        return answer

    def _break_off(self, _: int) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="s3"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseStreamingError(error="reset"),
    ],
)
@pytest.mark.parametrize("times", [1, 9])
def test_a_body_that_breaks_off_is_read_once_more_and_then_counted(error: Exception, times: int) -> None:
    bucket = Breaking({KEY: GOOD, KEY.replace("12:30", "12:40"): GOOD})
    bucket.error, bucket.times = error, times
    frame = checkins.history(checkins.outlook(of(bucket), START, END))
    assert bucket.read.count(KEY) == 2
    assert len(frame) == (2 if times == 1 else 1)
    said_of_it = {} if times == 1 else {f"not readable: {type(error).__name__}": 1}
    assert frame.attrs["coverage"].reasons == said_of_it


def test_a_bucket_that_does_not_answer_is_no_object_that_cannot_be_read() -> None:
    gone = EndpointConnectionError(endpoint_url="s3")
    with pytest.raises(Unreachable, match=r"no answer while reading check-ins"):
        recorded({KEY: gone})


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
        ("readme.txt", GOOD, "named otherwise"),
        ("user-1/2026/1/1/x.json", GOOD, "named otherwise"),
    ],
)
def test_what_cannot_be_read_is_counted_by_its_reason(key: str, content: Any, why: str) -> None:
    other = KEY.replace("12:30", "12:40")
    frame = recorded({key: content, other: GOOD})
    assert len(frame) == 1
    assert frame.attrs["coverage"].unreadable == 1
    assert frame.attrs["coverage"].why.startswith(f"1 {why}")


def test_what_may_not_be_read_is_not_read_and_what_is_no_check_in_is() -> None:
    """Half of them denied are half of the check-ins that nobody knows: alerts a day are no half for that."""
    other = KEY.replace("12:30", "12:40")
    denied = recorded({KEY: DENIED, other: GOOD}).attrs["coverage"]
    assert (denied.recorded, denied.read, denied.share, denied.complete) == (2, 1, 0.5, False)
    odd = recorded({KEY: b"{", other: GOOD}).attrs["coverage"]
    assert (odd.recorded, odd.read, odd.share, odd.complete) == (2, 2, 1.0, True)


def test_reasons_are_told_most_frequent_first_and_whose_an_object_is_never() -> None:
    bodies = [DENIED, [], b"7", b"{", b"{"]
    frame = recorded({f"user-{n}/2026/01/01/2026-01-01T12:30:00Z.json": body for n, body in enumerate(bodies)})
    coverage = frame.attrs["coverage"]
    assert coverage.unreadable == 5
    assert coverage.why.startswith("2 not JSON, 1 ")
    assert coverage.why.endswith("and 1 more") and "user-" not in coverage.why
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
    assert len(checkins.history(checkins.outlook(of(bucket), START, END))) == 1
    assert bucket.read == [KEY]


def test_many_pages_come_out_in_order_of_time() -> None:
    keys = [f"user-{n % 3}/2026/01/01/2026-01-01T12:{59 - n:02d}:00Z.json" for n in range(40)]
    frame = recorded(dict.fromkeys(keys, GOOD))
    assert len(frame) == 40
    assert frame["time"].is_monotonic_increasing


def test_an_empty_bucket_is_an_empty_frame_with_its_columns() -> None:
    frame = recorded({})
    assert list(said(frame).columns) == ["userId", "time", "risk_score", "score", "trajectory"]
    assert str(frame["time"].dtype).endswith("UTC]")
    assert frame["risk_score"].dtype == float


def test_an_object_nested_too_deep_is_counted_and_stops_nothing() -> None:
    frame = recorded({KEY: b'{"a":' * 100_000, KEY.replace("30", "31"): GOOD})
    assert (len(frame), frame.attrs["coverage"].unreadable) == (1, 1)


@pytest.mark.parametrize("edge", [0, 100, -0.0, 0.0])
def test_the_ends_of_the_range_are_scores(edge: float) -> None:
    frame = recorded({KEY: {**GOOD, "risk_score": edge}})
    assert frame["risk_score"].tolist() == [edge]


def looked(bucket: Bucket, record: Record | None = None, **given: Any) -> Outlook:
    return checkins.outlook(of(bucket, **given), END - 31 * DAY, END, record, clock=bucket.clock)


def test_before_it_starts_it_says_how_much_there_is_and_how_long_it_takes() -> None:
    bucket = Bucket(many(7, 30, 100), page=1000, seconds=0.5)
    ahead = looked(bucket)
    rows = {row["what"]: row["how much"] for row in checkins.estimate(ahead)}
    assert len(bucket.read) == 64
    assert rows["check-ins recorded in the window"] == "3,000 on 30 days"
    assert rows["one takes"].startswith("500 ms") and rows["one takes"].endswith("measured on 64 check-ins")
    assert rows["all that is left takes"] == "24.5 min"
    assert rows["read earlier in this run"] == "0 check-ins"
    fewer = looked(Bucket(many(7, 1, 70), seconds=0.5))
    fewer = replace(fewer, listing=replace(fewer.listing, calls=1))
    few = {row["what"]: row["how much"] for row in checkins.estimate(fewer)}
    assert few["all that is left takes"].endswith(" s") and few["listed by"] == "1 call"
    assert rows["will be read"] == "about 8%, evenly over the days"


def test_within_its_time_it_reads_the_same_share_of_every_day_and_says_what_that_shows() -> None:
    bucket = Bucket(many(7, 30, 100), page=1000, seconds=0.1)
    frame = checkins.history(looked(bucket))
    coverage = frame.attrs["coverage"]
    assert bucket.now < 120 + 64 * 0.1
    assert 1000 < coverage.read == len(frame) < coverage.recorded == 3000
    assert not coverage.complete
    days = frame["time"].dt.date.value_counts()
    assert len(days) == 30
    assert days.max() - days.min() <= 64  # the time ends within a day, which is looked at every 64 objects
    assert coverage.share == days.min() / 100 >= 0.3
    assert f"{coverage.read:,} of 3,000 were read, evenly over the days: of all at most " in coverage.bound(0)


def test_a_day_of_one_check_in_takes_nothing_from_what_the_others_show() -> None:
    alone = named("user-1", (END - 31 * DAY).replace(hour=23))
    bucket = Bucket({alone: GOOD} | many(7, 30, 100), page=1000, seconds=0.1)
    coverage = checkins.history(looked(bucket)).attrs["coverage"]
    assert coverage.recorded == 3001 and coverage.read < 2000
    assert coverage.share > 0.3


def test_the_time_is_never_so_long_that_the_cell_is_interrupted() -> None:
    bucket = Bucket(many(7, 30, 100), page=1000, seconds=0.1)
    checkins.history(looked(bucket, backtest_budget_minutes=240, cell_timeout_seconds=50))
    assert bucket.now < 50


def test_a_listing_that_does_not_come_to_its_end_shows_nothing_of_the_rest() -> None:
    bucket = Bucket(many(7, 30, 100), page=100)
    bucket.clock = lambda: bucket.listed * 10.0  # type: ignore[method-assign]
    coverage = checkins.history(looked(bucket)).attrs["coverage"]
    assert 6 <= bucket.listed <= 6 + 8
    assert not coverage.whole and not coverage.complete
    assert "shows nothing" in coverage.bound(0)


def record(folder: Path) -> Record:
    return Record(folder, "20260101T000000Z-test")


def test_what_was_read_is_kept_by_day_without_words_or_names_and_not_read_again(tmp_path: Path) -> None:
    bucket = Bucket(many(7, 30, 100), page=1000, seconds=0.1)
    while not (coverage := checkins.history(looked(bucket, record(tmp_path))).attrs["coverage"]).complete:
        assert bucket.now < 1000
    assert sorted(bucket.read) == sorted(bucket.objects)
    assert coverage.read == 3000
    files = sorted(tmp_path.glob("evidence/checkins/*.csv"))
    assert len({file.name[:10] for file in files}) == 30
    assert not any(SECRET in text or "user-0" in text for text in (file.read_text() for file in files))
    again = checkins.history(looked(bucket, record(tmp_path)))
    assert len(bucket.read) == 3000
    plain = checkins.history(checkins.outlook(of(bucket), END - 31 * DAY, END))
    assert again[checkin_frames.COLUMNS[1:]].equals(plain[checkin_frames.COLUMNS[1:]])
    assert again["userId"].nunique() == plain["userId"].nunique() == 7


def test_a_kill_in_the_middle_costs_the_day_that_was_being_read(tmp_path: Path) -> None:
    class Killed(Bucket):
        def get_object(self, **asked: Any) -> dict[str, Any]:
            if len(self.read) >= 1500:
                raise KeyboardInterrupt
            return super().get_object(**asked)

    objects = many(7, 30, 100)
    with pytest.raises(KeyboardInterrupt):
        checkins.history(looked(Killed(objects, page=1000), record(tmp_path)))
    (tmp_path / "evidence" / "checkins" / ".draft-x").write_text("half a")
    bucket = Bucket(objects, page=1000)
    frame = checkins.history(looked(bucket, record(tmp_path)))
    assert len(frame) == 3000 and frame.attrs["coverage"].complete
    assert 1400 <= len(bucket.read) <= 1500 + 100


def test_an_object_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    bucket = Bucket({KEY: GOOD})
    checkins.history(looked(bucket, record(tmp_path)))
    bucket.objects[KEY] = {**GOOD, "risk_score": 99}
    assert checkins.history(looked(bucket, record(tmp_path)))["risk_score"].tolist() == [99]


def test_a_copy_that_holds_too_little_for_other_rules_is_read_again(tmp_path: Path) -> None:
    bucket, live = Bucket({KEY: {**GOOD, "sentiment": "negative"}}), of(Bucket({}))
    live.clients["s3"] = bucket
    asked = [{}, {"sentiment": (("StringEquals", "positive"),)}, {"sentiment": (("StringEquals", "negative"),)}]
    held = []
    for rules in asked:
        fields = merge_needs(checkin_reading.USUAL, AnswerFields(rules, frozenset()))
        frame = checkins.history(checkins.outlook(live, START, END, record(tmp_path), fields))
        held.append(checkin_frames.cells(frame).get("sentiment", pd.Series(["not asked for"]))[0])
    assert held == ["not asked for", json.dumps(ANOTHER), '"negative"']
    assert len(bucket.read) == 3
    checkins.history(checkins.outlook(live, START, END, record(tmp_path)))
    assert len(bucket.read) == 3  # less is asked for than is kept


def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    bucket = Bucket({KEY: DENIED})
    assert checkins.history(looked(bucket, record(tmp_path))).attrs["coverage"].unreadable == 1
    bucket.objects[KEY] = GOOD
    assert len(checkins.history(looked(bucket, record(tmp_path)))) == 1
