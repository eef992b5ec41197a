"""An executed notebook as a record keeps it: its words, tables and code in lines, the rest beside. No AWS, no files.

JupyterLab, GitHub and nbformat read it like any other notebook. As nbformat lays it out, a third of its lines are the
times of cells, and each of them is another in the next record.
"""

import json
from typing import Any

import nbformat

STEP = " "
ON_ONE_LINE = ("metadata", "text/plain")  # of a table, `text/html` stands there as well, a row on a line


def written(notebook: Any) -> str:  # noqa: ANN401 - nbformat's node
    """The JSON text of a notebook; nothing of it is left out but the times of cells in which nothing runs."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            cell.metadata.pop("papermill", None)
    return _laid(json.loads(nbformat.writes(notebook)), "\n") + "\n"


def _laid(value: Any, newline: str) -> str:  # noqa: ANN401
    if not isinstance(value, dict | list) or not value:
        return _line(value)
    inner = newline + STEP
    if isinstance(value, list):
        around, parts = "[]", [_laid(item, inner) for item in value]
    else:
        around, parts = "{}", [f"{_line(key)}: {_member(key, item, inner)}" for key, item in value.items()]
    return f"{around[0]}{inner}{f',{inner}'.join(parts)}{newline}{around[1]}"


def _member(key: str, value: Any, newline: str) -> str:  # noqa: ANN401
    if key not in ON_ONE_LINE:
        return _laid(value, newline)
    return _line("".join(value) if key == "text/plain" and isinstance(value, list) else value)


def _line(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False)
