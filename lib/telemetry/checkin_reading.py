"""Reads recorded check-ins within a time: of every day the same share, and all of them where the time allows.

Read-only. An object may hold its text, so the text may pass through memory while the object is parsed; it is dropped
there. What was read is kept in the record day by day, and is not read again.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from lib.asl.answer_fields import ABSENT_CELL, UNKNOWN_CELL, AnswerFields, is_words, redact
from lib.asl.payload_templates import ABSENT, value_at
from lib.aws import Live
from lib.aws_answers import error_code, readable
from lib.record.records import Record
from lib.telemetry.checkin_copies import Copies
from lib.telemetry.checkin_frames import TRAJECTORIES, Answer, taken_in
from lib.telemetry.checkin_listing import AT_ONCE, Key, Listing, list_keys, moment_of
from lib.telemetry.history import folder
from lib.values.foreign import foreign_json

CHUNK = 64  # between so many the time is looked at; so many are read to measure how long one takes
CELL_SHARE = 0.8  # of the time that a cell may take; the rest is for routing and drawing
LISTING_SHARE = 0.5
SPARE = 1.2  # what is expected to take nearly all the time is not begun as if it fitted
OF_WHAT_FITS = 0.6  # a pass is one file a day, so it must come to its end; the next pass is the rest's
WORTH_A_PASS = 0.03
# What botocore raises of an answer that broke off, or stopped coming, when it had begun.
BREAKS = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
NOT_READABLE = "not readable: "  # how a reason begins of what another attempt may read
MOST_BYTES = 8 * 2**20  # of an object: a check-in is a few kilobytes, and eight are read at once
TOO_LARGE = f"too large: over {MOST_BYTES // 2**20} MB"
USUAL = AnswerFields(
    {"risk_score": (), "score": (), "trajectory": tuple(("StringEquals", word) for word in TRAJECTORIES)}, frozenset()
)


@dataclass(frozen=True)
class Outlook:
    """What there is to read and how long one takes, known before the reading starts.

    `order` holds every object with its mark, so that the first so many of them are the same share of every day. `read`
    holds what is read already, or why it could not be; `before` are the marks that this run had read earlier.
    """

    live: Live
    start: datetime
    end: datetime
    fields: AnswerFields
    copies: Copies
    listing: Listing
    order: tuple[tuple[Key, str], ...]
    read: dict[str, Answer | str]
    before: frozenset[str]
    each_seconds: float
    spent: float
    budget: float
    clock: Callable[[], float]

    @property
    def pending(self) -> int:
        return len(self.order) - len(self.read)

    @property
    def reachable(self) -> int:
        """How many of them will have been read when the time is over."""
        left = self.budget - self.spent
        fits = self.pending * self.each_seconds <= left
        return len(self.order) if fits else len(self.read) + max(0, int(left / self.each_seconds))


def _budget_seconds(live: Live) -> float:
    """How long may be read: `backtest_budget_minutes`, and never until the cell is interrupted."""
    return min(live.settings.backtest_budget_minutes * 60, live.settings.cell_timeout_seconds * CELL_SHARE)


def outlook(
    live: Live,
    start: datetime,
    end: datetime,
    record: Record | None = None,
    fields: AnswerFields = USUAL,
    clock: Callable[[], float] = time.monotonic,
) -> Outlook:
    """List what is recorded in the window, take what this run has read before, and time a few of the others."""
    began, budget = clock(), _budget_seconds(live)
    listing = list_keys(live, start, end, lambda: clock() - began < budget * LISTING_SHARE)
    words = {name: tuple(fields.words(name)) for name in sorted(_kept_fields(fields))}
    copies = Copies(record, words, folder.of(live.settings).key if record else b"")
    order = tuple(_evenly([(key, copies.mark(key)) for key in listing.keys]))
    had = copies.of(sorted({key.day for key, _ in order}))
    read: dict[str, Answer | str] = {mark: had[mark] for _, mark in order if mark in had}
    sample = [(key, mark) for key, mark in order if mark not in had][:CHUNK]
    began_sample, before = clock(), frozenset(read)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        read |= _fetched(pool, live, sample, fields, copies)
    each = (clock() - began_sample) / max(len(sample), 1)
    spent = clock() - began
    return Outlook(live, start, end, fields, copies, listing, order, read, before, each, spent, budget, clock)


def _kept_fields(fields: AnswerFields) -> list[str]:
    return [name for name in {*fields.compared, *fields.passed} if not is_words(name)]


def _evenly(keys: Sequence[tuple[Key, str]]) -> list[tuple[Key, str]]:
    """In an order of which any beginning is at least the same share of every day; within a day by mark, a hash.

    The first of each day come first: a day of one check-in must not make what was read of all the others worth nothing.
    """
    size, seen = Counter(key.day for key, _ in keys), Counter[date]()
    placed = list[tuple[float, str, Key]]()
    for key, mark in sorted(keys, key=lambda pair: pair[1]):
        placed.append((seen[key.day] / size[key.day], mark, key))
        seen[key.day] += 1
    return [(key, mark) for _, mark, key in sorted(placed, key=lambda row: row[:2])]


def read_on(ahead: Outlook) -> dict[str, Answer | str]:
    """Read on until all is read or the time is over, and keep it by day: mark -> the answer, or why there is none."""
    reading, kept_marks, days = dict(ahead.read), set(ahead.before), _by_day(ahead.order)
    ends, each = ahead.clock() + ahead.budget - ahead.spent, ahead.each_seconds
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while count := _next(ahead, len(ahead.order) - len(reading), ends - ahead.clock(), each):
            began, had = ahead.clock(), len(reading)
            chosen = [pair for pair in ahead.order if pair[1] not in reading][:count]
            for day, keys in _by_day(chosen).items():
                for first in range(0, len(keys), CHUNK):
                    if ahead.clock() < ends:
                        reading |= _fetched(pool, ahead.live, keys[first : first + CHUNK], ahead.fields, ahead.copies)
                _keep(ahead, days[day], reading, kept_marks)
            if len(reading) == had:
                break
            each = (ahead.clock() - began) / (len(reading) - had)
    for keys in days.values():
        _keep(ahead, keys, reading, kept_marks)
    return reading


def _next(ahead: Outlook, pending: int, left: float, each: float) -> int:
    """How many the next pass reads to its end; 0 where there is none."""
    if not pending or left <= ahead.budget * WORTH_A_PASS:
        return 0
    return pending if pending * each * SPARE <= left else int(left / each * OF_WHAT_FITS)


def _by_day(keys: Sequence[tuple[Key, str]]) -> dict[date, list[tuple[Key, str]]]:
    days = defaultdict[date, list[tuple[Key, str]]](list)
    for key, mark in keys:
        days[key.day].append((key, mark))
    return days


def _keep(
    ahead: Outlook, day: Sequence[tuple[Key, str]], reading: dict[str, Answer | str], kept_marks: set[str]
) -> None:
    """Keep what was read of a day and is not kept yet. What could not be read is looked at again another time."""
    new = {mark: reading[mark] for _, mark in day if mark in reading and mark not in kept_marks}
    ahead.copies.keep(day[0][0].day, {mark: answer for mark, answer in new.items() if isinstance(answer, Answer)})
    kept_marks.update(new)


def _fetched(
    pool: Executor, live: Live, keys: Sequence[tuple[Key, str]], fields: AnswerFields, copies: Copies
) -> dict[str, Answer | str]:
    s3, bucket = live.client("s3"), live.settings.checkin_bucket_name
    with readable(f"reading check-ins from {bucket}"), live.calls.together():
        answers = pool.map(lambda pair: read_checkin(s3, bucket, pair[0], fields, copies), keys)
        return dict(zip((mark for _, mark in keys), answers, strict=True))


class _BrokeOff(Exception):
    """An object's bytes did not come whole, twice; the cause says how."""


