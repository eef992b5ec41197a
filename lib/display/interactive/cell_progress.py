"""How far a phase is, while somebody looks: its cell, what that asks, and how long it usually takes here. No AWS.

The usual time is the median of what this environment's earlier runs recorded of the very same cell, in the same mode;
where there is none, nothing is claimed.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from typing import Any

from lib.display import console, progress_bar
from lib.errors import RunbookError
from lib.record import files, run_index
from lib.record.records import Record, Run
from lib.settings import Settings

EARLIER = 3  # so many runs are looked at, the newest
LEAST = 1  # seconds below which a time is not worth saying


class CellProgress:
    """Shows each cell of a phase as it begins. Says nothing where nobody sees a line being written over."""

    def __init__(self, run: Run, notebook: str) -> None:
        self.notebook = notebook
        self.watched = console.is_watched()
        self.usual = usual_seconds(run.settings, run.record.run_id, notebook) if self.watched else {}
        self.place = ""

    def begin(self, cells: Sequence[Mapping[str, Any]], index: int) -> None:
        """The cell at this index begins."""
        if not self.watched or cells[index]["cell_type"] != "code":
            return
        code = [at for at, cell in enumerate(cells) if cell["cell_type"] == "code"]
        self.place = f"cell {code.index(index) + 1} of {len(code)}"
        seconds = self.usual.get(_source(cells[index]), 0)
        usually = f", usually {seconds:.0f} s" if seconds >= LEAST else ""
        since = f"since {datetime.now(UTC):%H:%M:%S} UTC"
        console.overwrite(f"  {self.notebook}  {self.place} {since}{usually}: {_question(cells, index)}")

    def count(self, said: Mapping[str, Any]) -> None:
        """How far the cell itself says that it is: `done`, `every` and `what`."""
        if self.watched:
            bar = progress_bar.bar(int(said["done"]), int(said["every"]), str(said["what"]))
            console.overwrite(f"  {self.notebook}  {self.place}: {bar}")


def _question(cells: Sequence[Mapping[str, Any]], index: int) -> str:
    """The heading under which a cell stands: what it asks, and so what is waited for."""
    lines = (
        line for cell in cells[index::-1] if cell["cell_type"] == "markdown" for line in _source(cell).splitlines()
    )
    return next((line.lstrip("# ") for line in lines if line.startswith("#")), "")


def usual_seconds(settings: Settings, run_id: str, notebook: str) -> dict[str, float]:
    """By the source of a cell, the median of the seconds that it took in earlier runs of this environment and mode."""
    by_source = defaultdict[str, list[float]](list)
    for times in islice(_earlier(settings, run_id, notebook), EARLIER):
        for source, seconds in times:
            by_source[source].append(seconds)
    return {source: median(seconds) for source, seconds in by_source.items()}


def _earlier(settings: Settings, run_id: str, notebook: str) -> Iterator[list[tuple[str, float]]]:
    """The seconds of each cell of this notebook, as earlier runs of the same mode executed it, newest first."""
    for name in reversed(run_index.runs(settings)):
        record = Record(settings.runs_folder / name, name)
        path = record.folder / f"{notebook}.ipynb"
        try:
            verdict = record.verdict() or {}
            if name != run_id and verdict.get("mode") == settings.mode and path.is_file():
                cells = json.loads(files.text(path, notebook))["cells"]
                times = [(_source(cell), cell["metadata"].get("papermill", {}).get("duration")) for cell in cells]
                yield [(source, seconds) for source, seconds in times if isinstance(seconds, int | float)]
        except (RunbookError, OSError, ValueError, LookupError, TypeError, AttributeError):  # it tells of no time
            continue


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
