"""An executed notebook as a record keeps it: its words, tables and code in lines, the rest beside. No AWS, no files.

JupyterLab, GitHub and nbformat read it like any other notebook. As nbformat lays it out, a third of its lines are the
times of cells, and each of them is another in the next record.
"""

import json
from typing import Any

import nbformat

from lib.values.json_rows import block

STEP = " "
ON_ONE_LINE = ("metadata", "text/plain")  # a table stands in `text/html` as well, a row on a line


def to_text(notebook: Any) -> str:  # noqa: ANN401 - nbformat's node
    """The JSON text of a notebook, without the times of cells in which nothing runs."""
    whole = json.loads(nbformat.writes(notebook))
    for cell in whole["cells"]:
        if cell["cell_type"] != "code":
            cell["metadata"].pop("papermill", None)
    return _layout(whole, "\n") + "\n"


def _layout(value: Any, newline: str) -> str:  # noqa: ANN401
    if not isinstance(value, dict | list) or not value:
        return _line(value)
    inner = newline + STEP
    if isinstance(value, list):
        return block("[]", [_layout(item, inner) for item in value], inner, newline)
    return block("{}", [f"{_line(key)}: {_member(key, item, inner)}" for key, item in value.items()], inner, newline)


def _member(key: str, value: Any, newline: str) -> str:  # noqa: ANN401
    if key not in ON_ONE_LINE:
        return _layout(value, newline)
    return _line("".join(value) if key == "text/plain" and isinstance(value, list) else value)


def _line(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False)