def read_checkin(s3: Any, bucket: str, key: Key, fields: AnswerFields, copies: Copies) -> Answer | str:  # noqa: ANN401
    """A recorded check-in, or why there is none."""
    try:
        body = _body(s3, bucket, key.name)
        if len(body) > MOST_BYTES:
            return TOO_LARGE
        content = foreign_json.loads(body, without_text)
    except ClientError as error:
        return f"{NOT_READABLE}{error_code(error)}"
    except _BrokeOff as error:
        return f"{NOT_READABLE}{type(error.__cause__).__name__}"
    except ValueError:
        return "not JSON"
    if not isinstance(content, dict):
        return f"holds {type(content).__name__}, expected an object"
    moment = key.moment or moment_of(content.get("timestamp"))
    if moment is None:
        return "no usable timestamp, neither in its name nor in it"
    cells = tuple(cell(fields, name, content) for name in copies.fields)
    return Answer(copies.user(key.user), moment, cells, taken_in(content))


def _body(s3: Any, bucket: str, name: str) -> bytes:  # noqa: ANN401 - boto3 has no types
    """An object's bytes, of one that is too large the first; asked for once more where they break off.

    An S3 that does not answer is no such object's.
    """
    broke: Exception | None = None
    for _ in range(2):
        with closing(s3.get_object(Bucket=bucket, Key=name)["Body"]) as stream:
            try:
                body = bytes(stream.read(MOST_BYTES + 1))
                # Only where nothing is left, botocore compares what came with what was to come.
                return body if len(body) > MOST_BYTES else body + bytes(stream.read(1))
            except BREAKS as error:
                broke = error
    raise _BrokeOff(name) from broke


def cell(fields: AnswerFields, name: str, content: dict[str, Any]) -> str:
    """The JSON of a field, as far as it may be kept."""
    value = value_at(f"$.{name}", content, {})
    if value is ABSENT:
        return ABSENT_CELL
    try:
        return json.dumps(redact(fields, name, value))
    except KeyError:
        return UNKNOWN_CELL


def without_text(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key != "text"}
