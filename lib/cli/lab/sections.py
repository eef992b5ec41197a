"""Under which heading of a notebook a name is made: what to run first, where a cell ran out of order. No AWS."""

import ast
import json
import os
from pathlib import Path
from typing import Any

from lib.record.origin import ROOT

OPENED = "JPY_SESSION_NAME"  # by which Jupyter tells a kernel the path of its notebook


def heading_of(name: str, cell: str) -> str:
    """The heading above the cell that makes a name, for one that lacks it; "" where none is known.

    In the notebook that Jupyter says was opened, as it was saved last; else in a runbook that has such a cell.
    """
    opened = [Path(os.environ[OPENED])] if os.environ.get(OPENED) else []
    for path in (*opened, *sorted((ROOT / "runbooks").glob("*.ipynb"))):
        cells = _cells(path)
        its_own = path in opened or any(_source(one).strip() == cell.strip() for one in cells)
        if its_own and (heading := _heading(name, cell, cells)):
            return heading
    return ""


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):  # what is open may be no notebook, or be gone
        return []


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell.get("source", ""))


def _heading(name: str, failing: str, cells: list[dict[str, Any]]) -> str:
    heading = ""
    for cell in cells:
        source = _source(cell)
        if cell.get("cell_type") == "markdown":
            heading = next((line for line in source.splitlines() if line.startswith("#")), heading)
        elif cell.get("cell_type") == "code" and name in _made(source) and source.strip() != failing.strip():
            return heading.lstrip("# ").strip()
    return ""


def _made(source: str) -> set[str]:
    """The names to which a cell gives a value."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:  # a command of the notebook's own, such as %pip
        return set()
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return stored | {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}
