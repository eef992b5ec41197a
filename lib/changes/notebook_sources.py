"""What of a notebook decides what it does: each cell's kind, source and tags. Plain files, no AWS.

Who looks through a notebook and saves it changes outputs, counts and metadata, and nothing of what it would do.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def digests(folder: Path) -> dict[str, str]:
    """The digest of each notebook in a folder, by name."""
    return {path.stem: _digest(path) for path in sorted(folder.glob("*.ipynb"))}


@dataclass(frozen=True)
class CodeCell:
    """A code cell of a notebook: its id there, its source's digest, whether it declares the parameters, and under
    which heading it stands."""

    id: str
    sha256: str
    parameters: bool
    heading: str = ""


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a notebook of the runbook that do anything, in their order."""
    made, heading = list[CodeCell](), ""
    for cell in json.loads(path.read_bytes())["cells"]:
        text, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code":
            heading = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("#")), heading)
        elif text.strip():
            made.append(CodeCell(cell["id"], source_digest(text), "parameters" in tags, heading))
    return made


def source_digest(source: str) -> str:
    """The SHA-256 of a cell's source, without the line end that IPython adds."""
    return hashlib.sha256(source.rstrip().encode("utf-8", "backslashreplace")).hexdigest()


def _digest(path: Path) -> str:
    """The SHA-256 of what the notebook would do; of every byte where it cannot be read."""
    data = path.read_bytes()
    try:
        content = json.dumps([_cell(cell) for cell in json.loads(data)["cells"]]).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        content = data
    return hashlib.sha256(content).hexdigest()


def _cell(cell: dict[str, Any]) -> list[Any]:
    # Tags are metadata that decide: where the parameters go in, which cell is left out, which may fail.
    source, tags = cell["source"], cell["metadata"].get("tags", [])
    return [cell["cell_type"], source if isinstance(source, str) else "".join(source), sorted(tags)]
