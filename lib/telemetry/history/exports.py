"""Reads exported check-ins: one JSON a check-in, JSON lines, either gzipped, Parquet, a run's evidence. Files, no AWS.

Of each check-in the user, the moment, and the fields that the routing decides by; whatever else it holds, its words
above all, is dropped where it is parsed. What is no check-in is said with its place and the reason.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from lib.asl.answer_fields import ABSENT_CELL, UNKNOWN_CELL
from lib.errors import BadParameters
from lib.telemetry.checkin_copies import BESIDE, TAKEN
from lib.telemetry.checkin_frames import CONTRACT, ROUTE, Answer, taken_in
from lib.telemetry.checkin_listing import KEY, moment_of
from lib.telemetry.checkin_reading import USUAL, cell, without_text
from lib.telemetry.history.folder import EPOCH, MICROSECOND, quote
from lib.telemetry.history.spool import connect
from lib.telemetry.libraries import duckdb
from lib.values.foreign import foreign_json

ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".parquet", ".csv")
USER, MOMENT = ("userId", "user"), ("timestamp", "time")
AT_A_TIME = 20_000
MOST_BYTES = 256 * 2**20  # of what is parsed as a whole, unpacked: one JSON, or a day of a run's evidence
MOST_LINE = 8 * 2**20
TOO_LARGE = f"too large: over {MOST_LINE // 2**20} MB"
MICROSECONDS, A_YEAR_TOO_FAR = 10**14, 10**17  # since 1970; less is seconds or milliseconds, as `moment_of` takes them
CUT = "cannot be read to its end"
TOO_LARGE_WHOLE = f"{CUT}: over {MOST_BYTES // 2**20} MB; expected several files, or JSON lines"
EMPTY = "a file of 0 bytes"
NO_USER, NO_MOMENT, NO_CELL = "names no user", "no usable timestamp", "a field that is no JSON"
Read = tuple[str, Answer | str]  # where it stood in its file; the check-in, or why there is none


def files_in(path: Path) -> list[Path]:
    """The files of an export: itself, or all of a folder. Raises BadParameters where there is none."""
    listed = _inside(path) if path.is_dir() else [path]
    usable = [one for one in listed if one.name.endswith(ENDINGS)]
    if not usable or not path.exists():
        raise BadParameters(
            f"{path} holds no export; expected a file or a folder of files ending in {', '.join(ENDINGS)}"
        )
    return usable


def passed_over(path: Path) -> list[Path]:
    """The files of a folder that are no export by their endings, and so are not read."""
    return [one for one in _inside(path) if not one.name.endswith(ENDINGS) and not one.name.startswith(".")]


def _inside(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def read(path: Path) -> Iterator[Read]:
    """Each check-in of a file, in order. What cannot be read to its end says so last."""
    try:
        if path.suffix not in (".parquet", ".csv") and not path.stat().st_size:
            yield "file", EMPTY
        elif path.suffix == ".parquet":
            yield from _parquet(path)
        elif path.suffix == ".csv":
            yield from _evidence(path)
        else:
            with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
                yield from _json(path, file)
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError, duckdb.Error) as error:
        yield "file", f"{CUT}: {type(error).__name__}"


def _json(path: Path, file: BufferedIOBase) -> Iterator[Read]:
    """JSON lines, or one JSON in the whole file: a check-in, or a list of them."""
    if ".json" in path.suffixes:
        text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            yield "file", TOO_LARGE_WHOLE
            return
        yield from _whole(path, text)
        return
    for number, line in enumerate(_lines(file), 1):
        if len(line) > MOST_LINE:
            yield f"line {number}", TOO_LARGE
        elif line.strip():
            yield f"line {number}", _parsed(line, path)


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    """The lines of a file; of one that is too large its beginning, by which it is one byte too large."""
    while line := file.readline(MOST_LINE + 1):
        yield line
        while len(line) > MOST_LINE and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE + 1)


def _whole(path: Path, text: bytes) -> Iterator[Read]:
    """One JSON, or lines of them in a file that is called so."""
    try:
        content = foreign_json.loads(text, without_text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        numbered = [(f"line {at}", _parsed(line, path)) for at, line in enumerate(lines, 1)] if len(lines) > 1 else []
        yield from numbered or [("file", "not JSON")]
        return
    if isinstance(content, list):
        yield from ((f"item {at}", _answer(one, path)) for at, one in enumerate(content, 1))
    else:
        yield "file", _answer(content, path)


def _parsed(line: bytes, path: Path) -> Answer | str:
    try:
        return _answer(foreign_json.loads(line, without_text), path)
    except ValueError:
        return "not JSON"


def _answer(content: Any, path: Path) -> Answer | str:  # noqa: ANN401 - any JSON
    """A check-in; a file that is named like an object of the bucket tells its user and moment as well."""
    if not isinstance(content, Mapping):
        return f"holds {type(content).__name__}, expected an object"
    named = KEY.match("/".join(path.parts[-5:]))
    user = next((content[name] for name in USER if content.get(name)), named["user"] if named else None)
    said = [content[name] for name in MOMENT if content.get(name)]
    moment = _usable(_moment(said[0]) if said else moment_of(named["stamp"]) if named else None)
    if not isinstance(user, str) or not _is_user(user):
        return NO_USER
    cells = tuple(cell(USUAL, name, dict(content)) for name in CONTRACT)
    return Answer(user, moment, cells, taken_in(content)) if moment else NO_MOMENT


def _moment(value: object) -> datetime | None:
    """A column of times is read as microseconds since 1970, which has more digits than any number of seconds."""
    if isinstance(value, int) and abs(value) >= MICROSECONDS:
        return EPOCH + value * MICROSECOND if abs(value) < A_YEAR_TOO_FAR else None
    return moment_of(value)


def _parquet(path: Path) -> Iterator[Read]:
    """Rows of a Parquet file with the columns of a check-in. A NULL is a field that the check-in does not have.

    A TIMESTAMP without a zone is one of UTC.
    """
    connection = connect()
    try:
        source = f"read_parquet({quote(str(path))}, hive_partitioning = false)"
        there = {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        wanted = [name for name in (*USER, *MOMENT, *CONTRACT, ROUTE) if name in there]
        if not set(USER) & set(wanted) or not set(MOMENT) & set(wanted) or not set(CONTRACT) & set(wanted):
            needed = f"{USER[0]}, {MOMENT[0]} and of {', '.join(CONTRACT)} at least one"
            yield "file", f"has not the columns of a check-in; expected {needed}"
            return
        columns = ", ".join(_column(name, there[name]) for name in wanted)
        rows = connection.execute(f"SELECT {columns} FROM {source}")
        number = 0
        while batch := rows.fetchmany(AT_A_TIME):
            for row in batch:
                number += 1
                content = {name: _as_json(one) for name, one in zip(wanted, row, strict=True) if one is not None}
                yield f"row {number}", _answer(content, Path("row"))
    finally:
        connection.close()


def _column(name: str, kind: str) -> str:
    """A column as SQL: a moment in microseconds, and of a single-precision number the double that its text means.

    The double nearest to the single -0.6 lies below -0.6: taken for the score, it would raise an alert.
    """
    if kind.startswith("TIMESTAMPTZ"):  # of nanoseconds, for which no function of DuckDB is
        return f"epoch_us(CAST({name} AS TIMESTAMPTZ))"
    if kind.startswith("TIMESTAMP"):
        return f"epoch_us({name})"
    return f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)" if kind == "FLOAT" else name


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """A decimal is the double that its text means; what JSON has no word for is a text, and so no score."""
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float | str | datetime) else str(type(value).__name__)


def _evidence(path: Path) -> Iterator[Read]:
    """A day that a run kept in `evidence/checkins/`; its users are that run's pseudonyms."""
    if path.stat().st_size > MOST_BYTES:
        yield "file", TOO_LARGE_WHOLE
        return
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    columns = {head.partition("=")[0]: at for at, head in enumerate(next(rows, []))}
    if not {*BESIDE, *CONTRACT} <= set(columns):
        yield "file", f"has not the columns of a run's evidence; expected {', '.join((*BESIDE, *CONTRACT))}"
        return
    for number, row in enumerate(rows, 2):
        yield f"line {number}", _kept(row, columns)


def _kept(row: list[str], columns: Mapping[str, int]) -> Answer | str:
    if len(row) != len(columns):
        return f"has {len(row)} fields, expected {len(columns)}"
    user, moment = row[columns["user"]], _usable(moment_of(row[columns["time"]]))
    taken = taken_in({ROUTE: row[columns[TAKEN]] or None}) if TAKEN in columns else ""
    try:
        cells = tuple(_cell(name, row[columns[name]]) for name in CONTRACT)
    except ValueError:
        return NO_CELL
    if not _is_user(user):
        return NO_USER
    return Answer(user, moment, cells, taken) if moment else NO_MOMENT


def _cell(name: str, text: str) -> str:
    """What a cell holds, as it is kept of any other file: of what is no word of ours, no word."""
    if text in (ABSENT_CELL, UNKNOWN_CELL):
        return text
    return cell(USUAL, name, {name: foreign_json.loads(text, without_text)})


def _is_user(name: str) -> bool:
    """Whether it names somebody, in characters that a file can hold."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _usable(moment: datetime | None) -> datetime | None:
    """None of a moment before computers, which no check-in has."""
    return moment if moment and moment >= EPOCH else None
