"""What the cells that somebody ran by hand make of a phase: counted, and judged as the runner judges one. Pure.

A cell counts as run only where it ran as the runbook has it: what an edited one did, nobody reviewed. What ran before
the change that it looks at counts as little. What else ran is said.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from lib.changes.notebook_sources import CodeCell
from lib.record.run_phases import PLANNED_MINUTES, Phase
from lib.values.verdicts import Verdict

CELLS = "cells.jsonl"
WELL = "well"  # how a cell ended; else the name of its error's class
UNTOLD = ""  # of one that ran before anybody watched
PUT_IN = "parameters"  # in place of an id: the cell that `runbook open`, or papermill, puts in

Row = Mapping[str, Any]


class Edited(StrEnum):
    """Whether a cell is as the runbook has it."""

    NO = "no"
    YES = "yes"
    CANNOT_TELL = "cannot tell"  # none of the runbook's: one that was added, or edited where no id is told


def judge(phase: Phase, rows: Sequence[Row], cells: Sequence[CodeCell], said: Mapping[str, str]) -> Phase:
    """The phase by its cells that ran in this attempt, oldest first; `said` is how those that failed did, in full.

    It runs until its last cell has ended well. Its checks are another matter.
    """
    latest = {str(row["cell"]): row for row in rows if row["cell"]}
    expected = [cell.id for cell in cells]
    failed = [name for name in (PUT_IN, *expected) if _failed(name, latest)]
    left = {name: why for name in expected if name not in failed for why in [_lacking(name, rows, cells)] if why}
    done = replace(
        phase,
        cells_run=len({*expected} - {*failed, *left}),
        cells_failed=len(failed),
        cells_not_run=len(left),
        planned_minutes=PLANNED_MINUTES.get(phase.number),
        by_hand=_in_words(rows, cells),
    )
    if failed:
        name = max(failed, key=lambda one: latest[one]["order"])
        kind = str(latest[name]["ended"])
        stopped = Verdict.INTERRUPTED if kind == KeyboardInterrupt.__name__ else Verdict.FAILED
        return replace(done, verdict=stopped, error=said.get(name, kind), error_class=kind)
    if cells[-1].id not in latest or latest[cells[-1].id]["ended"] != WELL:
        return replace(done, verdict=Verdict.RUNNING)
    if left:
        named = ", ".join(f"{name} ({why})" for name, why in left.items())
        return replace(
            done,
            verdict=Verdict.FAILED,
            error=f"0 cells failed, {len(left)} did not run as the runbook has them: {named}",
        )
    return replace(done, verdict=Verdict.SUCCEEDED)


def lacking_at_end(rows: Sequence[Row], cells: Sequence[CodeCell]) -> list[tuple[CodeCell, str]]:
    """What keeps the phase from having succeeded once its last cell, which runs now, has ended well: each cell that
    does not count as run, and why; none of a notebook of which no row tells."""
    latest = {str(row["cell"]): row for row in rows if row["cell"]}
    whys = [(cell, _failed(cell.id, latest) or _lacking(cell.id, rows, cells)) for cell in cells[:-1]]
    return [(cell, why) for cell, why in whys if why] if rows else []


def _failed(name: str, latest: Mapping[str, Row]) -> str:
    """How a cell failed when it ran last, or ""."""
    ended = str(latest.get(name, {}).get("ended", WELL))
    return "" if ended in (WELL, UNTOLD) else f"ended with {ended}"


def _lacking(name: str, rows: Sequence[Row], cells: Sequence[CodeCell]) -> str:
    """Why a cell that did not fail does not count as run, or ""."""
    order = [cell.id for cell in cells]
    row = next((row for row in reversed(rows) if row["cell"] == name), None)
    if row is None:
        return "never ran"
    if next(cell.parameters for cell in cells if cell.id == name):
        return ""  # there to be edited; what they set is in the run's parameters
    if row["ended"] != WELL:
        return "ran before the run was begun"
    if row["edited"] != Edited.NO:
        return "edited"
    wrote = next((one for one in reversed(rows) if one["wrote"]), None)
    # One that is none of the runbook's may have changed whatever the others look at.
    stood = order.index(wrote["cell"]) if wrote and wrote["cell"] in order else -1
    behind = wrote is not None and order.index(name) > stood and row["order"] < wrote["order"]
    return "ran before a change that it looks at" if behind else ""


def _in_words(rows: Sequence[Row], cells: Sequence[CodeCell]) -> str:
    """How somebody stepped through a phase: what was run again, was edited, and is none of the runbook's."""
    free = {PUT_IN, *(cell.id for cell in cells if cell.parameters)}
    counted = Counter(str(row["cell"]) for row in rows)
    foreign = counted.pop("", 0)
    again = [f"{name} {count} times" for name, count in counted.items() if count > 1 and name not in free]
    edited = dict.fromkeys(str(row["cell"]) for row in rows if row["edited"] == Edited.YES and row["cell"] not in free)
    parts = [f"run again: {', '.join(again)}"] if again else []
    parts += [f"edited: {', '.join(edited)}"] if edited else []
    parts += [f"none of the runbook's, or edited: {foreign}"] if foreign else []
    return "; ".join([f"by hand: {len(rows)} cells", *parts])
