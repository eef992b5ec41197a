"""What of a notebook decides what it does: each cell's kind, source and tags. Plain files, no AWS.

Who looks through a notebook and saves it changes outputs, counts and metadata, and nothing of what it would do.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from lib.phases import NOTEBOOKS, ROLLBACK


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each notebook that a run may execute, by name; another one in the folder is never run."""
    return {name: digest(folder / f"{name}.ipynb") for name in sorted([*NOTEBOOKS.values(), ROLLBACK])}


def digest(path: Path) -> str:
    """The SHA-256 of what the notebook would do; of every byte where it cannot be read, "" where there is none."""
    if not path.is_file():
        return ""
    data = path.read_bytes()
    try:
        found = json.dumps([_cell(cell) for cell in json.loads(data)["cells"]]).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        found = data
    return hashlib.sha256(found).hexdigest()


def _cell(cell: dict[str, Any]) -> list[Any]:
    # Tags are metadata that decide: where the parameters go in, which cell is left out, which may fail.
    source, tags = cell["source"], cell["metadata"].get("tags", [])
    return [cell["cell_type"], source if isinstance(source, str) else "".join(source), sorted(tags)]
