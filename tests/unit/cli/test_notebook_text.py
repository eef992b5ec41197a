"""An executed notebook as a record keeps it: the same notebook, in fewer lines, of which fewer change each time."""

import json
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib.cli import notebook_text

TIMES = {
    "papermill": {"duration": 0.4, "end_time": "2026-11-27T18:55:14", "status": "completed"},
    "execution": {"iopub.status.idle": "2026-11-27T18:55:14.093867Z"},
    "tags": ["parameters"],
}
TABLE = {
    "text/html": "<table>\n<tr><td>one</td></tr>\n<tr><td>two „É“</td></tr>\n</table>",
    "text/plain": "one\ntwo\n",
    "application/json": {"metadata": {"a": [1, float("nan")]}, "rows": [{"n": 1e400}]},
}


def executed():
    """A notebook with everything that a cell may hold."""
    shown = [new_output("display_data", TABLE), new_output("stream", text="a\nb\n"), new_output("error", ename="E")]
    code = new_code_cell("x = 1\nshow(x)", id="two", outputs=shown, execution_count=1, metadata=TIMES)
    prose = new_markdown_cell("# A\n\nwords", id="one", metadata={"papermill": TIMES["papermill"], "tags": []})
    return new_notebook(cells=[prose, code], metadata={"papermill": {"a": 1}})


def test_it_is_the_same_notebook_but_for_the_times_of_a_cell_in_which_nothing_ran():
    expected = executed()
    del expected.cells[0].metadata["papermill"]
    found = nbformat.reads(notebook_text.to_text(executed()), as_version=4)
    nbformat.validate(found)
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)  # NaN is not itself


def test_only_words_tables_and_what_was_printed_are_in_lines():
    lines = [line.strip() for line in notebook_text.to_text(executed()).splitlines()]
    assert '"# A\\n",' in lines and '"<tr><td>two „É“</td></tr>\\n",' in lines and '"show(x)"' in lines
    assert '"text/plain": "one\\ntwo\\n"' in lines
    assert json.loads(next(line for line in lines if '"duration"' in line).partition(": ")[2].rstrip(",")) == TIMES


def test_of_one_that_ran_again_a_line_a_cell_differs():
    first = notebook_text.to_text(executed())
    later = notebook_text.to_text(nbformat.reads(re.sub(r"2026-11-27T18", "2026-11-28T09", first), as_version=4))
    pairs = zip(first.splitlines(), later.splitlines(), strict=True)
    assert sum(one != other for one, other in pairs) == 1
