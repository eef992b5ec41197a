"""An executed notebook before it is kept: what a cell's error or output says, without what a terminal would obey."""

import re
from typing import Any

from lib.values import contacts
from lib.values.escape import legible

COLOUR = re.compile(r"(\x1b\[[\d;]*m)")  # IPython's own, in a traceback; a page shows them as colours


def make_legible(notebook: Any) -> None:  # noqa: ANN401 - nbformat's node
    """Write out, in every text that a cell printed or failed with, what hides, reorders or commands.

    Without anybody's contact: an error that is none of ours may quote whatever was read.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for part in ("text", "ename", "evalue"):
                if part in output:
                    output[part] = _legible(output[part])
            if "traceback" in output:
                output["traceback"] = [_legible(line) for line in output["traceback"]]


def _legible(text: str) -> str:
    parts = COLOUR.split(text)
    return "".join(part if COLOUR.fullmatch(part) else legible(contacts.mask_text(part)) for part in parts)
