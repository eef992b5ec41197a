"""What a run has read of the recorded check-ins, kept in its record by day, so that no object is read twice. No AWS.

`evidence/checkins/YYYY-MM-DD.csv` holds scores and no words; a user is a pseudonym that is this run's own, by a key
that is in no record: whoever has a record and a list of users could try them all. A file is written once and whole:
what a kill takes away is the day that was being read.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lib.asl.answer_fields import ABSENT_CELL, UNKNOWN_CELL
from lib.errors import BadParameters
from lib.record.records import Record
from lib.telemetry.checkin_frames import ROUTE, Answer, taken_in
from lib.telemetry.checkin_listing import Key

FOLDER = "evidence/checkins"
BESIDE = ("object", "user", "time")
TAKEN = "route taken"  # a column that copies of before do not have


@dataclass(frozen=True)
class Copies:
    """The day files of one run's record; without a record nothing is kept."""

    record: Record | None
    fields: Mapping[str, Sequence[str]]  # field -> the texts that are kept of it as they are
    key: bytes = b""  # of the pseudonyms and the marks

    def user(self, name: str) -> str:
        if not self.record:
            return name
        return hashlib.blake2b(f"{self.record.run_id} {name}".encode(), key=self.key, digest_size=6).hexdigest()

    def mark(self, key: Key) -> str:
        """What stands for an object as it is now: once it is replaced, its copy is another object's.

        By the key: else whoever may list the bucket could tell which user's it is. One of an earlier version, by none,
        stands for no object any more, which is read again.
        """
        own = self.record.run_id if self.record else ""
        return hashlib.blake2b(f"{own} {key.name} {key.etag}".encode(), key=self.key, digest_size=8).hexdigest()

    def of(self, days: Iterable[date]) -> dict[str, Answer]:
        """What was read of these days, by mark. A file that holds less of a field than is asked for is left out."""
        answers = dict[str, Answer]()
        for day in days:
            for name in self.record.kept_as(f"{FOLDER}/{day:%Y-%m-%d}.csv") if self.record else ():
                answers |= self._read(name)
        return answers

    def _read(self, name: str) -> dict[str, Answer]:
        assert self.record is not None
        try:
            return self._answers((self.record.folder / name).read_text(encoding="utf-8"))
        except (ValueError, IndexError, csv.Error) as error:
            raise BadParameters(f"{name} of the record is not as it was written; begin a new run") from error

    def _answers(self, text: str) -> dict[str, Answer]:
        """What a day file holds. Raises ValueError, IndexError or csv.Error where it is not as it was written."""
        rows = csv.reader(io.StringIO(text))
        columns = {head.partition("=")[0]: (at, head.partition("=")[2]) for at, head in enumerate(next(rows, []))}
        if not {*BESIDE, *self.fields} <= set(columns):
            return {}
        if any(not set(words) <= set(columns[field][1].split("|")) for field, words in self.fields.items()):
            return {}
        wanted = [columns[field][0] for field in self.fields]
        mark, user, moment = (columns[name][0] for name in BESIDE)
        taken = columns[TAKEN][0] if TAKEN in columns else None
        return {
            row[mark]: Answer(
                row[user],
                _moment(row[moment]),
                tuple(_cell(row[at]) for at in wanted),
                "" if taken is None else _taken(row[taken]),
            )
            for row in rows
        }

    def keep(self, day: date, read: Mapping[str, Answer]) -> None:
        """Add what was read of a day: a file of its own, beside what was kept of that day before."""
        if self.record is None or not read:
            return
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*BESIDE, *(f"{field}={'|'.join(words)}" for field, words in self.fields.items()), TAKEN])
        for mark, answer in read.items():
            lines.writerow([mark, answer.user, answer.moment.isoformat(), *answer.cells, answer.taken])
        self.record.keep_text(f"{FOLDER}/{day:%Y-%m-%d}.csv", text.getvalue())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


def _taken(text: str) -> str:
    """The route that a check-in says it took. Raises ValueError for another word than we write."""
    if text and text != taken_in({ROUTE: text}):
        raise ValueError("another word than a route")
    return text


def _cell(text: str) -> str:
    if text not in (ABSENT_CELL, UNKNOWN_CELL):
        json.loads(text)
    return text
