"""Brings the history up to date from the bucket, an object a check-in, or from exported files. Reads AWS.

What was converted is not read again, as long as it is what it was: an object by its ETag, a file by its digest. After a
kill the next conversion goes on where the last one wrote its days.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.telemetry.checkin_copies import Copies
from lib.telemetry.checkin_frames import CONTRACT, Answer
from lib.telemetry.checkin_listing import AT_ONCE, Key, Listing, list_keys
from lib.telemetry.checkin_reading import CHUNK, NOT_READABLE, USUAL, read_checkin
from lib.telemetry.history import damage, exports
from lib.telemetry.history.folder import Aside, History, relation
from lib.telemetry.history.spool import TWICE, Spool, connect, spooling

BUCKET = "bucket"
A_PART = 20_000  # objects between two writes of day files: what a kill costs at most
ODD = "named like no check-in"
FORGOTTEN = ""  # in place of a file's digest: it is read again
HELD = "held"  # the digest by which its day files were written, of one that is read again
AS_RECORDED = Copies(None, {name: tuple(USUAL.words(name)) for name in CONTRACT})  # users and fields as they are read
DAY = timedelta(days=1)
Watch = Callable[[int, int], None]  # how many are done, of how many


@dataclass(frozen=True)
class Conversion:
    """What became of a source: check-ins that are new, what was converted before, what is kept aside, by reason.

    `whole` says whether the bucket could be listed, or the file be read, to its end. One that is `stale` was not given
    again after a file changed that held some of the same check-ins: those may be in no file of the history now.
    """

    source: str
    new: int
    before: int
    aside: Counter[str]
    whole: bool = True
    stale: bool = False


@dataclass(frozen=True)
class _Before:
    """What earlier conversions made of the bucket: the version of each object that has a row, or is kept aside."""

    converted: dict[int, int]
    aside: tuple[Aside, ...]

    def pending(self, history: History, keys: Sequence[Key]) -> list[Key]:
        """What has to be read: new objects, replaced ones, and those that could not be read for now."""
        settled = {one.place: one.version for one in self.aside if not one.reason.startswith(NOT_READABLE)}

        def is_settled(key: Key) -> bool:
            version = _version_of(history, key)
            return version in (self.converted.get(history.number(key.name)), settled.get(key.name))

        return sorted((key for key in keys if not is_settled(key)), key=lambda key: (key.day, key.name))


def _version_of(history: History, key: Key) -> int:
    """What stands for an object as it is now."""
    return history.number(f"{key.name} {key.etag}")


def convert_bucket(live: Live, history: History, start: datetime, end: datetime, watch: Watch) -> Conversion:
    """Convert what the bucket holds from `start` until before `end`. What is converted already is not read again."""
    now, new, done = datetime.now(UTC), 0, 0
    with history.held(), ThreadPoolExecutor(AT_ONCE) as pool:
        listing = list_keys(live, start, end)
        before = _before(history, start, end)
        pending = before.pending(history, listing.keys)
        read_anew = {key.name for key in pending}
        aside = [one for one in before.aside if one.place not in read_anew and one.reason != ODD]
        aside += [Aside(name, 0, ODD) for name in listing.odd]
        if any(history.number(key.name) in before.converted for key in pending):
            _forget_twice(history, BUCKET)
        for first in range(0, len(pending), A_PART):
            part = pending[first : first + A_PART]
            with spooling(history, BUCKET, now) as spool:
                spool.aside = aside
                for at in range(0, len(part), CHUNK):
                    _read(pool, live, part[at : at + CHUNK], spool)
                    done += len(part[at : at + CHUNK])
                    watch(done, len(pending))
                numbers = [history.number(key.name) for key in part]
                with damage.named(history.files_of(date.min, date.max)):
                    new += spool.commit(over=[number for number in numbers if number in before.converted])
        history.keep_aside(BUCKET, aside)
        reasons = _of_listing(aside, listing)
        # What may not be read now is there all the same: without it this is not the whole of the time.
        whole = listing.whole and not any(reason.startswith(NOT_READABLE) for reason in reasons)
        if whole:
            _say_window(history, start, min(end, now), now)
    return Conversion(BUCKET, new, len(listing.keys) - len(pending), reasons, whole)


def _say_window(history: History, start: datetime, end: datetime, now: datetime) -> None:
    """That the history holds this time whole, by now; one that another holds, and that is older, is said no more."""
    kept = history.index()["sources"].get(BUCKET, {"windows": []})
    since, until = start.isoformat(), end.isoformat()
    # All in UTC, so that texts are in order.
    others = [one for one in kept["windows"] if one[0] < since or one[1] > until]
    said = [(since, until, now.isoformat()), *others]
    # By its days, one that somebody takes away later is missed: a window without it is no whole one.
    days = {*kept.get("days", []), *(path.parent.name for path in history.files_from(BUCKET))}
    history.keep_source(BUCKET, {"windows": said, "days": sorted(days)})


def _before(history: History, start: datetime, end: datetime) -> _Before:
    """What was made of the bucket before; a day wider for zones."""
    days = set(history.files_of((start - DAY).date(), (end + DAY).date()))
    paths = [path for path in history.files_from(BUCKET) if path in days]
    if not paths:
        return _Before({}, tuple(history.aside(BUCKET)))
    with damage.named(paths):
        columns = connect().execute(f"SELECT object, version FROM {relation(paths)}").fetchnumpy()
    converted = dict(zip(columns["object"].tolist(), columns["version"].tolist(), strict=True))
    return _Before(converted, tuple(history.aside(BUCKET)))


def _read(pool: Executor, live: Live, keys: Sequence[Key], spool: Spool) -> None:
    """Read some objects at once into the spool, or keep them aside."""
    s3, bucket = live.client("s3"), live.settings.checkin_bucket_name
    with readable(f"reading check-ins from {bucket}"), live.calls.together():
        answers = list(pool.map(lambda key: read_checkin(s3, bucket, key, USUAL, AS_RECORDED), keys))
    for key, answer in zip(keys, answers, strict=True):
        version = _version_of(spool.history, key)
        if isinstance(answer, Answer):
            spool.add(key.name, version, answer)
        else:
            spool.aside.append(Aside(key.name, version, answer))


def _of_listing(aside: Sequence[Aside], listing: Listing) -> Counter[str]:
    names = {key.name for key in listing.keys} | set(listing.odd)
    return Counter(one.reason for one in aside if one.place in names)


def convert_files(history: History, path: Path, watch: Watch) -> list[Conversion]:
    """Convert an export, file by file. One that is as it was is not read again; one that changed is read whole."""
    paths, done = exports.files_in(path), dict[Path, Conversion]()
    with history.held():
        for at, one in enumerate(paths, 1):
            done[one] = _convert_file(history, one)
            watch(at, len(paths))
        for one in paths:  # what was set aside for rows of a file that changed behind it
            if history.index()["sources"][_source_of(history, one)]["sha256"] == FORGOTTEN:
                done[one] = _convert_file(history, one)
    return list(done.values())


def stale(history: History) -> list[Conversion]:
    """The exported files that have to be given again, since what was set aside of them may be nowhere else now."""
    forgotten = [said for said in history.index()["sources"].values() if said.get("sha256") == FORGOTTEN]
    return [Conversion(said["name"], 0, int(said["rows"]), Counter(said["aside"]), stale=True) for said in forgotten]


def _source_of(history: History, path: Path) -> str:
    return f"file-{history.number(str(path.resolve())) & (2**64 - 1):016x}"


def _forget_twice(history: History, but: str) -> None:
    """Let whatever was set aside as recorded twice be read again: what it was a second time of may be gone.

    Before that is replaced, so that a kill between the two loses nothing.
    """
    for source, said in history.index()["sources"].items():
        aside = history.aside(source)
        once = [one for one in aside if one.reason != TWICE]
        if source == but or len(once) == len(aside):
            continue
        if source == BUCKET:  # until it is converted again, it holds no time whole, and the bucket itself is read
            history.keep_source(source, {**said, "windows": []})
            history.keep_aside(source, once)
        else:
            history.keep_source(source, {**said, "sha256": FORGOTTEN, HELD: _held_of(said)})


def _convert_file(history: History, path: Path) -> Conversion:
    """A source of its own for each file, named by where it lies."""
    source, digest = _source_of(history, path), _digest(path)
    before = history.index()["sources"].get(source, {})
    if before.get("sha256") == digest:
        return Conversion(path.name, 0, int(before["rows"]), Counter(before["aside"]), _is_whole(before["aside"]))
    if _held_of(before) != digest and (before or history.files_from(source)):
        _forget_twice(history, source)
        if before:  # a kill leaves some of its days as they were: then it is none of the two
            history.keep_source(source, {**before, "sha256": FORGOTTEN, HELD: FORGOTTEN})
    with spooling(history, source, datetime.now(UTC)) as spool:
        for place, answer in exports.read(path):
            if isinstance(answer, Answer):
                spool.add(place, history.number(digest), answer)
            else:
                spool.aside.append(Aside(place, 0, answer))
        with damage.named(history.files_of(date.min, date.max)):
            new = spool.commit_whole()
    aside = Counter(one.reason for one in spool.aside)
    said = {"name": path.name, "sha256": digest, "rows": new, "aside": dict(aside)}
    history.keep_source(source, {**said, "at": datetime.now(UTC).isoformat()})
    return Conversion(path.name, new, 0, aside, _is_whole(aside))


def _held_of(said: Mapping[str, Any]) -> str:
    """By which digest a file's rows were written; FORGOTTEN where nobody can tell."""
    return str(said.get(HELD, said.get("sha256", FORGOTTEN)))


def _is_whole(aside: Iterable[str]) -> bool:
    return not any(reason.startswith(exports.CUT) for reason in aside)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
