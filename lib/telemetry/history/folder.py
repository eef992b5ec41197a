"""Where converted check-ins lie: Parquet files by day, what was converted, and what was kept aside. No AWS.

`outputs/<environment>/.history/`: `checkins/day=YYYY-MM-DD/<source>.parquet`, `index.json`, `aside/<source>.csv`. It
holds scores, moments and pseudonyms, and no words of anybody; `aside/` names objects of the bucket as they are called,
which is by their user. A file is written under another name and renamed, so that a kill leaves it as it was. The key of
the pseudonyms, those of runs too, never leaves this folder: who has both can try names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from lib.errors import BadParameters, Refused
from lib.record import files
from lib.settings import Settings
from lib.values import csv_text

FORMAT = 2
NAME = ".history"
CHECKINS, INDEX, ASIDE, KEY, LOCK = "checkins", "index.json", "aside", "pseudonyms.key", "lock"
KEY_BYTES = 32
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Aside:
    """What is no row: where it stood, at which version, and why."""

    place: str
    version: int
    reason: str


@dataclass(frozen=True)
class History:
    """The converted check-ins of one environment: those of one bucket (`whose`), and what was exported.

    `drill_user` is nobody, and in no row.
    """

    path: Path
    whose: str = ""
    drill_user: str = ""

    @cached_property
    def key(self) -> bytes:
        """By what users become pseudonyms, here and in no other folder; made with the first of them.

        Raises BadParameters where it is gone, or another, though people were converted by it: each would be two.
        """
        place = self.path / KEY
        if not any(one.exists() for one in (place, self.path / INDEX, self.path / CHECKINS)):
            files.make_once(place, secrets.token_bytes(KEY_BYTES))  # what somebody else made just now counts
        key = files.read(place) if place.exists() else b""
        if len(key) != KEY_BYTES:
            raise BadParameters(
                f"{place} holds {len(key)} bytes, expected the {KEY_BYTES} of the key by which people were converted; "
                f"bring it back, or {self._anew()}"
            )
        return key

    def number(self, text: str) -> int:
        """What stands for a text, as a BIGINT; the same for the same text in this folder."""
        return int.from_bytes(hashlib.blake2b(text.encode(), key=self.key, digest_size=8).digest(), signed=True)

    def pseudonym(self, user: str) -> str:
        return hashlib.blake2b(user.encode(), key=self.key, digest_size=6).hexdigest()

    def mark(self, pseudonym: str, moment: datetime) -> int:
        """What stands for a check-in: a person at a moment."""
        return self.number(f"{pseudonym} {microseconds(moment)}")

    def index(self) -> dict[str, Any]:
        """What was converted, by source. Raises BadParameters for an index of another format, or none, and Refused for
        one of another account's check-ins.
        """
        place = self.path / INDEX
        if not place.exists():
            return {"format": FORMAT, "whose": self.whose, "sources": {}}
        try:
            index = json.loads(files.read(place))
        except ValueError as error:
            raise BadParameters(f"{place} is no JSON; {self._anew()}") from error
        if not isinstance(index, dict) or index.get("format") != FORMAT:
            raise BadParameters(f"{place} is not of format {FORMAT}; {self._anew()}")
        if index.get("whose") != self.whose:
            raise Refused(
                f"{place} is of {index.get('whose')}, and the parameters say {self.whose}: check-ins of one must not "
                f"count for another; name another outputs_dir, or {self._anew()}"
            )
        return index

    def _anew(self) -> str:
        return f"remove {INDEX}, {CHECKINS} and {ASIDE} in {self.path}, and convert again"

    def keep_source(self, source: str, said: Mapping[str, Any]) -> None:
        """Say in the index what a source came to, once its files are in their places."""
        index = self.index()
        index["sources"][source] = dict(said)
        files.replace(self.path / INDEX, json.dumps(index, indent=1).encode())

    def day_file(self, day: date, source: str) -> Path:
        return self.path / CHECKINS / f"day={day:%Y-%m-%d}" / f"{source}.parquet"

    def files_of(self, first: date, last: date) -> list[Path]:
        """The Parquet files of these days, both included."""
        return [
            path for path in sorted((self.path / CHECKINS).glob("day=*/[!.]*.parquet")) if first <= day_of(path) <= last
        ]

    def files_from(self, source: str) -> list[Path]:
        return sorted((self.path / CHECKINS).glob(f"day=*/{source}.parquet"))

    def aside(self, source: str) -> list[Aside]:
        """What of a source was kept aside."""
        place = self.path / ASIDE / f"{source}.csv"
        rows = csv.reader(io.StringIO(files.text(place, str(place)))) if place.exists() else iter(())
        return [Aside(csv_text.as_it_was(one), int(version), csv_text.as_it_was(why)) for one, version, why in rows]

    def keep_aside(self, source: str, rows: Iterable[Aside]) -> None:
        text, cell = io.StringIO(), csv_text.cell  # whoever puts an object into the bucket gives it its name
        lines = ((cell(one.place), one.version, cell(one.reason)) for one in rows)
        csv.writer(text, lineterminator="\n").writerows(lines)
        files.replace(self.path / ASIDE / f"{source}.csv", text.getvalue().encode())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against another conversion, and clear away what a killed one left. Raises Refused."""
        files.make_folder(self.path)
        with files.open_to_append(self.path / LOCK) as descriptor:
            if not files.lock(descriptor, at_once=True):
                raise Refused(f"another conversion writes to {self.path}; wait until it has ended")
            for path in [*self.path.glob(".spool-*"), *(self.path / CHECKINS).glob("day=*/.draft-*")]:
                path.unlink()
            yield


def of(settings: Settings) -> History:
    """The history of an environment, whether or not something was converted yet."""
    whose = f"bucket {settings.checkin_bucket_name} of account {settings.account_id} in {settings.region}"
    return History(settings.runs_folder / NAME, whose, settings.drill_user_id)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def day_of(path: Path) -> date:
    """The day of a file, by its folder. Raises BadParameters for a folder that is no day's."""
    try:
        return date.fromisoformat(path.parent.name.removeprefix("day="))
    except ValueError as error:
        raise BadParameters(f"{path.parent} is no folder of a day; take it out of the history") from error


def relation(paths: Sequence[Path]) -> str:
    """Parquet files as SQL takes them, each row with its day."""
    listed = ", ".join(quote(os.fspath(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'day': DATE}})"


def quote(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
