"""What the last cell of a notebook says of the cells above it, where somebody stepped through them. No AWS.

The record judges a phase by hand by its cells as well as by its checks; who reads the last cell has to see both.
"""

from lib.changes import notebook_sources, stepped_cells
from lib.changes.notebook_sources import CodeCell
from lib.changes.stepped_cells import CELLS
from lib.errors import NotAsWanted
from lib.record.records import Record
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.settings import ROOT


def uncounted_cells(record: Record, phase: str) -> list[tuple[CodeCell, str]]:
    """The cells of this attempt that do not count as run, each with the reason; none where a command runs them."""
    rows = [row for row in record.rows(CELLS) if row.get("attempt") == record.attempt and row["phase"] in (phase, "")]
    if not rows:
        return []
    notebook = {**NOTEBOOKS, ROLLBACK[:2]: ROLLBACK}[phase]
    return stepped_cells.lacking_at_end(rows, notebook_sources.code_cells(ROOT / "runbooks" / f"{notebook}.ipynb"))


def as_rows(cells: list[tuple[CodeCell, str]]) -> list[dict[str, str]]:
    """The same, as a table."""
    return [{"cell": cell.id, "under the heading": cell.heading, "does not count": why} for cell, why in cells]


def require_none(cells: list[tuple[CodeCell, str]]) -> None:
    """Raise NotAsWanted where a cell does not count."""
    if cells:
        named = ", ".join(f"{cell.id} ({why})" for cell, why in cells)
        raise NotAsWanted(
            f"cells that did not run as the runbook has them: {named}; expected all of them, in order. Run those under "
            "the headings above again, as they stand in runbooks/, then this cell"
        )
