"""Which recorded check-ins the tuning reads: those converted before, where they hold its window, else the bucket's.

Read-only. What was converted is as of then, and that is said; it is not looked at in the bucket again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from lib.resources.connected_run import ConnectedRun
from lib.telemetry import checkins
from lib.telemetry.checkin_frames import CELL, CONTRACT, TAKEN, with_scores
from lib.telemetry.checkin_reading import Outlook
from lib.telemetry.checkins import Coverage
from lib.telemetry.history import damage, folder
from lib.telemetry.history.conversion import BUCKET, stale
from lib.telemetry.history.folder import History, microseconds, relation
from lib.telemetry.history.spool import CELLS, TWICE, connect, whole_relation
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import Window

MOST_ROWS = 2_000_000  # that are held in memory one by one; the cube counts all of them, however many
MARKS = 2**64
BEYOND = ", of all that was ever converted"


@dataclass(frozen=True)
class Converted:
    """The converted check-ins of a window: in which files, how many a day, and of them those that are read.

    `days`: day -> (recorded, read). `cut`: those whose mark lies below it are read, an even share chosen by a hash.
    """

    history: History
    window: Window
    paths: tuple[Path, ...]
    days: dict[str, tuple[int, int]]
    cut: int
    why: str

    @property
    def recorded(self) -> int:
        return sum(recorded for recorded, _ in self.days.values())

    @property
    def within(self) -> str:
        return f"moment >= {microseconds(self.window.start)} AND moment < {microseconds(self.window.end)}"


Source = Converted | Outlook


def outlook(run: ConnectedRun, window: Window, most: int = MOST_ROWS) -> Source:
    """What there is to read of a window, and from where."""
    history = folder.of(run.settings)
    if why := _covers(history, window):
        return _converted(history, window, why, most)
    return checkins.outlook(run.live, window.start, window.end, run.record)


def _covers(history: History, window: Window) -> str:
    """Why the converted check-ins are those of the window, in words; "" where they are not, or not all of them.

    Exported files say of no time that they hold it whole: they count where nothing was converted from the bucket.
    """
    sources, paths = history.index()["sources"], _paths(history, window)
    if not sources or not paths:
        return ""
    if BUCKET not in sources:
        return f"from {len(sources):,} exported files, none of which says that it holds this whole time"
    days = {day for day in sources[BUCKET].get("days", []) if _lies_in(history.path / day, window)}
    if days - {path.parent.name for path in paths if path.stem == BUCKET}:
        return ""  # somebody took a day away since: the bucket has it
    others = len({path.stem for path in paths} - {BUCKET})
    more = f", and {others:,} exported files: a run's evidence, in which people have other names, counts again"
    for start, until, at in sources[BUCKET]["windows"]:
        if datetime.fromisoformat(start) <= window.start and window.end <= datetime.fromisoformat(until):
            when = f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
            return f"from the bucket, as it was at {when}{more if others else ''}"
    return ""


def _lies_in(folder_of_day: Path, window: Window) -> bool:
    return _first_day(window) <= folder.day_of(folder_of_day / "any") <= _last_day(window)


def _first_day(window: Window) -> date:
    return window.start.astimezone(UTC).date()


def _last_day(window: Window) -> date:
    return (window.end - folder.MICROSECOND).astimezone(UTC).date()


def _paths(history: History, window: Window) -> tuple[Path, ...]:
    return tuple(history.files_of(_first_day(window), _last_day(window)))


def _converted(history: History, window: Window, why: str, most: int) -> Converted:
    every = Converted(history, window, _paths(history, window), {}, MARKS, why)
    days = _count(every, MARKS)
    total = sum(recorded for recorded, _ in days.values())
    if total <= most:
        return Converted(history, window, every.paths, days, MARKS, why)
    cut = int(MARKS * most / total) - MARKS // 2
    return Converted(history, window, every.paths, _count(every, cut), cut, why)


def _count(ahead: Converted, cut: int) -> dict[str, tuple[int, int]]:
    read = f"count(*) FILTER ({_below(cut)})"
    text = f"SELECT day, count(*), {read} FROM {relation(ahead.paths)} WHERE {ahead.within} GROUP BY 1 ORDER BY 1"
    with damage.named(ahead.paths):
        rows = connect().execute(text).fetchall()
    return {f"{day:%Y-%m-%d}": (recorded, chosen) for day, recorded, chosen in rows}


def _below(cut: int) -> str:
    return "true" if cut == MARKS else f"mark < {cut}"


def pseudonyms(ahead: Source) -> Callable[[str], str]:
    """What stands for a user among these check-ins, by the user's own name."""
    return ahead.history.pseudonym if isinstance(ahead, Converted) else ahead.copies.user


def files(ahead: Source) -> tuple[Path, ...]:
    """The Parquet files that hold the window; none where the bucket is read."""
    return ahead.paths if isinstance(ahead, Converted) else ()


def estimate(ahead: Source) -> list[dict[str, str]]:
    """What there is to read, as a table, before it is read."""
    if isinstance(ahead, Outlook):
        return checkins.estimate(ahead)
    first, last = ahead.window.start.date(), (ahead.window.end - timedelta(microseconds=1)).date()
    read = sum(chosen for _, chosen in ahead.days.values())
    share = "all" if read == ahead.recorded else f"{read:,}, {read / ahead.recorded:.2%} of every day, chosen by a hash"
    rows = {
        "check-ins converted before": f"{ahead.recorded:,}, {ahead.why}",
        "days of the window with any": f"{len(ahead.days):,} of {(last - first).days + 1:,}",
        "will be read one by one": share,
        "will be counted": "all",
        "exported files to be converted again, of which check-ins are missing": f"{len(stale(ahead.history)):,}",
        **{f"kept aside: {reason}": f"{many:,}" for reason, many in sorted(_aside(ahead.history).items())},
    }
    return [{"what": what, "how much": much} for what, much in rows.items()]


def _aside(history: History) -> Counter[str]:
    """What conversions kept aside, of whatever time, by reason."""
    return Counter(one.reason for source in history.index()["sources"] for one in history.aside(source))


def history(ahead: Source) -> pd.DataFrame:
    """Check-ins as `checkins.history` has them; converted ones with their mark as well. Read-only."""
    if isinstance(ahead, Outlook):
        return checkins.history(ahead)
    cells = ", ".join(f'{cell} AS "{CELL}{name}"' for cell, name in zip(CELLS, CONTRACT, strict=True))
    chosen = f"{ahead.within} AND {_below(ahead.cut)}"
    with damage.named(ahead.paths):
        connection = connect()
        rows = connection.execute(
            f"SELECT person AS \"userId\", moment, mark, {cells}, coalesce({TAKEN}, '') AS {TAKEN} "
            f"FROM {whole_relation(connection, ahead.paths)} WHERE {chosen} ORDER BY moment, mark"
        ).df()
    moments = pd.to_datetime(rows.pop("moment"), unit="us", utc=True)
    read = with_scores(rows.astype({"userId": object}).assign(time=moments))
    read.attrs["coverage"] = _coverage(ahead)
    return read


def _coverage(ahead: Converted) -> Coverage:
    unreadable = Counter({reason: many for reason, many in _aside(ahead.history).items() if reason != TWICE})
    share = min((chosen / recorded for recorded, chosen in ahead.days.values()), default=1.0)
    read = sum(chosen for _, chosen in ahead.days.values())
    return Coverage(ahead.recorded, read, share, True, unreadable, BEYOND)
